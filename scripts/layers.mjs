/**
 * Knowledge points down: a folder of src/ imports only from the folders below it.
 *
 * The same holds for the rooms of a folder. This file holds the order, the one place where it is written. `npm run layers` reads the import lines (types count:
 * a type is knowledge), prints the graph and fails at the first arrow that points up; it also checks that the copies of
 * the order say the same: the editor's in .oxlintrc.json, the reader's in CONTRIBUTING.md. `--write` renews the copies.
 * `--self-test` proves on planted imports that the check can fail.
 */

import { readFileSync, writeFileSync } from "node:fs";
import { join, posix } from "node:path";
import { isDeepStrictEqual } from "node:util";

import { ROOT, listFiles } from "./compile.mjs";

/** The folders of src/, lowest first. */
const ORDER = [
  "base",
  "inspector",
  "kernel",
  "wire",
  "loader",
  "texts",
  "check",
  "fabric",
  "service",
  "snax",
  "ledger",
  "live",
  "table",
  "net",
  "sproto",
  "cluster",
  "library",
  "services",
  "console",
  "node",
  "cli",
  "testing",
];

/**
 * The rooms of a folder that has some, lowest first. What lies in the folder itself stands above its rooms.
 *
 * @type {Record<string, string[]>}
 */
const ROOMS = {
  loader: ["text", "resolve", "typescript", "read", "weave", "build", "run"],
  live: [
    "text",
    "apply",
    "state",
    "reload",
    "swap",
    "inspect",
    "dry",
    "births",
    "rollout",
    "migrate",
    "operate",
  ],
  cluster: ["wire", "hub", "skynet", "link", "engine", "fleet", "commands", "harbor"],
  console: ["operator", "print", "inspect", "debugger", "threads", "repair", "commands", "doors"],
};

/** Modules of Node that one folder alone imports. @type {Record<string, string>} */
const OWNERS = { "node:inspector": "inspector", "node:inspector/promises": "inspector" };

/** What a folder must not know although it stands below. @type {Record<string, string[]>} */
const STRANGERS = { loader: ["kernel"], texts: ["kernel"], check: ["kernel"] };

/** The files directly in src/ (the package's entry points) stand above all folders. */
const TOP = "(entry)";

const LINT = join(ROOT, ".oxlintrc.json");
const PAGE = join(ROOT, "CONTRIBUTING.md");
const NODE_MODULE = /^import\b[^;"'=]*?\bfrom\s*["'](node:[^"']*)/gm;
const SPECIFIER =
  /^(?:import|export)\b[^;"'=]*?\bfrom\s*["'](\.[^"']*)|^import\s*["'](\.[^"']*)|\bimport\(\s*["'](\.[^"']*)/gm;

/**
 * Names the folder of src/ that a path leads to.
 *
 * @param {string} path - relative to the root, with forward slashes
 */
function folderOf(path) {
  const [, first = "", ...rest] = path.split("/");
  return rest.length === 0 ? TOP : first;
}

/**
 * Says by what an import inside a folder breaks the order of its rooms.
 *
 * @param {string} folder
 * @param {string} path - the file that imports
 * @param {string} target - what it imports
 */
function roomFault(folder, path, target) {
  const rooms = ROOMS[folder];
  if (rooms === undefined) return undefined;
  const [from = "", to = ""] = [path, target].map((file) => {
    const [, , room = "", ...rest] = file.split("/");
    return rest.length === 0 ? TOP : room;
  });
  const [low, high] = [from, to].map((room) => (room === TOP ? rooms.length : rooms.indexOf(room)));
  if (low === -1) return `src/${folder}/${from}/ is no room`;
  return (high ?? 0) > (low ?? 0)
    ? `${folder}/${from} must not import from ${folder}/${to}`
    : undefined;
}

/**
 * Says which folders a folder must not import from.
 *
 * @param {string} folder
 */
function forbiddenTo(folder) {
  if (folder === TOP) return [];
  return [...ORDER.slice(ORDER.indexOf(folder) + 1), TOP, ...(STRANGERS[folder] ?? [])];
}

/**
 * Reads the import lines of the files.
 *
 * @param {Map<string, string>} texts - path relative to the root, with forward slashes, to text
 * @returns {{ graph: Map<string, Map<string, number>>, faults: string[] }} how many import lines lead from a folder
 * to another, and what breaks the rule
 */
function readGraph(texts) {
  /** @type {Map<string, Map<string, number>>} */
  const graph = new Map();
  /** @type {string[]} */
  const faults = [];
  for (const [path, text] of texts) {
    const from = folderOf(path);
    if (from !== TOP && !ORDER.includes(from)) faults.push(`${path}: src/${from}/ is no layer`);
    for (const [, module = ""] of text.matchAll(NODE_MODULE)) {
      const owner = OWNERS[module];
      if (owner === undefined || owner === from) continue;
      faults.push(`${path}: only ${owner} imports ${module}`);
    }
    for (const match of text.matchAll(SPECIFIER)) {
      const specifier = match[1] ?? match[2] ?? match[3] ?? "";
      const target = posix.join(posix.dirname(path), specifier);
      const to = folderOf(target);
      const line = text.slice(0, match.index).split("\n").length;
      if (to === from) {
        const fault = roomFault(from, path, target);
        if (fault !== undefined) faults.push(`${path}:${line}: ${fault} (${specifier})`);
        continue;
      }
      if (forbiddenTo(from).includes(to)) {
        faults.push(`${path}:${line}: ${from} must not import from ${to} (${specifier})`);
      }
      const arrows = graph.get(from) ?? new Map();
      graph.set(from, arrows.set(to, (arrows.get(to) ?? 0) + 1));
    }
  }
  return { graph, faults };
}

/** The rule as oxlint has it: one override for each folder. */
function lintOverrides() {
  return ORDER.map((folder) => ({
    files: [`src/${folder}/**`],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            {
              group: forbiddenTo(folder).map((to) =>
                to === TOP ? "../index.*" : `../**/${to}/**`,
              ),
              message: `${folder} must not know a higher layer (scripts/layers.mjs).`,
            },
          ],
        },
      ],
    },
  }));
}

