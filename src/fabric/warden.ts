/**
 * The warden: starts the threads of a node, joins each to all others, and replaces one that has died.
 *
 *     open(thread)     rings and ports to every thread that is up -> the others are told -> Worker
 *     exit             its rings closed, its services struck out of the directory -> the others are told who is lost
 *                      -> `onDeath` -> a new worker takes the number
 *
 * It runs on the main thread, which is thread 0 and hosts no code of users. Joining and parting travel on a port of their
 * own, which a thread also looks into when it meets a handle of a thread that it has not heard of.
 */

import type { MessagePort, ResourceLimits } from "node:worker_threads";
import { MessageChannel, Worker } from "node:worker_threads";

import { THREAD_END_MS } from "../base/limits.ts";
import type { NodeMemory } from "./node-memory.ts";
import { createDoorbell } from "./ring-doorbell.ts";
import { closeRing, createRing } from "./ring-memory.ts";
import type { Joint, Thread } from "./thread.ts";

/** Flags of every worker: an interrupt inside a timer's callback would take the process with it. */
const EXEC_ARGV = ["--no-force-async-hooks-checks"];

/** Milliseconds until a thread that died before it was ready is tried again. */
export const RETRY_MS = 1000;

/** What the warden tells a thread about another one. */
export type ThreadNews =
  | { readonly kind: "join"; readonly joint: Joint }
  | { readonly kind: "part"; readonly thread: number };

/** What a worker is started with. */
export interface ThreadData {
  readonly thread: number;
  /** How many threads the node has, the main thread included. */
  readonly threads: number;
  readonly memory: NodeMemory;
  /** The threads that are up already. */
  readonly joints: readonly Joint[];
  /** Where {@link ThreadNews} comes in. */
  readonly news: MessagePort;
  /** What the node's layer wants its worker to know. */
  readonly node: unknown;
}

/** Why a thread ended. */
export interface ThreadEnd {
  readonly thread: number;
  /** Indexes of the handles whose services went down with it. */
  readonly lost: Int32Array;
  /** What it died of, in words. */
  readonly reason: string;
}

/** What the warden is made of. */
export interface WardenOptions {
  /** How many worker threads there are, numbered from 1. */
  readonly workers: number;
  /** The module that a worker runs. */
  readonly entry: URL;
  readonly memory: NodeMemory;
  /** The main thread's own part. */
  readonly main: Thread;
  /** What goes to each worker, cloned, but for the ports in it. */
  readonly node: (thread: number) => {
    readonly data: unknown;
    readonly transfer: readonly MessagePort[];
  };
  readonly limits?: ResourceLimits;
  /** A thread is about to be started; what has its place in it from the beginning is claimed now. */
  readonly onOpen: (thread: number) => void;
  /** Runs something after that many milliseconds. */
  readonly later: (ms: number, run: () => void) => void;
  /** A thread has died, its services are struck out, and no other has taken its number yet. */
  readonly onDeath: (end: ThreadEnd) => void;
  /** Another worker took the number of one that died. */
  readonly onReplaced: (thread: number) => void;
}

interface Guarded {
  readonly worker: Worker;
  readonly news: MessagePort;
  /** The rings to and from it, by the number of the other thread; those of one that was replaced are not kept. */
  readonly rings: Map<number, readonly SharedArrayBuffer[]>;
  /** Resolves when the thread can host services; rejects if it ends before. */
  readonly ready: Promise<void>;
  wasReady: boolean;
  /** Why it is being ended, if it is. */
  reason: string | undefined;
}

/** The threads of one node. */
export class Warden {
  readonly #options: WardenOptions;
  readonly #guarded = new Map<number, Guarded>();
  #epoch = 0;
  #hasStarted = false;
  #isStopping = false;

  constructor(options: WardenOptions) {
    this.#options = options;
  }

