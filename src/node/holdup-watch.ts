/**
 * Looks after the worker threads while a node stops: a handler that does not return there would keep every other service
 * of its thread from its `exit`, and those who wait for them as well.
 *
 *     a look at every phase -> the same dispatch for too long -> it is cut off, whatever `stall.interrupt` says
 *
 * The node ends in any case, and with it the handler; what counts now is what the others have to save. Too long is a part of the
 * time that is left: a quarter for what ran before the stop was asked for, half for what began later, which may be an `exit`
 * that saves. What can't be cut off (native code) is left to itself: its thread is waited for no longer than that.
 */

import { LEVEL } from "../base/log-level.ts";
import { hasStayed } from "../fabric/stay.ts";
import { formatAddress } from "../kernel/service.ts";
import type { Runtime } from "../service/runtime.ts";
import type { ThreadWork } from "../service/threads.ts";

/** Looks within the time for the stop, and milliseconds between two of them at least. */
const LOOKS = 16;
const LOOK_MIN_MS = 10;

/** The part of the time that is left after which a dispatch is cut off. */
const EARLIER_SHARE = 1 / 4;
const LATER_SHARE = 1 / 2;

/** A dispatch that was seen to run. */
interface Seen {
  readonly work: ThreadWork;
  /** When it is cut off. */
  cutAt: number;
}

/** The watch over the threads of a node that stops. */
export class HoldupWatch {
  /** What was cut off, or was lost with its thread, for people. */
  readonly culprits: Set<string> = new Set();
  readonly #runtime: Runtime;
  readonly #until: number;
  readonly #periodMs: number;
  readonly #seen = new Map<number, Seen>();
  #isOver = false;

  /** Begins to look. @param timeoutMs - milliseconds that the whole stop may take. */
  constructor(runtime: Runtime, timeoutMs: number) {
    this.#runtime = runtime;
    this.#until = runtime.clock.now() + timeoutMs;
    this.#periodMs = Math.max(timeoutMs / LOOKS, LOOK_MIN_MS);
    if (runtime.threads === undefined) return;
    runtime.onThreadDeath.push((thread) => {
      if (!this.#isOver) this.culprits.add(`thread ${thread}`);
    });
    this.#look(EARLIER_SHARE);
  }

  /** Ends the watch. */
  end(): void {
    this.#isOver = true;
  }

  #look(share: number): void {
    const { clock, threads } = this.#runtime;
    const now = clock.now();
    if (this.#isOver || now >= this.#until) return;
    for (const thread of threads?.hosts ?? []) this.#lookAt(thread, now, share);
    this.#runtime.after(this.#periodMs, () => this.#look(LATER_SHARE));
  }

  #lookAt(thread: number, now: number, share: number): void {
    const work = this.#runtime.threads?.workOf(thread);
    if (work === undefined || work.handle === 0) return void this.#seen.delete(thread);
    const leftMs = this.#until - now;
    const seen = this.#seen.get(thread);
    if (seen === undefined || !hasStayed(seen.work, work)) {
      this.#seen.set(thread, { work, cutAt: now + leftMs * share });
    } else if (now >= seen.cutAt) {
      // If that does not help, once more.
      seen.cutAt = now + leftMs * LATER_SHARE;
      void this.#cutOff(thread, work.handle);
    }
  }

  async #cutOff(thread: number, handle: number): Promise<void> {
    const who = `${formatAddress(handle)} on thread ${thread}`;
    const text = `${who} does not return and holds up the stop: it is to be cut off`;
    this.#runtime.log(0, text, LEVEL.error);
    const news = await this.#runtime.interrupt?.(handle);
    // It had gone on to something else.
    if (news !== undefined) this.culprits.add(who);
  }
}
