/**
 * What looks after the workers of a node, put together: the watchdog, the watch over handlers of dead services, the guard over
 * their heaps, the looks at their load.
 * All of them go on the same rounds.
 */

import { LEVEL } from "../base/log-level.ts";
import { PLACEMENT_STUCK_MS } from "../base/limits.ts";
import { DeadHandlerWatch } from "../fabric/dead-handler-watch.ts";
import type { HeapFacts } from "../fabric/heap-guard.ts";
import { HeapGuard } from "../fabric/heap-guard.ts";
import type { Visitor } from "../fabric/rounds.ts";
import { beginRounds } from "../fabric/rounds.ts";
import type { StallLine } from "../fabric/stall-text.ts";
import type { Standing } from "../fabric/thread-load.ts";
import { STANDING, ThreadLoads } from "../fabric/thread-load.ts";
import type { WatchedThread } from "../fabric/thread-watchdog.ts";
import { ThreadWatchdog } from "../fabric/thread-watchdog.ts";
import { formatAddress } from "../kernel/service.ts";
import type { FullConfig } from "./config.ts";
import { lackOfWatchdog } from "./footing.ts";
import { NEVER } from "./stall.ts";

/** Milliseconds between two looks at what threads have published in the middle of a turn. */
const COLLECT_MS = 100;

/** What the care for the threads is made of. */
export interface ThreadCareOptions {
  readonly config: FullConfig;
  /** The threads that are up. */
  readonly threads: () => Iterable<WatchedThread>;
  /** Whether a service lives under a handle. */
  readonly lives: (handle: number) => boolean;
  readonly log: (line: StallLine) => void;
  /** Takes in what a thread that is in a long turn has published. */
  readonly collect: () => void;
  /** Ends a thread. */
  readonly end: (thread: number, why: string) => void;
}

/** The care for the workers of one node. */
export class ThreadCare {
  readonly watchdog: ThreadWatchdog;
  readonly #options: ThreadCareOptions;
  readonly #loads: ThreadLoads;
  readonly #heapGuard: HeapGuard | undefined;
  readonly #endRounds: () => void;

  constructor(options: ThreadCareOptions) {
    this.#options = options;
    const { config, threads, log, collect, end } = options;
    const isBlind = lackOfWatchdog() !== undefined;
    this.watchdog = new ThreadWatchdog({
      limits: isBlind ? NEVER : config.stall,
      threads,
      log,
      onHopeless: end,
    });
    this.#loads = new ThreadLoads(threads);
    const heapMib = config.heap;
    if (heapMib !== 0 && !isBlind) {
      this.#heapGuard = new HeapGuard({
        limitBytes: heapMib === undefined ? undefined : heapMib * 2 ** 20,
        threads,
        onHeap: (thread, facts) => this.#endFull(thread, facts),
      });
    }
    const deadHandlers = new DeadHandlerWatch({
      threads,
      lives: options.lives,
      cutOff: (handle) => this.watchdog.interrupt(handle),
    });
    const collector: Visitor = {
      round: (now) => {
        collect();
        return now + COLLECT_MS;
      },
    };
    const visitors = [
      collector,
      this.watchdog,
      isBlind ? undefined : deadHandlers,
      this.#loads,
      this.#heapGuard,
    ];
    this.#endRounds = beginRounds(visitors.filter((visitor) => visitor !== undefined));
  }

  /** Says how welcome a new service is on a thread that is up. */
  standing(watched: WatchedThread): Standing {
    const now = performance.now();
    const isKept = this.watchdog.outsideMs(watched, now) >= PLACEMENT_STUCK_MS;
    return isKept ? STANDING.stuck : this.#loads.standing(watched, now);
  }

  /** Ends it all. */
  stop(): void {
    this.#endRounds();
    this.#heapGuard?.stop();
  }

  /** Ends a thread before its heap ends the process. */
  #endFull(thread: number, { usedBytes, limitBytes, handle, holdings }: HeapFacts): void {
    const mib = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`;
    const size = `${mib(usedBytes)} of ${mib(limitBytes)}`;
    const runs = handle === 0 ? "" : `; ${formatAddress(handle)} runs`;
    const who = holdings === "" ? "" : `; who holds most:\n${holdings}`;
    const text = `thread ${thread} uses ${size} of heap and is ended${runs}${who}`;
    this.#options.log({ handle: 0, text, level: LEVEL.error });
    this.#options.end(thread, `its heap is full, ${size}`);
  }
}
