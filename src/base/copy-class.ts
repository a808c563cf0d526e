/**
 * What an object is to the copier: data that is copied field by field, something with contents of its own, or nothing
 * that could be sent.
 *
 * The verdict hangs on the prototype and is kept for it, so a class of the user is looked at once. What stands for
 * something outside the heap (sockets, ports, streams, signals) is told by its class: it is built into the platform, or
 * it emits events. Leaves out: objects whose prototype was exchanged after they were made.
 */

import { EventEmitter } from "node:events";
import { types } from "node:util";
import { dataView, memory, typedArray } from "./true-parts.ts";

/** Whether objects of a prototype are copied field by field (`data`) or have to be looked at one by one (`host`). */
export type ObjectKind = "data" | "host";

const kinds = new WeakMap<object, ObjectKind>();
/** Names only: many classes of Node load at the first look. A class that a program makes global later is not among them. */
const PLATFORM_NAMES: ReadonlySet<string> = new Set(Object.getOwnPropertyNames(globalThis));
const sourceOf = Function.prototype.toString;

/**
 * Tells how objects with this prototype are copied.
 *
 * @returns `data` for classes of the user, and for objects without a prototype.
 */
export function kindOf(prototype: object | null): ObjectKind {
  if (prototype === null) return "data";
  let kind = kinds.get(prototype);
  if (kind === undefined) {
    kind = judge(prototype);
    kinds.set(prototype, kind);
  }
  return kind;
}

function judge(prototype: object): ObjectKind {
  for (let at: object | null = prototype; at !== null; at = Object.getPrototypeOf(at)) {
    if (isRoot(at)) return "data";
    if (isPlatform(at)) return "host";
  }
  return "data";
}

/** An Object.prototype, also that of another realm. */
function isRoot(prototype: object): boolean {
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, "isPrototypeOf");
}

/** Says whether a prototype is that of a class of the platform itself. */
export function isPlatform(prototype: object): boolean {
  const maker = constructorOf(prototype);
  // Iterators and generators have a tag and no constructor.
  if (maker === undefined) return Object.hasOwn(prototype, Symbol.toStringTag);
  if (maker === EventEmitter || sourceOf.call(maker).endsWith("{ [native code] }")) return true;
  return PLATFORM_NAMES.has(maker.name) && Reflect.get(globalThis, maker.name) === maker;
}

function constructorOf(prototype: object): Function | undefined {
  const maker: unknown = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
  return typeof maker === "function" ? maker : undefined;
}

/**
 * Says what a value is that can't be sent, with its article.
 *
 * @returns undefined if nothing is wrong with the value itself; what it holds is not looked at.
 */
export function refusalOf(value: unknown): string | undefined {
  if (typeof value === "function") return "a function";
  if (typeof value === "symbol") return "a symbol";
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  if (types.isPromise(value)) return "a promise (a missing await?)";
  if (types.isSymbolObject(value)) return "a symbol";
  if (isDetached(value)) return "a detached ArrayBuffer";
  if (kindOf(Object.getPrototypeOf(value)) === "data" || hasContents(value)) return undefined;
  return withArticle(classNameOf(value));
}

/** Whether the copier knows how to copy this object of a platform class. */
export function hasContents(value: object): boolean {
  return (
    value instanceof Error ||
    types.isNativeError(value) ||
    types.isDate(value) ||
    types.isRegExp(value) ||
    types.isMap(value) ||
    types.isSet(value) ||
    types.isAnyArrayBuffer(value) ||
    ArrayBuffer.isView(value) ||
    (types.isBoxedPrimitive(value) && !types.isSymbolObject(value))
  );
}

/** Whether this is a buffer, or a view of one, whose memory was transferred away. */
function isDetached(value: object): boolean {
  let buffer: unknown = value;
  if (types.isTypedArray(value)) buffer = typedArray.bufferOf(value);
  else if (types.isDataView(value)) buffer = dataView.bufferOf(value);
  if (!types.isArrayBuffer(buffer) || memory.byteLengthOf(buffer) > 0) return false;
  try {
    new Uint8Array(buffer);
    return false;
  } catch {
    // The constructor refuses a detached buffer, and Node 20 has no other way to ask.
    return true;
  }
}

function classNameOf(value: object): string {
  for (let at: object | null = value; at !== null; at = Object.getPrototypeOf(at)) {
    const tag: unknown = Object.getOwnPropertyDescriptor(at, Symbol.toStringTag)?.value;
    if (typeof tag === "string" && tag !== "") return tag;
    const name: unknown = constructorOf(at)?.name;
    if (typeof name === "string" && name !== "") return name;
  }
  return "host object";
}

function withArticle(noun: string): string {
  return `${/^[aeio]/i.test(noun) ? "an" : "a"} ${noun}`;
}
