// Hot path (bench: player).
/**
 * Copies what a message carries: services of one thread share a heap but never an object.
 *
 * Carried is what structured clone carries (instances of classes become plain objects, getters are read), and more: a
 * Buffer stays a Buffer, errors keep their code and data, portable objects say themselves what arrives. Sharing and
 * cycles inside one message are kept. A message that can't be sent is refused whole, with the path to the reason.
 * A Proxy is looked through. Typed arrays that track the length of a resizable buffer arrive with a fixed one.
 *
 *     Walk.copyObject -> met before? -> array      -> copy-array.ts
 *                                    -> data       -> copy-shape.ts, or field by field
 *                                    -> platform's -> copy-host.ts
 */

import { copyArray } from "./copy-array.ts";
import { kindOf } from "./copy-class.ts";
import { copyHost } from "./copy-host.ts";
import { explain } from "./copy-refusal.ts";
import { findShape } from "./copy-shape.ts";
import { SnaxError } from "./error.ts";
import { COPY_DEPTH_MAX } from "./limits.ts";
import { kPort } from "./portable.ts";
import type { Portable } from "./portable.ts";

/** How many objects are looked up one by one, the others in a Map: most messages never need one. */
const LINEAR_COUNT = 16;

/** The attributes of a property made by assignment. */
const OPEN = { enumerable: true, writable: true, configurable: true };

/** Whether a value is a primitive that is its own copy. */
export function isPlain(value: unknown): boolean {
  if (typeof value === "object") return value === null;
  return typeof value !== "function" && typeof value !== "symbol";
}

/**
 * One walk through one message: decides what each object is, and knows which ones it has met.
 *
 * What can't be sent ends the walk with an error, and so does a depth past COPY_DEPTH_MAX; where in the message that was,
 * copy-refusal.ts finds out. The walk can be used again after {@link Walk.forget}.
 */
export class Walk {
  /** The service that gets the message, for portable objects. */
  receiver: object | undefined = undefined;
  // Private by convention: `#` fields cost a check for each object of each message.
  /** The objects met first, in the order of meeting; what is past `count` is undefined. */
  readonly sources: unknown[] = Array.from({ length: LINEAR_COUNT });
  /** Their copies, at the same places. */
  readonly copies: unknown[] = Array.from({ length: LINEAR_COUNT });
  /** How many places of the two lists are taken. */
  count = 0;
  /** The objects met when the lists were full, with their copies. */
  later: Map<object, unknown> | undefined = undefined;
  /** Says what the copy of an error is, in place of copy-error.ts. */
  errors: ((source: Error, depth: number) => Error) | undefined = undefined;

  /**
   * Copies a value that is `depth` levels deep.
   *
   * @throws {ERR_NOT_SENDABLE} without a path; a getter's error comes as it is.
   */
  copy(value: unknown, depth: number): unknown {
    if (isPlain(value)) return value;
    if (typeof value === "object") return this.copyObject(value as object, depth);
    throw notSendable();
  }

  /** Remembers the copy of an object; called before its contents are copied, for they may lead back to it. */
  keep(source: object, copy: unknown): void {
    if (this.count < LINEAR_COUNT) {
      this.sources[this.count] = source;
      this.copies[this.count++] = copy;
    } else {
      this.later ??= new Map();
      this.later.set(source, copy);
    }
  }

  /** Lets go of everything, so that a walk that waits for its next use holds no message in memory. */
  forget(): void {
    for (let at = 0; at < this.count; at++) this.sources[at] = this.copies[at] = undefined;
    this.count = 0;
    this.later = undefined;
    this.receiver = undefined;
  }

