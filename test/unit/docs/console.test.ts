/** The session that docs/console.md shows happens as written, and its table names every command. */

import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { start } from "snax";
import { desk, LineClient } from "../../integration/console/console-client.ts";
import { writeFiles } from "../../world.ts";
import { readBlocks, readCode, readFiles, readPage, readTable } from "./page.ts";

const PAGE = readPage("console.md");

test("the session on the page is answered as the page shows", async (t) => {
  const root = writeFiles(t, readFiles(PAGE));
  const node = await start({ thread: 0, console: 0, logger: "node.log" }, { root });
  t.after(() => node.stop());
  const { address } = await node.skynet.call<{ address: string }>(8, "debug", "INFO");
  const client = await LineClient.open(Number(address.split(":")[1]));
  t.after(() => client.close());
  const shown = readBlocks(PAGE).find(({ mark }) => mark === "session")?.text ?? "";
  let said = "";
  for (const [, line = ""] of shown.matchAll(/^> (.*)$/gm)) {
    said += `> ${line}\n${(await client.run(line)).join("\n")}\n`;
  }
  deepEqual(said.split("\n"), shown.split("\n"));
});

test("the table names every command that there is", async (t) => {
  const { ask } = await desk(t, {});
  const names = (await ask("help")).slice(0, -1).map((line) => line.split("\t")[0] ?? "");
  const shown = readTable(PAGE, "command").flatMap(([cell = ""]) => readCode(cell));
  deepEqual(shown.toSorted(), names.toSorted());
});
