/** `swap` in the console and as a command of the shell. */

import { deepEqual, equal, match } from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { startSnax } from "../process.ts";
import { desk } from "./console-client.ts";

const text = (version: number): string =>
  `let sold = 0; export const response = { buy() { sold += 1; return [${version}, sold]; }, now() { return ${version}; } };`;

test("swap tells which service has taken the place of which; exit codes, JSON, stateless, what it does not know", async (t) => {
  const node = await desk(t, { shop: text(1) });
  const shops = [await node.make("shop"), await node.make("shop")];
  const edit = (next: string): void => writeFileSync(join(node.folder, "shop.ts"), next);
  const shell = async (...words: string[]) =>
    await startSnax([...words, "--console", `${node.port}`], node.folder).ended;
  edit(text(2));
  const done = await shell("swap", "shop");
  equal(done.code, 0, done.stdout + done.stderr);
  match(
    done.stdout,
    /^id\t1\nswapped\t2\nfailed\t0\ndrained\t\d+ ms\nforwarded\t0\n(:[0-9a-f]{8}\t-> :[0-9a-f]{8}\n){2}$/,
  );
  deepEqual(await Promise.all(shops.map((shop) => shop.req.buy())), [
    [2, 1],
    [2, 1],
  ]);
  equal((await node.ask("diff shop"))[0], `${node.folder}/shop.ts\tsame\trunning:2`);
  edit(text(3));
  const refused = await shell("swap", "shop");
  equal(refused.code, 1);
  match(refused.stdout + refused.stderr, /sold \(shop\.ts:1\) was written: 0 -> 1/);
  deepEqual(await shops[0]?.req.now(), 2);
  const json = await shell("swap", "shop", "--stateless", "--retire", "86400", "--json");
  const { swapped, failed } = JSON.parse(json.stdout) as Record<string, unknown>;
  deepEqual([json.code, swapped, failed], [0, 2, 0]);
  equal(await shops[0]?.req.now(), 3);
  const address = `:${(shops[0]?.handle ?? 0).toString(16).padStart(8, "0")}`;
  for (const line of [
    "swap",
    "swap nobody",
    `swap ${address}`,
    "swap shop --force",
    "swap shop --retire x",
  ]) {
    equal((await node.ask(line)).at(-1), "<CMD Error>", line);
  }
  match((await node.ask("patches")).join("\n"), /target:swap all shop/);
});
