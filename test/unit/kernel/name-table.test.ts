/**
 * Names: who gets one, when it is lost, and what becomes of messages to a name that no service has.
 */

import { deepEqual, equal, throws } from "node:assert/strict";
import { test } from "node:test";

import { codeOf } from "../../../src/base/error.ts";
import { NameTable } from "../../../src/kernel/name-table.ts";
import { PENDING_PER_NAME_MAX } from "../../../src/kernel/named-mail.ts";
import { createOutcome, createEnvelope, createProbe, createSimulator } from "../../simulator.ts";

test("a name belongs to the first service that takes it, until that dies", () => {
  const names = new NameTable();
  equal(names.register("DB", 1), true);
  equal(names.register("DB", 2), false);
  equal(names.register("DB", 1), true);
  names.release(1);
  equal(names.get("DB"), undefined);
  equal(names.register("DB", 2), true);
});

test("a service may have several names and loses all of them at once", () => {
  const names = new NameTable();
  names.register("DB", 1);
  names.register(".db", 1);
  deepEqual(names.namesOf(1), ["DB", ".db"]);
  names.release(1);
  deepEqual([names.get("DB"), names.get(".db"), names.namesOf(1)], [undefined, undefined, []]);
});

test("a global name has up to 15 characters, is no number and no address; a local one may be long", () => {
  const names = new NameTable();
  for (const name of ["", ".", "x".repeat(16), "123", ":1"]) {
    throws(() => names.register(name, 1), { code: "ERR_ARGUMENT" }, name);
  }
  for (const name of ["x".repeat(15), "." + "x".repeat(40), "12a", "__proto__"]) {
    equal(names.register(name, 1), true, name);
  }
});

test("a name may be of any script; what can't be seen, half characters and decomposed letters are refused", () => {
  const names = new NameTable();
  for (const name of ["房间", ".игрок", ".ผู้เล่น", ".\u{1f3f0}", ".Müller 2"]) {
    equal(names.register(name, 1), true, name);
  }
  for (const name of [".a\nb", ".\u001b[2J", "a\u202eb", ".\u200b", ".\ud800", ".u\u0308"]) {
    throws(
      () => names.register(name, 1),
      { code: "ERR_ARGUMENT", message: /^(?:[ -~]|\u00fc|\u0308)*$/ },
      name,
    );
  }
});

test("messages to a global name that no service has wait for it and arrive in order", () => {
  const { kernel, drain } = withKernel();
  const caller = createProbe(kernel);
  kernel.sendNamed(caller.handle, "LATER", createEnvelope(1));
  const outcome = caller.call("LATER", 2);
  kernel.sendNamed(caller.handle, "LATER", createEnvelope(3));
  const target = createProbe(kernel, (message) => kernel.reply(target.service, message, "here"));
  drain();
  equal(outcome.settled, 0);
  kernel.names.register("LATER", target.handle);
  drain();
  deepEqual(target.heard, [1, 2, 3]);
  equal(outcome.value, "here");
});

test("a message to a local name that no service has fails at once", () => {
  const { kernel } = withKernel();
  const caller = createProbe(kernel);
  throws(() => caller.call(".later"), { code: "ERR_NO_SERVICE" });
  equal(kernel.sendNamed(caller.handle, ".later", createEnvelope()), false);
  equal(kernel.openCalls, 0);
});

test("what waits for a name is a copy of what was sent", () => {
  const { kernel, drain } = withKernel();
  const caller = createProbe(kernel);
  const value = { count: 1 };
  kernel.sendNamed(caller.handle, "LATER", createEnvelope(value));
  value.count = 2;
  const target = createProbe(kernel);
  kernel.names.register("LATER", target.handle);
  drain();
  deepEqual(target.heard, [{ count: 1 }]);
});

test("a name keeps 65,536 messages and refuses one more, which leaves no call open", () => {
  const { kernel } = withKernel();
  const caller = createProbe(kernel);
  for (let count = 0; count < PENDING_PER_NAME_MAX; count += 1) {
    kernel.sendNamed(caller.handle, "LATER", createEnvelope());
  }
  throws(() => caller.call("LATER"), { code: "ERR_MAILBOX_FULL" });
  equal(kernel.openCalls, 0);
  throws(() => caller.call("x".repeat(16)), { code: "ERR_ARGUMENT" });
  equal(kernel.openCalls, 0);
});

