/** docs/functions.md: every function has an example, which compiles, runs and prints what the page shows. */

import { deepEqual, equal } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { start } from "snax";
import { world } from "../../world.ts";
import { readBlocks, readFiles, readPage, writeProject } from "./page.ts";

const PAGE = readPage("functions.md");

/** Each example with what it prints. */
const EXAMPLES = readBlocks(PAGE)
  .filter(({ mark }) => mark === "example" || mark === "output")
  .reduce<{ code: string; output: string }[]>((found, { mark, text }) => {
    const last = found.at(-1);
    if (mark === "output" && last !== undefined) last.output = text;
    else found.push({ code: text, output: "" });
    return found;
  }, []);

/** A service that runs all examples one after the other. */
const MAIN = `
import { skynet, snax } from "snax";
import type * as Shop from "./shop.ts";
export type { Shop };
const examples = [
${EXAMPLES.map(({ code }) => `async () => {\n${code}}`).join(",\n")}
];
skynet.start(() =>
  skynet.timeout(0, async () => {
    for (const [index, run] of examples.entries()) {
      console.log("example " + index);
      await run();
    }
    console.log("the end");
    skynet.abort();
  }),
);
`;

test("the examples compile, and print what the page shows", async (t) => {
  const root = writeProject(t, { ...readFiles(PAGE), "services/main.ts": MAIN });
  const compiled = spawnSync(
    process.execPath,
    [resolve("node_modules/typescript/bin/tsc"), "-p", "."],
    {
      cwd: root,
      encoding: "utf8",
    },
  );
  equal(compiled.stdout, "");
  const node = await start({ thread: 0, start: "main", logger: "node.log", node: "one" }, { root });
  t.after(() => node.stop());
  await node.stopped;
  const lines = readFileSync(join(root, "node.log"), "utf8").split("\n");
  // Lines of the log have a time in front, and their further lines are indented.
  const plain = lines.filter((line) => !/^\S+ \S+ \[:[0-9a-f]{8}\]|^ {4}/.test(line)).join("\n");
  const [, ...said] = plain.split(/^(?:example \d+|the end)\n/m);
  deepEqual(
    said.slice(0, EXAMPLES.length),
    EXAMPLES.map(({ output }) => output),
  );
});

test("every function of skynet and snax is used there", async (t) => {
  const { skynet, snax } = await world(t, {});
  for (const [name, api] of Object.entries({ skynet, snax })) {
    const missing: string[] = [];
    for (const key in api) {
      if (!new RegExp(String.raw`\b${name}(?:\s*\.\w+\([^)]*\))?\s*\.${key}\b`).test(PAGE))
        missing.push(key);
    }
    deepEqual(missing, [], name);
  }
});
