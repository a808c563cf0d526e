/**
 * The names of a node of several threads, in memory that all of them share: a service that registers a name has it, everywhere
 * and at once, and every thread that asks sees it.
 *
 *     | lock, version, count | index: hash -> number of an entry + 1 | entries without gaps | a bit per handle |
 *
 * A look-up costs a load and a Map: each thread keeps the answers it got for as long as nothing changes. Every other access
 * takes the lock.
 */

import { SnaxError } from "../base/error.ts";
import { INDEX_MASK } from "../kernel/service.ts";
import type { NameStore } from "../kernel/name-table.ts";
import { checkName, LOCAL_NAME_BYTES_MAX } from "../kernel/name-table.ts";
import { SharedLock } from "./shared-lock.ts";

/** Most names of a node of several threads. */
export const NAMES_MAX = 65536;

const WORDS = 16;
const LOCK = 0;
const VERSION = 2;
const COUNT = 3;
const INDEX_LENGTH = NAMES_MAX * 2;
const INDEX_BITS = INDEX_LENGTH - 1;
/** Handle, hash, length of the text, and the text. */
const ENTRY_BYTES = 128;
const ENTRY_WORDS = ENTRY_BYTES >> 2;
const TEXT_AT = 12;

const ENTRIES_AT = (WORDS + INDEX_LENGTH) * 4;
const MARKS_AT = ENTRIES_AT + NAMES_MAX * ENTRY_BYTES;

/** Creates the memory of the names. */
export function createNamesMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(MARKS_AT + ((INDEX_MASK + 1) >> 3));
}

/** What the names need of their thread. */
export interface SharedNamesOptions {
  /** This thread's number. */
  readonly thread: number;
  /** Says whether a service lives under a handle, on any thread. */
  readonly isAlive: (handle: number) => boolean;
  /** Tells the other threads of a name that was given here. */
  readonly announce: (name: string, handle: number) => void;
}

/** The names as one thread sees them. */
export class SharedNames implements NameStore {
  onRegister: (name: string, handle: number) => void = () => {};
  readonly #words: Int32Array;
  readonly #index: Int32Array;
  /** The same memory twice: numbers and texts of the entries. */
  readonly #entries: Uint32Array;
  readonly #bytes: Uint8Array;
  /** A bit for each possible handle: it has had a name since the last look. */
  readonly #marks: Uint8Array;
  readonly #lock: SharedLock;
  readonly #isAlive: (handle: number) => boolean;
  readonly #announce: (name: string, handle: number) => void;
  /** Answers that are right as long as the version is `#seen`. */
  readonly #known = new Map<string, number>();
  #seen = 0;
  /** The name that was hashed last. */
  readonly #text = new Uint8Array(LOCAL_NAME_BYTES_MAX * 4);
  #length = 0;

  constructor(memory: SharedArrayBuffer, { thread, isAlive, announce }: SharedNamesOptions) {
    this.#announce = announce;
    this.#words = new Int32Array(memory, 0, WORDS);
    this.#index = new Int32Array(memory, WORDS * 4, INDEX_LENGTH);
    this.#entries = new Uint32Array(memory, ENTRIES_AT, NAMES_MAX * ENTRY_WORDS);
    this.#bytes = new Uint8Array(memory, ENTRIES_AT, NAMES_MAX * ENTRY_BYTES);
    this.#marks = new Uint8Array(memory, MARKS_AT);
    this.#lock = new SharedLock(this.#words, LOCK, thread);
    this.#isAlive = isAlive;
  }

