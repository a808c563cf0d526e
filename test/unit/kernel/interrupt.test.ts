/**
 * Behind an interrupt: callers that waited for the handler that was cut off learn so, and everything else goes on.
 *
 * Interrupts are simulated (cuttable.ts); real ones are in test/integration/fabric/watchdog.test.ts.
 */

import { deepEqual, equal, throws } from "node:assert/strict";
import { test } from "node:test";

import { codeOf } from "../../../src/base/error.ts";
import { INTERRUPT_GRACE_MS } from "../../../src/kernel/interrupt.ts";
import type { Kernel } from "../../../src/kernel/kernel.ts";
import type { Message } from "../../../src/kernel/message.ts";
import type { Probe, Simulator } from "../../simulator.ts";
import { createProbe } from "../../simulator.ts";
import { createCuttable } from "./cuttable.ts";

/** Lets the simulation run on through an interrupt, as who interrupts does. */
function runThrough({ simulator, kernel }: { simulator: Simulator; kernel: Kernel }): void {
  throws(() => kernel.turn(), /interrupt/);
  kernel.turn();
  simulator.drain();
}

test("the caller of a handler that was cut off gets ERR_INTERRUPTED, and later messages are handled", () => {
  const world = createCuttable();
  const { kernel, cut } = world;
  const target = createProbe(kernel, (message) => {
    if (target.heard.length === 1) cut();
    else kernel.reply(target.service, message, "fine");
  });
  const caller = createProbe(kernel);
  const [first, second] = [caller.call(target.handle, 1), caller.call(target.handle, 2)];
  runThrough(world);
  deepEqual([first.settled, codeOf(first.error)], [1, "ERR_INTERRUPTED"]);
  deepEqual([second.settled, second.value], [1, "fine"]);
  equal(kernel.openCalls, 0);
});

test("what is cut off behind an answer that it awaited is the request that it belongs to", () => {
  const world = createCuttable();
  const { simulator, kernel, cut } = world;
  const helper = createProbe(kernel, (message) => kernel.reply(helper.service, message, 1));
  const requests: Message[] = [];
  const target: Probe = createProbe(kernel, (message) => {
    kernel.owe(target.service, message);
    requests.push(message);
    if (requests.length > 1) return;
    const { call } = target.call(helper.handle);
    Object.assign(call, { resolve: cut });
  });
  const caller = createProbe(kernel);
  const [first, second] = [caller.call(target.handle, 1), caller.call(target.handle, 2)];
  // The second waits for something that the kernel does not know.
  throws(() => {
    for (;;) kernel.turn();
  }, /interrupt/);
  // The first serves jobs only.
  for (let turn = 0; turn < 2; turn += 1) kernel.turn();
  deepEqual([first.settled, codeOf(first.error), second.settled], [1, "ERR_INTERRUPTED", 0]);
  kernel.reply(target.service, requests[1] as Message, "fine");
  simulator.drain();
  deepEqual([second.settled, second.value], [1, "fine"]);
});

test("another handler of the service that still waits for nothing known after the grace is given up", () => {
  const world = createCuttable();
  const { simulator, kernel, cut } = world;
  const target: Probe = createProbe(kernel, (message) => {
    kernel.owe(target.service, message);
    if (target.heard.length === 1) return;
    if (target.heard.length === 3) return cut();
    // This one sleeps, which the kernel knows.
    const timer = kernel.addTimer(target.service, INTERRUPT_GRACE_MS * 2, () =>
      kernel.reply(target.service, message, "fine"),
    );
    timer.origin = kernel.origin;
  });
  const caller = createProbe(kernel);
  const since = simulator.clock.now();
  const calls = [1, 2, 3].map((number) => caller.call(target.handle, number));
  runThrough(world);
  deepEqual(
    calls.map(({ settled, value, error }) => [settled, value ?? codeOf(error)]),
    [
      [1, "ERR_INTERRUPTED"],
      [1, "fine"],
      [1, "ERR_INTERRUPTED"],
    ],
  );
  equal(simulator.clock.now() - since >= INTERRUPT_GRACE_MS * 2, true);
});

test("a timer that is cut off concerns no request, and the service goes on", () => {
  const world = createCuttable();
  const { simulator, kernel, cut } = world;
  const target = createProbe(kernel, (message) => kernel.reply(target.service, message, "fine"));
  kernel.addTimer(target.service, 0, cut);
  simulator.clock.advance(2);
  runThrough(world);
  const outcome = createProbe(kernel).call(target.handle);
  simulator.drain();
  equal(outcome.value, "fine");
});

test("the time that the handler took is the service's", () => {
  const world = createCuttable();
  const { simulator, kernel, cut } = world;
  const target = createProbe(kernel, () => {
    simulator.clock.advance(70);
    cut();
  });
  target.send(target.handle);
  runThrough(world);
  equal(Math.round(target.service.cpuMs), 70);
});

test("the instance is told what was cut off, inside the service and before its next message", () => {
  const world = createCuttable();
  const { simulator, kernel, cut } = world;
  const log: unknown[] = [];
  const service = kernel.create("told", () => ({
    receive: (message: Message) => {
      log.push((message.payload as unknown[])[0]);
      if (log.length === 1) cut();
    },
    interrupted: (message: Message, error: unknown) => {
      log.push([(message.payload as unknown[])[0], codeOf(error), kernel.scheduler.current?.title]);
    },
  }));
  const source = createProbe(kernel);
  source.send(service.handle, "a");
  source.send(service.handle, "b");
  runThrough(world);
  simulator.drain();
  deepEqual(log, ["a", ["a", "ERR_INTERRUPTED", "told"], "b"]);
});

test("a watcher of a death is told although another one's callback was cut off", () => {
  const { simulator, kernel } = createCuttable();
  const told: string[] = [];
  const victim = createProbe(kernel);
  let isCut = false;
  kernel.watch(victim.handle, () => {
    told.push("first");
    isCut = true;
    throw new Error("interrupt");
  });
  kernel.watch(victim.handle, () => told.push("second"));
  const killer = createProbe(kernel, () => {
    simulator.microtasks.defer(() => kernel.kill(victim.service));
  });
  killer.send(killer.handle);
  throws(() => kernel.turn(), /interrupt/);
  kernel.turn();
  deepEqual([isCut, told, simulator.deaths.length], [true, ["first", "second"], 1]);
});
