/**
 * Says what a lua-seri payload can't hold, and where it is: `argument 2 .list[3] is a function`.
 *
 * The encoder keeps no path, which would cost every value; a refusal collects it on its way out, step by step.
 */

import { SnaxError } from "../base/error.ts";
import { COPY_PATH_MAX } from "../base/limits.ts";

/** Ends an encoding; its message is what follows the path. */
export class Refusal extends Error {
  /** The way to the value, from the innermost table that it has left. */
  path = "";
}

/** Puts a step before the path of a refusal; any other error stays as it is. */
export function within(step: string, error: unknown): unknown {
  if (error instanceof Refusal) error.path = step + error.path;
  return error;
}

/** Makes the error for a refusal in this argument, counted from 0; any other error stays as it is. */
export function explain(index: number, error: unknown): unknown {
  if (!(error instanceof Refusal)) return error;
  const { path, message } = error;
  const shown = path.length > COPY_PATH_MAX ? `${path.slice(0, COPY_PATH_MAX)}...` : path;
  const where = shown === "" ? `argument ${index + 1}` : `argument ${index + 1} ${shown}`;
  return new SnaxError("ERR_NOT_SENDABLE", `${where} ${message}`);
}

/** Writes the step to a field as a program would. */
export function stepOf(key: string): string {
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) ? `.${key}` : `[${nameOf(key)}]`;
}

/** Shows a key. */
export function nameOf(key: unknown): string {
  if (typeof key === "string") return JSON.stringify(key);
  return typeof key === "object" && key !== null ? "{...}" : String(key);
}
