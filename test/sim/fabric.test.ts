/**
 * Random traffic keeps its promises between threads that are joined by the real fabric, while threads end at any step and
 * others take their place; and a fabric with a bug is found out.
 *
 * SEED=n repeats one run; SCALE=r or s runs more of them.
 */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";

import { Fabric } from "../../src/fabric/fabric.ts";
import type { ThreadLink } from "../../src/fabric/ring-exchange.ts";
import { Exchange } from "../../src/fabric/ring-exchange.ts";
import type { Incoming } from "../../src/fabric/ring-inbox.ts";
import { bereave } from "../../src/kernel/death.ts";
import { Kernel } from "../../src/kernel/kernel.ts";
import type { Service } from "../../src/kernel/service.ts";
import type { Simulator, SimulatorOptions, Tally } from "../simulator.ts";
import { createSimulator, Traffic } from "../simulator.ts";
import { drawSeeds } from "./scale.ts";

/** Runs in a row until Node may let go of their ports. */
const RUNS_IN_A_ROW = 20;

async function runAll(seeds: readonly number[], run: (seed: number) => void): Promise<void> {
  for (const [index, seed] of seeds.entries()) {
    run(seed);
    if (index % RUNS_IN_A_ROW === 0) await setImmediate();
  }
}

function simulate(seed: number, options: Partial<SimulatorOptions> = {}): Simulator {
  return createSimulator({ seed, kernels: 2 + (seed % 3), fabric: true, ...options });
}

function run(seed: number, options: Partial<SimulatorOptions> = {}): Tally {
  return new Traffic(simulate(seed, options), { messages: 200 }).run();
}

test("calls end exactly once and messages keep their order between threads that die and are replaced", async () => {
  const { seeds } = drawSeeds("fabric", { c: 80, r: 5000, s: 500_000 });
  await runAll(seeds, (seed) => void run(seed));
});

test("the promises hold between threads with all faults at once", async () => {
  const { seeds } = drawSeeds("fabric.all", { c: 60, r: 3000, s: 300_000 });
  await runAll(seeds, (seed) => void run(seed, { faults: "all" }));
});

test("the promises hold between threads with rings that are always full", async () => {
  const { seeds } = drawSeeds("fabric.small", { c: 30, r: 1000, s: 100_000 });
  const fabric = { ringBytes: 64 };
  await runAll(seeds, (seed) => void run(seed, { fabric, faults: "all" }));
});

test("the promises hold where a thread that does not keep up is sent no more", async () => {
  const { seeds } = drawSeeds("fabric.limit", { c: 30, r: 1000, s: 100_000 });
  const fabric = { ringBytes: 64, waitingLimit: 2 };
  await runAll(seeds, (seed) => void run(seed, { fabric, faults: "all" }));
});

test("the same seed gives the same trace between threads, step by step", () => {
  for (const seed of [1, 2, 3]) {
    const [first, second] = [1, 2].map(() => {
      const simulator = simulate(seed, { faults: "all" });
      new Traffic(simulator, { messages: 200 }).run();
      return simulator.trace.hashes;
    });
    ok((first?.length ?? 0) > 50);
    deepEqual(second, first);
  }
});

test("threads do end at every step that the simulator knows", async () => {
  const fired = new Map<string, number>();
  await runAll([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], (seed) => {
    const simulator = simulate(seed, { kernels: 4, faults: "all" });
    new Traffic(simulator).run();
    for (const [name, count] of simulator.faults.fired) {
      fired.set(name, (fired.get(name) ?? 0) + count);
    }
  });
  for (const name of ["thread.end", "thread.exit", "thread.cut", "news.late", "wake.late"]) {
    ok((fired.get(name) ?? 0) > 3, `${name} fired ${fired.get(name) ?? 0} times`);
  }
});

/** Runs traffic over a fabric with a bug until it is found; returns what was said. */
async function findBug(options: Partial<SimulatorOptions>): Promise<string> {
  for (let seed = 1; seed <= 200; seed += 1) {
    const simulator = simulate(seed, { faults: "all", ...options });
    try {
      new Traffic(simulator, { messages: 200 }).run();
    } catch (error) {
      simulator.threads?.close();
      return (error as Error).message;
    }
    if (seed % RUNS_IN_A_ROW === 0) await setImmediate();
  }
  return "nothing found";
}

/** Says yes each n-th time. */
function everyNth(count: number): () => boolean {
  let asked = 0;
  return () => (asked += 1) % count === 0;
}

test("a thread that does not tell its services of another one's death is found", async () => {
  match(await findBug({ fabric: { bereave: () => {} } }), /never ended/);
});

test("a thread that tells only of services that lived until the end is found", async () => {
  const ended = new Set<number>();
  class Noting extends Kernel {
    override kill(service: Service): void {
      ended.add(service.handle);
      super.kill(service);
    }
  }
  const report = await findBug({
    createKernel: (options) => new Noting(options),
    fabric: {
      bereave: (kernel, isLost) =>
        bereave(kernel, (handle) => isLost(handle) && !ended.has(handle)),
    },
  });
  match(report, /never ended/);
});

test("a record that is taken in twice is found", async () => {
  const isDue = everyNth(100);
  class Doubling extends Fabric {
    override take(thread: number, record: Incoming): boolean {
      const isTalk = super.take(thread, record);
      if (isDue()) super.take(thread, record);
      return isTalk;
    }
  }
  match(
    await findBug({ fabric: { createFabric: (options) => new Doubling(options) } }),
    /heard number|waits for none|could not read/,
  );
});

test("a record that is lost is found", async () => {
  const isDue = everyNth(100);
  class Losing extends Fabric {
    override take(thread: number, record: Incoming): boolean {
      return !isDue() && super.take(thread, record);
    }
  }
  match(
    await findBug({ fabric: { createFabric: (options) => new Losing(options) } }),
    /heard number|never ended|lives and heard|could not read/,
  );
});

test("a wake-up that is lost is found", async () => {
  const isDue = everyNth(20);
  class Losing extends Exchange {
    override connect(link: ThreadLink): boolean {
      return super.connect({ ...link, wake: () => (isDue() ? undefined : link.wake()) });
    }
  }
  match(
    await findBug({ faults: "none", fabric: { createExchange: (options) => new Losing(options) } }),
    /sleeps over its mail/,
  );
});

test("a thread that falls asleep over its mail is found", async () => {
  class Sleepy extends Exchange {
    override hasMail(): boolean {
      return false;
    }
  }
  match(
    await findBug({ faults: "none", fabric: { createExchange: (options) => new Sleepy(options) } }),
    /sleeps over its mail/,
  );
});

test("a call that is passed on without a word to its caller is found", async () => {
  class Silent extends Fabric {
    override retarget(): void {}
  }
  match(
    await findBug({ fabric: { createFabric: (options) => new Silent(options) } }),
    /never ended/,
  );
});

test("a directory that forgets a service is found", () => {
  const simulator = simulate(1);
  const kernel = simulator.kernels[1] as Kernel;
  const service = kernel.create("one", () => ({ receive: () => {} }));
  simulator.threads?.all[0]?.directory.release(service.handle, 1);
  simulator.after(1, () => {});
  let report = "";
  try {
    simulator.drain();
  } catch (error) {
    report = (error as Error).message;
  }
  simulator.threads?.close();
  match(report, /the directory counts 0 services on thread 1, which has 1/);
  equal(simulator.isUp(kernel), true);
});
