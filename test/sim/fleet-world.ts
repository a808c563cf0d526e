/**
 * The nodes of fleet.test.ts, run on a thread of their own: promises under node:test cost many times as much.
 *
 * Nodes patch each other on the engine in memory, in virtual time. They die, with and without their ledger, stand still, are cut off, lose messages and
 * refuse patches, and the engine stops, dies and forgets. What a patch does in a node is made up: it takes a while, and is held.
 */

import { parentPort, workerData } from "node:worker_threads";
import { codeOf } from "../../src/base/error.ts";
import { FLEET_DECIDE_MS, FLEET_HOLD_MS } from "../../src/base/limits.ts";
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
import { Judge } from "./fleet-judge.ts";
import type { Plant } from "./fleet-plants.ts";
import { PLANTS } from "./fleet-plants.ts";
import { World } from "./node-time.ts";

const LEASE_MS = 3000;
const QUIET_MS = 30_000;
/** Most that a patch takes on a node. */
const PATCH_MS = 600;
/** A node that reaches the engine has within this what was committed, and the time that the patches take comes on top. */
const CATCH_UP_MS = 10_000;
const seal = new FleetSeal("a token of the simulation");
const NOTHING: FleetNodeResult = {
  ...{ applied: [], failed: [], skipped: [] },
  counts: { applied: 0, failed: 0, skipped: 0 },
};

class SeenEngine extends MemoryEngine {
  readonly #world: World;
  readonly #judge: Judge;
  /** Says whether a node has heard of a decision. */
  isKnown: (key: string, decision: string) => boolean = () => true;

  constructor(seed: number, world: World, judge: Judge) {
    super(seed);
    this.#world = world;
    this.#judge = judge;
  }

  override kill(forgets = false): void {
    super.kill(forgets);
    if (forgets) this.#judge.forget(this.isKnown);
  }

  override write(key: string, value: string | undefined, over: number): number | undefined {
    const token = super.write(key, value, over);
    const [, id] = /^patch\/(\d+)$/.exec(key) ?? [];
    if (token !== undefined && value !== undefined && id !== undefined) {
      this.#judge.see(this.#world.now, Number(id), seal.open(key, value) as FleetRecord);
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
  readonly #startedAt: number;
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
    this.#startedAt = world.now;
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
        else if (plant.isProud !== true) this.hindrances.set(id, why);
      },
    });
    this.hindrances.set(0, "it does not know yet which patches there are");
    void this.patches.caughtUp.then(() => this.hindrances.delete(0));
    this.membership.start();
  }

  /** The types of the patches that are in, in their order. */
  get applied(): string[] {
    return [...this.#disk.applied.values()];
  }

  /** It has heard what was decided of a patch, or a process before it has. */
  knows(key: string, decision: string): boolean {
    if (this.#disk.applied.has(key)) return true;
    const records = [...this.patches.seen.values()].map(({ record }) => record);
    return !this.isDead && records.some((one) => one?.key === key && one.state === decision);
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
      const isReleased = codeOf(error) === "ERR_ENGINE_DOWN";
      if (!isReleased && decision === "commit") {
        this.#judge.fault(`${this.name} undoes patch ${id}, which is committed`);
      }
      if (isReleased) this.#release(id, key);
      this.#judge.prepared.delete(name);
      throw error;
    }
    if (this.#judge.decisions.get(key) !== "commit") {
      this.#judge.fault(`${this.name} keeps patch ${id}: ${this.#judge.decisions.get(key)}`);
    }
    await this.#takeTime();
    this.#disk.applied.set(key, patch.type);
    this.#judge.prepared.delete(name);
    return NOTHING;
  }

  /** Looks whether it serves without a patch that is in: for too long, or though it knows of it and says that it is ready. */
  check(): void {
    if (this.isDead) return;
    const from = Math.max(this.#startedAt, this.#judge.cutUntil.get(this.name) ?? 0);
    const lacking = [...this.#judge.committedAt].filter(([key]) => !this.#has(key));
    const mostMs = CATCH_UP_MS + this.#judge.committedAt.size * PATCH_MS;
    for (const [, at] of lacking) {
      const ms = this.host.now() - Math.max(from, at);
      if (ms > mostMs) this.#judge.fault(`${this.name} is without a patch ${ms} ms after it`);
    }
    if (this.hindrances.size > 0) return;
    for (const [id, { record }] of this.patches.seen) {
      if (record?.state !== "commit" || this.#has(record.key)) continue;
      this.#judge.fault(`${this.name} is ready without patch ${id}, which is committed`);
    }
  }

  /** It is in: here, or in services that are held. */
  #has(key: string): boolean {
    return this.#disk.applied.has(key) || this.#judge.prepared.has(`${this.incarnation} ${key}`);
  }

  /** Services go on without a patch of which it is unknown whether it is in. */
  #release(id: number, key: string): void {
    const now = this.host.now();
    const ms = now - (this.patches.seen.get(id)?.at ?? now);
    const cutMs = now - (this.#judge.cutUntil.get(this.name) ?? -Infinity);
    const what = `${this.name} goes on without patch ${id}`;
    if (ms < FLEET_DECIDE_MS + FLEET_HOLD_MS) this.#judge.fault(`${what} after ${ms} ms`);
    if (cutMs > FLEET_HOLD_MS + LEASE_MS) this.#judge.fault(`${what}, and was not cut off`);
    if (this.hindrances.size === 0) this.#judge.fault(`${what}, and says that it is ready`);
    this.#judge.released.add(`${this.incarnation} ${key}`);
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

  #takeTime(ms = PATCH_MS / 2): Promise<void> {
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
  readonly #byIndex = new Map<number, Process>();
  #indices = 0;

  constructor(setting: Setting, size: number) {
    this.#setting = setting;
    this.#disks = Array.from({ length: size }, () => ({ applied: new Map<string, string>() }));
    setting.engine.isKnown = (key, decision) =>
      this.processes.some((process) => process.knows(key, decision));
    setting.world.onRun = (index) => this.#byIndex.get(index)?.check();
    for (let node = 0; node < size; node += 1) this.start(node);
  }

  start(node: number): void {
    const { world, random } = this.#setting;
    if (random.below(2) === 0) this.#disks[node] = { applied: new Map() };
    const disk = this.#disks[node] as Disk;
    const index = (this.#indices += 1);
    const process = new Process(this.#setting, { name: `n${node}`, index, disk });
    this.processes[node] = process;
    this.#byIndex.set(index, process);
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

function trouble({ world, engine, judge, random }: Setting, fleet: Fleet): void {
  const node = random.below(fleet.processes.length);
  const process = fleet.processes[node] as Process;
  const ms = 200 + random.below(14_000);
  const later = (run: () => void): void => void world.later(-1, ms, run);
  const cut = (names: readonly string[]): void => {
    for (const name of names) {
      judge.cutUntil.set(name, Math.max(world.now + ms, judge.cutUntil.get(name) ?? 0));
    }
  };
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
      cut([process.name]);
      return void world.frozen.set(Number(process.incarnation), world.now + ms);
    case 5:
    case 6:
      cut([process.name]);
      engine.partition(`n${node}`);
      return later(() => engine.heal(`n${node}`));
    case 7:
      cut(fleet.processes.map(({ name }) => name));
      engine.pause();
      return later(() => engine.resume());
    default:
      cut(fleet.processes.map(({ name }) => name));
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
  const engine = new SeenEngine(seed, world, judge);
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
    if (extra.length > 0) return `${name} has ${extra.join()}, which no node has decided`;
  }
  return judge.error;
}

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
