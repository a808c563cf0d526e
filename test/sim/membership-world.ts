/**
 * The nodes of membership.test.ts, run on a thread of their own: promises under node:test cost many times as much.
 *
 * Ten nodes on the engine in memory, in virtual time: they stand still, are cut off, lose messages, and the engine stops, dies and forgets.
 */

import { parentPort, workerData } from "node:worker_threads";
import { codeOf } from "../../src/base/error.ts";
import { createRandom } from "../../src/base/random.ts";
import type { Random } from "../../src/base/random.ts";
import { MemoryEngine } from "../../src/cluster/engine/driver-memory.ts";
import { Membership } from "../../src/cluster/engine/membership.ts";
import type { MembershipOptions } from "../../src/cluster/engine/membership.ts";
import { Names } from "../../src/cluster/engine/names.ts";
import { World } from "./node-time.ts";

const NODES = 10;
const NAMES = ["auction", "ranking", "season"];
const LEASE_MS = 3000;
/** Milliseconds of trouble, then of quiet. */
const TROUBLE_MS = 25_000;
const QUIET_MS = 20_000;

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
  return idle.length === 0 ? judge.error : `no node is the owner of ${idle.join(", ")}`;
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
