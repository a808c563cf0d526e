/**
 * A hold keeps messages back without losing one or changing their order, and the system lane passes it.
 */

import { deepEqual, equal, throws } from "node:assert/strict";
import { test } from "node:test";

import { Message } from "../../../src/kernel/message.ts";
import { PTYPE } from "../../../src/kernel/protocol.ts";
import { HOLD } from "../../../src/kernel/service.ts";
import type { Probe } from "../../simulator.ts";
import { createProbe, createSimulator } from "../../simulator.ts";

type World = { simulator: ReturnType<typeof createSimulator>; sender: Probe; target: Probe };

function createWorld(): World {
  const simulator = createSimulator({ seed: 1 });
  const { kernel } = simulator;
  const target = createProbe(kernel, (message) => kernel.reply(target.service, message, "answer"));
  return { simulator, sender: createProbe(kernel), target };
}

for (const name of ["busy", "patching", "starting"] as const) {
  test(`requests and posts wait for a service that is held as ${name}, and pass in their order when it is released`, () => {
    const { simulator, sender, target } = createWorld();
    const { kernel } = simulator;
    kernel.hold(target.service, HOLD[name]);
    sender.send(target.handle, 1);
    const outcome = sender.call(target.handle, 2);
    simulator.advance(10);
    sender.send(target.handle, 3);
    simulator.advance(10);
    deepEqual([target.heard, outcome.settled], [[], 0]);
    kernel.release(target.service, HOLD[name]);
    simulator.drain();
    deepEqual([target.heard, outcome.value], [[1, 2, 3], "answer"]);
  });

  test(`debug messages reach a service that is held as ${name}`, () => {
    const { simulator, sender, target } = createWorld();
    const { kernel } = simulator;
    kernel.hold(target.service, HOLD[name]);
    sender.send(target.handle, "waits");
    kernel.send(sender.handle, target.handle, { type: PTYPE.debug, method: 0, values: ["looks"] });
    simulator.advance(10);
    deepEqual(target.heard, ["looks"]);
  });

  test(`answers reach a service that is held as ${name}`, () => {
    const { simulator, sender, target } = createWorld();
    simulator.kernel.hold(sender.service, HOLD[name]);
    const outcome = sender.call(target.handle, 1);
    simulator.drain();
    equal(outcome.value, "answer");
  });

  test(`the system lane reaches a service that is held as ${name} before all that waits`, () => {
    const { simulator, sender, target } = createWorld();
    simulator.kernel.hold(target.service, HOLD[name]);
    sender.send(target.handle, "waits");
    const urgent = new Message(PTYPE.system, 0, 0, 0, ["urgent"]);
    simulator.kernel.sendUrgent(target.service, urgent);
    simulator.advance(10);
    deepEqual(target.heard, ["urgent"]);
  });
}

test("what a service hears while it begins reaches it, and the rest keeps its order", () => {
  const { simulator, sender, target } = createWorld();
  const { kernel } = simulator;
  let hearsText = false;
  target.service.instance.hears = (type) =>
    type === PTYPE.lua || (hearsText && type === PTYPE.text);
  kernel.hold(target.service, HOLD.starting);
  const send = (type: number, value: unknown): void =>
    void kernel.send(sender.handle, target.handle, { type, method: 0, values: [value] });
  send(PTYPE.text, 1);
  send(PTYPE.lua, "heard");
  send(PTYPE.text, 2);
  simulator.advance(10);
  deepEqual(target.heard, ["heard"]);
  hearsText = true;
  send(PTYPE.text, 3);
  kernel.release(target.service);
  simulator.advance(10);
  deepEqual(target.heard, ["heard", 1, 2, 3]);
  // A patch that is being applied holds all of it.
  kernel.hold(target.service, HOLD.patching);
  send(PTYPE.lua, "held");
  simulator.advance(10);
  deepEqual(target.heard, ["heard", 1, 2, 3]);
  kernel.release(target.service, HOLD.patching);
  simulator.advance(10);
  deepEqual(target.heard, ["heard", 1, 2, 3, "held"]);
});

test("the system lane goes before the mail of an open service", () => {
  const { simulator, sender, target } = createWorld();
  sender.send(target.handle, "first");
  simulator.kernel.sendUrgent(target.service, new Message(PTYPE.system, 0, 0, 0, ["urgent"]));
  simulator.drain();
  deepEqual(target.heard, ["urgent", "first"]);
});

test("a service that is held twice stays held until both reasons are gone", () => {
  const { simulator, sender, target } = createWorld();
  const { kernel } = simulator;
  kernel.hold(target.service, HOLD.busy);
  kernel.hold(target.service, HOLD.patching);
  sender.send(target.handle, 1);
  simulator.advance(10);
  kernel.release(target.service, HOLD.patching);
  simulator.advance(10);
  deepEqual(target.heard, []);
  kernel.release(target.service, HOLD.busy);
  simulator.drain();
  deepEqual(target.heard, [1]);
});

