/**
 * The scopes around a function, as V8 lists them.
 *
 * Nothing runs for it and no debugger is needed, but what V8 gives are copies: a value is the one
 * of the moment, and writing to it changes nothing. Bound functions and forwarders are looked
 * through: their variables are of no use.
 */

import { SnaxError } from "../../base/error.ts";
import { readForwarder } from "../../loader/weave/frame.ts";
import { readFunctionText } from "./upvalues-text.ts";
import type { FunctionText } from "./upvalues-text.ts";
import type { InspectorSession } from "../../inspector/object-session.ts";

/** A function that can be called, or a class. */
export type AnyCode = (...args: never[]) => unknown;

/** Where a function is, as the protocol says it. */
export interface Location {
  readonly scriptId: string;
  readonly lineNumber: number;
  readonly columnNumber: number;
}

/** One scope around a function. */
export interface CapturedScope {
  /** V8's word for it: "block", "closure", "module", "class", "eval", "catch". */
  readonly kind: string;
  /** The function whose scope it is, or an empty text. */
  readonly name: string;
  /** Values of its variables now, by name. */
  readonly values: ReadonlyMap<string, unknown>;
}

/** A function of a program, laid open. */
export interface OpenFunction {
  readonly code: AnyCode;
  readonly text: FunctionText;
  readonly location: Location;
  /** Innermost first; what belongs to the whole realm is left out. */
  readonly scopes: readonly CapturedScope[];
}

/** How many bound functions and forwarders may be in front of a function. */
const LAYERS_MAX = 100;

const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u;

/** What strict code can't say; a variable of sloppy code may have such a name. */
const UNSPEAKABLE: ReadonlySet<string> = new Set(
  "arguments await eval implements interface let package private protected public static yield".split(
    " ",
  ),
);

/**
 * Lays a function open.
 *
 * @throws {ERR_ARGUMENT} if there is nothing to see: no function, native code, a function of
 * another realm.
 */
export function openFunction(session: InspectorSession, given: unknown): OpenFunction {
  let code = given;
  for (let layer = 0; layer < LAYERS_MAX; layer += 1) {
    if (typeof code !== "function") throw refuse(code, "it is no function");
    const source = Function.prototype.toString.call(code);
    const slots = session.internalsOf(code);
    const target = slots.get("[[TargetFunction]]") ?? slots.get("[[Target]]");
    if (typeof target === "string") {
      code = session.objectOf(target);
      continue;
    }
    const text = readFunctionText(source);
    const location = slots.get("[[FunctionLocation]]") as Location | undefined;
    if (text === undefined || location === undefined) throw refuse(code, "it is native code");
    const scopes = readScopes(session, code, slots.get("[[Scopes]]"));
    const behind = valueOf(scopes, readForwarder(source));
    if (behind === undefined) return { code: code as AnyCode, text, location, scopes };
    code = behind;
  }
  throw refuse(code, `more than ${LAYERS_MAX} functions are in front of it`);
}

/** The names that a function can reach, each with its value in the innermost scope that has it. */
export function visibleValues({ scopes, text }: OpenFunction): Map<string, unknown> {
  const visible = new Map<string, unknown>();
  for (const { values } of scopes) {
    for (const [name, value] of values) {
      if (isSpeakable(name) && !text.own.has(name) && !visible.has(name)) visible.set(name, value);
    }
  }
  return visible;
}

/** Tells a variable of the program from those of V8 and the loader. */
export function isSpeakable(name: string): boolean {
  return IDENTIFIER.test(name) && !name.startsWith("$snax") && !UNSPEAKABLE.has(name);
}

/** Returns the innermost value of a name. */
export function valueOf(scopes: readonly CapturedScope[], name: string | undefined): unknown {
  if (name === undefined) return undefined;
  return scopes.find(({ values }) => values.has(name))?.values.get(name);
}

/** A scope as V8 lists it. */
interface ListedScope {
  readonly description: string;
  readonly object: object;
}

function readScopes(session: InspectorSession, code: object, listId: unknown): CapturedScope[] {
  const list = typeof listId === "string" ? (session.objectOf(listId) as object) : [];
  const listed = Array.from(list as ArrayLike<ListedScope>);
  if (listed.at(-1)?.object !== globalThis) throw refuse(code, "it belongs to another realm");
  const scopes: CapturedScope[] = [];
  for (const { description, object } of listed) {
    const [, kind = "", name = ""] = /^([^(]*?)(?: \((.*)\))?$/s.exec(description) ?? [];
    // Variables of the realm belong to no function; the members of an object behind `with` are no
    // variables.
    if (/^(?:Global|Script|With Block)$/.test(kind)) continue;
    scopes.push({ kind: kind.toLowerCase(), name, values: valuesOf(object) });
  }
  return scopes;
}

function valuesOf(object: object): Map<string, unknown> {
  const values = new Map<string, unknown>();
  for (const name of Object.getOwnPropertyNames(object)) {
    try {
      values.set(name, Reflect.get(object, name));
    } catch {
      // Its declaration has not run: the variable is there and has no value.
      values.set(name, undefined);
    }
  }
  return values;
}

/** The error for a function whose variables can't be reached. */
export function refuse(code: unknown, why: string): SnaxError {
  const name = typeof code === "function" ? nameOf(code) : typeof code;
  return new SnaxError("ERR_ARGUMENT", `upvalues of ${name}: ${why}`);
}

function nameOf(code: object): string {
  try {
    const name: unknown = Object.getOwnPropertyDescriptor(code, "name")?.value;
    if (typeof name === "string" && name !== "") return name;
  } catch {
    // A proxy whose handler throws, or that was revoked, has no name to show.
  }
  return "an anonymous function";
}
