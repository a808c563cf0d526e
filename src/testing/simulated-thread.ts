/**
 * One thread of a simulated node: a kernel with the fabric, exchange and names that a real thread
 * has, on the virtual loop.
 *
 * It ends as a real one does, at any step: what it has not published is lost, what it has is there
 * for the others.
 */

import type { MessagePort } from "node:worker_threads";

import type { Random } from "../base/random.ts";
import type { NodeMemory } from "../fabric/node-memory.ts";
import { Directory } from "../fabric/directory.ts";
import type { FabricOptions } from "../fabric/fabric.ts";
import { Fabric } from "../fabric/fabric.ts";
import { createDoorbell, Doorbell } from "../fabric/ring-doorbell.ts";
import type { ExchangeOptions } from "../fabric/ring-exchange.ts";
import { Exchange } from "../fabric/ring-exchange.ts";
import { SharedNames } from "../fabric/shared-names.ts";
import { bereave } from "../kernel/death.ts";
import type { KernelOptions } from "../kernel/kernel-options.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { PortableTable } from "../wire/codec-portable.ts";
import type { FaultPlan } from "./fault.ts";
import * as fault from "./thread-fault.ts";
import { ThreadLoop } from "./thread-loop.ts";
import type { VirtualClock } from "./virtual-clock.ts";
import type { VirtualLoop } from "./virtual-loop.ts";

/**
 * How the fabric of a simulation differs from a node's; a test hands in parts with a bug to see it
 * found.
 */
export interface SimulatedFabric {
  /** Bytes of each ring, a power of two. @defaultValue drawn, 128 to 4096 */
  readonly ringBytes?: number;
  /** Most messages that wait for room on the way to one thread; 0 = no bound. @defaultValue 0 */
  readonly waitingLimit?: number;
  /** @defaultValue `new Fabric(options)` */
  readonly createFabric?: (options: FabricOptions) => Fabric;
  /** @defaultValue `new Exchange(options)` */
  readonly createExchange?: (options: ExchangeOptions) => Exchange;
  /**
   * How a thread tells its services of the death of another.
   *
   * @defaultValue bereave of kernel/death.ts
   */
  readonly bereave?: typeof bereave;
}

/** What all threads of a simulation share. */
export interface ThreadWorld {
  readonly clock: VirtualClock;
  readonly loop: VirtualLoop;
  readonly random: Random;
  readonly faults: FaultPlan;
  readonly memory: NodeMemory;
  readonly fabric: SimulatedFabric;
  /** Makes a kernel; what it is told beside that is the thread's own. */
  readonly createKernel: (own: Partial<KernelOptions>) => Kernel;
  /** Lets the microtasks run that a message left. */
  readonly drain: () => void;
  readonly isSynchronous: boolean;
  /** A turn begins. */
  readonly onTurn: () => void;
  /** A thread has ended; the others do not know yet. */
  readonly onEnd: (thread: SimulatedThread) => void;
  /** A check that belongs to the fabric has failed. */
  readonly onProblem: (problem: string) => void;
}

/** What joins a thread to another one. */
export interface SimulatedJoint {
  readonly other: SimulatedThread;
  readonly outgoing: SharedArrayBuffer;
  readonly incoming: SharedArrayBuffer;
  readonly port: MessagePort;
}

/** Thrown where a thread ends in the middle of something; nothing of the thread runs any more. */
const ENDED = new Error("the thread has ended");

/** A thread. */
export class SimulatedThread {
  readonly number: number;
  readonly kernel: Kernel;
  readonly exchange: Exchange;
  readonly directory: Directory;
  readonly names: SharedNames;
  readonly loop: ThreadLoop;
  readonly doorbell: SharedArrayBuffer = createDoorbell();
  /** It has ended, and nothing of it runs any more. */
  isDead = false;
  /** It has joined the others and runs. */
  isUp = false;
  /** What the warden has told it and it has not heard yet. */
  readonly news: (() => void)[] = [];
  readonly #world: ThreadWorld;
  readonly #fabric: Fabric;
  /** Something has ended the thread; it dies when the message that is handled has ended. */
  #isEnding = false;
  #isPublishing = false;

