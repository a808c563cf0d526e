/**
 * A service takes the place of another, again and again, under random traffic of several threads: every call ends exactly once,
 * with its own answer, what a sender sends keeps its order whichever handle it uses, and the death of the new one at any step is an
 * answer. A forwarder with a bug is found out.
 *
 * SEED=n repeats one run; SCALE=r or s runs more of them.
 */

import { equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";

import { codeOf } from "../../src/base/error.ts";
import type { Forwarder } from "../../src/kernel/forwarder.ts";
import type { KernelOptions } from "../../src/kernel/kernel-options.ts";
import { Kernel } from "../../src/kernel/kernel.ts";
import { Message, REPLY } from "../../src/kernel/message.ts";
import type { Service } from "../../src/kernel/service.ts";
import type { Outcome, Probe } from "../simulator.ts";
import { createProbe, createSimulator } from "../simulator.ts";
import { drawSeeds } from "./scale.ts";

/** One call, or one post. */
interface Sent {
  readonly from: Probe;
  readonly number: number;
  readonly outcome: Outcome | undefined;
  readonly handle: number;
  /** The place that it was sent to had another service each time, until it was killed. */
  readonly place: Place;
}

/** Services each of which has taken the place of the one before. */
interface Place {
  readonly services: Probe[];
  /** Handles that were retired, or whose place was killed. */
  readonly gone: Set<number>;
  /** The last number of each sender that was handled. */
  readonly last: Map<number, number>;
}

interface Run {
  readonly problems: readonly string[];
  readonly forwarded: number;
  readonly failed: number;
}

function run(seed: number, createKernel?: (options: KernelOptions) => Kernel): Run {
  const simulator = createSimulator({
    ...{ seed, kernels: 3, fabric: true, faults: "none" },
    ...(createKernel === undefined ? {} : { createKernel }),
  });
  const { random, kernels } = simulator;
  const home = kernels[1 + (seed % 2)] as Kernel;
  const problems: string[] = [];
  const sent: Sent[] = [];
  const handled = new Map<string, number>();
  const forwarders: Forwarder[] = [];

  const createWorker = (place: Place): Probe =>
    createProbe(home, (message, probe) => {
      const [source, number] = message.payload as [number, number];
      const key = `${source} ${number}`;
      handled.set(key, (handled.get(key) ?? 0) + 1);
      if (number <= (place.last.get(source) ?? 0)) problems.push(`order of ${key}`);
      place.last.set(source, number);
      if (message.reply !== REPLY.owed) return;
      if (random.next() < 0.5) return void home.reply(probe.service, message, key);
      home.owe(probe.service, message);
      home.addTimer(probe.service, random.next() * 8, () => {
        home.reply(probe.service, message, key);
      });
    });
  const createPlace = (): Place => {
    const made: Place = { services: [], gone: new Set(), last: new Map() };
    made.services.push(createWorker(made));
    return made;
  };
  let place = createPlace();

  const numbers = new Map<Probe, number>();
  const senders = kernels.flatMap((kernel) => [createProbe(kernel), createProbe(kernel)]);
  const send = (from: Probe): void => {
    const number = (numbers.get(from) ?? 0) + 1;
    numbers.set(from, number);
    const { services } = place;
    const target = services[random.below(services.length)] as Probe;
    const note = (outcome?: Outcome): void =>
      void sent.push({ from, number, outcome, handle: target.handle, place });
    if (random.next() < 0.3) {
      if (from.send(target.handle, from.handle, number)) note();
      return;
    }
    try {
      note(from.call(target.handle, from.handle, number));
    } catch (error) {
      if (codeOf(error) !== "ERR_SERVICE_DEAD" || !place.gone.has(target.handle)) throw error;
    }
  };
  const swap = (): void => {
    const before = place.services.at(-1) as Probe;
    if (!before.service.isAlive) return;
    const next = createWorker(place);
    forwarders.push(home.forward(before.service, next.service));
    place.services.push(next);
    const { gone } = place;
    const retire = (): void => {
      if ((before.service.owed?.size ?? 0) > 0) return simulator.after(2, retire);
      gone.add(before.handle);
      home.kill(before.service);
    };
    if (random.next() < 0.3) simulator.after(5 + random.next() * 30, retire);
  };
  const killNewest = (): void => {
    for (const { handle } of place.services) place.gone.add(handle);
    home.kill((place.services.at(-1) as Probe).service);
    place = createPlace();
  };
  for (const from of senders) {
    for (let at = 0; at < 100; at += 1 + random.next() * 6) {
      simulator.after(at, () => {
        for (let count = 1 + random.below(4); count > 0; count -= 1) send(from);
      });
    }
  }
  for (let at = 0; at < 100; at += 1 + random.next() * 12) simulator.after(at, swap);
  for (let at = 20; at < 100; at += 5 + random.next() * 40) simulator.after(at, killNewest);
  simulator.drain();

  let failed = 0;
  for (const { from, number, outcome, handle, place: there } of sent) {
    const key = `${from.handle} ${number}`;
    const times = handled.get(key) ?? 0;
    const mayFail = there.gone.has(handle);
    if (times > 1) problems.push(`${key} was handled ${times} times`);
    if (times === 0 && !mayFail) problems.push(`${key} was lost`);
    if (outcome === undefined) continue;
    if (outcome.settled !== 1) problems.push(`${key} ended ${outcome.settled} times`);
    else if (outcome.error === undefined) {
      if (outcome.value !== key) problems.push(`${key} got ${String(outcome.value)}`);
    } else if (mayFail && codeOf(outcome.error) === "ERR_SERVICE_DEAD") failed += 1;
    else problems.push(`${key} failed: ${(outcome.error as Error).message}`);
  }
  const forwarded = forwarders.reduce((sum, { count }) => sum + count, 0);
  return { problems, forwarded, failed };
}

test("calls end exactly once, in order, while one service after the other takes a place, and new ones are killed at any step", async () => {
  let [forwarded, failed] = [0, 0];
  for (const seed of drawSeeds("forwarder", { c: 60, r: 2000, s: 100_000 }).seeds) {
    const result = run(seed);
    equal(result.problems[0], undefined, `seed=${seed} ${result.problems.slice(0, 5).join("; ")}`);
    forwarded += result.forwarded;
    failed += result.failed;
    await setImmediate();
  }
  ok(forwarded > 1000 && failed > 0, `${forwarded} forwarded, ${failed} failed`);
});

/** Runs over a kernel with a bug until it is found; returns what was said. */
function findBug(createKernel: (options: KernelOptions) => Kernel): string {
  for (let seed = 1; seed <= 20; seed += 1) {
    try {
      const { problems } = run(seed, createKernel);
      if (problems.length > 0) return problems.join("; ");
    } catch (error) {
      return (error as Error).message;
    }
  }
  return "nothing found";
}

test("a forwarder that loses the session of the caller is found", () => {
  class Losing extends Kernel {
    override forward(service: Service, to: Service): Forwarder {
      const forwarder = super.forward(service, to);
      const pass = forwarder.outlet.bind(forwarder);
      forwarder.outlet = ({ type, source, method, payload }) =>
        pass(new Message(type, source, 0, method, payload));
      return forwarder;
    }
  }
  match(
    findBug((options) => new Losing(options)),
    /ended 0 times/,
  );
});

test("a forwarder that lets what comes pass what waits is found", () => {
  class Hurried extends Kernel {
    override forward(service: Service, to: Service): Forwarder {
      const waiting: Message[] = [];
      for (let next = service.mail.shift(); next !== undefined; next = service.mail.shift()) {
        waiting.push(next);
      }
      const forwarder = super.forward(service, to);
      this.addTimer(to, 1, () => {
        for (const message of waiting) this.arrive(to.handle, message);
      });
      return forwarder;
    }
  }
  match(
    findBug((options) => new Hurried(options)),
    /order of/,
  );
});

test("a forwarder that keeps what it passes on is found", () => {
  class Doubling extends Kernel {
    override forward(service: Service, to: Service): Forwarder {
      const forwarder = super.forward(service, to);
      const pass = forwarder.outlet.bind(forwarder);
      forwarder.outlet = (message) => {
        const { type, source, method, payload } = message;
        pass(message);
        forwarder.receive(new Message(type, source, 0, method, payload));
      };
      return forwarder;
    }
  }
  match(
    findBug((options) => new Doubling(options)),
    /order of|was handled 2 times/,
  );
});
