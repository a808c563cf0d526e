/** docs/profiling.md: its commands answer as shown, the profile names the function, and the patch helps. */

import { equal, ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { start } from "snax";
import { LineClient } from "../../integration/console/console-client.ts";
import { writeFiles } from "../../world.ts";
import { readBlocks, readFiles, readPage } from "./page.ts";

const PAGE = readPage("profiling.md");

interface Profile {
  readonly nodes: readonly {
    readonly hitCount: number;
    readonly callFrame: { readonly functionName: string; readonly url: string };
  }[];
}

test("the market of the page is found, profiled and repaired as the page shows", async (t) => {
  const root = writeFiles(t, readFiles(PAGE));
  const node = await start({ thread: 1, console: 0, logger: "node.log" }, { root });
  t.after(() => node.stop());
  const { address: door } = await node.skynet.call<{ address: string }>(8, "debug", "INFO");
  const client = await LineClient.open(Number(door.split(":")[1]));
  t.after(() => client.close());
  const market = await node.snax.newservice<any>("market");
  const address = node.skynet.address(market.handle);
  for (let n = 0; n < 3000; n += 1) await market.req.offer(`item ${n % 100}`, (n * 7919) % 3001);
  const cheapest = await market.req.cheapest("item 7");
  let isOver = false;
  const traffic = (async () => {
    while (!isOver) equal(await market.req.cheapest("item 7"), cheapest);
  })();

  let file = "";
  const general = (line: string): string =>
    line
      .replaceAll(address, ":MARKET")
      .replace(/^\/.*(?=\.cpuprofile$)/, "N")
      .replaceAll(/\d+(?:\.\d+)?(?:e-\d+)?/g, "N");
  for (const { mark, text } of readBlocks(PAGE)) {
    if (mark !== "console") continue;
    const [command = "", ...shown] = text.trimEnd().split("\n");
    const said = await client.run(command.slice("> ".length).replaceAll(":MARKET", address));
    file = said.find((line) => line.endsWith(".cpuprofile")) ?? file;
    const found = said.map(general);
    for (const line of shown) ok(found.includes(line), `${command}: ${found.join("\n")}`);
  }
  isOver = true;
  await traffic;

  const { nodes } = JSON.parse(readFileSync(file, "utf8")) as Profile;
  const hits = nodes.filter(
    ({ callFrame, hitCount }) => hitCount > 0 && callFrame.url.endsWith("services/market.ts"),
  );
  ok(
    hits.some(
      ({ callFrame }) => callFrame.functionName === "sorted" || callFrame.functionName === "",
    ),
  );
});

test("the page names commands of the console that there are", async () => {
  const { COMMANDS } = await import("../../../src/console/commands/command-list.ts");
  const names = [
    ...PAGE.matchAll(/`(top|info|profile|mem|threads|task|logon|list|eval|profactive|dumpheap)\b/g),
  ];
  equal(names.length > 10, true);
  for (const [, name = ""] of names) ok(COMMANDS.has(name), name);
});
