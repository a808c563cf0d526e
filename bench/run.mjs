// @ts-check
/**
 * `npm run bench`: measures the chosen sections for every subject there is, and prints one table.
 *
 * Everything in the table comes from this one run. Subjects: the build in `dist/`; another build of ours if BASE names
 * its `dist/index.js`; the peers of `bench/package.json` that are installed; a real skynet if SKYNET names its folder.
 * A missed target is printed and leaves the exit code 0; a section that could not be measured makes it 1.
 */

import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { DIST, readEnvironment } from "./environment.mjs";
import { measureSection } from "./measurement.mjs";
import { SECTIONS } from "./sections.mjs";
import { createLine, failureText, headText, lineText } from "./table.mjs";

/** @typedef {import("./environment.mjs").Environment} Environment */
/** @typedef {import("./measurement.mjs").Plan} Plan */
/** @typedef {import("./table.mjs").Line} Line */

const USAGE = `usage: node bench/run.mjs [--quick] [--json] [--profile] [section ...]

  --quick    less work, fewer rounds, without the heavy sections
  --json     one JSON object instead of the table
  --profile  also write a .cpuprofile for each run of ours into bench/; the figures suffer

sections: ${SECTIONS.map((section) => section.name).join(" ")}
environment: SKYNET=<folder of a built skynet>  BASE=<dist/index.js of another build>`;

/** @param {unknown} error */
const messageOf = (error) => (error instanceof Error ? error.message : String(error));

/** @param {string} text @param {number} code @returns {never} */
function quit(text, code) {
  (code === 0 ? process.stdout : process.stderr).write(`${text}\n`);
  process.exit(code);
}

function readOptions() {
  /** @type {{ type: "boolean", default: false }} */
  const flag = { type: "boolean", default: false };
  try {
    return parseArgs({
      options: { quick: flag, json: flag, profile: flag, help: flag },
      allowPositionals: true,
    });
  } catch (error) {
    return quit(`${messageOf(error)}\n${USAGE}`, 2);
  }
}

/** @returns {Environment} */
function readSubjects() {
  try {
    return readEnvironment();
  } catch (error) {
    return quit(messageOf(error), 2);
  }
}

/** @param {Line[]} lines */
function summaryText(lines) {
  const count = (/** @type {string} */ verdict) =>
    lines.filter((line) => line.verdict === verdict).length;
  const missed = new Set(
    lines.filter((line) => line.verdict === "MISS").map((line) => line.section),
  );
  const hint =
    missed.size === 0 ? "" : `; see where the time goes: --profile ${[...missed].join(" ")}`;
  return `${count("ok")} ok, ${count("MISS")} missed, ${count("FAILED")} failed${hint}`;
}

/** A column for each one that has a part in a section. @param {Environment} environment @param {typeof SECTIONS} chosen */
function columnsOf({ subjects }, chosen) {
  const rows = chosen.flatMap((section) => section.rows);
  return subjects.filter((name) => name === "base" || rows.some((row) => Object.hasOwn(row, name)));
}

/** @param {Plan} plan @param {Environment} environment @param {string[]} columns */
function* introduce(plan, environment, columns) {
  const { commit, node, cpus, versions, hasAllPeers, skynet } = environment;
  yield `snax bench, ${plan.mode}: commit ${commit}, node ${node}, cpus ${cpus}`;
  yield `peers: ${versions.join(", ") || "none"}; Nx = ours is N times better`;
  if (!hasAllPeers) yield "for all peers: npm ci --prefix bench";
  if (skynet === undefined) yield "for the real skynet: SKYNET=<folder of a built skynet>";
  yield `\n${headText(columns)}`;
}

/** @returns {{ plan: Plan, isJson: boolean, chosen: typeof SECTIONS }} */
function readPlan() {
  const { values, positionals } = readOptions();
  if (values.help) quit(USAGE, 0);
  const unknown = positionals.filter((name) => !SECTIONS.some((section) => section.name === name));
  if (unknown.length > 0) quit(`no section ${unknown.join(", ")}\n${USAGE}`, 2);
  const chosen = SECTIONS.filter((section) =>
    positionals.length > 0
      ? positionals.includes(section.name)
      : !(values.quick && section.isHeavy),
  );
  const mode = values.quick ? "quick" : "full";
  return { plan: { mode, isProfiled: values.profile }, isJson: values.json, chosen };
}

async function main() {
  const { plan, isJson, chosen } = readPlan();
  if (!existsSync(DIST)) quit("there is no build: run `npm run build` first", 2);
  const environment = readSubjects();
  const { commit, node, cpus, versions } = environment;
  const columns = columnsOf(environment, chosen);
  const print = (/** @type {string} */ text) => isJson || process.stdout.write(`${text}\n`);

  for (const text of introduce(plan, environment, columns)) print(text);
  /** @type {Line[]} */
  const lines = [];
  /** @type {string[]} */
  const failures = [];
  for (const section of chosen) {
    print(section.title);
    const results = await measureSection(section, plan, environment);
    const measured = section.rows.map((row) => createLine(section, row, results));
    const failed = failureText(results);
    for (const text of [...measured.map((line) => lineText(line, columns)), ...failed]) print(text);
    lines.push(...measured);
    failures.push(...failed);
  }
  print(`\n${summaryText(lines)}`);
  const all = { commit, node, cpus, mode: plan.mode, peers: versions, lines, failures };
  if (isJson) process.stdout.write(`${JSON.stringify(all, null, 2)}\n`);
  process.exitCode = failures.length > 0 ? 1 : 0;
}

await main();
