/** docs/cluster.md: its programs call each other, and its table names what `cluster` offers. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { world } from "../../world.ts";
import { readCode, readFiles, readPage, readTable } from "./page.ts";

const PAGE = readPage("cluster.md");

test("the nodes of the page call each other", async (t) => {
  const files = readFiles(PAGE);
  const simpledb = files["db/simpledb.ts"] ?? "";
  assert.match(files["db/snax.config.ts"] ?? "", /open: "127\.0\.0\.1:2528"/);
  const db = await world(
    t,
    { simpledb },
    { node: "db", start: "simpledb", cluster: { skynet: { open: "127.0.0.1:0" } } },
  );
  const port = /reach this one at 127\.0\.0\.1:(\d+)/.exec((await db.log()).join("\n"))?.[1];
  const main = (files["game/main.ts"] ?? "").replace("2528", String(port));
  const game = await world(t, { main }, { start: "main" });
  assert.ok((await game.log()).includes("world"));
});

test("the linked nodes of the page call each other", async (t) => {
  const files = readFiles(PAGE);
  assert.match(files["bank/snax.config.ts"] ?? "", /listen: "127\.0\.0\.1:7000"/);
  const token = "the token of the page";
  const { "bank/main.ts": main = "", "bank/account.ts": account = "" } = files;
  const bank = await world(
    t,
    { main, account },
    { node: "bank", start: "main", cluster: { listen: 0, token } },
  );
  const place = /come in at (127\.0\.0\.1:\d+)/.exec((await bank.log()).join("\n"))?.[1] ?? "";
  const shop = await world(
    t,
    { main: files["shop/main.ts"] ?? "" },
    { node: "shop", start: "main", cluster: { nodes: { bank: place }, token } },
  );
  assert.ok((await shop.log()).includes("5"));
});

test("the table of functions names what cluster offers", async (t) => {
  const { make } = await world(t, {
    main: `
      import { cluster } from "snax";
      export const response = { run: () => { const names = []; for (const name in cluster) names.push(name); return names; } };
    `,
  });
  const names = readTable(PAGE, "function").flatMap(([cell = ""]) => readCode(cell));
  const main = await make("main");
  assert.deepEqual(names.toSorted(), ((await main.req.run()) as string[]).toSorted());
});
