/**
 * Acceptance cases 10 to 17 of the repair: dry runs, all or none, rollbacks, and patches that outlive the node.
 *
 * Each case goes as an operator goes, by the shell or the console. Cases 1 to 9 are in acceptance-before.test.ts, 18 and 20 in acceptance-code.test.ts.
 */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import type { ServiceObject } from "snax";
import { SHOP } from "../check/project.ts";
import { startSnax } from "../process.ts";
import { writeFiles } from "../../world.ts";
import type { Shop } from "./acceptance.ts";
import { address, FILES, openShop } from "./acceptance.ts";

/** The manual's shop, of which a test sees what it has sold, and which tells another service of it. */
const SEEN = SHOP.replace("sold = 0", "sold = 5")
  .replace("{ skynet }", "{ skynet, snax }")
  .replace("  buy(", "  sold() {\n    return sold;\n  },\n  buy(")
  .replace("    return order", '    if (spy !== 0) snax.bind(spy, "spy").post.sold(item);\n$&')
  .replace(
    "const order",
    "let spy = 0;\nexport function init(handle = 0) {\n  spy = handle;\n}\n$&",
  );
const SPY = `let heard = 0;
export const accept = { sold() { heard += 1; } };
export const response = { heard() { return heard; } };
`;

test("case 10: a dry run shows the state and both answers, and changes nothing", async (t) => {
  const patch = "const TAX = 0.5;\nexport function hotfix() {\n  sold = 99;\n  order.text();\n}\n";
  const files = { "services/shop.ts": SEEN, "services/spy.ts": SPY, "p.ts": patch };
  const { make, shell, ids, folder } = await openShop(t, files);
  const spy = await make("spy");
  const shop = await make("shop", spy.handle);
  const before = readdirSync(folder);
  const { code, lines } = await shell(
    ...["hotfix", address(shop), "p.ts", "--dry-run"],
    ...["--probe", 'buy "apple" 1', "--probe", 'buy "apple" 100'],
  );
  equal(code, 0, lines.join("\n"));
  equal(lines[0], `dry run of\t${address(shop)} shop`);
  ok(lines.includes("at once\tsold: 5 -> 99"), lines.join("\n"));
  ok(lines.includes("buy('apple', 1)\t'total 1'  ->  'total 2'"), lines.join("\n"));
  ok(lines.includes("buy('apple', 100)\t'total 121'  ->  'total 152'"), lines.join("\n"));
  equal(await shop.req.sold(), 5);
  equal(await spy.req.heard(), 0);
  equal(await shop.req.buy("apple", 100), "total 120");
  deepEqual([readdirSync(folder), existsSync(join(folder, ".snax")), ids()], [before, false, []]);
});

