/**
 * The nearest `tsconfig.json` of a file: what of the project's TypeScript options a loader has to
 * follow.
 *
 * `extends` is followed (a path, a package, or a list), `${configDir}` is understood, and of a file
 * that only lists `references` the first one counts that includes the folder. Options that say
 * nothing about how a text runs are not looked at. The result is plain data, so that it can be
 * sent. Nothing is kept longer than the object that read it, which is made for one load; so an edit
 * counts for all that is loaded after it.
 */

import { createRequire } from "node:module";
import { dirname, isAbsolute, join, resolve, sep } from "node:path";
import { SnaxError } from "../../base/error.ts";
import { TSCONFIG_DEPTH_MAX, TSCONFIG_SIZE_MAX } from "../../base/limits.ts";
import { isFile, listOf, readConfigFile, recordOf } from "./config-file.ts";
import { parseJsonc } from "../text/jsonc.ts";
import { OPTION_READERS, placePatterns } from "./tsconfig-options.ts";
import type { TsconfigOptions } from "./tsconfig-options.ts";

/** What a project says about its TypeScript. */
export interface Tsconfig extends TsconfigOptions {
  /** The file that was found; its options may come from those that it extends. */
  readonly file: string;
  /**
   * Whether class fields are defined, as the language has it, and not assigned: by the option, else
   * by `target`.
   */
  readonly definesFields: boolean;
  /**
   * Whether imports name files with their endings, as Node wants it: `moduleResolution` node16 or
   * nodenext.
   */
  readonly isNodeNext: boolean;
  /** Whether the project imports JSON: by the option, else by the way in which imports are found. */
  readonly takesJson: boolean;
}

const NAME = "tsconfig.json";

/** Finds the nearest `tsconfig.json` of folders, and reads each file at most once. */
export class Tsconfigs {
  readonly #byFolder = new Map<string, Tsconfig | undefined>();
  readonly #nearest = new Map<string, string | undefined>();
  readonly #raw = new Map<string, Raw>();
  readonly #byFile = new Map<string, Tsconfig>();
  /** By `${configDir}` and file: files may extend the same one by many ways. */
  readonly #options = new Map<string, TsconfigOptions>();

