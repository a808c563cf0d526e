/** The patches of docs/hotfix.md are applied or refused as the page says, and its repair service works. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { start } from "snax";
import { COMPILERS, install, shopFiles } from "../../integration/check/project.ts";
import { startSnax } from "../../integration/process.ts";
import type { World } from "../../world.ts";
import { failureOf, world, writeFiles } from "../../world.ts";
import { readBlocks, readCode, readFiles, readPage, readTable } from "./page.ts";

const PAGE = readPage("hotfix.md");
const FILES = readFiles(PAGE);
const SHOP = {
  shop: FILES["services/shop.ts"] ?? "",
  "lib/money.ts": "export function round(n: number) { return Math.round(n); }",
};

async function open(t: TestContext): Promise<World & { shop: Awaited<ReturnType<World["make"]>> }> {
  const node = await world(t, SHOP);
  return { ...node, shop: await node.make("shop") };
}

test("the patches that the page shows are applied, one upon the other", async (t) => {
  const { snax, shop } = await open(t);
  const inBlocks = readBlocks(PAGE).filter(({ mark }) => mark === "patch");
  const inTable = readTable(PAGE, "to change").flatMap(([, patch = ""]) => readCode(patch));
  ok(inBlocks.length > 0 && inTable.length > 0);
  for (const patch of [...inBlocks.map(({ text }) => text), ...inTable]) {
    await snax.hotfix(shop, patch);
  }
  equal(await shop.req.buy("apple", 10), "total: 13");
  shop.post.giveBack(2);
  equal(await shop.req.returned(), 2);
});

test("hotfix() of the page returns the state from before", async (t) => {
  const { snax, shop } = await open(t);
  const patch = readBlocks(PAGE).find(({ mark }) => mark === "patch")?.text ?? "";
  await shop.req.buy("apple", 10);
  equal(await snax.hotfix(shop, patch, 7), 1);
  equal(await snax.hotfix(shop, patch), 7);
});

test("the patches that the page calls refused are, with code and message", async (t) => {
  const { snax, shop } = await open(t);
  for (const [patch = "", code, message = ""] of readTable(PAGE, "in the patch")) {
    const error = await failureOf(snax.hotfix(shop, readCode(patch).join()));
    equal(error.code, code, patch);
    ok(error.message.includes(message), `${patch}: ${error.message}`);
  }
  equal(await shop.req.buy("apple", 10), "total 12");
});

test("the check of types says what the page shows", async (t) => {
  const inPage = (wanted: string): string =>
    readBlocks(PAGE).find(({ mark }) => mark === wanted)?.text ?? "";
  const root = writeFiles(t, {
    ...shopFiles(),
    "services/main.ts": "export {};\n",
    "services/shop.ts": SHOP.shop,
    "patches/shop.ts": inPage("checked"),
  });
  install(root, COMPILERS[0]);
  const node = await start({ thread: 0, console: 0, logger: "node.log" }, { root });
  t.after(() => node.stop());
  await node.snax.newservice("shop");
  const { address } = await node.skynet.call<{ address: string }>(8, "debug", "INFO");
  const [asked = "", ...shown] = inPage("answer").trimEnd().split("\n");
  const words = asked.replace("$ snax ", "").split(" ");
  const { code, stdout } = await startSnax([...words, "--console", address], root).ended;
  deepEqual(stdout.trimEnd().split("\n"), shown);
  equal(code, 1);
});

test("the repair service applies what lies in its folder, for a type and for one service", async (t) => {
  const folder = writeFiles(t, {
    "services/repair.ts": FILES["services/repair.ts"] ?? "",
    "services/shop.ts": `export const response = { word() { return "old"; } };`,
    "services/main.ts": `
      import { skynet, snax } from "snax";
      skynet.start(async () => {
        await snax.newservice("repair");
        const shop = await snax.newservice("shop");
        skynet.error("ready", shop.handle);
        let last = "old";
        setInterval(async () => {
          const word = await shop.req.word();
          if (word !== last) console.log("says", (last = word));
        }, 5);
      });`,
    "patches/shop.ts": `export const response = { word() { return "new"; } };`,
    "snax.config.json": "{}",
  });
  const { child, ended, says } = startSnax(["start"], folder);
  await says("ready 10");
  await says("says new");
  const one = `export const response = { word() { return "newer"; } };`;
  writeFileSync(join(folder, "patches/:0000000a.ts"), one);
  writeFileSync(join(folder, "patches/nobody.ts"), one);
  await says("says newer");
  await says("patch nobody.ts refused SnaxError: no service nobody");
  child.kill("SIGTERM");
  const { code, stdout } = await ended;
  equal(code, 0);
  match(stdout, /patch shop\.ts done \{"id":1,"applied":\[10\],"failed":\[\],"skipped":\[\]\}/);
  const left = readdirSync(join(folder, "patches")).toSorted().join();
  match(left, /^:0000000a\.ts\.\d+\.done,nobody\.ts\.\d+\.refused,shop\.ts\.\d+\.done$/);
});
