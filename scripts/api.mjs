/**
 * Keeps docs/api-report.d.ts: the declarations that a user of the package can reach, without their comments.
 *
 * A change of the public surface then shows in the change itself. Reads dist/, so build first. Without arguments a
 * report that is out of step fails; `--write` renews it.
 *
 * What a program sees must not lead into the rooms of the runtime: if it did, each change in there would be a change of
 * the package. So the report fails too, also with `--write`, when a public type imports a file of them. `--self-test`
 * proves that this can fail.
 */

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";

import { ROOT } from "./compile.mjs";

const REPORT = join(ROOT, "docs", "api-report.d.ts");

/** The folders of dist/ whose types are the runtime's own business. */
const INSIDE = ["kernel", "loader", "fabric"];

/** @type {{ exports: Record<string, string | { types: string }> }} */
const { exports } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
const entries = Object.values(exports).flatMap((entry) => {
  return typeof entry === "string" ? [] : [join(ROOT, entry.types)];
});

/**
 * Follows the declarations from the entries on.
 *
 * @param {string[]} files - the entries
 * @param {(file: string) => string} read - gives the text of a file
 * @returns {{ report: string, faults: string[] }} the text of all of them, and what leads inside
 */
function follow(files, read) {
  // A set that grows while it is walked: the entries first, then what they lead to.
  const reached = new Set(files);
  let report = "// Written by scripts/api.mjs.\n";
  /** @type {string[]} */
  const faults = [];
  for (const file of reached) {
    const name = relative(ROOT, file).replaceAll("\\", "/");
    // Comments go first: their examples import files that are not of the package.
    const text = read(file).replace(/^\s*\/\*\*[\s\S]*?\*\/\n/gm, "");
    for (const [, specifier = ""] of text.matchAll(/["'](\.{1,2}\/[^"']+)\.[cm]?[jt]s["']/g)) {
      const next = join(dirname(file), `${specifier}.d.ts`);
      const [folder = ""] = relative(join(ROOT, "dist"), next).split(sep);
      if (INSIDE.includes(folder)) {
        faults.push(`${name}: a public type must not import from ${folder}/ (${specifier})`);
      } else reached.add(next);
    }
    const bare = text.replace(/^\/\/# .*$/gm, "");
    report += `\n// ${name}\n${bare.trim()}\n`;
  }
  return { report, faults };
}

/**
 * Plants declarations, and sees what is said of them.
 *
 * @returns {string[]} the plants that were judged wrongly
 */
function selfTest() {
  /** @type {[text: string, isFault: boolean][]} */
  const plants = [
    ['import type { A } from "./kernel/a.ts";', true],
    ['export type { A } from "./loader/a.ts";', true],
    ['export declare const a: import("./fabric/a.js").A;', true],
    ['import type { A } from "./api.ts"; // leads to one that leads inside', true],
    ['import type { A } from "./kernel-api.ts";', false],
    ['/** @example import { a } from "./kernel/a.ts"; */\nexport declare const a: number;', false],
  ];
  return plants
    .filter(([text, isFault]) => {
      const isDeep = text.includes("./api.ts");
      const read = (/** @type {string} */ file) => {
        if (file.endsWith("index.d.ts")) return text;
        return isDeep ? 'import type { B } from "./kernel/b.ts";' : "export interface A {}";
      };
      return follow([join(ROOT, "dist", "index.d.ts")], read).faults.length > 0 !== isFault;
    })
    .map(([text]) => `judged wrongly: ${text}`);
}

const { report, faults } = follow(
  entries.filter((file) => existsSync(file)),
  (file) => readFileSync(file, "utf8"),
);
if (process.argv.includes("--self-test")) faults.push(...selfTest());
for (const fault of faults) process.stderr.write(`${fault}\n`);
if (faults.length > 0) process.exitCode = 1;

if (process.argv.includes("--write")) writeFileSync(REPORT, report);
else if (!existsSync(REPORT) || readFileSync(REPORT, "utf8") !== report) {
  process.stderr.write("docs/api-report.d.ts differs from the package: npm run api\n");
  process.exitCode = 1;
}
