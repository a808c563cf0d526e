/** `snax dev`: what the ledger says of saves, and of patches by hand. */

import { equal, match } from "node:assert/strict";
import { test } from "node:test";
import { LEDGER_SAVES_MAX } from "../../../src/base/limits.ts";
import { project } from "./project.ts";

const shop = (price: number): string =>
  `function price() { return ${price}; }\nexport const response = { look() { return price(); } };`;

/** When the price is -1 it says, once that save is over, what is known of the saves, and takes patches back. */
const MAIN = `
import { skynet, snax } from "snax";
skynet.start(async () => {
  const shop = await snax.newservice<any>("shop");
  const other = await snax.newservice<any>("other");
  const { id } = await snax.hotfixall("other", "function price() { return 8; }");
  const look = async () => {
    const price = await shop.req.look();
    const saves = snax.patches().filter(({ target }) => target === "all shop");
    if (price !== -1 || saves.at(-1)?.retired === undefined) return void setTimeout(look, 5);
    const said = await snax.rollback(saves[0]!.id).then(() => "done", (error) => error.message);
    skynet.error(saves.length + " saves, first " + saves[0]!.retired + "; " + said);
    await snax.rollback(id);
    skynet.error("other costs " + (await other.req.look()) + ".");
  };
  void look();
});
`;

test("the ledger keeps the last saves without their texts, and patches by hand with theirs", async (t) => {
  const { save, next } = await project(t, {
    "services/main": MAIN,
    "services/shop": shop(1),
    "services/other": shop(7),
  });
  for (let price = 2; price <= LEDGER_SAVES_MAX + 2; price += 1) {
    save("services/shop.ts", shop(price));
    await next("shop.ts: price; patched");
  }
  save("services/shop.ts", shop(-1));
  const said = await next("saves, first");
  match(said, new RegExp(`\\b${LEDGER_SAVES_MAX} saves, first its files give all of it; `));
  match(said, /the text of patch \d+ is no longer kept: its files give all of it/);
  equal(/costs (\d+)/.exec(await next("other costs"))?.[1], "7");
});
