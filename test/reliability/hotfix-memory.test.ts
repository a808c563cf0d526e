/** A thousand patches, and a thousand that are undone, leave no memory behind. */

import { deepEqual, equal, ok } from "node:assert/strict";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { collect } from "../collector.ts";
import type { ServiceObject } from "snax";
import { World, fails } from "../integration/hotfix/harness.ts";

const ROUNDS = 1000;
/** Enough to fill everything that is bounded by count: the ledger, the texts that are kept compiled. */
const WARM_UP = 1500;
const GROWTH_MAX_BYTES = 1024 * 1024;

/** From Node 26 on V8 keeps the code of evaluated texts until memory is short; 20 collects most without options. */
const EVERYTHING = { type: "major", execution: "sync", flavor: "last-resort" };

/** Bytes in use when everything that can be collected has been. */
async function heapBytes(): Promise<number> {
  for (let round = 0; round < 8; round += 1) {
    collect(EVERYTHING);
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return process.memoryUsage().heapUsed;
}

/**
 * The same after collections that V8 itself finds due. It keeps a text that was evaluated twice, as a patch for two services is,
 * until it has grown old, and only such collections let it grow old.
 */
async function agedHeapBytes(): Promise<number> {
  for (let round = 0; round < 100; round += 1) {
    let garbage: object[] | undefined = Array.from({ length: 300_000 }, (_, index) => ({ index }));
    ok(garbage.length > 0);
    garbage = undefined;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return heapBytes();
}

/** Asserts that a step, repeated a thousand times, leaves nothing behind. */
async function leavesNothing(
  name: string,
  step: (round: number) => Promise<void>,
  { measure = heapBytes, most = GROWTH_MAX_BYTES } = {},
): Promise<void> {
  for (let round = 0; round < WARM_UP; round += 1) await step(round);
  const before = await measure();
  for (let round = 0; round < ROUNDS; round += 1) await step(WARM_UP + round);
  const growth = (await measure()) - before;
  console.log(`${name}: ${ROUNDS} rounds, grown by ${growth} bytes, at most ${most}`);
  ok(growth <= most, `${growth} bytes in ${ROUNDS} rounds`);
}

/** A patch of every kind of part; the number makes its text a new one. */
const patchOf = (round: number, ending: string): string => `
  declare let count: number; declare let word: string;
  function helper() { return "HELPER ${round}"; }
  const arrow = () => "ARROW ${round}";
  const RATE = ${round};
  class Unit { hp = ${round}; hit() { return "HIT ${round}"; } static make() { return new Unit(); } }
  export const response = { get() { return [helper(), arrow(), ${round}]; } };
  export function hotfix() { count = ${round}; word = "w${round}"; ${ending} }`;

/** A world that remembers nothing of what it starts and patches. */
async function open(t: TestContext): Promise<World> {
  const world = await World.open(t);
  world.isMerging = false;
  return world;
}

async function openRich(t: TestContext): Promise<[World, ServiceObject]> {
  const world = await open(t);
  return [world, await world.start("rich")];
}

test("a thousand patches with new texts leave no memory behind", async (t) => {
  const [world, p] = await openRich(t);
  await leavesNothing("new texts", async (round) => {
    await world.hotfix(p, patchOf(round, ""));
  });
  equal(((await p.req.get()) as unknown[])[2], WARM_UP + ROUNDS - 1);
});

test("a thousand patches for all services, and those to be born, leave no memory behind", async (t) => {
  const [world] = await openRich(t);
  for (let more = 0; more < 3; more += 1) await world.start("rich");
  const step = async (round: number): Promise<void> => {
    const { applied } = await world.hotfixall("rich", patchOf(round, ""));
    equal(applied.length, 4);
  };
  await leavesNothing("for all", step, { measure: agedHeapBytes });
  const born = await world.start("rich");
  equal(((await born.req.get()) as unknown[])[2], WARM_UP + ROUNDS - 1);
});

test("a thousand patches with one text leave no memory behind", async (t) => {
  const [world, p] = await openRich(t);
  await leavesNothing("one text", async () => {
    await world.hotfix(p, patchOf(1, ""));
  });
});

test("a thousand undone patches leave no memory and no trace behind", async (t) => {
  const [world, p] = await openRich(t);
  const before = await p.req.look();
  await leavesNothing("undone", (round) =>
    fails(
      world.hotfix(
        p,
        patchOf(round, `let fresh${round} = 1; throw new Error(String(fresh${round}));`),
      ),
      {
        code: "ERR_PATCH_FAILED",
      },
    ),
  );
  deepEqual(await p.req.look(), before);
});

test("a thousand undone patches that bring new names leave no memory behind", async (t) => {
  const [world, p] = await openRich(t);
  const extra = `let fresh = new Array(1000).fill(0); function added() { return fresh; } class Ship extends Unit {}`;
  await leavesNothing("undone, new names", (round) =>
    fails(world.hotfix(p, `${extra}\n${patchOf(round, "added(); throw 1;")}`), {
      code: "ERR_PATCH_FAILED",
    }),
  );
});

test("a thousand patches that import what changes leave no memory behind", async (t) => {
  const [world, p] = await openRich(t);
  await leavesNothing("imports", async (round) => {
    await world.hotfix(
      p,
      `import { rate, lift } from "./rich-lib.ts"; ${patchOf(round % 10, "rate + lift();")}`,
    );
  });
});

test("a thousand undone patches that import what changes leave no memory behind", async (t) => {
  const [world, p] = await openRich(t);
  const extra = `import * as lib from "./rich-lib.ts"; import { lift as other } from "./rich-lib.ts";`;
  await leavesNothing("undone, imports", (round) =>
    fails(world.hotfix(p, `${extra}\n${patchOf(round, "other(lib.rate); throw 1;")}`), {
      code: "ERR_PATCH_FAILED",
    }),
  );
});

test("a thousand services that import a shared variable by patch and end leave no memory behind", async (t) => {
  const world = await World.open(t, {
    "main.ts": `import { up } from "./shared.ts"; export const response = { up() { return up(); } };`,
    "shared.ts": `"use shared"; export let n = 0; export function up() { return ++n; }`,
  });
  // The world would keep the texts of each service.
  world.isMerging = false;
  await leavesNothing("shared imports", async () => {
    const p = await world.start("main");
    const text = `import { n } from "./shared.ts"; export const response = { n() { return n; } };`;
    await world.hotfix(p, text);
    equal(await p.req.up(), await p.req.n());
    await world.node.snax.kill(p);
  });
});

/** A module that is long enough for its text to be noticed. */
const LONG_MODULE = `${Array.from({ length: 200 }, (_, index) => `function f${index}(a: number, b: number): number { return a * ${index} + b; }`).join("\n")}
  const held: (() => number)[] = []; function own(): number { return 0; }
  export const response = { own() { return own() + f1(0, 0); }, held() { return held.length; } };`;

/** A name that comes with one patch and goes with the next. */
const comeAndGo = (round: number): string =>
  round % 2 === 0
    ? `function extra${round}() { return ${round}; } function own() { return extra${round}(); }`
    : `delete extra${round - 1}; function own() { return ${round}; }`;

/** The scope of each name that came stays around those of later ones, and the texts of patches are kept for a rollback. */
const SCOPES_MAX_BYTES = 2 * 1024 * 1024;

test("a thousand patches with names that come and go leave neither texts of the module nor names behind", async (t) => {
  const world = await World.open(t, { "main.ts": LONG_MODULE });
  world.isMerging = false;
  const p = await world.start("main");
  const step = async (round: number): Promise<void> => {
    await world.hotfix(p, comeAndGo(round));
    equal(await p.req.own(), round);
  };
  await leavesNothing("come and go", step, { most: SCOPES_MAX_BYTES });
  // The text of the module in one round of five would be noticed.
  const before = await heapBytes();
  const leak: string[] = [];
  for (let round = 0; round < ROUNDS / 5; round += 1)
    leak.push(Buffer.from(LONG_MODULE).toString());
  ok((await heapBytes()) - before > SCOPES_MAX_BYTES, `${leak.length} texts go unnoticed`);
});

test("a thousand refused patches leave no memory behind", async (t) => {
  const [world, p] = await openRich(t);
  await leavesNothing("refused", (round) =>
    fails(world.hotfix(p, `${patchOf(round, "")}\ndeclare let nowhere${round}: number;`), {
      code: "ERR_PATCH_NAME",
    }),
  );
});

test("a thousand services that are patched and ended leave no memory behind", async (t) => {
  const world = await open(t);
  await leavesNothing("patched and ended", async (round) => {
    const p = await world.start("rich");
    await world.hotfix(p, patchOf(round % 10, ""));
    await world.node.snax.kill(p);
  });
});
