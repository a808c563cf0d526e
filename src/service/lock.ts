/**
 * The lock behind `skynet.queue`: functions run one after the other, in the order in which they asked.
 *
 * Whoever waits is woken by a message of the system lane that goes on in the name of its own handler, so that an interrupt
 * always finds the handler that has the lock, and frees it.
 */

import type { Message } from "../kernel/message.ts";
import type { Context } from "./context.ts";

/** Somebody who waits. */
interface Waiter {
  readonly origin: Message | undefined;
  readonly go: () => void;
}

/** One lock of one service. */
export class Lock {
  /** The function that has the lock runs, and has not awaited yet. */
  isInside = false;
  readonly #context: Context;
  readonly #waiters: Waiter[] = [];
  #isTaken = false;

  constructor(context: Context) {
    this.#context = context;
  }

  /** Runs something while nobody else has the lock, and returns what it returned or its promise resolved to. */
  async hold<R>(run: () => R): Promise<Awaited<R>> {
    const { service, runtime } = this.#context;
    const { origin } = runtime.kernel;
    if (this.#isTaken) await this.#wait(origin);
    this.#isTaken = true;
    let isOver = false;
    // An interrupt may have taken the lock from a handler that goes on all the same.
    const end = (): void => {
      if (!isOver) this.#handOn();
      isOver = true;
    };
    const keepPromise = runtime.commitments.add(origin, service, end);
    try {
      return await this.#enter(run);
    } finally {
      keepPromise();
      end();
    }
  }

  #enter<R>(run: () => R): R {
    this.isInside = true;
    try {
      return run();
    } finally {
      this.isInside = false;
    }
  }

  #wait(origin: Message | undefined): Promise<void> {
    const { service, runtime } = this.#context;
    return new Promise((resolve) => {
      const endWait = runtime.commitments.wait(origin, service);
      this.#waiters.push({
        origin,
        go: () => {
          endWait();
          resolve();
        },
      });
    });
  }

  /** Gives the lock to whoever waits longest. It stays taken until they run, or somebody could come in between. */
  #handOn(): void {
    const { service, runtime } = this.#context;
    this.isInside = false;
    const next = this.#waiters.shift();
    if (next === undefined) this.#isTaken = false;
    else runtime.kernel.resume(service, next.origin, next.go);
  }
}
