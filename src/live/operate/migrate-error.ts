/** What a move is refused with, or fails with. */

import { codeOf, SnaxError } from "../../base/error.ts";
import { messageOf } from "../../service/error-text.ts";

/** Refuses to move a service. */
export function migrateError(why: string, cause?: unknown): SnaxError {
  return new SnaxError("ERR_MIGRATE", why, cause === undefined ? {} : { cause });
}

/** Says of every failure that it was the move's, and keeps what it was. */
export function asMigrateError(error: unknown): SnaxError {
  const code = codeOf(error);
  if (code === "ERR_MIGRATE") return error as SnaxError;
  return migrateError(messageOf(error), error);
}
