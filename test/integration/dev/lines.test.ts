/** `snax dev`: each save has one line, and it is true; also where nothing that runs has changed. */

import { equal } from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { addFiles } from "../../world.ts";
import { CONFIG, SAYING_MAIN as MAIN, project } from "./project.ts";

const SHOP = `import { tax } from "./tax.ts";
let sold = 0;
function price(): number { return 100 + tax(); }
export const response = { look() { sold += 1; return price(); } };
`;
const TAX = "export function tax(): number { return 1; }\n";

test("each save has one line that is true, also where nothing that runs has changed", async (t) => {
  const { next, folder, said } = await project(t, {
    "services/main": MAIN,
    "services/shop": SHOP,
    "services/tax": TAX,
    "snax.config.ts": `${CONFIG} // as it was`,
  });
  await next("shop says 101.");
  const end = said().length;
  /** Writes files, a checkout if they are several, and waits for their line and for what is said then. */
  const save = async (
    files: Record<string, string>,
    line: string,
    then?: string,
  ): Promise<void> => {
    addFiles(folder, files);
    await next(line);
    if (then !== undefined) await next(`shop says ${then}.`);
  };
  const same = "services/shop.ts: no difference to what runs";
  await save({ "services/shop": SHOP }, same);
  await save(
    { "services/shop": `// sells\n\n${SHOP}` },
    "services/shop.ts: nothing that runs changes",
  );
  await save({ "services/shop": SHOP }, "services/shop.ts: nothing that runs changes");
  await save(
    { "services/shop": SHOP.replace("let sold = 0;", "let sold: number = 0;") },
    "services/shop.ts: nothing that runs changes",
  );
  // Two that depend on each other: a name moves.
  const shop = SHOP.replace("{ tax }", "{ rate }").replace("tax()", "rate() + 8");
  const tax = "export function rate(): number { return 2; }\n";
  await save({ "services/shop": shop, "services/tax": tax }, " 1 shop", "110");
  await save({ "services/shop": SHOP, "services/tax": TAX }, " 1 shop", "101");
  // One after the other, as an editor saves them.
  await save({ "services/shop": shop }, "price; nothing is done");
  await save({ "services/tax": tax }, " 1 shop", "110");
  await save({ "services/tax": `${tax}${TAX}` }, "services/tax.ts: tax; patched 1 shop");
  await save({ "services/shop": SHOP, "services/tax": TAX }, " 1 shop", "101");
  rmSync(join(folder, "services/tax.ts"));
  await next("services/tax.ts is gone; what runs of it runs on");
  await save({ "services/tax": TAX }, "services/tax.ts: no difference to what runs");
  const config = "snax.config.ts: no difference to what runs";
  await save({ "snax.config.ts": `${CONFIG} // as it was` }, config);
  await save({ "snax.config.ts": `// another comment\n\n${CONFIG}` }, config);
  const changed = "snax.config.ts: the configuration has changed; restart snax dev to have it";
  await save({ "snax.config.ts": CONFIG.replace("info", "debug") }, changed);
  await save({ "snax.config.ts": CONFIG }, config);
  await save({ "snax.config.ts": `${CONFIG} (` }, "(nothing changed; the server runs on)");
  rmSync(join(folder, "snax.config.ts"));
  await next("snax.config.ts is gone; what runs of it runs on");
  await save({ "snax.config.ts": CONFIG }, config);
  const lines = said()
    .slice(end)
    .split("\n")
    .filter((line) => /^\S*\.ts/.test(line));
  // No save has more than one.
  equal(lines.length, 19, lines.join("\n"));
});
