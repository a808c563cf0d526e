/**
 * What of a constant is still as the text gave it: that is no state.
 *
 * A table of functions and settings is the text's as long as no code has changed it; an edited text may give other ones. What
 * the program has changed since is the program's.
 */

import { isDeepStrictEqual, types } from "node:util";
import type { AnyNode } from "acorn";
import { keyOf } from "../../loader/read/analysis.ts";
import { dataOf } from "../../loader/read/written.ts";
import type { RootPlace, StateNames } from "./names.ts";
import { formOf, isOpenObject, literalOf } from "./names.ts";
import type { TableFunctions } from "./table-functions.ts";
import type { Written } from "./state.ts";
import { isPrimitive } from "./state.ts";

/** Tells what of a constant is still as the text gave it. */
export function writtenOf(
  names: StateNames,
  place: RootPlace,
  value: unknown,
): Written | undefined {
  const { isConst, node, file } = place;
  if (!isConst) return undefined;
  if (isPrimitive(value) || file.endsWith(".json")) return true;
  if (isDeepFrozen(value)) return true;
  return node === undefined ? undefined : compare(aimOf(names, place), node, value);
}

/** Says whether a variable, constant or not, has the value that the text gives it, as far as the text alone tells it. */
export function isAsWritten(names: StateNames, place: RootPlace, value: unknown): boolean {
  if (writtenOf(names, place, value) === true) return true;
  const { node } = place;
  if (node === undefined) return value === undefined;
  return compare(aimOf(names, place), node, value) === true;
}

/** What is compared, and where it is. */
interface Aim {
  readonly names: StateNames;
  readonly functions: TableFunctions | undefined;
  /** The way there from the name; undefined in a list. */
  readonly way: readonly string[] | undefined;
  /** The property of a table. */
  readonly property?: AnyNode;
}

function aimOf(names: StateNames, { name, functions }: RootPlace): Aim {
  return { names, functions, way: [name] };
}

function compare(aim: Aim, node: AnyNode, value: unknown): Written | undefined {
  const { names, functions, way, property: place = node } = aim;
  switch (formOf(node)) {
    case "function":
      if (typeof value !== "function") return undefined;
      if (functions === undefined || way === undefined) return true;
      return functions.isWritten({ way, node: place }, value) ? true : undefined;
    case "data":
      if (node.type === "ObjectExpression" || node.type === "ArrayExpression") break;
      return isDeepStrictEqual(dataOf(node), value) ? true : undefined;
    case "name":
      return isNamed(names, node, value) ? true : undefined;
    case "other":
      break;
  }
  if (node.type === "ArrayExpression") return compareList(aim, node, value);
  const object = literalOf(node);
  if (object === undefined || !isOpenObject(value)) return undefined;
  const members = new Map<string, Written | undefined>();
  let isWhole = true;
  for (const property of object.properties) {
    const key = property.type === "Property" ? keyOf(property) : undefined;
    if (property.type !== "Property" || key === undefined) {
      isWhole = false;
      continue;
    }
    const live = Object.getOwnPropertyDescriptor(value, key);
    let written: Written | undefined;
    if (property.kind !== "init") written = live?.get || live?.set ? true : undefined;
    else if (live !== undefined && "value" in live) {
      const inner = { names, functions, way: way && [...way, key], property };
      written = compare(inner, property.value, live.value);
    }
    members.set(key, written);
    if (written !== true) isWhole = false;
  }
  return isWhole && Reflect.ownKeys(value).length === members.size ? true : members;
}

function compareList(
  { names, functions }: Aim,
  { elements }: AnyNode & { type: "ArrayExpression" },
  value: unknown,
): Written | undefined {
  if (!Array.isArray(value) || value.length !== elements.length) return undefined;
  const isSame = elements.every(
    (element, index) =>
      element !== null &&
      compare({ names, functions, way: undefined }, element, value[index]) === true,
  );
  return isSame && Reflect.ownKeys(value).length === elements.length + 1 ? true : undefined;
}

/** A function or a class that the text names, and that is there. */
function isNamed(names: StateNames, node: AnyNode, value: unknown): boolean {
  const ref = names.byValue.get(value);
  return node.type === "Identifier" && ref?.path === undefined && ref?.name === node.name;
}

/** Whether nothing of a value can change any more. A loop: a chain of objects may be of any length. */
function isDeepFrozen(whole: unknown): boolean {
  const seen = new Set<object>();
  const left: unknown[] = [whole];
  while (left.length > 0) {
    const value = left.pop();
    if (isPrimitive(value) || typeof value === "symbol") continue;
    if (typeof value === "function" || !isShallowFrozen(value)) return false;
    if (seen.has(value)) continue;
    seen.add(value);
    for (const key of Reflect.ownKeys(value)) {
      const property = Reflect.getOwnPropertyDescriptor(value, key);
      if (property === undefined || !("value" in property)) return false;
      left.push(property.value);
    }
  }
  return true;
}

function isShallowFrozen(value: unknown): value is object {
  // To ask a proxy whether it is frozen runs its traps.
  if (types.isProxy(value) || !Object.isFrozen(value)) return false;
  return isOpenObject(value) || Array.isArray(value);
}
