/**
 * Runs the compiler over one of the projects and removes what earlier runs left behind.
 *
 * A test that was renamed must not go on running from its old output, and a file that was removed must not be
 * packed; so outputs without a source are deleted. The others are left in place, so that a node which runs from the
 * folder keeps its files while it is rebuilt.
 */

import { spawnSync } from "node:child_process";
import { cpSync, existsSync, readdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of package.json. */
export const ROOT = fileURLToPath(new URL("..", import.meta.url)).replace(/[\\/]$/, "");

/**
 * Lists the files below a folder, depth first; none if there is no such folder.
 *
 * @param {string} folder - relative to the root of the repository
 * @returns {string[]} paths relative to the root, sorted
 */
export function listFiles(folder) {
  const top = join(ROOT, folder);
  if (!existsSync(top)) return [];
  return readdirSync(top, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .sort();
}

/**
 * Compiles one project; what the compiler says goes to the terminal.
 *
 * @param {string} project - tsconfig.*.json
 * @returns {boolean} whether there were no errors; the output is written either way
 */
export function compile(project) {
  const tsc = createRequire(import.meta.url).resolve("typescript/package.json");
  const args = [join(tsc, "..", "bin", "tsc"), "-p", join(ROOT, project)];
  const { status, error } = spawnSync(process.execPath, args, { cwd: ROOT, stdio: "inherit" });
  if (error) throw error;
  return status === 0;
}

/**
 * Deletes the outputs whose source is gone.
 *
 * @param {string} output - folder that the compiler writes to
 * @param {string} sources - folder that mirrors it
 */
function prune(output, sources) {
  for (const file of listFiles(output)) {
    const stem = relative(output, file).replace(/(\.d)?\.[cm]?[jt]s(\.map)?$/, "");
    const source = join(ROOT, sources, stem);
    if (!["", ".ts", ".mts"].some((suffix) => existsSync(source + suffix)))
      rmSync(join(ROOT, file));
  }
}

/**
 * Makes examples/simple/dist/: the programs of the example that run beside its node, and the code of its page.
 *
 * @returns {boolean} whether there were no errors
 */
export function buildExample() {
  const ok = compile("examples/simple/tsconfig.json");
  prune("examples/simple/dist", "examples/simple");
  return ok;
}

/**
 * Copies the files of the console's page, which a browser reads as they are.
 *
 * @param {string} output - stands for src/
 * @returns {string[]} the files, below it
 */
export function copyPage(output) {
  const folder = join("console", "page");
  cpSync(join(ROOT, "src", folder), join(ROOT, output, folder), { recursive: true });
  return listFiles(join("src", folder)).map((file) => relative("src", file));
}

/**
 * Makes build/: src/ and test/ compiled together, so that a test reaches what the package does not export.
 *
 * @returns {boolean} whether there were no errors
 */
export function buildTests() {
  const ok = compile("tsconfig.test.json");
  copyPage("build/src");
  prune("build", ".");
  return ok;
}
