/**
 * Comments of src/ are at most 100 columns wide, as the code is: the formatter breaks code, but no comment.
 *
 * Prints each line that is wider and fails. `--write` breaks the paragraphs that such lines belong to anew, and leaves
 * drawings, lists and tables alone: those are for people. `--self-test` proves on planted comments that the check can
 * fail and that a paragraph keeps its words.
 */

import { readFileSync, writeFileSync } from "node:fs";
import { join, sep } from "node:path";

import { ROOT, listFiles } from "./compile.mjs";

/** Columns of a comment, and of a drawing in one: breaking its lines would destroy it. */
const WIDTH_MAX = 100;
const DRAWING_MAX = 130;

/** Folders of src/ whose comments have not been broken anew yet: take one out, and run with `--write`. */
const LATER = [
  "base",
  "cli",
  "cluster",
  "console",
  "fabric",
  "kernel",
  "live",
  "loader",
  "node",
  "service",
  "texts",
  "wire",
];

/** A line that is nothing but comment: what stands in front of its text, and the text. */
const LINE = /^(\s*(?:\*(?!\/)|\/\/) ?)(.*)$/;

/** A text in a paragraph's place that is no prose: indented, a list, a table, a drawing, a fence, a word to a tool. */
const FIXED = /^(?:\s|[-*|] |\||```|\d+\. |oxlint-|@ts-|$)/;

/**
 * Breaks words into lines.
 *
 * @param {string} text
 * @param {string} lead - what stands in front of every line
 */
function breakLines(text, lead) {
  const lines = [""];
  // The parts of a link stay together.
  for (const word of text.match(/(?:\{@[^}]*\}|\S)+/g) ?? []) {
    const last = lines.at(-1) ?? "";
    const longer = last === "" ? word : `${last} ${word}`;
    if (last !== "" && lead.length + longer.length > WIDTH_MAX) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines.map((line) => lead + line);
}

/**
 * Rewraps the paragraphs of comments that are too wide.
 *
 * @param {string} source
 */
function rewrap(source) {
  /** @type {string[]} */
  const out = [];
  const lines = source.split("\n");
  let isCode = false;
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? "";
    const single = /^(\s*)\/\*\* (.*) \*\/$/.exec(line);
    if (single !== null && line.length > WIDTH_MAX) {
      const [, indent = "", text = ""] = single;
      // A tag stands on a line of its own.
      const parts = text.split(/ (?=@(?:defaultValue|returns|throws|param)\b)/);
      const body = parts.map((part) => breakLines(part, `${indent} * `).join("\n"));
      const [first = "", ...tags] = body;
      const gap = tags.length > 0 && !parts[0]?.startsWith("@") ? [`${indent} *`] : [];
      out.push(`${indent}/**`, first, ...gap, ...tags, `${indent} */`);
      continue;
    }
    const [, lead = "", text = ""] = LINE.exec(line) ?? [];
    // An example ends with its comment, or with the next tag.
    if (text.startsWith("@")) isCode = text.startsWith("@example");
    else if (text.startsWith("```")) isCode = !isCode;
    else if (lead === "") isCode = false;
    if (isCode || lead === "" || FIXED.test(text)) {
      out.push(line);
      continue;
    }
    // The paragraph: what follows with the same lead and is prose too, up to the next tag.
    const paragraph = [text];
    for (; at + 1 < lines.length; at += 1) {
      const [, next = "", more = ""] = LINE.exec(lines[at + 1] ?? "") ?? [];
      if (next !== lead || FIXED.test(more) || more.startsWith("@")) break;
      paragraph.push(more);
    }
    const isWide = paragraph.some((part) => lead.length + part.length > WIDTH_MAX);
    if (isWide) out.push(...breakLines(paragraph.join(" "), lead));
    else out.push(...paragraph.map((part) => lead + part));
  }
  return out.join("\n");
}

/**
 * Lists the numbers of the comment lines that are too wide. A line without a blank can't be broken.
 *
 * @param {string} source
 */
function wideLines(source) {
  return source.split("\n").flatMap((line, index) => {
    const isComment = /^\s*(?:\*|\/\/|\/\*)/.test(line);
    const [, , text = ""] = LINE.exec(line) ?? [];
    const isWord = /^(?:\S+|oxlint-.*|@ts-.*)$/.test(text) || line.startsWith("/* oxlint-");
    const max = text !== "" && FIXED.test(text) ? DRAWING_MAX : WIDTH_MAX;
    return isComment && !isWord && line.length > max ? [index + 1] : [];
  });
}

/** @returns {string[]} what the check judged wrongly */
function selfTest() {
  const long = "word ".repeat(30).trim();
  const bare = (/** @type {string} */ text) => text.replace(/[\s/*]+/g, " ").trim();
  /** @type {[source: string, isWide: boolean, wideAfter: boolean][]} */
  const plants = [
    [`/** ${long} */`, true, false],
    [`/**\n * ${long}\n * ${long}\n */`, true, false],
    [`  // ${long}`, true, false],
    [`/**\n *     ${long}\n */`, true, true],
    [`/**\n *     ${long.slice(0, 110)}\n */`, false, false],
    [`const text = "${long}";`, false, false],
    [`// ${"x".repeat(120)}`, false, false],
    [`// oxlint-disable-next-line -- ${long}`, false, false],
    ["/** short */", false, false],
  ];
  return plants.flatMap(([source, isWide, wideAfter]) => {
    const after = rewrap(source);
    const isRight =
      wideLines(source).length > 0 === isWide &&
      wideLines(after).length > 0 === wideAfter &&
      bare(after) === bare(source);
    return isRight ? [] : [`judged wrongly: ${source}`];
  });
}

const faults = process.argv.includes("--self-test") ? selfTest() : [];
for (const file of listFiles("src").filter((name) => name.endsWith(".ts"))) {
  if (LATER.includes(file.split(sep)[1] ?? "")) continue;
  const path = join(ROOT, file);
  let source = readFileSync(path, "utf8");
  if (process.argv.includes("--write")) {
    const after = rewrap(source);
    if (after !== source) writeFileSync(path, (source = after));
  }
  for (const line of wideLines(source)) faults.push(`${file}:${line}: wider than ${WIDTH_MAX}`);
}
for (const fault of faults) process.stderr.write(`${fault}\n`);
process.exitCode = faults.length > 0 ? 1 : 0;
