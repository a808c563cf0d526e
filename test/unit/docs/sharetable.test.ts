/** The programs of docs/sharetable.md do what the page says, and its table names every function. */

import { deepEqual, equal, rejects } from "node:assert/strict";
import { test } from "node:test";
import { start } from "snax";
import { snax } from "../../integration/process.ts";
import { world, writeFiles } from "../../world.ts";
import { readBlocks, readCode, readFiles, readPage, readTable } from "./page.ts";

const PAGE = readPage("sharetable.md");
const FILES = readFiles(PAGE);

test("the first program of the page prints what the page shows", async (t) => {
  const { code, stdout, stderr } = await snax(
    ["start"],
    writeFiles(t, { ...FILES, "snax.config.ts": "export default { thread: 0 };" }),
  );
  const lines = stdout.split("\n").filter((line) => !line.startsWith("["));
  const shown = readBlocks(PAGE).find(({ mark }) => mark === "output");
  deepEqual(
    { code, stdout: lines.join("\n"), stderr },
    { code: 0, stdout: shown?.text, stderr: "" },
  );
});

test("the table of functions names what sharetable offers", async (t) => {
  const { sharetable } = await world(t, {});
  const names: string[] = [];
  for (const name in sharetable) names.push(name);
  const shown = readTable(PAGE, "function").flatMap(([cell = ""]) => readCode(cell));
  deepEqual(shown.map((text) => text.split("(")[0] ?? "").toSorted(), names.toSorted());
});

test("the pinned battle, the index and the check of the page work", async (t) => {
  const root = writeFiles(t, FILES);
  const node = await start({ thread: 0, logger: "node.log" }, { root });
  t.after(() => node.stop());
  await node.sharetable.loadfile("items");
  const battle = await node.snax.newservice<any>("battle");
  const index = await node.snax.newservice<any>("index");
  await node.sharetable.loadtable("items", { 7: { name: "bow", attr: { attack: 99 } } });
  deepEqual(await Promise.all([battle.req.attack(1), index.req.idOf("bow")]), [12, 7]);
  const message = "the check refuses levels[2].exp: 50 is not above the level before";
  equal(PAGE.includes(message), true);
  await rejects(node.sharetable.loadfile("levels"), { code: "ERR_TABLE", message });
});
