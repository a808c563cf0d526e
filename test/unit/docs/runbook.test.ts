/** docs/runbook.md names commands that there are, and its way back takes a patch back. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import { start } from "snax";
import { COMMANDS } from "../../../src/console/commands/command-list.ts";
import { LineClient } from "../../integration/console/console-client.ts";
import { writeFiles } from "../../world.ts";
import { readBlocks, readPage } from "./page.ts";

const PAGE = readPage("runbook.md");

test("the commands that the page types exist", () => {
  const blocks = readBlocks(PAGE).filter(({ mark }) => mark === "console");
  const lines = blocks.flatMap(({ text }) => text.trimEnd().split("\n"));
  ok(lines.length > 5);
  const words = [...lines, ...[...PAGE.matchAll(/`(\w+) ADDRESS/g)].map(([, name = ""]) => name)];
  deepEqual(
    words.map((line) => line.split(" ")[0] ?? "").filter((name) => !COMMANDS.has(name)),
    [],
  );
});

test("what a patch has changed goes back to what the files say, and the state stays", async (t) => {
  const root = writeFiles(t, {
    "services/shop.ts": `
      let sold = 0;
      export const response = {
        buy(price: number) { sold += 1; return bill(price); },
        sold: () => sold,
      };
      function bill(price: number) { return price; }
    `,
    "double.ts": "function bill(price: number) { return price * 2; }",
  });
  const node = await start({ thread: 0, console: 0, logger: "node.log" }, { root });
  t.after(() => node.stop());
  const { address } = await node.skynet.call<{ address: string }>(8, "debug", "INFO");
  const client = await LineClient.open(Number(address.split(":")[1]));
  t.after(() => client.close());
  const shop = await node.snax.newservice<any>("shop");
  equal((await client.run("hotfix shop double.ts"))[1], "applied\t1");
  equal(await shop.req.buy(5), 10);
  match((await client.run("diff shop")).join("\n"), /bill/);
  match((await client.run("hotfix shop --from-source")).join("\n"), /applied\t1/);
  deepEqual([await shop.req.buy(5), await shop.req.sold()], [5, 2]);
});