/**
 * Compares the overrides of .oxlintrc.json with the order, or renews them.
 *
 * @param {boolean} isWriting
 * @returns {string[]} what differs
 */
function compareLint(isWriting) {
  const config = JSON.parse(readFileSync(LINT, "utf8"));
  /** @param {{ rules: object }} override */
  const isLayer = (override) => Object.hasOwn(override.rules, "no-restricted-imports");
  if (isDeepStrictEqual(config.overrides.filter(isLayer), lintOverrides())) return [];
  if (!isWriting) return [".oxlintrc.json differs from the order: node scripts/layers.mjs --write"];
  /** @type {{ rules: object }[]} */
  const others = config.overrides.filter((/** @type {any} */ override) => !isLayer(override));
  config.overrides = [...others, ...lintOverrides()];
  writeFileSync(LINT, JSON.stringify(config, null, 2) + "\n");
  return [];
}

/**
 * Compares the line of CONTRIBUTING.md that shows the order with the order, or renews it.
 *
 * @param {boolean} isWriting
 * @returns {string[]} what differs
 */
function comparePage(isWriting) {
  const page = readFileSync(PAGE, "utf8");
  const renewed = page.replace(/^base < .*$/m, ORDER.join(" < "));
  if (!renewed.includes(ORDER.join(" < "))) return ["CONTRIBUTING.md shows no order of the layers"];
  if (renewed === page) return [];
  if (!isWriting)
    return ["CONTRIBUTING.md differs from the order: node scripts/layers.mjs --write"];
  writeFileSync(PAGE, renewed);
  return [];
}

/**
 * Plants imports that break the rule, and some that don't, and sees what the check says.
 *
 * @returns {string[]} the plants that it judged wrongly
 */
function selfTest() {
  /** @type {[path: string, text: string, isFault: boolean][]} */
  const plants = [
    ["src/base/a.ts", 'import { a } from "../kernel/a.ts";', true],
    ["src/base/a.ts", 'import type { A } from "../kernel/a.ts";', true],
    ["src/base/a.ts", 'export {\n  a,\n} from "../kernel/a.ts";', true],
    ["src/base/a.ts", 'import "../kernel/a.ts";', true],
    ["src/base/a.ts", 'const a = await import("../kernel/a.ts");', true],
    ["src/base/deep/a.ts", 'import { a } from "../../cli/a.ts";', true],
    ["src/loader/a.ts", 'import { a } from "../kernel/a.ts";', true],
    ["src/cli/a.ts", 'import { a } from "../index.ts";', true],
    ["src/unheard/a.ts", "export {};", true],
    ["src/console/print/a.ts", 'import { a } from "../doors/a.ts";', true],
    ["src/console/print/a.ts", 'import type { A } from "../a.ts";', true],
    ["src/console/unheard/a.ts", 'import { a } from "../print/a.ts";', true],
    ["src/console/a.ts", 'import { Session } from "node:inspector";', true],
    ["src/inspector/a.ts", 'import { Session } from "node:inspector";', false],
    ["src/console/doors/a.ts", 'import { a } from "../print/a.ts";', false],
    ["src/console/doors/a.ts", 'import { a } from "./b.ts";', false],
    ["src/console/a.ts", 'import { a } from "./doors/a.ts";', false],
    ["src/kernel/a.ts", 'import { a } from "../base/a.ts";\nimport { b } from "./b.ts";', false],
    ["src/kernel/a.ts", 'export const mark = "../cli/";', false],
    ["src/services/a.ts", 'import { skynet } from "snax";', false],
    ["src/index.ts", 'export { start } from "./cli/start.ts";', false],
  ];
  return plants
    .filter(([path, text, isFault]) => {
      return readGraph(new Map([[path, text]])).faults.length > 0 !== isFault;
    })
    .map(([path, text]) => `judged wrongly: ${path}: ${text}`);
}

/** @param {Map<string, Map<string, number>>} graph */
function print(graph) {
  for (const from of [TOP, ...ORDER.toReversed()]) {
    const arrows = [...(graph.get(from) ?? [])].sort(
      ([a], [b]) => ORDER.indexOf(a) - ORDER.indexOf(b),
    );
    if (arrows.length === 0) continue;
    const list = arrows.map(([to, count]) => `${to} ${count}`).join(", ");
    process.stdout.write(`${from.padEnd(9)} -> ${list}\n`);
  }
}

const texts = new Map();
for (const file of listFiles("src").filter((name) => /\.[cm]?ts$/.test(name))) {
  texts.set(file.replaceAll("\\", "/"), readFileSync(join(ROOT, file), "utf8"));
}
const { graph, faults } = readGraph(texts);
if (process.argv.includes("--self-test")) faults.push(...selfTest());
const isWriting = process.argv.includes("--write");
faults.push(...compareLint(isWriting), ...comparePage(isWriting));
print(graph);
for (const fault of faults) process.stderr.write(`${fault}\n`);
process.exitCode = faults.length > 0 ? 1 : 0;
