/**
 * Makes dist/: the compiler writes the types, one file for each of src/; of the JavaScript there is one for each folder of src/.
 *
 *     src/kernel/*.ts      -> dist/kernel/kernel.js    so a stack still says through which layer it goes
 *     src/console/doors/*.ts -> dist/console/doors/doors.js    and through which room
 *     src/cli/main.ts      -> dist/cli/main.js         what is started or imported by its path
 *     src/services/*.ts    -> dist/services/*.js       services like a user's: the loader reads them, file by file
 *
 * Every thread of a node loads all of it, and each look into a closure has V8 list every file and, the first time, read it:
 * with three hundred files and their comments both take twice as long. Every file stands as deep in dist/ as in src/, for
 * some things are found by their place: the services, the workers, and which frames of a stack are the runtime's own.
 */

import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, posix, relative, sep } from "node:path";
import { rollup } from "rollup";

import { ROOT, compile, copyPage, listFiles } from "./compile.mjs";

/** Where the compiler writes the JavaScript of each source, until it is put together. */
const PARTS = join("build", "package");

/** Files that are imported or started by their paths, with all that they export. */
const ENTRIES = [
  "index",
  "sproto/index",
  "testing/index",
  "cli/main",
  "cli/register",
  "cli/register-hooks",
  "node/worker",
  "loader/build/transform-worker",
  "check/worker",
  "live/dry/worker",
  "check/checker",
  "fabric/main-watchdog-worker",
  "console/debugger/worker",
  // Services import them.
  "base/limits",
  "base/log-line",
];

/** Files that stand alone although others import them. */
const ALONE = [
  // The driver of the debugger knows it by its path.
  "console/debugger/stop",
  // A browser loads them together with sproto, and can do nothing with the rest of their folders.
  "base/error",
  "wire/codec-memory",
  "wire/codec-short-text",
];

/**
 * Makes dist/. Files are written over and not removed before, so that a node which runs from the folder keeps them.
 *
 * @returns {Promise<boolean>} whether there were no errors; the output is written either way
 */
export async function buildPackage() {
  rmSync(join(ROOT, PARTS), { recursive: true, force: true });
  // The first one checks the types; the second one, which does not, is there for its output, whatever the first one said.
  const ok = [compile("tsconfig.build.json"), compile("tsconfig.bundle.json")].every(Boolean);
  const written = new Set([...(await bundle()), ...copyServices(), ...copyPage("dist")]);
  rmSync(join(ROOT, PARTS), { recursive: true });
  for (const file of listFiles("dist")) {
    if (!written.has(relative("dist", file)) && !isTypeOf(file)) rmSync(join(ROOT, file));
  }
  /** @type {{ bin: Record<string, string> }} */
  const { bin } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  // A clone calls the command by its path; npm marks it only where it installs it.
  for (const command of Object.values(bin)) chmodSync(join(ROOT, command), 0o755);
  return ok;
}

/**
 * Puts the files of each folder together. Folders only import from those below them, so the results form no circle either.
 *
 * @returns {Promise<string[]>} the files, below dist/
 */
async function bundle() {
  const input = Object.fromEntries(ENTRIES.map((name) => [name, join(ROOT, PARTS, `${name}.js`)]));
  const build = await rollup({
    input,
    external: /^[^./]/,
    // What the sources say is in dist/: calls of empty functions too, for some are there to be broken at.
    treeshake: false,
    preserveEntrySignatures: "allow-extension",
    plugins: [{ name: "maps", load: loadWithMap }],
    onwarn: ({ message }) => {
      throw new Error(message);
    },
  });
  const { output } = await build.write({
    dir: join(ROOT, "dist"),
    entryFileNames: "[name].js",
    chunkFileNames: "[name].js",
    manualChunks: chunkOf,
    minifyInternalExports: false,
    hoistTransitiveImports: false,
    sourcemap: true,
  });
  await build.close();
  return output.map(({ fileName }) => join(fileName));
}

/**
 * Says which file of dist/ a module goes to.
 *
 * @param {string} id - its path
 * @returns {string} without an ending
 */
function chunkOf(id) {
  const name = relative(join(ROOT, PARTS), id).replaceAll(sep, "/").replace(/\.js$/, "");
  if (ENTRIES.includes(name) || ALONE.includes(name)) return name;
  const folder = posix.dirname(name);
  return folder === "." ? "index" : `${folder}/${posix.basename(folder)}`;
}

/**
 * Reads a module and the compiler's map of it, so that what is put together is mapped to the TypeScript.
 *
 * @param {string} id - its path
 */
function loadWithMap(id) {
  return { code: readFileSync(id, "utf8"), map: JSON.parse(readFileSync(`${id}.map`, "utf8")) };
}

/** Copies the services: the loader reads them, and no maps. @returns {string[]} the files, below dist/ */
function copyServices() {
  const files = listFiles(join(PARTS, "services")).filter((file) => file.endsWith(".js"));
  return files.map((file) => {
    const name = relative(PARTS, file);
    const text = readFileSync(join(ROOT, file), "utf8").replace(/^\/\/# sourceMappingURL=.*/m, "");
    mkdirSync(join(ROOT, "dist", dirname(name)), { recursive: true });
    writeFileSync(join(ROOT, "dist", name), text);
    return name;
  });
}

/**
 * Says whether a file holds the types of a source that is still there.
 *
 * @param {string} file - below dist/, relative to the root
 */
function isTypeOf(file) {
  const source = join(ROOT, "src", relative("dist", file).replace(/\.d\.ts$/, ".ts"));
  return file.endsWith(".d.ts") && existsSync(source);
}
