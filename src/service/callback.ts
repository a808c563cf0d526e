/**
 * Functions of the program that are called later, when something comes from outside: a connection, a datagram, a request.
 *
 * A caller reads it at the moment of the call: code that takes the place of other code puts its own there.
 */

import type { Context } from "./context.ts";
import { definePart } from "./part.ts";

const callbacks = definePart(() => new Set<Callback>());

/** A function that a service has given to the runtime, until it is ended. */
export class Callback<F extends Function = Function> {
  run: F;
  /** What it was given to, for people: `socket.start`. */
  readonly title: string;
  readonly #context: Context;

  constructor(context: Context, title: string, run: F) {
    this.run = run;
    this.title = title;
    this.#context = context;
    callbacks.of(context).add(this as unknown as Callback);
  }

  /** It is not called any more. */
  end(): void {
    callbacks.peek(this.#context)?.delete(this as unknown as Callback);
  }
}

/** What a service has given and not ended. */
export function callbacksOf(context: Context): ReadonlySet<Callback> {
  return callbacks.peek(context) ?? NONE;
}

const NONE: ReadonlySet<Callback> = new Set();
