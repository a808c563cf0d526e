/**
 * The rest of a service that was cut off, on a virtual clock: who waits, who passes, how long. An interrupt is simulated
 * (cuttable.ts); real ones are in test/integration/fabric/stuck.test.ts.
 */

import { deepEqual, equal, throws } from "node:assert/strict";
import { test } from "node:test";

import {
  INTERRUPT_BY_HAND_FACTOR,
  INTERRUPT_FORGOTTEN_MS,
  INTERRUPT_REST_MAX_MS,
} from "../../../src/base/limits.ts";
import { INTERRUPT_REST_MS } from "../../../src/kernel/kernel-options.ts";
import { Message } from "../../../src/kernel/message.ts";
import { PTYPE } from "../../../src/kernel/protocol.ts";
import { HOLD } from "../../../src/kernel/service.ts";
import type { Probe } from "../../simulator.ts";
import { createProbe } from "../../simulator.ts";
import type { Cuttable } from "./cuttable.ts";
import { createCuttable } from "./cuttable.ts";

interface Scene extends Cuttable {
  /** A service that is cut off by each message "bad", and the others that it has handled. */
  readonly target: Probe;
  readonly done: unknown[];
  readonly caller: Probe;
  /** Lets it handle a bad message, up to the interrupt. */
  readonly beCut: () => void;
}

function scene(restMs = INTERRUPT_REST_MS): Scene {
  const { simulator, kernel, cut } = createCuttable({ restMs });
  const done: unknown[] = [];
  const target: Probe = createProbe(kernel, (message) => {
    const { payload, type } = message;
    if (type === PTYPE.system) return void done.push("job");
    const [word] = payload as unknown[];
    if (word === "bad") cut();
    else {
      done.push(word);
      kernel.reply(target.service, message, word);
    }
  });
  const caller = createProbe(kernel);
  const beCut = (): void => {
    caller.send(target.handle, "bad");
    throws(() => {
      for (;;) kernel.turn();
    }, /interrupt/);
  };
  return { simulator, kernel, cut, target, done, caller, beCut };
}

/** Some turns at the same moment of the clock. */
function turns({ kernel }: Scene, count = 8): void {
  for (let turn = 0; turn < count; turn += 1) kernel.turn();
}

const job = (): Message => new Message(PTYPE.system, 0, 0, 0, () => {});

test("a service that was cut off handles nothing until its rest is over, then all in order", () => {
  const all = scene();
  const { simulator, kernel, target, done, caller, beCut } = all;
  kernel.addTimer(target.service, 1, () => done.push("timer"));
  beCut();
  simulator.clock.advance(2);
  for (const word of ["a", "b"]) caller.send(target.handle, word);
  turns(all);
  simulator.clock.advance(INTERRUPT_REST_MS - 10);
  turns(all);
  equal(done.length, 0);
  simulator.clock.advance(10);
  turns(all);
  deepEqual(new Set(done), new Set(["a", "b", "timer"]));
  equal(done.indexOf("a") < done.indexOf("b"), true);
});

test("an interval that is overdue keeps neither the others nor a job from their turn", () => {
  const all = scene();
  const { simulator, kernel, cut, target, done, caller } = all;
  let fired = 0;
  const tick = (): void => {
    fired += 1;
    cut();
  };
  kernel.addTimer(target.service, 1, tick, 1);
  const other = createProbe(kernel, (message) => kernel.reply(other.service, message, "fine"));
  simulator.clock.advance(2);
  throws(() => kernel.turn(), /interrupt/);
  simulator.clock.advance(500);
  const outcome = caller.call(other.handle);
  turns(all);
  equal(outcome.value, "fine");
  kernel.sendUrgent(target.service, job());
  turns(all);
  deepEqual([done, fired], [["job"], 1]);
});

test("jobs go before all that may loop, the steward's first, and a turn ends behind them", () => {
  const all = scene();
  const { kernel, target, caller } = all;
  const order: string[] = [];
  const others = ["one", "two"].map((name) =>
    createProbe(kernel, ({ type }) => order.push(type === PTYPE.system ? `${name} job` : name)),
  );
  const steward = createProbe(kernel, () => order.push("steward"));
  kernel.scheduler.first = steward.service;
  caller.send(target.handle, "bad");
  for (const { handle } of others) caller.send(handle);
  for (const { service } of others) kernel.sendUrgent(service, job());
  caller.send(steward.handle);
  throws(() => kernel.turn(), /interrupt/);
  kernel.turn();
  deepEqual(order, ["steward", "one job", "two job"]);
  kernel.turn();
  deepEqual(order.slice(3), ["one", "two"]);
});

test("a job that is cut off keeps no other job back", () => {
  const all = scene();
  const { kernel, cut, target, caller } = all;
  const order: string[] = [];
  const probe = (name: string, isBad: boolean): Probe =>
    createProbe(kernel, ({ type }) => {
      order.push(name);
      if (isBad && type === PTYPE.system) cut();
    });
  const [bad, good] = [probe("bad", true), probe("good", false)];
  caller.send(target.handle, "bad");
  for (const { service } of [bad, good]) kernel.sendUrgent(service, job());
  caller.send(bad.handle);
  caller.send(good.handle);
  throws(() => kernel.turn(), /interrupt/);
  throws(() => kernel.turn(), /interrupt/);
  turns(all);
  // What was cut off was a job: the service itself does not rest.
  deepEqual(order, ["bad", "good", "bad", "good"]);
});

