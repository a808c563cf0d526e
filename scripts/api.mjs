/**
 * Keeps docs/api-report.d.ts: the declarations that a user of the package can reach, without their comments.
 *
 * A change of the public surface then shows in the change itself. Reads dist/, so build first. Without arguments a
 * report that is out of step fails; `--write` renews it.
 */

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

import { ROOT } from "./compile.mjs";

const REPORT = join(ROOT, "docs", "api-report.d.ts");

/** @type {{ exports: Record<string, string | { types: string }> }} */
const { exports } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
const entries = Object.values(exports).flatMap((entry) => {
  return typeof entry === "string" ? [] : [join(ROOT, entry.types)];
});

// A set that grows while it is walked: the entries first, then what they lead to.
const reached = new Set(entries.filter((file) => existsSync(file)));
let report = "// Written by scripts/api.mjs.\n";
for (const file of reached) {
  // Comments go first: their examples import files that are not of the package.
  const text = readFileSync(file, "utf8").replace(/^\s*\/\*\*[\s\S]*?\*\/\n/gm, "");
  for (const [, specifier = ""] of text.matchAll(/["'](\.{1,2}\/[^"']+)\.[cm]?[jt]s["']/g)) {
    reached.add(join(dirname(file), `${specifier}.d.ts`));
  }
  const bare = text.replace(/^\/\/# .*$/gm, "");
  report += `\n// ${relative(ROOT, file).replaceAll("\\", "/")}\n${bare.trim()}\n`;
}

if (process.argv.includes("--write")) writeFileSync(REPORT, report);
else if (!existsSync(REPORT) || readFileSync(REPORT, "utf8") !== report) {
  process.stderr.write("docs/api-report.d.ts differs from the package: npm run api\n");
  process.exitCode = 1;
}
