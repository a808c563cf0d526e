/**
 * Says why a message can't be sent, and where in it the reason is: `argument 2 .onDone is a function`.
 *
 * The copier keeps no path, which would cost every message; when it fails, this second and slow walk goes the same way
 * and stops at the same place. A getter that behaves differently the second time is reported without a path.
 */

import { hasContents, refusalOf } from "./copy-class.ts";
import { SnaxError } from "./error.ts";
import { COPY_DEPTH_MAX, COPY_PATH_MAX } from "./limits.ts";
import { kPort } from "./portable.ts";
import type { Portable } from "./portable.ts";

/** One thing that a value holds: how to say it, and how to get it. */
type Child = readonly [step: string, read: () => unknown];

/** A value that is being looked through. */
interface Level {
  readonly path: string;
  readonly children: Iterator<Child>;
}

/** Why a value can't be sent. */
interface Refusal {
  readonly path: string;
  readonly reason: string;
  readonly cause?: unknown;
}

/** A search for what can't be sent. */
interface Search {
  readonly seen: Set<object>;
  /** Looks into errors; each of those that a thrown error leads to is copied by itself. */
  readonly opensErrors: boolean;
  /** In how many objects the first value is. */
  readonly depth: number;
}

/**
 * Makes the error for a message that could not be copied.
 *
 * @param values - what the message carries, with the word that begins the path of each.
 * @param failure - what the copier threw.
 */
export function explain(values: Iterable<readonly [string, unknown]>, failure: unknown): SnaxError {
  const search: Search = { seen: new Set(), opensErrors: true, depth: 0 };
  for (const [label, value] of values) {
    const found = find(value, search);
    if (found !== undefined) return refuse(label, found);
  }
  const reason = `can't be sent: ${textOfThrown(failure)}`;
  return refuse("the message", { path: "", reason, cause: failure });
}

/**
 * Says why a field of a thrown error could not be copied: `config .onRetry is a function`.
 *
 * @param depth - how deep in the message that error is.
 */
export function explainField(
  name: string,
  value: unknown,
  failure: unknown,
  depth: number,
): string {
  const found = find(value, { seen: new Set(), opensErrors: false, depth });
  const reason = `can't be sent: ${textOfThrown(failure)}`;
  return wordsOf(shorten(name), found ?? { path: "", reason });
}

function refuse(label: string, refusal: Refusal): SnaxError {
  const { cause } = refusal;
  return new SnaxError("ERR_NOT_SENDABLE", wordsOf(label, refusal), { cause });
}

function wordsOf(label: string, { path, reason }: Refusal): string {
  const where = path === "" ? label : `${label} ${shorten(path)}`;
  return `${where} ${reason}`;
}

function shorten(path: string): string {
  return path.length > COPY_PATH_MAX ? `${path.slice(0, COPY_PATH_MAX)}...` : path;
}

/** Looks for the first value that the copier would refuse, in the copier's order; it needs no depth of stack. */
function find(root: unknown, search: Search): Refusal | undefined {
  const open: Level[] = [];
  let at: Child = ["", () => root];
  for (;;) {
    const found = visit(at, open, search);
    if (found !== undefined) return found;
    const next = advance(open);
    if (next === undefined) return undefined;
    at = next;
  }
}

/** Reads and judges one value, and opens it if it holds others. */
function visit([path, read]: Child, open: Level[], search: Search): Refusal | undefined {
  try {
    return judge(path, read(), open, search);
  } catch (error) {
    return { path, reason: `threw when it was read: ${textOfThrown(error)}`, cause: error };
  }
}

function judge(path: string, value: unknown, open: Level[], search: Search): Refusal | undefined {
  const { seen, opensErrors, depth } = search;
  if (Object(value) !== value && typeof value !== "symbol") return undefined;
  if (typeof value === "object" && value !== null) {
    if (seen.has(value)) return undefined;
    seen.add(value);
    if (open.length + depth >= COPY_DEPTH_MAX) {
      return { path, reason: `is nested deeper than COPY_DEPTH_MAX ${COPY_DEPTH_MAX}` };
    }
    if (typeof (value as Partial<Portable>)[kPort] === "function") return undefined;
    if (!opensErrors && value instanceof Error) return undefined;
  }
  const refused = refusalOf(value);
  if (refused !== undefined) return { path, reason: `is ${refused}` };
  open.push({ path, children: childrenOf(value as object) });
  return undefined;
}

/** Goes on to the next value: inside the innermost open one, or behind it when that is done. */
function advance(open: Level[]): Child | undefined {
  for (let level = open.at(-1); level !== undefined; level = open.at(-1)) {
    try {
      const next = level.children.next();
      if (next.done !== true) return [level.path + next.value[0], next.value[1]];
    } catch (error) {
      // A trap of a proxy threw. A generator that threw has ended.
      return [level.path, () => rethrow(error)];
    }
    open.pop();
  }
  return undefined;
}

function* childrenOf(value: object): Generator<Child, void> {
  if (value instanceof Map) {
    let index = 0;
    for (const [key, child] of Map.prototype.entries.call(value)) {
      yield [`.keys()[${index++}]`, () => key];
      yield [`.get(${nameOf(key)})`, () => child];
    }
    return;
  }
  if (value instanceof Set) {
    let index = 0;
    for (const child of Set.prototype.values.call(value))
      yield [`.values()[${index++}]`, () => child];
    return;
  }
  const fields = value as Record<string, unknown>;
  if (value instanceof Error) {
    yield* ["cause", "errors"]
      .filter((key) => Object.hasOwn(value, key))
      .map((key): Child => [`.${key}`, () => fields[key]]);
  } else if (!Array.isArray(value) && hasContents(value)) return;
  for (const key of Object.keys(value)) yield [stepOf(key), () => fields[key]];
}

function stepOf(key: string): string {
  if (/^(0|[1-9]\d*)$/.test(key)) return `[${key}]`;
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) ? `.${key}` : `[${nameOf(key)}]`;
}

function nameOf(key: unknown): string {
  if (typeof key === "string") return JSON.stringify(key);
  return typeof key === "object" && key !== null ? "{...}" : String(key);
}

function rethrow(error: unknown): never {
  throw error;
}

/** Says in few words what was thrown; this never throws. */
export function textOfThrown(thrown: unknown): string {
  try {
    return String(thrown instanceof Error ? thrown.message : thrown);
  } catch {
    // To read it throws as well.
    return "something that can't be printed";
  }
}
