/**
 * A text that was folded together from the text of a file and patches: where each part of it was.
 *
 * What runs of such a text is shown as if it ran from where it was written: the file, or the patch under the name that
 * stacks have for it.
 */

import { Lines } from "./position.ts";
import type { Position } from "./position.ts";

/** A text of which others were folded together. */
export interface FoldSource {
  /** What stacks call it: the URL of the file, or the name of a patch. */
  readonly url: string;
  readonly text: string;
}

/** A part of a folded text. */
export interface FoldPart {
  /** Extent in the folded text. */
  readonly start: number;
  readonly end: number;
  /** Number of the text that it comes from. */
  readonly source: number;
  /** Where it was there; undefined for what is in none of the texts. */
  readonly from: number | undefined;
}

/** How a text was folded together; plain, so that a thread can hand it to another one. */
export interface Fold {
  /** The file's own text, then those of the patches. */
  readonly sources: readonly FoldSource[];
  /** In the order of the folded text, of which they leave nothing out. */
  readonly parts: readonly FoldPart[];
}

/** A position, and in which text. */
export interface FoldPosition extends Position {
  /** What stacks call the text. */
  readonly url: string;
}

interface Tables {
  readonly lines: Lines;
  readonly sources: readonly Lines[];
}

const tables = new WeakMap<Fold, Tables>();

function tablesOf(fold: Fold, text: string): Tables {
  let found = tables.get(fold);
  if (found === undefined) {
    const sources = fold.sources.map((source) => new Lines(source.text));
    tables.set(fold, (found = { lines: new Lines(text), sources }));
  }
  return found;
}

/** Says where a position of a folded text was; what is in none of the texts belongs to what is before it. */
export function unfoldPosition(fold: Fold, text: string, at: Position): FoldPosition {
  const { lines, sources } = tablesOf(fold, text);
  const offset = lines.offsetOf(at);
  let found: FoldPart | undefined;
  for (const part of fold.parts) {
    if (part.start > offset) break;
    if (part.from !== undefined) found = part;
  }
  found ??= fold.parts.find(({ from }) => from !== undefined);
  const { start = 0, end = 0, source = 0, from = 0 } = found ?? {};
  const origin = from + Math.min(Math.max(0, offset - start), Math.max(0, end - start));
  const { line, column } = sources[source]?.locate(origin) ?? { line: 1, column: 1 };
  return { url: fold.sources[source]?.url ?? "", line, column };
}

/** A line of a folded text, and the line that it comes from. */
export interface FoldedLine {
  /** Line and column in the folded text, from 1. */
  readonly folded: Position;
  readonly origin: Position;
  readonly source: number;
}

/** Lists where the lines of the texts went, in the order of the folded text: where each part and each line begins. */
export function listFoldedLines(fold: Fold, text: string): FoldedLine[] {
  const { lines, sources } = tablesOf(fold, text);
  const found: FoldedLine[] = [];
  for (const { start, end, source, from } of fold.parts) {
    const origins = sources[source];
    if (from === undefined || origins === undefined) continue;
    for (let at = start; at < end;) {
      const folded = lines.locate(at);
      found.push({ folded, origin: origins.locate(from + at - start), source });
      at = lines.offsetOf({ line: folded.line + 1, column: 1 });
    }
  }
  return found;
}

/**
 * Makes the source map (JSON) of a folded text, for debuggers: each line, and each part of one, has its place.
 *
 * @param move - tells to which column of a line a column moves in the script, both from 1.
 */
export function createFoldMap(fold: Fold, text: string, move: (at: Position) => number): string {
  const rows: string[] = [];
  let [lastSource, lastLine, lastColumn] = [0, 0, 0];
  let lastStart = 0;
  let row: string[] = [];
  const upTo = (line: number): void => {
    while (rows.length < line - 1) {
      rows.push(row.join(","));
      row = [];
      lastStart = 0;
    }
  };
  for (const { folded, origin, source } of listFoldedLines(fold, text)) {
    upTo(folded.line);
    const start = move(folded) - 1;
    const fields = [start - lastStart, source - lastSource];
    fields.push(origin.line - 1 - lastLine, origin.column - 1 - lastColumn);
    row.push(fields.map(encodeNumber).join(""));
    [lastStart, lastSource] = [start, source];
    [lastLine, lastColumn] = [origin.line - 1, origin.column - 1];
  }
  rows.push(row.join(","));
  return JSON.stringify({
    version: 3,
    sources: fold.sources.map(({ url }) => url),
    // The file is on the disk.
    sourcesContent: fold.sources.map((source, index) => (index === 0 ? null : source.text)),
    names: [],
    mappings: rows.join(";"),
  });
}

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** A number as source maps have it: five bits a digit, the sign last. */
function encodeNumber(value: number): string {
  let rest = value < 0 ? -value * 2 + 1 : value * 2;
  let text = "";
  do {
    const digit = rest & 31;
    rest >>>= 5;
    text += DIGITS[rest > 0 ? digit | 32 : digit];
  } while (rest > 0);
  return text;
}