test("a call that has ended frees its place among those that wait for a name", () => {
  const { kernel, drain } = withKernel();
  const caller = createProbe(kernel);
  for (let count = 1; count < PENDING_PER_NAME_MAX; count += 1) {
    kernel.sendNamed(caller.handle, "LATER", createEnvelope());
  }
  for (let round = 0; round < 3; round += 1) {
    const outcome = caller.call("LATER");
    kernel.setDeadline(caller.service, outcome.call, 100, () => "too late");
    throws(() => caller.call("LATER"), { code: "ERR_MAILBOX_FULL" });
    drain();
    equal(outcome.error, "too late");
  }
});

test("a call whose service has died frees its place among those that wait for a name", () => {
  const { kernel } = withKernel();
  const sender = createProbe(kernel);
  for (let count = 1; count < PENDING_PER_NAME_MAX; count += 1) {
    kernel.sendNamed(sender.handle, "LATER", createEnvelope());
  }
  for (let round = 0; round < 3; round += 1) {
    const caller = createProbe(kernel);
    caller.call("LATER");
    kernel.kill(caller.service);
  }
  equal(kernel.openCalls, 0);
});

test("all that waited for a name arrives, also when the name is given to a service of another kernel", () => {
  const simulator = createSimulator({ seed: 1, kernels: 2 });
  const [first = simulator.kernel, second = first] = simulator.kernels;
  const caller = createProbe(first);
  first.sendNamed(caller.handle, "LATER", createEnvelope(1));
  const outcome = caller.call("LATER", 2);
  const target = createProbe(second, (message) => second.reply(target.service, message, "here"));
  first.names.register("LATER", target.handle);
  simulator.drain();
  deepEqual([target.heard, outcome.value], [[1, 2], "here"]);
});

test("a call that waited for a name fails when the name is given to no living service", () => {
  const { kernel, drain } = withKernel();
  const outcome = createProbe(kernel).call("LATER");
  kernel.names.register("LATER", 999);
  drain();
  deepEqual([outcome.settled, codeOf(outcome.error)], [1, "ERR_SERVICE_DEAD"]);
});

test("all that waited for a name arrives, also at a mailbox that is full", () => {
  const { kernel, drain } = withKernel(2);
  const caller = createProbe(kernel);
  for (const count of [1, 2, 3, 4]) {
    kernel.sendNamed(caller.handle, "LATER", createEnvelope(count));
  }
  const outcome = caller.call("LATER", 5);
  const target = createProbe(kernel, (message) => kernel.reply(target.service, message, 0));
  kernel.names.register("LATER", target.handle);
  drain();
  deepEqual(target.heard, [1, 2, 3, 4, 5]);
  equal(outcome.settled, 1);
});

test("a call whose deadline passed while it waited for a name is not delivered any more", () => {
  const { kernel, drain } = withKernel();
  const caller = createProbe(kernel);
  const outcome = caller.call("LATER", 1);
  kernel.setDeadline(caller.service, outcome.call, 100, () => "too late");
  drain();
  equal(outcome.error, "too late");
  const target = createProbe(kernel);
  kernel.names.register("LATER", target.handle);
  drain();
  deepEqual([target.heard, outcome.settled], [[], 1]);
});

test("a call of a service that died while it waited for a name is not delivered", () => {
  const { kernel, drain } = withKernel();
  const caller = createProbe(kernel);
  const outcome = createOutcome();
  kernel.requestNamed(caller.service, "LATER", createEnvelope(1), outcome.call);
  kernel.kill(caller.service);
  const target = createProbe(kernel);
  kernel.names.register("LATER", target.handle);
  drain();
  deepEqual([target.heard, codeOf(outcome.error)], [[], "ERR_SERVICE_DEAD"]);
});

function withKernel(mailboxLimit = 0): {
  kernel: ReturnType<typeof createSimulator>["kernel"];
  drain: () => void;
} {
  const simulator = createSimulator({ seed: 1, kernel: { mailboxLimit } });
  return { kernel: simulator.kernel, drain: () => simulator.drain() };
}
