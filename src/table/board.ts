/**
 * The shared words of all tables of a process: the number of the last publication, how far each
 * thread is, and the book of versions with their pins.
 *
 *     sequence | memberCount acknowledgements | entries of the book | pins: one word for each entry and member
 *
 * Only the hub writes entries; a member writes its own acknowledgement and its own pins. So a
 * thread that dies takes nothing with it that others need: the hub clears its words.
 */

import { SnaxError } from "../base/error.ts";
import { TABLE_VERSIONS_MAX } from "../base/limits.ts";
import type { VersionInfo } from "./sharetable-api.ts";

/** Words of an entry. */
const WORD = { table: 0, version: 1, slots: 2, supersededBy: 3 } as const;
const ENTRY_WORDS = 4;

/** What a member acknowledges while there is no such thread. */
const ABSENT = 0x7fffffff;

/** The words as one thread sees them. */
export class Board {
  readonly memory: SharedArrayBuffer;
  readonly memberCount: number;
  readonly #words: Int32Array;
  readonly #entriesAt: number;
  readonly #pinsAt: number;

  constructor(memberCount: number, memory?: SharedArrayBuffer) {
    this.memberCount = memberCount;
    this.#entriesAt = 1 + memberCount;
    this.#pinsAt = this.#entriesAt + TABLE_VERSIONS_MAX * ENTRY_WORDS;
    const length = this.#pinsAt + TABLE_VERSIONS_MAX * memberCount;
    this.memory = memory ?? new SharedArrayBuffer(length * 4);
    this.#words = new Int32Array(this.memory);
    if (memory === undefined) this.#words.fill(ABSENT, 1, 1 + memberCount);
  }

  get sequence(): number {
    return Atomics.load(this.#words, 0);
  }

  set sequence(value: number) {
    Atomics.store(this.#words, 0, value);
  }

  /** Says how far a member is. */
  acknowledge(member: number, sequence: number): void {
    Atomics.store(this.#words, 1 + member, sequence);
  }

  /** How far a member is; undefined if there is no such thread. */
  shownBy(member: number): number | undefined {
    const sequence = Atomics.load(this.#words, 1 + member);
    return sequence === ABSENT ? undefined : sequence;
  }

  /** Strikes a member out, with its pins. */
  strike(member: number): void {
    this.acknowledge(member, ABSENT);
    for (let entry = 0; entry < TABLE_VERSIONS_MAX; entry++) {
      Atomics.store(this.#words, this.#pinsAt + entry * this.memberCount + member, 0);
    }
  }

  addPin(entry: number, member: number, count: 1 | -1): void {
    Atomics.add(this.#words, this.#pinsAt + entry * this.memberCount + member, count);
  }

  /** How many pins all members hold. */
  pinsOf(entry: number): number {
    let count = 0;
    for (let member = 0; member < this.memberCount; member++) {
      count += Atomics.load(this.#words, this.#pinsAt + entry * this.memberCount + member);
    }
    return count;
  }

  /**
   * Enters a version into the book.
   *
   * @throws {ERR_EXHAUSTED} if the book is full of versions that are still held.
   */
  enter(table: number, version: number, sizeBytes: number): number {
    for (let entry = 0; entry < TABLE_VERSIONS_MAX; entry++) {
      if (this.isHeld(entry)) continue;
      const at = this.#entriesAt + entry * ENTRY_WORDS;
      Atomics.store(this.#words, at + WORD.version, version);
      Atomics.store(this.#words, at + WORD.slots, Math.ceil(sizeBytes / 8));
      Atomics.store(this.#words, at + WORD.supersededBy, 0);
      Atomics.store(this.#words, at + WORD.table, table);
      return entry;
    }
    throw new SnaxError(
      "ERR_EXHAUSTED",
      `TABLE_VERSIONS_MAX ${TABLE_VERSIONS_MAX} versions of tables are in use or pinned`,
    );
  }

  /** Notes that another version took the place of this one. */
  supersede(entry: number, sequence: number): void {
    Atomics.store(this.#words, this.#entriesAt + entry * ENTRY_WORDS + WORD.supersededBy, sequence);
  }

  /** Takes a version that was never published out of the book. */
  erase(entry: number): void {
    Atomics.store(this.#words, this.#entriesAt + entry * ENTRY_WORDS + WORD.table, 0);
  }

  /** Whether a version is the newest one, pinned, or shown by a thread that has not moved yet. */
  isHeld(entry: number): boolean {
    const { table, supersededBy } = this.read(entry);
    if (table === 0) return false;
    if (supersededBy === 0 || this.pinsOf(entry) > 0) return true;
    for (let member = 0; member < this.memberCount; member++) {
      if (Atomics.load(this.#words, 1 + member) < supersededBy) return true;
    }
    return false;
  }

  /** Reads an entry; its table is 0 if nothing was ever entered. */
  read(entry: number): {
    table: number;
    version: number;
    sizeBytes: number;
    supersededBy: number;
  } {
    const at = this.#entriesAt + entry * ENTRY_WORDS;
    const word = (index: number): number => Atomics.load(this.#words, at + index);
    return {
      table: word(WORD.table),
      version: word(WORD.version),
      sizeBytes: word(WORD.slots) * 8,
      supersededBy: word(WORD.supersededBy),
    };
  }
}

/** Lists every version that is still held, by table and version. */
export function listVersions(
  board: Board,
  nameOf: (table: number) => string | undefined,
): VersionInfo[] {
  const list: VersionInfo[] = [];
  for (let entry = 0; entry < TABLE_VERSIONS_MAX; entry++) {
    if (!board.isHeld(entry)) continue;
    const { table, version, sizeBytes, supersededBy } = board.read(entry);
    const name = nameOf(table);
    // A table whose first publication has not reached this thread.
    if (name === undefined) continue;
    const isCurrent = supersededBy === 0;
    list.push({ name, version, sizeBytes, pins: board.pinsOf(entry), isCurrent });
  }
  return list.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.version - b.version));
}
