/** docs/testing.md: its test passes as a user runs it, and its tables name what there is. */

import { deepEqual, equal, match } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { startTest } from "snax/testing";
import { writeFiles } from "../../world.ts";
import { readCode, readFiles, readPage, readTable } from "./page.ts";

const PAGE = readPage("testing.md");

test("the test of the page passes", (t) => {
  const folder = writeFiles(t, readFiles(PAGE));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(resolve("."), join(folder, "node_modules/snax"), "dir");
  const command = /^`node (--import snax\/register --test) test\/\*\.test\.ts`/m.exec(PAGE)?.[1];
  const args = [...(command ?? "").split(" "), "test/auction.test.ts"];
  const env = { ...process.env };
  // The runner of a test in a test believes to be a part of the outer run.
  delete env["NODE_TEST_CONTEXT"];
  const ended = spawnSync(process.execPath, args, { cwd: folder, env, encoding: "utf8" });
  match(ended.stdout, /pass 1$/m);
  equal(ended.status, 0, ended.stdout + ended.stderr);
});

test("the tables name the options and members", async (t) => {
  const source = readFileSync("src/testing/start-test.ts", "utf8");
  const body = (name: string): string =>
    new RegExp(`export interface ${name}.*?\\{.*?^\\}`, "ms").exec(source)?.[0] ?? "";
  const options = [...body("TestOptions").matchAll(/readonly (\w+)\?:/g)].map(
    ([, key = ""]) => key,
  );
  const named = (heading: string): string[] =>
    readTable(PAGE, heading).flatMap(([cell = ""]) => readCode(cell));
  deepEqual(named("option").toSorted(), options.toSorted());
  const node = await startTest({ services: "./?.ts" }, t);
  for (const name of named("member")) equal(name in node, true, name);
  const members = [...body("TestNode").matchAll(/^ {2}(?:readonly )?(\w+)[(:]/gm)];
  for (const [, name = ""] of members) equal(named("member").includes(name), true, name);
});
