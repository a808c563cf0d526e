/**
 * Turns: one service at a time, microtasks included, within a budget of time; and what cuts a turn off ends nothing.
 */

import { deepEqual, equal, throws } from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { Worker } from "node:worker_threads";

import { systemClock } from "../../../src/base/clock.ts";
import { createDrain, createWaker } from "../../../src/fabric/event-loop.ts";
import type { KernelOptions } from "../../../src/kernel/kernel-options.ts";
import { Kernel } from "../../../src/kernel/kernel.ts";
import type { Drain } from "../../../src/kernel/scheduler.ts";
import { callbackMicrotasks, createProbe, createSimulator } from "../../simulator.ts";

/** A kernel on this thread's real event loop. */
function createRealKernel(options: Partial<KernelOptions> = {}): {
  kernel: Kernel;
  close: () => void;
} {
  const waker = createWaker(systemClock);
  const kernel = new Kernel({
    clock: systemClock,
    drain: createDrain(),
    waker,
    events: {
      onError: () => {},
      onOverload: () => {},
      onDeath: () => {},
    },
    ...options,
  });
  waker.attach(kernel);
  return { kernel, close: () => waker.close() };
}

const stepwise: Drain = { isSynchronous: false, drain: () => {} };

const drains = [
  ["drained inside the turn", createDrain()],
  ["left to the event loop", stepwise],
] as const;

for (const [name, drain] of drains) {
  test(`the continuations of a message run before the next service, ${name}`, async () => {
    const { kernel, close } = createRealKernel({ drain });
    const log: string[] = [];
    await new Promise<void>((resolve) => {
      const services = ["a", "b"].map((letter) =>
        createProbe(kernel, () => {
          log.push(`${letter}1`);
          queueMicrotask(() => {
            log.push(`${letter}2`);
            process.nextTick(() => {
              log.push(`${letter}3`);
              if (log.length === 6) resolve();
            });
          });
        }),
      );
      for (const probe of services)
        kernel.send(0, probe.handle, { type: 10, method: 0, values: [] });
    });
    close();
    deepEqual(log, ["a1", "a2", "a3", "b1", "b2", "b3"]);
  });
}

for (const [name, drain] of drains) {
  test(`the kernel knows whose continuation runs, ${name}`, async () => {
    const { kernel, close } = createRealKernel({ drain });
    const seen: boolean[] = [];
    await new Promise<void>((resolve) => {
      const probes = [1, 2].map(() =>
        createProbe(kernel, (_message, self) => {
          const look = (left: number): void => {
            seen.push(kernel.scheduler.current === self.service);
            if (left > 1) queueMicrotask(() => look(left - 1));
            else if (seen.length === 6) resolve();
          };
          queueMicrotask(() => look(3));
        }),
      );
      for (const probe of probes) probe.send(probe.handle);
    });
    close();
    deepEqual(seen, new Array(6).fill(true));
  });

  test(`the kernel knows that no service's code runs when all is done, ${name}`, async () => {
    const { kernel, close } = createRealKernel({ drain });
    await new Promise<void>((resolve) => {
      const probe = createProbe(kernel, () => queueMicrotask(resolve));
      probe.send(probe.handle);
    });
    // Where the turn can't drain, another one follows, begun by an immediate and a message.
    for (let round = 0; round < 4; round += 1)
      await new Promise((resolve) => setImmediate(resolve));
    close();
    deepEqual([kernel.scheduler.current, kernel.isInHandler], [undefined, false]);
  });

  test(`the kernel knows that a handler's continuation is one, ${name}`, async () => {
    const { kernel, close } = createRealKernel({ drain });
    const seen: boolean[] = [];
    await new Promise<void>((resolve) => {
      const probe = createProbe(kernel, () => {
        queueMicrotask(() => {
          seen.push(kernel.isInHandler);
          kernel.addTimer(probe.service, 1, () => {
            queueMicrotask(() => {
              seen.push(kernel.isInHandler);
              resolve();
            });
          });
        });
      });
      probe.send(probe.handle);
    });
    close();
    deepEqual(seen, [true, false]);
  });
}

