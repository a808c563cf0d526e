/**
 * The nodes of links.test.ts, run on a thread of their own: promises under node:test cost many times as much.
 *
 * Services of all nodes call each other, by name and by handle, without an end, while processes die and start anew, stand still, machines lose
 * their power, ways are cut, and connections are reset on both sides or on one.
 */

import { parentPort, workerData } from "node:worker_threads";
import { codeOf } from "../../src/base/error.ts";
import { ENGINE_TIMEOUT_MS } from "../../src/base/limits.ts";
import { createRandom } from "../../src/base/random.ts";
import type { Random } from "../../src/base/random.ts";
import { MemoryEngine } from "../../src/cluster/engine/driver-memory.ts";
import { incarnationsOf } from "../../src/cluster/hub/incarnations.ts";
// Loaded now: to load something takes longer than no time.
import "../../src/cluster/fleet/join.ts";
import { createDrain } from "../../src/fabric/event-loop.ts";
import { VirtualLoop } from "../../src/testing/virtual-loop.ts";
import { virtualClock } from "../simulator.ts";
import { LinkJudge, MonitorCheck } from "./link-judge.ts";
import { JudgedKernel } from "./link-kernel.ts";
import { Network, ProcessLoop } from "./link-network.ts";
import { PLANTS } from "./link-plants.ts";
import type { LinkPlant } from "./link-plants.ts";
import type { SimulatedService } from "./link-process.ts";
import { SimulatedProcess } from "./link-process.ts";
import { placeOf, TROUBLE_MAX_MS, TROUBLES } from "./link-troubles.ts";

const NAMES = ["bank", "trash", "mail"];
/** Services of a process that call others. */
const CALLERS = 2;
/** Of different nodes: one gives up a connection that the other still reads. */
const DEAD_AFTER = [300, 600, 1500, 3000];
/** Calls that one of them has under way at most. */
const WORKERS = 3;
/** Nodes that one calls at most: a mesh of a hundred would be pings for the most part. */
const PEERS_MAX = 5;
/** Milliseconds from the last trouble until all is well again. */
const QUIET_MS = 25_000;

/** Most milliseconds that a service takes to answer. */
const ANSWER_MAX_MS = 500;
/** Silence is seen with the beat after it, of which there are six. */
const SILENCE: number = 8 / 6;
/** What ways and turns take. */
const SLACK_MS = 1000;

/** What the configuration of all nodes names. */
const ENGINE = "memory://links";

/** The engines of this thread by name, where the driver finds them. */
function engines(): Map<string, MemoryEngine> {
  return (globalThis as never)[Symbol.for("snax.engines")];
}

/** What the thread is to do. */
export interface LinkTask {
  readonly seeds: readonly number[];
  readonly size: number;
  /** Milliseconds of trouble; then there is quiet. */
  readonly troubleMs: number;
  readonly plant: string;
}

/** What came of a seed. */
export interface LinkResult {
  readonly seed: number;
  readonly fault: string | undefined;
  /** A fingerprint of what happened. */
  readonly hash: number;
  readonly calls: number;
  /** How calls ended, and what went wrong how often. */
  readonly counts: Readonly<Record<string, number>>;
}

/** One machine, with the process that it has at the moment. */
interface Machine {
  readonly node: string;
  /** Milliseconds of silence after which it takes another one for dead. */
  readonly deadAfter: number;
  /** Those that it calls. */
  readonly peers: readonly string[];
  readonly incarnations: string[];
  process: SimulatedProcess | undefined;
  /** The numbers of its services. */
  numbers: number[];
  monitors: MonitorCheck[];
}

/** Who calls. */
interface Caller {
  readonly number: number;
  readonly node: string;
  /** Handles that it got, by node and name. */
  readonly known: Map<string, number>;
  readonly process: SimulatedProcess;
  readonly deadAfter: number;
}

/** One simulation. */
class LinkWorld {
  readonly clock = virtualClock();
  readonly random: Random;
  readonly loop: VirtualLoop;
  readonly network: Network;
  readonly judge = new LinkJudge(() => this.clock.now());
  readonly machines: Machine[];
  readonly troubles = new Map<string, number>();
  readonly #task: Omit<LinkTask, "seeds">;
  readonly #plant: LinkPlant;
  readonly #busyMs: number;
  /** Half of the worlds find each other by an engine. */
  readonly engine: MemoryEngine | undefined;
  #isQuiet = false;
  #numbers = 0;