  /**
   * Finds the configuration for the files of a folder, in it or in the nearest folder above;
   * packages below a `node_modules` have none.
   *
   * @param folder - absolute path.
   * @throws {ERR_SYNTAX} if the file that is found is not JSON with comments.
   * @throws {ERR_MODULE} if it can't be read, extends what does not exist, or an option that counts
   * is of another kind.
   */
  find(folder: string): Tsconfig | undefined {
    if (this.#byFolder.has(folder)) return this.#byFolder.get(folder);
    const isPackage = folder.split(sep).includes("node_modules");
    const nearest = isPackage ? undefined : this.#findNearest(folder);
    const found = nearest === undefined ? undefined : this.#read(nearest, folder);
    this.#byFolder.set(folder, found);
    return found;
  }

  #findNearest(folder: string): string | undefined {
    if (this.#nearest.has(folder)) return this.#nearest.get(folder);
    const file = join(folder, NAME);
    const above = dirname(folder);
    let found: string | undefined;
    if (isFile(file)) found = file;
    else if (above !== folder) found = this.#findNearest(above);
    this.#nearest.set(folder, found);
    return found;
  }

  /** Reads a file with what it extends; of one that only lists others, that for the folder. */
  #read(nearest: string, folder: string): Tsconfig {
    const file = this.#findReference(nearest, folder) ?? nearest;
    let tsconfig = this.#byFile.get(file);
    if (tsconfig === undefined) {
      const source = { file, leaf: dirname(file), above: [] };
      const options = placePatterns(this.#readOptions(source));
      tsconfig = { ...options, file, ...derive(options) };
      this.#byFile.set(file, tsconfig);
    }
    return tsconfig;
  }

  /**
   * A file that lists others and has no sources of its own: the first of them that includes the
   * folder.
   */
  #findReference(file: string, folder: string): string | undefined {
    const { references, files, include } = this.#readRaw(file);
    const isList = Array.isArray(references) && Array.isArray(files) && files.length === 0;
    if (!isList || (Array.isArray(include) && include.length > 0)) return undefined;
    for (const reference of references) {
      const { path } = recordOf(reference, file, "an entry of references");
      const full = resolve(dirname(file), typeof path === "string" ? path : "");
      const other = isFile(full) ? full : join(full, NAME);
      if (other === file || !isFile(other)) continue;
      if (includes(this.#readRaw(other), other, folder)) return other;
    }
    return undefined;
  }

  #readOptions(source: Source): TsconfigOptions {
    const { file, leaf, above } = source;
    const key = `${leaf}\0${file}`;
    const known = this.#options.get(key);
    if (known !== undefined) return known;
    const raw = this.#readRaw(file);
    const options: Record<string, unknown> = {};
    for (const base of listExtended(raw, file)) {
      const chain = [...above, file];
      checkChain(chain, base);
      Object.assign(options, this.#readOptions({ file: base, leaf, above: chain }));
    }
    const folder = dirname(file);
    const own = recordOf(raw["compilerOptions"] ?? {}, file, "compilerOptions");
    for (const [name, value] of Object.entries(own)) {
      if (!Object.hasOwn(OPTION_READERS, name)) continue;
      const read = OPTION_READERS[name as keyof typeof OPTION_READERS];
      // null takes back what a file that is extended says.
      if (value === null) options[name] = undefined;
      else Object.assign(options, read(value, { file, folder, leaf, name }));
    }
    this.#options.set(key, options);
    return options;
  }

  #readRaw(file: string): Raw {
    let raw = this.#raw.get(file);
    if (raw === undefined) this.#raw.set(file, (raw = readRaw(file)));
    return raw;
  }
}

type Raw = Readonly<Record<string, unknown>>;

function readRaw(file: string): Raw {
  const text = readConfigFile(file, TSCONFIG_SIZE_MAX);
  // An empty file is what tsc takes for no options.
  return text.trim() === "" ? {} : recordOf(parseJsonc(text, file), file, "it");
}

/** Where a text of the configuration is. */
interface Source {
  readonly file: string;
  /** Folder of the configuration that was asked for: `${configDir}`. */
  readonly leaf: string;
  /** The files that led here by `extends`. */
  readonly above: readonly string[];
}

function checkChain(chain: readonly string[], base: string): void {
  const file = chain.at(-1);
  if (chain.includes(base)) {
    throw new SnaxError("ERR_MODULE", `${file}: extends leads back to ${base}`);
  }
  if (chain.length > TSCONFIG_DEPTH_MAX) {
    const why = `${file}: more than ${TSCONFIG_DEPTH_MAX} files extend each other`;
    throw new SnaxError("ERR_MODULE", why);
  }
}

function listExtended(raw: Raw, file: string): string[] {
  const { extends: named } = raw;
  if (named === undefined || named === null) return [];
  const list = typeof named === "string" ? [named] : listOf(named, file, "extends");
  return list.map((path) => findExtended(path, file));
}

function findExtended(path: string, file: string): string {
  const found = [];
  if (isAbsolute(path) || /^\.\.?(?:[\\/]|$)/.test(path)) {
    const full = resolve(dirname(file), path);
    found.push(full, `${full}.json`);
  } else {
    const { resolve: find } = createRequire(file);
    for (const name of [path, `${path}/${NAME}`, `${path}.json`]) {
      try {
        found.push(find(name));
      } catch {
        // A package need not have all of these.
      }
    }
  }
  const base = found.find((each) => !/\.[cm]?js$/.test(each) && isFile(each));
  if (base !== undefined) return base;
  throw new SnaxError("ERR_MODULE", `${file}: extends ${path}, and there is no such file`);
}

function includes(raw: Raw, file: string, folder: string): boolean {
  const patterns = raw["include"] ?? (raw["files"] === undefined ? ["."] : []);
  if (!Array.isArray(patterns)) return false;
  return patterns.some((pattern) => {
    const start = /^[^*?]*(?=\/[^/]*[*?])|^[^*?]*$/.exec(String(pattern))?.[0] ?? "";
    const top = resolve(dirname(file), start);
    return `${folder}${sep}`.startsWith(top.endsWith(sep) ? top : `${top}${sep}`);
  });
}

/** What follows from options that are not given; the defaults are those of TypeScript 6 and 7. */
type Derived = Pick<Tsconfig, "definesFields" | "isNodeNext" | "takesJson">;

function derive(options: TsconfigOptions): Derived {
  const { target = "es2025", module = "", moduleResolution = module } = options;
  const year = Number(/^es(\d{4})$/.exec(target)?.[1] ?? (target === "esnext" ? 9999 : 0));
  return {
    definesFields: options.useDefineForClassFields ?? year >= 2022,
    isNodeNext: /^node(?:16|18|20|next)$/.test(moduleResolution),
    takesJson: options.resolveJsonModule ?? /^(?:bundler|preserve)$/.test(moduleResolution),
  };
}
