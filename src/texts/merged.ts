/**
 * A text put together from two, with the way back: which text each part comes from, and where it was.
 */

/** Where a part of a merged text comes from; glue is in neither text. */
export type Origin = "running" | "patch" | "glue";

/** Where an offset of a merged text comes from. */
export interface Located {
  readonly origin: Origin;
  /** Offset in the text that it comes from; for glue, in the merged text. */
  readonly offset: number;
}

/** A part of a merged text. */
export interface Segment {
  readonly origin: Origin;
  /** Extent in the merged text. */
  readonly start: number;
  readonly end: number;
  /** Offset in the text that it comes from; undefined for glue. */
  readonly from: number | undefined;
}

/** A merged text. */
export interface Merged {
  readonly text: string;
  readonly segments: readonly Segment[];
  /** Says where an offset of the text comes from. */
  locate(offset: number): Located;
}

/** A part of a patch by its extent, or a text that is in neither. */
export type Chunk = string | { readonly start: number; readonly end: number };

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly chunks: readonly Chunk[];
  /** Edits at one place keep their order. */
  readonly turn: number;
}

/** Collects what changes in a running text, and puts the result together. */
export class Merger {
  readonly #running: string;
  readonly #patch: string;
  readonly #edits: Edit[] = [];
  /** Replacements by where they begin and end: the last one for a place counts. */
  readonly #replaced = new Map<string, number>();

  constructor(running: string, patch: string) {
    this.#running = running;
    this.#patch = patch;
  }

  /** Puts chunks in the place of a part of the running text. */
  replace(start: number, end: number, ...chunks: Chunk[]): void {
    const place = `${start} ${end}`;
    const known = end > start ? this.#replaced.get(place) : undefined;
    const edit = { start, end, chunks, turn: known ?? this.#edits.length };
    if (known === undefined) this.#replaced.set(place, this.#edits.push(edit) - 1);
    else this.#edits[known] = edit;
  }

  /** Puts chunks between what is before an offset of the running text and what follows. */
  insert(at: number, ...chunks: Chunk[]): void {
    this.#edits.push({ start: at, end: at, chunks, turn: this.#edits.length });
  }

  /** Takes a part of the running text away. */
  remove(start: number, end: number): void {
    this.replace(start, end);
  }

  finish(): Merged {
    const edits = this.#edits.toSorted((a, b) => a.start - b.start || a.turn - b.turn);
    const writer = new Writer();
    let at = 0;
    for (const { start, end, chunks } of edits) {
      if (start > at) writer.add(this.#running.slice(at, start), "running", at);
      for (const chunk of chunks) {
        if (typeof chunk === "string") writer.add(chunk, "glue", undefined);
        else writer.add(this.#patch.slice(chunk.start, chunk.end), "patch", chunk.start);
      }
      at = Math.max(at, end);
    }
    writer.add(this.#running.slice(at), "running", at);
    return writer;
  }
}

class Writer implements Merged {
  text = "";
  readonly segments: Segment[] = [];

  add(text: string, origin: Origin, from: number | undefined): void {
    if (text === "") return;
    const start = this.text.length;
    this.text += text;
    this.segments.push({ origin, start, end: this.text.length, from });
  }

  locate(offset: number): Located {
    let low = 0;
    let high = this.segments.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.segments[middle]?.start ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    const segment = this.segments[low];
    if (segment?.from === undefined) return { origin: "glue", offset };
    return { origin: segment.origin, offset: segment.from + (offset - segment.start) };
  }
}
