/**
 * A line of the log as the word "line" of a worker to the main thread. Where it was written travels only if lines say it.
 *
 * Hot path (bench: print).
 */

import type { Level } from "../base/log-level.ts";
import type { Fabric } from "../fabric/fabric.ts";
import type { LogLine } from "../base/log-line.ts";

/** Shows a line to the main thread. @returns false if it can't be shown; see Fabric.show */
export function showLine(fabric: Fabric, line: LogLine): boolean {
  const { handle, text, isPlain, level, origin } = line;
  const mark = level * 2 + (isPlain ? 1 : 0);
  if (origin === undefined) return fabric.show("line", handle, text, mark);
  const { thread, type, trace } = origin;
  // What is left out costs nothing.
  if (trace === undefined) return fabric.show("line", handle, text, mark, thread, type);
  return fabric.show("line", handle, text, mark, thread, type, trace);
}

/** The line again. */
export function lineOfWords(words: readonly unknown[]): LogLine {
  const [handle, text, mark, thread, type, trace] = words as [
    handle: number,
    text: string,
    mark: number,
    thread?: number,
    type?: string,
    trace?: string,
  ];
  const origin = thread === undefined ? undefined : { thread, type, trace };
  return { handle, text, isPlain: (mark & 1) === 1, level: (mark >> 1) as Level, origin };
}
