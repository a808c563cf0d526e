/**
 * Refusals of a schema: skynet's words, and the place in the text.
 */

import { SnaxError } from "../base/error.ts";

/** A place in the text of a schema. */
export interface Place {
  /** What the text was called. */
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
}

/** Makes the error for what a text says at a place. */
export function schemaError(message: string, place: Place): SnaxError {
  const { file, line } = place;
  const text = `${message} at [${file}] line (${line})`;
  return new SnaxError("ERR_SCHEMA", text, { data: { file, line } });
}
