/**
 * What a copy finds of Node and of packages. What only computes is real, reading a file is real, writing one is noted and
 * taken as done; all else, every package included, is noted and refused.
 */

import { isBuiltin } from "node:module";
import { CodeCache } from "../../loader/code-cache.ts";
import { Effects } from "./effects.ts";

/** Modules of Node that reach nothing outside. */
const PURE: ReadonlySet<string> = new Set([
  ...["assert", "assert/strict", "buffer", "console", "constants", "crypto", "events", "path"],
  ...["path/posix", "path/win32", "punycode", "querystring", "string_decoder", "url", "util"],
  ...["util/types", "zlib"],
]);

const READS = /^(?:read|exists|stat|lstat|access|realpath|opendir)/;
const WRITES =
  /^(?:append|write|mkdir|mkdtemp|rm|unlink|rename|copy|cp|chmod|chown|utimes|truncate|symlink|link)/;

/** A code cache whose packages are those of a dry run. */
export class DryCache extends CodeCache {
  /** Whose effects are noted now. */
  effects: Effects = new Effects();
  /** What stands for a package, by specifier. */
  readonly #given = new Map<string, object>();

  override findPackage(specifier: string, importer: string): object | undefined {
    const name = specifier.replace(/^node:/, "");
    const known = this.#given.get(specifier);
    if (known !== undefined) return known;
    if (isBuiltin(specifier) && PURE.has(name)) return super.findPackage(specifier, importer);
    const isFiles = name === "fs" || name === "fs/promises";
    const real = isFiles ? super.findPackage(specifier, importer) : {};
    if (real === undefined) return undefined;
    const given = this.#guard(specifier, real, isFiles ? name : undefined);
    this.#given.set(specifier, given);
    return given;
  }

  /** Only what is used for real is imported: a package would run its own code. */
  override async fetchPackage(specifier: string, importer: string): Promise<unknown> {
    const found = this.findPackage(specifier, importer);
    return found ?? (await super.fetchPackage(specifier, importer));
  }

  override requirePackage(specifier: string, importer: string): void {
    if (this.findPackage(specifier, importer) === undefined) {
      super.requirePackage(specifier, importer);
    }
  }

  #guard(path: string, real: object, files: string | undefined): object {
    const made = new Map<PropertyKey, unknown>();
    const note = (name: string, args: readonly unknown[]): void =>
      this.effects.note(`${path}.${name}`, ...args);
    const member = (key: string): unknown => {
      const value: unknown = Reflect.get(real, key);
      if (files !== undefined) {
        if (key === "promises" || (key === "default" && typeof value === "object")) {
          const kind = key === "promises" ? "fs/promises" : files;
          return this.#guard(key === "promises" ? `${path}.promises` : path, value as object, kind);
        }
        if (value !== undefined && typeof value !== "function") return value;
        if (READS.test(key)) return value;
        if (WRITES.test(key)) return writer(files, key, (args) => note(key, args));
      }
      return stubOf(key === "default" ? path : `${path}.${key}`, (what, args) => {
        throw this.effects.refuse(what, ...args);
      });
    };
    return new Proxy(
      {},
      {
        // All that is imported is there; that it can't be used is said when it is.
        has: (_target, key) => typeof key === "string" && key !== "then",
        get: (_target, key) => {
          if (typeof key !== "string" || key === "then") return undefined;
          if (!made.has(key)) made.set(key, member(key));
          return made.get(key);
        },
      },
    );
  }
}

/** Takes a file as written: at once, by a promise, or by the callback that is last. */
function writer(files: string, key: string, note: (args: readonly unknown[]) => void): unknown {
  return (...args: unknown[]): unknown => {
    const callback = args.at(-1);
    const isBack = files === "fs" && !key.endsWith("Sync") && typeof callback === "function";
    note(isBack ? args.slice(0, -1) : args);
    if (isBack) queueMicrotask(() => (callback as (error: null) => void)(null));
    return files === "fs/promises" ? Promise.resolve() : undefined;
  };
}

/** Something of a package: a function, a class to be made or extended, or an object with members. */
function stubOf(path: string, refuse: (path: string, args: readonly unknown[]) => never): unknown {
  return new Proxy(function stub() {}, {
    apply: (_target, _self, args) => refuse(path, args),
    construct: (_target, args) => refuse(path, args),
    get: (target, key) =>
      typeof key === "symbol" || key in target
        ? (Reflect.get(target, key) as unknown)
        : key === "then"
          ? undefined
          : stubOf(`${path}.${key}`, refuse),
  });
}
