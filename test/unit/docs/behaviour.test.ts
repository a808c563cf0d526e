/** The programs of docs/behaviour.md do what the page says. */

import { deepEqual, equal } from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { PACKAGE, snax, startNode } from "../../integration/process.ts";
import { writeFiles } from "../../world.ts";
import { readBlocks, readFiles, readPage } from "./page.ts";

const PAGE = readPage("behaviour.md");
const FILES = readFiles(PAGE);

test("the first server of the page prints what the page shows", async (t) => {
  const { code, stdout, stderr } = await snax(["start"], writeFiles(t, FILES));
  const shown = readBlocks(PAGE).find(({ mark }) => mark === "output");
  deepEqual({ code, stdout, stderr }, { code: 0, stdout: shown?.text, stderr: "" });
});

test("the program of the page that starts a node runs over the same services", async (t) => {
  const folder = writeFiles(t, FILES);
  const path = join(folder, "program.ts");
  writeFileSync(path, (FILES["program.ts"] ?? "").replace(`"snax"`, JSON.stringify(PACKAGE)));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  const register = new URL("cli/register.js", PACKAGE).href;
  const ended = await startNode(["--no-warnings", "--import", register, path], folder).ended;
  equal(
    ended.stdout
      .split("\n")
      .filter((line) => !line.startsWith("["))
      .join(),
    "1,",
  );
  deepEqual([ended.code, ended.stderr], [0, ""]);
});
