/**
 * A patch of hotfixall outlives the process, until the file on disk gives the same: the ledger on disk.
 *
 * A start over the folder of an earlier node is what a restart is.
 */

import { deepEqual, equal, match, ok, throws } from "node:assert/strict";
import { appendFileSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { start } from "snax";
import type { Node } from "snax";

import { startSnax } from "../process.ts";
import { addFiles, failureOf, THREADS, writeFiles } from "../../world.ts";

const SHOP = `
import { tax } from "./tax.ts";
let sold: number = 0;
function price(count: number): number { return count * 3; }
function name(): string { return "shop"; }
export const response = {
  buy(count: number): number { sold += count; return price(count) + tax(); },
  who(): string { return name(); },
};
`;
const TAX = `export function tax(): number { return 0; }\n`;
const PATCH = `function price(count: number): number { return count * 2; }`;

interface Place {
  readonly folder: string;
  readonly ledger: string;
  /** Starts a node over the folder; it stops with the test unless it was stopped before. */
  readonly begin: () => Promise<Node>;
  readonly log: () => string;
  /** The states of the patches, as the lines on disk say. */
  readonly states: () => string[];
}

function place(t: TestContext, files: Record<string, string> = { shop: SHOP, tax: TAX }): Place {
  const folder = writeFiles(t, files);
  const ledger = join(folder, "state", "ledger.jsonl");
  const logger = join(folder, "node.log");
  return {
    folder,
    ledger,
    begin: async () => {
      const services = `${folder}/?.ts`;
      const node = await start({ thread: THREADS, services, logger, ledger });
      t.after(() => node.stop());
      return node;
    },
    log: () => readFileSync(logger, "utf8"),
    states: () =>
      readFileSync(ledger, "utf8")
        .trimEnd()
        .split("\n")
        .map((line) => {
          const { id, state } = JSON.parse(line) as { id: number; state: string };
          return `${id} ${state}`;
        }),
  };
}

async function buy(node: Node, count = 10): Promise<unknown> {
  const shop = await node.snax.newservice<any>("shop");
  return await shop.req.buy(count);
}

test("a patch of all services of a type is in the services of the next start", async (t) => {
  const { begin, log, states } = place(t);
  const first = await begin();
  equal(await buy(first), 30);
  const { id } = await first.snax.hotfixall("shop", PATCH);
  equal(await buy(first), 20);
  await first.stop();
  const second = await begin();
  deepEqual([await buy(second), await buy(second, 5)], [20, 10]);
  match(log(), new RegExp(`sticky patch ${id} of shop stays: new services are born with it`));
  deepEqual(states(), [`${id} PREPARED`, `${id} KEPT`]);
  // Its number is not given again, and the ledger in memory knows of it.
  const { id: next } = await second.snax.hotfixall(
    "shop",
    `function name(): string { return "x"; }`,
  );
  equal(next, id + 1);
  await second.stop();
  const third = await begin();
  const shop = await third.snax.newservice<any>("shop");
  deepEqual([await shop.req.buy(1), await shop.req.who()], [2, "x"]);
});

test("patches of several modules, and such that need each other, come back in their order", async (t) => {
  const { begin } = place(t);
  const first = await begin();
  await buy(first);
  await first.snax.hotfixall("shop", {
    "": `function twice(count: number): number { return count * 2; }
      function price(count: number): number { return twice(count); }`,
    tax: `export function tax(): number { return 1; }`,
  });
  await first.snax.hotfixall(
    "shop",
    `function twice(count: number): number { return count * 20; }`,
  );
  equal(await buy(first), 201);
  await first.stop();
  equal(await buy(await begin()), 201);
});

test("clearcache keeps a sticky patch that the files do not contain", async (t) => {
  const { begin, folder } = place(t);
  const node = await begin();
  await buy(node);
  await node.snax.hotfixall("shop", PATCH);
  node.skynet.cache.clear();
  equal(await buy(node), 20);
  addFiles(folder, { shop: SHOP.replace(`"shop"`, `"store"`) });
  node.skynet.cache.clear(join(folder, "shop.ts"));
  const shop = await node.snax.newservice<any>("shop");
  deepEqual([await shop.req.buy(1), await shop.req.who()], [2, "store"]);
});

for (const how of ["start", "clearcache"] as const) {
  test(`a file that contains the patch retires it, at the ${how}`, async (t) => {
    const { begin, folder, log, states } = place(t);
    let node = await begin();
    await buy(node);
    await node.snax.hotfixall("shop", PATCH);
    const fixed = `function price(count: number): number {\n  // half price\n  return count * 2;\n}`;
    if (how === "start") await node.stop();
    addFiles(folder, { shop: SHOP.replace(/function price.*/, fixed) });
    if (how === "start") node = await begin();
    else node.skynet.cache.clear();
    equal(await buy(node), 20);
    await node.skynet.call(".logger", "lua", "FLUSH");
    match(log(), /sticky patch 1 of shop is contained in its files now: retired/);
    equal(states().at(-1), "1 RETIRED");
    // Retired stays retired: the file alone says what runs.
    await node.stop();
    addFiles(folder, { shop: SHOP.replace("count * 3", "count * 7") });
    equal(await buy(await begin()), 70);
  });
}

test("a file that changes the same function is left alone, and the log says so", async (t) => {
  const { begin, folder, log } = place(t);
  const first = await begin();
  await buy(first);
  await first.snax.hotfixall("shop", PATCH);
  await first.stop();
  addFiles(folder, { shop: SHOP.replace("count * 3", "count * 4") });
  const second = await begin();
  equal(await buy(second), 40);
  match(log(), /sticky patch 1 of shop is not applied: .*shop\.ts and the patch both change price/);
  // The same patch once more is for the file as it is now.
  await second.snax.hotfixall("shop", PATCH);
  await second.stop();
  equal(await buy(await begin()), 20);
});

test("a file that changes something else keeps both", async (t) => {
  const { begin, folder } = place(t);
  const first = await begin();
  await buy(first);
  await first.snax.hotfixall("shop", PATCH);
  await first.stop();
  addFiles(folder, { shop: SHOP.replace(`"shop"`, `"store"`) });
  const second = await begin();
  const shop = await second.snax.newservice<any>("shop");
  deepEqual([await shop.req.buy(10), await shop.req.who()], [20, "store"]);
});

test("a file that is gone, and a type that is gone, end no start", async (t) => {
  const { begin, folder, log } = place(t);
  const first = await begin();
  await buy(first);
  await first.snax.hotfixall("shop", PATCH);
  await first.stop();
  addFiles(folder, { other: SHOP });
  const gone = join(folder, "shop.ts");
  writeFileSync(gone, "");
  const empty = await begin();
  match(log(), /sticky patch 1 of shop is not applied/);
  await empty.stop();
});

test("what fails in every service, and what is refused, is not in the next start", async (t) => {
  const { begin, states } = place(t);
  const first = await begin();
  await buy(first);
  const failing = `${PATCH}\nexport function hotfix(): void { throw new Error("no"); }`;
  const { applied, failed } = await first.snax.hotfixall("shop", failing);
  deepEqual([applied.length, failed.length], [0, 1]);
  const refused = await failureOf(first.snax.hotfixall("shop", "function price( {"));
  equal(refused.code, "ERR_SYNTAX");
  deepEqual(states(), ["1 PREPARED", "1 REFUSED", "2 PREPARED", "2 REFUSED"]);
  await first.stop();
  equal(await buy(await begin()), 30);
});

test("a ledger that ends in a torn line is read, and written on", async (t) => {
  const { begin, ledger, states } = place(t);
  const first = await begin();
  await buy(first);
  await first.snax.hotfixall("shop", PATCH);
  await first.stop();
  const whole = readFileSync(ledger, "utf8");
  const lines = whole.split("\n").length - 1;
  for (const cut of [1, 5, whole.split("\n").at(-2)?.length ?? 0]) {
    writeFileSync(ledger, `${whole}${whole.split("\n").at(-2)?.slice(0, cut)}`);
    const node = await begin();
    equal(await buy(node), 20);
    await node.snax.hotfixall("shop", `function name(): string { return "cut ${cut}"; }`);
    await node.stop();
    ok(states().length > lines);
  }
});

test("a patch that was prepared only is not in", async (t) => {
  const { begin, ledger } = place(t);
  const first = await begin();
  await buy(first);
  await first.snax.hotfixall("shop", PATCH);
  await first.stop();
  const [prepared = ""] = readFileSync(ledger, "utf8").split("\n");
  writeFileSync(ledger, `${prepared}\n`);
  equal(await buy(await begin()), 30);
});

test("lines that are none of ours are counted and left out", async (t) => {
  const { begin, ledger, log } = place(t);
  const first = await begin();
  await buy(first);
  await first.snax.hotfixall("shop", PATCH);
  await first.stop();
  appendFileSync(ledger, `{"id":"x"}\nnull\n[]\n{"state":"KEPT","id":-1,"time":0}\nnonsense\n`);
  equal(await buy(await begin()), 20);
  match(log(), /5 lines of the ledger .* can't be read: left out/);
});

test("only the user of the process reads the ledger and its texts", async (t) => {
  const { begin, ledger } = place(t);
  const node = await begin();
  await buy(node);
  await node.snax.hotfixall("shop", PATCH);
  equal(statSync(ledger).mode & 0o777, 0o600);
  equal(statSync(join(ledger, "..")).mode & 0o777, 0o700);
});

test("a second node on the ledger reads it only, and says of its patches that they end with it", async (t) => {
  const { begin, log, states } = place(t);
  const first = await begin();
  await buy(first);
  await first.snax.hotfixall("shop", PATCH);
  const written = states();
  const second = await begin();
  equal(await buy(second), 20);
  match(log(), /process \d+ writes the ledger .*: this one reads it only/);
  const { id } = await second.snax.hotfixall("shop", PATCH.replace("2", "9"));
  equal(await buy(second), 90);
  await second.skynet.call(".logger", "lua", "FLUSH");
  match(log(), new RegExp(`patch ${id} of shop ends with this process: process \\d+ writes`));
  deepEqual(states(), written);
  await second.stop();
  // A node that stops lets the next one write.
  await first.stop();
  const third = await begin();
  equal(await buy(third), 20);
  await third.snax.hotfixall("shop", PATCH.replace("2", "4"));
  ok(states().length > written.length);
});

test("a patch that the disk does not take is refused before anything has changed", async (t) => {
  const { begin, ledger, folder } = place(t);
  const node = await begin();
  await buy(node);
  writeFileSync(join(folder, "state"), "in the way");
  const refused = await failureOf(node.snax.hotfixall("shop", PATCH));
  equal(refused.code, "ERR_LEDGER");
  match(refused.message, new RegExp(`the ledger ${ledger} can't be written`));
  equal(await buy(node), 30);
});

test("a patch for once is not on disk; it ends with the node, and with the text that it is for", async (t) => {
  const { begin, folder, log, ledger } = place(t);
  const first = await begin();
  await buy(first);
  const { id } = await first.snax.repair({ once: true }).hotfixall("shop", PATCH);
  equal(await buy(first), 20);
  equal(existsSync(ledger), false);
  first.skynet.cache.clear(join(folder, "other.ts"));
  equal(await buy(first), 20);
  first.skynet.cache.clear(join(folder, "tax.ts"));
  equal(await buy(first), 30);
  await first.skynet.call(".logger", "lua", "FLUSH");
  match(
    log(),
    new RegExp(`patch ${id} of shop is in until the node stops or the code cache is cleared`),
  );
  match(log(), new RegExp(`patch ${id} of shop was for once: new services are born without it`));
  await first.stop();
  equal(await buy(await begin()), 30);
});

test("a patch for once goes in where the disk takes nothing, and leaves those that last as they are", async (t) => {
  const { begin, states } = place(t);
  const first = await begin();
  await buy(first);
  await first.snax.hotfixall("shop", PATCH);
  await first.snax.repair({ once: true }).hotfixall("shop", PATCH.replace("2", "8"));
  equal(await buy(first), 80);
  first.skynet.cache.clear();
  equal(await buy(first), 20);
  await first.stop();
  equal(await buy(await begin()), 20);
  ok(!states().some((line) => line.endsWith("RETIRED")));
});

for (const once of [1, "yes", null]) {
  test(`once: ${String(once)} is refused`, async (t) => {
    const { begin } = place(t);
    const node = await begin();
    throws(() => node.snax.repair({ once } as never), { code: "ERR_ARGUMENT" });
  });
}

test("a node without a patch, and one without a ledger, write nothing", async (t) => {
  const { begin, ledger, folder } = place(t);
  const node = await begin();
  await buy(node);
  await node.stop();
  equal(existsSync(join(ledger, "..")), false);
  const services = `${folder}/?.ts`;
  const logger = join(folder, "other.log");
  const other = await start({ thread: THREADS, services, logger, ledger: false });
  t.after(() => other.stop());
  await buy(other);
  await other.snax.hotfixall("shop", PATCH);
  equal(existsSync(join(ledger, "..")), false);
});

test("a patch that is only a hotfix() is retired at once: births have nothing of it", async (t) => {
  const { begin, states } = place(t);
  const first = await begin();
  await buy(first);
  const repair = `declare let sold: number;\nexport function hotfix(): void { sold = 7; }`;
  await first.snax.hotfixall("shop", repair);
  ok(states().includes("1 RETIRED"));
  await first.stop();
  equal(await buy(await begin()), 30);
});

test("a patch of which later ones give all is retired; the others stay", async (t) => {
  const { begin, states } = place(t);
  const first = await begin();
  await buy(first);
  await first.snax.hotfixall("shop", PATCH);
  await first.snax.hotfixall("shop", PATCH.replace("2", "5"));
  deepEqual(
    states().filter((line) => line.endsWith("RETIRED")),
    ["1 RETIRED"],
  );
  await first.stop();
  equal(await buy(await begin()), 50);
});

test("a node that is killed keeps what hotfixall has put in, beside its configuration", async (t) => {
  const folder = writeFiles(t, {
    "snax.config.ts": `export default { node: "game/1", thread: ${THREADS} };`,
    "services/shop.ts": SHOP,
    "services/tax.ts": TAX,
    "services/main.ts": `
      import { skynet, snax } from "snax";
      const shop = await snax.newservice<any>("shop");
      skynet.error("before", await shop.req.buy(10));
      if (snax.patches().length === 0) await snax.hotfixall<string>("shop", ${JSON.stringify(PATCH)});
      skynet.error("after", await shop.req.buy(10));
    `,
  });
  for (const said of ["before 30", "before 20"]) {
    const { child, ended, says } = startSnax(["start"], folder);
    await says(said);
    await says("after 20");
    child.kill("SIGKILL");
    equal((await ended).code, null);
  }
  ok(existsSync(join(folder, ".snax", "game_1", "ledger.jsonl")));
});
