/** Patches are taken back by their numbers, also out of order; births, the ledger on disk, shared modules. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { start } from "snax";
import type { Node } from "snax";

import { createRandom } from "../../../src/base/random.ts";
import { drawSeeds } from "../../sim/scale.ts";
import { World } from "./harness.ts";
import { runRollbacks } from "./rollback-run.ts";
import { failureOf, THREADS, world, writeFiles } from "../../world.ts";

const SHOP = `
import { tax } from "./tax.ts";
let sold: number = 0;
function price(count: number): number { return count * 3; }
class Till { open(): string { return "open"; } }
const till: Till = new Till();
export const response = {
  buy(count: number): number { sold += count; return price(count) + tax(); },
  till(): string { return till.open(); },
  sold(): number { return sold; },
};
`;
const FILES = { shop: SHOP, tax: `export function tax(): number { return 0; }\n` };

const price = (times: number): string =>
  `function price(count: number): number { return count * ${times}; }`;

async function buy(node: Pick<Node, "snax">, count = 10): Promise<unknown> {
  const shop = await node.snax.newservice<any>("shop");
  return await shop.req.buy(count);
}

test("a patch of a type is taken back from living services and from new ones", async (t) => {
  const { snax, make } = await world(t, FILES);
  const shops = [await make("shop"), await make("shop")];
  const { id } = await snax.hotfixall("shop", price(2));
  const back = await snax.rollback(id);
  deepEqual([back.id, back.applied.length, back.failed, back.notes], [id + 1, 2, [], []]);
  deepEqual(await Promise.all(shops.map((shop) => shop.req.buy(10))), [30, 30]);
  equal(await buy({ snax }), 30);
});

test("out of order: what later patches gave stays", async (t) => {
  const { snax, make } = await world(t, FILES);
  const shop = await make("shop");
  const first = await snax.hotfixall(
    "shop",
    `${price(2)}\nclass Till { open(): string { return "shut"; } }`,
  );
  await snax.hotfixall("shop", price(5));
  await snax.rollback(first.id);
  deepEqual([await shop.req.buy(10), await shop.req.till()], [50, "open"]);
  const born = await make("shop");
  deepEqual([await born.req.buy(10), await born.req.till()], [50, "open"]);
});

test("a patch that a later one has replaced is out, and does not come up again when that one goes", async (t) => {
  const { snax, make } = await world(t, FILES);
  const shop = await make("shop");
  const first = await snax.hotfixall("shop", price(2));
  const later = await snax.hotfixall("shop", price(5));
  const back = await snax.rollback(first.id);
  deepEqual(back.notes, [`price stays as patch ${later.id} has it`]);
  equal(await shop.req.buy(10), 50);
  equal(snax.patches()[0]?.rolledBackBy, back.id);
  const again = await snax.rollback(first.id);
  deepEqual([again.id, again.applied, again.notes], [undefined, [], []]);
  await snax.rollback(later.id);
  deepEqual([await shop.req.buy(10), await buy({ snax })], [30, 30]);
});

test("what is left of a patch that was taken back in part does not come up again either", async (t) => {
  const { snax, make } = await world(t, FILES);
  const shop = await make("shop");
  const till = `class Till { open(): string { return "shut"; } }`;
  const first = await snax.hotfixall("shop", `${price(2)}\n${till}`);
  const later = await snax.hotfixall("shop", price(5));
  await snax.rollback(first.id);
  deepEqual([await shop.req.buy(10), await shop.req.till()], [50, "open"]);
  await snax.rollback(later.id);
  deepEqual([await shop.req.buy(10), await shop.req.till()], [30, "open"]);
});

test("a rollback that is taken back brings its patch in again, and that goes once more", async (t) => {
  const { snax, make } = await world(t, FILES);
  const shop = await make("shop");
  const first = await snax.hotfixall("shop", price(2));
  const back = await snax.rollback(first.id);
  equal(await shop.req.buy(10), 30);
  await snax.rollback(back.id ?? 0);
  equal(await shop.req.buy(10), 20);
  const later = await snax.hotfixall("shop", price(5));
  await snax.rollback(later.id);
  equal(await shop.req.buy(10), 20);
  await snax.rollback(first.id);
  equal(await shop.req.buy(10), 30);
});

test("a text that came twice goes the time that is meant", async (t) => {
  const { snax, make } = await world(t, FILES);
  const shop = await make("shop");
  const one = await snax.hotfixall("shop", price(2));
  const two = await snax.hotfixall("shop", price(5));
  const three = await snax.hotfixall("shop", price(2));
  await snax.rollback(three.id);
  equal(await shop.req.buy(10), 50);
  await snax.rollback(two.id);
  equal(await shop.req.buy(10), 20);
  await snax.rollback(one.id);
  equal(await shop.req.buy(10), 30);
  // Both at once, and the same text twice in a row.
  const more = [await snax.hotfixall("shop", price(2)), await snax.hotfixall("shop", price(2))];
  await snax.rollback(more[1]?.id ?? 0);
  equal(await shop.req.buy(10), 20);
  await snax.rollback(more.map(({ id }) => id));
  equal(await shop.req.buy(10), 30);
});

test("a service born when a later patch had replaced an earlier one goes back like the others", async (t) => {
  const { snax, make } = await world(t, FILES);
  const shop = await make("shop");
  await snax.hotfixall("shop", price(2));
  const later = await snax.hotfixall("shop", price(5));
  const born = await make("shop");
  equal(await born.req.buy(10), 50);
  await snax.rollback(later.id);
  deepEqual([await shop.req.buy(10), await born.req.buy(10), await buy({ snax })], [20, 20, 20]);
});

test("what goes back to the file, because no earlier patch is left, is told", async (t) => {
  const { snax, make } = await world(t, FILES);
  const shop = await make("shop");
  const first = await snax.hotfixall("shop", price(2));
  const later = await snax.hotfixall("shop", price(5));
  await snax.exit(shop);
  const born = await make("shop");
  equal(await born.req.buy(10), 50);
  const { notes } = await snax.rollback(later.id);
  deepEqual(notes, [
    `price: as in the file, for no service has patch ${first.id} any more, which gave it; apply that once more`,
  ]);
  equal(await born.req.buy(10), 30);
});

test("names that a patch added go with it, unless a later patch needs them", async (t) => {
  const { snax, make } = await world(t, FILES);
  const shop = await make("shop");
  const vat = await snax.hotfixall(
    "shop",
    `function vat(count: number): number { return count * 100; }
     function price(count: number): number { return vat(count); }`,
  );
  const use = await snax.hotfixall(
    "shop",
    `function price(count: number): number { return vat(count) + 1; }`,
  );
  const refused = await failureOf(snax.rollback(vat.id));
  equal(refused.code, "ERR_PATCH_NAME");
  match(
    refused.message,
    new RegExp(
      `patch ${vat.id} can't be taken back: patch ${use.id} uses vat; take those back, too`,
    ),
  );
  equal(await shop.req.buy(1), 101);
  await snax.rollback([vat.id, use.id]);
  equal(await shop.req.buy(1), 3);
  equal(await buy({ snax }, 1), 3);
});

test("methods, classes, other modules, and what was deleted", async (t) => {
  const { snax, make } = await world(t, FILES);
  const shop = await make("shop");
  const { id } = await snax.hotfixall("shop", {
    "": `export const response = { buy(count: number): number { return -count; }, extra(): number { return 1; } };
      class Till { open(): string { return "shut"; } }
      delete response.sold;`,
    tax: `export function tax(): number { return 7; }`,
  });
  deepEqual([await shop.req.buy(10), await shop.req.till()], [-10, "shut"]);
  await snax.rollback(id);
  deepEqual(
    [await shop.req.buy(10), await shop.req.till(), await shop.req.sold()],
    [30, "open", 10],
  );
  equal((await failureOf(shop.req.extra())).code, "ERR_NO_METHOD");
});

test("a rollback is taken back like any other patch", async (t) => {
  const { snax, make } = await world(t, FILES);
  const shop = await make("shop");
  const { id } = await snax.hotfixall("shop", price(2));
  const back = await snax.rollback(id);
  await snax.rollback(back.id ?? 0);
  equal(await shop.req.buy(10), 20);
});

test("what hotfix() did besides assigning variables stays, and the result says so", async (t) => {
  const { snax, make } = await world(t, FILES);
  const shop = await make("shop");
  const text = `${price(2)}\ndeclare let sold: number;\nexport function hotfix(): void { sold = 70; }`;
  const { id } = await snax.hotfixall("shop", text);
  const { notes } = await snax.rollback(id);
  deepEqual(notes, [
    "what hotfix() did besides assigning variables stays: the contents of objects, what it sent and wrote",
  ]);
  deepEqual([await shop.req.sold(), await shop.req.buy(10)], [0, 30]);
});

test("a patch of one service is taken back from it alone", async (t) => {
  const { snax, make } = await world(t, FILES);
  const [one, other] = [await make("shop"), await make("shop")];
  await snax.hotfix(one, price(2));
  const { id = 0 } = snax.patches().at(-1) ?? {};
  const back = await snax.rollback(id);
  deepEqual([back.id, back.applied], [id + 1, [one.handle]]);
  deepEqual([await one.req.buy(10), await other.req.buy(10)], [30, 30]);
});

test("a patch of a shared module is taken back", async (t) => {
  const { snax, make, folder } = await world(t, {
    ...FILES,
    tax: `"use shared";\n${FILES.tax}`,
  });
  const shop = await make("shop");
  const { id } = await snax.hotfixshared(
    join(folder, "tax.ts"),
    `export function tax(): number { return 9; }`,
  );
  equal(await shop.req.buy(10), 39);
  await snax.rollback(id);
  equal(await shop.req.buy(10), 30);
});

test("what can't be taken back is refused, and changes nothing", async (t) => {
  const { snax, make, skynet } = await world(t, FILES);
  const shop = await make("shop");
  const { id } = await snax.hotfixall("shop", price(2));
  const refused = await failureOf(snax.hotfixall("shop", "function price( {"));
  equal(refused.code, "ERR_SYNTAX");
  for (const ids of [0, -1, 1.5, "1", [], [id, "x"], null, undefined]) {
    equal((await failureOf(snax.rollback(ids as number))).code, "ERR_ARGUMENT", String(ids));
  }
  match((await failureOf(snax.rollback(99))).message, /the ledger has no patch 99/);
  match(
    (await failureOf(snax.rollback(id + 1))).message,
    /was refused: there is nothing to take back/,
  );
  await snax.hotfix(shop, price(4));
  match(
    (await failureOf(snax.rollback([id, id + 2]))).message,
    /take them back one after the other/,
  );
  equal(await shop.req.buy(10), 40);
  // Services of a type that run different texts have no patch in common.
  await make("shop");
  match((await failureOf(snax.rollback(id))).message, /services run different texts/);
  skynet.kill(shop.handle);
  equal((await failureOf(snax.rollback(id + 2))).code, "ERR_SERVICE_DEAD");
});

test("a service that lacks the patch, and a type without services, are named", async (t) => {
  const { snax, make, skynet } = await world(t, FILES);
  const old = await make("shop");
  const { id } = await snax.hotfixall("shop", price(2));
  skynet.cache.clear();
  const fresh = await make("shop");
  match((await failureOf(snax.rollback(id))).message, /it is not in :[0-9a-f]{8}/);
  skynet.kill(fresh.handle);
  skynet.kill(old.handle);
  match((await failureOf(snax.rollback(id))).message, /no service runs it now: start a service/);
});

test("what was taken back stays so over a restart", async (t) => {
  const folder = writeFiles(t, FILES);
  const begin = async (): Promise<Node> => {
    const ledger = join(folder, "ledger.jsonl");
    const logger = join(folder, "node.log");
    const node = await start({ thread: THREADS, services: `${folder}/?.ts`, logger, ledger });
    t.after(() => node.stop());
    return node;
  };
  const first = await begin();
  await buy(first);
  const { id } = await first.snax.hotfixall("shop", price(2));
  await first.snax.hotfixall("shop", `class Till { open(): string { return "shut"; } }`);
  await first.stop();
  // The number means the same patch in the next process.
  const second = await begin();
  equal(await buy(second), 20);
  const back = await second.snax.rollback(id);
  ok(back.id !== undefined && back.id > id);
  equal(await buy(second), 30);
  await second.stop();
  const third = await begin();
  const shop = await third.snax.newservice<any>("shop");
  deepEqual([await shop.req.buy(10), await shop.req.till()], [30, "shut"]);
});

const { seeds } = drawSeeds("rollbacks", { c: 1, r: 10, s: 50 });

/** Rollbacks of one seed. */
const COUNT = 60;

for (const seed of seeds) {
  test(`${COUNT} random rollbacks of seed ${seed} leave services as if they had never had the patch`, async (t) => {
    const harness = await World.open(t);
    const counts = await runRollbacks(harness, createRandom(seed), COUNT);
    const { compared, outOfOrder, refused, noted, different } = counts;
    console.log(
      `seed ${seed}: ${compared} compared, ${outOfOrder} out of order, ${refused} refused, ${noted} noted`,
    );
    equal(different.length, 0, different[0]);
    ok(outOfOrder > 0);
  });
}

test("the comparison notices a rollback that was left out", async (t) => {
  const harness = await World.open(t);
  const { different } = await runRollbacks(harness, createRandom(seeds[0] ?? 1), COUNT, true);
  ok(different.length > 0);
});

test("what the text had from the platform is not needed", async (t) => {
  const text = `function round(n: number) { return Math.round(n) + Math.max(n, 0); } export const response = { round };`;
  const { make, snax } = await world(t, { text });
  const one = await make("text");
  const { id } = await snax.hotfixall(
    "text",
    "function round(n: number) { return Math.floor(n); }",
  );
  equal(await one.req.round(1.6), 1);
  await snax.rollback(id);
  equal(await one.req.round(1.6), 3.6);
});
