/**
 * `npm run check [-- step ...]`: the whole truth about the tree, one line a step; what a failing step wrote follows.
 *
 * All steps run even if one fails, so that one run tells everything. Steps that are named run alone; `--skip` runs all
 * but those named.
 */

import { spawnSync } from "node:child_process";

import { ROOT } from "./compile.mjs";

/** Every step with the commands it consists of, in the order in which they run. */
const STEPS = {
  format: ["oxfmt --check"],
  lint: ["oxlint --deny-warnings"],
  width: ["node scripts/width.mjs --self-test"],
  words: ["node scripts/words.mjs --self-test"],
  types: [
    "tsc -p tsconfig.json",
    "tsc -p tsconfig.scripts.json",
    "tsc -p tsconfig.page.json",
    "tsc -p create-snax",
  ],
  build: ["node scripts/build.mjs"],
  layers: ["node scripts/layers.mjs --self-test"],
  api: ["node scripts/api.mjs --self-test"],
  test: ["node scripts/test.mjs"],
  journeys: ["node bench/journeys.mjs"],
  readme: ["node scripts/readme.mjs"],
  translation: ["node scripts/translation.mjs"],
  package: ["node scripts/test.mjs test/dist"],
  publint: ["publint --strict"],
  attw: ["attw --pack --profile esm-only"],
};

const args = process.argv.slice(2);
const named = args.filter((arg) => arg !== "--skip");
const unknown = named.filter((name) => !Object.hasOwn(STEPS, name));
if (unknown.length > 0) {
  process.stderr.write(
    `no such step: ${unknown.join(" ")}; there are ${Object.keys(STEPS).join(" ")}\n`,
  );
  process.exit(2);
}

for (const [name, commands] of Object.entries(STEPS)) {
  if (named.length > 0 && named.includes(name) === args.includes("--skip")) continue;
  const start = performance.now();
  const failure = commands.map(attempt).find((text) => text !== undefined);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  process.stdout.write(`${failure === undefined ? "ok  " : "FAIL"} ${name} ${seconds} s\n`);
  if (failure === undefined) continue;
  process.stdout.write(`${failure}\n`);
  process.exitCode = 1;
}

/**
 * Runs a command of the project.
 *
 * @param {string} command
 * @returns {string | undefined} what it wrote, if it failed
 */
function attempt(command) {
  // npm's scripts have node_modules/.bin on the path; this makes it so for a plain `node scripts/check.mjs` too.
  const env = { ...process.env, PATH: `${ROOT}/node_modules/.bin:${process.env.PATH}` };
  const result = spawnSync(command, { cwd: ROOT, env, shell: true, encoding: "utf8" });
  return result.status === 0 ? undefined : `$ ${command}\n${result.stdout}${result.stderr}`;
}
