/** docs/runaway.md happens as written: a runaway service is found, stopped and repaired from the console. */

import { deepEqual, equal } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { start } from "snax";
import { LineClient } from "../../integration/console/console-client.ts";
import { codeOfFailure, writeFiles } from "../../world.ts";
import { readBlocks, readFiles, readPage } from "./page.ts";

const PAGE = readPage("runaway.md");

test("the walk-through goes as the page shows", async (t) => {
  const root = writeFiles(t, readFiles(PAGE));
  const node = await start({ thread: 2, console: 0, logger: "node.log" }, { root });
  t.after(() => node.stop());
  const readLog = (): string => readFileSync(join(root, "node.log"), "utf8");
  const port = /Start debug console at \S+?:(\d+)$/m;
  while (!port.test(readLog())) await node.skynet.sleep(5);
  const client = await LineClient.open(Number(port.exec(readLog())?.[1]));
  t.after(() => client.close());
  const shop = await node.snax.newservice<any>("shop");
  const address = node.skynet.address(shop.handle);
  const caller = node.skynet.address(node.skynet.self());
  /** What differs from run to run, as the page writes it. */
  const general = (text: string): string =>
    text
      .replaceAll(address, ":SHOP")
      .replaceAll(caller, ":CALLER")
      .replaceAll(`file://${root}/`, "")
      .replaceAll(/version = \d+/g, "version = N")
      .replaceAll(/for \d+ ms/g, "for N ms")
      .replaceAll(/thread \d/g, "thread N")
      .replaceAll(/from :00ffff\w\w/g, "from :THREAD")
      .replaceAll(/:CALLER \(program\)/g, ":CALLER");

  const bought = codeOfFailure(shop.req.buy(95));
  while (!readLog().includes("endless loop")) await node.skynet.sleep(20);
  const blocks = readBlocks(PAGE);
  const line = /\[:00000000\] A message from .*\n {4}at .*\n {4}at .*\n/.exec(readLog())?.[0];
  equal(general(line ?? ""), blocks.find(({ mark }) => mark === "log")?.text);

  for (const { text } of blocks.filter(({ mark }) => mark === "console")) {
    const [, command = ""] = /^> (.*)$/m.exec(text) ?? [];
    const said = await client.run(command.replaceAll(":SHOP", address));
    // Other services may have had a moment of CPU.
    const kept = said.filter((row) => !/\tcpu:/.test(row));
    deepEqual(general(kept.join("\n")).split("\n"), text.trimEnd().split("\n").slice(1));
  }
  equal(await bought, "ERR_INTERRUPTED");
  deepEqual([await shop.req.buy(95), await shop.req.sold()], [86, 2]);
});
