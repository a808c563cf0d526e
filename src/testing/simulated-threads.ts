/**
 * The threads of a simulated node and their warden, which joins them, buries them and replaces them
 * as fabric/warden.ts does.
 *
 *     end     what was published stays -> a moment later: rings closed, directory cleared
 *             -> the others hear of it, each in its own time -> a new thread takes the number
 */

import { MessageChannel } from "node:worker_threads";

import { createNodeMemory } from "../fabric/node-memory.ts";
import { Exchange } from "../fabric/ring-exchange.ts";
import { closeRing, createRing } from "../fabric/ring-memory.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { SimulatedJoint, ThreadWorld } from "./simulated-thread.ts";
import { HOLD } from "../kernel/service.ts";
import { SimulatedThread } from "./simulated-thread.ts";
import * as fault from "./thread-fault.ts";

/**
 * Most milliseconds until the warden sees an end, until a new thread runs, and until news is heard,
 * soon or late.
 */
const BURIAL_MAX_MS = 1;
const START_MAX_MS = 5;
const NEWS_MAX_MS = 0.3;
const LATE_NEWS_MAX_MS = 20;

/** What a simulation does when its threads come and go. */
export interface ThreadWatcher {
  /** A thread has ended, with the services of its kernel; the others do not know yet. */
  onEnd(kernel: Kernel): void;
  /** A thread runs in place of one that has ended. */
  onUp(kernel: Kernel): void;
}

/** Asks the exchange itself, whatever a test has put in its place. */
function hasMail({ exchange }: SimulatedThread): boolean {
  return Exchange.prototype.hasMail.call(exchange);
}

interface Ring {
  readonly threads: readonly SimulatedThread[];
  readonly memory: SharedArrayBuffer;
}

/** The threads of one simulation. */
export class SimulatedThreads {
  /** The last thread of each number; thread 0 never ends. */
  readonly all: SimulatedThread[] = [];
  watcher: ThreadWatcher | undefined;
  readonly #world: ThreadWorld;
  readonly #ringBytes: number;
  readonly #open: { close(): void }[] = [];
  #rings: Ring[] = [];
  #epoch = 0;

  constructor(world: Omit<ThreadWorld, "memory" | "onEnd">, count: number) {
    this.#ringBytes = world.fabric.ringBytes ?? 128 << world.random.below(6);
    this.#world = {
      ...world,
      memory: createNodeMemory(count),
      onEnd: (thread) => this.#ended(thread),
    };
    for (let number = 0; number < count; number += 1) {
      const { thread, joints } = this.#create(number);
      this.all[number] = thread;
      for (const joint of joints) thread.join(joint);
      thread.takeNews();
      for (const other of this.all) other.takeNews();
      thread.isUp = true;
    }
  }

  /** Ends a thread from outside; nothing happens if it is the first one, or does not run. */
  end(number: number): void {
    if (number > 0 && this.all[number]?.isUp === true) this.all[number].end();
  }

  /** Gives back what the runtime holds for the threads: ports. Nothing runs afterwards. */
  close(): void {
    for (const port of this.#open) port.close();
  }

  /**
   * Compares the directory with the services that live, and looks for threads that sleep over their
   * mail.
   */
  check(): string | undefined {
    const up = this.all.filter(({ isUp, isDead }) => isUp && !isDead);
    for (const thread of up) {
      const { number, directory, kernel } = thread;
      const count = directory.count(number);
      const size = kernel.services.size - countExpected(thread);
      if (count !== size) {
        return `the directory counts ${count} services on thread ${number}, which has ${size}`;
      }
      if (thread.loop.isAwake) continue;
      if (hasMail(thread)) return `thread ${number} sleeps over its mail`;
      for (const other of up) {
        const { exchange } = other;
        if (thread.exchange.waiting(other.number) === 0 || hasMail(other)) continue;
        // One of the two has not heard yet that the other was replaced.
        if (thread.exchange.epoch(other.number) !== exchange.epoch(number)) continue;
        return `thread ${number} sleeps with mail for thread ${other.number}, which has read all`;
      }
    }
    return undefined;
  }

  #after(ms: number, run: () => void): void {
    const { loop, clock, random } = this.#world;
    loop.at(clock.now() + random.next() * ms, run);
  }

  #ended(thread: SimulatedThread): void {
    this.watcher?.onEnd(thread.kernel);
    this.#after(BURIAL_MAX_MS, () => this.#bury(thread));
  }

  #bury(dead: SimulatedThread): void {
    const { number } = dead;
    dead.isUp = false;
    for (const { threads, memory } of this.#rings) if (threads.includes(dead)) closeRing(memory);
    this.#rings = this.#rings.filter(({ threads }) => !threads.includes(dead));
    const [main] = this.all as [SimulatedThread];
    main.directory.clear(number);
    for (const other of this.all.slice(1)) {
      if (other !== dead) this.#tell(other, () => other.part(number));
    }
    main.part(number);
    main.names.sweep(number);
    const { thread, joints } = this.#create(number);
    this.all[number] = thread;
    this.#after(START_MAX_MS, () => {
      for (const joint of joints) thread.join(joint);
      thread.isUp = true;
      this.watcher?.onUp(thread.kernel);
      thread.loop.turn();
    });
  }

  /** Makes a thread and tells the others of it; it does not run yet. */
  #create(number: number): { thread: SimulatedThread; joints: SimulatedJoint[] } {
    const thread = new SimulatedThread(this.#world, number);
    const joints: SimulatedJoint[] = [];
    for (const other of this.all) {
      if (other.number === number) continue;
      const [mine, theirs] = this.#joints(thread, other);
      joints.push(mine);
      if (other.number === 0) other.join(theirs);
      else this.#tell(other, () => other.join(theirs));
    }
    return { thread, joints };
  }

  #joints(thread: SimulatedThread, other: SimulatedThread): [SimulatedJoint, SimulatedJoint] {
    this.#epoch += 1;
    const options = { epoch: this.#epoch, bytes: this.#ringBytes };
    const [outgoing, incoming] = [createRing(options), createRing(options)];
    for (const memory of [outgoing, incoming]) {
      this.#rings.push({ threads: [thread, other], memory });
    }
    const { port1, port2 } = new MessageChannel();
    this.#open.push(port1);
    return [
      { other, outgoing, incoming, port: port1 },
      { other: thread, outgoing: incoming, incoming: outgoing, port: port2 },
    ];
  }

  /** Tells a thread something; it hears what it is told in order, some time. */
  #tell(thread: SimulatedThread, hear: () => void): void {
    thread.news.push(hear);
    const isLate = this.#world.faults.fires(fault.LATE_NEWS);
    this.#after(isLate ? LATE_NEWS_MAX_MS : NEWS_MAX_MS, () => {
      if (!thread.isDead) thread.news.shift()?.();
    });
  }
}

/** How many services stand ready that another thread still has: see fabric/hand-over.ts. */
function countExpected({ kernel, directory, number }: SimulatedThread): number {
  let count = 0;
  for (const { handle, holds } of kernel.services) {
    if ((holds & HOLD.voting) !== 0 && directory.threadOf(handle) !== number) count += 1;
  }
  return count;
}
