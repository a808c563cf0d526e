/**
 * A line of the log as the word "line" of a worker to the main thread. Where it was written travels only if lines say it.
 *
 * Hot path (bench: print).
 */

import type { Level } from "../base/log-level.ts";
import { LEVEL } from "../base/log-level.ts";
import type { Fabric } from "../fabric/fabric.ts";
import type { LogLine, TakeLine } from "../base/log-line.ts";

/** Makes what shows lines to the main thread. */
export function lineShower(fabric: Fabric): TakeLine {
  // oxlint-disable-next-line max-params -- see TakeLine
  return (handle, text, isPlain, level, origin) => {
    // The usual level goes in one byte.
    const mark = level === LEVEL.info ? isPlain : level * 2 + (isPlain ? 1 : 0);
    if (origin === undefined) return fabric.show("line", handle, text, mark);
    const { thread, type, trace } = origin;
    // What is left out costs nothing.
    if (trace === undefined) return fabric.show("line", handle, text, mark, thread, type);
    return fabric.show("line", handle, text, mark, thread, type, trace);
  };
}

/** The line again. */
export function lineOfWords(words: readonly unknown[]): LogLine {
  const [handle, text, mark, thread, type, trace] = words as [
    handle: number,
    text: string,
    mark: number | boolean,
    thread?: number,
    type?: string,
    trace?: string,
  ];
  const origin = thread === undefined ? undefined : { thread, type, trace };
  if (typeof mark === "boolean") return { handle, text, isPlain: mark, level: LEVEL.info, origin };
  return { handle, text, isPlain: (mark & 1) === 1, level: (mark >> 1) as Level, origin };
}