  constructor(seed: number, task: Omit<LinkTask, "seeds">, plant: LinkPlant) {
    this.#task = task;
    this.#plant = plant;
    this.random = createRandom(seed);
    this.loop = new VirtualLoop(this.clock, createRandom(seed + 1));
    const settle = createDrain().drain;
    const network = { clock: this.clock, loop: this.loop, random: this.random, settle };
    this.network = new Network(network);
    const { random } = this;
    const { size } = task;
    this.engine = random.below(2) === 0 ? undefined : new MemoryEngine(seed);
    if (this.engine !== undefined) engines().set(ENGINE, this.engine);
    this.#busyMs = 1 + random.below(50) * size;
    const nodes = Array.from({ length: size }, (_each, index) => `n${index}`);
    this.machines = nodes.map((node) => ({
      node,
      deadAfter: size > 10 ? 3000 : (DEAD_AFTER[random.below(DEAD_AFTER.length)] as number),
      peers: nodes
        .filter((one) => one !== node)
        .toSorted(() => random.next() - 0.5)
        .slice(0, PEERS_MAX),
      ...{ incarnations: [], process: undefined, numbers: [], monitors: [] },
    }));
    for (const machine of this.machines) this.start(machine);
  }

  /** Runs it to its end. @returns what was wrong; undefined = nothing */
  run(): string | undefined {
    const { random, judge } = this;
    this.advance(1000);
    while (this.clock.now() < this.#task.troubleMs && judge.error === undefined) {
      this.#trouble();
      this.advance(
        random.below(random.below(3) === 0 ? 50 : 1500) / Math.ceil(this.#task.size / 10),
      );
    }
    this.#isQuiet = true;
    this.advance(QUIET_MS);
    if (judge.error !== undefined) return judge.error;
    const [open] = judge.open;
    if (open !== undefined) return `never ended: ${judge.describe(open)}`;
    return this.#finish();
  }

  /** Lets time pass, with all that happens meanwhile. */
  advance(ms: number): void {
    const until = this.clock.now() + ms;
    while ((this.loop.next() ?? Infinity) <= until && this.judge.error === undefined)
      this.loop.step();
    this.clock.moveTo(until);
  }

  /** Starts the process of a machine. */
  start(machine: Machine): void {
    const { network } = this;
    const index = this.machines.indexOf(machine);
    const nodes = this.machines.map(({ node }) => node).filter((node) => node !== machine.node);
    const places = nodes.map((node) => [node, `${placeOf(Number(node.slice(1)))}:7000`] as const);
    const process = new SimulatedProcess({
      network,
      loop: new ProcessLoop(network.world, placeOf(index)),
      node: machine.node,
      cluster: {
        listen: `${placeOf(index)}:7000`,
        token: "a token of the simulation",
        deadAfter: machine.deadAfter,
        ...(this.engine === undefined ? { nodes: Object.fromEntries(places) } : { engine: ENGINE }),
      },
      onReady: () => this.#populate(machine),
      createKernel: this.#plant.createKernel ?? ((options) => new JudgedKernel(options)),
      fault: (text) => this.judge.fault(text),
    });
    machine.process = process;
    machine.numbers = [];
    machine.incarnations.push(incarnationsOf(process.runtime).own);
  }

  #populate(machine: Machine): void {
    const { random } = this;
    for (const name of NAMES.toSorted(() => random.below(3) - 1)) this.#serve(machine, name);
    for (let count = 0; count < CALLERS; count += 1) this.#call(machine);
    const watched = machine.peers.filter(() => random.below(3) > 0);
    machine.monitors = watched.map((node) => this.#watch(machine, node));
  }

  /** Ends the process of a machine, as kill -9 does. @param isMachine - or the machine's power */
  kill(machine: Machine, isMachine: boolean): void {
    const { process } = machine;
    if (process === undefined) return;
    const { loop } = process.settings;
    loop.isDead = true;
    machine.process = undefined;
    this.judge.died(machine.numbers);
    if (isMachine) this.network.turnOff(loop.machine);
    else this.network.closeAll(loop);
  }

  #number(machine: Machine): number {
    machine.numbers.push((this.#numbers += 1));
    return this.#numbers;
  }

  /** Makes a service that others call. */
  #serve(machine: Machine, name: string): SimulatedService {
    const { random, judge } = this;
    const { node } = machine;
    const number = this.#number(machine);
    return (machine.process as SimulatedProcess).service(name, ({ skynet, cluster }) => {
      skynet.dispatch("lua", async (_session, _source, id: number, reference?: string) => {
        judge.arrived(id, { number, node, name }, reference);
        if (random.below(4) === 0) await skynet.sleep(random.below(ANSWER_MAX_MS));
        return random.below(50) === 0 ? [number, id, UNSENDABLE] : [number, id];
      });
      cluster.register(name).catch((error: unknown) => judge.fault(String(error)));
    });
  }

  /** Makes a service that calls others. */
  #call(machine: Machine): void {
    const { random } = this;
    const { peers, deadAfter } = machine;
    const number = this.#number(machine);
    const known = new Map<string, number>();
    const process = machine.process as SimulatedProcess;
    process.service("caller", (service) => {
      const work = async (): Promise<void> => {
        while (!this.#isQuiet) {
          const node = peers[random.below(peers.length)] as string;
          await this.#one(service, { number, node, known, process, deadAfter });
          await service.skynet.sleep(1 + random.below(this.#busyMs));
        }
      };
      for (let count = 0; count < WORKERS; count += 1) void work();
    });
  }

  /** Makes one call. */
  async #one(
    { cluster, context }: SimulatedService,
    { number, node, known, process, deadAfter }: Caller,
  ): Promise<void> {
    const { random, judge, clock } = this;
    const name = NAMES[random.below(NAMES.length)] as string;
    const place = `${node} ${name}`;
    if (random.below(6) === 0) {
      const handle = await cluster.query(node, name).catch(() => undefined);
      if (handle !== undefined) known.set(place, handle);
    }
    const handle = random.below(2) === 0 ? known.get(place) : undefined;
    const isPush = random.below(8) === 0;
    const id = judge.begin({ caller: number, isPush, node, name });
    const reference = handle === undefined ? undefined : `${number} ${place} ${handle}`;
    const values = [id, reference, payloadOf(random)];
    const address = handle ?? `@${name}`;
    if (isPush) return this.#push(() => cluster.send(node, address, ...values));
    const begunAt = clock.now();
    // There was no link that it could have left over.
    const wasUp = process.linkState(node) === "up";
    const { ups } = process;
    const isKept = (error: unknown): boolean =>
      codeOf(error) === "ERR_TIMEOUT" && !wasUp && process.ups === ups;
    const calls = random.below(6) === 0 ? cluster.within(1 + random.below(3000)) : cluster;
    try {
      judge.end(id, { value: await calls.call(node, address, ...values) });
    } catch (error) {
      // What ends with its service is not told to a caller.
      if (context.service.isAlive) judge.end(id, { error }, isKept(error));
    }
    const ms = clock.now() - begunAt;
    const isExcused = process.settings.loop.frozenUntil > begunAt;
    // To connect, to greet, to find out that no node answers, all of it twice, and what the service takes.
    const knownMs = this.engine === undefined ? 0 : ENGINE_TIMEOUT_MS;
    const mostMs = 2 * (2 + SILENCE) * deadAfter + ANSWER_MAX_MS + knownMs + SLACK_MS;
    if (ms > mostMs && !isExcused) judge.fault(`call ${id} took ${Math.round(ms)} ms`);
  }

  #push(send: () => void): void {
    try {
      send();
    } catch (error) {
      if (codeOf(error) !== "ERR_NOT_SENDABLE") throw error;
    }
  }

