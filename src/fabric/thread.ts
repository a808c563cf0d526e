/**
 * What one thread of a node needs to be part of it, put together: its fabric, its waker, its view of what is shared.
 *
 * The main thread and the workers are made of the same parts.
 */

import type { MessagePort } from "node:worker_threads";

import type { Clock } from "../base/clock.ts";
import { isLocalName } from "../kernel/name-table.ts";
import type { PhaseWords } from "../kernel/instruments.ts";
import { Board } from "./board.ts";
import { Directory } from "./directory.ts";
import type { EventLoopWaker } from "./event-loop.ts";
import { createWaker } from "./event-loop.ts";
import type { FabricOptions } from "./fabric.ts";
import { Fabric } from "./fabric.ts";
import { isForeign } from "./harbor-door.ts";
import type { NodeMemory } from "./node-memory.ts";
import { createPhase } from "./phase.ts";
import { Doorbell } from "./ring-doorbell.ts";
import { Exchange } from "./ring-exchange.ts";
import type { PollingOptions } from "./ring-polling.ts";
import { SharedLog } from "./shared-log.ts";
import { SharedNames } from "./shared-names.ts";

/** What joins a thread to another, as it travels to that thread. */
export interface Joint {
  /** The other thread's number. */
  readonly thread: number;
  readonly outgoing: SharedArrayBuffer;
  readonly incoming: SharedArrayBuffer;
  /** The other side's. */
  readonly doorbell: SharedArrayBuffer;
  /** For large records. */
  readonly port: MessagePort;
  /** Wakes the other side, and is woken by it. */
  readonly wakePort: MessagePort;
}

/** What a thread is made of. */
export interface ThreadOptions extends Omit<FabricOptions, "directory"> {
  readonly clock: Clock;
  readonly memory: NodeMemory;
  readonly polling?: PollingOptions;
}

/** One thread's parts. */
export interface Thread {
  readonly fabric: Fabric;
  readonly waker: EventLoopWaker;
  readonly directory: Directory;
  readonly names: SharedNames;
  readonly log: SharedLog;
  readonly words: Int32Array;
  /** Where the thread's kernel says whose message it handles. */
  readonly phase: SharedArrayBuffer;
  /** The same of all threads, by their numbers. */
  readonly phases: readonly PhaseWords[];
  /** What each thread counts, by its number. */
  readonly boards: readonly Board[];
  readonly exchange: Exchange;
  /** Joins this thread to another. */
  join(joint: Joint): void;
  /** Parts from a thread that has died. */
  part(thread: number): void;
  /** Ends all ports; the process may then end. */
  close(): void;
}

/** The word that tells of a name. */
const NAME_WORD = "name";

/** Puts the parts of a thread together; its kernel is attached afterwards. */
export function createThread(options: ThreadOptions): Thread {
  const { clock, memory, thread } = options;
  const directory = new Directory(memory.directory);
  const fabric = new Fabric({
    ...options,
    directory,
    onWord: (from, values) => {
      // Race: a call that asked for the name before it was given waits for this word, which was sent after; named-mail.ts
      if (values[0] === NAME_WORD) names.onRegister(values[1] as string, values[2] as number);
      else options.onWord(from, values);
    },
  });
  const names = new SharedNames(memory.names, {
    thread,
    isAlive: (handle) => fabric.threadOf(handle) !== undefined || isForeign(handle, options.harbor),
    announce: (name, handle) => {
      if (!isLocalName(name)) fabric.tellAll(NAME_WORD, name, handle);
    },
  });
  const wakePorts = new Map<number, MessagePort>();
  let wake = (): void => {};
  const exchange = new Exchange({
    clock,
    doorbell: new Doorbell(memory.doorbells[thread] as SharedArrayBuffer),
    ...(options.polling === undefined ? {} : { polling: options.polling }),
    take: (from, record) => fabric.take(from, record),
    wake: () => wake(),
  });
  const waker = createWaker(clock, {
    receive: () => fabric.receive(),
    hasMail: () => exchange.hasMail(),
    rest: () => fabric.rest(),
  });
  wake = waker.wake;
  const part = (other: number): void => {
    fabric.disconnect(other);
    wakePorts.get(other)?.close();
    wakePorts.delete(other);
  };
  return {
    ...{ fabric, waker, directory, exchange, part, names },
    log: new SharedLog(memory.log, thread),
    words: new Int32Array(memory.words),
    phase: memory.phases[thread] as SharedArrayBuffer,
    phases: memory.phases.map((each) => createPhase(each)),
    boards: memory.boards.map((each) => new Board(each)),
    join: ({ wakePort, ...joint }) => {
      const doorbell = new Doorbell(joint.doorbell);
      wakePorts.get(joint.thread)?.close();
      wakePorts.set(joint.thread, wakePort);
      wakePort.on("message", waker.turn);
      fabric.connect({ ...joint, doorbell, wake: () => wakePort.postMessage(0) });
    },
    close: () => {
      for (const other of [...wakePorts.keys()]) part(other);
      waker.close();
    },
  };
}
