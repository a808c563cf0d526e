/**
 * What only some services have: a layer defines a part once, and a service that needs it gets its own at first use.
 *
 *     const sleepers = definePart(() => new Map<unknown, Waiter>());
 *     sleepers.of(context).set(token, waiter);
 *
 * A node may hold a million services, so an idle one has no field for each thing that it might need: its parts are in one
 * map, which it gets with the first of them.
 */

import type { Context } from "./context.ts";

/** A value that is kept with a service once it is set. */
export class Note<T> {
  /** Returns the value of a service; undefined if none was set. */
  peek({ parts }: Context): T | undefined {
    return parts?.get(this) as T | undefined;
  }

  /** Sets the value of a service. */
  set(context: Context, value: T): void {
    (context.parts ??= new Map()).set(this, value);
  }

  /** Forgets the value of a service. */
  drop({ parts }: Context): void {
    parts?.delete(this);
  }
}

/** A part that is made at first use. */
export class Part<T extends NonNullable<unknown>> extends Note<T> {
  readonly #make: (context: Context) => T;

  constructor(make: (context: Context) => T) {
    super();
    this.#make = make;
  }

  /** Returns the part of a service, and makes it the first time. */
  of(context: Context): T {
    const known = this.peek(context);
    if (known !== undefined) return known;
    const made = this.#make(context);
    this.set(context, made);
    return made;
  }
}

/** Defines a part that is made at first use. */
export function definePart<T extends NonNullable<unknown>>(make: (context: Context) => T): Part<T> {
  return new Part(make);
}

/** Defines a value that is there once it is set. */
export function defineNote<T>(): Note<T> {
  return new Note();
}

/** What a service stands for here that runs on another node: `db @sdb`, for people. */
export const standsFor: Note<string> = defineNote();