  #watch(machine: Machine, node: string): MonitorCheck {
    const other = this.machines.find((one) => one.node === node) as Machine;
    const check = new MonitorCheck(this.judge, `${machine.node} of ${node}`, other.incarnations);
    machine.process?.service("monitor", async ({ cluster, skynet }) => {
      for (;;) {
        try {
          return void (await cluster.monitor(node, (event) => check.take(event)));
        } catch (error) {
          // The engine has not told of it yet.
          if (codeOf(error) !== "ERR_NODE_UNKNOWN") this.judge.fault(String(error));
          await skynet.sleep(100);
        }
      }
    });
    return check;
  }

  #trouble(): void {
    const { random, network, machines } = this;
    const machine = machines[random.below(machines.length)] as Machine;
    const ms = random.below(random.below(2) === 0 ? TROUBLE_MAX_MS : 1000);
    const [what, begin] = TROUBLES[random.below(TROUBLES.length)] as (typeof TROUBLES)[number];
    this.troubles.set(what, (this.troubles.get(what) ?? 0) + 1);
    const end = begin(this, machine);
    if (end !== undefined) network.after(ms, end);
  }

  /** All has been well for a while. */
  #finish(): string | undefined {
    const { judge } = this;
    for (const { monitors } of this.machines) for (const monitor of monitors) monitor.finish();
    for (const { node, process } of this.machines) {
      if (process === undefined) return `${node} is not there`;
      const { links, peers } = process.clusterd.state as {
        links: Record<string, { calls: number; queued: number }>;
        peers: Record<string, { calls: number }>;
      };
      for (const [other, { calls, queued }] of Object.entries(links)) {
        if (calls + queued === 0) continue;
        judge.fault(`${node} still holds ${calls} calls and ${queued} messages for ${other}`);
      }
      for (const [other, { calls }] of Object.entries(peers)) {
        if (calls > 0) judge.fault(`${node} still holds ${calls} calls of ${other}`);
      }
    }
    return judge.error;
  }

  /** A service is ended, and another one takes its name. */
  replaceService(machine: Machine): void {
    const { process } = machine;
    if (process === undefined || process.settings.loop.frozenUntil > this.clock.now()) return;
    const name = NAMES[this.random.below(NAMES.length)] as string;
    const all = [...process.runtime.kernel.services];
    const service = all.find((one) => one.title.startsWith(`snlua ${name} `));
    if (service === undefined) return;
    process.settings.loop.later(0, () => {
      process.runtime.kernel.kill(service);
      this.#serve(machine, name);
    });
  }
}

