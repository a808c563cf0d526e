/** docs/inject.md happens as written, on the server of examples/simple; and an editor knows what a script is given. */

import { deepEqual, equal } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { LineClient } from "../../integration/console/console-client.ts";
import { simpleNode } from "../../integration/simple/simple-node.ts";
import { writeFiles } from "../../world.ts";
import { readBlocks, readFiles, readPage } from "./page.ts";

const PAGE = readPage("inject.md");
const SCRIPT = "patches/simpledb.ts";

test("skynet's own script makes of world worldA, worldAA, worldAAA, as the page shows", async (t) => {
  equal(readFiles(PAGE)[SCRIPT], readFileSync(`examples/simple/${SCRIPT}`, "utf8"));
  const { log } = await simpleNode(t);
  const port = Number(/Start debug console at \S+?:(\d+)$/m.exec(await log())?.[1]);
  const client = await LineClient.open(port);
  t.after(() => client.close());
  const list = (await client.run("list")).join("\n");
  const address = /^(:\w+)\tsnlua simpledb$/m.exec(list)?.[1] ?? "";
  const session = readBlocks(PAGE).find(({ mark }) => mark === "session")?.text ?? "";
  for (const part of session.split(/^> /m).slice(1)) {
    const [line = "", ...answer] = part.trimEnd().split("\n");
    deepEqual(await client.run(line.replace(/:[0-9a-f]{8}/, address)), answer);
  }
});

test("the compiler of a user's project knows what a script is given, and what it is not", (t) => {
  const folder = writeFiles(t, {
    "good.ts": readFiles(PAGE)[SCRIPT] ?? "",
    "own.ts": `/// <reference types="snax/inject" />
      export {};
      declare let count: number;
      count += Number(args[0]);
      print(count, _U.proto["lua"]?.dispatch, _P.snax.users, upvalues.scopes(_P.lua.get));`,
    "bad.ts": `/// <reference types="snax/inject" />
      export {};
      // @ts-expect-error -- args can't be assigned
      args = [];
      // @ts-expect-error -- no such name
      prin("x");`,
  });
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(resolve("."), join(folder, "node_modules/snax"), "dir");
  const tsc = join(createRequire(import.meta.url).resolve("typescript/package.json"), "../bin/tsc");
  const flags = ["--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext"];
  const types = [
    "--target",
    "es2023",
    "--types",
    "node",
    "--typeRoots",
    resolve("node_modules/@types"),
  ];
  const files = ["good.ts", "own.ts", "bad.ts"];
  const { stdout, status } = spawnSync(process.execPath, [tsc, ...flags, ...types, ...files], {
    cwd: folder,
    encoding: "utf8",
  });
  deepEqual([stdout, status], ["", 0]);
});
