/** `hotfix` of several targets: types and shared modules, all of them or none; and options that mean nothing. */

import { deepEqual, equal, match } from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import type { Desk } from "./console-client.ts";
import { desk } from "./console-client.ts";
import { startSnax } from "../process.ts";

const SHOP = `import { rate } from "./rate.ts";
let isBad = false;
function version() { return "old"; }
export const response = {
  get() { return [version(), rate()]; },
  spoil() { isBad = true; },
  mend() { isBad = false; },
};
`;
const RATE = `"use shared";\nexport function rate() {\n  return "old";\n}\n`;
const FILES = {
  "shop.ts": SHOP,
  "bank.ts": SHOP,
  "rate.ts": RATE,
  "t.ts": `declare let isBad: boolean;
function version() { return "new"; }
export function hotfix(...args: string[]) { if (isBad) throw new Error("not me " + args.join()); }
`,
  "r.ts": `export function rate() { return "new"; }\n`,
};

async function open(t: TestContext): Promise<Desk & { readonly all: readonly any[] }> {
  const node = await desk(t, FILES);
  const all = [await node.make("shop"), await node.make("bank"), await node.make("shop")];
  return { ...node, all };
}

const texts = (all: readonly any[]): Promise<unknown[]> =>
  Promise.all(all.map((each) => each.req.get()));
const said = (word: string): unknown[] => Array<unknown>(3).fill([word, word]);

test("several targets go in all or none, each with its files and arguments", async (t) => {
  const { all, ask, folder } = await open(t);
  const line = (options: string): string =>
    `hotfix shop ${folder}/t.ts a b --and ${folder}/rate.ts ${folder}/r.ts --and bank ${folder}/t.ts ${options}`;
  await all[1].req.spoil();
  match((await ask(line("--atomic"))).join("\n"), /ERR_PATCH_FAILED: .*not me.*\n<CMD Error>/);
  deepEqual(await texts(all), said("old"));
  match((await ask(line(""))).join("\n"), /ERR_ARGUMENT: .*--atomic.*\n<CMD Error>/);
  await all[1].req.mend();
  const lines = await ask(line("--atomic"));
  match(lines.join("\n"), /^id\t\d+\napplied\t3\nfailed\t0\nskipped\t0\nheld\t\d+ ms\n<CMD OK>$/m);
  deepEqual(await texts(all), said("new"));
});

test("what the files say goes in together, with the shared modules that were edited", async (t) => {
  const node = await open(t);
  const { all, ask, folder, port, snax, make } = node;
  for (const name of ["shop.ts", "bank.ts"]) {
    writeFileSync(join(folder, name), SHOP.replace(`"old"`, `"new"`));
  }
  writeFileSync(join(folder, "rate.ts"), RATE.replace(`"old"`, `"new"`));
  match((await ask("hotfix shop --from-source")).join("\n"), /shared by all services.*--atomic/);
  match((await ask("hotfix shop bank --from-source")).join("\n"), /ERR_ARGUMENT.*--atomic/);
  deepEqual(await texts(all), said("old"));
  const { code, stdout, stderr } = await startSnax(
    ["hotfix", "shop", "bank", "--from-source", "--atomic", "--console", `${port}`],
    folder,
  ).ended;
  equal(`${code} ${stderr}`, "0 ", stdout);
  match(stdout, /^applied\t3$/m);
  deepEqual(await texts(all), said("new"));
  equal(snax.patches().length, 1);
  equal(snax.patches()[0]?.targets?.length, 3);
  equal((await snax.drift()).drifts, false);
  deepEqual(await (await make("bank")).req.get(), ["new", "new"]);
  deepEqual((await ask("hotfix shop bank --from-source --atomic")).at(-2), "nothing to do");
  // And back.
  equal((await startSnax(["rollback", "1", "--console", `${port}`], folder).ended).code, 0);
  deepEqual(await texts(all), said("old"));
});

for (const [line, reason] of Object.entries({
  "hotfix shop --and bank": "add --atomic",
  "hotfix shop bank --from-source --atomic --fleet": "--fleet can't be in a patch",
  "hotfix shop FOLDER/t.ts --and bank FOLDER/t.ts --atomic --yes": "--yes takes the notes",
  "hotfix :1 --and bank FOLDER/t.ts --atomic": "",
  "hotfix shop FOLDER/t.ts --and FOLDER/rate.ts FOLDER/r.ts 5 --atomic": "no arguments",
  "check shop FOLDER/t.ts --atomic": "check sends nothing, so --atomic means nothing here",
  "check shop FOLDER/t.ts --once": "check sends nothing, so --once means nothing here",
  "check shop --from-source --yes": "check sends nothing, so --yes means nothing here",
  "source shop --atomic": "source does not know what to do with --atomic",
  "source shop bank": "source does not know what to do with bank",
  "diff shop bank": "diff does not know what to do with bank",
  "diff --once": "diff does not know what to do with --once",
  "drift shop": "drift does not know what to do with shop",
  "patches --all": "patches does not know what to do with --all",
  "clearcache FOLDER/shop.ts FOLDER/bank.ts": "clearcache does not know what to do with",
  "rollback 1 --atomic": "--atomic is no number",
})) {
  test(`refused: ${line}`, async (t) => {
    const { all, ask, folder } = await open(t);
    const answer = (await ask(line.replaceAll("FOLDER", folder))).join("\n");
    match(answer, /<CMD Error>$/);
    match(answer, /ERR_ARGUMENT/);
    equal(answer.includes(reason), true, answer);
    deepEqual(await texts(all), said("old"));
  });
}
