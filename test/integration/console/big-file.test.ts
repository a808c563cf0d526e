/** Services that import a table of some MiB, as games have them: it is compared as any other file, and a patch of it is small. */

import { equal, ok } from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { PATCH_LENGTH_MAX } from "../../../src/base/limits.ts";
import { desk } from "./console-client.ts";

const ENTRY = `{ power: 1, name: "${"x".repeat(80)}" },\n`;
const COUNT = Math.ceil((PATCH_LENGTH_MAX * 1.2) / ENTRY.length);
const BIG = `export const table: { power: number; name: string }[] = [\n${ENTRY.repeat(COUNT)}];
export function power(index: number) { return table[index]?.power ?? 0; }\n`;
const SHOP = `import { power } from "./big.ts";
function price() { return power(0) + 1; }
export const response = { price };\n`;

test("a file that is longer than a patch may be keeps no repair away, and is repaired itself", async (t) => {
  const { folder, open, make } = await desk(t, { "shop.ts": SHOP, "big.ts": BIG });
  const edit = (name: string, from: string, to: string): void => {
    const text = readFileSync(join(folder, name), "utf8");
    ok(text.includes(from), from);
    writeFileSync(
      join(folder, name),
      text.replace(from, () => to),
    );
  };
  const client = await open();
  const shop = await make("shop");
  const expect = async (price: number): Promise<void> => {
    const said = await client.run("hotfix shop --from-source");
    equal(said.at(-1), "<CMD OK>", said.join("\n"));
    equal(await shop.req.price(), price);
    equal(await (await make("shop")).req.price(), price);
    ok((await client.run("diff shop")).every((line) => /\tsame\t|^<CMD OK>$/.test(line)));
  };
  edit("shop.ts", "+ 1;", "+ 10;");
  await expect(11);
  edit("big.ts", "?.power ?? 0;", "?.power ?? 0) * 40;");
  edit("big.ts", "return table", "return (table");
  await expect(50);
});
