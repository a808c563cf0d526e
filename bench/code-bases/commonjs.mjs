/**
 * Tests that are written as CommonJS, for a code base whose build they `require`: they run as they are, and get the modules that the build
 * was made of, as the world imports them. So no build is needed, and what is tested is what the world made of the source.
 *
 * What the tests require by a name that stands in their text is imported before they run, for `require` can't wait.
 */

import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";

const REQUIRE = /\brequire\((['"`])([^'"`$]+)\1\)/g;

export class CommonJs {
  #folder;
  #from;
  #to;
  #import;
  /** The tests' own files, by path. */
  #modules = new Map();
  /** Namespaces of the code base, by path. */
  #namespaces = new Map();
  #seen = new Set();

  /**
   * @param {{ folder: string, from: string, to: string }} places `from` is where the build would be, `to` where its source is
   * @param {(path: string) => Promise<object>} load imports as the world does
   */
  constructor({ folder, from, to }, load) {
    this.#folder = folder;
    this.#from = `${join(folder, from)}/`;
    this.#to = join(folder, to);
    this.#import = load;
  }

  /** Runs a file of tests. */
  async load(file) {
    await this.#prepare(file);
    return this.#run(file);
  }

  async #prepare(file) {
    if (this.#seen.has(file)) return;
    this.#seen.add(file);
    if (!file.endsWith(".js")) return;
    for (const [, , specifier] of readFileSync(file, "utf8").matchAll(REQUIRE)) {
      if (!specifier.startsWith(".")) continue;
      const path = resolve(dirname(file), specifier);
      if (!path.startsWith(this.#from)) {
        const found = findFile(path, [".js", ".json"]);
        if (found !== undefined) await this.#prepare(found);
        continue;
      }
      const source = this.#sourceOf(path);
      if (!source.endsWith(".json")) this.#namespaces.set(source, await this.#import(source));
    }
  }

  #sourceOf(path) {
    const place = join(this.#to, path.slice(this.#from.length));
    const source = findFile(place, [".ts", ".tsx", ".js", ".json"]);
    if (source === undefined) throw new Error(`no source of ${path}`);
    return source;
  }

  #run(file) {
    const known = this.#modules.get(file);
    if (known !== undefined) return known.exports;
    const module = { exports: {}, filename: file };
    this.#modules.set(file, module);
    const require = this.#createRequire(file);
    const body = new Function(
      "require",
      "module",
      "exports",
      "__filename",
      "__dirname",
      "global",
      `${readFileSync(file, "utf8")}\n//# sourceURL=${file}`,
    );
    body.call(module.exports, require, module, module.exports, file, dirname(file), globalThis);
    return module.exports;
  }

  #createRequire(file) {
    const native = createRequire(file);
    return (specifier) => {
      if (!specifier.startsWith(".")) return native(specifier);
      const path = resolve(dirname(file), specifier);
      if (path.startsWith(this.#from)) {
        const source = this.#sourceOf(path);
        return this.#namespaces.get(source) ?? native(source);
      }
      const found = findFile(path, [".js", ".json"]);
      return found?.endsWith(".js") && found.startsWith(this.#folder)
        ? this.#run(found)
        : native(path);
    };
  }
}

function findFile(path, endings) {
  const names = ["", ...endings, ...endings.map((ending) => `/index${ending}`)];
  const endingOf = (name) => /\.[a-z]+$/.exec(name)?.[0];
  return names
    .map((name) => `${path}${name}`)
    .find((name) => endings.includes(endingOf(name)) && existsSync(name));
}
