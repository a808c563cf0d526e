/**
 * Offsets, lines and columns of a text, and the errors that name them.
 *
 * Lines and columns are counted as V8 counts them in a stack: both start at 1, a column is a UTF-16
 * unit. A text is refused with the place: `path:line:column: why`.
 */

import { SnaxError } from "../../base/error.ts";
import type { ErrorCode } from "../../base/error.ts";

/** A place in a file. */
export interface Place {
  /** Path of the file. */
  readonly file: string;
  /** Line, from 1. */
  readonly line: number;
  /** Column in UTF-16 units, from 1. */
  readonly column: number;
}

/** A position inside a text whose file is known from elsewhere. */
export interface Position {
  /** Line, from 1. */
  readonly line: number;
  /** Column in UTF-16 units, from 1. */
  readonly column: number;
}

const LINE_END = /\r\n|[\n\r\u2028\u2029]/g;

/** The line starts of a text: turns offsets into positions. */
export class Lines {
  readonly #starts: number[] = [0];
  readonly #length: number;

  constructor(text: string) {
    this.#length = text.length;
    for (const end of text.matchAll(LINE_END)) this.#starts.push(end.index + end[0].length);
  }

  /** Returns the position of an offset, 0-based, of the text. */
  locate(offset: number): Position {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (this.#starts[low] ?? 0) + 1 };
  }

  /** Returns the offset of a position; the length of the text for one behind it. */
  offsetOf({ line, column }: Position): number {
    const start = this.#starts[line - 1];
    return start === undefined ? this.#length : Math.min(start + column - 1, this.#length);
  }
}

/** Returns the error of a text that is refused at a place: `path:line:column: why`. */
export function createPlacedError(
  code: ErrorCode,
  place: Place,
  why: string,
  cause?: unknown,
): SnaxError {
  const { file, line, column } = place;
  return new SnaxError(code, `${file}:${line}:${column}: ${why}`, {
    data: { file, line, column },
    ...(cause === undefined ? {} : { cause }),
  });
}
