/** `source`, `diff` and `hotfix --from-source`: what runs, what the files would change in it, and the patch that does it. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import type { Desk, LineClient } from "./console-client.ts";
import { desk } from "./console-client.ts";
import { startSnax } from "../process.ts";

const SHOP = `import { round } from "./lib/money.ts";
let sold = 0;
const TAX = 0.2;
const price = (net: number): number => round(net * (1 + TAX));
export const response = {
  buy(net: number) {
    sold += 1;
    return price(net);
  },
  sold() {
    return sold;
  },
};
export function init() {
  sold = 0;
}
`;
const FILES = {
  "shop.ts": SHOP,
  "lib/money.ts": "export function round(n: number) {\n  return Math.round(n);\n}\n",
  "p.ts": "function round(n: number) { return Math.floor(n); }\n",
};

interface Place extends Desk {
  readonly run: LineClient["run"];
  /** Edits a file; returns its text. */
  readonly edit: (name: keyof typeof FILES, from: string, to: string) => string;
}

async function open(t: TestContext): Promise<Place> {
  const node = await desk(t, FILES);
  const client = await node.open();
  const texts = { ...FILES } as Record<string, string>;
  const edit = (name: string, from: string, to: string): string => {
    const before = texts[name] ?? "";
    ok(before.includes(from), `${name} has no ${from}`);
    const after = before.replace(from, () => to);
    texts[name] = after;
    writeFileSync(join(node.folder, name), after);
    return after;
  };
  const run = async (line: string): Promise<string[]> =>
    (await client.run(line)).map((each) => each.replaceAll(`${node.folder}/`, ""));
  return { ...node, run, edit };
}

/** Runs the command of the shell. */
async function shell(
  { port, folder }: Desk,
  ...words: readonly string[]
): Promise<{ code: number | null; stdout: string }> {
  const { ended } = startSnax([...words, "--console", `${port}`], folder);
  const { code, stdout, stderr } = await ended;
  equal(stderr, "");
  return { code, stdout: stdout.replaceAll(`${folder}/`, "") };
}

test("source shows the text that runs, with what patches have put into it", async (t) => {
  const place = await open(t);
  const { run, make, edit, folder } = place;
  await make("shop");
  await run(`hotfix shop lib/money.ts=${folder}/p.ts`);
  edit("shop.ts", "0.2", "0.9");
  const lines = await run("source shop");
  match(lines[0] ?? "", /^shop\.ts\trunning:1\tpatches:none$/);
  ok(lines.some((line) => line.trim() === "const TAX = 0.2;"));
  ok(lines.some((line) => /^lib\/money\.ts\trunning:1\tpatches:[0-9a-f]{12}$/.test(line)));
  ok(lines.some((line) => line.includes("Math.floor")) && !lines.join().includes("Math.round"));
});

test("services of one type with other histories have each their own text", async (t) => {
  const { run, make, folder } = await open(t);
  const [one, other] = [await make("shop"), await make("shop")];
  await run(`hotfix ${one.handle.toString(16)} lib/money.ts=${folder}/p.ts`);
  const keys = (await run("source shop")).filter((line) => line.includes("\trunning:"));
  equal(keys.length, 4);
  match(keys.join("\n"), new RegExp(`of :0*${other.handle.toString(16)}\trunning:1\tpatches:none`));
});

test("a comment and a type change nothing, and there is nothing to do", async (t) => {
  const place = await open(t);
  const { run, make, edit } = place;
  await make("shop");
  edit("shop.ts", "let sold = 0;", "/** How many. */\nlet sold: number = 0;");
  deepEqual(await run("diff shop"), ["shop.ts\tsame\trunning:1", "<CMD OK>"]);
  deepEqual(await run("hotfix shop --from-source"), ["nothing to do", "<CMD OK>"]);
  deepEqual(await shell(place, "diff", "shop"), { code: 0, stdout: "shop.ts\tsame\trunning:1\n" });
});

