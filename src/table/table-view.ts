/**
 * One table on one thread: the version that it shows, and the roots that services hold.
 *
 * `shown` is what `tables.name` gives, the fast way: the root's row, or for a dictionary or a list
 * the live view, until it has been read as often as it has entries. Then a plain frozen object of
 * all rows is made, some at each read, and takes its place; reading that costs a sixth. After an
 * update it is made again in the same way.
 */

import { SnaxError } from "../base/error.ts";
import { kPort, kPortKind } from "../base/portable.ts";
import { Container } from "./container.ts";
import { KIND } from "./format.ts";
import { createLiveView } from "./live-view.ts";
import { Memory } from "./memory.ts";
import { copyPlain } from "./plain-copy.ts";
import { noteAddress } from "./row-address.ts";
import type { Owner } from "./shape.ts";
import { Views } from "./views.ts";

/** A root with more entries, or of a larger table, stays a Proxy: see the head of this file. */
const PLAIN_ENTRIES_MAX = 100_000;
const PLAIN_BYTES_MAX: number = 64 * 1024 * 1024;

/**
 * How many entries are taken into the plain root at each read: rows that have to be made, and rows
 * that are there.
 */
const STEP_NEW = 4;
const STEP_AGAIN = 64;

/** A table, or a pin on one of its versions. */
export class TableView {
  readonly name: string;
  /** It stays at its version. */
  readonly isPin: boolean;
  readonly rows: Views;
  /** The object at the root, as views go down from it. */
  root: Owner | undefined = undefined;
  #memory: Memory | undefined = undefined;
  #rootMemory: Memory | undefined = undefined;
  #view: object | undefined = undefined;
  #isListView = false;
  #shown: object | undefined = undefined;
  #readCount = 0;
  /** The entries of the plain root, as far as they have been taken. */
  #entries: unknown[] | undefined = undefined;
  #wasPlain = false;

  constructor(name: string, isPin = false) {
    this.name = name;
    this.isPin = isPin;
    this.rows = new Views(this);
  }

  /**
   * The version that the thread shows; undefined before the first one, and after the end of a pin.
   */
  get memory(): Memory | undefined {
    return this.#memory;
  }

  /** Shows another version from now on. */
  show(version: number, buffer: SharedArrayBuffer): void {
    const old = this.#memory;
    this.#memory = new Memory(this, version, buffer);
    this.#shown = undefined;
    this.#entries = undefined;
    this.#readCount = 0;
    old?.release();
  }

  /** Ends a pin: its views can't be read any more. */
  release(): void {
    this.#memory?.release();
    this.#memory = undefined;
    this.#shown = this.root = this.#rootMemory = this.#entries = undefined;
  }

  /**
   * The row or container at the root.
   *
   * @throws {ERR_NO_TABLE} if there is none.
   */
  currentRoot(): Owner {
    const memory = this.#memory;
    if (memory === undefined) throw this.#absent();
    return this.rootOf(memory);
  }

  /** The same, for a version. */
  rootOf(memory: Memory): Owner {
    if (this.#rootMemory === memory && this.root !== undefined) return this.root;
    this.#rootMemory = memory;
    return this.rows.root(memory);
  }

  /** A root that may be kept: it shows what the thread shows. */
  get view(): object {
    const root = this.currentRoot();
    const isList = root instanceof Container && root.kind === KIND.list;
    if (this.#view === undefined || this.#isListView !== isList) {
      this.#view = createLiveView(this, undefined, isList);
      this.#isListView = isList;
    }
    return this.#view;
  }

  /** The root to read from at once. */
  get shown(): object {
    return this.#shown ?? this.#findShown();
  }

  #findShown(): object {
    const root = this.currentRoot();
    return (this.#shown = root instanceof Container ? this.view : root);
  }

  /**
   * Counts a read through the live view of the root, and makes the plain root when it is worth it.
   */
  noteRead(root: Container): void {
    // Most often there is a plain root already, or there never will be one.
    if (this.#shown !== this.#view || this.isPin) return;
    const { count, memory } = root;
    this.#readCount++;
    if (this.#readCount < (this.#wasPlain ? 0 : count)) return;
    if (count > PLAIN_ENTRIES_MAX || memory.sizeBytes > PLAIN_BYTES_MAX) return;
    const entries = (this.#entries ??= []);
    const end = Math.min(count, entries.length + (this.#wasPlain ? STEP_AGAIN : STEP_NEW));
    while (entries.length < end) {
      const value = this.rows.lastingEntry(root, entries.length);
      // A date may be changed by its reader: this version stays as it is.
      if (value === undefined) return void (this.#readCount = -Infinity);
      entries.push(value.value);
    }
    if (entries.length < count) return;
    this.#entries = undefined;
    this.#wasPlain = true;
    this.#shown = this.#plainRoot(root, entries);
  }

  #plainRoot(root: Container, entries: unknown[]): object {
    const plain: object = root.kind === KIND.list ? entries : {};
    if (!Array.isArray(plain)) {
      const fields = plain as Record<string, unknown>;
      for (const [ordinal, entry] of entries.entries()) {
        const key = String(root.stepOf(ordinal));
        if (key === "__proto__") Object.defineProperty(fields, key, { value: entry });
        else fields[key] = entry;
      }
    }
    Object.defineProperty(plain, kPort, { value: () => this.port(this.view) });
    Object.defineProperty(plain, kPortKind, { value: this.rows.portKind });
    noteAddress(plain, () => ({ table: this.name, path: [] }));
    return Object.freeze(plain);
  }

  /**
   * What the receiver of a message gets for a view: on one thread the view itself, of a pin a copy.
   */
  port(view: object): unknown {
    return this.isPin ? copyPlain(view) : view;
  }

  /** What messages call the version. */
  describeVersion(): string {
    return `version ${this.#memory?.version ?? 0}`;
  }

  #absent(): SnaxError {
    return this.isPin
      ? new SnaxError("ERR_NO_TABLE", `the pin on ${this.name} has ended`)
      : new SnaxError("ERR_NO_TABLE", `there is no table ${this.name}`);
  }
}
