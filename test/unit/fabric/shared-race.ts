/**
 * A real thread that works on memory which several threads share, for the tests of lock, log and names.
 *
 * All threads of a race wait at a gate and begin at the same moment.
 */

import { once } from "node:events";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";

import { SharedLock } from "../../../src/fabric/shared-lock.ts";
import { SharedLog } from "../../../src/fabric/shared-log.ts";
import { SharedNames } from "../../../src/fabric/shared-names.ts";

/** What each thread of a race does. */
export interface Race {
  readonly task: "count" | "log" | "names";
  readonly memory: SharedArrayBuffer;
  /** How often. */
  readonly times: number;
}

interface Runner extends Race {
  readonly thread: number;
  /** How many threads are there; the race begins when all are. */
  readonly gate: SharedArrayBuffer;
  readonly runners: number;
}

/** Runs a race of several threads; returns what each of them says. */
export async function runRace<T>(race: Race, runners = 2): Promise<T[]> {
  const gate = new SharedArrayBuffer(4);
  const workers = Array.from({ length: runners }, (_, index) => {
    const data: Runner = { ...race, gate, runners, thread: index + 1 };
    return new Worker(new URL("./shared-race.js", import.meta.url), { workerData: data });
  });
  const said = await Promise.all(workers.map((worker) => once(worker, "message")));
  await Promise.all(workers.map((worker) => worker.terminate()));
  return said.map(([value]) => value as T);
}

/** The handle for which a thread registers its n-th name. */
export function handleOf(thread: number, index: number): number {
  return thread * 100_000 + index + 1;
}

/** Adds to a word in two steps, which only a lock keeps together. */
function count({ memory, times, thread }: Runner): number {
  const words = new Int32Array(memory);
  const lock = new SharedLock(words, 0, thread);
  for (let index = 0; index < times; index += 1) {
    lock.take();
    const before = words[2] as number;
    words[3] = index;
    words[2] = before + 1;
    lock.give();
  }
  return times;
}

/** Adds entries that tell who added them. @returns all that this thread read, in order. */
function writeLog({ memory, times, thread }: Runner): string[] {
  const log = new SharedLog(memory, thread);
  const read: string[] = [];
  log.on(1, (bytes) => void read.push(new TextDecoder().decode(bytes)));
  for (let index = 0; index < times; index += 1) {
    // Its number is how many there were before: only a thread that knows them all can say so.
    log.add(1, () => new TextEncoder().encode(`${read.length}:${thread}`));
  }
  return read;
}

/** Tries to get the same names as all others. @returns the numbers of those that it got. */
function registerNames({ memory, times, thread }: Runner): number[] {
  const names = new SharedNames(memory, { thread, isAlive: () => true, announce: () => {} });
  const got: number[] = [];
  for (let index = 0; index < times; index += 1) {
    if (names.register(`.name${index}`, handleOf(thread, index))) got.push(index);
  }
  return got;
}

if (!isMainThread) {
  const runner = workerData as Runner;
  const gate = new Int32Array(runner.gate);
  Atomics.add(gate, 0, 1);
  while (Atomics.load(gate, 0) < runner.runners);
  const tasks = { count, log: writeLog, names: registerNames };
  parentPort?.postMessage(tasks[runner.task](runner));
}
