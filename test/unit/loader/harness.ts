/**
 * Writes the modules of a test into a folder of their own and makes instances of them.
 *
 * Texts stand in the tests, beside what is expected of them; the folder is removed when the test ends.
 */

import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { TestContext } from "node:test";
import { CodeCache } from "../../../src/loader/code-cache.ts";
import type { CodeCacheOptions } from "../../../src/loader/code-cache.ts";
import type { Instance, Surroundings } from "../../../src/loader/run/instance.ts";
import type { Program } from "../../../src/loader/run/program.ts";

/** Files by path relative to the test's folder. */
export type Files = Readonly<Record<string, string>>;

/** A folder of modules and a code cache over it. */
export class Modules {
  readonly folder: string;
  readonly cache: CodeCache;

  constructor(t: TestContext, files: Files, options?: CodeCacheOptions) {
    this.folder = realpathSync(mkdtempSync(join(tmpdir(), "snax-loader-")));
    t.after(() => rmSync(this.folder, { recursive: true, force: true }));
    this.write(files);
    this.cache = new CodeCache(options);
  }

  /** Writes files. */
  write(files: Files): void {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(this.path(name)), { recursive: true });
      writeFileSync(this.path(name), text);
    }
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  url(name: string): string {
    return pathToFileURL(this.path(name)).href;
  }

  load(name = "main.ts"): Program | Promise<Program> {
    return this.cache.load(this.path(name));
  }

  /** Makes an instance; waits only where the loader does. */
  async run(name = "main.ts", surroundings: Partial<Surroundings> = {}): Promise<Instance> {
    const program = await this.load(name);
    return program.instantiate({ ...SURROUNDINGS, ...surroundings });
  }
}

const SURROUNDINGS: Surroundings = {
  api: { skynet: { self: () => 1 } },
  injected: (name) => (globalThis as Record<string, unknown>)[name],
};

/** Makes one instance of modules and returns its entry's exports as they are at the end. */
export async function evaluate(t: TestContext, files: Files): Promise<Record<string, unknown>> {
  return (await new Modules(t, files).run()).exports;
}

/** Calls an exported function of an instance's entry, as it is now. */
export function call(instance: Instance, name: string, ...args: unknown[]): unknown {
  return (instance.entry.get(name) as (...args: unknown[]) => unknown)(...args);
}
