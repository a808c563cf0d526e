/**
 * The end of a service: all who wait for it learn so, and nothing of it stays.
 */

import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";

import { codeOf } from "../../../src/base/error.ts";
import { Waiting } from "../../../src/kernel/last-words.ts";
import { Message } from "../../../src/kernel/message.ts";
import { PTYPE } from "../../../src/kernel/protocol.ts";
import { isEnding } from "../../../src/kernel/refusal.ts";
import { HOLD } from "../../../src/kernel/service.ts";
import type { Service } from "../../../src/kernel/service.ts";
import type { Outcome } from "../../simulator.ts";
import { createProbe, createSimulator } from "../../simulator.ts";

function endOf(outcome: Outcome): unknown {
  return [outcome.settled, codeOf(outcome.error)];
}

const DEAD = [1, "ERR_SERVICE_DEAD"];

test("a request that is in the mailbox is answered with ERR_SERVICE_DEAD", () => {
  const simulator = createSimulator({ seed: 1 });
  const target = createProbe(simulator.kernel);
  const outcome = createProbe(simulator.kernel).call(target.handle);
  simulator.kernel.kill(target.service);
  simulator.drain();
  deepEqual([endOf(outcome), target.heard], [DEAD, []]);
});

test("a request that is held back, and one in the system lane, fail when the service dies", () => {
  const simulator = createSimulator({ seed: 1 });
  const { kernel } = simulator;
  const target = createProbe(kernel);
  const caller = createProbe(kernel);
  kernel.hold(target.service, HOLD.patching);
  const parked = caller.call(target.handle);
  simulator.advance(10);
  const urgent = caller.call(target.handle);
  const message = target.service.mail.shift() as Message;
  kernel.sendUrgent(target.service, message);
  kernel.kill(target.service);
  simulator.drain();
  deepEqual([endOf(parked), endOf(urgent), target.heard], [DEAD, DEAD, []]);
});

for (const filing of ["owe", "detach"] as const) {
  test(`a request that was taken and is answered later fails when the service dies (${filing})`, () => {
    const simulator = createSimulator({ seed: 1 });
    const { kernel } = simulator;
    const target = createProbe(kernel, (message) => kernel[filing](target.service, message));
    const outcome = createProbe(kernel).call(target.handle);
    simulator.advance(10);
    kernel.kill(target.service);
    simulator.drain();
    deepEqual(endOf(outcome), DEAD);
  });
}

test("a request whose handler ends its own service fails with ERR_SERVICE_DEAD", () => {
  const simulator = createSimulator({ seed: 1 });
  const { kernel } = simulator;
  const target = createProbe(kernel, () => kernel.kill(target.service));
  const outcome = createProbe(kernel).call(target.handle);
  simulator.drain();
  deepEqual(endOf(outcome), DEAD);
});

test("a request that was given up is not answered at death", () => {
  const simulator = createSimulator({ seed: 1 });
  const { kernel } = simulator;
  const target = createProbe(kernel, (message) => {
    kernel.owe(target.service, message);
    kernel.ignore(target.service, message);
    kernel.kill(target.service);
  });
  const outcome = createProbe(kernel).call(target.handle);
  simulator.drain();
  equal(outcome.settled, 0);
});

test("an answer that lies in the dead service's mailbox is not bounced", () => {
  const simulator = createSimulator({ seed: 1 });
  const { kernel } = simulator;
  const silent = createProbe(kernel);
  const server = createProbe(kernel, (message) => {
    kernel.reply(server.service, message, 1);
    kernel.kill(caller.service);
  });
  const caller = createProbe(kernel);
  // The server's own first call has the same session as the request that it answers.
  const own = server.call(silent.handle);
  const request = caller.call(server.handle);
  equal(own.call.session, request.call.session);
  simulator.drain();
  deepEqual([own.settled, request.settled], [0, 1]);
  ok(isEnding(request.error));
});