  get(name: string): number | undefined {
    const version = Atomics.load(this.#words, VERSION);
    if (version !== this.#seen) {
      this.#known.clear();
      this.#seen = version;
    }
    const known = this.#known.get(name);
    if (known !== undefined && this.#isAlive(known)) return known;
    if (typeof name !== "string" || name.length > LOCAL_NAME_BYTES_MAX) return undefined;
    const handle = this.#locked(() => this.#handleOf(this.#find(this.#hash(name))));
    // A name may outlive its service by a moment, where that ended with its thread.
    if (handle === undefined || !this.#isAlive(handle)) return undefined;
    this.#known.set(name, handle);
    return handle;
  }

  register(name: string, handle: number): boolean {
    checkName(name);
    const holder = this.#locked(() => this.#claim(name, handle));
    if (holder !== undefined) return holder === handle;
    this.onRegister(name, handle);
    this.#announce(name, handle);
    return true;
  }

  move(from: number, to: number): void {
    if (!this.#mayHave(from)) return;
    const moved = this.#locked(() => this.#readdress(from, to));
    for (const name of moved) {
      this.onRegister(name, to);
      this.#announce(name, to);
    }
  }

  #mayHave(handle: number): boolean {
    return ((this.#marks[(handle & INDEX_MASK) >> 3] as number) & (1 << (handle & 7))) !== 0;
  }

  /** @returns the names. */
  #readdress(from: number, to: number): string[] {
    const names: string[] = [];
    for (let number = 0; number < (this.#words[COUNT] as number); number += 1) {
      const at = number * ENTRY_WORDS;
      if (this.#entries[at] !== from) continue;
      this.#entries[at] = to;
      const start = number * ENTRY_BYTES + TEXT_AT;
      const length = this.#entries[at + 2] as number;
      names.push(new TextDecoder().decode(this.#bytes.slice(start, start + length)));
    }
    Atomics.and(this.#marks, (from & INDEX_MASK) >> 3, ~(1 << (from & 7)));
    if (names.length === 0) return names;
    Atomics.or(this.#marks, (to & INDEX_MASK) >> 3, 1 << (to & 7));
    this.#changed();
    return names;
  }

  release(handle: number): void {
    // Most services have no name, and a look at one bit says so.
    if (!this.#mayHave(handle)) return;
    this.#locked(() => this.#removeAll((other) => other === handle));
    Atomics.and(this.#marks, (handle & INDEX_MASK) >> 3, ~(1 << (handle & 7)));
  }

  /**
   * Takes the names from all services that live no more.
   *
   * @param dead - their thread, which has died; it may have been cut off while it held the lock.
   */
  sweep(dead: number): void {
    this.#locked(() => this.#removeAll((handle) => !this.#isAlive(handle)), dead);
  }

  /** @returns who has the name already. */
  #claim(name: string, handle: number): number | undefined {
    const hash = this.#hash(name);
    const found = this.#find(hash);
    const holder = this.#handleOf(found);
    if (holder !== undefined) {
      if (this.#isAlive(holder)) return holder;
      this.#remove(found);
    }
    const number = this.#words[COUNT] as number;
    if (number >= NAMES_MAX) {
      throw new SnaxError("ERR_EXHAUSTED", `${number} names are given: there is room for no other`);
    }
    const at = number * ENTRY_WORDS;
    this.#entries[at] = handle;
    this.#entries[at + 1] = hash;
    this.#entries[at + 2] = this.#length;
    this.#bytes.set(this.#text.subarray(0, this.#length), number * ENTRY_BYTES + TEXT_AT);
    this.#words[COUNT] = number + 1;
    Atomics.or(this.#marks, (handle & INDEX_MASK) >> 3, 1 << (handle & 7));
    this.#enter(number);
    this.#changed();
    return undefined;
  }

  #removeAll(isGone: (handle: number) => boolean): void {
    const before = this.#words[COUNT] as number;
    for (let number = before - 1; number >= 0; number -= 1) {
      if (!isGone(this.#entries[number * ENTRY_WORDS] as number)) continue;
      this.#remove(this.#placeOf(number));
    }
    if (this.#words[COUNT] !== before) this.#changed();
  }

  #changed(): void {
    Atomics.add(this.#words, VERSION, 1);
  }

  #locked<T>(run: () => T, dead?: number): T {
    const isUnfinished = dead === undefined ? this.#lock.take() : this.#lock.takeFrom(dead);
    if (isUnfinished) this.#rebuild();
    try {
      return run();
    } finally {
      this.#lock.give();
    }
  }

  /**
   * A thread was cut off while it changed the index: the entries say what belongs there. A removal that was cut off may
   * have left the last entry in two places; the second goes. test/unit/fabric/shared-names.test.ts
   */
  #rebuild(): void {
    this.#index.fill(0);
    for (let number = 0; number < (this.#words[COUNT] as number);) {
      if (this.#hasTwin(number)) {
        this.#fill(number);
      } else {
        this.#enter(number);
        number += 1;
      }
    }
    this.#changed();
  }

  /** Whether the name of an entry is in the index already. */
  #hasTwin(number: number): boolean {
    const start = number * ENTRY_BYTES + TEXT_AT;
    this.#length = this.#entries[number * ENTRY_WORDS + 2] as number;
    this.#text.set(this.#bytes.subarray(start, start + this.#length));
    return this.#find(this.#entries[number * ENTRY_WORDS + 1] as number) >= 0;
  }

  /** FNV-1a of the name's bytes, which are kept for the comparison. */
  #hash(name: string): number {
    this.#length = new TextEncoder().encodeInto(name, this.#text).written;
    let hash = 0x811c9dc5;
    for (let at = 0; at < this.#length; at += 1) {
      hash = Math.imul(hash ^ (this.#text[at] as number), 0x01000193);
    }
    return hash >>> 0;
  }

  /** Returns the place in the index of the name that was hashed last; -1 if no service has it. */
  #find(hash: number): number {
    for (let place = hash & INDEX_BITS; ; place = (place + 1) & INDEX_BITS) {
      const number = (this.#index[place] as number) - 1;
      if (number < 0) return -1;
      if (this.#entries[number * ENTRY_WORDS + 1] === hash && this.#isText(number)) return place;
    }
  }

  #isText(number: number): boolean {
    if (this.#entries[number * ENTRY_WORDS + 2] !== this.#length) return false;
    const start = number * ENTRY_BYTES + TEXT_AT;
    for (let at = 0; at < this.#length; at += 1) {
      if (this.#bytes[start + at] !== this.#text[at]) return false;
    }
    return true;
  }

  #handleOf(place: number): number | undefined {
    if (place < 0) return undefined;
    return this.#entries[((this.#index[place] as number) - 1) * ENTRY_WORDS];
  }

  #enter(number: number): void {
    let place = (this.#entries[number * ENTRY_WORDS + 1] as number) & INDEX_BITS;
    while (this.#index[place] !== 0) place = (place + 1) & INDEX_BITS;
    this.#index[place] = number + 1;
  }

  #placeOf(number: number): number {
    let place = (this.#entries[number * ENTRY_WORDS + 1] as number) & INDEX_BITS;
    while (this.#index[place] !== number + 1) place = (place + 1) & INDEX_BITS;
    return place;
  }

  /** Takes the entry at a place of the index out. */
  #remove(place: number): void {
    const number = (this.#index[place] as number) - 1;
    this.#index[this.#placeOf((this.#words[COUNT] as number) - 1)] = number + 1;
    this.#fill(number);
    this.#vacate(place);
  }

  /** Gives up an entry; the last one takes its place. */
  #fill(number: number): void {
    const last = (this.#words[COUNT] as number) - 1;
    if (last !== number) {
      const from = last * ENTRY_WORDS;
      this.#entries.copyWithin(number * ENTRY_WORDS, from, from + ENTRY_WORDS);
    }
    this.#words[COUNT] = last;
  }

  /** Empties a place and moves up those behind it that could not be where they belong. */
  #vacate(place: number): void {
    let gap = place;
    for (let at = (gap + 1) & INDEX_BITS; this.#index[at] !== 0; at = (at + 1) & INDEX_BITS) {
      const number = (this.#index[at] as number) - 1;
      const home = (this.#entries[number * ENTRY_WORDS + 1] as number) & INDEX_BITS;
      if (((at - home) & INDEX_BITS) < ((at - gap) & INDEX_BITS)) continue;
      this.#index[gap] = number + 1;
      gap = at;
    }
    this.#index[gap] = 0;
  }
}
