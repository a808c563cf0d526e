/**
 * The board of one thread: what its kernel counts by type of service, and how the thread is, in memory that other threads read.
 *
 *     thread   kernel counts in place; a beat a second writes heap, open calls and the moment
 *     reader   /metrics and /healthz look, and ask no thread: one that hangs is seen like any other
 *
 *     | rows, hellos | beat: a line of numbers | per type: a line of numbers | per type: the length and bytes of its name |
 *
 * A board has room for BOARD_TYPES_MAX types; later ones share the last row, under the name OTHER_TYPES. A thread that takes
 * the number of a dead one goes on with its board, so that counters never fall. Each number has one writer and is
 * read by itself: eight aligned bytes, which every processor that Node runs on reads whole.
 */

import { machineMs } from "../base/clock.ts";
import { BOARD_TYPES_MAX } from "../base/limits.ts";
import type { Tally, TallyBook } from "../kernel/instruments.ts";
import { LONG_RUNS, TALLY, TALLY_LENGTH } from "../kernel/instruments.ts";

/** The row of the types for which there is no row left. */
export const OTHER_TYPES = "(other)";

/** What a beat writes. */
const BEAT = {
  /** Milliseconds of the machine's steady clock; 0 = the thread has not begun. */
  at: 0,
  heapBytes: 1,
  heapLimitBytes: 2,
  openCalls: 3,
} as const;
const BEAT_LENGTH = 8;

/** Bytes of a type's name that are kept, its length in front. */
const NAME_BYTES = 128;
const NAME_MAX = NAME_BYTES - 1;

/** The first word: how many rows have a name. */
const ROWS = 0;
const HEAD_BYTES = 64;

const LINE_BYTES = TALLY_LENGTH * Float64Array.BYTES_PER_ELEMENT;
const TALLIES_AT = HEAD_BYTES + BEAT_LENGTH * Float64Array.BYTES_PER_ELEMENT;
const NAMES_AT = TALLIES_AT + BOARD_TYPES_MAX * LINE_BYTES;
const BOARD_BYTES = NAMES_AT + BOARD_TYPES_MAX * NAME_BYTES;

/** How a thread is. */
export interface Beat {
  /** Milliseconds since it wrote last; undefined before its first beat. */
  readonly silentMs: number | undefined;
  readonly heapBytes: number;
  readonly heapLimitBytes: number;
  /** Calls of its services that wait for an answer. */
  readonly openCalls: number;
}

/** What a thread counts of one type. */
export interface TypeCount {
  readonly type: string;
  readonly messages: number;
  readonly cpuMs: number;
  readonly errors: number;
  readonly born: number;
  readonly ended: number;
  /** How many runs its services had of up to 1 ms, up to 2, up to 4 ... 4096 ms, and longer. */
  readonly runs: readonly number[];
}

/** Allocates the memory of a board; the operating system gives it as rows are used. */
export function createBoardMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(BOARD_BYTES);
}

/** One thread's board. */
export class Board implements TallyBook {
  readonly #memory: SharedArrayBuffer;
  readonly #rows: Int32Array;
  readonly #beat: Float64Array;
  readonly #names: Buffer;
  /** The tallies that the thread has asked for, by the type's name as it is kept. */
  #tallies: Map<string, Tally> | undefined;

  /** @param memory - where other threads look. @defaultValue new memory */
  constructor(memory: SharedArrayBuffer = createBoardMemory()) {
    this.#memory = memory;
    this.#rows = new Int32Array(memory, 0, 1);
    this.#beat = new Float64Array(memory, HEAD_BYTES, BEAT_LENGTH);
    this.#names = Buffer.from(memory, NAMES_AT);
  }

  /** The thread begins: services of one that had the board before have ended with it. */
  begin(): void {
    this.#tallies = new Map();
    for (let row = 0; row < this.#length; row += 1) {
      const tally = this.#tally(row);
      tally[TALLY.ended] = tally[TALLY.born] as number;
      this.#tallies.set(this.#name(row), tally);
    }
  }

  of(type: string): Tally {
    const tallies = (this.#tallies ??= new Map());
    const known = tallies.get(type);
    if (known !== undefined) return known;
    const name = Buffer.from(type).subarray(0, NAME_MAX).toString();
    const tally = tallies.get(name) ?? this.#add(name);
    tallies.set(type, tally);
    return tally;
  }

  /** Writes how the thread is. */
  beat(heapBytes: number, heapLimitBytes: number, openCalls: number): void {
    this.#beat[BEAT.heapBytes] = heapBytes;
    this.#beat[BEAT.heapLimitBytes] = heapLimitBytes;
    this.#beat[BEAT.openCalls] = openCalls;
    this.#beat[BEAT.at] = Math.floor(machineMs());
  }

  /** Reads how the thread is. */
  readBeat(): Beat {
    const at = this.#beat[BEAT.at] as number;
    return {
      silentMs: at === 0 ? undefined : Math.max(0, Math.floor(machineMs()) - at),
      heapBytes: this.#beat[BEAT.heapBytes] as number,
      heapLimitBytes: this.#beat[BEAT.heapLimitBytes] as number,
      openCalls: this.#beat[BEAT.openCalls] as number,
    };
  }

  /** Reads what the thread counts, in the order in which the types came. */
  *readTypes(): Generator<TypeCount> {
    for (let row = 0; row < this.#length; row += 1) {
      const tally = this.#tally(row);
      const at = (index: number): number => tally[index] as number;
      // Ended first: one that ends between the two readings must not look as if it had never begun.
      const ended = at(TALLY.ended);
      yield {
        type: this.#name(row),
        messages: at(TALLY.messages),
        cpuMs: at(TALLY.cpuMs),
        errors: at(TALLY.errors),
        born: at(TALLY.born),
        ended,
        runs: [at(TALLY.short), ...tally.subarray(TALLY.long, TALLY.long + LONG_RUNS)],
      };
    }
  }

  get #length(): number {
    return Atomics.load(this.#rows, ROWS);
  }

  #tally(row: number): Tally {
    return new Float64Array(this.#memory, TALLIES_AT + row * LINE_BYTES, TALLY_LENGTH);
  }

  #name(row: number): string {
    const at = row * NAME_BYTES;
    const length = this.#names[at] as number;
    return this.#names.toString("utf8", at + 1, at + 1 + length);
  }

  #add(name: string): Tally {
    const row = this.#length;
    if (row === BOARD_TYPES_MAX) return this.#tally(row - 1);
    const kept = row === BOARD_TYPES_MAX - 1 ? OTHER_TYPES : name;
    const at = row * NAME_BYTES;
    this.#names[at] = Buffer.byteLength(kept);
    this.#names.write(kept, at + 1);
    // Order: a thread that sees the row sees its name.
    Atomics.store(this.#rows, ROWS, row + 1);
    return this.#tally(row);
  }
}
