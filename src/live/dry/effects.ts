/**
 * What a copy would do outside of itself: a list of lines, which is all that comes of it.
 */

import { inspect } from "node:util";
import { SnaxError } from "../../base/error.ts";
import { formatAddress } from "../../kernel/service.ts";

/** Longest line. */
const LINE_MAX = 200;
/** Most lines of one probe. */
const LINES_MAX = 1000;

/** The effects of one copy. */
export class Effects {
  #lines: string[] = [];
  #left = 0;

  /** Notes what would be done. */
  note(what: string, ...args: readonly unknown[]): void {
    if (this.#lines.length >= LINES_MAX) this.#left += 1;
    else this.#lines.push(shorten([what, ...args.map(showArgument)].join(" ")));
  }

  /** Notes what is not done, and returns the error for the caller. */
  refuse(what: string, ...args: readonly unknown[]): SnaxError {
    this.note(what, ...args);
    return dryError(`${what} is not done in a dry run`);
  }

  /** Takes the lines since the last time. */
  take(): string[] {
    const lines = this.#left === 0 ? this.#lines : [...this.#lines, `and ${this.#left} more`];
    this.#lines = [];
    this.#left = 0;
    return lines;
  }
}

/** The error of what a dry run can't do. */
export function dryError(why: string): SnaxError {
  return new SnaxError("ERR_DRY_RUN", `dry run: ${why}`);
}

function showArgument(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "function") return "<function>";
  return inspect(value, { depth: 3, breakLength: Infinity, maxStringLength: 60 });
}

function shorten(text: string): string {
  return text.length > LINE_MAX ? `${text.slice(0, LINE_MAX)}...` : text;
}

/** An address as effects show it. */
export function showAddress(address: unknown): string {
  return typeof address === "number" ? formatAddress(address) : String(address);
}