test("case 11: a hotfix() that loops ends the dry run in time, and live calls are answered", async (t) => {
  const files = { "p.ts": "export function hotfix() {\n  for (;;);\n}\n" };
  const { make, shell, ids } = await openShop(t, files, { hotfixtimeout: 1000 });
  const shop = await make();
  let isOver = false;
  const said = shell("hotfix", "shop", "p.ts", "--dry-run").finally(() => (isOver = true));
  let count = 0;
  while (!isOver) {
    equal(await shop.req.buy("apple", 0), "total 0");
    count += 1;
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { code, lines } = await said;
  equal(code, 1);
  match(lines.join("\n"), /dry run ended: hotfix\(\) did not return/);
  ok(count > 100, `${count} calls`);
  deepEqual(ids(), []);
});

/** A shop whose answer says which code it runs. */
const VERSION = `let sold = 0;
const price = (net: number): number => net;
export function init(count = 0) {
  sold = count;
}
export const response = {
  buy(net: number) {
    return price(net);
  },
  sold() {
    return sold;
  },
};
`;
const NO_THIRTEEN = `declare let sold: number;
const price = (net: number): number => net * 2;
export function hotfix() {
  sold += 1;
  if (sold === 14) throw new Error("thirteen");
}
`;

async function hundredShops(place: Shop): Promise<{ shops: ServiceObject[]; bad: ServiceObject }> {
  const solds = Array.from({ length: 100 }, (_, index) => (index === 60 ? 13 : 20));
  const shops = await Promise.all(solds.map((sold) => place.make("shop", sold)));
  return { shops, bad: shops[60] as ServiceObject };
}

const prices = (shops: readonly ServiceObject[]): Promise<unknown[]> =>
  Promise.all(shops.map((shop) => shop.req.buy(1)));

test("case 12: all or none: one that refuses keeps the patch out of all hundred, and of births", async (t) => {
  const files = { "services/shop.ts": VERSION, "p.ts": NO_THIRTEEN };
  const place = await openShop(t, files, { thread: 2 });
  const { shops, bad } = await hundredShops(place);
  let isOver = false;
  const said = place.shell("hotfix", "shop", "p.ts", "--atomic").finally(() => (isOver = true));
  const born: ServiceObject[] = [];
  while (!isOver) {
    const shop = await place.make("shop", 20);
    equal(await shop.req.buy(1), 1);
    if (born.length < 50) born.push(shop);
    else place.skynet.kill(shop.handle);
  }
  const { code, lines } = await said;
  equal(code, 1);
  match(lines[0] ?? "", /^ERR_PATCH_FAILED: /);
  ok(lines.join("\n").includes(address(bad)), lines.join("\n"));
  deepEqual(new Set(await prices([...shops, ...born])), new Set([1]));
  deepEqual(new Set(await Promise.all(shops.map((shop) => shop.req.sold()))), new Set([20, 13]));
  const each = await place.shell("hotfix", "shop", "p.ts");
  equal(each.code, 1);
  const applied = 99 + born.length;
  for (const line of [`applied\t${applied}`, "failed\t1"])
    ok(each.lines.includes(line), each.lines.join("\n"));
  const after = await prices(shops);
  deepEqual([after.filter((price) => price === 2).length, after[60]], [99, 1]);
});

const BOMB = "export const response = { bang() { process.exit(1); } };\n";
/** Ends the thread of the bomb while hotfix() waits; the services of that thread have voted by then. */
const EXPLODE = `import { snax } from "snax";
declare let sold: number;
const price = (net: number): number => net * 2;
export async function hotfix(bomb: string) {
  if (sold === 1) await (snax.bind(Number(bomb), "bomb") as any).req.bang().catch(() => {});
}
`;
/** The first one to run the new code ends its own thread: all have agreed by then. */
const EXPLODE_LATER = `import { snax } from "snax";
declare let sold: number;
const price = (net: number): number => net * 2;
export function hotfix() {
  if (sold === 2) snax.self().post.bang();
}
`;

async function bornOn(place: Shop, thread: number): Promise<ServiceObject> {
  for (;;) {
    const shop = await place.snax
      .at(thread)
      .newservice<any>("shop")
      .catch(() => undefined);
    if (shop !== undefined) return shop;
    await place.skynet.sleep(5);
  }
}

for (const [when, patch, price] of [
  ["voted", EXPLODE, 1],
  ["agreed", EXPLODE_LATER, 2],
] as const) {
  test(`case 13: a thread that ends when it has ${when} leaves one code everywhere, births included`, async (t) => {
    const shop = `${VERSION.replace("let sold", 'import { snax } from "snax";\nlet sold')}export const accept = { bang() { process.exit(1); } };\n`;
    const files = { "services/shop.ts": shop, "services/bomb.ts": BOMB, "p.ts": patch };
    const place = await openShop(t, files, { thread: 2, typecheck: "off" });
    const { snax } = place;
    const here = await Promise.all(
      [1, 0, 0].map((sold) => snax.at(1).newservice<any>("shop", sold)),
    );
    await Promise.all([2, 0, 0].map((sold) => snax.at(2).newservice<any>("shop", sold)));
    const bomb = await snax.at(2).newservice<any>("bomb");
    const { code, lines } = await place.shell(
      ...["hotfix", "shop", "p.ts", `${bomb.handle}`, "--atomic", "--force"],
    );
    equal(code, price === 1 ? 1 : 0, lines.join("\n"));
    match(lines.join("\n"), price === 1 ? /^ERR_PATCH_FAILED: .*thread 2/ : /^failed\t0$/m);
    deepEqual(new Set(await prices(here)), new Set([price]));
    deepEqual(await prices([await bornOn(place, 1), await bornOn(place, 2)]), [price, price]);
  });
}

/** A node over the shop, and a patch of each text that is given, in their order. */
async function patched(
  t: TestContext,
  files: Readonly<Record<string, string>>,
  ...patches: readonly string[]
): Promise<Shop> {
  const texts = patches.map((text, index) => [`p${index + 1}.ts`, text] as const);
  const place = await openShop(t, { ...files, ...Object.fromEntries(texts) });
  await place.make();
  for (const [name] of texts) {
    const { code, lines } = await place.shell("hotfix", "shop", name);
    equal(code, 0, lines.join("\n"));
  }
  return place;
}

test("case 14: out of order: what a later patch has replaced stays, and then goes to what was there before both", async (t) => {
  const { make, shell } = await patched(
    t,
    {},
    "const price = (net: number): number => net + 1000;\n",
    "export const response = {\n  buy(item: string, net: number) {\n    return `${item} ${price(net)}`;\n  },\n};\n",
    "const price = (net: number): number => net + 3000;\n",
  );
  const first = await shell("rollback", "1");
  equal(first.code, 0, first.lines.join("\n"));
  match(first.lines.join("\n"), /price stays as patch 3 has it/);
  equal(await (await make()).req.buy("apple", 10), "apple 3010");
  const third = await shell("rollback", "3");
  equal(third.code, 0, third.lines.join("\n"));
  equal(await (await make()).req.buy("apple", 10), "apple 12");
  match((await shell("patches", "1")).lines.join("\n"), /^state\trolled back by patch 4$/m);
});

test("case 15: a name that a later patch uses keeps its patch in, until both go", async (t) => {
  const { make, shell, ids } = await patched(
    t,
    {},
    "function vat(net: number): number {\n  return net * 2;\n}\nexport const response = {\n  vat(net: number) {\n    return vat(net);\n  },\n};\n",
    "const price = (net: number): number => vat(net) + 1;\n",
  );
  const shop = await make();
  const refused = await shell("rollback", "1");
  equal(refused.code, 1);
  match(refused.lines[0] ?? "", /^ERR_PATCH.*patch 2 uses vat/);
  deepEqual(ids(), [1, 2]);
  deepEqual([await shop.req.buy("apple", 10), await shop.req.vat(4)], ["total 21", 8]);
  const both = await shell("rollback", "1", "2");
  equal(both.code, 0, both.lines.join("\n"));
  equal(await shop.req.buy("apple", 10), "total 33");
  match(
    await shop.req.vat(4).then(String, (error: Error & { code?: string }) => String(error.code)),
    /^ERR_NO_METHOD$/,
  );
});

test("case 16: assigned state goes back where no code has written it since, else it is named", async (t) => {
  const patch = "declare let sold: number;\nexport function hotfix() {\n  sold = 50;\n}\n";
  const place = await openShop(t, { "services/shop.ts": SEEN, "p.ts": patch });
  const [still, sells] = [await place.make(), await place.make()];
  equal((await place.shell("hotfix", "shop", "p.ts")).code, 0);
  await sells.req.buy("apple", 1);
  const { code, lines } = await place.shell("rollback", "1");
  equal(code, 0, lines.join("\n"));
  deepEqual([await still.req.sold(), await sells.req.sold()], [5, 51]);
  const kept = lines.filter((line) => line.startsWith("kept"));
  deepEqual(kept, [`kept in ${address(sells)}\tsold: written since`]);
});

/** One life of a node: what it logs, the shell while it runs, and its sudden end. */
interface Life {
  readonly log: () => string;
  readonly shell: (...words: readonly string[]) => Promise<string>;
  readonly kill: () => Promise<void>;
}

async function live(folder: string, until: string): Promise<Life> {
  const { child, ended, says } = startSnax(["start"], folder);
  let log = "";
  child.stdout?.on("data", (chunk: Buffer) => (log += chunk.toString()));
  await says("Start debug console at");
  await says(until);
  const port = /Start debug console at \S+?:(\d+)$/m.exec(log)?.[1] ?? "";
  return {
    log: () => log,
    shell: async (...words) => {
      const said = await startSnax([...words, "--console", port], folder).ended;
      equal(said.code, 0, said.stdout + said.stderr);
      return said.stdout;
    },
    kill: async () => {
      child.kill("SIGKILL");
      equal((await ended).code, null);
    },
  };
}

test("case 17: a patch outlives the process, retires when the file has it, and yields to another change of it", async (t) => {
  const fixed = "const price = (net: number): number => round(net * (1 + TAX)) + 1000;\n";
  const folder = writeFiles(t, {
    ...FILES,
    "services/main.ts": `import { skynet, snax } from "snax";
skynet.start(async () => {
  const shop = await snax.newservice<any>("shop");
  skynet.error("answers", await shop.req.buy("apple", 10));
});
`,
    "snax.config.ts": 'export default { thread: 2, console: 0, node: "game" };\n',
    "package.json": '{ "type": "module" }',
    "p.ts": fixed,
  });
  const deploy = (to: string): void => {
    const price = "const price = (net: number): number => round(net * (1 + TAX));\n";
    ok(SHOP.includes(price));
    writeFileSync(
      join(folder, "services/shop.ts"),
      SHOP.replace(price, () => to),
    );
  };
  const first = await live(folder, "answers total 12");
  match(await first.shell("hotfix", "shop", "p.ts"), /^applied\t1$/m);
  await first.kill();
  // Killed, and started again: the file is as it was.
  const second = await live(folder, "answers total 1012");
  match(second.log(), /sticky patch 1 of shop stays: new services are born with it/);
  await second.kill();
  deploy("const price = (net: number): number => round(net * (1 + TAX)) + 2000;\n");
  const other = await live(folder, "answers total 2012");
  match(
    other.log(),
    /sticky patch 1 of shop is not applied: .*shop\.ts and the patch both change price/,
  );
  await other.kill();
  deploy(`/** With the fee. */\n${fixed}`);
  const deployed = await live(folder, "answers total 1012");
  match(deployed.log(), /sticky patch 1 of shop is contained in its files now: retired/);
  match(await deployed.shell("patches", "1"), /^state\tretired/m);
  await deployed.kill();
});