/** What refuses the message that it is in, after the rest of it has been written. */
const UNSENDABLE = (): void => {};

/** Values of different shapes: both ends of a link learn them. */
function payloadOf(random: Random): unknown {
  const kind = random.below(24);
  if (kind === 2) return { name: "one", [`last${random.below(20)}`]: UNSENDABLE };
  if (kind === 0) return "x".repeat(random.below(30_000));
  if (kind === 1) return { [`key${random.below(20)}`]: kind, list: [1, "two", { three: 3n }] };
  return { kind, name: `name${random.below(5)}`, at: random.next() };
}

/** Runs one seed. */
function runSeed(seed: number, task: Omit<LinkTask, "seeds">, plant: LinkPlant): LinkResult {
  const world = new LinkWorld(seed, task, plant);
  let fault = world.run();
  fault ??= stray;
  stray = undefined;
  const { trace, size, counts } = world.judge;
  const all = { ...Object.fromEntries(counts), ...Object.fromEntries(world.troubles) };
  return { seed, fault, hash: trace.hash, calls: size, counts: all };
}

/** What was thrown where no code looks for it. */
let stray: string | undefined;
process.on("unhandledRejection", (error) => {
  stray ??= `not handled: ${(error as Error).stack}`;
});

/** From a callback of the event loop: inside a promise the runtime does not drain. */
function runAll(tasks: readonly LinkTask[], results: LinkResult[][] = []): void {
  const [task, ...rest] = tasks;
  if (task === undefined) {
    parentPort?.postMessage(results);
    return;
  }
  const { seeds, ...settings } = task;
  const plant = (PLANTS[task.plant] as () => LinkPlant)();
  const takeBack = plant.patch?.();
  const own: LinkResult[] = [];
  const next = (index: number): void => {
    // One is enough to show that a bug is found.
    const isEnough = task.plant !== "none" && own.at(-1)?.fault !== undefined;
    const seed = isEnough ? undefined : seeds[index];
    if (seed === undefined) {
      takeBack?.();
      return runAll(rest, [...results, own]);
    }
    own.push(runSeed(seed, settings, plant));
    setImmediate(next, index + 1);
  };
  setImmediate(next, 0);
}

runAll(workerData as LinkTask[]);
