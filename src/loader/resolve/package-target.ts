/**
 * The tables `exports` and `imports` of a `package.json`: Node's algorithm, over what has been
 * read.
 *
 * Node offers it for `require` only, and its own `import` ends in Node's loader. Here it ends in a
 * path.
 */

import { join } from "node:path";
import { SnaxError } from "../../base/error.ts";
import { PACKAGE_TARGET_DEPTH_MAX } from "../../base/limits.ts";
import { isRecord } from "./config-file.ts";
import type { PackageJson } from "./package-json.ts";

/** What a table gives for a specifier. */
export type PackageTarget =
  | { readonly kind: "file"; readonly path: string }
  /** Another package: in `imports` only. */
  | { readonly kind: "specifier"; readonly specifier: string };

/** Conditions under which Node's `import` takes an entry, those of the command line included. */
export const NODE_CONDITIONS: readonly string[] = listConditions();

/** What a lookup needs to know besides the table. */
interface Lookup {
  readonly pack: PackageJson;
  readonly conditions: ReadonlySet<string>;
  /** Name of the table, and the key that was found, for errors. */
  readonly table: "exports" | "imports";
  readonly key: string;
  /** What stands for `*`. */
  readonly star: string;
}

/** null: it is excluded; undefined: there is nothing for these conditions. */
type Found = PackageTarget | null | undefined;

/**
 * Finds what a package exports.
 *
 * @param subpath - "." or "./path".
 * @throws {ERR_MODULE} if the table has a target that Node would not take.
 */
export function findExport(
  pack: PackageJson,
  subpath: string,
  conditions: Iterable<string>,
): PackageTarget | undefined {
  const { exports } = pack;
  const table = hasSubpaths(pack) ? (exports as Record<string, unknown>) : { ".": exports };
  return findKey(table, subpath, { pack, conditions: new Set(conditions), table: "exports" });
}

/** Finds what `#name` stands for in a package; throws what {@link findExport} throws. */
export function findImport(
  pack: PackageJson,
  specifier: string,
  conditions: Iterable<string>,
): PackageTarget | undefined {
  const { imports } = pack;
  if (!isRecord(imports)) return undefined;
  return findKey(imports, specifier, { pack, conditions: new Set(conditions), table: "imports" });
}

function hasSubpaths(pack: PackageJson): boolean {
  if (!isRecord(pack.exports)) return false;
  const keys = Object.keys(pack.exports);
  const count = keys.filter((key) => key.startsWith(".")).length;
  if (count > 0 && count < keys.length) {
    throw refuse(pack, `exports has both paths and conditions as keys`);
  }
  return count > 0;
}

function findKey(
  table: Record<string, unknown>,
  wanted: string,
  lookup: Omit<Lookup, "key" | "star">,
): PackageTarget | undefined {
  const { key, star } = matchKey(Object.keys(table), wanted) ?? {};
  if (key === undefined || star === undefined) return undefined;
  return findTarget(table[key], { ...lookup, key, star }, 0) ?? undefined;
}

/**
 * Finds the key of a table, or the pattern, that fits best: the one with the longest text in front
 * of its `*`.
 *
 * @returns the key, and what its `*` stands for.
 */
export function matchKey(
  keys: readonly string[],
  wanted: string,
): { key: string; star: string } | undefined {
  if (!wanted.includes("*") && keys.includes(wanted)) return { key: wanted, star: "" };
  let best: { key: string; star: string; head: number } | undefined;
  for (const key of keys) {
    const head = key.indexOf("*");
    if (head < 0 || key.includes("*", head + 1)) continue;
    const tail = key.slice(head + 1);
    const isMatch =
      wanted.length >= key.length && wanted.startsWith(key.slice(0, head)) && wanted.endsWith(tail);
    if (!isMatch) continue;
    const isBetter =
      best === undefined ||
      head > best.head ||
      (head === best.head && key.length > best.key.length);
    if (isBetter) best = { key, star: wanted.slice(head, wanted.length - tail.length), head };
  }
  return best;
}

function findTarget(value: unknown, lookup: Lookup, depth: number): Found {
  if (depth > PACKAGE_TARGET_DEPTH_MAX) {
    throw refuse(lookup.pack, `${nameOf(lookup)} is nested too deeply`);
  }
  if (value === null) return null;
  if (typeof value === "string") return placeTarget(value, lookup);
  if (Array.isArray(value)) return findFirst(value, lookup, depth);
  if (!isRecord(value)) throw refuse(lookup.pack, `${nameOf(lookup)} is neither text nor object`);
  for (const [condition, inner] of Object.entries(value)) {
    if (condition !== "default" && !lookup.conditions.has(condition)) continue;
    const found = findTarget(inner, lookup, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The first of several that can be taken. */
function findFirst(values: readonly unknown[], lookup: Lookup, depth: number): Found {
  let last: Found;
  let fault: SnaxError | undefined;
  for (const value of values) {
    try {
      last = findTarget(value, lookup, depth + 1);
      fault = undefined;
      if (last) return last;
    } catch (error) {
      if (!(error instanceof SnaxError)) throw error;
      fault = error;
    }
  }
  if (fault !== undefined) throw fault;
  return last;
}

const OUTSIDE = /(?:^|[\\/])(?:\.\.?|node_modules|%2e|%2e%2e)(?:[\\/]|$)|%2f|%5c/i;

function placeTarget(target: string, lookup: Lookup): PackageTarget {
  const { pack, star, table } = lookup;
  const isInside = target.startsWith("./");
  if (isInside && !OUTSIDE.test(target.slice(2)) && !OUTSIDE.test(star)) {
    return {
      kind: "file",
      path: join(
        pack.folder,
        target.replaceAll("*", () => star),
      ),
    };
  }
  const isName = table === "imports" && !/^(?:[./#\\]|\w+:\/)/.test(target);
  if (isName) return { kind: "specifier", specifier: target.replaceAll("*", () => star) };
  const what = OUTSIDE.test(star) ? `${target} with ${star} for its *` : target;
  throw refuse(pack, `${nameOf(lookup)} leads to ${what}, which is no path inside the package`);
}

function nameOf({ table, key }: Lookup): string {
  return `${table}["${key}"]`;
}

function refuse(pack: PackageJson, why: string): SnaxError {
  return new SnaxError("ERR_MODULE", `${pack.file}: ${why}`);
}

function listConditions(): string[] {
  const features = process.features as { readonly require_module?: boolean };
  const given = [...(process.env["NODE_OPTIONS"] ?? "").split(/\s+/), ...process.execArgv];
  const own: string[] = [];
  for (const [index, option] of given.entries()) {
    const { name, value } =
      /^(?<name>-C|--conditions)(?:=(?<value>.*))?$/.exec(option)?.groups ?? {};
    if (name !== undefined) own.push(value ?? given[index + 1] ?? "");
  }
  const sync = features.require_module === true ? ["module-sync"] : [];
  return ["node", "import", "node-addons", ...sync, ...own];
}
