/** What services are born with after many patches for all: what the last ones give, and no work for those that are void. */

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";

import { createRandom } from "../../../src/base/random.ts";
import { codeOfFailure, ONE_THREAD } from "../../world.ts";
import { World } from "./harness.ts";

const SHOP = `
  import { round } from "./money.ts";
  export let evaluated = 0;
  function base() { return Object; }
  function note(method: any) { evaluated += 1; return method; }
  const TAX = 1;
  function a() { return "a"; }
  function b() { return "b"; }
  class Unit extends base() {
    hp = 1;
    one() { return "one"; }
    two() { return "two"; }
    get three() { return "three"; }
  }
  export const response = {
    get() {
      const unit = new Unit();
      return [a(), b(), TAX, unit.hp, unit.one(), unit.two(), unit.three, round(1.5), Unit.kind, Unit.sort];
    },
    evaluated() { return evaluated; },
    count() { return 0; },
  };`;

const FILES = {
  "main.ts": SHOP,
  "money.ts": `export function round(n: number) { return Math.floor(n); }`,
  "side.ts": `declare const globalThis: any; globalThis.sideEffects = (globalThis.sideEffects ?? 0) + 1; export const SIDE = 1;`,
};

test("a birth evaluates one patch, however many of the same names there were", async (t) => {
  for (const thread of [0, 2]) {
    const world = await World.open(t, FILES, { thread });
    await world.start("main");
    for (let version = 1; version <= 30; version += 1) {
      await world.hotfixall(
        "main",
        `class Unit extends base() { one() { return "${version}"; } }
         function a() { return "a${version}"; }
         export const response = { count: note(() => ${version}) };`,
      );
    }
    const born = await world.start("main");
    deepEqual(await born.req.get(), [
      "a30",
      "b",
      1,
      1,
      "30",
      "two",
      "three",
      1,
      undefined,
      undefined,
    ]);
    deepEqual([await born.req.evaluated(), await born.req.count()], [1, 30]);
  }
});

test("a patch of which something is left stays: a name, a method, a member, an import", async (t) => {
  const world = await World.open(t, FILES);
  await world.start("main");
  const heads = [
    `function a() { return "mine"; }`,
    `export const response = { mine() { return "mine"; } };`,
    `export const response = { ["mi" + "ne"]() { return "mine"; } };`,
    `class Unit extends base() { two() { return "mine"; } }`,
    `class Unit extends base() { get three() { return "mine"; } }`,
    `class Unit extends base() { hp = 7; }`,
    `class Unit extends base() { static kind = "mine"; }`,
    `class Unit extends base() { static sort = "mine"; }`,
    `const TAX = 2;`,
    `let fresh = "mine"; export const response = { fresh() { return fresh; } };`,
  ];
  for (const head of heads) {
    await world.hotfixall("main", `${head} function b() { return "void"; }`);
    await world.hotfixall("main", `function b() { return "b"; }`);
  }
  await world.hotfixall("main", { "./money.ts": `export function round() { return "mine"; }` });
  await world.hotfixall("main", { "./main.ts": `function b() { return "last"; }` });
  const born = await world.start("main");
  deepEqual(await born.req.get(), [
    "mine",
    "last",
    2,
    7,
    "one",
    "mine",
    "mine",
    "mine",
    "mine",
    "mine",
  ]);
  deepEqual([await born.req.mine(), await born.req.fresh()], ["mine", "mine"]);
});

test("what a patch imports is there at a birth, also when all that it gave is void", async (t) => {
  // It counts in a global of its own thread.
  const world = await World.open(t, FILES, ONE_THREAD);
  await world.start("main");
  const text = `import "./side.ts"; function a() { return "first"; }`;
  await world.hotfixall("main", text);
  await world.hotfixall("main", `function a() { return "second"; }`);
  const before = Number(Reflect.get(globalThis, "sideEffects"));
  const born = await world.start("main");
  equal(Reflect.get(globalThis, "sideEffects"), before + 1);
  equal(((await born.req.get()) as unknown[])[0], "second");
  equal(await codeOfFailure(Promise.resolve(born.req.nothing())), "ERR_NO_METHOD");
});

/** A random patch over few names, so that they meet. */
function randomPatch(random: ReturnType<typeof createRandom>, version: number): string {
  const value = `"${version}"`;
  const gifts = [
    `function a() { return ${value}; }`,
    `function b() { return ${value} + a(); }`,
    `const TAX = ${version};`,
    `class Unit extends base() { one() { return ${value}; } }`,
    `class Unit extends base() { one() { return ${value}; } two() { return ${value}; } }`,
    `class Unit extends base() { get three() { return ${value}; } }`,
    `class Unit extends base() { hp = ${version}; two() { return ${value} + this.hp; } }`,
    `class Unit extends base() { constructor() { super(); this.hp = -${version}; } }`,
    `export const response = { count() { return ${value} + a(); } };`,
    `export const response = { count() { return ${value}; }, more${version % 3}() { return b() + ${value}; } };`,
    `import { basename as base${version} } from "node:path"; function a() { return base${version}("x/" + ${value}); }`,
    `let state${version} = ${value}; function b() { return state${version}; }`,
  ];
  const chosen = new Map<string, string>();
  for (let left = 1 + random.below(3); left > 0; left -= 1) {
    const gift = gifts[random.below(gifts.length)] ?? "";
    chosen.set(/(?:function|const|class) (\w+)/.exec(gift)?.[1] ?? "", gift);
  }
  return [...chosen.values()].join("\n");
}

test("a service born after random patches is like one that got them one by one", async (t) => {
  const seed = Number(process.env["SEED"] ?? Date.now() % 2 ** 31);
  t.diagnostic(`seed=${seed}`);
  const random = createRandom(seed);
  for (let round = 0; round < 4; round += 1) {
    const world = await World.open(t, FILES);
    const old = await world.start("main");
    for (let version = 1; version <= 25; version += 1) {
      await world.hotfixall("main", randomPatch(random, version));
      if (version % 5 !== 0) continue;
      const born = await world.start("main");
      for (const method of ["get", "count", "more0", "more1", "more2"]) {
        const answers = [old, born].map((each) =>
          Promise.resolve(each.req[method]?.()).catch((error: { code: string }) => error.code),
        );
        deepEqual(await answers[1], await answers[0], `seed=${seed} round=${round} ${version}`);
      }
    }
  }
});
