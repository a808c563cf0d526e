/**
 * Finds and reads a configuration file.
 */

import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { SnaxError } from "../base/error.ts";
import { CodeCache } from "../loader/code-cache.ts";
import { defineConfig, describeNoConfig } from "./config.ts";
import type { Config } from "./config.ts";

/** The names that are tried in the working directory. */
export const DEFAULT_NAMES: readonly string[] = [
  "snax.config.ts",
  "snax.config.js",
  "snax.config.mjs",
  "snax.config.json",
];

/** A configuration and where it came from. */
export interface LoadedConfig {
  readonly config: Config;
  /** Absolute path of the file. */
  readonly path: string;
  /** The folder to which its paths are relative. */
  readonly root: string;
}

/**
 * Reads a configuration file: the default export of a module, or JSON.
 *
 * @param path - the file; without it the default names are tried in `directory`.
 * @throws {ERR_CONFIG} if there is none, or it can't be read; the message says which file and why.
 */
export async function loadConfig(
  path: string | undefined,
  directory: string,
): Promise<LoadedConfig> {
  const file = findConfig(path, directory);
  let config: unknown;
  try {
    const program = await new CodeCache().load(file);
    const api = { defineConfig };
    const instance = await program.instantiate({ api, injected: () => undefined });
    config = instance.entry.get("default");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new SnaxError("ERR_CONFIG", why.includes(file) ? why : `${file}: ${why}`, {
      cause: error,
    });
  }
  const what = describeNoConfig(config);
  if (what !== undefined) {
    throw new SnaxError(
      "ERR_CONFIG",
      `${file}: the default export is ${what}, not a configuration`,
    );
  }
  return { config: config as Config, path: file, root: dirname(file) };
}

function findConfig(path: string | undefined, directory: string): string {
  const names = path === undefined ? DEFAULT_NAMES : [path];
  const file = names.map((name) => resolve(directory, name)).find((name) => existsSync(name));
  if (file !== undefined) return file;
  const what =
    path === undefined ? `none of ${DEFAULT_NAMES.join(", ")} in ${directory}` : `no ${path}`;
  throw new SnaxError("ERR_CONFIG", `no configuration: ${what}`);
}
