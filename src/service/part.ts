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

/** What the code of a service has registered: other code in its place begins it anew. */
const ofCode = new Set<object>();

/** What of the outside world services hold in a part, for people, by part. */
const holdings = new Map<object, (value: never) => string | undefined>();

/** What ties services to their thread, for people, by part. */
const ties = new Map<object, (value: never) => string | undefined>();

/** What of a part that old code has registered the new code in its place has not, for people, by part. */
const losses = new Map<object, (before: never, after: never) => string | undefined>();

/** How what code has registered ends, and how it returns, by part. */
const ends = new Map<object, (value: never) => void>();
const returns = new Map<object, (value: never) => void>();

/** What more is known of a part. */
export interface PartOptions<T> {
  /** The code of the service has registered it, and registers it again when it begins anew. @defaultValue false */
  readonly isOfCode?: boolean;
  /** Says for people what other code in its place has not registered again, though it must. @defaultValue nothing */
  readonly lacks?: (before: T, after: T | undefined) => string | undefined;
  /** Ends what code has registered that is not the service's any more. @defaultValue nothing */
  readonly ends?: (value: T) => void;
  /** Registers again what other code has taken the place of and given back. @defaultValue nothing */
  readonly returns?: (value: T) => void;
  /** Names what the service holds by it that no other service can take over, `a socket`. @defaultValue nothing */
  readonly holds?: (value: T) => string | undefined;
  /** Names what of it another thread could not have, `a pinned version of a shared table`. @defaultValue nothing */
  readonly ties?: (value: T) => string | undefined;
}

/** Defines a part that is made at first use. */
export function definePart<T extends NonNullable<unknown>>(
  make: (context: Context) => T,
  options: PartOptions<T> = {},
): Part<T> {
  const part = new Part(make);
  enter(part, options);
  return part;
}

/** Defines a value that is there once it is set. */
export function defineNote<T>(options: PartOptions<T> = {}): Note<T> {
  const note = new Note<T>();
  enter(note, options);
  return note;
}

function enter<T>(part: object, options: PartOptions<T>): void {
  const { isOfCode = false, holds, ties: tie, lacks, ends: end, returns: put } = options;
  if (isOfCode) ofCode.add(part);
  if (lacks !== undefined) losses.set(part, lacks);
  if (end !== undefined) ends.set(part, end);
  if (put !== undefined) returns.set(part, put);
  if (tie !== undefined) ties.set(part, tie);
  if (holds !== undefined) holdings.set(part, holds);
}

/** Names what a service holds that no other one can take over: sockets, a gate, channels. */
export function holdingsOf({ parts }: Context): string[] {
  return namesIn(parts, holdings);
}

/** Names what ties a service to its thread, beside what it holds. */
export function tiesOf({ parts }: Context): string[] {
  return namesIn(parts, ties);
}

/** The parts of a service. */
type Parts = Context["parts"];

/** Ends what code has registered in its parts that is not the service's any more. */
export function endParts(of: Parts, now: Parts): void {
  for (const [part, end] of ends) {
    const value = of?.get(part);
    if (value !== undefined && value !== now?.get(part)) end(value as never);
  }
}

/** Registers again what the code that has these parts had registered. */
export function returnParts(of: Parts): void {
  for (const [part, put] of returns) {
    const value = of?.get(part);
    if (value !== undefined) put(value as never);
  }
}

/** Says what the code before had registered in some parts and the code of a service now has not. */
export function lacksOf({ parts }: Context, before: Context["parts"]): string[] {
  return [...losses].flatMap(([part, name]) => {
    const value = before?.get(part);
    return value === undefined ? [] : (name(value as never, parts?.get(part) as never) ?? []);
  });
}

function namesIn(
  parts: ReadonlyMap<object, unknown> | undefined,
  by: ReadonlyMap<object, (value: never) => string | undefined>,
): string[] {
  if (parts === undefined) return [];
  return [...by].flatMap(([part, name]) => {
    const value = parts.get(part);
    return value === undefined ? [] : (name(value as never) ?? []);
  });
}

/** Returns the parts of a service without those that its code has registered. */
export function partsWithoutCode({ parts }: Context): Map<object, unknown> | undefined {
  if (parts === undefined) return undefined;
  return new Map([...parts].filter(([part]) => !ofCode.has(part)));
}

/** What a service stands for here that runs on another node: `db @sdb`, for people. */
export const standsFor: Note<string> = defineNote();
