/**
 * Checks numbers of options that a program gives: limits and times, from 0 on, Infinity included.
 */

import { SnaxError } from "../base/error.ts";

/**
 * Checks one.
 *
 * @throws {ERR_ARGUMENT} unless it is a number from 0 on.
 */
export function requireCount(name: string, value: unknown): void {
  if (typeof value === "number" && value >= 0) return;
  throw new SnaxError("ERR_ARGUMENT", `${name} is a number from 0 on, not ${String(value)}`);
}
