/**
 * Where the data of a table comes from: a file, or a text.
 *
 * A module is evaluated anew at each load, with the local modules that it imports, and has no
 * service around it: its default export is the data, or a function that returns it. Data from JSON
 * is a tree, which spares the encoder a look at every object.
 */

import { existsSync, readFileSync } from "node:fs";
import { isAbsolute, resolve } from "node:path";
import { SnaxError } from "../base/error.ts";
import { CodeCache } from "../loader/code-cache.ts";
import { buildImage } from "../loader/build/image-builder.ts";
import { parseJson } from "../loader/text/json.ts";
import { placesOf as filledPatterns } from "../service/search-path.ts";
import type { Check, TableFile } from "./sharetable-api.ts";
import type { TableSource } from "./table-link.ts";

/** Data that was loaded. */
export interface Loaded {
  readonly data: unknown;
  /** No object in it is held twice. */
  readonly isTree: boolean;
  /** What the module itself wants checked. */
  readonly check: Check | undefined;
  /** Where it came from. */
  readonly source?: TableSource;
}

/** Where files are looked for. */
export interface DataPlaces {
  /** The configuration's folder. */
  readonly root: string;
  /** The configuration's `tables`. */
  readonly patterns: string | readonly string[];
}

/** What the configuration's `tables` is unless it says otherwise. */
export const DEFAULT_TABLE_PATTERNS: string = "./tables/?.ts;./tables/?.js;./tables/?.json";

const EXTENSIONS = ["", ".ts", ".js", ".mjs", ".json"];

/**
 * Reads a name: what the table is called, and the file that holds it.
 *
 * @throws {ERR_MODULE} if there is no such file, with the places that were looked at.
 */
export function findTableFile(name: string | TableFile, places: DataPlaces): TableFile {
  const table = typeof name === "string" ? { name, file: name } : name;
  const { file } = table;
  const patterns = filledPatterns(places.patterns, places.root, file);
  const named = EXTENSIONS.map((extension) => file + extension);
  return { name: table.name, file: findFile([...named, ...patterns], table.name, places.root) };
}

function findFile(files: readonly string[], name: string, root: string): string {
  const paths = files.map((file) => (isAbsolute(file) ? file : resolve(root, file)));
  const found = paths.find((path) => existsSync(path) && /\.(json|[mc]?[jt]s)$/.test(path));
  if (found !== undefined) return found;
  throw new SnaxError(
    "ERR_MODULE",
    `no file for table ${name}; looked for ${[...new Set(paths)].join(", ")}`,
  );
}

/**
 * Loads a file.
 *
 * @throws {ERR_MODULE} if it can't be loaded.
 * @throws {ERR_SYNTAX} if its text is no module, or no JSON.
 */
export async function loadDataFile(file: string, args: readonly unknown[]): Promise<Loaded> {
  const isJson = file.endsWith(".json");
  const loaded = isJson
    ? loadJson(readText(file), file)
    : await evaluate(new CodeCache(), file, args);
  return { ...loaded, source: { file, args: args.every(isScalar) ? args.slice() : undefined } };
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const why = `can't read ${file}: ${(error as Error).message}`;
    throw new SnaxError("ERR_MODULE", why, { cause: error });
  }
}

function isScalar(value: unknown): value is string | number | boolean | null | undefined {
  return value === null || ["string", "number", "boolean", "undefined"].includes(typeof value);
}

/**
 * Loads a text: the text of a module, or JSON.
 *
 * @throws {ERR_SYNTAX} if it is neither.
 */
export async function loadDataText(
  name: string,
  text: string,
  root: string,
  args: readonly unknown[],
): Promise<Loaded> {
  if (/^\s*[[{]/.test(text)) return loadJson(text, name);
  // Relative imports start at the configuration's folder.
  const file = resolve(root, `${name.replaceAll(/[^\p{L}\p{M}\p{N}_.-]/gu, "_")}.table.ts`);
  const cache = new CodeCache();
  cache.adopt(buildImage(text, file, new Set()));
  return evaluate(cache, file, args);
}

function loadJson(text: string, where: string): Loaded {
  return { data: parseJson(text, where), isTree: true, check: undefined };
}

async function evaluate(cache: CodeCache, file: string, args: readonly unknown[]): Promise<Loaded> {
  const program = await cache.load(file);
  const surroundings = { api: { SnaxError }, injected: () => undefined };
  const instance = await program.instantiate(surroundings);
  const exported = instance.exports;
  if (!("default" in exported)) {
    throw new SnaxError("ERR_TABLE", `${file} has no default export, which would be the data`);
  }
  const { default: main, check } = exported;
  const data: unknown =
    typeof main === "function" ? await (main as (...args: unknown[]) => unknown)(...args) : main;
  return { data, isTree: false, check: check as Check | undefined };
}
