/**
 * `npm run site`: builds the documentation as a site into site/dist/, with search, from docs/ and
 * every page that docs/ leads to. A link that leads nowhere fails, and so does a search that finds
 * nothing (site-search.mjs).
 *
 * The pages are copied to site/pages/ first. Those of docs/ become the root of the site; a page
 * elsewhere in the repository, which a link of another page names, becomes repository/<its path>. A
 * link to what is no page (a folder, a file of code) is shown as its path.
 *
 * VitePress is a dependency of site/ alone, so that `npm ci` of the package stays small. It is
 * installed where it is missing, without running install scripts.
 */

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";

import { ROOT, listFiles } from "./compile.mjs";

const PAGES = join(ROOT, "site/pages");
const LINK = /(?<!!)\[((?:[^[\]]|\[[^\]]*\])*)\]\(([^()\s:#]+)(#[^()\s]*)?\)/g;
/** A fenced block, or code within a line: no link stands in there. */
const CODE = /^(`{3,})[^]*?^\1$|(`+)[^`][^]*?\2/gm;

/**
 * Returns the page that a path of the repository leads to; undefined if there is no such page.
 *
 * @param {string} path
 */
function findPage(path) {
  const file = join(ROOT, path);
  if (!existsSync(file)) throw new Error(`there is no ${path}`);
  if (path.endsWith(".md")) return path;
  const readme = posix.join(path, "README.md");
  return statSync(file).isDirectory() && existsSync(join(ROOT, readme)) ? readme : undefined;
}

/**
 * Says where a page stands in the site.
 *
 * @param {string} page - its path in the repository
 */
function placeOf(page) {
  return page.startsWith("docs/") ? page.slice("docs/".length) : `repository/${page}`;
}

/**
 * Copies a page with its links as the site needs them.
 *
 * @param {string} page
 * @returns {string[]} the pages to which it leads
 */
function copyPage(page) {
  /** @type {string[]} */
  const linked = [];
  const place = placeOf(page);
  const relink = (/** @type {string} */ text) =>
    text.replace(LINK, (_link, /** @type {string} */ words, target, anchor = "") => {
      const path = posix.join(posix.dirname(page), target);
      const found = findPage(path);
      if (found === undefined) return `${words} (\`${path}\`)`;
      linked.push(found);
      return `[${words}](${posix.relative(posix.dirname(place), placeOf(found))}${anchor})`;
    });
  const text = readFileSync(join(ROOT, page), "utf8");
  let made = "";
  let end = 0;
  for (const code of text.matchAll(CODE)) {
    // Code in the words of a link belongs to the link.
    if (code[1] === undefined && text.slice(0, code.index).endsWith("[")) continue;
    made += relink(strip(text.slice(end, code.index))) + code[0];
    end = code.index + code[0].length;
  }
  made += relink(strip(text.slice(end)));
  const file = join(PAGES, place);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, made);
  return linked;
}

/**
 * Takes comments out: marks for the repository's own scripts.
 *
 * @param {string} text
 */
function strip(text) {
  return text.replace(/<!--[^]*?-->\n?/g, "");
}

/** Runs a program of the site; its output is this one's. */
function run(/** @type {string} */ program, /** @type {string[]} */ args) {
  const { status } = spawnSync(program, args, { cwd: join(ROOT, "site"), stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}

rmSync(PAGES, { recursive: true, force: true });
const waiting = listFiles("docs").filter((name) => name.endsWith(".md"));
waiting.push("CHANGELOG.md");
/** @type {Set<string>} */
const copied = new Set();
for (const page of waiting) {
  if (copied.has(page)) continue;
  copied.add(page);
  waiting.push(...copyPage(page));
}

if (!existsSync(join(ROOT, "site/node_modules/vitepress"))) {
  run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
}
const isServing = process.argv.includes("--dev");
run(process.execPath, ["node_modules/vitepress/bin/vitepress.js", isServing ? "dev" : "build"]);
if (!isServing) await import("./site-search.mjs");
