/** Data that is random and the same wherever it is made from the same stamp: what a table of that stamp must read as. */

import { createRandom } from "../../../src/base/random.ts";
import type { Random } from "../../../src/base/random.ts";

const KEYS = ["id", "name", "price", "attr", "tags", "0", "7", "größe", "__proto__", "中文"];
const TEXTS = [
  "",
  "sword",
  "a longer text of a single width",
  "größe",
  "中文",
  "\ud800 alone",
  "🗡",
];
const NUMBERS = [0, -0, 1, -1, 127, 128, 70_000, 2 ** 31, 1.5, NaN, Infinity, -Infinity, 2 ** 53];

/** The two tables of a stamp, which are always published together. */
export function createTables(stamp: number): Readonly<Record<"left" | "right", object>> {
  return { left: createData(stamp, 1), right: createData(stamp, 2) };
}

function createData(stamp: number, salt: number): object {
  const random = createRandom(stamp * 2 + salt);
  const data: Record<string, unknown> = { stamp };
  // From time to time the root is a dictionary, and the keys come and go.
  const count = random.below(4) === 0 ? 80 : 6;
  for (let index = 0; index < count; index++) {
    if (random.below(5) > 0) define(data, `row${index}`, createValue(random, 0));
  }
  const shared = createRecord(random, 3);
  data["first"] = { inner: shared };
  data["second"] = { inner: shared, again: [shared] };
  return data;
}

function createValue(random: Random, depth: number): unknown {
  switch (random.below(depth > 3 ? 7 : 12)) {
    case 0:
      return TEXTS[random.below(TEXTS.length)];
    case 1:
      return NUMBERS[random.below(NUMBERS.length)];
    case 2:
      return random.next();
    case 3:
      return [true, false, null, undefined][random.below(4)];
    case 4:
      return (
        BigInt(random.below(1000)) ** BigInt(random.below(12)) * (random.below(2) === 0 ? 1n : -1n)
      );
    case 5:
      return new Date(random.below(1_000_000));
    case 6:
      return Array.from({ length: random.below(6) }, () => random.below(100_000) - 200);
    case 7:
      return Array.from({ length: random.below(4) }, () => createValue(random, depth + 1));
    default:
      return createRecord(random, depth + 1);
  }
}

function createRecord(random: Random, depth: number): object {
  const record: Record<string, unknown> = {};
  const count = random.below(20) === 0 ? 70 : random.below(6);
  for (let index = 0; index < count; index++) {
    const key = count === 70 ? `key${index}` : (KEYS[random.below(KEYS.length)] as string);
    define(record, key, createValue(random, count === 70 ? 4 : depth));
  }
  return record;
}

function define(target: object, key: string, value: unknown): void {
  Object.defineProperty(target, key, {
    value,
    enumerable: true,
    writable: true,
    configurable: true,
  });
}

/** A way into the data. */
export type Path = readonly (string | number)[];

/** Chooses a path to some object in the data. */
export function choosePath(random: Random, data: unknown): Path {
  const path: (string | number)[] = [];
  let at = data;
  while (typeof at === "object" && at !== null && !(at instanceof Date)) {
    const keys = Object.keys(at);
    if (keys.length === 0 || (path.length > 0 && random.below(3) === 0)) break;
    const key = keys[random.below(keys.length)] as string;
    path.push(Array.isArray(at) ? Number(key) : key);
    at = (at as Record<string, unknown>)[key];
  }
  return path;
}

/** What stands at a path; undefined if nothing does. */
export function follow(data: unknown, path: Path): unknown {
  let at = data;
  for (const step of path) {
    if (typeof at !== "object" || at === null) return undefined;
    at = Object.hasOwn(at, step) ? (at as Record<string | number, unknown>)[step] : undefined;
  }
  return at;
}
