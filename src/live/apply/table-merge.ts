/**
 * Puts the members that a patch gives into a running object, one by one; what the patch does not
 * name stays.
 *
 * A function replaces a function, and what is new is added. A value that is written out is a
 * constant as long as it is the one that the module's text or the last patch gave; since then it is
 * state, and only `hotfix()` changes it. A value that the patch repeats as it was, because the
 * whole entry was copied, changes nothing. A list of such values is changed in place, for code that
 * holds it.
 */

import { isDeepStrictEqual, types } from "node:util";
import { SnaxError } from "../../base/error.ts";
import type { Contents } from "./contents.ts";
import { contentsOf, isPlain, isSameData } from "./contents.ts";
import { mergeList, noteList } from "./list-merge.ts";
import { showPath } from "../../loader/read/member-key.ts";
import type { Keys } from "./table-keys.ts";
import type { TableGift } from "../text/table-text.ts";
import { keyOfPath } from "../text/table-text.ts";
import type { UndoLog } from "./undo-log.ts";

/** The values that patches gave, by the object that has them. */
const givenValues = new WeakMap<object, Map<PropertyKey, unknown>>();

/** Where a list at top level keeps the value that it was given. */
const SELF = "";

/**
 * Merges.
 *
 * @returns what the name stands for afterwards: the same object, or another one for one that is frozen.
 * @throws {ERR_PATCH} if a member is of another kind, or state.
 */
export function mergeTable(
  name: string,
  live: unknown,
  {
    given,
    gift,
    keys = NO_KEYS,
    bases = NO_BASES,
    log,
  }: {
    readonly given: unknown;
    readonly gift: TableGift;
    readonly keys?: Keys | undefined;
    /** What the module's text reads into the table, by {@link keyOfPath}. */
    readonly bases?: ReadonlyMap<string, unknown> | undefined;
    readonly log: UndoLog;
  },
): unknown {
  return new Merge(gift, keys, bases, log).merge([name], live, given);
}

const NO_KEYS: Keys = new Map();

const NO_BASES: ReadonlyMap<string, unknown> = new Map();

class Merge {
  readonly #gift: TableGift;
  readonly #keys: Keys;
  readonly #bases: ReadonlyMap<string, unknown>;
  readonly #log: UndoLog;
  /** The ways to what is given and to what that is in, by {@link keyOfPath}. */
  readonly #ways: ReadonlySet<string>;

  // oxlint-disable-next-line max-params -- what is given, and what it is compared with
  constructor(gift: TableGift, keys: Keys, bases: ReadonlyMap<string, unknown>, log: UndoLog) {
    this.#gift = gift;
    this.#keys = keys;
    this.#bases = bases;
    this.#log = log;
    this.#ways = new Set(keys.size === 0 ? [] : gift.members.flatMap(({ path }) => waysTo(path)));
  }

