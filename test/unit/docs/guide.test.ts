/**
 * The guide: its chapters lead to each other, every program passes the compiler, and the last one
 * is the game that create-snax writes. How the programs are played: test/integration/node/guide.test.ts.
 */

import { deepEqual, equal, match } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { snax } from "../../integration/process.ts";
import { CHAPTERS, readProgram } from "./chapters.ts";
import { readBlocks, readPage, writeProject } from "./page.ts";

const TEMPLATE = "create-snax/templates/game";

test("there are ten chapters, and each leads to the next one", () => {
  equal(CHAPTERS.length, 10);
  for (const [index, chapter] of CHAPTERS.slice(0, -1).entries()) {
    match(
      readPage(chapter),
      new RegExp(`^Next: \\[.+\\]\\(${CHAPTERS[index + 1]?.slice(6)}\\)`, "m"),
    );
  }
});

test("the program of every chapter passes the compiler", (t) => {
  const tsc = resolve("node_modules/typescript/bin/tsc");
  for (const [index, name] of CHAPTERS.entries()) {
    const cwd = writeProject(t, readProgram(index + 1));
    const { status, stdout } = spawnSync(process.execPath, [tsc, "-p", "."], {
      cwd,
      encoding: "utf8",
    });
    equal(status, 0, `${name}:\n${stdout}`);
  }
});

for (const chapter of [1, 2]) {
  test(`the program of chapter ${chapter} prints what the page shows`, async (t) => {
    const { code, stdout, stderr } = await snax(
      ["start", "--set", "console=0"],
      writeProject(t, readProgram(chapter)),
    );
    const lines = stdout.split("\n").filter((line) => !line.startsWith("["));
    const shown = readBlocks(readPage(CHAPTERS[chapter - 1] ?? ""));
    const output = shown.find(({ mark }) => mark === "output")?.text;
    deepEqual({ code, stdout: lines.join("\n"), stderr }, { code: 0, stdout: output, stderr: "" });
  });
}

test("the game of the guide is the template of create-snax, but for what the guide says", () => {
  const files = Object.entries(readProgram(9)).filter(([path]) =>
    /^(?:services|tables|patches|snax\.config\.ts)/.test(path),
  );
  const own = ["services/lib/scores.ts"]; // SQLite where Node has it.
  const differing = files
    .filter(([path, text]) => readFileSync(join(TEMPLATE, path), "utf8") !== text)
    .map(([path]) => path);
  deepEqual(differing, own);
  const names = ["services", "services/lib", "tables", "patches"].flatMap((folder) =>
    readdirSync(join(TEMPLATE, folder))
      .filter((name) => name.endsWith(".ts"))
      .map((name) => `${folder}/${name}`),
  );
  deepEqual(
    names.filter((name) => !(name in readProgram(9))),
    [],
  );
});
