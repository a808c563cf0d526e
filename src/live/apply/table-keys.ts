/**
 * What names in brackets are in a running service: `[Kind.Bow]` in a table of a patch.
 *
 * They are read when everything else of the patch is in place, so that a member of an enum that the same patch changes has its
 * new value.
 */

import { SnaxError } from "../../base/error.ts";
import type { EnumMembers } from "../../loader/typescript/enum-text.ts";
import type { TableGift } from "../text/table-text.ts";

/** Names in brackets, and what they are. */
export type Keys = ReadonlyMap<string, PropertyKey>;

const NO_KEYS: Keys = new Map();

/**
 * Reads the names in brackets of a table.
 *
 * @param read - reads a variable of the module.
 * @throws {ERR_PATCH} for one that is no name.
 */
export function readKeys({ keys }: TableGift, read: (name: string) => unknown): Keys {
  if (keys.size === 0) return NO_KEYS;
  return new Map([...keys].map(([label, way]) => [label, readKey(label, way, read)]));
}

function readKey(
  label: string,
  [root = "", ...way]: readonly string[],
  read: (name: string) => unknown,
): PropertyKey {
  let value: unknown = root === "Symbol" ? Symbol : read(root);
  for (const key of way) {
    value = value === undefined || value === null ? undefined : Reflect.get(Object(value), key);
  }
  if (typeof value === "symbol" || typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  throw new SnaxError("ERR_PATCH", `${label} is no name of a member: it is ${describe(value)}`);
}

/** Reads what the module's text has in a table by a name, as far as it can be told. */
export function readWays(
  { ways }: TableGift,
  read: (name: string) => unknown,
): ReadonlyMap<string, unknown> {
  const values = new Map<string, unknown>();
  for (const [key, [root = "", ...way]] of ways) {
    try {
      let value: unknown = read(root);
      for (const each of way) value = Reflect.get(Object(value), each);
      values.set(key, value);
    } catch {
      // A variable before its declaration has run has no value.
    }
  }
  return values;
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/**
 * Reads as many names in brackets of a table as can be told before the patch is in.
 *
 * @param enums - those that the patch gives.
 */
export function foreseeKeys(
  { keys }: TableGift,
  enums: ReadonlyMap<string, EnumMembers>,
  read: (name: string) => unknown,
): Keys {
  if (keys.size === 0) return NO_KEYS;
  const known = new Map<string, PropertyKey>();
  for (const [label, way] of keys) {
    try {
      const given = enums.get(way[0] ?? "");
      known.set(
        label,
        readKey(label, way, given === undefined ? read : () => Object.fromEntries(given)),
      );
    } catch {
      // What the patch adds is not there yet.
    }
  }
  return known;
}