test("the edited files are carried over to all services of a type, and state stays", async (t) => {
  const place = await open(t);
  const { run, make, edit } = place;
  const shops = [await make("shop"), await make("shop"), await make("shop")];
  await shops[0]?.req.buy(10);
  edit("shop.ts", "0.2", "0.5");
  edit("shop.ts", "  sold() {", "  twice(n: number) {\n    return price(n) * 2;\n  },\n  sold() {");
  edit("lib/money.ts", "Math.round(n)", "Math.ceil(n)");
  deepEqual(await run("diff shop"), [
    "shop.ts\tapplied\trunning:3",
    "\tapplied line 3  TAX: constant, 0.2 -> 0.5",
    "\tapplied line 10  response.twice: new method",
    "lib/money.ts\tapplied\trunning:3",
    "\tapplied line 1  round: function",
    "<CMD OK>",
  ]);
  equal((await shell(place, "diff", "shop")).code, 2);
  const { code, stdout } = await shell(place, "hotfix", "shop", "--from-source");
  equal(code, 0, stdout);
  match(stdout, /^applied\t3$/m);
  for (const shop of shops) equal(await shop.req.twice(11), 34);
  deepEqual([await shops[0]?.req.sold(), await shops[1]?.req.sold()], [1, 0]);
  equal((await shell(place, "diff", "shop")).code, 0);
  const born = await make("shop");
  equal(await born.req.twice(11), 34);
});

test("what was carried over is taken back, from those born since as well", async (t) => {
  const place = await open(t);
  const { run, make, edit } = place;
  const shops = [await make("shop"), await make("shop")];
  const before = await shops[0]?.req.buy(10);
  edit("shop.ts", "0.2", "0.5");
  equal((await run("hotfix shop --from-source")).at(-1), "<CMD OK>");
  shops.push(await make("shop"));
  const patched = await Promise.all(shops.map((shop) => shop.req.buy(10)));
  ok(patched.every((price) => price !== before));
  const { code, stdout } = await shell(place, "rollback", "1");
  equal(code, 0, stdout);
  match(stdout, /^applied\t3$/m);
  shops.push(await make("shop"));
  deepEqual(await Promise.all(shops.map((shop) => shop.req.buy(10))), [
    before,
    before,
    before,
    before,
  ]);
  deepEqual(await run("rollback 1"), ["nothing to do\tit has been taken back before", "<CMD OK>"]);
  for (const wrong of ["rollback", "rollback x", "rollback 99"]) {
    equal((await run(wrong)).at(-1), "<CMD Error>", wrong);
  }
  equal((await shell(place, "rollback", "99")).code, 1);
});

test("a second edit reaches the services from before the first one and those from after it", async (t) => {
  const { run, make, edit } = await open(t);
  const before = await make("shop");
  edit("shop.ts", "0.2", "0.5");
  edit("shop.ts", "let sold = 0;", "let sold = 0;\nlet spare = 1;");
  equal((await run("hotfix shop --from-source")).at(-1), "<CMD OK>");
  const after = await make("shop");
  edit("shop.ts", "  sold() {", "  spare() {\n    return (spare += 1);\n  },\n  sold() {");
  edit("shop.ts", "0.5", "1");
  const lines = await run("hotfix shop --from-source");
  ok(lines.includes("applied\t2"), lines.join("\n"));
  for (const shop of [before, after]) {
    deepEqual([await shop.req.spare(), await shop.req.buy(10)], [2, 20]);
  }
});

test("a line of a stack is the line of the edited file", async (t) => {
  const { run, make, edit } = await open(t);
  const shop = await make("shop");
  const text = edit("shop.ts", "return sold;", 'return new Error("here").stack;');
  equal((await run("hotfix shop --from-source")).at(-1), "<CMD OK>");
  const line = text.slice(0, text.indexOf("return new")).split("\n").length;
  match(String(await shop.req.sold()), new RegExp(`snax-patch:\\w+/shop\\.ts:${line}:`));
});