  merge(path: readonly string[], live: unknown, given: unknown): unknown {
    if (this.#mergeList(path, live, given)) return live;
    const contents = contentsOf(live, given);
    if (contents !== undefined) return this.#replaceContents(path, contents);
    if (!isPlain(given) || !isPlain(live)) throw refuse(path, live, given);
    const isFrozen = Object.isFrozen(live);
    if (Object.isFrozen(given) && !isFrozen) {
      const why = `${showPath(path)} is not frozen in the service: give its members without that`;
      throw new SnaxError("ERR_PATCH", why);
    }
    const target = isFrozen && Object.isFrozen(given) ? melt(live) : live;
    for (const key of ownKeys(given)) this.#mergeMember(this.#wayTo(path, key), target, key, given);
    if (target === live || isDeepStrictEqual(target, live)) return live;
    return Object.freeze(target);
  }

  /** The way to a member as the text has it. */
  #wayTo(path: readonly string[], key: PropertyKey): string[] {
    const ways = [...this.#keys]
      .filter(([, each]) => each === key)
      .map(([label]) => [...path, label])
      .concat(typeof key === "symbol" ? [] : [[...path, String(key)]]);
    const given = ways.filter((way) => this.#ways.has(keyOfPath(way)));
    if (given.length < 2) return given[0] ?? ways.at(-1) ?? [...path];
    const both = given.map((way) => way.at(-1)).join(" and ");
    throw new SnaxError(
      "ERR_PATCH",
      `${both} of ${showPath(path)} are the same member: give it once`,
    );
  }

  /** @returns false if it is no list with functions in it. */
  #mergeList(path: readonly string[], live: unknown, given: unknown): boolean {
    const gift = this.#gift.lists.get(keyOfPath(path));
    if (gift === undefined) return false;
    mergeList(path, { live, given, gift, log: this.#log });
    return true;
  }

  #mergeMember(path: readonly string[], live: object, key: PropertyKey, given: object): void {
    const after = Reflect.getOwnPropertyDescriptor(given, key) as PropertyDescriptor;
    const before = Reflect.getOwnPropertyDescriptor(live, key);
    if (before === undefined) this.#define(path, live, key, after);
    else if (isAccessor(after)) {
      if (!isAccessor(before)) throw refuse(path, before.value, "accessor");
      const both = { ...after, get: after.get ?? before.get, set: after.set ?? before.set };
      this.#define(path, live, key, both as PropertyDescriptor);
    } else if (isAccessor(before)) throw refuse(path, "accessor", after.value);
    else this.#mergeValue(path, { live, key, before }, after.value);
  }

  #mergeValue(path: readonly string[], place: Place, given: unknown): void {
    const { live, key, before } = place;
    const { value } = before;
    if (this.#mergeList(path, value, given)) return;
    if (typeof given === "function" && typeof value === "function" && !isClass(value)) {
      this.#define(path, live, key, { ...before, value: given });
    } else if (isPlain(given) && isPlain(value)) {
      const merged = this.merge(path, value, given);
      if (merged !== value) this.#define(path, live, key, { ...before, value: merged });
    } else if (!isSameData(value, given)) this.#replaceValue(path, place, given);
  }

  #replaceValue(path: readonly string[], { live, key, before }: Place, given: unknown): void {
    const { value } = before;
    const contents = contentsOf(value, given);
    if (contents !== undefined) {
      const next = this.#replaceContents(path, contents, live, key);
      if (next !== value) this.#define(path, live, key, { ...before, value: next });
      return;
    }
    if (!isConstant(value) || !isConstant(given)) throw refuse(path, value, given);
    if (this.#isToKeep(path, live, key, value, given)) return;
    this.#define(path, live, key, { ...before, value: given });
    this.#note(live, key, given);
  }

  /** @returns what is there afterwards: a frozen list is replaced by another one. */
  // oxlint-disable-next-line max-params -- a list, and where its value is noted
  #replaceContents(
    path: readonly string[],
    { value, given, fill, read }: Contents,
    live: object = value,
    key: PropertyKey = SELF,
  ): object {
    if (isSameData(value, given) || this.#isToKeep(path, live, key, value, given)) return value;
    const isFixed = Array.isArray(value) && Object.isFrozen(value) && Object.isFrozen(given);
    if (!isFixed) {
      const [before, after] = [read(value), read(given)];
      this.#log.note(() => fill(before));
      try {
        fill(after);
      } catch {
        throw fixed(path);
      }
    }
    const next = isFixed ? given : value;
    this.#note(live === value ? next : live, key, structuredClone(given));
    return next;
  }

  /**
   * Says whether a value stays, which the patch only repeats; one that the program has changed
   * can't be replaced.
   */
  // oxlint-disable-next-line max-params -- a member and its two values
  #isToKeep(
    path: readonly string[],
    live: object,
    key: PropertyKey,
    value: unknown,
    given: unknown,
  ): boolean {
    const notes = givenValues.get(live);
    const name = keyOfPath(path);
    const isGiven = notes?.has(key) === true;
    const bases = this.#bases.has(name) ? this.#bases : this.#gift.bases;
    const isKnown = isGiven || bases.has(name);
    const was = isGiven ? notes.get(key) : bases.get(name);
    if (isKnown && isSameData(was, value)) return false;
    if (isKnown && isSameData(was, given)) return true;
    const why = isKnown
      ? "the service has changed it"
      : "it is not written out in the module's text";
    const member = showPath(path);
    throw new SnaxError(
      "ERR_PATCH",
      `${member} is state, since ${why}: assign it in hotfix(), ${member} = ...`,
    );
  }

  #note(live: object, key: PropertyKey, value: unknown): void {
    let notes = givenValues.get(live);
    if (notes === undefined) givenValues.set(live, (notes = new Map()));
    const had = notes.has(key);
    const before = notes.get(key);
    const all = notes;
    this.#log.note(() => {
      if (had) all.set(key, before);
      else all.delete(key);
    });
    notes.set(key, value);
  }

  // oxlint-disable-next-line max-params -- a member, and what it becomes
  #define(
    path: readonly string[],
    live: object,
    key: PropertyKey,
    after: PropertyDescriptor,
  ): void {
    const before = Reflect.getOwnPropertyDescriptor(live, key);
    this.#log.note(() => {
      if (before === undefined) Reflect.deleteProperty(live, key);
      else Reflect.defineProperty(live, key, before);
    });
    if (!Reflect.defineProperty(live, key, after)) throw fixed(path);
    if (before === undefined) this.#noteNew(path, live);
  }

  /** Notes the values that are written out in what was added. */
  #noteNew(path: readonly string[], holder: object): void {
    for (const { path: way, data } of this.#gift.members) {
      const list = this.#gift.lists.get(keyOfPath(way));
      const isBelow = path.every((key, depth) => way[depth] === key);
      if ((data === undefined && list === undefined) || !isBelow) continue;
      let owner = holder as Record<PropertyKey, object>;
      for (const key of way.slice(path.length - 1, -1)) {
        owner = owner[this.#keys.get(key) ?? key] as typeof owner;
      }
      const last = way.at(-1) ?? "";
      const name = this.#keys.get(last) ?? last;
      if (list !== undefined) noteList(owner[name], list.shape);
      else if (data !== undefined) this.#note(owner, name, structuredClone(data.value));
    }
  }
}

