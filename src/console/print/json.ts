/**
 * Results as JSON, piece by piece; a table becomes an object in the order of its rows.
 *
 * What JSON has no word for is written as the nearest that it has: a bigint as text, a Map as an object, a Set as a list,
 * and what can't be written at all as the text that the console would show.
 */

import { inspect } from "node:util";
import { codeOf } from "../../base/error.ts";
import { showJson } from "../../base/log-line.ts";
import { messageOf } from "../../service/error-text.ts";
import type { CommandResult, Outcome } from "../operator/command.ts";

/**
 * Yields the text of an outcome: `{"ok":true,"result":...}` or `{"ok":false,"error":{"code":...,"message":...}}`.
 *
 * @param next - the key behind which the next rows of a table begin. @defaultValue there are no more
 */
export function* writeOutcome(outcome: Outcome, next?: string): Iterable<string> {
  if (!outcome.ok) {
    const error = { code: codeOf(outcome.error) ?? null, message: messageOf(outcome.error) };
    yield `${JSON.stringify({ ok: false, error })}\n`;
    return;
  }
  const { result } = outcome;
  if (typeof result !== "object") {
    yield `${JSON.stringify({ ok: true, result: result ?? null })}\n`;
    return;
  }
  yield `{"ok":true,"result":{`;
  let separator = "\n";
  for (const [key, value] of result) {
    yield `${separator}${JSON.stringify(key)}:${writeValue(value)}`;
    separator = ",\n";
  }
  yield next === undefined ? "}}\n" : `},"next":${JSON.stringify(next)}}\n`;
}

/** Writes a result as one line of JSON, which steers no terminal. */
export function writeResult(result: CommandResult): string {
  return showJson(JSON.parse(writeValue(result ?? null)));
}

function writeValue(value: unknown): string {
  try {
    return JSON.stringify(value, replace) ?? "null";
  } catch {
    // It holds itself, or its toJSON throws.
    return JSON.stringify(
      inspect(value, { depth: 2, breakLength: Infinity, customInspect: false }),
    );
  }
}

function replace(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  if (value instanceof Map) return Object.fromEntries(value);
  if (value instanceof Set) return [...value];
  return value;
}
