/**
 * Whether a turn may begin as soon as the callback of a socket is over, and not through a port.
 *
 *     one connection, one request at a time:   wait, read -> tick: turn -> write                       3 system calls a request
 *     through the port:                        wait, read, post; wait, take the post -> turn -> write  6
 *
 * That pays while a round of the event loop reads one socket. Where a round reads many, one turn for all of them is cheaper:
 * the last round decides. A turn in a tick is cut off as safely as one in a port's callback. While async hooks are on turns go
 * through the port all the same, and on the main thread before Node 24, where an AsyncLocalStorage switches them on: a cut in
 * a tick has more of Node's books to put in order there (async-books.ts), and was not tried.
 */

/* oxlint-disable no-restricted-globals -- an immediate says that a round of the event loop is over; nothing of users runs in it */

import { executionAsyncId } from "node:async_hooks";
import { isMainThread } from "node:worker_threads";

/** From this release of Node on an AsyncLocalStorage needs no async hooks. */
const FRAMES_SINCE = 24;

const RESOLVED: Promise<void> = Promise.resolve();

/** What the sockets of a thread have read in this round of the event loop. */
export class Arrivals {
  readonly #isOn: boolean;
  /** Chunks of this round. */
  #count = 0;
  /** Chunks of the last round that had any. */
  #lastCount = 0;
  /** Async hooks were on when it was looked at last. */
  #hasHooks = false;
  readonly #look = (): void => {
    // Behind a promise there is an id only if somebody follows promises: no release tells it more directly.
    this.#hasHooks = executionAsyncId() !== 0;
  };
  readonly #endRound = (): void => {
    this.#lastCount = this.#count;
    this.#count = 0;
    if (this.#lastCount === 1) void RESOLVED.then(this.#look);
  };

  /** @param isOn - turns may begin in a tick at all. @defaultValue on worker threads, and on the main thread from Node 24 on */
  constructor(
    isOn: boolean = !isMainThread || Number.parseInt(process.versions.node, 10) >= FRAMES_SINCE,
  ) {
    this.#isOn = isOn;
  }

  /** Notes that a socket has something; called in its callback, before what came is handed on. */
  readonly note = (): void => {
    this.#count += 1;
    if (this.#count === 1) setImmediate(this.#endRound);
  };

  /** Whether a turn that is asked for now may begin in a tick. */
  get mayBegin(): boolean {
    return this.#isOn && this.#count === 1 && this.#lastCount === 1 && !this.#hasHooks;
  }
}
