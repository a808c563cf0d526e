/**
 * Gates hold messages back without losing one or changing their order, and the system lane passes them.
 */

import { deepEqual, equal, throws } from "node:assert/strict";
import { test } from "node:test";

import { Message } from "../../../src/kernel/message.ts";
import { PTYPE } from "../../../src/kernel/protocol.ts";
import { GATE } from "../../../src/kernel/service.ts";
import type { Probe } from "../../simulator.ts";
import { createProbe, createSimulator } from "../../simulator.ts";

type World = { simulator: ReturnType<typeof createSimulator>; sender: Probe; target: Probe };

function createWorld(): World {
  const simulator = createSimulator({ seed: 1 });
  const { kernel } = simulator;
  const target = createProbe(kernel, (message) => kernel.reply(target.service, message, "answer"));
  return { simulator, sender: createProbe(kernel), target };
}

for (const name of ["busy", "held", "starting"] as const) {
  test(`requests and posts wait at a gate that is ${name} and pass in their order when it opens`, () => {
    const { simulator, sender, target } = createWorld();
    const { kernel } = simulator;
    kernel.closeGate(target.service, GATE[name]);
    sender.send(target.handle, 1);
    const outcome = sender.call(target.handle, 2);
    simulator.advance(10);
    sender.send(target.handle, 3);
    simulator.advance(10);
    deepEqual([target.heard, outcome.settled], [[], 0]);
    kernel.openGate(target.service, GATE[name]);
    simulator.drain();
    deepEqual([target.heard, outcome.value], [[1, 2, 3], "answer"]);
  });

  test(`debug messages pass a gate that is ${name}`, () => {
    const { simulator, sender, target } = createWorld();
    const { kernel } = simulator;
    kernel.closeGate(target.service, GATE[name]);
    sender.send(target.handle, "waits");
    kernel.send(sender.handle, target.handle, { type: PTYPE.debug, method: 0, values: ["looks"] });
    simulator.advance(10);
    deepEqual(target.heard, ["looks"]);
  });

  test(`answers pass a gate that is ${name}`, () => {
    const { simulator, sender, target } = createWorld();
    simulator.kernel.closeGate(sender.service, GATE[name]);
    const outcome = sender.call(target.handle, 1);
    simulator.drain();
    equal(outcome.value, "answer");
  });

  test(`the system lane passes a gate that is ${name} and all that waits`, () => {
    const { simulator, sender, target } = createWorld();
    simulator.kernel.closeGate(target.service, GATE[name]);
    sender.send(target.handle, "waits");
    const urgent = new Message(PTYPE.system, 0, 0, 0, ["urgent"]);
    simulator.kernel.sendUrgent(target.service, urgent);
    simulator.advance(10);
    deepEqual(target.heard, ["urgent"]);
  });
}

test("what a service hears that begins passes its gate, and the rest keeps its order", () => {
  const { simulator, sender, target } = createWorld();
  const { kernel } = simulator;
  let hearsText = false;
  target.service.instance.hears = (type) =>
    type === PTYPE.lua || (hearsText && type === PTYPE.text);
  kernel.closeGate(target.service, GATE.starting);
  const send = (type: number, value: unknown): void =>
    void kernel.send(sender.handle, target.handle, { type, method: 0, values: [value] });
  send(PTYPE.text, 1);
  send(PTYPE.lua, "heard");
  send(PTYPE.text, 2);
  simulator.advance(10);
  deepEqual(target.heard, ["heard"]);
  hearsText = true;
  send(PTYPE.text, 3);
  kernel.openGate(target.service);
  simulator.advance(10);
  deepEqual(target.heard, ["heard", 1, 2, 3]);
  // A patch that is being applied holds all of it.
  kernel.closeGate(target.service, GATE.held);
  send(PTYPE.lua, "held");
  simulator.advance(10);
  deepEqual(target.heard, ["heard", 1, 2, 3]);
  kernel.openGate(target.service, GATE.held);
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

test("a gate that is closed twice stays closed until both reasons are gone", () => {
  const { simulator, sender, target } = createWorld();
  const { kernel } = simulator;
  kernel.closeGate(target.service, GATE.busy);
  kernel.closeGate(target.service, GATE.held);
  sender.send(target.handle, 1);
  simulator.advance(10);
  kernel.openGate(target.service, GATE.held);
  simulator.advance(10);
  deepEqual(target.heard, []);
  kernel.openGate(target.service, GATE.busy);
  simulator.drain();
  deepEqual(target.heard, [1]);
});

test("a timer that a hot-fix held back fires after it although the handler that sleeps keeps the gate busy", () => {
  const { simulator, sender, target } = createWorld();
  const { kernel } = simulator;
  const order: string[] = [];
  kernel.closeGate(target.service, GATE.busy);
  kernel.addTimer(target.service, 10, () => {
    order.push("woken");
    kernel.openGate(target.service, GATE.busy);
  });
  sender.send(target.handle, 1);
  kernel.closeGate(target.service, GATE.held);
  simulator.advance(50);
  deepEqual(order, []);
  kernel.openGate(target.service, GATE.held);
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
    kernel.closeGate(target.service, GATE.busy);
    log.push(`${name} begins`);
    kernel.addTimer(target.service, 10, () => {
      log.push(`${name} ends`);
      kernel.openGate(target.service, GATE.busy);
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
    kernel.closeGate(target.service, GATE.busy);
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
    kernel.closeGate(target.service, GATE.busy);
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
    kernel.closeGate(target.service, GATE.busy);
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
  const target = createProbe(kernel, () => kernel.closeGate(target.service, GATE.busy));
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
    kernel.closeGate(target.service, GATE.busy);
    kernel.addTimer(target.service, 50, () => kernel.openGate(target.service, GATE.busy));
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
