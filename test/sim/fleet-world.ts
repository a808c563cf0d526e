/**
 * The nodes of fleet.test.ts, run on a thread of their own: promises under node:test cost many times as much.
 *
 * Nodes patch each other on the engine in memory, in virtual time. They die, with and without their ledger, stand still, are cut off, lose messages and
 * refuse patches, and the engine stops, dies and forgets. What a patch does in a node is made up: it takes a while, and is held.
 */

import { parentPort, workerData } from "node:worker_threads";
import { codeOf } from "../../src/base/error.ts";
import { createRandom } from "../../src/base/random.ts";
import type { Random } from "../../src/base/random.ts";
import { MemoryEngine } from "../../src/cluster/engine/driver-memory.ts";
import type { DriverHost } from "../../src/cluster/engine/driver.ts";
import { FleetLead } from "../../src/cluster/fleet/lead.ts";
import { FleetPatches } from "../../src/cluster/fleet/patches.ts";
import type { FleetLocal, FleetYes } from "../../src/cluster/fleet/patches.ts";
import { FleetSeal } from "../../src/cluster/fleet/record.ts";
import type { FleetPatch, FleetRecord } from "../../src/cluster/fleet/record.ts";
import { Membership } from "../../src/cluster/engine/membership.ts";
import type { FleetMark } from "../../src/ledger/entry.ts";
import type { FleetNodeResult } from "../../src/snax/types.ts";
import { World } from "./node-time.ts";

const LEASE_MS = 3000;
const QUIET_MS = 30_000;
const seal = new FleetSeal("a token of the simulation");
const NOTHING: FleetNodeResult = {
  ...{ applied: [], failed: [], skipped: [] },
  counts: { applied: 0, failed: 0, skipped: 0 },
};

/** A bug that is planted. */
interface Plant {
  readonly patches?: typeof FleetPatches;
  /** Says yes before the patch is in. */
  readonly isRash?: boolean;
}

/** Sees all that is written and all that nodes do. */
class Judge {
  error: string | undefined = undefined;
  /** By key: what was decided. */
  readonly decisions = new Map<string, string>();
  /** Types of patches whose record says commit, with their numbers. */
  readonly committed = new Map<string, number>();
  /** Nobody refuses a patch any more. */
  isQuiet = false;
  /** Who has a patch in, and waits: `incarnation key`. */
  readonly prepared = new Set<string>();
  readonly dead = new Set<string>();
  readonly allowsMissing = new Set<string>();

  isWaiting(type: string): boolean {
    return this.error === undefined && !this.committed.has(type);
  }

  fault(text: string): void {
    this.error ??= text;
  }

  /** A record was written. */
  see(id: number, { state, key, patch, nodes }: FleetRecord): void {
    if (state === "prepare" || state === "over") return;
    const before = this.decisions.get(key);
    if (before !== undefined && before !== state) {
      this.fault(`patch ${id} is decided twice: ${before}, then ${state}`);
    }
    this.decisions.set(key, state);
    if (state !== "commit" || patch === undefined || before === state) return;
    this.committed.set(patch.type, id);
    if (this.allowsMissing.has(patch.type)) return;
    for (const [node, incarnation] of Object.entries(nodes)) {
      const isIn = this.prepared.has(`${incarnation} ${key}`) || this.dead.has(incarnation);
      if (!isIn) this.fault(`patch ${id} is committed, and ${node} does not have it in`);
    }
  }
}

class SeenEngine extends MemoryEngine {
  readonly judge: Judge;

  constructor(seed: number, judge: Judge) {
    super(seed);
    this.judge = judge;
  }

  override write(key: string, value: string | undefined, over: number): number | undefined {
    const token = super.write(key, value, over);
    const [, id] = /^patch\/(\d+)$/.exec(key) ?? [];
    if (token !== undefined && value !== undefined && id !== undefined) {
      this.judge.see(Number(id), seal.open(key, value) as FleetRecord);
    }
    return token;
  }
}

