/** Services, modules, methods, names and tables that are called in other scripts than ASCII. */

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { desk } from "../console/console-client.ts";
import { snax as snaxCommand } from "../process.ts";
import { codeOfFailure, failureOf, world, writeFiles } from "../../world.ts";

const FILES = {
  "大厅/房间.ts": `
    import { skynet, tables } from "snax";
    import { двойной } from "../lib/счёт.ts";
    let 次数 = 0;
    export function init() { skynet.register(".房间"); }
    export const response = {
      加(n: number) { 次数 += 1; return [двойной(n), 次数]; },
      抛() { throw new Error("ошибка"); },
      表() { return tables.物品[1].имя; },
      self: () => skynet.self(),
    };`,
  "lib/счёт.ts": `export function двойной(n: number) { return 2 * n; }`,
  "tables/物品.ts": `export default { 1: { имя: "剑" } };`,
};

test("a service of any script starts, is unique, is called by its name, reads tables, and its errors name its file", async (t) => {
  const { make, snax, skynet, folder, sharetable, tables } = await world(t, FILES);
  const room = await make("大厅/房间");
  assert.deepEqual(await room.req["加"]?.(4), [8, 1]);
  assert.equal(skynet.localname(".房间"), room.handle);
  await sharetable.loadfile({ name: "物品", file: join(folder, "tables/物品.ts") });
  assert.equal(await room.req["表"]?.(), "剑");
  assert.equal((tables as Record<string, any>)["物品"][1].имя, "剑");
  await sharetable.loadstring("技能", `export default { 火: 1 };`);
  assert.match(
    (await failureOf(sharetable.loadstring("技能", "export default {"))).message,
    /技能/,
  );
  const error = await failureOf(room.req["抛"]?.() as Promise<unknown>);
  assert.match(decodeURI(String(error.stack)), /房间\.ts:8:\d+/);
  const one = await snax.uniqueservice<any>("大厅/房间");
  const same = await snax.uniqueservice<any>("大厅/房间");
  assert.equal(one.handle, same.handle);
  assert.equal(await codeOfFailure(make("大厅/房间！")), "ERR_NO_SERVICE");
});

test("a project lies in a folder of any name", async (t) => {
  const folder = writeFiles(t, {
    "a?b #c %41 [d]/snax.config.ts": `import { defineConfig } from "snax"; export default defineConfig({ thread: 1 });`,
    "a?b #c %41 [d]/services/main.ts": `
      import { sharetable, skynet, snax, tables } from "snax";
      import { five } from "../lib/five.ts";
      skynet.start(async () => {
        await sharetable.loadfile("t");
        const other = await snax.newservice<any>("other");
        await snax.hotfix(other, "export const response = { n() { return 6; } };");
        console.log("result", five(), tables.t.n, await other.req.n());
        skynet.abort();
      });`,
    "a?b #c %41 [d]/services/other.ts": `export const response = { n() { return 1; } };`,
    "a?b #c %41 [d]/lib/five.ts": `export function five() { return 5; }`,
    "a?b #c %41 [d]/tables/t.json": `{ "n": 7 }`,
  });
  const { code, stdout } = await snaxCommand(["start"], join(folder, "a?b #c %41 [d]"));
  assert.match(stdout, /^result 5 7 6$/m);
  assert.equal(code, 0);
});

test("the console starts, lists, calls and repairs a service of any script", async (t) => {
  const { ask, folder } = await desk(t, FILES);
  const [started] = await ask("snax 大厅/房间");
  const address = /:[0-9a-f]{8}/.exec(String(started))?.[0];
  assert.ok(
    (await ask("list")).some(
      (line) => line.startsWith(`${address}\t`) && line.includes("大厅/房间"),
    ),
  );
  assert.match((await ask(`call ${address} 加 4`)).join("\n"), /8/);
  writeFileSync(
    join(folder, "补丁.ts"),
    `declare let 次数: number; function 加() { return "补好"; } export const response = { 加() { return ["补好", 次数]; } };`,
  );
  assert.equal((await ask(`hotfix 大厅/房间 ${join(folder, "补丁.ts")}`)).at(-1), "<CMD OK>");
  assert.match((await ask(`call ${address} 加 4`)).join("\n"), /补好/);
});