test("a note is shown first, and nothing is sent without --yes", async (t) => {
  const place = await open(t);
  const { run, make, edit } = place;
  const shop = await make("shop");
  edit("shop.ts", "let sold = 0;", "let sold = 5;");
  edit("shop.ts", "  sold = 0;\n", "  sold = 7;\n");
  edit("shop.ts", "0.2", "0.5");
  const lines = await run("hotfix shop --from-source");
  match(lines.at(-2) ?? "", /^nothing was sent\t.*--yes/);
  match(
    lines.join("\n"),
    /note {4}line 2 {2}sold: state: it keeps its value; .*hotfix\(\) \{ sold = 5; \}/,
  );
  match(lines.join("\n"), /note {4}line 14 {2}init: it ran when the service began/);
  equal(await shop.req.buy(10), 12);
  equal((await shell(place, "hotfix", "shop", "--from-source")).code, 2);
  equal((await shell(place, "hotfix", "shop", "--from-source", "--yes")).code, 0);
  deepEqual([await shop.req.buy(10), await shop.req.sold()], [15, 2]);
  // A service that is born from now on has the edited init.
  equal(await (await make("shop")).req.sold(), 7);
});

test("what needs a reload is refused with its reason, and nothing changes", async (t) => {
  const place = await open(t);
  const { run, make, edit } = place;
  const shop = await make("shop");
  edit("shop.ts", "0.2", "0.5");
  edit("shop.ts", "let sold", '"use strict";\nnamespace Kind { export const a = 1; }\nlet sold');
  const [first, second] = await run("hotfix shop --from-source --yes");
  equal(first, "ERR_PATCH: a patch can't do all of it:");
  match(second ?? "", /shop\.ts: reload {2}line 3 {2}Kind: a namespace can't be in a patch/);
  equal((await shell(place, "diff", "shop")).code, 1);
  equal(await shop.req.buy(10), 12);
});

test("a file that is not valid is told of with its line and column", async (t) => {
  const place = await open(t);
  const { run, make, edit } = place;
  await make("shop");
  edit("shop.ts", "let sold = 0;", "let sold = ;");
  match((await run("diff shop"))[0] ?? "", /^ERR_SYNTAX: .*shop\.ts:2:12: Expression expected$/);
  equal((await shell(place, "diff", "shop")).code, 1);
});

test("a type without services is told as such, and is no answer without differences", async (t) => {
  const { run } = await open(t);
  for (const command of ["diff shop", "source shop", "hotfix shop --from-source"]) {
    const answer = await run(command);
    equal(answer.at(-1), "<CMD Error>", command);
    match(answer.join("\n"), /no service shop runs, so there is no text to look at; clearcache/);
  }
  const misspelt = await run("diff shopp");
  equal(misspelt.at(-1), "<CMD Error>");
  match(misspelt.join("\n"), /no service shopp on the search path; did you mean "shop"/);
  const dead = await run("diff :00ffff00");
  equal(dead.at(-1), "<CMD Error>");
});

test("a module of JSON and a file with a byte order mark differ only if they were edited", async (t) => {
  const node = await desk(t, {
    "shop.ts": `\uFEFFimport prices from "./prices.json" with { type: "json" };\nexport const response = { price() { return prices.apple; } };\n`,
    "prices.json": `{ "apple": 3 }\n`,
  });
  await node.make("shop");
  match((await node.ask("diff shop"))[0] ?? "", /\/shop\.ts\tsame\trunning:1$/);
  equal((await node.snax.drift()).drifts, false);
  writeFileSync(join(node.folder, "prices.json"), `{ "apple": 4 }\n`);
  match((await node.ask("diff shop")).join("\n"), /\/prices\.json\treload/);
  equal((await node.snax.drift()).drifts, true);
});
