/** docs/services.md names every function, key and limit that there is, and none that there is not. */

import { deepEqual } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import * as limits from "../../../src/base/limits.ts";
import { completeConfig } from "../../../src/node/config.ts";
import { world } from "../../integration/world.ts";
import { readCode, readPage, readTable } from "./page.ts";

const PAGE = readPage("services.md");
const [, SKYNET = "", SNAX = ""] = PAGE.split(/^## /m);

function namesIn(section: string): string[] {
  return readTable(section, "function")
    .flatMap(([names = ""]) => readCode(names))
    .toSorted();
}

function namesOf(api: object): string[] {
  const names: string[] = [];
  for (const name in api) names.push(name);
  return names.toSorted();
}

test("the tables of functions name what skynet and snax offer", async (t) => {
  const { skynet, snax } = await world(t, {});
  deepEqual(namesIn(SKYNET), namesOf(skynet));
  deepEqual(namesIn(SNAX), namesOf(snax));
});

test("the table of the configuration names every key", () => {
  const source = readFileSync("src/node/config.ts", "utf8");
  const [declaration = ""] = /export interface Config \{.*?^\}/ms.exec(source) ?? [];
  const keys = [...declaration.matchAll(/readonly (\w+)\?:/g)].map(([, key = ""]) => key);
  const shown = readTable(PAGE, "key").flatMap(([key = ""]) => readCode(key));
  deepEqual(shown.toSorted(), keys.toSorted());
});

test("the table of the configuration shows the true defaults", () => {
  const config = completeConfig({});
  for (const [key = "", shown = ""] of readTable(PAGE, "key")) {
    const [name = ""] = readCode(key);
    if (name === "thread") continue;
    const value = shown === "-" ? undefined : (JSON.parse(readCode(shown).join()) as unknown);
    deepEqual(config[name], value, name);
  }
});

test("the table of limits names every limit with its value", () => {
  const shown = readTable(PAGE, "limit").map((cells) => [cells[0] ?? "", cells[1] ?? ""]);
  const list = shown.map(([name = "", value = ""]) => [readCode(name)[0], Number(readCode(value))]);
  deepEqual(Object.fromEntries(list), { ...limits });
});
