/**
 * The mailbox: its order, its limit, its overload marks, and the list that it is made of.
 */

import { deepEqual, equal, throws } from "node:assert/strict";
import { test } from "node:test";

import { Message, MessageList, REPLY } from "../../../src/kernel/message.ts";
import { PTYPE } from "../../../src/kernel/protocol.ts";
import { HOLD, OVERLOAD_MARK_MIN } from "../../../src/kernel/service.ts";
import { createProbe, createSimulator } from "../../simulator.ts";

function createList(...payloads: readonly number[]): MessageList {
  const list = new MessageList();
  for (const payload of payloads) list.push(new Message(10, 1, 0, 0, payload));
  return list;
}

function shiftAll(list: MessageList): unknown[] {
  const payloads: unknown[] = [];
  for (let next = list.shift(); next !== undefined; next = list.shift())
    payloads.push(next.payload);
  return payloads;
}

test("a message keeps type, method and reply apart, up to the greatest of each", () => {
  for (const [type, session, method] of [
    [511, 0x7fffffff, 0xfffff],
    [511, 0, 0],
    [0, 1, 0xfffff],
    [PTYPE.timer, 1, 1],
  ] as const) {
    const message = new Message(type, 0xffffffff, session, method, "payload");
    equal(message.reply, session === 0 ? REPLY.none : REPLY.owed);
    for (const reply of Object.values(REPLY)) {
      message.reply = reply;
      deepEqual([message.type, message.method, message.reply], [type, method, reply]);
    }
    deepEqual([message.source, message.session, message.payload], [0xffffffff, session, "payload"]);
  }
});

test("a list gives messages back in the order in which they came", () => {
  const list = createList(1, 2, 3);
  equal(list.length, 3);
  deepEqual(shiftAll(list), [1, 2, 3]);
  equal(list.length, 0);
  list.push(new Message(10, 1, 0, 0, 4));
  deepEqual(shiftAll(list), [4]);
});

test("a list takes another before its own, and either may be empty", () => {
  for (const [first, second] of [
    [[1, 2], [3]],
    [[], [3]],
    [[1, 2], []],
    [[], []],
  ] as const) {
    const list = createList(...second);
    const other = createList(...first);
    list.prepend(other);
    equal(list.length, first.length + second.length);
    list.push(new Message(10, 1, 0, 0, 9));
    deepEqual([shiftAll(list), shiftAll(other)], [[...first, ...second, 9], []]);
  }
});

test("a mailbox takes messages up to its limit and refuses one more", () => {
  const { kernel } = createSimulator({ seed: 1, kernel: { mailboxLimit: 3 } });
  const sender = createProbe(kernel);
  const target = createProbe(kernel);
  for (const count of [1, 2, 3]) equal(sender.send(target.handle, count), true);
  throws(() => sender.send(target.handle, 4), { code: "ERR_MAILBOX_FULL" });
  throws(() => sender.call(target.handle, 4), { code: "ERR_MAILBOX_FULL" });
  equal(kernel.openCalls, 0);
});

test("the limit counts what is held back", () => {
  const simulator = createSimulator({ seed: 1, kernel: { mailboxLimit: 3 } });
  const sender = createProbe(simulator.kernel);
  const target = createProbe(simulator.kernel);
  simulator.kernel.hold(target.service, HOLD.busy);
  for (const count of [1, 2, 3]) {
    sender.send(target.handle, count);
    simulator.drain();
  }
  throws(() => sender.send(target.handle, 4), { code: "ERR_MAILBOX_FULL" });
});

test("an answer reaches a caller whose mailbox is full", () => {
  const simulator = createSimulator({ seed: 1, kernel: { mailboxLimit: 1 } });
  const { kernel } = simulator;
  const target = createProbe(kernel, (message) => kernel.reply(target.service, message, 1));
  const caller = createProbe(kernel);
  const outcome = caller.call(target.handle);
  target.send(caller.handle, "fills it");
  simulator.drain();
  equal(outcome.value, 1);
});

test("a mailbox that grows is reported at 1024 messages and at each doubling", () => {
  const simulator = createSimulator({ seed: 1 });
  const sender = createProbe(simulator.kernel);
  const target = createProbe(simulator.kernel);
  const counts: number[] = [];
  for (let count = 1; count <= 4 * OVERLOAD_MARK_MIN; count += 1) {
    sender.send(target.handle, count);
    if (simulator.overloads.length > counts.length) counts.push(count);
  }
  deepEqual(counts, [1024, 2048, 4096]);
  deepEqual(simulator.overloads, [1024, 2048, 4096]);
});

test("the mailbox of a service that is held is reported too", () => {
  const simulator = createSimulator({ seed: 1 });
  const sender = createProbe(simulator.kernel);
  const target = createProbe(simulator.kernel);
  simulator.kernel.hold(target.service, HOLD.busy);
  for (let count = 1; count <= OVERLOAD_MARK_MIN; count += 1) {
    sender.send(target.handle, count);
    if (count % 100 === 0) simulator.drain();
  }
  deepEqual(simulator.overloads, [1024]);
});

test("a service that has caught up is reported anew", () => {
  const simulator = createSimulator({ seed: 1 });
  const sender = createProbe(simulator.kernel);
  const target = createProbe(simulator.kernel);
  for (let round = 0; round < 2; round += 1) {
    for (let count = 0; count < OVERLOAD_MARK_MIN; count += 1) sender.send(target.handle, count);
    simulator.drain();
  }
  deepEqual(simulator.overloads, [1024, 1024]);
});
