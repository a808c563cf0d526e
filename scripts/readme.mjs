/**
 * The READMEs show what the programs really are and really print.
 *
 * A mark in front of a fenced block says what the block must equal:
 *
 *     <!-- file: examples/foobar/services/main.ts -->
 *     <!-- output: node dist/cli/main.js start examples/foobar/snax.config.ts -->
 *
 * the text of a file, or what a command writes to its standard output. Without arguments differences are printed and
 * fail; `--write` puts the truth into the pages.
 */

import { execSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { ROOT, listFiles } from "./compile.mjs";

const BLOCK = /(?<=<!-- (file|output): (.+?) -->\n+```\w*\n)[\s\S]*?(?=^```$)/gm;
/** A program of a README that is not done by then hangs. */
const TIMEOUT_MS = 60_000;

/**
 * Finds what a block must say.
 *
 * @param {string} kind - "file" or "output"
 * @param {string} subject - the file's path or the command
 */
function readTruth(kind, subject) {
  if (kind === "file") return readFileSync(join(ROOT, subject), "utf8");
  return execSync(subject, {
    cwd: ROOT,
    encoding: "utf8",
    timeout: TIMEOUT_MS,
    stdio: ["ignore", "pipe", "inherit"],
  });
}

const isWriting = process.argv.includes("--write");
const pages = ["README.md", ...listFiles("examples").filter((file) => file.endsWith("README.md"))];
let blocks = 0;
for (const page of pages.filter((name) => existsSync(join(ROOT, name)))) {
  const before = readFileSync(join(ROOT, page), "utf8");
  const after = before.replace(BLOCK, (text, kind, subject) => {
    blocks += 1;
    const truth = `${readTruth(kind, subject).trimEnd()}\n`;
    if (truth !== text && !isWriting) {
      process.stderr.write(
        `${page}, ${kind} ${subject}\n--- the page\n${text}--- the truth\n${truth}`,
      );
      process.exitCode = 1;
    }
    return truth;
  });
  if (isWriting && after !== before) writeFileSync(join(ROOT, page), after);
}
if (blocks === 0) {
  process.stderr.write("README.md shows no program with its output\n");
  process.exitCode = 1;
}
