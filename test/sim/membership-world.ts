/**
 * The nodes of membership.test.ts, run on a thread of their own: promises under node:test cost many times as much.
 *
 * Ten nodes on the engine in memory, in virtual time: they stand still, are cut off, lose messages, and the engine stops, dies and forgets.
 */

import { parentPort, workerData } from "node:worker_threads";
import { codeOf } from "../../src/base/error.ts";
import { createRandom } from "../../src/base/random.ts";
import type { Random } from "../../src/base/random.ts";
import type { DriverHost } from "../../src/cluster/driver.ts";
import { MemoryEngine } from "../../src/cluster/driver-memory.ts";
import { Membership } from "../../src/cluster/membership.ts";
import type { MembershipOptions } from "../../src/cluster/membership.ts";
import { Names } from "../../src/cluster/names.ts";

/** Awaited to let promises run. */
const SETTLED = Promise.resolve();

const NODES = 10;
const NAMES = ["auction", "ranking", "season"];
const LEASE_MS = 3000;
/** Milliseconds of trouble, then of quiet. */
const TROUBLE_MS = 25_000;
const QUIET_MS = 20_000;

interface Event {
  at: number;
  readonly order: number;
  readonly node: number;
  run: (() => void) | undefined;
}

/** Events in order of their moment; those of a node that stands still wait for it. */
class World {
  now = 0;
  readonly frozen = new Map<number, number>();
  /** A heap: the next event first. */
  readonly #events: Event[] = [];
  #order = 0;
  readonly #random: Random;

  constructor(seed: number) {
    this.#random = createRandom(seed);
  }

  host(node: number): DriverHost {
    return { now: () => this.now, later: (ms, run) => this.later(node, ms, run) };
  }

  later(node: number, ms: number, run: () => void): () => void {
    this.#order += 1;
    const event: Event = { at: this.now + ms, order: this.#order, node, run };
    this.#push(event);
    return () => {
      event.run = undefined;
    };
  }

  async runUntil(end: number): Promise<void> {
    for (let next = this.#events[0]; next !== undefined && next.at <= end; next = this.#events[0]) {
      this.#pop();
      const { node, run, at } = next;
      if (run === undefined) continue;
      this.now = at;
      const until = this.frozen.get(node) ?? 0;
      if (until > at) {
        // What waits when it goes on comes in any order.
        next.at = until + this.#random.next();
        this.#push(next);
        continue;
      }
      run();
      // Promises of a node run before anything else happens.
      for (let step = 0; step < 8; step += 1) await SETTLED;
    }
    this.now = end;
  }

  #push(event: Event): void {
    const heap = this.#events;
    let at = heap.push(event) - 1;
    for (let up = (at - 1) >> 1; at > 0 && isSooner(event, heap[up]); up = (at - 1) >> 1) {
      heap[at] = heap[up] as Event;
      heap[up] = event;
      at = up;
    }
  }

  #pop(): void {
    const heap = this.#events;
    const last = heap.pop() as Event;
    if (heap.length === 0) return;
    heap[0] = last;
    for (let at = 0; ;) {
      let least = at;
      for (const down of [2 * at + 1, 2 * at + 2]) {
        if (down < heap.length && isSooner(heap[down], heap[least])) least = down;
      }
      if (least === at) return;
      heap[at] = heap[least] as Event;
      heap[least] = last;
      at = least;
    }
  }
}

function isSooner(a: Event | undefined, b: Event | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  return (a.at - b.at || a.order - b.order) < 0;
}

/** A bug that is planted. */
interface Plant {
  readonly membership?: new (options: MembershipOptions) => Membership;
  /** Acts without asking whether it may. */
  readonly isRash?: boolean;
}

/** One node with what it owns. */
class Node {
  readonly membership: Membership;
  readonly names: Names;
  readonly known = new Set<string>();
  readonly #world: World;
  readonly #index: number;
  readonly #random: Random;

  constructor(world: World, engine: MemoryEngine, index: number, { random, plant }: Setting) {
    const { membership: Kind = Membership } = plant;
    const host = world.host(index);
    this.#world = world;
    this.#index = index;
    this.#random = random;
    this.membership = new Kind({
      driver: engine.driver(host),
      host,
      self: {
        node: `n${index}`,
        incarnation: String(index).padStart(16, "0"),
        place: `h:${index}`,
      },
      leaseMs: LEASE_MS,
      log: () => {},
      isLinked: () => false,
      onJoin: ({ node }) => this.known.add(node),
      onLeave: ({ node }) => this.known.delete(node),
      onLost: () => this.names.lose(),
    });
    this.names = new Names(this.membership);
    this.membership.start();
  }

