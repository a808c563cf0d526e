/**
 * A service moves between the threads of a node, again and again, under random traffic of all of them: every call ends exactly once,
 * with its own answer, and what a sender sends is handled in its order; its death in the middle of a move is an answer. A hand-over with
 * a bug is found out.
 *
 * SEED=n repeats one run; SCALE=r or s runs more of them.
 */

import { equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";

import { codeOf } from "../../src/base/error.ts";
import type { HandOverOptions } from "../../src/fabric/hand-over.ts";
import { HAND_OVER_WORDS, HandOver } from "../../src/fabric/hand-over.ts";
import { OpenCall } from "../../src/kernel/open-calls.ts";
import type { Kernel } from "../../src/kernel/kernel.ts";
import type { Message } from "../../src/kernel/message.ts";
import { REPLY } from "../../src/kernel/message.ts";
import type { Service } from "../../src/kernel/service.ts";
import { HOLD } from "../../src/kernel/service.ts";
import type { Outcome, Probe } from "../simulator.ts";
import { createEnvelope, createProbe } from "../simulator.ts";
import type { Make } from "./hand-over-threads.ts";
import { DISCARD, joinThreads } from "./hand-over-threads.ts";
import { drawSeeds } from "./scale.ts";

const THREADS = 4;
/** Few messages of this size find room in a ring. */
const FILLER = "x".repeat(40);

interface Sent {
  readonly key: string;
  readonly outcome: Outcome | undefined;
  readonly handle: number;
}

interface Run {
  readonly problems: readonly string[];
  readonly moves: number;
  readonly failed: number;
  readonly refused: number;
}

/** The service that moves. */
class Mover {
  readonly handle: number;
  service: Service;
  thread: number;
  isMoving = false;
  isDead = false;
  readonly last = new Map<number, number>();

  constructor(service: Service, thread: number) {
    this.service = service;
    this.handle = service.handle;
    this.thread = thread;
  }
}

function run(seed: number, make: Make = (options) => new HandOver(options)): Run {
  const stewards: Probe[] = [];
  const { simulator, fabrics, handOvers } = joinThreads(THREADS, {
    ...{ seed, make },
    // Where the way to a thread is full, what was sent before a move comes after it.
    ...(seed % 4 === 0 ? {} : { ringBytes: 128 }),
    hear: (thread, word, hear) => {
      // A thread that has much to do says late that it has seen the fence: the next move need not wait for it by chance.
      if (word !== HAND_OVER_WORDS.fence || random.next() >= 0.3) return hear();
      const { service } = stewards[thread] as Probe;
      kernels[thread]?.addTimer(service, random.next() * 4, hear);
    },
    afterwards: (thread, run) => {
      if (random.next() < 0.3) return run();
      const { service } = stewards[thread] as Probe;
      kernels[thread]?.addTimer(service, random.next() * 0.4, run);
    },
  });
  const { random, kernels } = simulator;
  const problems: string[] = [];
  const sent: Sent[] = [];
  const handled = new Map<string, number>();
  const gone = new Set<number>();
  let moves = 0;
  let refused = 0;

  const work = (kernel: Kernel, mover: () => Mover, message: Message): void => {
    const { last, handle } = mover();
    const [source, number] = message.payload as [number, number];
    const key = `${source} ${number}`;
    handled.set(key, (handled.get(key) ?? 0) + 1);
    if (number <= (last.get(source) ?? 0)) problems.push(`order of ${key}`);
    last.set(source, number);
    if (message.reply !== REPLY.owed) return;
    const service = kernel.services.get(handle) as Service;
    if (random.next() < 0.6) return void kernel.reply(service, message, key);
    kernel.owe(service, message);
    kernel.addTimer(service, random.next() * 4, () => void kernel.reply(service, message, key));
  };
  const createWorker = (kernel: Kernel, mover: () => Mover, reserved?: number): Service =>
    kernel.create(
      "mover",
      () => ({ receive: (message) => work(kernel, mover, message) }),
      reserved,
    );
  const createMover = (thread: number): Mover => {
    const service = createWorker(kernels[thread] as Kernel, () => made, undefined);
    const made = new Mover(service, thread);
    return made;
  };
  let mover = createMover(1);

  // What a steward is asked for: to let a service stand ready.
  const movers = new Map<number, Mover>([[mover.handle, mover]]);
  const expected = new Map<number, Service>();
  kernels.forEach((kernel, thread) => {
    stewards[thread] = createProbe(kernel, (message, probe) => {
      const [handle, from] = message.payload as [number, number];
      const service = createWorker(kernel, () => movers.get(handle) as Mover, handle);
      handOvers[thread]?.expect(service, from);
      expected.set(handle, service);
      kernel.reply(probe.service, message, true);
    });
  });
  const leave = (one: Mover, to: number): void => {
    const from = one.thread;
    if (one.service.isAlive && random.next() < 0.2) {
      // Its state can't go, and that is found when it stands ready there already.
      fabrics[from]?.tell(to, DISCARD, one.handle);
      for (const hold of [HOLD.voting, HOLD.draining]) kernels[from]?.release(one.service, hold);
      refused += 1;
      one.isMoving = false;
      return;
    }
    const left = handOvers[from]?.leave(one.service, to);
    if (left === undefined) {
      fabrics[from]?.tell(to, DISCARD, one.handle);
    } else {
      one.service = expected.get(one.handle) as Service;
      one.thread = to;
      moves += 1;
      // Often at once: the next move meets the fence of the one before.
      if (random.next() < 0.5) return startMove(one);
    }
    one.isMoving = false;
  };
  const move = (one: Mover, to: number): void => {
    const kernel = kernels[one.thread] as Kernel;
    const steward = stewards[one.thread] as Probe;
    const { service } = one;
    if (!service.isAlive) return void (one.isMoving = false);
    kernel.hold(service, HOLD.draining);
    if ((service.owed?.size ?? 0) > 0 || service.timers !== undefined) {
      kernel.addTimer(steward.service, 1, () => move(one, to));
      return;
    }
    kernel.hold(service, HOLD.voting);
    const call = new OpenCall(
      () => leave(one, to),
      () => problems.push("a steward failed"),
    );
    const target = (stewards[to] as Probe).handle;
    kernel.request(steward.service, target, createEnvelope(one.handle, one.thread), call);
  };
  const startMove = (one: Mover): void => {
    const { thread, handle } = one;
    const to = (thread + 1 + random.below(THREADS - 1)) % THREADS;
    const steward = stewards[thread] as Probe;
    const enter = (): void => {
      // Before it handles messages where it is, it does not leave again.
      if (handOvers[thread]?.isComing(handle) === true) return wait(0.05);
      move(one, to);
    };
    const wait = (ms: number): void =>
      void (kernels[thread] as Kernel).addTimer(steward.service, ms, enter);
    wait(0);
  };
  const beginMove = (): void => {
    if (mover.isMoving || mover.isDead) return;
    mover.isMoving = true;
    startMove(mover);
  };
  const kill = (): void => {
    const one = mover;
    one.isDead = true;
    gone.add(one.handle);
    const { thread } = one;
    const steward = stewards[thread] as Probe;
    const kernel = kernels[thread] as Kernel;
    kernel.addTimer(steward.service, 0, () => {
      const service = kernel.services.get(one.handle);
      // It may have left in this moment.
      if (service === undefined || one.thread !== thread) one.isDead = false;
      else kernel.kill(service);
    });
    mover = createMover(1 + random.below(THREADS - 1));
    movers.set(mover.handle, mover);
  };

  const counts = new Map<Probe, number>();
  const senders = kernels.flatMap((kernel) => [createProbe(kernel), createProbe(kernel)]);
  const send = (from: Probe): void => {
    const number = (counts.get(from) ?? 0) + 1;
    counts.set(from, number);
    const { handle } = mover;
    const key = `${from.handle} ${number}`;
    if (random.next() < 0.4) {
      if (from.send(handle, from.handle, number, FILLER))
        sent.push({ key, outcome: undefined, handle });
      return;
    }
    try {
      sent.push({ key, outcome: from.call(handle, from.handle, number, FILLER), handle });
    } catch (error) {
      if (codeOf(error) !== "ERR_SERVICE_DEAD" || !gone.has(handle)) throw error;
    }
  };
  for (const from of senders) {
    const thread = kernels.findIndex((each) => each.services.get(from.handle) !== undefined);
    for (let at = 0; at < 120; at += random.next() * 5) {
      // Several at once, for which there is no room, and more right behind: some before a move, others after it.
      for (let step = random.below(4); step >= 0; step -= 1) {
        simulator.after(at + random.next() * random.next() * 0.4, () => {
          for (let count = 1 + random.below(6); count > 0; count -= 1) send(from);
          fabrics[thread]?.publish();
        });
      }
    }
  }
  for (let at = 0; at < 120; at += random.next() * 6) simulator.after(at, beginMove);
  for (let at = 30; at < 120; at += 10 + random.next() * 60) simulator.after(at, kill);
  simulator.drain();

  let failed = 0;
  for (const { key, outcome, handle } of sent) {
    const times = handled.get(key) ?? 0;
    if (times > 1) problems.push(`${key} was handled ${times} times`);
    if (times === 0 && !gone.has(handle)) problems.push(`${key} was lost`);
    if (outcome === undefined) continue;
    if (outcome.settled !== 1) problems.push(`${key} ended ${outcome.settled} times`);
    else if (outcome.error === undefined) {
      if (outcome.value !== key) problems.push(`${key} got ${String(outcome.value)}`);
    } else if (gone.has(handle) && codeOf(outcome.error) === "ERR_SERVICE_DEAD") failed += 1;
    else problems.push(`${key} failed: ${(outcome.error as Error).message}`);
  }
  return { problems, moves, failed, refused };
}

test("calls end exactly once, in order, while a service moves between threads and is killed at any step", async () => {
  let [moves, failed, refused] = [0, 0, 0];
  for (const seed of drawSeeds("hand-over", { c: 25, r: 2000, s: 100_000 }).seeds) {
    const result = run(seed);
    equal(result.problems[0], undefined, `seed=${seed} ${result.problems.slice(0, 5).join("; ")}`);
    moves += result.moves;
    failed += result.failed;
    refused += result.refused;
    await setImmediate();
  }
  ok(
    moves > 100 && failed > 0 && refused > 50,
    `${moves} moves, ${failed} failed, ${refused} refused`,
  );
});

/** Runs over a hand-over with a bug until it is found; returns what was said. */
function findBug(make: Make): string {
  for (let seed = 1; seed <= 40; seed += 1) {
    try {
      const { problems } = run(seed, make);
      if (problems.length > 0) return problems.join("; ");
    } catch (error) {
      return (error as Error).message;
    }
  }
  return "nothing found";
}

test("a hand-over that does not wait for what other threads have sent before is found", () => {
  match(
    findBug((options) => new HandOver({ ...options, others: () => [] })),
    /order of/,
  );
});

test("a hand-over that lets a service leave again before all has come that was sent to it is found", () => {
  class Hasty extends HandOver {
    override isComing(): boolean {
      return false;
    }
  }
  match(
    findBug((options) => new Hasty(options)),
    /order of|was lost/,
  );
});

test("a hand-over that lets what waits in behind what has come since is found", () => {
  class Late extends HandOver {
    readonly #kernel: Kernel;
    constructor(options: HandOverOptions) {
      super(options);
      this.#kernel = options.kernel;
    }
    override hear(word: string, ...values: readonly unknown[]): void {
      if (word !== HAND_OVER_WORDS.mail) return super.hear(word, ...values);
      const [handle] = values as [number];
      const service = this.#kernel.services.get(handle);
      this.#kernel.addTimer(service as Service, 0, () => {});
      super.hear(HAND_OVER_WORDS.done, handle);
      super.hear(word, ...values);
    }
  }
  match(
    findBug((options) => new Late(options)),
    /order of/,
  );
});

test("a hand-over that loses the session of a waiting caller is found", () => {
  match(
    findBug((options) => {
      return new HandOver({
        ...options,
        tell: (to, word, ...values) => {
          const [handle, mail] = values as [unknown, unknown[][]];
          const bare =
            word === HAND_OVER_WORDS.mail
              ? [handle, mail.map(([type, source, , ...rest]) => [type, source, 0, ...rest])]
              : values;
          options.tell(to, word, ...bare);
        },
      });
    }),
    /ended 0 times/,
  );
});
