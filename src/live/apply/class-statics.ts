/**
 * Static fields that a patch gives: a literal is replaced as a constant is, a function as a
 * function, an object gets members as one at top level does, and what is new is added.
 *
 * Unlike a constant, a static field can be assigned: one that no longer has the value of its text
 * is state, and stays.
 */

import { SnaxError } from "../../base/error.ts";
import type { StaticsChange } from "../text/class-change.ts";
import type { Field, PatchedClass } from "./class-construction.ts";
import type { AnyClass } from "./class-graft.ts";
import { stateText } from "../text/class-rules.ts";
import { publicName } from "../../loader/read/record.ts";
import type { TableGift } from "../text/table-text.ts";
import type { Keys } from "./table-keys.ts";
import { mergeTable } from "./table-merge.ts";

/** The literals that patches have given last, by running class. */
const given = new WeakMap<AnyClass, Map<PropertyKey, unknown>>();

/** The objects in static fields that patches have given members to, by running class. */
const changed = new WeakMap<AnyClass, Set<PropertyKey>>();

/**
 * Says whether a patch gives what it says of a static field: one that it repeats in the words of the module's text it does only
 * if an earlier patch has changed it. What the service has made of it since stays.
 */
export function givesStatic(live: unknown, { repeated }: StaticsChange, name: string): boolean {
  return !repeated.has(name) || isChanged(live, name);
}

function isChanged(live: unknown, key: PropertyKey): boolean {
  return changed.get(live as AnyClass)?.has(key) === true;
}

/**
 * Replaces static fields of a class.
 *
 * @returns those that it does not have: they are added when everything else is in place.
 * @throws {ERR_PATCH_CLASS} for one that is state.
 */
export function replaceStatics(
  target: PatchedClass,
  statics: readonly Field[],
  change: StaticsChange,
): Field[] {
  const { kinds, literals, tables, unread } = change;
  const { name, live } = target;
  const added: Field[] = [];
  for (const [key, why] of unread) {
    if (isChanged(live, key)) throw new SnaxError("ERR_PATCH_CLASS", why);
  }
  for (const [index, field] of statics.entries()) {
    const { key, initialise } = field;
    const before = Reflect.getOwnPropertyDescriptor(live, key);
    const kind = kinds[index] ?? "value";
    if (!givesStatic(live, change, String(key))) continue;
    if (before === undefined) added.push(field);
    else if (kind === "literal") {
      const last = given.get(live) ?? literals;
      const running = last.has(key) ? last : literals;
      const value = initialise?.call(live);
      const isUntouched = running.has(key) && Object.is(before.value, running.get(key));
      if (isUntouched || Object.is(before.value, value)) define(target, key, value);
      // The text is what it was; what the service has made of it since is state.
      else if (!running.has(key) || !Object.is(running.get(key), value)) throw refuse(name, key);
    } else if (kind === "table") {
      const gift = tables.get(String(key));
      if (gift === undefined || !("value" in before)) throw refuse(name, key);
      if (gift.isLate) added.push(field);
      else mergeStatic(target, field, gift);
    } else if (kind === "function" && typeof before.value === "function")
      define(target, key, initialise?.call(live));
    else throw refuse(name, key);
  }
  return added;
}

/**
 * Adds static fields that the class does not have, and objects whose names are read; their initialisers see everything else in place.
 */
export function addStatics(
  target: PatchedClass,
  statics: readonly Field[],
  { tables, readKeys }: Tables,
): void {
  for (const field of statics) {
    const { key, initialise } = field;
    const gift = Object.hasOwn(target.live, key) ? tables.get(String(key)) : undefined;
    if (gift === undefined) define(target, key, initialise?.call(target.live));
    else mergeStatic(target, field, gift, readKeys(gift));
  }
}

interface Tables {
  readonly tables: ReadonlyMap<string, TableGift>;
  readonly readKeys: (gift: TableGift) => Keys;
}

// oxlint-disable-next-line max-params -- a field, and what its names are
function mergeStatic(target: PatchedClass, field: Field, gift: TableGift, keys?: Keys): void {
  const { name, live, log } = target;
  const { key, initialise } = field;
  const before: unknown = Reflect.getOwnPropertyDescriptor(live, key)?.value;
  const label = `${publicName(name)}.${String(key)}`;
  const merged = mergeTable(label, before, { given: initialise?.call(live), gift, keys, log });
  noteChanged(target, key);
  if (merged !== before) define(target, key, merged);
}

function noteChanged({ live, log }: PatchedClass, key: PropertyKey): void {
  let keys = changed.get(live);
  if (keys === undefined) changed.set(live, (keys = new Set()));
  if (keys.has(key)) return;
  const all = keys.add(key);
  log.note(() => void all.delete(key));
}

function define({ name, live, log }: PatchedClass, key: PropertyKey, value: unknown): void {
  const before = Reflect.getOwnPropertyDescriptor(live, key);
  const remembered = given.get(live);
  log.note(() => {
    if (remembered === undefined) given.delete(live);
    else given.set(live, remembered);
    if (before === undefined) Reflect.deleteProperty(live, key);
    else Reflect.defineProperty(live, key, before);
  });
  given.set(live, new Map(remembered).set(key, value));
  const flags =
    before === undefined ? { writable: true, enumerable: true, configurable: true } : {};
  if (Reflect.defineProperty(live, key, { ...flags, value })) return;
  throw new SnaxError(
    "ERR_PATCH_CLASS",
    `${name}.${String(key)} can't be changed: it was made fixed`,
  );
}

function refuse(name: string, key: PropertyKey): SnaxError {
  return new SnaxError("ERR_PATCH_CLASS", `class ${name}: ${stateText(name, String(key))}`);
}
