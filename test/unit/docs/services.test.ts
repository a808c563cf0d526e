/** docs/services.md names every function, key and limit that there is, and none that there is not. */

import { deepEqual, match } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import * as limits from "../../../src/base/limits.ts";
import { start } from "snax";
import { completeConfig } from "../../../src/node/config.ts";
import { world, writeFiles } from "../../world.ts";
import { readBlocks, readCode, readFiles, readPage, readTable } from "./page.ts";

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

test("the tables of what else services import name what there is", async (t) => {
  const names = ["datacenter", "multicast", "harbor"];
  const { make } = await world(t, {
    main: `
      import { datacenter, multicast, harbor } from "snax";
      const namesOf = (api: object) => { const names = []; for (const name in api) names.push(name); return names; };
      export const response = { run: () => [datacenter, multicast, harbor].map(namesOf) };
    `,
  });
  const main = await make("main");
  const found = (await main.req.run()) as string[][];
  for (const [index, name] of names.entries()) {
    const section = PAGE.slice(PAGE.indexOf("## datacenter"));
    const shown = readTable(section, `\`${name}\``).flatMap(([cell = ""]) => readCode(cell));
    deepEqual(shown.toSorted(), found[index]?.toSorted(), name);
  }
});

test("a node starts what the page lists, in that order", async (t) => {
  const { skynet, readLog } = await world(t, {}, { verbose: true });
  await skynet.call(".logger", "lua", "FLUSH");
  const shown = readTable(PAGE, "handle").map(([handle = "", name = ""]) => [
    handle,
    readCode(name)[0],
  ]);
  const lines = [...readLog().matchAll(/\[:0000000(\d)\] LAUNCH snlua (\w+)/g)];
  const started = lines.map(([, handle, name]) => [handle, name]);
  // The logger's own line can't be logged, and the program is not launched.
  deepEqual(started, shown.slice(2));
});

test("the services of the page publish and hear the news", async (t) => {
  const folder = writeFiles(t, readFiles(PAGE));
  const logger = join(folder, "node.log");
  const node = await start({ thread: 0, start: "news", logger }, { root: folder });
  await node.stopped;
  const plain = readFileSync(logger, "utf8")
    .split("\n")
    .filter((line) => !/\[:[0-9a-f]{8}\]/.test(line));
  const shown = readBlocks(PAGE).find(({ mark }) => mark === "output")?.text;
  deepEqual(plain.join("\n"), shown);
});

test("the logger of the page writes the lines of all services", async (t) => {
  const folder = writeFiles(t, readFiles(PAGE));
  const userlog = join(folder, "user.log");
  const config = {
    thread: 0,
    start: "news",
    logservice: "snlua",
    logger: "userlog",
    userlog,
    verbose: true,
  } as const;
  const node = await start(config, { root: folder });
  await node.stopped;
  const log = readFileSync(userlog, "utf8");
  const lines = log
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as string);
  const shown = readBlocks(PAGE).find(({ mark }) => mark === "output")?.text;
  deepEqual(lines.filter((line) => !line.startsWith(":")).join("\n"), shown?.trimEnd());
  match(lines[0] ?? "", /^:00000003 LAUNCH snlua launcher$/);
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