/** What outlives a process. */
interface Disk {
  readonly applied: Map<string, string>;
}

/** One process of a node. */
class Process implements FleetLocal {
  readonly retired: readonly string[] = [];
  readonly membership: Membership;
  readonly patches: FleetPatches;
  readonly hindrances = new Map<number, string>();
  readonly incarnation: string;
  readonly name: string;
  readonly host: DriverHost;
  readonly #judge: Judge;
  readonly #random: Random;
  readonly #plant: Plant;
  readonly #disk: Disk;
  isDead = false;

  // oxlint-disable-next-line max-params -- one place makes them
  constructor(
    { world, engine, judge, random, plant }: Setting,
    { name, index, disk }: { name: string; index: number; disk: Disk },
  ) {
    this.#judge = judge;
    this.#random = random;
    this.#plant = plant;
    this.#disk = disk;
    this.name = name;
    this.incarnation = String(index).padStart(16, "0");
    const host = world.host(index);
    this.host = host;
    const Kind = plant.patches ?? FleetPatches;
    this.membership = new Membership({
      driver: engine.driver(host),
      host,
      self: { node: name, incarnation: this.incarnation, place: "" },
      leaseMs: LEASE_MS,
      log: () => {},
      isLinked: () => false,
      onJoin: () => {},
      onLeave: () => {},
      onEngine: () => this.patches.start(),
    });
    this.patches = new Kind({
      membership: this.membership,
      seal,
      local: this,
      log: () => {},
      onHindrance: (id, why) => {
        if (why === undefined) this.hindrances.delete(id);
        else this.hindrances.set(id, why);
      },
    });
    this.membership.start();
  }

