/** `snax dev`: a thousand saves leave no memory behind, and no files. */

import { ok } from "node:assert/strict";
import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { project } from "../integration/dev/project.ts";

const SAVES = 1000;
/** By then everything that is bounded by count is full, and V8 has compiled what is called often. */
const WARM_UP = 200;
const HEAP_GROWTH_MAX_BYTES = 1024 * 1024;
/** The store of images is bounded by itself, and there is none without `node_modules`. */
const DISK_GROWTH_MAX_BYTES = 1024;

/** A patch of it is a text that would be noticed. */
const LONG = `/* ${"long ".repeat(1000)} */`;

/** What the files say, each in a number of its own. */
const counts = { own: 0, base: 0, lib: 0, shared: 0, fresh: 0, coins: 0 };

const said = (): string => Object.values(counts).join("/");

const textOf = {
  lib: () => `export const RATE = ${counts.lib};`,
  shared: () =>
    `"use shared"; let n = 0; export function shared() { n += 1; return ${counts.shared}; }`,
  fresh: () => `export function fresh() { return ${counts.fresh}; }`,
  coins: () => `{ "coins": ${counts.coins} }`,
  shop: () => `
    import { tables } from "snax"; import { RATE } from "./lib.ts"; import { shared } from "./shared.ts";
    import { fresh } from "./fresh${counts.fresh}.ts";
    class Base${counts.base} { kind() { return ${counts.base}; } }
    class Cart extends Base${counts.base} {}
    const cart = new Cart(); let asked = 0; const kept = new Map<number, Cart>();
    function own() { ${LONG} return ${counts.own}; }
    export const response = { look() {
      asked += 1; kept.set(asked % 10, new Cart());
      return [own(), cart.kind(), RATE, shared(), fresh(), (tables as any).rules.coins].join("/");
    } };`,
};

/** Says what all services answer, one that is born now as well; and the heap when it is asked to. */
const MAIN = `
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { sharetable, skynet, snax } from "snax";
// What V8 compiles is not what saves leave behind.
setFlagsFromString("--no-opt");
setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc");
const heap = async () => {
  // V8 keeps a text that was evaluated until it has grown old; see reload-memory.test.ts.
  for (let round = 0; round < 100; round += 1) {
    const garbage = Array.from({ length: 300_000 }, (_, index) => ({ index }));
    await new Promise((resolve) => setImmediate(resolve, garbage.length));
  }
  for (let round = 0; round < 8; round += 1) {
    collect({ type: "major", execution: "sync", flavor: "last-resort" });
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  skynet.error("it holds " + process.memoryUsage().heapUsed + " bytes.");
};
skynet.start(async () => {
  await sharetable.loadfile("rules");
  const shops: any[] = [];
  for (let count = 0; count < 3; count += 1) shops.push(await snax.newservice<any>("shop"));
  process.on("SIGUSR2", () => void heap());
  let last = "";
  const look = async () => {
    try {
      const all = await Promise.all(shops.map((shop) => shop.req.look()));
      const born = await snax.newservice<any>("shop");
      all.push(await born.req.look());
      await snax.kill(born);
      const [first] = all;
      if (first !== last && all.every((each) => each === first)) skynet.error("all say " + first + ".");
      last = all.every((each) => each === first) ? first : last;
    } catch { /* its files are not valid */ }
    setTimeout(look, 5);
  };
  void look();
});
`;

test("a thousand saves of a project leave no memory behind, and nothing on disk", async (t) => {
  const made = await project(t, {
    "services/main": MAIN,
    "services/shop": textOf.shop(),
    "services/lib": textOf.lib(),
    "services/shared": textOf.shared(),
    "services/fresh0": textOf.fresh(),
    "tables/rules.json": textOf.coins(),
    "snax.config.ts": `export default { thread: 0, services: "./services/?.ts", loglevel: "info" };`,
  });
  const { save, next, folder, child } = made;
  const all = (): Promise<string> => next(`all say ${said()}.`);
  const saveShop = (): void => save("services/shop.ts", textOf.shop());
  /** Kinds of saves, in turn. */
  const kinds: readonly (() => Promise<void> | void)[] = [
    () => ((counts.own += 1), saveShop()),
    () => ((counts.lib += 1), save("services/lib.ts", textOf.lib())),
    // What no patch can do.
    () => ((counts.base += 1), saveShop()),
    async () => {
      save("services/shop.ts", `${textOf.shop()}\nfunction (`);
      await next("nothing changed");
      counts.own += 1;
      saveShop();
    },
    () => ((counts.coins += 1), save("tables/rules.json", textOf.coins())),
    () => ((counts.shared += 1), save("services/shared.ts", textOf.shared())),
    // Another module in the place of one.
    async () => {
      const old = `services/fresh${counts.fresh}.ts`;
      counts.fresh += 1;
      save(`services/fresh${counts.fresh}.ts`, textOf.fresh());
      saveShop();
      await all();
      rmSync(join(folder, old));
      counts.own += 1;
      saveShop();
    },
  ];
  const measure = async (): Promise<number> => {
    child.kill("SIGUSR2");
    return Number(/it holds (\d+)/.exec(await next("it holds "))?.[1]);
  };
  await all();
  const before = { heap: 0, disk: 0 };
  for (let count = 1; count <= SAVES; count += 1) {
    await kinds[count % kinds.length]?.();
    await all();
    if (count !== WARM_UP && count % 500 !== 0) continue;
    const [heap, disk] = [await measure(), sizeOf(folder)];
    if (count === WARM_UP) Object.assign(before, { heap, disk });
    const grown = { heap: heap - before.heap, disk: disk - before.disk };
    console.log(`${count} saves: grown by ${grown.heap} bytes, ${grown.disk} on disk`);
    ok(grown.heap <= HEAP_GROWTH_MAX_BYTES, `${grown.heap} bytes after ${count} saves`);
    ok(grown.disk <= DISK_GROWTH_MAX_BYTES, `${grown.disk} bytes on disk after ${count} saves`);
  }
});

function sizeOf(folder: string): number {
  const entries = readdirSync(folder, { withFileTypes: true });
  return entries.reduce((sum, entry) => {
    const path = join(folder, entry.name);
    return sum + (entry.isDirectory() ? sizeOf(path) : statSync(path).size);
  }, 0);
}