  /** Starts all workers; resolves when each can host services. */
  async start(): Promise<void> {
    const { workers } = this.#options;
    const started = Array.from({ length: workers }, (_, index) => this.#open(index + 1));
    await Promise.all(started.map(({ ready }) => ready));
    this.#hasStarted = true;
  }

  /** Whether a thread is up. */
  isUp(thread: number): boolean {
    return thread === 0 || this.#guarded.has(thread);
  }

  /** Returns the worker of a thread that hosts services, for those who watch over it. */
  worker(thread: number): Worker | undefined {
    const guarded = this.#guarded.get(thread);
    return guarded?.wasReady === true ? guarded.worker : undefined;
  }

  /** Whether a thread hosts services and is not being ended. */
  isHost(thread: number): boolean {
    const guarded = this.#guarded.get(thread);
    return guarded?.wasReady === true && guarded.reason === undefined;
  }

  /** Ends a thread, with all its services; another one takes its number. */
  end(thread: number, reason: string): void {
    const guarded = this.#guarded.get(thread);
    if (guarded === undefined || guarded.reason !== undefined) return;
    guarded.reason = reason;
    void guarded.worker.terminate();
  }

  /**
   * Ends all threads; resolves when they are gone, after THREAD_END_MS in any case.
   *
   * @returns those that have not ended: they are in native code, which nothing stops.
   */
  async stop(): Promise<readonly number[]> {
    this.#isStopping = true;
    const left = new Set(this.#guarded.keys());
    const ended = [...this.#guarded].map(async ([thread, { worker }]) => {
      await worker.terminate();
      left.delete(thread);
    });
    const late = new Promise<void>((resolve) => this.#options.later(THREAD_END_MS, resolve));
    await Promise.race([Promise.all(ended), late]);
    return [...left];
  }

  #open(thread: number): Guarded {
    const { entry, limits, memory, main, node, workers } = this.#options;
    this.#options.onOpen(thread);
    memory.doorbells[thread] = createDoorbell();
    const channel = new MessageChannel();
    const rings: Guarded["rings"] = new Map();
    const joints: Joint[] = [];
    for (const other of [0, ...this.#guarded.keys()]) {
      const [mine, theirs] = this.#joints(thread, other);
      joints.push(mine);
      const pair = [mine.outgoing, mine.incoming];
      rings.set(other, pair);
      if (other === 0) main.join(theirs);
      else this.#tell(other, { kind: "join", joint: theirs }, [theirs.port, theirs.wakePort]);
      this.#guarded.get(other)?.rings.set(thread, pair);
    }
    const setup = node(thread);
    const data: ThreadData = {
      thread,
      threads: workers + 1,
      memory,
      joints,
      node: setup.data,
      news: channel.port2,
    };
    const ports = joints.flatMap(({ port, wakePort }) => [port, wakePort]);
    const worker = new Worker(entry, {
      workerData: data,
      transferList: [...ports, channel.port2, ...setup.transfer],
      execArgv: [...flagsForWorkers(process.execArgv), ...EXEC_ARGV],
      name: `snax ${thread}`,
      ...(limits === undefined ? {} : { resourceLimits: limits }),
    });
    const guarded = this.#guard(thread, worker, { news: channel.port1, rings });
    this.#guarded.set(thread, guarded);
    return guarded;
  }

  /** Makes both ends of the way between two threads. */
  #joints(thread: number, other: number): [Joint, Joint] {
    this.#epoch += 1;
    const epoch = this.#epoch;
    const outgoing = createRing({ epoch });
    const incoming = createRing({ epoch });
    const large = new MessageChannel();
    const wake = new MessageChannel();
    const bellOf = (one: number): SharedArrayBuffer =>
      this.#options.memory.doorbells[one] as SharedArrayBuffer;
    const mine = { outgoing, incoming, doorbell: bellOf(other) };
    const theirs = { outgoing: incoming, incoming: outgoing, doorbell: bellOf(thread) };
    return [
      { ...mine, thread: other, port: large.port1, wakePort: wake.port1 },
      { ...theirs, thread, port: large.port2, wakePort: wake.port2 },
    ];
  }

  #guard(
    thread: number,
    worker: Worker,
    { news, rings }: Pick<Guarded, "news" | "rings">,
  ): Guarded {
    let failure = "it ended by itself";
    const ready = new Promise<void>((resolve, reject) => {
      worker.once("message", () => {
        guarded.wasReady = true;
        resolve();
      });
      worker.on("error", (error) => {
        failure = describe(error);
        reject(error);
      });
      worker.once("exit", (code) => {
        reject(new Error(`thread ${thread} ended before it was ready`));
        this.#buried(thread, guarded, failure === "it ended by itself" ? exited(code) : failure);
      });
    });
    // The thread that waits for it hears of it; the others hear of its death.
    ready.catch(() => {});
    const guarded: Guarded = { worker, news, rings, ready, wasReady: false, reason: undefined };
    return guarded;
  }

  #buried(thread: number, guarded: Guarded, failure: string): void {
    if (this.#guarded.get(thread) !== guarded) return;
    this.#guarded.delete(thread);
    guarded.news.close();
    for (const pair of guarded.rings.values()) pair.forEach(closeRing);
    const { main, onDeath, later } = this.#options;
    const lost = Int32Array.from(main.directory.clear(thread));
    for (const other of this.#guarded.keys()) this.#tell(other, { kind: "part", thread });
    main.part(thread);
    main.names.sweep(thread);
    main.log.inherit(thread);
    if (this.#isStopping) return;
    onDeath({ thread, lost, reason: guarded.reason ?? failure });
    // One that died before it could do anything is not replaced at once: its successor may fare no better.
    if (guarded.wasReady) this.#replace(thread);
    else if (this.#hasStarted) later(RETRY_MS, () => this.#replace(thread));
  }

  #replace(thread: number): void {
    if (this.#isStopping || this.#guarded.has(thread)) return;
    const { onReplaced } = this.#options;
    this.#open(thread).ready.then(
      () => onReplaced(thread),
      () => {},
    );
  }

  #tell(thread: number, news: ThreadNews, transfer: readonly MessagePort[] = []): void {
    this.#guarded.get(thread)?.news.postMessage(news, [...transfer]);
  }
}

/** The options of Node that matter to modules; many others are for a whole process, and a worker refuses them. */
function flagsForWorkers(flags: readonly string[]): string[] {
  const kept: string[] = [];
  for (const [index, flag] of flags.entries()) {
    const [name = "", value] = flag.split("=", 2);
    if (!MODULE_FLAGS.has(name)) continue;
    kept.push(flag);
    const next = flags[index + 1];
    if (value === undefined && next !== undefined) kept.push(next);
  }
  return kept;
}

const MODULE_FLAGS = new Set(["--import", "--require", "-r", "--conditions", "-C"]);

function exited(code: number): string {
  return `its process.exit was called, code ${code}`;
}

function describe(error: unknown): string {
  if ((error as { code?: unknown } | null)?.code === "ERR_WORKER_OUT_OF_MEMORY") {
    return "its heap is full";
  }
  return error instanceof Error ? error.message : String(error);
}
