/**
 * Keeps the heaps of worker threads below their limit, from outside: V8 ends the whole process when a thread's heap is full, and
 * a thread that leaks in one long handler can't look at itself.
 *
 *     a look at each thread that ran since the last one, the more often the nearer it could be to the limit
 *       -> three quarters full: V8 collects -> still so: `onHeap`, and its listener ends the thread
 *
 * Not seen: what Buffers hold, and one giant allocation between two looks. An idle thread is not looked at.
 */

import type { Worker } from "node:worker_threads";
import { getHeapStatistics } from "node:v8";
import { ask } from "./desk-talk.ts";
import type { InspectorLink } from "../inspector/link.ts";
import { linkWorker, within } from "../inspector/link.ts";
import { readPhase } from "./phase.ts";
import type { Visitor } from "./rounds.ts";
import type { WatchedThread } from "./thread-watchdog.ts";
import { WORKER_DESK } from "./thread-watchdog.ts";

/** Share of the limit at which a thread is ended. */
const FULL_SHARE = 0.75;

/** Share of the limit, and of V8's own, at which V8 is not asked to collect first: it might not come to that any more. */
const HOPELESS_SHARE = 0.9;
const HOPELESS_SHARE_OF_V8 = 0.75;

/** Milliseconds between two looks. */
const PERIOD_MAX_MS = 100;
const PERIOD_MIN_MS = 5;

/** What a thread can fill in a millisecond, in bytes, doubled: a look comes before the margin is gone. */
const BYTES_PER_MS = 2 << 20;

/** Milliseconds for a thread to answer; collecting a heap of gigabytes takes seconds. */
const ANSWER_MS = 500;
const COLLECT_MS = 5000;

/** Milliseconds between two collections that the guard asks for. */
const COLLECT_PERIOD_MS = 1000;

/** What is known of a heap that is full. */
export interface HeapFacts {
  readonly usedBytes: number;
  readonly limitBytes: number;
  /** The service whose message is handled, by handle; 0 = none is. */
  readonly handle: number;
  /** What the thread's services hold, largest first; empty if it could not say. */
  readonly holdings: string;
}

/** What the guard is made of. */
export interface HeapGuardOptions {
  /** Bytes of JavaScript heap a thread may use. @defaultValue Node's own limit */
  readonly limitBytes?: number | undefined;
  /** The threads that are up. */
  readonly threads: () => Iterable<WatchedThread>;
  /** A thread's heap is three quarters full. */
  readonly onHeap: (thread: number, facts: HeapFacts) => void;
}

/** A worker that can tell of its heap without an inspector: Node 22.16 and later. */
interface TellingWorker {
  getHeapStatistics?(): Promise<{ readonly used_heap_size: number }>;
}

/** What is known of one worker. */
interface Heap {
  /** Looked at last; a thread that has not run since is not looked at. */
  turn: number;
  dispatch: number;
  usedBytes: number;
  lookAt: number;
  collectAt: number;
  isBusy: boolean;
  isOver: boolean;
  link: InspectorLink | undefined;
}

/** The guard over the workers of one node. */
export class HeapGuard implements Visitor {
  readonly #options: HeapGuardOptions;
  readonly #limitBytes: number;
  /** V8 ends the process at its own limit, which may be far above the one that is kept here. */
  readonly #hopelessBytes: number;
  readonly #heaps = new Map<Worker, Heap>();
  #isStopped = false;

  constructor(options: HeapGuardOptions) {
    this.#options = options;
    const v8Bytes = getHeapStatistics().heap_size_limit;
    this.#limitBytes = options.limitBytes ?? v8Bytes;
    this.#hopelessBytes = Math.max(
      HOPELESS_SHARE * this.#limitBytes,
      HOPELESS_SHARE_OF_V8 * v8Bytes,
    );
  }

  /** Ends the guard. */
  stop(): void {
    this.#isStopped = true;
    for (const { link } of this.#heaps.values()) link?.close();
    this.#heaps.clear();
  }

  round(now: number): number {
    let next = now + PERIOD_MAX_MS;
    for (const watched of this.#options.threads()) {
      const heap = this.#heapOf(watched.worker);
      if (heap.isBusy || heap.isOver) continue;
      const { turn, dispatch, handle } = readPhase(watched.phase);
      const hasRun = turn !== heap.turn || dispatch !== heap.dispatch || handle !== 0;
      if (!hasRun) continue;
      if (heap.lookAt <= now) {
        Object.assign(heap, { turn, dispatch, isBusy: true });
        this.#look(watched, heap)
          .catch(() => {
            // It has ended meanwhile; its successor is another worker.
            this.#heaps.delete(watched.worker);
          })
          .finally(() => {
            heap.isBusy = false;
          });
      }
      next = Math.min(next, heap.lookAt);
    }
    return Math.max(now + PERIOD_MIN_MS, next);
  }

  #heapOf(worker: Worker): Heap {
    let heap = this.#heaps.get(worker);
    if (heap === undefined) {
      heap = {
        turn: -1,
        dispatch: -1,
        usedBytes: 0,
        lookAt: 0,
        collectAt: 0,
        isBusy: false,
        isOver: false,
        link: undefined,
      };
      this.#heaps.set(worker, heap);
      worker.once("exit", () => this.#heaps.delete(worker));
    }
    return heap;
  }

  async #look(watched: WatchedThread, heap: Heap): Promise<void> {
    const limitBytes = this.#limitBytes;
    const { worker } = watched;
    heap.usedBytes = await usedBytes(worker, heap);
    const now = performance.now();
    const margin = FULL_SHARE * limitBytes - heap.usedBytes;
    heap.lookAt = now + Math.min(PERIOD_MAX_MS, Math.max(PERIOD_MIN_MS, margin / BYTES_PER_MS));
    if (margin > 0 || this.#isStopped) return;
    // It grows too fast to ask it for anything.
    if (heap.usedBytes >= this.#hopelessBytes) return this.#end(watched, heap, "");
    const link = await linkOf(worker, heap);
    if (link === undefined || now < heap.collectAt) return;
    // Most of it may be what V8 has not got round to collecting.
    const collected = await within(COLLECT_MS, ask(link, WORKER_DESK, "collect"));
    heap.usedBytes = Number(collected ?? heap.usedBytes);
    heap.collectAt = performance.now() + COLLECT_PERIOD_MS;
    if (heap.usedBytes < FULL_SHARE * limitBytes) return;
    const holdings = await within(ANSWER_MS, ask(link, WORKER_DESK, "holdings"));
    this.#end(watched, heap, holdings ?? "");
  }

  #end({ thread, phase }: WatchedThread, heap: Heap, holdings: string): void {
    heap.isOver = true;
    const { usedBytes: used } = heap;
    const { handle } = readPhase(phase);
    const facts = { usedBytes: used, limitBytes: this.#limitBytes, handle, holdings };
    this.#options.onHeap(thread, facts);
    heap.link?.close();
    heap.link = undefined;
  }
}

async function linkOf(worker: Worker, heap: Heap): Promise<InspectorLink | undefined> {
  return (heap.link ??= await linkWorker(worker));
}

async function usedBytes(worker: Worker, heap: Heap): Promise<number> {
  const { getHeapStatistics: tell } = worker as TellingWorker;
  if (tell !== undefined) {
    const told = await within(ANSWER_MS, tell.call(worker));
    return told?.used_heap_size ?? heap.usedBytes;
  }
  const link = await linkOf(worker, heap);
  const told = link && (await within(ANSWER_MS, link.post("Runtime.getHeapUsage")));
  return (told as { readonly usedSize: number } | undefined)?.usedSize ?? heap.usedBytes;
}
