/**
 * Acceptance cases 1 to 9 of the repair: what is seen before a patch is sent, and patches that the edited file gives.
 *
 * Each case goes as an operator goes, by the shell or the console. Cases 10 to 17 are in acceptance-after.test.ts.
 */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { SHOP } from "../check/project.ts";
import { failureOf } from "../../world.ts";
import { lineOf, openShop } from "./acceptance.ts";

const WRONG = "function report(): void {\n  skynet.error(sold.toUpperCase());\n}\n";

test("case 1: a number that is taken for a text is found at the patch's own line", async (t) => {
  const { make, shell, ids } = await openShop(t, { "p.ts": WRONG });
  await make();
  const { code, lines } = await shell("check", "shop", "p.ts");
  equal(code, 1);
  equal(lines[0], "p.ts:2:21: Property 'toUpperCase' does not exist on type 'number'. (TS2339)");
  deepEqual(ids(), []);
});

test("case 2: a caller that would break is named with its line", async (t) => {
  const patch = "const price = (net: string): number => Number(net);\n";
  const { make, shell, ids } = await openShop(t, { "p.ts": patch });
  await make();
  const { code, lines } = await shell("check", "shop", "p.ts");
  equal(code, 1);
  const line = lineOf(SHOP, "order.total += price(net)");
  const breaks = lines.filter((each) => each.startsWith("breaks services/shop.ts:"));
  equal(breaks.length, 1, lines.join("\n"));
  match(breaks[0] ?? "", new RegExp(`^breaks services/shop\\.ts:${line}:`));
  deepEqual(ids(), []);
});

test("case 3: the text that runs counts, not the file as it is now", async (t) => {
  const patch = "export function hotfix(): string {\n  return sold.toFixed();\n}\n";
  const { make, shell, edit } = await openShop(t, { "p.ts": patch });
  await make();
  edit("services/shop.ts", "let sold = 0", 'let sold = "x"');
  const { code, lines } = await shell("check", "shop", "p.ts");
  equal(code, 0, lines.join("\n"));
});

test("case 4: without typescript nothing is checked, patches go in, and are refused where types are required", async (t) => {
  const files = { "p.ts": "const TAX = 0.5;\n" };
  const { make, shell } = await openShop(t, files, {}, []);
  const shop = await make();
  deepEqual(await shell("check", "shop", "p.ts"), {
    code: 3,
    lines: ["not checked: typescript is not installed"],
  });
  equal((await shell("hotfix", "shop", "p.ts")).code, 0);
  equal(await shop.req.buy("apple", 10), "total 15");

  const strict = await openShop(t, files, { typecheck: "require" }, []);
  const untouched = await strict.make();
  const { code, lines } = await strict.shell("hotfix", "shop", "p.ts");
  equal(code, 1);
  match(lines[0] ?? "", /^ERR_PATCH_TYPE: not checked: typescript is not installed/);
  equal(await untouched.req.buy("apple", 10), "total 12");
  deepEqual(strict.ids(), []);
});

test("case 5: a compiler that is killed during a check costs a line, and calls are answered all the time", async (t) => {
  // It says who it is when it is loaded, which is during the first check, and then never ends.
  const fake =
    'require("fs").writeFileSync(__dirname + "/pid~", String(process.pid));\nrequire("fs").renameSync(__dirname + "/pid~", __dirname + "/pid");\nfor (;;);\n';
  const { make, run, write, folder } = await openShop(t, { "p.ts": "const TAX = 0.5;\n" }, {}, []);
  write(
    "node_modules/typescript/package.json",
    '{ "name": "typescript", "version": "5.0.0", "main": "index.js" }',
  );
  write("node_modules/typescript/index.js", fake);
  const shop = await make();
  equal(await shop.req.buy("apple", 10), "total 12");
  const asked = run(`hotfix shop ${folder}/p.ts`);
  const pid = join(folder, "node_modules/typescript/pid");
  let sold = 1;
  const buy = async (): Promise<void> => {
    equal(await shop.req.buy("apple", 10), `total ${12 * (sold += 1)}`);
    await new Promise((resolve) => setImmediate(resolve));
  };
  // The file is there before its number is: 0 would be this process and its group.
  const compiler = (): number => Number(existsSync(pid) && readFileSync(pid, "utf8"));
  while (compiler() === 0) await buy();
  process.kill(compiler(), "SIGKILL");
  const lines = await asked;
  match(lines[0] ?? "", /^types\tnot checked: the compiler ended \(SIGKILL\)$/);
  ok(lines.includes("applied\t1"), lines.join("\n"));
  equal(await shop.req.buy("apple", 10), `total ${12 * sold + 15}`);
});

