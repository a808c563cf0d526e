/**
 * Tells the log of connections that were turned away: of the first at once, of those behind it in
 * one line a second.
 *
 * A rejected client only sees its connection end; the log is where an operator finds out which
 * limit it was.
 */

import { LEVEL } from "../base/log-level.ts";
import { TURNED_AWAY_MS } from "../base/limits.ts";
import type { Context } from "../service/context.ts";

/** What one port tells of connections that it does not take. */
export class TurnAway {
  readonly #context: Context;
  #isQuiet = false;
  #count = 0;

  constructor(context: Context) {
    this.#context = context;
  }

  /** Tells of a connection. @param why - the limit, with its value */
  note(peer: string, why: string): void {
    if (this.#isQuiet) {
      this.#count += 1;
      return;
    }
    this.#log(`${peer} was turned away : ${why}`);
    this.#rest(why);
  }

  #rest(why: string): void {
    const { runtime, service } = this.#context;
    this.#isQuiet = service.isAlive;
    if (!this.#isQuiet) return;
    runtime.kernel.addTimer(service, TURNED_AWAY_MS, () => {
      this.#isQuiet = false;
      const count = this.#count;
      this.#count = 0;
      if (count === 0) return;
      this.#log(`${count} more were turned away : ${why}`);
      this.#rest(why);
    });
  }

  #log(text: string): void {
    this.#context.runtime.log(this.#context.handle, text, LEVEL.warn);
  }
}