test("a flood of messages lets the event loop breathe after every turn", async () => {
  const { kernel, close } = createRealKernel({ turnBudgetMs: 1 });
  let turns = 0;
  const { turn } = kernel;
  kernel.turn = () => {
    turns += 1;
    turn.call(kernel);
  };
  const flood = createProbe(kernel, () => {
    flood.heard.length = 0;
    flood.received.length = 0;
    flood.send(flood.handle);
  });
  flood.send(flood.handle);
  const gaps: number[] = [];
  await new Promise<void>((resolve) => {
    let last = 0;
    const tick = (): void => {
      gaps.push(turns - last);
      last = turns;
      if (turns >= 10) resolve();
      else setImmediate(tick);
    };
    setImmediate(tick);
  });
  kernel.kill(flood.service);
  close();
  deepEqual(
    gaps.filter((gap) => gap > 1),
    [],
  );
});

test("a service that floods itself leaves turns to the others", () => {
  const simulator = createSimulator({ seed: 1 });
  const { kernel } = simulator;
  const flood = createProbe(kernel, () => flood.send(flood.handle));
  const other = createProbe(kernel);
  flood.send(flood.handle);
  flood.send(other.handle, 1);
  simulator.step();
  deepEqual(other.heard, [1]);
});

test("a turn ends when its time is used up, and the next one goes on", () => {
  const simulator = createSimulator({ seed: 1, kernel: { turnBudgetMs: 5 } });
  const { kernel, clock } = simulator;
  const probe = createProbe(kernel, () => clock.advance(2));
  for (let count = 0; count < 64; count += 1) probe.send(probe.handle, count);
  simulator.step();
  equal(probe.heard.length, 16, "the clock is looked at every 16 messages");
  simulator.drain();
  equal(probe.heard.length, 64);
});

test("CPU time is counted for the service that used it", () => {
  const simulator = createSimulator({ seed: 1, messageMs: 0 });
  const { kernel, clock } = simulator;
  const busy = createProbe(kernel, () => clock.advance(3));
  const idle = createProbe(kernel);
  for (let count = 0; count < 20; count += 1) {
    idle.send(busy.handle);
    busy.send(idle.handle);
  }
  simulator.drain();
  equal(Math.round(busy.service.cpuMs), 60);
  equal(Math.round(idle.service.cpuMs), 0);
  deepEqual([busy.service.messageCount, idle.service.messageCount], [20, 20]);
});

test("with a drain that can't drain, a turn is one message long", () => {
  const simulator = createSimulator({ seed: 1, microtasks: callbackMicrotasks(false) });
  const probe = createProbe(simulator.kernel);
  for (const count of [1, 2, 3]) probe.send(probe.handle, count);
  for (const count of [1, 2, 3]) {
    simulator.step();
    equal(probe.heard.length, count);
  }
});

test("a callback that throws cuts no other off, and the kernel knows whose it was", async () => {
  const worker = new Worker(new URL("./throwing-service.js", import.meta.url));
  const [report] = (await once(worker, "message")) as [unknown];
  await worker.terminate();
  deepEqual(report, {
    heard: ["tick", "microtask", "last"],
    errors: ["1: tick", "1: microtask"],
  });
});

test("a service whose message was cut off by an interrupt handles the next one after its rest", () => {
  const simulator = createSimulator({ seed: 1 });
  const { kernel, clock } = simulator;
  const probe = createProbe(kernel, () => {
    if (probe.heard.length !== 16) return;
    // As an interrupt does, this ends the turn without a chance to tidy up: the scheduler looks at the clock here.
    Object.assign(clock, { now: interrupt });
  });
  const now = clock.now;
  const interrupt = (): never => {
    Object.assign(clock, { now });
    throw new Error("interrupt");
  };
  for (let count = 0; count < 20; count += 1) probe.send(probe.handle, count);
  throws(() => kernel.turn(), /interrupt/);
  equal(probe.heard.length, 16);
  simulator.drain();
  equal(probe.heard.length, 20);
  probe.send(probe.handle, 20);
  simulator.drain();
  equal(probe.heard.length, 21);
});
