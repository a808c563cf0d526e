/**
 * The calls of one service that wait for an answer, by session.
 *
 * Hot path (bench: call). Sessions are handed out in sequence, so the table is an array indexed by the low bits of the
 * session: no map, no hashing. A session whose place is taken by a call that has waited long is skipped, which
 * also keeps a wrapped counter from ever handing out a session that is still open (skynet checks for that only above
 * 0x70000000). The table doubles when it is half full.
 */

import { SnaxError } from "../base/error.ts";
import type { Message } from "./message.ts";
import type { Timer } from "./timer-wheel.ts";

/** The last session before the counter begins again at 1, as in skynet. */
export const SESSION_MAX = 0x7fffffff;

/** Most calls of one service that may wait at once. */
export const OPEN_CALLS_MAX: number = 1 << 24;

const CAPACITY_MIN = 4;

/** A call that waits. It is settled exactly once: by an answer, an error, or its deadline. */
export class OpenCall {
  /** Set by the table; 0 before and after. */
  session = 0;
  /** Who should answer, for the log. */
  target = 0;
  /** When the call began, in milliseconds of the kernel's clock as of that turn; NaN once it was logged as slow. */
  since = 0;
  /** The message whose handling made the call; see Kernel.origin. */
  origin: Message | undefined = undefined;
  /** It waits for something that may take for ever, a death: nobody is told that it takes long. */
  isPatient = false;
  /** What the caller was given, if whoever made the call says so. */
  promise: Promise<unknown> | undefined = undefined;
  /** The deadline, if one was set. */
  timer: Timer | undefined = undefined;
  /** Settle it. An operator who asks where the call waits puts others in their place, which do the same. */
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;

  constructor(resolve: (value: unknown) => void, reject: (error: unknown) => void) {
    this.resolve = resolve;
    this.reject = reject;
  }

  /** Nobody has settled it yet. */
  get isOpen(): boolean {
    return this.session !== 0;
  }
}

/** The waiting calls of one service. */
export class CallTable {
  #slots: (OpenCall | undefined)[] = new Array<OpenCall | undefined>(CAPACITY_MIN).fill(undefined);
  /** How many calls wait. */
  size = 0;

  /**
   * Returns the session that the next call gets: the first free one after `last`.
   *
   * @throws {ERR_EXHAUSTED} if OPEN_CALLS_MAX calls wait already.
   */
  next(last: number): number {
    if (this.size >= this.#slots.length >> 1) this.#grow();
    const mask = this.#slots.length - 1;
    let session = last;
    do {
      session = session >= SESSION_MAX ? 1 : session + 1;
    } while (this.#slots[session & mask] !== undefined);
    return session;
  }

  /**
   * Files a call under the next session.
   *
   * @returns the session, which is the new last one.
   * @throws {ERR_EXHAUSTED} if OPEN_CALLS_MAX calls wait already.
   */
  open(call: OpenCall, last: number): number {
    const session = this.next(last);
    this.#slots[session & (this.#slots.length - 1)] = call;
    this.size += 1;
    call.session = session;
    return session;
  }

  /** Takes out the call that waits under a session; undefined if none does (any more). */
  close(session: number): OpenCall | undefined {
    const index = session & (this.#slots.length - 1);
    const call = this.#slots[index];
    if (call === undefined || call.session !== session) return undefined;
    this.#slots[index] = undefined;
    this.size -= 1;
    call.session = 0;
    return call;
  }

  /** Says whether the table has grown so much that an idle service should not keep it. */
  get isLarge(): boolean {
    return this.#slots.length > 64;
  }

  /** Returns the call that waits under a session. */
  get(session: number): OpenCall | undefined {
    const call = this.#slots[session & (this.#slots.length - 1)];
    return call?.session === session ? call : undefined;
  }

  /** Says whether a call waits under the session. */
  has(session: number): boolean {
    return this.get(session) !== undefined;
  }

  /** All waiting calls, in no order that means anything. */
  *[Symbol.iterator](): Generator<OpenCall> {
    for (const call of this.#slots) if (call !== undefined) yield call;
  }

  #grow(): void {
    const old = this.#slots;
    if (this.size >= OPEN_CALLS_MAX) {
      throw new SnaxError("ERR_EXHAUSTED", `${this.size} calls of this service wait for an answer`);
    }
    // Two calls that share no place in the old table share none in one of twice its length.
    const slots = new Array<OpenCall | undefined>(old.length * 2).fill(undefined);
    for (const call of old) {
      if (call !== undefined) slots[call.session & (slots.length - 1)] = call;
    }
    this.#slots = slots;
  }
}
