/**
 * What differs between two states, by path: before a patch and after it, or with the old code and with the new.
 *
 *     sold: 5 -> 99     accounts.get("ann").limits.day: 100 -> 200     history.length: 2 -> 3
 */

import { inspect } from "node:util";
import { membersOf, rootPath } from "./paths.ts";
import type { Odd, State } from "./state.ts";
import { isPrimitive, keyText, rootKey } from "./state.ts";

/** Something that two states do not have alike. */
export interface Difference {
  readonly path: string;
  /** For people; undefined if there is nothing. */
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** Differences that are listed unless the operator asks for more. */
const DIFFERENCES_MAX = 1000;

/** How two states are compared. */
export interface CompareOptions {
  /** Most differences that are listed. @defaultValue 1000 */
  readonly differencesMax?: number;
  /** Says of two objects that are carried as they are whether one is as good as the other. @defaultValue if they are one object */
  isSame?(one: unknown, other: unknown): boolean;
}

/** Compares two states of the same module texts, or of a text and its patched one. Values are compared by what they hold. */
export function compareStates(
  before: State,
  after: State,
  options: CompareOptions = {},
): Difference[] {
  return new Comparison(before, after, options).compare();
}

class Comparison {
  readonly #before: State;
  readonly #after: State;
  readonly #max: number;
  readonly #isSame: (one: unknown, other: unknown) => boolean;
  readonly #found: Difference[] = [];
  /** By mirror of the first state, those of the second that it was compared with. */
  readonly #seen = new Map<object, Set<object>>();
  readonly #pending: (readonly [object, object, string])[] = [];

  constructor(before: State, after: State, options: CompareOptions) {
    const { differencesMax, isSame } = options;
    this.#before = before;
    this.#after = after;
    this.#max = differencesMax ?? DIFFERENCES_MAX;
    this.#isSame = isSame?.bind(options) ?? Object.is;
  }

  compare(): Difference[] {
    const others = new Map(this.#after.roots.map((root) => [rootKey(root), root]));
    for (const root of this.#before.roots) {
      const other = others.get(rootKey(root));
      others.delete(rootKey(root));
      const path = rootPath(root);
      if (other === undefined) this.#add(path, this.#show(root.value, this.#before), undefined);
      else this.#meet(root.value, other.value, path);
    }
    for (const root of others.values()) {
      this.#add(rootPath(root), undefined, this.#show(root.value, this.#after));
    }
    // The list grows on the way.
    for (const [mirror, other, path] of this.#pending) {
      if (this.#found.length >= this.#max) break;
      this.#compareMembers(mirror, other, path);
    }
    return this.#found;
  }

  #add(path: string, before: string | undefined, after: string | undefined): void {
    if (this.#found.length < this.#max) this.#found.push({ path, before, after });
  }

  #meet(value: unknown, other: unknown, path: string): void {
    if (isPrimitive(value) || isPrimitive(other)) {
      if (Object.is(value, other)) return;
    } else if (this.#isAlike(value as object, other as object)) {
      const known = this.#seen.get(value as object);
      if (known?.has(other as object)) return;
      if (known === undefined) this.#seen.set(value as object, new Set([other as object]));
      else known.add(other as object);
      this.#pending.push([value as object, other as object, path]);
      return;
    }
    this.#add(path, this.#show(value, this.#before), this.#show(other, this.#after));
  }

  /** Whether two mirrors stand for objects of one kind; what they hold is compared apart. */
  #isAlike(mirror: object, other: object): boolean {
    if (Object.prototype.toString.call(mirror) !== Object.prototype.toString.call(other)) {
      return false;
    }
    const odd = this.#before.odd.get(mirror) ?? {};
    const otherOdd = this.#after.odd.get(other) ?? {};
    if (kindOf(odd) !== kindOf(otherOdd)) return false;
    if (odd.foreign !== undefined && otherOdd.foreign !== undefined) {
      return this.#isSame(this.#before.foreign[odd.foreign], this.#after.foreign[otherOdd.foreign]);
    }
    if (mirror instanceof Date || mirror instanceof RegExp || ArrayBuffer.isView(mirror)) {
      return inspect(mirror, WHOLE) === inspect(other, WHOLE);
    }
    return true;
  }

  #compareMembers(mirror: object, other: object, path: string): void {
    if (ArrayBuffer.isView(mirror)) return;
    if (Array.isArray(mirror) && mirror.length !== (other as unknown[]).length) {
      this.#add(`${path}.length`, String(mirror.length), String((other as unknown[]).length));
    } else if (mirror instanceof Map || mirror instanceof Set) {
      const { size } = other as Map<unknown, unknown>;
      if (size !== mirror.size) this.#add(`${path}.size`, String(mirror.size), String(size));
    }
    const members = this.#listMembers(mirror, path, this.#before);
    const others = this.#listMembers(other, path, this.#after);
    for (const [way, value] of members) {
      if (others.has(way)) this.#meet(value, others.get(way), way);
      else this.#add(way, this.#show(value, this.#before), undefined);
      others.delete(way);
    }
    for (const [way, value] of others) this.#add(way, undefined, this.#show(value, this.#after));
  }

  /** Members by path. Keys of a Map and items of a Set that are primitives are their own path. */
  #listMembers(mirror: object, path: string, { odd }: State): Map<string, unknown> {
    const members = new Map<string, unknown>();
    if (mirror instanceof Set) {
      let index = 0;
      for (const item of mirror) {
        const isPlain = isPrimitive(item);
        members.set(
          isPlain ? `${path}.has(${wholeKey(item)})` : `${path}.values()[${index}]`,
          item,
        );
        if (!isPlain) index += 1;
      }
      return members;
    }
    if (mirror instanceof Map) {
      let index = 0;
      for (const [key, value] of mirror) {
        if (isPrimitive(key)) members.set(`${path}.get(${wholeKey(key)})`, value);
        else {
          members.set(`${path}.keys()[${index}]`, key);
          members.set(`${path}.values()[${index}]`, value);
          index += 1;
        }
      }
    }
    for (const [value, way] of membersOf(
      mirror instanceof Map ? {} : mirror,
      path,
      odd.get(mirror),
    )) {
      members.set(way(), value);
    }
    return members;
  }

  #show(value: unknown, { odd, foreign }: State): string {
    if (isPrimitive(value)) return typeof value === "string" ? keyText(value) : String(value);
    const mirror = value as object;
    const known = odd.get(mirror) ?? {};
    if (known.named !== undefined) return [known.named.name, ...(known.named.path ?? [])].join(".");
    if (known.left !== undefined) return `<${known.left.why}>`;
    if (known.foreign !== undefined) return inspect(foreign[known.foreign], { depth: -1 });
    const text = inspect(mirror, SHORT);
    return known.ofClass === undefined ? text : `${known.ofClass.name} ${text}`;
  }
}

const SHORT = { depth: 1, breakLength: Infinity, maxArrayLength: 5, maxStringLength: 40 } as const;
const WHOLE = { maxArrayLength: Infinity, breakLength: Infinity } as const;

function wholeKey(key: unknown): string {
  return typeof key === "string" ? JSON.stringify(key) : keyText(key);
}

/** What a mirror stands for, as far as it is told by names. */
function kindOf(odd: Odd): string {
  const { named, api, global, symbol, service, ofClass, error, closed, left, foreign } = odd;
  const isForeign = foreign !== undefined;
  const names = [named, api, global, symbol, service, ofClass, error, closed, left?.why, isForeign];
  return JSON.stringify([...names, odd.isNull, odd.isEmitter, odd.isBuffer, odd.isProxy]);
}
