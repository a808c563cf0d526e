/** docs/sproto.md: its conversation is what the page shows, and its tables name what there is. */

import { deepEqual } from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { formatSprotoTypes } from "../../../src/cli/sproto-types.ts";
import * as limits from "../../../src/base/limits.ts";
import { strip } from "../../../src/loader/typescript/strip.ts";
import { sproto } from "../../../src/sproto/library.ts";
import { startNode } from "../../integration/process.ts";
import { writeFiles } from "../../world.ts";
import { readBlocks, readCode, readFiles, readPage, readTable } from "./page.ts";

const PAGE = readPage("sproto.md");
const FILES = readFiles(PAGE);
const SCHEMA = FILES["c2s.sproto"] ?? "";

function namesIn(heading: string): string[] {
  return readTable(PAGE, heading)
    .flatMap(([cell = ""]) => readCode(cell))
    .toSorted();
}

/** The names of a class's public methods and getters. */
function methodsOf(object: object): string[] {
  const names = Object.getOwnPropertyNames(Object.getPrototypeOf(object));
  return names.filter((name) => name !== "constructor" && name !== "schema").toSorted();
}

test("the conversation of the page prints what the page shows", async (t) => {
  const folder = writeFiles(t, { "c2s.sproto": SCHEMA });
  const { code } = strip(FILES["talk.ts"] ?? "", "talk.ts");
  const entry = JSON.stringify(resolve("dist/sproto/index.js"));
  writeFileSync(join(folder, "talk.mjs"), code.replace(`"snax/sproto"`, entry));
  const ended = await startNode([join(folder, "talk.mjs")], folder).ended;
  const shown = readBlocks(PAGE).find(({ mark }) => mark === "output");
  deepEqual([ended.stdout, ended.stderr, ended.code], [shown?.text, "", 0]);
});

test("the types that the conversation uses are what is written for its schema", () => {
  const text = formatSprotoTypes(SCHEMA, "c2s.sproto");
  deepEqual([...text.matchAll(/^export interface (C2s) /gm)].length, 1);
});

test("the tables of functions name what there is", () => {
  deepEqual(namesIn("`sproto`"), Object.keys(sproto).toSorted());
  const schema = sproto.parse(SCHEMA);
  deepEqual(namesIn("schema"), methodsOf(schema));
  deepEqual(namesIn("host"), methodsOf(schema.host()));
  deepEqual(namesIn("`sprotoloader`"), ["compile", "load", "register", "save"]);
});

test("the page names every limit of sproto", () => {
  const names = Object.keys(limits).filter((name) => name.startsWith("SPROTO_"));
  deepEqual(
    names.filter((name) => !PAGE.includes(`\`${name}\``)),
    [],
  );
});
