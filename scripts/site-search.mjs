/**
 * Looks for words in the index of the built site, as its search box does, and fails if a page that
 * is about them does not come among the first. Chinese has no blanks between words: an index that
 * does not know where one ends finds whole sentences only.
 */

import { readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ROOT } from "./compile.mjs";
import { tokenize } from "../site/tokenize.mjs";

/** What people type, with the page that has to be among the first three. */
const EXPECTED = {
  root: {
    patch: "hotfix",
    "roll back": "hotfix",
    "memory grows": "runbook",
    consoletoken: "console",
  },
  zh: {
    热修复: "zh/hotfix",
    回退: "zh/hotfix",
    审计文件: "zh/operating",
    死循环: "zh/runbook",
    控制台: "zh/console",
    定时器: "zh/guide/5-timers",
    数据库: "zh/databases",
    部署: "zh/deploying",
    登录: "zh/login",
    不返回的处理函数: "zh/behaviour",
  },
};

/** How many results a person looks at. */
const SEEN = 3;

const chunks = join(ROOT, "site/dist/assets/chunks");
const require = createRequire(join(ROOT, "site/node_modules/vitepress/package.json"));
const { default: MiniSearch } = await import(pathToFileURL(require.resolve("minisearch")).href);

for (const [locale, words] of Object.entries(EXPECTED)) {
  const file = readdirSync(chunks).find((name) => name.startsWith(`@localSearchIndex${locale}.`));
  if (file === undefined) throw new Error(`the site has no index for ${locale}`);
  const { default: json } = await import(pathToFileURL(join(chunks, file)).href);
  // As VitePress's search box.
  const searchOptions = { fuzzy: 0.2, prefix: true, boost: { title: 4, text: 2, titles: 1 } };
  const fields = ["title", "titles", "text"];
  const index = MiniSearch.loadJSON(json, { fields, tokenize, searchOptions });
  for (const [word, page] of Object.entries(words)) {
    /** @type {string[]} */
    const found = index.search(word).map((/** @type {{ id: string }} */ { id }) => id);
    if (found.slice(0, SEEN).some((id) => id.startsWith(`/${page}.html`))) continue;
    process.stderr.write(`search: ${word} finds ${found.slice(0, SEEN).join(", ")}, not ${page}\n`);
    process.exitCode = 1;
  }
}
