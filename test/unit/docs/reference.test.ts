/** What the pages of docs/ point to exists: files of the repository, headings of other pages, titles of tests. */

import { deepEqual } from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { listPages, readPage, readTable } from "./page.ts";

/** Lists what a page names and does not find. */
function missing(find: (text: string, page: string) => string[]): string[] {
  return listPages().flatMap((page) =>
    find(readPage(page), page).map((what) => `${page}: ${what}`),
  );
}

test("files of the repository that the pages name exist", () => {
  const find = (text: string, page: string): string[] => {
    if (/^(?:zh\/)?guide\//.test(page)) return []; // Those are files of the reader's project.
    const paths = [...text.matchAll(/`((?:src|test|scripts|examples|bench)\/[\w./-]+)`/g)];
    return paths.map(([, path = ""]) => path).filter((path) => !existsSync(path));
  };
  deepEqual(missing(find), []);
});

test("links from page to page lead to a page and a heading", async () => {
  const { anchorOf } = (await import(`${process.cwd()}/scripts/anchor.mjs`)) as {
    anchorOf: (heading: string) => string;
  };
  const find = (text: string, page: string): string[] =>
    [...text.matchAll(/\]\(((?:[\w./-]+\.md)?)(?:#([^()\s]+))?\)/g)]
      .filter(([, target = "", anchor]) => {
        const path = target === "" ? join("docs", page) : join("docs", dirname(page), target);
        if (!existsSync(path)) return true;
        const headings = [...readFileSync(path, "utf8").matchAll(/^#+ (.+)$/gm)];
        return anchor !== undefined && !headings.some(([, head = ""]) => anchorOf(head) === anchor);
      })
      .map(([link]) => link);
  deepEqual(missing(find), []);
});

test("the tests that docs/guarantees.md names exist, under these titles and in these files", () => {
  const page = readPage("guarantees.md");
  const sections = page.split(/^## /m).slice(1);
  const rows = sections.flatMap((text) =>
    text.includes("| test ") ? readTable(text, "test") : [],
  );
  const lost = rows.filter(([title = "", place = ""]) => {
    const path = place.replaceAll("`", "");
    return !existsSync(path) || !textsOf(path).some((text) => text.includes(title));
  });
  deepEqual(lost, []);
});

/** The text of a file, or of the files of a folder. */
function textsOf(path: string): string[] {
  if (statSync(path).isFile()) return [readFileSync(path, "utf8")];
  return readdirSync(path).flatMap((name) => textsOf(join(path, name)));
}
