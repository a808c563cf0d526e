/**
 * The pace at which a thread does long work for its consoles: one slice, and then everything goes first that waits on the
 * thread, messages, timers and sockets.
 *
 * However many operators ask for long answers at a time, one slice is done each time the event loop comes round, so the node
 * is slowed down by one of them and not by all.
 */

import { setImmediate } from "node:timers";
import type { Context } from "../../service/context.ts";

/** Milliseconds that a slice takes, unless one row takes longer. */
export const SLICE_MS = 4;

/** A command that has more to do. */
interface Resting {
  readonly context: Context;
  readonly go: () => void;
}

/** The pace of one thread. */
export class Pacer {
  readonly #resting: Resting[] = [];
  #isArmed = false;

  /** Waits inside a service until it is its turn again; for ever if the service dies. */
  rest(context: Context): Promise<void> {
    return new Promise((go) => {
      this.#resting.push({ context, go });
      this.#arm();
    });
  }

  #arm(): void {
    if (this.#isArmed) return;
    this.#isArmed = true;
    setImmediate(() => {
      this.#isArmed = false;
      this.#next();
      if (this.#resting.length > 0) this.#arm();
    });
  }

  #next(): void {
    let next = this.#resting.shift();
    while (next !== undefined && !next.context.service.isAlive) next = this.#resting.shift();
    if (next === undefined) return;
    const { context, go } = next;
    context.runtime.kernel.soon(context.service, go);
  }
}

/** Says when a slice is over. */
export class Slice {
  #endsAt = 0;

  constructor() {
    this.begin();
  }

  /** The next slice begins. */
  begin(): void {
    this.#endsAt = performance.now() + SLICE_MS;
  }

  /** It has lasted long enough. */
  get isOver(): boolean {
    return performance.now() >= this.#endsAt;
  }
}
