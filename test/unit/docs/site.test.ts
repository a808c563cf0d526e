/** The site: its sidebar has every page, and translated pages are the English ones in other words. */

import { deepEqual, equal, match } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { writeFiles } from "../../world.ts";
import { listPages } from "./page.ts";

interface Sidebar {
  readonly SIDEBAR: readonly { readonly pages: readonly string[] }[];
}

test("every page is in the sidebar once", async () => {
  const { SIDEBAR } = (await import(`${process.cwd()}/site/sidebar.mjs`)) as Sidebar;
  const shown = SIDEBAR.flatMap(({ pages }) => pages.map((page) => `${page}.md`));
  const pages = listPages().filter((page) => page !== "index.md" && !page.startsWith("zh/"));
  deepEqual(shown.toSorted(), pages.toSorted());
});

function check(t: TestContext, files: Record<string, string>) {
  const folder = writeFiles(t, files);
  const run = (...args: string[]) =>
    spawnSync(process.execPath, ["scripts/translation.mjs", folder, ...args], { encoding: "utf8" });
  return run;
}

const ENGLISH = `# Words

| one | two |
| --- | --- |
| a   | b   |

## More

\`\`\`ts file=a.ts
let a = 1;
\`\`\`

[Others](other.md#second-part), [here](#more), [far](../far.md#there).
`;

const CHINESE = ENGLISH.replace("Words", "词")
  .replace("## More", "## 还有，更多")
  .replace("let a = 1;\n", "")
  .replace("other.md#second-part", "other.md#第二-部分")
  .replace("(#more)", "(#还有更多)")
  .replace("[far](../far", "[远](../../far");

const OTHERS = {
  "docs/other.md": "# Other\n\n## Second part\n",
  "far.md": "# Far\n",
  "docs/zh/other.md": "# 别的\n\n## 第二 部分\n",
};

test("a translation with other words passes, once the code is copied", (t) => {
  const run = check(t, { ...OTHERS, "docs/page.md": ENGLISH, "docs/zh/page.md": CHINESE });
  match(run().stderr, /its code is not that of docs\/page\.md/);
  equal(run("--write").status, 0);
  const { status, stderr } = run();
  deepEqual([status, stderr], [0, ""]);
});

test("a translation that lacks something, or has more, is refused", (t) => {
  const whole = ENGLISH.replace("(../far", "(../../far").replace("second-part", "第二-部分");
  const faults: [string, RegExp][] = [
    [whole.replace("## More", "### More"), /levels of headings/],
    [whole.replace("## More\n", ""), /levels of headings/],
    [whole.replace("| a   | b   |\n", ""), /rows of tables/],
    [whole.replace("#there", ""), /links/],
    [whole.replace("#第二-部分", "#second-part"), /links/],
    [whole.replace("(#more)", "(#other)"), /links/],
    [whole.replace("(other.md", "(../other.md"), /links/],
    [whole.replace("let a = 1;", "let a = 2;"), /its code is not/],
    [whole.replace(/```ts[^]*```\n/, ""), /0 blocks of code, and docs\/page\.md has 1/],
  ];
  for (const [text, message] of faults) {
    const { status, stderr } = check(t, {
      ...OTHERS,
      "docs/page.md": ENGLISH,
      "docs/zh/page.md": text,
    })();
    equal(status, 1, String(message));
    match(stderr, message);
  }
  match(check(t, { ...OTHERS, "docs/zh/lost.md": "# X\n" })().stderr, /there is no docs\/lost\.md/);
});

test("a page without a translation is refused, also in a folder", (t) => {
  const run = check(t, { ...OTHERS, "docs/guide/1-new.md": "# New\n" });
  const { status, stderr } = run();
  deepEqual([status, stderr], [1, "docs/guide/1-new.md: there is no docs/zh/guide/1-new.md\n"]);
});

test("a table of names and numbers that stands only in the English page is not compared", (t) => {
  const table = "| a | b |\n| - | - |\n| c | [d](other.md) |\n";
  const run = check(t, {
    "docs/page.md": `# Page\n\n<!-- only here -->\n\n${table}`,
    "docs/zh/page.md": "# 页\n",
  });
  const { status, stderr } = run();
  deepEqual([status, stderr], [0, ""]);
});

test("the first page leads to every page but the chapters of the guide", () => {
  const first = readFileSync("docs/index.md", "utf8");
  const pages = listPages().filter((page) => page !== "index.md" && !page.includes("/"));
  deepEqual(
    pages.filter((page) => !first.includes(`](${page})`)),
    [],
  );
});

test("the translations of the repository are those of its pages", () => {
  const options = { encoding: "utf8" } as const;
  const { status, stderr } = spawnSync(process.execPath, ["scripts/translation.mjs"], options);
  deepEqual([status, stderr], [0, ""]);
});