test("a timer that a hot-fix held back fires after it although the handler that sleeps keeps the service busy", () => {
  const { simulator, sender, target } = createWorld();
  const { kernel } = simulator;
  const order: string[] = [];
  kernel.hold(target.service, HOLD.busy);
  kernel.addTimer(target.service, 10, () => {
    order.push("woken");
    kernel.release(target.service, HOLD.busy);
  });
  sender.send(target.handle, 1);
  kernel.hold(target.service, HOLD.patching);
  simulator.advance(50);
  deepEqual(order, []);
  kernel.release(target.service, HOLD.patching);
  simulator.drain();
  deepEqual([order, target.heard], [["woken"], [1]]);
});

test("a service in queue mode handles one message at a time, in order", () => {
  const simulator = createSimulator({ seed: 1 });
  const { kernel } = simulator;
  const log: string[] = [];
  const sender = createProbe(kernel);
  const target = createProbe(kernel, (message) => {
    const [name] = message.payload as [string];
    kernel.hold(target.service, HOLD.busy);
    log.push(`${name} begins`);
    kernel.addTimer(target.service, 10, () => {
      log.push(`${name} ends`);
      kernel.release(target.service, HOLD.busy);
    });
  });
  sender.send(target.handle, "a");
  sender.send(target.handle, "b");
  simulator.drain();
  deepEqual(log, ["a begins", "a ends", "b begins", "b ends"]);
});

test("a handler in queue mode that calls its own service is refused", () => {
  const simulator = createSimulator({ seed: 1 });
  const { kernel } = simulator;
  const target = createProbe(kernel, (message) => {
    kernel.hold(target.service, HOLD.busy);
    throws(() => target.call(target.handle), { code: "ERR_DEADLOCK" });
    kernel.reply(target.service, message, "refused");
  });
  const outcome = createProbe(kernel).call(target.handle);
  simulator.drain();
  deepEqual([outcome.value, kernel.openCalls, simulator.errors], ["refused", 0, []]);
});

test("a handler in queue mode that has awaited the answer to a call, or slept, may not call its own service either", () => {
  const { simulator, target: helper } = createWorld();
  const { kernel } = simulator;
  let refused = 0;
  const callSelf = (): void => {
    throws(() => target.call(target.handle), { code: "ERR_DEADLOCK" });
    refused += 1;
  };
  const target = createProbe(kernel, () => {
    kernel.hold(target.service, HOLD.busy);
    const { call } = target.call(helper.handle);
    Object.assign(call, { resolve: () => simulator.microtasks.defer(callSelf) });
    kernel.addTimer(target.service, 10, callSelf).origin = kernel.origin;
  });
  createProbe(kernel).send(target.handle);
  simulator.drain();
  deepEqual([refused, simulator.errors], [2, []]);
});

test("a handler in queue mode whose call has failed at its deadline may not call its own service either", () => {
  const simulator = createSimulator({ seed: 1 });
  const { kernel } = simulator;
  const silent = createProbe(kernel);
  let refused = 0;
  const target = createProbe(kernel, () => {
    kernel.hold(target.service, HOLD.busy);
    const { call } = target.call(silent.handle);
    kernel.setDeadline(target.service, call, 10, () => "deadline");
    const reject = (): void => {
      throws(() => target.call(target.handle), { code: "ERR_DEADLOCK" });
      refused += 1;
    };
    Object.assign(call, { reject });
  });
  createProbe(kernel).send(target.handle);
  simulator.drain();
  deepEqual([refused, simulator.errors], [1, []]);
});

test("a timer whose call has failed at its deadline may call its own service", () => {
  const simulator = createSimulator({ seed: 1 });
  const { kernel } = simulator;
  const silent = createProbe(kernel);
  const target = createProbe(kernel, () => kernel.hold(target.service, HOLD.busy));
  kernel.addTimer(target.service, 1, () => {
    const { call } = target.call(silent.handle);
    kernel.setDeadline(target.service, call, 10, () => "deadline");
    Object.assign(call, { reject: () => void target.call(target.handle) });
  });
  createProbe(kernel).send(target.handle);
  simulator.advance(100);
  deepEqual([kernel.openCalls, simulator.errors], [1, []]);
});

test("a timer may call its own service while a handler awaits, and is answered after it", () => {
  const simulator = createSimulator({ seed: 1 });
  const { kernel } = simulator;
  const order: unknown[] = [];
  const target = createProbe(kernel, (message) => {
    const [name] = message.payload as [string];
    order.push(name);
    if (name === "tick") return void kernel.reply(target.service, message, "ticked");
    kernel.hold(target.service, HOLD.busy);
    kernel.addTimer(target.service, 50, () => kernel.release(target.service, HOLD.busy));
  });
  createProbe(kernel).send(target.handle, "long");
  let settled: unknown;
  kernel.addTimer(target.service, 10, () => {
    settled = target.call(target.handle, "tick");
  });
  simulator.drain();
  deepEqual(order, ["long", "tick"]);
  equal((settled as { value: unknown }).value, "ticked");
});
