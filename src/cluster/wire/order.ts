/**
 * A request or a push on its way to another node, from the moment at which a service asks for it.
 *
 * It is over once: with the answer, with an error, or because the caller has given up. What is over and was not written yet
 * is never written: a request that its caller has forgotten must not run.
 */

import type { WireAddress } from "./skynet-frame.ts";

/** What a service wants of another node. */
export interface Wish {
  readonly node: string;
  /** 0 asks for the handle of a name. */
  readonly address: WireAddress;
  readonly payload: Uint8Array;
  readonly isPush: boolean;
  /** The tag under which it is traced. */
  readonly tag?: string | undefined;
}

/** One wish, and what becomes of it. */
export class Order {
  readonly wish: Wish;
  /** Its caller does not wait any more. */
  isOver = false;
  readonly #settle: (error: Error | undefined, payload: Uint8Array) => void;
  /** Undone when it is over: its deadline, its place where it waits. */
  onOver: (() => void) | undefined = undefined;
  /** Whether the caller has given up by now: here the timer may come later than there. */
  isLate: () => boolean = never;

  /** @param settle - gets the error, or the payload of the answer; of a push only the error. */
  constructor(wish: Wish, settle: (error: Error | undefined, payload: Uint8Array) => void) {
    this.wish = wish;
    this.#settle = settle;
  }

  /** Ends it with an answer. */
  resolve(payload: Uint8Array): void {
    if (this.#end()) this.#settle(undefined, payload);
  }

  /** Ends it with an error. */
  reject(error: Error): void {
    if (this.#end()) this.#settle(error, NOTHING);
  }

  /** The caller waits no more. */
  giveUp(): void {
    this.#end();
  }

  #end(): boolean {
    if (this.isOver) return false;
    this.isOver = true;
    this.onOver?.();
    return true;
  }
}

const NOTHING = new Uint8Array(0);

const never = (): boolean => false;
