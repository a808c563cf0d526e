/**
 * True positions in stacks of images whose text moves columns or was printed anew.
 *
 * Most images need nothing of this. With the first one that does, `Error.prepareStackTrace` is installed on the thread: it
 * prints what V8 prints, with the positions of such files counted back. A function that was installed before is asked
 * first for everything that concerns no such file. Node's own source map support is no help: it reads maps only of what
 * Node's loaders load, and is all or nothing for a thread.
 */

import { SourceMap } from "node:module";
import type { SourceMapPayload } from "node:module";
import type { LineShifts } from "./edits.ts";
import type { Position } from "./position.ts";

/** What is needed to count a position back. */
export interface StackFacts {
  readonly shifts: ReadonlyMap<number, LineShifts> | undefined;
  readonly map: string | undefined;
}

type Prepare = (error: Error, frames: NodeJS.CallSite[]) => unknown;

const factsByUrl = new Map<string, { readonly facts: StackFacts; sourceMap: SourceMap | undefined }>();
let isInstalled = false;

/** Maps the frames of a file from now on; a newer image of the same file takes the place of the older. */
export function mapStacks(url: string, facts: StackFacts): void {
  factsByUrl.set(url, { facts, sourceMap: undefined });
  if (isInstalled) return;
  isInstalled = true;
  const previous = Error.prepareStackTrace as Prepare | undefined;
  Error.prepareStackTrace = (error, frames) => {
    const concerned = frames.some((frame) => factsByUrl.has(urlOf(frame)));
    if (!concerned && previous !== undefined) return previous(error, frames);
    return [headOf(error), ...frames.map((frame) => `    at ${print(frame)}`)].join("\n");
  };
}

/** Counts a position of a file's script back to its text. */
export function originalPosition(url: string, position: Position): Position {
  const entry = factsByUrl.get(url);
  if (entry === undefined) return position;
  const { shifts, map } = entry.facts;
  const plain = { line: position.line, column: unshift(shifts?.get(position.line), position.column) };
  if (map === undefined) return plain;
  entry.sourceMap ??= new SourceMap(JSON.parse(map) as SourceMapPayload);
  const found = entry.sourceMap.findEntry(plain.line - 1, plain.column - 1);
  if (!("originalLine" in found)) return plain;
  return { line: found.originalLine + 1, column: found.originalColumn + 1 };
}

function unshift(shifts: LineShifts | undefined, column: number): number {
  let moved = 0;
  for (const [start, length] of shifts ?? []) {
    if (column - 1 <= start + moved) break;
    if (column - 1 <= start + moved + length) return start + 1;
    moved += length;
  }
  return column - moved;
}

function urlOf(frame: NodeJS.CallSite): string {
  return frame.getFileName() ?? "";
}

function print(frame: NodeJS.CallSite): string {
  const text = String(frame);
  const url = urlOf(frame);
  const line = frame.getLineNumber();
  const column = frame.getColumnNumber();
  if (line === null || column === null || !factsByUrl.has(url)) return text;
  const original = originalPosition(url, { line, column });
  return text.replace(`${url}:${line}:${column}`, () => `${url}:${original.line}:${original.column}`);
}

function headOf(error: unknown): string {
  try {
    return Error.prototype.toString.call(error);
  } catch {
    // Name or message is an accessor that throws: V8 prints such errors like this.
    return "<error>";
  }
}
