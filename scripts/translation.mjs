/**
 * Each page has a translation, which is the English one in other words: docs/zh/guide.md is docs/guide.md.
 *
 * Both have headings of the same levels in the same order, the same code blocks, tables of the same
 * size (but for a table behind `<!-- only here -->`), and lead to the same pages and headings: to the
 * translation where there is one. Code stands
 * once, in the English page; `--write` copies its blocks into the translation, which needs only the fences.
 * Without it each difference is printed, and fails. A folder may be named
 * that has docs/; it is the repository unless it is.
 */

import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, posix } from "node:path";

import { ROOT } from "./compile.mjs";
import { anchorOf } from "./anchor.mjs";

const root = process.argv.slice(2).find((arg) => !arg.startsWith("--")) ?? ROOT;
const FOLDER = "docs/zh/";
const BLOCK = /^```[^\n]*\n[^]*?^```$/gm;
/** A table that is not translated: of names and numbers, which change often. */
const ONLY_HERE = /^<!-- only here -->\n+(?:\|.*\n)+/gm;

/** @param {string} page */
const read = (page) => readFileSync(join(root, page), "utf8");

/** The levels of the headings, as `1 2 2 3`; code does not count. */
function levelsOf(/** @type {string} */ text) {
  const found = text.replace(BLOCK, "").matchAll(/^(#+) /gm);
  return [...found].map(([, marks = ""]) => marks.length).join(" ");
}

/** The sizes of the tables, in rows. */
function tablesOf(/** @type {string} */ text) {
  const own = text.replace(BLOCK, "").replace(ONLY_HERE, "");
  const rows = own.replace(/^(?!\|).*$/gm, "");
  return rows
    .split(/\n{2,}/)
    .map((table) => table.split("\n").filter((row) => row !== "").length)
    .filter((count) => count > 0)
    .join(" ");
}

/**
 * Lists where the links of a page lead, in alphabetical order.
 *
 * @param {string} page
 * @param {(target: string, anchor: string) => string} rename
 */
function linksOf(page, rename) {
  const found = read(page)
    .replace(BLOCK, "")
    .replace(ONLY_HERE, "")
    .matchAll(/\]\(([^()\s:#]*)(#[^()\s]+)?\)/g);
  const targets = [...found].map(([, target = "", anchor = ""]) =>
    rename(target === "" ? page : posix.join(posix.dirname(page), target), anchor),
  );
  return [...new Set(targets)].sort().join("\n");
}

/** What a translation leads to instead of an English page and heading. */
function translationOf(/** @type {string} */ target, /** @type {string} */ anchor) {
  const own = target.replace(/^docs\//, FOLDER);
  if (own === target || !existsSync(join(root, own))) return target + anchor;
  const index = anchorsOf(target).indexOf(anchor);
  return own + (anchorsOf(own)[index] ?? anchor);
}

/** The anchors of the headings, as GitHub and the site make them. */
function anchorsOf(/** @type {string} */ page) {
  const found = read(page)
    .replace(BLOCK, "")
    .matchAll(/^#+ (.+)$/gm);
  return [...found].map(([, heading = ""]) => `#${anchorOf(heading)}`);
}

/**
 * Lists what differs, other than code.
 *
 * @param {string} page - the English one
 * @param {string} own - its translation
 */
function differences(page, own) {
  /** @type {[string, string, string][]} */
  const sides = [
    ["levels of headings", levelsOf(read(page)), levelsOf(read(own))],
    ["rows of tables", tablesOf(read(page)), tablesOf(read(own))],
    ["links", linksOf(page, translationOf), linksOf(own, (...link) => link.join(""))],
  ];
  return sides
    .filter(([, english, other]) => english !== other)
    .map(([what, english, other]) => `${own}: ${what}\n${page}:\n${english}\n${own}:\n${other}\n`);
}

/** The pages below a folder, with their paths. */
function pagesOf(/** @type {string} */ folder) {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .map((name) => folder + name.replaceAll("\\", "/"))
    .filter((name) => name.endsWith(".md"));
}

const isWriting = process.argv.includes("--write");
const translations = pagesOf(FOLDER);
for (const page of pagesOf("docs/")) {
  if (page.startsWith(FOLDER) || translations.includes(page.replace("docs/", FOLDER))) continue;
  process.stderr.write(`${page}: there is no ${page.replace("docs/", FOLDER)}\n`);
  process.exitCode = 1;
}
for (const own of translations) {
  const page = own.replace(FOLDER, "docs/");
  if (!existsSync(join(root, page))) {
    process.stderr.write(`${own}: there is no ${page}\n`);
    process.exitCode = 1;
    continue;
  }
  const blocks = read(page).match(BLOCK) ?? [];
  const before = read(own);
  const count = before.match(BLOCK)?.length ?? 0;
  let index = 0;
  const after = before.replace(BLOCK, (block) => blocks[index++] ?? block);
  const found = differences(page, own);
  if (count !== blocks.length)
    found.push(`${own}: ${count} blocks of code, and ${page} has ${blocks.length}\n`);
  else if (after !== before && !isWriting)
    found.push(`${own}: its code is not that of ${page}: node scripts/translation.mjs --write\n`);
  if (isWriting && after !== before) writeFileSync(join(root, own), after);
  if (found.length > 0) process.exitCode = 1;
  process.stderr.write(found.join(""));
}
if (translations.length === 0) {
  process.stderr.write("docs/zh has no page\n");
  process.exitCode = 1;
}
