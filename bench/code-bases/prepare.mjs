/** What a code base's own build makes, and its files import: it is made once, by the tool of its `packages`. */

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { CODE_BASES } from "./list.mjs";

/**
 * Makes what is missing.
 *
 * @param {string} name of the code base
 * @param {string} folder where it lies
 */
export function prepare(name, folder) {
  const { made } = CODE_BASES[name] ?? {};
  if (made === undefined || existsSync(join(folder, made.file))) return;
  const [tool, ...args] = made.command;
  const path = join(folder, "node_modules/.bin", tool);
  const { status, stderr, error } = spawnSync(path, args, { cwd: folder, encoding: "utf8" });
  if (status === 0) return;
  const why = error?.message ?? stderr;
  throw new Error(`${folder} has no ${made.file}, and ${made.command.join(" ")} failed: ${why}`);
}
