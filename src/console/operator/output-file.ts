/**
 * Files that a console writes: under `logpath`, or where the configuration is.
 */

import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Runtime } from "../../service/runtime.ts";

/** Returns the path of a file that a command writes; its folder exists then. */
export function outputPath(runtime: Runtime, name: string): string {
  const { paths, environment } = runtime;
  const logpath = environment.get("logpath");
  const folder = resolve(paths.root, typeof logpath === "string" ? logpath : ".");
  mkdirSync(folder, { recursive: true });
  return join(folder, name);
}

/** Returns a name that no earlier file has: what, the process, the time. */
export function stampedName(runtime: Runtime, what: string, ending: string): string {
  const time = new Date(runtime.clock.wall()).toISOString().replaceAll(/[-:.]/g, "");
  return `${what}-${process.pid}-${time}.${ending}`;
}
