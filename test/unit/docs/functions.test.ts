/**
 * docs/functions.md and docs/functions-library.md: every function has an example, which compiles, runs
 * and prints what the page shows.
 */

import { deepEqual, equal } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { start } from "snax";
import type { Config } from "snax";
import { world } from "../../world.ts";
import { readBlocks, readCode, readFiles, readPage, readTable, writeProject } from "./page.ts";

const FUNCTIONS = readPage("functions.md");
const LIBRARY = readPage("functions-library.md");

interface Example {
  readonly code: string;
  output: string;
}

/** Each example with what it prints. */
function examplesOf(page: string): Example[] {
  const found: Example[] = [];
  for (const { mark, text } of readBlocks(page)) {
    const last = found.at(-1);
    if (mark === "example") found.push({ code: text, output: "" });
    if (mark === "output" && last !== undefined) last.output = text;
  }
  return found;
}

/** A service that runs all examples one after the other; it begins as the page says. */
function mainOf(page: string, examples: readonly Example[]): string {
  const [, imports = ""] = /^```ts\n(import .*?)^```$/ms.exec(page) ?? [];
  return `
${imports}
const examples = [
${examples.map(({ code }) => `async () => {\n${code}}`).join(",\n")}
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
}

/** Compiles and runs the examples of a page. */
async function runPage(t: TestContext, page: string, config: Config): Promise<void> {
  const examples = examplesOf(page);
  const files = { ...readFiles(page), "services/main.ts": mainOf(page, examples) };
  const root = writeProject(t, files);
  const tsc = resolve("node_modules/typescript/bin/tsc");
  const compiled = spawnSync(process.execPath, [tsc, "-p", "."], { cwd: root, encoding: "utf8" });
  equal(compiled.stdout, "");
  const node = await start({ thread: 0, start: "main", logger: "node.log", ...config }, { root });
  t.after(() => node.stop());
  await node.stopped;
  const lines = readFileSync(join(root, "node.log"), "utf8").split("\n");
  // Lines of the log have a time in front, and their further lines are indented.
  const plain = lines.filter((line) => !/^\S+ \S+ \[:[0-9a-f]{8}\]|^ {4}/.test(line)).join("\n");
  const [, ...said] = plain.split(/^(?:example \d+|the end)\n/m);
  deepEqual(
    said.slice(0, examples.length),
    examples.map(({ output }) => output),
  );
}

test("the examples of skynet and snax compile, and print what the page shows", (t) =>
  runPage(t, FUNCTIONS, { node: "one" }));

test("the examples of sockets, tables and other nodes compile, and print what the page shows", (t) =>
  runPage(t, LIBRARY, {
    node: "east",
    cluster: {
      listen: "127.0.0.1:0",
      nodes: { west: "127.0.0.1:1" }, // No node listens there.
      token: "the token of the page",
    },
  }));

/** Lists the functions of `api` that a page does not use as `name.function`. */
function missingIn(page: string, name: string, functions: readonly string[]): string[] {
  return functions.filter(
    (key) => !new RegExp(String.raw`\b${name}(?:\s*\.\w+\([^)]*\))?\s*\.${key}\b`).test(page),
  );
}

test("every function of skynet and snax is used there", async (t) => {
  const { skynet, snax } = await world(t, {});
  for (const [name, api] of Object.entries({ skynet, snax })) {
    const functions: string[] = [];
    for (const key in api) functions.push(key);
    deepEqual(missingIn(FUNCTIONS, name, functions), [], name);
  }
});

test("every function of what else services import is used there", async (t) => {
  const names =
    "cluster datacenter gateserver harbor httpd multicast sharetable socket socketchannel sprotoloader";
  const list = names.replaceAll(" ", ", ");
  const { make } = await world(t, {
    main: `
      import { ${list} } from "snax";
      const namesOf = (api: object) => { const names = []; for (const name in api) names.push(name); return names; };
      export const response = { run: () => [${list}].map(namesOf) };
    `,
  });
  const main = await make("main");
  const found = (await main.req.run()) as string[][];
  for (const [index, name] of names.split(" ").entries())
    deepEqual(missingIn(LIBRARY, name, found[index] ?? []), [], name);
  const inChannel = readTable(readPage("net.md"), "channel").flatMap(([cell = ""]) =>
    readCode(cell),
  );
  deepEqual(missingIn(LIBRARY, "channel", inChannel), []);
});