test("the calls of a service that died are told of its end once, in its name, and are open no more", () => {
  const simulator = createSimulator({ seed: 1 });
  const { kernel } = simulator;
  const caller = createProbe(kernel);
  const target = createProbe(kernel, (message) => {
    equal(kernel.reply(target.service, message, 1), false);
  });
  const outcome = caller.call(target.handle);
  let current: Service | undefined;
  const { reject } = outcome.call;
  outcome.call.reject = (error) => {
    current = kernel.scheduler.current;
    reject(error);
  };
  kernel.setDeadline(caller.service, outcome.call, 100, () => "too late");
  kernel.kill(caller.service);
  equal(kernel.openCalls, 0);
  equal(outcome.settled, 0, "not yet: it runs no code in the middle of a kill");
  simulator.drain();
  deepEqual([outcome.settled, simulator.errors], [1, []]);
  ok(isEnding(outcome.error));
  equal(current, caller.service);
});

test("a service that dies without a waiting handler has no last turn", () => {
  const simulator = createSimulator({ seed: 1 });
  const { kernel } = simulator;
  const { service } = createProbe(kernel);
  const timer = kernel.addTimer(service, 10, () => {});
  kernel.kill(service);
  deepEqual([service.isQueued, service.mail.length, timer.isCancelled], [false, 0, true]);
});

test("code that waits in a service of any state is told: held, woken, due, with a call that has just failed", () => {
  const simulator = createSimulator({ seed: 1 });
  const { kernel } = simulator;
  class Sleeper extends Waiting {
    readonly errors: unknown[] = [];
    reject = (error: unknown): void => void this.errors.push(error);
  }
  for (const hold of [HOLD.none, HOLD.busy, HOLD.patching, HOLD.resting, HOLD.starting]) {
    const { service } = createProbe(kernel);
    const [asleep, due, woken, cancelled] = [1, 2, 3, 4].map(() => new Sleeper());
    kernel.addTimer(service, 100, () => {}).subject = asleep;
    kernel.soon(service, () => {}).subject = due;
    kernel.resume(service, undefined, () => {}).subject = woken;
    const timer = kernel.addTimer(service, 100, () => {});
    timer.subject = cancelled;
    kernel.removeTimer(service, timer);
    kernel.hold(service, hold);
    kernel.kill(service);
    simulator.drain();
    deepEqual(
      [asleep, due, woken, cancelled].map((each) => each?.errors.length),
      [1, 1, 1, 0],
      `hold ${hold}`,
    );
  }
});

test("a dead service hears nothing more, also what waited for it", () => {
  const simulator = createSimulator({ seed: 1 });
  const { kernel } = simulator;
  const sender = createProbe(kernel);
  const target = createProbe(kernel, () => kernel.kill(target.service));
  sender.send(target.handle, 1);
  sender.send(target.handle, 2);
  simulator.drain();
  equal(sender.send(target.handle, 3), false);
  deepEqual(target.heard, [1]);
});

test("a dead service runs nothing more, and a request in its system lane is answered", () => {
  const simulator = createSimulator({ seed: 1 });
  const { kernel } = simulator;
  const caller = createProbe(kernel);
  const target = createProbe(kernel);
  const outcome = caller.call(target.handle);
  const request = target.service.mail.shift() as Message;
  kernel.kill(target.service);
  let runs = 0;
  const run = (): void => void (runs += 1);
  kernel.soon(target.service, run);
  kernel.addTimer(target.service, 10, run);
  kernel.sendUrgent(target.service, new Message(PTYPE.system, 0, 0, 0, ["job"]));
  kernel.sendUrgent(target.service, request);
  simulator.drain();
  deepEqual([runs, target.heard, endOf(outcome)], [0, [], DEAD]);
});

test("a watcher of a service learns of its death once, unless it stopped watching", () => {
  const { kernel, deaths } = createSimulator({ seed: 1 });
  const target = createProbe(kernel);
  let told = 0;
  kernel.watch(target.handle, () => (told += 1));
  const stop = kernel.watch(target.handle, () => (told += 100));
  stop?.();
  kernel.kill(target.service);
  kernel.kill(target.service);
  deepEqual([told, deaths], [1, [target.service]]);
  equal(
    kernel.watch(target.handle, () => {}),
    undefined,
  );
});

test("the name is free by the time the watchers are told", () => {
  const { kernel } = createSimulator({ seed: 1 });
  const target = createProbe(kernel);
  kernel.names.register("DB", target.handle);
  let holder: unknown = "not told";
  kernel.watch(target.handle, () => (holder = kernel.names.get("DB")));
  kernel.kill(target.service);
  equal(holder, undefined);
});
