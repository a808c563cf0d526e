/** `reload` in the console and as a command of the shell. */

import { deepEqual, equal, match } from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { startSnax } from "../process.ts";
import { desk } from "./console-client.ts";

const text = (version: number, state: string): string =>
  `let sold = 0; ${state} export const response = { buy() { sold += 1; return [${version}, sold]; }, bad() { f = () => sold; } };`;

test("reload tells what became of the services and of their state; exit codes, JSON, strict", async (t) => {
  const node = await desk(t, { shop: text(1, "let f: any; let gone = 1;") });
  const shops = [await node.make("shop"), await node.make("shop")];
  for (const shop of shops) await shop.req.buy();
  const edit = (next: string): void => writeFileSync(join(node.folder, "shop.ts"), next);
  const shell = async (...words: string[]) =>
    await startSnax([...words, "--console", `${node.port}`], node.folder).ended;
  edit(text(2, "let f: any; let more = 2;"));
  const strict = await shell("reload", "shop", "--strict");
  equal(strict.code, 1);
  match(strict.stdout, /^failed\t2$[^]*ERR_RELOAD.*the new text has no state for gone/m);
  const { code, stdout } = await shell("reload", "shop");
  equal(code, 0, stdout);
  match(
    stdout,
    /^id\t2\nreloaded\t2\nfailed\t0\nskipped\t0\nheld\t\d+ ms\ndrained\t0\ncarried\tsold, f\nnew\tmore\nleft behind\tgone\n$/,
  );
  deepEqual(await Promise.all(shops.map((shop) => shop.req.buy())), [
    [2, 2],
    [2, 2],
  ]);
  equal((await node.ask("diff shop"))[0], `${node.folder}/shop.ts\tsame\trunning:2`);
  const json = await shell("reload", "shop", "--json");
  const { id, reloaded, failed } = JSON.parse(json.stdout) as Record<string, unknown>;
  deepEqual([json.code, id, reloaded, failed], [0, 3, 2, 0]);
  await shops[0]?.req.bad();
  const one = await shell("reload", `:${(shops[0]?.handle ?? 0).toString(16).padStart(8, "0")}`);
  equal(one.code, 1);
  match(one.stdout + one.stderr, /f \(shop\.ts:1\) is a closure/);
  edit("const x = ;");
  const wrong = await node.ask("reload shop");
  match(wrong.join("\n"), /shop\.ts:1:11/);
  equal(wrong.at(-1), "<CMD Error>");
  for (const line of ["reload", "reload nobody", "reload shop --force", "rollback 2"]) {
    equal((await node.ask(line)).at(-1), "<CMD Error>", line);
  }
  match((await node.ask("patches")).join("\n"), /target:reload all shop/);
});