test("case 6: a comment and a type are no change, and nothing is sent", async (t) => {
  const { make, shell, edit, ids } = await openShop(t);
  await make();
  edit("services/shop.ts", "let sold = 0;", "/** How many. */\nlet sold: number = 0;");
  const { code, lines } = await shell("diff", "shop");
  equal(code, 0);
  equal(lines[0], "services/shop.ts\tsame\trunning:1");
  deepEqual(await shell("hotfix", "shop", "--from-source"), { code: 0, lines: ["nothing to do"] });
  deepEqual(ids(), []);
});

test("case 7: the edited file goes into all shops, state stays, and a stack names the line of the file", async (t) => {
  const { make, shell, edit, folder } = await openShop(t);
  const shops = [await make(), await make(), await make()] as const;
  const solds = [5, 0, 2];
  for (const [index, shop] of shops.entries()) {
    for (let times = 0; times < (solds[index] ?? 0); times += 1) await shop.req.buy("apple", 0);
  }
  edit("services/shop.ts", "const TAX = 0.2;", "// As the law has it.\nconst TAX = 0.19;");
  edit(
    "services/shop.ts",
    "    sold += 1;\n",
    '    sold += 1;\n    if (item === "stone") throw new Error("no stones");\n',
  );
  edit(
    "services/shop.ts",
    "  buy(item",
    "  left(item: string) {\n    return stock.get(item) ?? 0;\n  },\n  sold() {\n    return sold;\n  },\n  buy(item",
  );
  const { code, lines } = await shell("hotfix", "shop", "--from-source");
  equal(code, 0, lines.join("\n"));
  for (const line of ["id\t1", "applied\t3", "failed\t0"]) ok(lines.includes(line), line);
  deepEqual(await Promise.all(shops.map((shop) => shop.req.sold())), solds);
  deepEqual(await Promise.all(shops.map((shop) => shop.req.left("apple"))), [-2, 3, 1]);
  equal(await shops[1].req.buy("apple", 100), "total 119");
  const error = await failureOf(shops[1].req.buy("stone", 1));
  const line = lineOf(readFileSync(join(folder, "services/shop.ts"), "utf8"), "throw new Error");
  match(String(error.stack), new RegExp(`/shop\\.ts:${line}:\\d+`));
});

test("case 8: another parent of a class needs a reload, with its line, and nothing changes", async (t) => {
  const { make, shell, edit, ids } = await openShop(t);
  const shop = await make();
  edit("services/shop.ts", "class Order {\n", "class Order extends Map {\n");
  edit("services/shop.ts", "const TAX = 0.2", "const TAX = 0.5");
  const { code, lines } = await shell("hotfix", "shop", "--from-source", "--yes");
  equal(code, 1);
  const line = lineOf(SHOP, "class Order");
  match(lines.join("\n"), new RegExp(`reload +line ${line} +class Order: .*extends`));
  equal(await shop.req.buy("apple", 10), "total 12");
  deepEqual(ids(), []);
});

test("case 9: a renamed variable is a note that names both and offers the hand-over", async (t) => {
  const { make, shell, edit, ids } = await openShop(t);
  await make();
  edit("services/shop.ts", "let sold = 0", "let total = 0");
  edit("services/shop.ts", "  sold += 1;", "  total += 1;");
  edit("services/shop.ts", '"sold", sold,', '"sold", total,');
  const { code, lines } = await shell("diff", "shop");
  equal(code, 2);
  match(lines[0] ?? "", /^services\/shop\.ts\tnote\trunning:1$/);
  const note = lines.find((line) => line.includes("hotfix() { total = sold"));
  match(note ?? lines.join("\n"), /note .*\btotal\b.*\bsold\b.*hotfix\(\) \{ total = sold;? \}/);
  const sent = await shell("hotfix", "shop", "--from-source");
  equal(sent.code, 2);
  match(sent.lines.at(-1) ?? "", /^nothing was sent\t.*--yes/);
  deepEqual(ids(), []);
  equal((await shell("hotfix", "shop", "--from-source", "--yes")).code, 0);
});
