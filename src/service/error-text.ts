/**
 * Errors as people read them in the log.
 *
 * What a program throws may be anything, also an object whose every property throws: nothing here does.
 */

import { inspect } from "node:util";
import { readStack } from "../base/error.ts";
import type { Incomplete } from "../base/copy-thrown.ts";
import { isGeneratedFrame } from "../loader/text/stack.ts";
import { OWN_FILES } from "../base/own-files.ts";

/** How many causes of an error are printed. */
const CAUSES_MAX = 3;

/** Prints an error for the log: stack, code, and what led to it. */
export function describeError(error: unknown): string {
  try {
    return describe(error, CAUSES_MAX);
  } catch {
    // A property of it threw while it was read, and what it threw may do the same.
    return UNPRINTABLE;
  }
}

/** Prints anything that was thrown in few words: the message of an error, else the value. */
export function messageOf(thrown: unknown): string {
  try {
    if (thrown instanceof Error) return String(thrown.message);
    return typeof thrown === "string" ? thrown : inspect(thrown, { depth: 2 });
  } catch {
    // As above.
    return UNPRINTABLE;
  }
}

/** Leaves out the frames of the runtime: readers of the log look for the program's. */
function withoutInnards(stack: string): string {
  const lines = stack.split("\n");
  const kept = lines.filter((line) => !(line.startsWith("    at ") && isInnard(line)));
  return kept.join("\n");
}

/** Says whether a line of a stack is the runtime's own, or Node's. */
export function isInnard(line: string): boolean {
  return line.includes(OWN_FILES) || line.includes("(node:internal/") || isGeneratedFrame(line);
}

/** A message may have lines that look like frames: those behind its first are marked. */
function markMessage(stack: string, message: string): string {
  const at = message.includes("\n") ? stack.indexOf(message) : -1;
  if (at < 0) return stack;
  const marked = message.replaceAll("\n", "\n  | ");
  return stack.slice(0, at) + marked + stack.slice(at + message.length);
}

/** The stack of an error, or what a program's `Error.prepareStackTrace` makes of it: what was wrong is in it in any case. */
function stackWith(error: Error, message: string): string {
  const stack = String(readStack(error) ?? "");
  if (stack !== "" && stack.includes(message)) return stack;
  return `${error.name}: ${message}${stack === "" ? "" : `\n    ${stack}`}`;
}

const UNPRINTABLE = "something that can't be printed";

function describe(error: unknown, causesLeft: number): string {
  if (!(error instanceof Error)) return messageOf(error);
  const { code, cause, leftOut } = error as Error & { code?: unknown } & Incomplete;
  const message = String(error.message);
  const stack = stackWith(error, message);
  const head = withoutInnards(markMessage(stack, message));
  const coded =
    typeof code === "string" && !head.includes(code) ? `${head}\n    code: ${code}` : head;
  const whole = Array.isArray(leftOut) ? `${coded}\n    left out: ${leftOut.join("; ")}` : coded;
  if (cause === undefined || causesLeft === 0) return whole;
  return `${whole}\n  cause: ${describe(cause, causesLeft - 1)}`;
}