  /** Copies an object, or finds the copy it has. */
  copyObject(source: object, depth: number): unknown {
    for (let at = 0; at < this.count; at++) {
      if (this.sources[at] === source) return this.copies[at];
    }
    const known = this.later?.get(source);
    if (known !== undefined) return known;
    if (depth > COPY_DEPTH_MAX) throw notSendable();
    if (Array.isArray(source)) return copyArray(source, this, depth);
    const prototype: object | null = Object.getPrototypeOf(source);
    if (prototype !== Object.prototype && kindOf(prototype) === "host") {
      return this.#copyHost(source, depth);
    }
    const keys = Object.keys(source);
    const shape = findShape(keys);
    if (shape !== undefined) return shape(source, this, depth);
    if (isPortable(source)) return this.copyPortable(source);
    return this.copyFields(source, {}, keys, depth);
  }

  /** Copies fields one by one: what is always right, and fast enough for what comes rarely. */
  copyFields(source: object, copy: object, keys: readonly string[], depth: number): object {
    this.keep(source, copy);
    const from = source as Record<string, unknown>;
    const to = copy as Record<string, unknown>;
    for (const key of keys) {
      const value = this.copy(from[key], depth + 1);
      // An assignment to this one key would change the prototype of the copy.
      if (key === "__proto__") Object.defineProperty(to, key, { value, ...OPEN });
      else to[key] = value;
    }
    return copy;
  }

  /** Lets an object say itself what the receiver gets. */
  copyPortable(source: Portable): unknown {
    const copy = source[kPort](this.receiver);
    this.keep(source, copy);
    return copy;
  }

  #copyHost(source: object, depth: number): unknown {
    if (isPortable(source)) return this.copyPortable(source);
    const copy = copyHost(source, this, depth);
    if (copy === undefined) throw notSendable();
    return copy;
  }
}

function isPortable(source: object): source is Portable {
  return typeof (source as Partial<Portable>)[kPort] === "function";
}

function notSendable(): SnaxError {
  return new SnaxError("ERR_NOT_SENDABLE", "the message can't be sent");
}

/** The walk for the next message; taken while in use, for a getter may send a message too. */
let spare: Walk | undefined;

/**
 * Copies the arguments of a message.
 *
 * An object that two arguments hold is one object on the other side too.
 *
 * @param receiver - the service that gets the message, for portable objects; undefined outside any.
 * @throws {ERR_NOT_SENDABLE} if one of them can't be sent; the message begins `argument 1`.
 */
export function copyArguments(values: readonly unknown[], receiver: object | undefined): unknown[] {
  return ownArguments(values.slice(), receiver);
}

/**
 * Does the same in place, for an array that is held nowhere else: a message costs one array, not two.
 *
 * @returns the array. When it throws, some of the values have become copies.
 * @throws what {@link copyArguments} throws.
 */
export function ownArguments(values: unknown[], receiver: object | undefined): unknown[] {
  for (let index = 0; index < values.length; index++) {
    if (!isPlain(values[index])) {
      copyFrom(index, values, receiver);
      break;
    }
  }
  return values;
}

/** Replaces the arguments from `first` on by their copies. */
function copyFrom(first: number, values: unknown[], receiver: object | undefined): void {
  const walk = take(receiver);
  try {
    for (let index = first; index < values.length; index++) {
      values[index] = walk.copy(values[index], 1);
    }
  } catch (error) {
    throw explain(
      values.map((value, index) => [`argument ${index + 1}`, value]),
      error,
    );
  }
  release(walk);
}

/**
 * Copies the result of a call.
 *
 * @param receiver - the service that made the call, for portable objects; undefined outside any.
 * @throws {ERR_NOT_SENDABLE} if it can't be sent; the message begins `result`.
 */
export function copyResult(value: unknown, receiver: object | undefined): unknown {
  if (isPlain(value)) return value;
  const walk = take(receiver);
  let copy: unknown;
  try {
    copy = walk.copy(value, 1);
  } catch (error) {
    throw explain([["result", value]], error);
  }
  release(walk);
  return copy;
}

function take(receiver: object | undefined): Walk {
  const walk = spare ?? new Walk();
  spare = undefined;
  walk.receiver = receiver;
  return walk;
}

/** A walk that failed or was terminated never comes back here, so the spare one is always clean. */
function release(walk: Walk): void {
  walk.forget();
  spare = walk;
}