  /** The types of the patches that are in, in their order. */
  get applied(): string[] {
    return [...this.#disk.applied.values()];
  }

  has({ key }: FleetMark): boolean {
    return this.#disk.applied.has(key);
  }

  pass(): void {
    throw new Error("nothing is passed over");
  }

  bases(): Promise<Record<string, string>> {
    return Promise.resolve({});
  }

  stand(): Promise<{ state: "apply" }> {
    return Promise.resolve({ state: "apply" });
  }

  async run(
    { id, key }: FleetMark,
    patch: FleetPatch,
    decide: (yes: FleetYes) => Promise<void>,
  ): Promise<FleetNodeResult> {
    const isLate = this.patches.seen.get(id)?.record?.state === "commit";
    const name = `${this.incarnation} ${key}`;
    if (!isLate && !this.#judge.isQuiet && this.#random.below(20) === 0) throw new Error("made up");
    if (this.#plant.isRash !== true) await this.#takeTime();
    if (this.#plant.isRash !== true) this.#judge.prepared.add(name);
    try {
      await decide({ bases: {} });
    } catch (error) {
      const decision = this.#judge.decisions.get(key);
      if (codeOf(error) !== "ERR_ENGINE_DOWN" && decision === "commit") {
        this.#judge.fault(`${this.name} undoes patch ${id}, which is committed`);
      }
      throw error;
    } finally {
      this.#judge.prepared.delete(name);
    }
    if (this.#judge.decisions.get(key) !== "commit") {
      this.#judge.fault(`${this.name} keeps patch ${id}: ${this.#judge.decisions.get(key)}`);
    }
    await this.#takeTime();
    this.#disk.applied.set(key, patch.type);
    return NOTHING;
  }

  /** Asks the fleet for a patch. */
  ask(type: string, allowMissing: boolean): void {
    if (allowMissing) this.#judge.allowsMissing.add(type);
    const patch: FleetPatch = {
      ...{ type, texts: [], args: "", bases: {}, takesBack: [], from: this.name },
    };
    new FleetLead(this.patches).run({ patch, allowMissing }).then(
      ({ id, nodes }) => {
        if (this.#judge.committed.get(type) !== id) this.#judge.fault(`${type} is said to be in`);
        if (nodes[this.name]?.counts.failed !== 0) return;
        if (!this.applied.includes(type))
          this.#judge.fault(`${type} is not in where it was asked for`);
      },
      (error: unknown) => {
        const { data } = error as { data?: { sent?: unknown } };
        const isOpen = codeOf(error) === "ERR_ENGINE_DOWN" && data?.sent === true;
        if (codeOf(error) === undefined)
          this.#judge.fault(`${type}: ${String((error as Error).stack)}`);
        if (!isOpen && this.#judge.committed.has(type)) {
          this.#judge.fault(`${type} is said not to be in, and is: ${String(error)}`);
        }
      },
    );
  }

  #takeTime(ms = 300): Promise<void> {
    return new Promise((resolve) => void this.host.later(this.#random.below(ms), resolve));
  }
}

interface Setting {
  readonly world: World;
  readonly engine: SeenEngine;
  readonly judge: Judge;
  readonly random: Random;
  readonly plant: Plant;
}

/** The nodes, with the process that each has at the moment. */
class Fleet {
  readonly processes: Process[] = [];
  readonly #setting: Setting;
  readonly #disks: Disk[];
  #indices = 0;

  constructor(setting: Setting, size: number) {
    this.#setting = setting;
    this.#disks = Array.from({ length: size }, () => ({ applied: new Map<string, string>() }));
    for (let node = 0; node < size; node += 1) this.start(node);
  }

  start(node: number): void {
    const { world, random } = this.#setting;
    if (random.below(2) === 0) this.#disks[node] = { applied: new Map() };
    const disk = this.#disks[node] as Disk;
    const index = (this.#indices += 1);
    this.processes[node] = new Process(this.#setting, { name: `n${node}`, index, disk });
    world.frozen.delete(index);
  }

  /** Ends a process as kill -9 does. */
  kill(node: number): void {
    const process = this.processes[node] as Process;
    process.isDead = true;
    this.#setting.judge.dead.add(process.incarnation);
    this.#setting.world.frozen.set(Number(process.incarnation), Infinity);
  }
}

function trouble({ world, engine, random }: Setting, fleet: Fleet): void {
  const node = random.below(fleet.processes.length);
  const process = fleet.processes[node] as Process;
  const ms = 200 + random.below(14_000);
  const later = (run: () => void): void => void world.later(-1, ms, run);
  switch (random.below(9)) {
    case 0:
    case 1:
    case 2:
      if (process.isDead) return;
      fleet.kill(node);
      return later(() => fleet.start(node));
    case 3:
    case 4:
      if (process.isDead) return;
      return void world.frozen.set(Number(process.incarnation), world.now + ms);
    case 5:
    case 6:
      engine.partition(`n${node}`);
      return later(() => engine.heal(`n${node}`));
    case 7:
      engine.pause();
      return later(() => engine.resume());
    default:
      engine.kill(random.below(3) === 0);
      return later(() => engine.start());
  }
}

/** Runs one seed. @returns what was wrong; undefined = nothing */
async function runSeed(seed: number, task: Omit<Task, "seeds">): Promise<string | undefined> {
  const { size, troubleMs } = task;
  const plant = PLANTS[task.plant] as Plant;
  const random = createRandom(seed);
  const world = new World(seed);
  const judge = new Judge();
  const engine = new SeenEngine(seed, judge);
  const setting = { world, engine, judge, random, plant };
  const fleet = new Fleet(setting, size);
  await world.runUntil(5000);
  Object.assign(engine.faults, { loss: random.next() * 0.03, duplicate: 0.1, reorder: 0.2 });
  let asked = 0;
  while (world.now < troubleMs && judge.error === undefined) {
    const process = fleet.processes[random.below(size)] as Process;
    asked += 1;
    if (!process.isDead) process.ask(`t${asked}`, random.below(4) === 0);
    await world.runUntil(world.now + random.below(600));
    if (random.below(3) !== 0) trouble(setting, fleet);
    await world.runUntil(world.now + random.below(6000));
  }
  Object.assign(engine.faults, { loss: 0, duplicate: 0, reorder: 0 });
  for (const [index, until] of world.frozen) if (until !== Infinity) world.frozen.delete(index);
  await world.runUntil(world.now + QUIET_MS);
  judge.isQuiet = true;
  fleet.processes[0]?.ask("last", false);
  for (const until = world.now + 40_000; world.now < until && judge.isWaiting("last");) {
    await world.runUntil(world.now + 1000);
  }
  // Those that wait for their turn come after it.
  await world.runUntil(world.now + QUIET_MS);
  for (let before = -1; before !== judge.committed.size;) {
    before = judge.committed.size;
    await world.runUntil(world.now + QUIET_MS);
  }
  if (judge.error !== undefined) return judge.error;
  if (!judge.committed.has("last")) return "in the end no patch goes in";
  const all = [...judge.committed]
    .toSorted((one, other) => one[1] - other[1])
    .map(([type]) => type);
  for (const { name, applied, hindrances } of fleet.processes) {
    if (hindrances.size > 0) return `${name} is not ready: ${[...hindrances.values()].join()}`;
    const missing = all.filter((type) => !applied.includes(type));
    if (missing.length > 0) return `${name} lacks ${missing.join()}, and has ${applied.join()}`;
    const extra = applied.filter((type) => !all.includes(type));
    if (extra.length > 0) return `${name} has ${extra.join()}, which nobody has decided`;
  }
  return judge.error;
}

/** Takes up to 15 s before it commits. */
function dawdle(
  { options }: FleetPatches,
  id: number,
  { state, patch }: FleetRecord,
): Promise<void> {
  const isMeant = state === "commit" && patch?.type !== "last";
  const ms = isMeant ? (id * 4241) % 15_000 : 0;
  return new Promise((resolve) => void options.membership.options.host.later(ms, resolve));
}

/** Faults by name. */
const PLANTS: Readonly<Record<string, Plant>> = {
  none: {},
  rash: { isRash: true },
  // No fault: decides late.
  slow: {
    patches: class extends FleetPatches {
      override async write(id: number, record: FleetRecord): Promise<boolean> {
        await dawdle(this, id, record);
        return await super.write(id, record);
      }
    },
  },
  // Decides late, and overwrites what somebody else has decided.
  stubborn: {
    patches: class extends FleetPatches {
      override async write(id: number, record: FleetRecord): Promise<boolean> {
        const { driver } = this.options.membership.options;
        await dawdle(this, id, record);
        const key = `patch/${id}`;
        try {
          const found = await driver.read(key);
          const value = seal.seal(key, record);
          const token = await driver.claim(key, value, found?.token ?? 0);
          if (token !== undefined) this.take({ key, value, token });
          return true;
        } catch {
          return false;
        }
      }
    },
  },
  // Does not ask the record when it has waited long enough.
  impatient: {
    patches: class extends FleetPatches {
      override async decided(
        id: number,
        isHolding: boolean,
      ): Promise<"commit" | "abort" | "unknown"> {
        if (!isHolding) return await super.decided(id, isHolding);
        const { host } = this.options.membership.options;
        const late = new Promise<"abort">(
          (resolve) => void host.later(500, () => resolve("abort")),
        );
        return await Promise.race([super.decided(id, isHolding), late]);
      }
    },
  },
  // Does not tell an engine that has lost its memory.
  forgetful: {
    patches: class extends FleetPatches {
      override tellAgain(): Promise<void> {
        return Promise.resolve();
      }
    },
  },
};

/** What the thread is to do. */
export interface Task {
  readonly seeds: readonly number[];
  readonly size: number;
  /** Milliseconds of trouble; then there is quiet. */
  readonly troubleMs: number;
  readonly plant: string;
}

const task = workerData as Task;
const { seeds, plant } = task;
const faults: string[] = [];
for (const seed of seeds) {
  const fault = await runSeed(seed, task);
  if (fault !== undefined) faults.push(`seed ${seed}: ${fault}`);
  // One is enough to show that it is found.
  if (fault !== undefined && plant !== "none" && plant !== "slow") break;
}
parentPort?.postMessage(faults);
