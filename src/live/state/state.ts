/**
 * The state of an instance as a graph by names: what {@link takeState} takes, {@link restoreState} gives to another
 * instance, and {@link compareStates} compares.
 *
 *     live instance -> takeState -> State -> restoreState -> another instance of the same or of an edited text
 *
 * The graph is made of mirrors. A mirror of plain data (objects, arrays, Map, Set, Date, RegExp, buffers) is data of the same
 * form, so a `State` survives structured clone and can go to another thread or process. For what is more than data an
 * entry in {@link State.odd} says what the mirror means: an instance of a class goes by the name of its class, a
 * function by its own name. An object that was met twice has one mirror, so aliases and cycles are kept.
 *
 * A `State` shares no object with the instance that it was taken from, except those in {@link State.foreign}. It may be
 * given to one other instance only, because that gets the plain data itself and not a copy.
 */

import type { Closed } from "./properties.ts";
import { HANDLER, TARGET } from "./proxies.ts";

/** Where a value with a name is: at the top level of a module, or below a name there. */
export interface NameRef {
  /** Real path of the file. */
  readonly file: string;
  readonly name: string;
  /** The way from the name to the value, for a member of a table or of a class. */
  readonly path?: readonly string[];
}

/** A property that assignment would not make as it is: not enumerable, fixed, or named by a symbol. */
export interface OddProperty {
  /** A text, or the mirror of a symbol. */
  readonly key: unknown;
  readonly value: unknown;
  /** Bits: 1 enumerable, 2 writable, 4 configurable. */
  readonly bits: number;
}

/** What a mirror stands for that is not plain data. */
export interface Odd {
  /** A function, a class, a prototype, a group of methods, a unique symbol: all that goes by a name. */
  readonly named?: NameRef;
  /** A name of the service's own API, as it imports it from "snax", and a member of it. */
  readonly api?: readonly string[];
  /** A function of the platform, by its way from the global object. */
  readonly global?: readonly string[];
  /** A symbol: its key if it is registered, else its description. */
  readonly symbol?: { readonly key?: string; readonly description?: string };
  /** A service object. */
  readonly service?: { readonly handle: number; readonly type: string };
  /** An object that goes over as it is: its number in {@link State.foreign}. */
  readonly foreign?: number;
  /** What the code that took the state has a name of its own for, see TakeOptions.own. */
  readonly own?: string;
  /** What can't be carried; the same object as in {@link State.left}. */
  readonly left?: Left;
  /** The class of an instance; its fields are in the mirror. */
  readonly ofClass?: NameRef;
  /** Its prototype is null. */
  readonly isNull?: true;
  /** The platform's class of an error. */
  readonly error?: string;
  /** An EventEmitter of Node. */
  readonly isEmitter?: true;
  readonly isBuffer?: true;
  /** A proxy: its mirror holds what it is made of. */
  readonly isProxy?: true;
  /** How far the object was closed to changes. */
  readonly closed?: Closed;
  /** All its properties in their order, where some are odd; the mirror then has none. */
  readonly properties?: readonly OddProperty[];
}

/**
 * Which part of a value is still what the text gave: true for all of it, and for an object in part the keys that the text
 * writes. What is as written is no state: an edited text may give something else.
 */
export type Written = true | ReadonlyMap<string, Written | undefined>;

/** A variable of a module, or a field of a class or function. */
export interface Root {
  readonly file: string;
  readonly name: string;
  /** The way from the name to what has the field, if it is not the value itself: the prototype of a class. */
  readonly path?: readonly string[];
  /** The field, for a static one of a class, or what a program has put on a function or a prototype. */
  readonly field?: string;
  /** The text of the class does not have the field: the program has put it there. */
  readonly isAdded?: true;
  /** What the top level of the text has put on a prototype: it goes with its text. */
  readonly isOfText?: true;
  /** It holds what ends a registration: the new top level has its own. */
  readonly isEnder?: true;
  /** Line of the declaration, from 1. */
  readonly line: number;
  readonly isConst: boolean;
  /** The mirror, or a primitive. */
  readonly value: unknown;
  readonly written: Written | undefined;
}

/** Something that can't be carried. */
export interface Left {
  /** `hooks[0]`, `players.get("ann").wait` */
  path: string;
  file: string;
  /** Line of the variable that holds it. */
  line: number;
  /** What it is: `a closure`. */
  readonly why: string;
}

/** An accessor, or what goes by a symbol, on a function, a class or a prototype; or something on the function of an accessor. */
export interface Put extends NameRef {
  /** Its name; the description of a symbol. */
  readonly key: string;
  readonly isSymbol: boolean;
  /** It is on the function of this accessor. */
  readonly accessor?: "get" | "set";
  /** Line of the declaration. */
  readonly line: number;
}

/** The state of an instance. */
export interface State {
  readonly roots: readonly Root[];
  readonly odd: ReadonlyMap<object, Odd>;
  /** Objects of packages and of the runtime that go over as they are; empty if they were left out. */
  readonly foreign: readonly unknown[];
  /** What a program may have put on functions and prototypes that is no field: it is told where another instance lacks it. */
  readonly put: readonly Put[];
  /** What can't be carried. The caller that restores the state decides what to put there. */
  readonly left: readonly Left[];
  /** How many objects were met. */
  readonly count: number;
  /**
   * Where a mirror is held that may have to make room for another object: a mirror and a key in turn; the whole mirror if the
   * key is undefined. Only of a state that is given to one instance, whose objects its mirrors become; see
   * {@link TakeOptions.isGivenAway}.
   */
  readonly links?: readonly unknown[];
}

/** What tells roots apart. */
export function rootKey({
  file,
  name,
  path,
  field,
}: Pick<Root, "file" | "name" | "path" | "field">): string {
  const own = `${file}\0${name}`;
  if (path === undefined && field === undefined) return own;
  return [own, ...(path ?? []), "", field ?? ""].join("\0");
}

/** Whether a value is its own mirror. */
export function isPrimitive(value: unknown): boolean {
  if (typeof value === "object") return value === null;
  return typeof value !== "function" && typeof value !== "symbol";
}

/** `players.ann`, `players["two words"]`, `list[3]` */
export function memberPath(holder: string, key: string, isArray = false): string {
  if (isArray) return `${holder}[${key}]`;
  if (key === TARGET || key === HANDLER) return `${holder}.${key}`;
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key)
    ? `${holder}.${key}`
    : `${holder}[${JSON.stringify(key)}]`;
}

/** `ann`, quoted, or a number; what is neither is `...`. */
export function keyText(key: unknown): string {
  if (typeof key === "string")
    return JSON.stringify(key.length > 40 ? `${key.slice(0, 40)}…` : key);
  return isPrimitive(key) ? (typeof key === "bigint" ? `${key}n` : String(key)) : "...";
}