/** `a`, `a.b` and `a.b.c`. */
function waysTo(path: readonly string[]): string[] {
  return path.map((_, at) => keyOfPath(path.slice(0, at + 1)));
}

/** The members that an object literal has. */
function ownKeys(given: object): PropertyKey[] {
  return Reflect.ownKeys(given).filter((key) =>
    Object.prototype.propertyIsEnumerable.call(given, key),
  );
}

/** A member of a running object. */
interface Place {
  readonly live: object;
  readonly key: PropertyKey;
  readonly before: PropertyDescriptor;
}

/** A copy of a frozen object that can be changed, with what patches have given it. */
function melt(frozen: object): object {
  const members = Object.getOwnPropertyDescriptors(frozen) as Record<string, PropertyDescriptor>;
  for (const key of Reflect.ownKeys(members)) {
    const member = members[key as string] as PropertyDescriptor;
    member.configurable = true;
    if ("value" in member) member.writable = true;
  }
  const copy = Object.create(Object.getPrototypeOf(frozen) as object | null, members) as object;
  const notes = givenValues.get(frozen);
  if (notes !== undefined) givenValues.set(copy, new Map(notes));
  return copy;
}

/** The value of a member of a table by its path, of which the first is the table's name; no getter runs. */
export function memberIn(
  table: unknown,
  [, ...path]: readonly string[],
  keys: Keys = NO_KEYS,
): unknown {
  let value = table;
  for (const label of path) {
    const key = keys.get(label) ?? label;
    if (!isPlain(value)) return undefined;
    value = Reflect.getOwnPropertyDescriptor(value, key)?.value as unknown;
  }
  return value;
}

/** What a literal can be. */
function isConstant(value: unknown): boolean {
  return (
    (typeof value !== "object" && typeof value !== "function") ||
    value === null ||
    types.isRegExp(value)
  );
}

function isAccessor(descriptor: PropertyDescriptor): boolean {
  return descriptor.get !== undefined || descriptor.set !== undefined;
}

function isClass(value: object): boolean {
  const prototype = Reflect.getOwnPropertyDescriptor(value, "prototype");
  return prototype !== undefined && prototype.writable === false;
}

function fixed(path: readonly string[]): SnaxError {
  return new SnaxError(
    "ERR_PATCH",
    `${showPath(path)} can't be changed: the service made it fixed`,
  );
}

function refuse(path: readonly string[], live: unknown, given: unknown): SnaxError {
  const member = showPath(path);
  const why = `${member} is ${describe(live)}, and the patch gives ${describe(given)}`;
  return new SnaxError("ERR_PATCH", `${why}: change it in hotfix(), ${member} = ...`);
}

function describe(value: unknown): string {
  if (value === "accessor") return "a getter or setter";
  if (value === null || value === undefined) return String(value);
  if (typeof value === "function") return isClass(value) ? "a class" : "a function";
  if (typeof value !== "object") return `a ${typeof value}`;
  if (types.isProxy(value)) return "a proxy";
  if (Array.isArray(value)) return "a list";
  const { name } = (Reflect.getOwnPropertyDescriptor(
    Object.getPrototypeOf(value) ?? {},
    "constructor",
  )?.value ?? {}) as { name?: unknown };
  return isPlain(value)
    ? "an object"
    : `an instance of ${typeof name === "string" ? name : "a class"}`;
}
