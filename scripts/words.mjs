/**
 * Turns of phrase that comments, titles of tests and pages do without, because many readers have to read them twice.
 *
 * Prints each line that has one, with what to write instead, and fails. `--self-test` proves on planted lines that the
 * check can fail, and that it lets plain sentences pass.
 */

import { readFileSync } from "node:fs";
import { join, sep } from "node:path";

import { ROOT, listFiles } from "./compile.mjs";

/** Where people read English; what stands beside docs/zh is not for this check. */
const PLACES = [
  "src",
  "test",
  "bench",
  "scripts",
  "examples",
  "docs",
  "README.md",
  "CONTRIBUTING.md",
];

/** What is not written, and what is. @type {readonly [turn: RegExp, instead: string][]} */
const TURNS = [
  [
    /\b(?:that|which|who) (?:is|are|was|were) none\b(?! of)/i,
    "say what is wrong with it: invalid, no socket",
  ],
  [/\b(?:nobody|no one)'s\b/i, "say who could have had it, and does not"],
  [/\bwhoever\b/i, "name who acts: a caller, a service, a thread, an operator"],
  [/,? for one(?=[,.;:)])/, "for example, or name what it is one of"],
  [/\bno news\b/i, "say what is not told, or not worth a line"],
  [/\b(?:he|him|his|himself|she|hers|herself)\b/i, "they, or name who acts"],
  [/\bso many\b/i, "a number of, that number of, as many as the limit says"],
];

/** What comments and titles do without, and pages may say. @type {typeof TURNS} */
const CODE_TURNS = [
  [/\b(?:somebody|nobody)\b/i, "name who acts, or does not: a caller, no service"],
  [/^["'`]who\b/, "begin the title with a noun: a service that, a client that"],
];

/** Part of a line that a person reads: a comment, a title, or the whole line of a page. */
const READ = /(?:\/\*\*|^\s*\*(?!\/)|(?:^|\s)\/\/) ?(.*)|\btest\(\s*(["'`].*)/;

/**
 * Lists what is written badly in a text.
 *
 * @param {string} text
 * @param {boolean} isPage
 */
function findTurns(text, isPage) {
  return text.split("\n").flatMap((line, index) => {
    const [, comment, title] = READ.exec(line) ?? [];
    const read = isPage ? line : (comment ?? title);
    if (read === undefined) return [];
    const turns = isPage ? TURNS : [...TURNS, ...CODE_TURNS];
    const [, instead] = turns.find(([turn]) => turn.test(read)) ?? [];
    return instead === undefined ? [] : [{ line: index + 1, instead }];
  });
}

/** @returns {string[]} what the check judged wrongly */
function selfTest() {
  /** @type {[text: string, isPage: boolean, isBad: boolean][]} */
  const plants = [
    ["/** Whoever waits is told. */", false, true],
    ["  // A name that is none is refused.", false, true],
    ['test("a body that is none is refused", () => {', false, true],
    [" * It loops, for one.", false, true],
    ["The door is nobody's.", true, true],
    ["So he waits.", true, true],
    ["/** Somebody waits. */", false, true],
    ["Log somebody out.", true, false],
    ['test("who waits is told", () => {', false, true],
    ['test("a caller who waits is told", () => {', false, false],
    ["/** Takes so many bytes. */", false, true],
    ["/** Undefined if there is none. */", false, false],
    ["/** Tells whoever waits. */", false, true],
    ["/** Tells the caller that waits. */", false, false],
    ["const his = whoever.that;", false, false],
    ["A patch for one service, or for all.", true, false],
    ["One that is none of these.", true, false],
  ];
  return plants.flatMap(([text, isPage, isBad]) =>
    findTurns(text, isPage).length > 0 === isBad ? [] : [`judged wrongly: ${text}`],
  );
}

const faults = process.argv.includes("--self-test") ? selfTest() : [];
// This file has them all.
const files = PLACES.flatMap((place) =>
  place.endsWith(".md") ? [place] : listFiles(place),
).filter((file) => file !== join("scripts", "words.mjs"));
for (const file of files) {
  const isPage = file.endsWith(".md");
  if (file.split(sep).includes("zh") || !/\.(?:ts|mjs|md)$/.test(file)) continue;
  for (const { line, instead } of findTurns(readFileSync(join(ROOT, file), "utf8"), isPage)) {
    faults.push(`${file}:${line}: ${instead}`);
  }
}
for (const fault of faults) process.stderr.write(`${fault}\n`);
process.exitCode = faults.length > 0 ? 1 : 0;
