/** `patches`: the ledger, and all that is known of one patch. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import type { Desk } from "./console-client.ts";
import { desk } from "./console-client.ts";
import { startSnax } from "../process.ts";
import { codeOfFailure, writeFiles } from "../../world.ts";

const FILES = {
  "shop.ts": `import { tax } from "./tax.ts";
function price(): number { return 1 + tax(); }
function name(): string { return "shop"; }
export const response = { buy(): string { return name() + price(); } };
`,
  "tax.ts": `export function tax(): number { return 0; }\n`,
};
const price = (n: number): string => `function price(): number { return ${n} + tax(); }`;

/** The rows that `patches <id>` shows before the results. */
async function head(ask: Desk["ask"], id: number): Promise<Record<string, string>> {
  const rows = (await ask(`patches ${id}`)).map((line) => line.split("\t"));
  return Object.fromEntries(rows.map(([key = "", ...rest]) => [key, rest.join("\t")]));
}

/** The state of each patch, as the console shows it. */
async function states(ask: Desk["ask"], ids: readonly number[]): Promise<(string | undefined)[]> {
  const heads = await Promise.all(ids.map((id) => head(ask, id)));
  return heads.map(({ state }) => state);
}

test("patches <id> shows what a patch was for, what came of it, and its texts", async (t) => {
  const { make, ask, snax, skynet } = await desk(t, FILES);
  const shops = [await make("shop"), await make("shop")];
  await snax.hotfixall<any>("shop", {
    "": price(2),
    "tax.ts": "export function tax() {\n  return 5;\n}",
  });
  const lines = await ask("patches 1");
  deepEqual(lines.slice(0, 2), ["state\tin", "target\tall shop"]);
  match(lines[2] ?? "", /^time\t20\d\d-\d\d-\d\dT/);
  match(lines[3] ?? "", /^by\t:0000000\d/);
  deepEqual(lines.slice(4, 6), ["applied\t2", "failed\t0"]);
  deepEqual(
    lines.slice(6, 8),
    shops.map(({ handle }) => `${skynet.address(handle)}\tapplied`),
  );
  const texts = lines.slice(8).map((line) => line.replace(/[0-9a-f]{12}/, "SHA"));
  deepEqual(texts, [
    "text\tSHA",
    `\t${price(2)}`,
    "text of tax.ts\tSHA",
    "\texport function tax() {",
    "\t  return 5;",
    "\t}",
    "<CMD OK>",
  ]);
  match((await ask("patches 7")).join(), /ERR_ARGUMENT: the ledger has no patch 7.*<CMD Error>/);
  match((await ask("patches 1 2")).join(), /ERR_ARGUMENT.*<CMD Error>/);
  match((await ask("patches x")).join(), /ERR_ARGUMENT.*<CMD Error>/);
});

test("the state says refused, rolled back by which patch, and retired for which reason", async (t) => {
  const { make, ask, snax, folder, port } = await desk(t, FILES);
  const shop = await make("shop");
  await snax.hotfixall<any>("shop", price(2));
  equal(await codeOfFailure(snax.hotfixall<any>("shop", "function name( {}")), "ERR_SYNTAX");
  await snax.hotfixall<any>("shop", `function name(): string { return "a"; }`);
  await snax.rollback(3);
  await snax.hotfix(shop, price(9));
  await snax.rollback(5);
  await snax.hotfixall<any>("shop", price(3));
  deepEqual(await states(ask, [1, 2, 3, 4, 5, 6, 7]), [
    "retired: later patches give all of it",
    "refused: ERR_SYNTAX",
    "rolled back by patch 4",
    "in",
    "rolled back by patch 6",
    "in",
    "in",
  ]);
  equal((await head(ask, 4))["takes back"], "3");
  const { stdout } = await startSnax(["patches", "3", "--json", "--console", `${port}`], folder)
    .ended;
  equal((JSON.parse(stdout) as { state: string }).state, "rolled back by patch 4");
});

test("a text steers no terminal, and passes for no row and no end", async (t) => {
  const { make, ask, snax } = await desk(t, FILES);
  await make("shop");
  const text = `function name(): string {\n// \x1b[2J\x9b31m \u202e\n/*\n<CMD OK>\nstate\tfine\n*/\nreturn "b"; }`;
  await snax.hotfixall<any>("shop", text);
  const lines = await ask("patches 1");
  equal(lines.at(-1), "<CMD OK>");
  equal(lines.filter((line) => line === "<CMD OK>").length, 1);
  equal(lines.filter((line) => line.startsWith("state\t")).length, 1);
  ok(lines.some((line) => line.includes("\\x1b[2J\\x9b31m \\u202e")));
  for (const character of ["\x1b", "\x9b", "\u202e"]) {
    equal(lines.join("\n").includes(character), false);
  }
});

test("a patch of a service on any thread is shown; with the service its text goes", async (t) => {
  const { snax, ask } = await desk(t, FILES, { thread: 2 });
  for (const at of [1, 2]) {
    const shop = await snax.at(at).newservice<any>("shop");
    await snax.hotfix(shop, price(at));
    match((await ask(`patches ${at}`)).join("\n"), new RegExp(`return ${at} \\+ tax`));
    await snax.kill(shop);
    const { text = "", state } = await head(ask, at);
    equal(state, "in");
    match(text, /^not known: /);
  }
});

test("what became of patches is known after a restart", async (t) => {
  const state = join(writeFiles(t, {}), "ledger.jsonl");
  const first = await desk(t, FILES, { ledger: state });
  await first.make("shop");
  await first.snax.hotfixall<any>("shop", price(2));
  await first.snax.hotfixall<any>("shop", `function name(): string { return "a"; }`);
  await first.snax.rollback(2);
  await first.snax.hotfixall<any>("shop", price(3));
  await first.stop();
  const second = await desk(t, FILES, { ledger: state });
  deepEqual(await states(second.ask, [1, 2, 3, 4]), [
    "retired: later patches give all of it",
    "rolled back by patch 3",
    "retired: its files give all of it",
    "in",
  ]);
  const { by, text } = await head(second.ask, 4);
  deepEqual([by, text?.length], ["an earlier start", 12]);
});