  constructor(world: ThreadWorld, number: number) {
    this.#world = world;
    this.number = number;
    this.directory = new Directory(world.memory.directory);
    this.#fabric = this.#createFabric();
    this.names = new SharedNames(world.memory.names, {
      thread: number,
      isAlive: (handle) => this.#fabric.threadOf(handle) !== undefined,
      announce: (name, handle) => this.#fabric.tellAll("name", name, handle),
    });
    this.loop = new ThreadLoop(world, {
      isDead: () => this.isDead,
      run: () => this.#guard(() => this.#run()),
      hasMail: () => this.exchange.hasMail(),
      rest: () => this.#rest(),
    });
    this.exchange = this.#createExchange();
    this.kernel = world.createKernel({
      waker: this.loop,
      elsewhere: this.#fabric,
      handles: this.directory.handleSource(number),
      names: this.names,
      drain: { isSynchronous: world.isSynchronous, drain: () => this.#drain() },
    });
    this.#fabric.attach(this.kernel, this.exchange);
  }

  /** Ends the thread at once. */
  end(): void {
    if (this.isDead) return;
    this.isDead = true;
    this.#world.onEnd(this);
  }

  /** Joins it to another thread, as it hears of it. */
  join({ other, ...link }: SimulatedJoint): void {
    this.#fabric.connect({
      ...link,
      thread: other.number,
      doorbell: new Doorbell(other.doorbell),
      wake: () => {
        other.loop.wake();
        if (!this.#world.faults.fires(fault.CUT) || this.number === 0) return;
        if (this.#isPublishing) throw ENDED;
        this.#isEnding = true;
      },
    });
  }

  /** Parts from a thread that has died, as it hears of it. */
  part(thread: number): void {
    this.#fabric.disconnect(thread);
    const tell = this.#world.fabric.bereave ?? bereave;
    tell(this.kernel, (handle) => this.#fabric.isLost(handle));
  }

  /** Hears all that the warden has told it. */
  takeNews(): void {
    for (let hear = this.news.shift(); hear !== undefined; hear = this.news.shift()) hear();
  }

  #createFabric(): Fabric {
    const { memory, fabric, onProblem } = this.#world;
    const create = fabric.createFabric ?? ((options): Fabric => new Fabric(options));
    return create({
      thread: this.number,
      directory: new Directory(memory.directory),
      portables: new PortableTable(),
      harbor: 0,
      waitingLimit: fabric.waitingLimit ?? 0,
      onWord: (_thread, [, name, handle]) =>
        this.names.onRegister(name as string, handle as number),
      onUnknown: () => this.takeNews(),
      onMalformed: (thread, error) =>
        onProblem(`${this.number} could not read what ${thread} sent: ${String(error)}`),
    });
  }

  #createExchange(): Exchange {
    const { clock, fabric, random } = this.#world;
    const create = fabric.createExchange ?? ((options): Exchange => new Exchange(options));
    return create({
      clock,
      doorbell: new Doorbell(this.doorbell),
      polling: random.next() < 0.5 ? { windowMs: 0 } : {},
      // Some threads publish each record at once, others seldom before their turns end.
      recordsInARow: 2 ** this.number,
      take: (thread, record) => this.#fabric.take(thread, record),
      wake: () => this.loop.wake(),
    });
  }

  #run(): void {
    this.#world.onTurn();
    this.#fabric.receive();
    this.kernel.turn();
  }

  #drain(): void {
    const { drain, faults } = this.#world;
    drain();
    if (this.#isEnding || (this.number > 0 && faults.fires(fault.EXIT))) throw ENDED;
  }

  #rest(): "again" | "asleep" {
    let rest: "again" | "asleep" = "asleep";
    this.#isPublishing = true;
    this.#guard(() => {
      rest = this.#fabric.rest();
    });
    this.#isPublishing = false;
    return rest;
  }

  /** Runs something that may be the thread's end. */
  #guard(run: () => void): void {
    try {
      run();
    } catch (error) {
      if (error !== ENDED) throw error;
      this.end();
    }
  }
}
