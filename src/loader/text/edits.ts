/**
 * Edits of a text that leave lines and, wherever possible, columns alone.
 *
 * Blanking and overwriting keep the width. An insertion moves what follows on its line; each is
 * noted, so that stacks can be counted back, and if code follows it the text needs a source map for
 * debuggers.
 */

import MagicString from "magic-string";
import { Lines } from "./position.ts";

/** Insertions on one line: column (from 0, in the text before) and length of each, in order. */
export type LineShifts = readonly (readonly [column: number, length: number])[];

/** Positions that a stack can name are never in such a rest of a line. */
const REST_WITHOUT_CODE = /^[\s{};,)\]]*(?:\/\/.*)?$/;

/** A text being edited. */
export class Edits {
  /** The text before any edit. */
  readonly before: string;
  readonly #after: MagicString;
  readonly #insertions: [offset: number, length: number, isBehind: boolean][] = [];
  #movesCode = false;
  /** See {@link Edits.nest}. */
  #waiting: [offset: number, text: string][] | undefined = undefined;

  constructor(text: string) {
    this.before = text;
    this.#after = new MagicString(text);
  }

  /** Whether an insertion is in front of code on the same line. */
  get movesCode(): boolean {
    return this.#movesCode;
  }

  /**
   * Replaces an extent by blanks and its first unit by `;`, so that the lines around it can't run
   * together.
   */
  blankStatement(start: number, end: number): void {
    this.#after.update(start, end, `;${blanksOf(this.before.slice(start + 1, end))}`);
  }

  /** Replaces an extent by blanks. */
  blank(start: number, end: number): void {
    this.#after.update(start, end, blanksOf(this.before.slice(start, end)));
  }

  /**
   * Replaces an extent by a text that is not longer, blanks behind it; line ends inside stay behind
   * the text.
   */
  overwrite(start: number, end: number, text: string): void {
    const old = this.before.slice(start, end);
    const ends = old.replace(/[^\n\r\u2028\u2029]/g, "");
    if (ends === "" && text.length <= old.length) {
      this.#after.update(start, end, text.padEnd(old.length));
      return;
    }
    this.#after.update(start, end, blanksOf(old));
    this.insertBefore(end, text);
  }

  /**
   * Edits what is around other edits, and then these. Where an outer and an inner one insert at
   * the same place, the outer one is outside.
   */
  nest(outer: () => void, inner: () => void): void {
    const waiting: [offset: number, text: string][] = [];
    this.#waiting = waiting;
    outer();
    this.#waiting = undefined;
    inner();
    for (const [offset, text] of waiting) this.insertBehind(offset, text);
  }

  /** Inserts behind the text that ends at the offset. */
  insertBehind(offset: number, text: string): void {
    if (this.#waiting !== undefined) {
      this.#waiting.push([offset, text]);
      return;
    }
    this.#after.appendLeft(offset, text);
    this.#note(offset, text.length, true);
  }

  /** Inserts in front of the text that begins at the offset. */
  insertBefore(offset: number, text: string): void {
    this.#after.appendRight(offset, text);
    this.#note(offset, text.length, false);
  }

  #note(offset: number, length: number, isBehind: boolean): void {
    this.#insertions.push([offset, length, isBehind]);
    this.#movesCode ||= this.hasCodeBehind(offset);
  }

  /** Says whether code follows on the line: then an insertion moves its columns. */
  hasCodeBehind(offset: number): boolean {
    const lineEnd = /[\n\r\u2028\u2029]|$/g;
    lineEnd.lastIndex = offset;
    const rest = this.before.slice(offset, lineEnd.exec(this.before)?.index);
    return !REST_WITHOUT_CODE.test(rest);
  }

  toString(): string {
    return this.#after.toString();
  }

  /** The part of the edited text that was in an extent of the text before. */
  slice(start: number, end: number): string {
    return this.#after.slice(start, end);
  }

  /** Lists the insertions by line, from 1. */
  shifts(): Map<number, LineShifts> {
    const lines = new Lines(this.before);
    const shifts = new Map<number, [number, number][]>();
    for (const [offset, length] of this.#insertions.toSorted((a, b) => a[0] - b[0])) {
      const { line, column } = lines.locate(offset);
      const ofLine = shifts.get(line);
      if (ofLine === undefined) shifts.set(line, [[column - 1, length]]);
      else ofLine.push([column - 1, length]);
    }
    return shifts;
  }

  /**
   * Says where in the edited text something could be inserted that belongs behind what ends at each
   * offset.
   */
  placesBehind(offsets: readonly number[]): number[] {
    const insertions = this.#insertions.toSorted((a, b) => a[0] - b[0]);
    const places = new Map<number, number>();
    let next = 0;
    let moved = 0;
    for (const offset of offsets.toSorted((a, b) => a - b)) {
      for (; (insertions[next]?.[0] ?? Infinity) < offset; next += 1)
        moved += insertions[next]?.[1] ?? 0;
      let behind = 0;
      for (let at = next; insertions[at]?.[0] === offset; at += 1) {
        if (insertions[at]?.[2] === true) behind += insertions[at]?.[1] ?? 0;
      }
      places.set(offset, offset + moved + behind);
    }
    return offsets.map((offset) => places.get(offset) ?? offset);
  }

  /** Makes the source map (JSON) from the edited text to the text before. */
  createMap(source: string): string {
    return this.#after.generateMap({ source, hires: "boundary", includeContent: false }).toString();
  }
}

/** Makes the source map (JSON) of a text from its insertions by line. */
export function createShiftMap(
  text: string,
  shifts: ReadonlyMap<number, LineShifts>,
  source: string,
): string {
  const inserted: [offset: number, text: string][] = [];
  let before = "";
  for (const [index, line] of text.split(LINE_ENDS).entries()) {
    // Line ends are between the lines in the list.
    let from = 0;
    let moved = 0;
    for (const [column, length] of (index % 2 === 0 ? shifts.get(index / 2 + 1) : undefined) ??
      []) {
      const at = column + moved;
      before += line.slice(from, at);
      inserted.push([before.length, line.slice(at, at + length)]);
      from = at + length;
      moved += length;
    }
    before += line.slice(from);
  }
  const after = new MagicString(before);
  for (const [offset, part] of inserted) after.appendLeft(offset, part);
  return after.generateMap({ source, hires: "boundary", includeContent: false }).toString();
}

const LINE_ENDS = /(\r\n|[\n\r\u2028\u2029])/;

function blanksOf(text: string): string {
  return text.replace(/[^\n\r\u2028\u2029]/g, " ");
}