  /** Wants names, and acts for those that it has. */
  live(judge: Judge, isRash: boolean): void {
    const host = this.#world.host(this.#index);
    const want = (): void => {
      const name = NAMES[this.#random.below(NAMES.length)] as string;
      this.names.claim(name).catch((error: unknown) => {
        if (codeOf(error) !== "ERR_ENGINE_DOWN") judge.fault(`a claim fails: ${String(error)}`);
      });
      host.later(200 + this.#random.below(1500), want);
    };
    const act = (): void => {
      for (const [name, token] of this.names.owned) {
        if (isRash || this.names.mayAct(name, token)) judge.act(name, token, this.#index);
      }
      host.later(100, act);
    };
    want();
    act();
  }
}

/** Sees every act. */
class Judge {
  readonly #engine: MemoryEngine;
  readonly #highest = new Map<string, number>();
  readonly acts = new Map<string, number>();
  error: string | undefined = undefined;

  constructor(engine: MemoryEngine) {
    this.#engine = engine;
  }

  act(name: string, token: number, node: number): void {
    this.acts.set(name, (this.acts.get(name) ?? 0) + 1);
    const current = this.#engine.peek(`name/${name}`)?.token ?? 0;
    const highest = Math.max(this.#highest.get(name) ?? 0, current);
    this.#highest.set(name, Math.max(highest, token));
    if (token < highest)
      this.fault(`n${node} acts for ${name} under ${token}, replaced by ${highest}`);
  }

  fault(text: string): void {
    this.error ??= text;
  }
}

interface Setting {
  readonly random: Random;
  readonly plant: Plant;
}

function trouble(world: World, engine: MemoryEngine, random: Random): void {
  const node = random.below(NODES);
  const ms = 200 + random.below(7000);
  const name = `n${node}`;
  const later = (run: () => void): void => void world.later(-1, ms, run);
  switch (random.below(7)) {
    case 0:
    case 1:
    case 2:
      return void world.frozen.set(node, world.now + ms);
    case 3:
    case 4:
      engine.partition(name);
      return later(() => engine.heal(name));
    case 5:
      engine.pause();
      return later(() => engine.resume());
    default:
      engine.kill(random.below(2) === 0);
      return later(() => engine.start());
  }
}

/** Runs one seed. @returns what was wrong; undefined = nothing */
async function runSeed(seed: number, plant: Plant = {}): Promise<string | undefined> {
  const random = createRandom(seed);
  const world = new World(seed);
  const engine = new MemoryEngine(seed);
  const judge = new Judge(engine);
  const nodes = Array.from(
    { length: NODES },
    (_each, index) => new Node(world, engine, index, { random, plant }),
  );
  for (const node of nodes) node.live(judge, plant.isRash === true);
  await world.runUntil(5000);
  Object.assign(engine.faults, { loss: random.next() * 0.05, duplicate: 0.1, reorder: 0.2 });
  while (world.now < TROUBLE_MS && judge.error === undefined) {
    trouble(world, engine, random);
    await world.runUntil(world.now + 300 + random.below(2000));
  }
  Object.assign(engine.faults, { loss: 0, duplicate: 0, reorder: 0 });
  world.frozen.clear();
  await world.runUntil(world.now + QUIET_MS);
  if (judge.error !== undefined) return judge.error;
  for (const { known, membership } of nodes) {
    const missing = NODES - 1 - known.size;
    if (missing !== 0) return `${membership.options.self.node} does not know ${missing} nodes`;
  }
  const before = new Map(judge.acts);
  await world.runUntil(world.now + 500);
  const idle = NAMES.filter((name) => judge.acts.get(name) === before.get(name));
  return idle.length === 0 ? judge.error : `nobody is the owner of ${idle.join(", ")}`;
}

/** Faults by name. */
const PLANTS: Readonly<Record<string, Plant>> = {
  none: {},
  rash: { isRash: true },
  hasty: {
    membership: class extends Membership {
      override hasLapsed(): Promise<boolean> {
        return Promise.resolve(true);
      }
    },
  },
  greedy: {
    membership: class extends Membership {
      override get rightUntil(): number {
        return super.rightUntil + 2 * LEASE_MS;
      }
    },
  },
  early: {
    membership: class extends Membership {
      override get claimsFrom(): number {
        return -Infinity;
      }
    },
  },
};

/** What the thread is to do. */
export interface Task {
  readonly seeds: readonly number[];
  readonly plant: string;
}

const { seeds, plant } = workerData as Task;
const faults: string[] = [];
for (const seed of seeds) {
  const fault = await runSeed(seed, PLANTS[plant]);
  if (fault !== undefined) faults.push(`seed ${seed}: ${fault}`);
  // One is enough to show that it is found.
  if (fault !== undefined && plant !== "none") break;
}
parentPort?.postMessage(faults);
