/**
 * A dictionary or a list of a table, as its views hold it: remembers the rows that were read from
 * it.
 *
 * A row must be the same object whenever it is read, also after an update, so a container keeps the
 * rows by place, and when the keys of a new version differ, it moves them to where their keys are.
 * It takes memory only for what was touched.
 */

import { indexOfKey, KIND } from "./format.ts";
import type { Step } from "./format.ts";
import type { Memory } from "./memory.ts";
import { opsOf } from "./shape.ts";
import type { Owner } from "./shape.ts";

/** How many places are in one piece of the memory for rows; a power of two. */
const CHUNK_SIZE = 16;

/** Rows by place, in pieces. */
type Chunks = (unknown[] | undefined)[];

/** A dictionary or a list. */
export class Container {
  /** What holds it; undefined for the root of a table. */
  owner: Owner | undefined;
  readonly step: Step;
  /** The version that it was read from last. */
  memory: Memory;
  position: number;
  kind: number;
  /** The view of a dictionary that services hold. */
  proxy: object | undefined = undefined;
  /** The view of a list that services hold, in the version of `memory`. */
  array: readonly unknown[] | undefined = undefined;
  /** Lists and dictionaries that are in it, by place. */
  readonly inner: Map<number, Container> = new Map();
  #chunks: Chunks = [];
  /** Those of the rows that are known to show the version of `memory`. */
  #sure: Chunks = [];
  #fingerprint: readonly [number, number] = [0, 0];

  constructor(
    memory: Memory,
    { kind, position }: { readonly kind: number; readonly position: number },
    owner: Owner | undefined,
    step: Step,
  ) {
    this.owner = owner;
    this.step = step;
    this.memory = memory;
    this.kind = kind;
    this.position = position;
    this.#fingerprint = this.#readFingerprint();
  }

  /** How many entries there are. */
  get count(): number {
    return this.memory.low(this.position);
  }

  /** Whether all elements are integers that are in no slots. */
  get isPacked(): boolean {
    return this.kind === KIND.list && (this.memory.high(this.position) & 0x0f) !== 0;
  }

  /** Where the slot of an entry is. */
  slotOf(ordinal: number): number {
    const skip = this.kind === KIND.list ? 1 : 2 + this.count;
    return this.position + skip + ordinal;
  }

  /** The key of an entry. */
  stepOf(ordinal: number): Step {
    return this.kind === KIND.list ? ordinal : this.memory.key(this.position + 2 + ordinal);
  }

  /** Finds an entry; -1 if there is none. */
  ordinalOf(step: Step): number {
    if (this.kind !== KIND.list) return this.memory.ordinalOf(this.position, step);
    const index = typeof step === "number" ? step : indexOfKey(step);
    return index < this.count ? index : -1;
  }

  /** The row that was read from a place. */
  rowAt(ordinal: number): object | undefined {
    return this.#chunks[ordinal >>> 4]?.[ordinal & (CHUNK_SIZE - 1)] as object | undefined;
  }

  /** The row of a place, if it is known to show the version of `memory`; the fast way. */
  sureRowAt(ordinal: number): object | undefined {
    return this.#sure[ordinal >>> 4]?.[ordinal & (CHUNK_SIZE - 1)] as object | undefined;
  }

  /**
   * Remembers what was read from a place, a row or a container, which shows the version of
   * `memory`.
   */
  keep(ordinal: number, view: object): void {
    if (view instanceof Container) {
      this.inner.set(ordinal, view);
      if (this.rowAt(ordinal) !== undefined) put(this.#chunks, ordinal, undefined);
      return;
    }
    put(this.#chunks, ordinal, view);
    put(this.#sure, ordinal, view);
    this.inner.delete(ordinal);
  }

  /** What was read, by step. */
  *children(): Generator<readonly [Step, object]> {
    for (const chunk of this.#chunks) {
      for (const row of (chunk ?? []) as (object | undefined)[]) {
        const step = row === undefined ? undefined : opsOf(row)?.step(row);
        if (step !== undefined) yield [step, row as object];
      }
    }
    for (const container of this.inner.values()) yield [container.step, container];
  }

  /** Goes over to another version. */
  bind(memory: Memory, kind: number, position: number): void {
    const isSameKind = this.kind === kind;
    this.memory = memory;
    this.kind = kind;
    this.position = position;
    this.array = undefined;
    this.#sure = [];
    const fingerprint = this.#readFingerprint();
    const [low, high] = this.#fingerprint;
    this.#fingerprint = fingerprint;
    if (isSameKind && low === fingerprint[0] && high === fingerprint[1]) return;
    this.#rearrange();
  }

  /** Moves what was read to the places where the keys are. */
  #rearrange(): void {
    const rows = this.#chunks.flatMap((chunk) => chunk?.filter((row) => row !== undefined) ?? []);
    const inner = [...this.inner.values()];
    this.#chunks = [];
    this.inner.clear();
    for (const row of rows as object[]) {
      const ordinal = this.ordinalOf(opsOf(row)?.step(row) ?? "");
      if (ordinal >= 0) put(this.#chunks, ordinal, row);
    }
    for (const each of inner) {
      const ordinal = this.ordinalOf(each.step);
      if (ordinal >= 0) this.inner.set(ordinal, each);
    }
  }

  #readFingerprint(): readonly [number, number] {
    if (this.kind === KIND.list) return [this.count, 0];
    return [this.memory.low(this.position + 1), this.memory.high(this.position + 1)];
  }
}

function put(chunks: Chunks, ordinal: number, row: object | undefined): void {
  const chunk = (chunks[ordinal >>> 4] ??= new Array<unknown>(CHUNK_SIZE).fill(undefined));
  chunk[ordinal & (CHUNK_SIZE - 1)] = row;
}