test("what a debug message waits for passes, and the service's own answers wait", () => {
  const all = scene();
  const { simulator, kernel, target, beCut } = all;
  const helper = createProbe(kernel, (message) => kernel.reply(helper.service, message, 1));
  const answers: string[] = [];
  const ask = (name: string): void => {
    Object.assign(target.call(helper.handle).call, { resolve: () => answers.push(name) });
  };
  kernel.origin = new Message(PTYPE.lua, 0, 0, 0, []);
  ask("own");
  kernel.origin = new Message(PTYPE.debug, 0, 0, 0, []);
  ask("operator's");
  kernel.origin = undefined;
  beCut();
  turns(all);
  deepEqual(answers, ["operator's"]);
  simulator.clock.advance(INTERRUPT_REST_MS);
  turns(all);
  deepEqual(answers, ["operator's", "own"]);
});

test("answers keep their order where a patch that takes its time is put in during the rest", () => {
  const all = scene();
  const { kernel, target, beCut } = all;
  const requests: Message[] = [];
  const helper = createProbe(kernel, (message) => requests.push(message));
  const answers: string[] = [];
  const ask = (name: string): void => {
    Object.assign(target.call(helper.handle).call, { resolve: () => answers.push(name) });
    turns(all);
  };
  const reply = (): void => {
    for (const message of requests.splice(0)) kernel.reply(helper.service, message, 1);
    turns(all);
  };
  for (const name of ["one", "two", "three"]) ask(name);
  beCut();
  turns(all);
  reply();
  deepEqual(answers, [], "the service rests");
  ask("four");
  kernel.hold(target.service, HOLD.patching);
  reply();
  deepEqual(answers, ["one", "two", "three", "four"]);
});

test("each cut soon after a rest doubles the next, up to the limit, and time or a patch makes it forgotten", () => {
  const all = scene();
  const { simulator, kernel, target, done, caller, beCut } = all;
  const restMs = (): number => {
    beCut();
    turns(all);
    done.length = 0;
    caller.send(target.handle, "after");
    let ms = 0;
    for (; done.length === 0; ms += 500) {
      simulator.clock.advance(500);
      turns(all);
    }
    return ms;
  };
  const rests = Array.from({ length: 7 }, restMs);
  deepEqual(rests, [1000, 2000, 4000, 8000, 16_000, INTERRUPT_REST_MAX_MS, INTERRUPT_REST_MAX_MS]);
  simulator.clock.advance(INTERRUPT_FORGOTTEN_MS);
  turns(all);
  equal(restMs(), 1000);
  equal(restMs(), 2000);
  kernel.rests.end(target.service);
  equal(restMs(), 1000);
});

test("a cut that an operator has asked for gives the operator ten times as long", () => {
  const all = scene();
  const { simulator, kernel, target, done, caller, beCut } = all;
  kernel.tap = (service, { payload }) => {
    const isBad = (payload as unknown[])[0] === "bad";
    if (isBad) kernel.condemned = { service, origin: kernel.origin, isByHand: true };
  };
  beCut();
  turns(all);
  caller.send(target.handle, "a");
  simulator.clock.advance(INTERRUPT_BY_HAND_FACTOR * INTERRUPT_REST_MS - 1);
  turns(all);
  equal(done.length, 0);
  simulator.clock.advance(1);
  turns(all);
  deepEqual(done, ["a"]);
});

test("when the node stops no service rests any more", () => {
  const all = scene();
  const { kernel, target, done, caller, beCut } = all;
  kernel.addTimer(target.service, 1, () => {});
  beCut();
  turns(all);
  caller.send(target.handle, "a");
  kernel.rests.close();
  turns(all);
  beCut();
  caller.send(target.handle, "b");
  turns(all);
  deepEqual(done, ["a", "b"]);
});

test("a patch ends the rest at once", () => {
  const all = scene();
  const { kernel, target, done, caller, beCut } = all;
  beCut();
  caller.send(target.handle, "a");
  turns(all);
  kernel.rests.end(target.service);
  turns(all);
  deepEqual(done, ["a"]);
});

test("with 0 no service rests", () => {
  const all = scene(0);
  const { target, done, caller, beCut } = all;
  beCut();
  caller.send(target.handle, "a");
  turns(all);
  deepEqual(done, ["a"]);
});

test("a service that is killed while it rests is gone, and its requests are answered", () => {
  const all = scene();
  const { simulator, kernel, target, caller, beCut } = all;
  beCut();
  const outcome = caller.call(target.handle, "a");
  turns(all);
  kernel.kill(target.service);
  simulator.drain();
  equal(outcome.settled, 1);
  equal(kernel.openCalls, 0);
});
