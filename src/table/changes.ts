/**
 * Compares two versions of a table: which keys of the root were added, changed or removed.
 *
 * Values are compared where they are in memory; of a list each index counts as a key. What several
 * objects hold is compared once.
 */

import { Container } from "./container.ts";
import { KIND, KIND_MASK, LIST_FLAG, ROOT_AT } from "./format.ts";
import { Memory } from "./memory.ts";
import type { Target } from "./memory.ts";
import type { Changes } from "./sharetable-api.ts";
import { TableView } from "./table-view.ts";

/**
 * Compares two versions.
 *
 * @param before - undefined: everything is new.
 */
export function compareRoots(
  before: SharedArrayBuffer | undefined,
  after: SharedArrayBuffer,
): Changes {
  const next = openRoot(after);
  const keys = next.keys();
  if (before === undefined) return { added: keys, changed: [], removed: [] };
  const last = openRoot(before);
  const comparison = new Comparison(last.memory, next.memory);
  const added: string[] = [];
  const changed: string[] = [];
  for (const [place, key] of keys.entries()) {
    const old = last.placeOf(key);
    if (old < 0) added.push(key);
    else if (!isSameEntry(last, old, { root: next, place, comparison })) changed.push(key);
  }
  const removed = last.keys().filter((key) => next.placeOf(key) < 0);
  return { added, changed, removed };
}

/** Where an entry of the new root is. */
interface NewEntry {
  readonly root: Root;
  readonly place: number;
  readonly comparison: Comparison;
}

function isSameEntry(last: Root, old: number, { root, place, comparison }: NewEntry): boolean {
  const before = last.slotOf(old);
  const after = root.slotOf(place);
  if (before !== undefined && after !== undefined) return comparison.isSameSlot(before, after);
  // Integers that are in no slots: a list has them only if all its elements are such.
  return Object.is(last.scalar(old), root.scalar(place));
}

function openRoot(buffer: SharedArrayBuffer): Root {
  return new Root(new Memory(new TableView(""), 0, buffer));
}

/** The entries of a root. */
class Root {
  readonly memory: Memory;
  readonly #position: number;
  /** Undefined for a record. */
  readonly #container: Container | undefined;

  constructor(memory: Memory) {
    this.memory = memory;
    const target = memory.target(ROOT_AT);
    this.#position = target.position;
    if (target.kind !== KIND.record) this.#container = new Container(memory, target, undefined, "");
  }

  keys(): string[] {
    const container = this.#container;
    if (container === undefined) return [...this.memory.shapeOf(this.#position).keys];
    const { count } = container;
    return Array.from({ length: count }, (_, place) => String(container.stepOf(place)));
  }

  placeOf(key: string): number {
    const container = this.#container;
    if (container === undefined) return this.memory.shapeOf(this.#position).indexOf(key);
    return container.ordinalOf(key);
  }

  /** Where the value of an entry is; undefined for integers that are in no slots. */
  slotOf(place: number): number | undefined {
    if (this.#container === undefined) return this.#position + 1 + place;
    return this.#container.isPacked ? undefined : this.#container.slotOf(place);
  }

  /** The value of an entry that is no object. */
  scalar(place: number): unknown {
    const slot = this.slotOf(place);
    if (slot === undefined) return this.memory.integer(this.#position, place);
    return this.memory.isScalar(slot) ? this.memory.scalar(slot) : undefined;
  }
}

/** Compares what is in two versions. */
class Comparison {
  readonly #left: Memory;
  readonly #right: Memory;
  /**
   * Whether pairs of objects that several others hold are the same, as far as they have been
   * compared.
   */
  readonly #known = new Map<string, boolean>();

  constructor(left: Memory, right: Memory) {
    this.#left = left;
    this.#right = right;
  }

  isSameSlot(a: number, b: number): boolean {
    const left = this.#left;
    const right = this.#right;
    if (!left.isTag(a) || !right.isTag(b)) return Object.is(left.scalar(a), right.scalar(b));
    const kind = left.high(a) & KIND_MASK;
    if (kind !== (right.high(b) & KIND_MASK)) return false;
    if (kind >= KIND.record) return this.#isSameObject(left.target(a), right.target(b));
    if (kind === KIND.text) return left.isSameText(left.low(a), right, right.low(b));
    if (kind < KIND.text) return true;
    if (kind === KIND.date) {
      return Object.is(left.doubles[left.low(a)], right.doubles[right.low(b)]);
    }
    return left.scalar(a) === right.scalar(b);
  }

  #isSameObject(left: Target, right: Target): boolean {
    if (left.link === 0 && right.link === 0) return this.#compareObjects(left, right);
    const pair = `${left.position} ${right.position}`;
    let isSame = this.#known.get(pair);
    if (isSame === undefined) this.#known.set(pair, (isSame = this.#compareObjects(left, right)));
    return isSame;
  }

  #compareObjects(left: Target, right: Target): boolean {
    if (left.kind === KIND.list) return this.#isSameList(left.position, right.position);
    if (left.kind === KIND.dictionary) return this.#isSameDictionary(left, right);
    const shape = this.#left.shapeOf(left.position);
    if (this.#right.shapeOf(right.position) !== shape) return false;
    return this.#areSameSlots(left.position + 1, right.position + 1, shape.keys.length);
  }

  #areSameSlots(a: number, b: number, count: number): boolean {
    for (let index = 0; index < count; index++) {
      if (!this.isSameSlot(a + index, b + index)) return false;
    }
    return true;
  }

  #isSameList(a: number, b: number): boolean {
    const count = this.#left.low(a);
    if (count !== this.#right.low(b)) return false;
    const width = this.#left.high(a) & LIST_FLAG.width;
    // Integers take as many bytes as the largest needs: another width means other integers.
    if (width !== (this.#right.high(b) & LIST_FLAG.width)) return false;
    if (width === 0) return this.#areSameSlots(a + 1, b + 1, count);
    for (let index = 0; index < count; index++) {
      if (this.#left.integer(a, index) !== this.#right.integer(b, index)) return false;
    }
    return true;
  }

  #isSameDictionary(left: Target, right: Target): boolean {
    const before = new Container(this.#left, left, undefined, "");
    const after = new Container(this.#right, right, undefined, "");
    if (before.count !== after.count) return false;
    for (let place = 0; place < before.count; place++) {
      const other = after.ordinalOf(before.stepOf(place));
      if (other < 0 || !this.isSameSlot(before.slotOf(place), after.slotOf(other))) return false;
    }
    return true;
  }
}
