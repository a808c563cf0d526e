/**
 * Functions of the program that are called later, when something comes from outside: a connection, a datagram, a request.
 *
 * A caller reads it at the moment of the call: code that takes the place of other code puts its own there.
 */

import type { Context } from "./context.ts";
import { definePart } from "./context.ts";

/** The callbacks of a service: those that last until they are ended, and those that last as long as what has them. */
class Callbacks {
  readonly lasting = new Set<Callback>();
  readonly weak = new Set<WeakRef<Callback>>();
}

const callbacks = definePart(() => new Callbacks());

/** How a callback is dealt with when other code takes the place of its code. */
export interface CallbackWishes {
  /** What helps where a closure can't go over. @defaultValue another one in reload() */
  readonly advice?: string;
  /**
   * A closure stays as it is, and the result of the reload names it; the callback is there as long as its caller.
   *
   * @defaultValue false: a closure refuses the reload
   */
  readonly mayStay?: boolean;
}

/** A function that a service has given to the runtime, until it is ended. */
export class Callback<F extends Function = Function> {
  run: F;
  /** What it was given to, for people: `socket.start`. */
  readonly title: string;
  /** What helps where a closure can't go over, for people. */
  readonly advice: string;
  /** See {@link CallbackWishes.mayStay}. */
  readonly mayStay: boolean;
  readonly #context: Context;

  // oxlint-disable-next-line max-params -- what it is, and rarely more
  constructor(context: Context, title: string, run: F, wishes: CallbackWishes = {}) {
    const { advice = "another one in reload()", mayStay = false } = wishes;
    this.run = run;
    this.title = title;
    this.advice = advice;
    this.mayStay = mayStay;
    this.#context = context;
    const own = callbacks.of(context);
    const self = this as unknown as Callback;
    if (mayStay) own.weak.add(new WeakRef(self));
    else own.lasting.add(self);
  }

  /** It is not called any more. */
  end(): void {
    const own = callbacks.peek(this.#context);
    const self = this as unknown as Callback;
    if (own === undefined) return;
    own.lasting.delete(self);
    for (const ref of own.weak) {
      const each = ref.deref();
      if (each === undefined || each === self) own.weak.delete(ref);
    }
  }
}

/** What a service has given and not ended. */
export function callbacksOf(context: Context): ReadonlySet<Callback> {
  const own = callbacks.peek(context);
  if (own === undefined) return NONE;
  if (own.weak.size === 0) return own.lasting;
  const all = new Set(own.lasting);
  for (const ref of own.weak) {
    const each = ref.deref();
    if (each === undefined) own.weak.delete(ref);
    else all.add(each);
  }
  return all;
}

const NONE: ReadonlySet<Callback> = new Set();
