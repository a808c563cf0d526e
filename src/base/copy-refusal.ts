/**
 * Says why a message can't be sent, and where in it the reason lies: `argument 2 .onDone is a function`.
 *
 * The copier keeps no path, which would cost every message; when it fails, this second and slow walk goes the same way
 * and stops at the same place. A getter that behaves differently the second time is reported without a path.
 */

import { hasContents, refusalOf } from "./copy-class.ts";
import { SnaxError } from "./error.ts";
import { COPY_DEPTH_MAX, COPY_PATH_MAX } from "./limits.ts";
import { kPort } from "./portable.ts";

/** One thing that a value holds: how to say it, and how to get it. */
type Child = readonly [step: string, read: () => unknown];

/** Why a value can't be sent. */
interface Refusal {
  readonly path: string;
  readonly reason: string;
  readonly cause?: unknown;
}

/**
 * Makes the error for a message that could not be copied.
 *
 * @param values - what the message carries, with the word that begins the path of each.
 * @param failure - what the copier threw.
 */
export function explain(values: Iterable<readonly [string, unknown]>, failure: unknown): SnaxError {
  const seen = new Set<object>();
  for (const [label, value] of values) {
    const found = find(value, "", 1, seen);
    if (found !== undefined) return refuse(label, found);
  }
  const reason = `can't be sent: ${textOf(failure)}`;
  return refuse("the message", { path: "", reason, cause: failure });
}

function refuse(label: string, { path, reason, cause }: Refusal): SnaxError {
  const shown = path.length > COPY_PATH_MAX ? `${path.slice(0, COPY_PATH_MAX)}...` : path;
  const where = shown === "" ? label : `${label} ${shown}`;
  return new SnaxError("ERR_NOT_SENDABLE", `${where} ${reason}`, { cause });
}

function find(value: unknown, path: string, depth: number, seen: Set<object>): Refusal | undefined {
  const refused = refusalOf(value);
  if (typeof value === "object" && value !== null) {
    if (seen.has(value)) return undefined;
    seen.add(value);
    if (depth > COPY_DEPTH_MAX) {
      return { path, reason: `lies deeper than COPY_DEPTH_MAX ${COPY_DEPTH_MAX}` };
    }
    if (typeof (value as { [kPort]?: unknown })[kPort] === "function") return undefined;
  }
  if (refused !== undefined) return { path, reason: `is ${refused}` };
  if (typeof value !== "object" || value === null) return undefined;
  for (const [step, read] of childrenOf(value)) {
    const at = path + step;
    let child: unknown;
    try {
      child = read();
    } catch (error) {
      return { path: at, reason: `threw when it was read: ${textOf(error)}`, cause: error };
    }
    const found = find(child, at, depth + 1, seen);
    if (found !== undefined) return found;
  }
  return undefined;
}

function* childrenOf(value: object): Iterable<Child> {
  if (value instanceof Map) {
    let index = 0;
    for (const [key, child] of [...value]) {
      yield [`.keys()[${index++}]`, () => key];
      yield [`.get(${nameOf(key)})`, () => child];
    }
    return;
  }
  if (value instanceof Set) {
    let index = 0;
    for (const child of [...value]) yield [`.values()[${index++}]`, () => child];
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

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
