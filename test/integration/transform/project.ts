/**
 * A folder that looks like a user's project: modules, a `tsconfig.json`, and the compilers that it has installed.
 *
 * The compilers are those among this package's own development dependencies, linked into the project.
 */

import { mkdirSync, symlinkSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { TestContext } from "node:test";
import { Modules } from "../../unit/loader/harness.ts";
import type { Files } from "../../unit/loader/harness.ts";

/** What a project may have installed, by the name of the folder here. */
const PACKAGES = {
  typescript: ["typescript6", "typescript"],
  typescript7: ["typescript", "typescript"],
  swc: ["@swc/wasm", "@swc/wasm"],
} as const;

/** A compiler that a project may have. */
export type Compiler = keyof typeof PACKAGES;

/** The two that can transform. */
export const COMPILERS = ["typescript", "swc"] as const;

/** Installs compilers into a folder. */
export function install(folder: string, ...compilers: readonly Compiler[]): void {
  for (const compiler of compilers) {
    const [from, to] = PACKAGES[compiler];
    const target = join(folder, "node_modules", to);
    mkdirSync(dirname(target), { recursive: true });
    symlinkSync(resolve("node_modules", from), target);
  }
}

/** What a project of a test consists of. */
export interface ProjectParts {
  readonly files: Files;
  readonly compilers?: readonly Compiler[];
  /** The `compilerOptions`; without them there is no `tsconfig.json`. */
  readonly options?: object;
}

/** Writes a project. */
export function createProject(
  t: TestContext,
  { files, compilers = [], options }: ProjectParts,
): Modules {
  const config =
    options === undefined
      ? {}
      : { "tsconfig.json": JSON.stringify({ compilerOptions: { target: "es2022", ...options } }) };
  const modules = new Modules(t, { ...files, ...config });
  install(modules.folder, ...compilers);
  return modules;
}

/** Runs the module `main.ts` of a project and returns its exports. */
export async function runProject(
  t: TestContext,
  parts: ProjectParts,
): Promise<Record<string, unknown>> {
  return (await createProject(t, parts).run()).exports;
}
