/**
 * A commit that fails in the middle, at whatever step, leaves no trace of the patch.
 *
 * Two kinds of failure. From inside: parts of the patch's own text throw while it is applied. From outside: the k-th
 * operation by which the runtime swaps something is made to throw, for every k that there is.
 */

import { deepEqual, equal, notDeepEqual, ok, rejects } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { ModuleInstance } from "../../../src/loader/run/module-instance.ts";
import { SnaxHost } from "../../../src/snax/snax-host.ts";
import { ONE_THREAD } from "../../world.ts";
import { FIXTURES, World, fails, serve } from "./harness.ts";

/** The parts of a patch for the service `rich`, one of each kind. */
const PARTS = [
  `declare let count: number; declare let word: string; declare const box: { n: number };`,
  `let fresh = "fresh";`,
  `const RATE = 20;`,
  `function helper() { return "HELPER"; }`,
  `const arrow = () => "ARROW";`,
  `function added() { word = "added"; }`,
  `class Unit { hp = 50; hit() { return "HIT"; } get half() { return -1; } static make() { return new Unit(); } static colour = "red"; }`,
  `class Tank extends Unit { hit() { return "TANK " + super.hit(); } more() {} }`,
  `export const response = { get() { return -count; }, more() { return fresh; } };`,
  `export const accept = { touch() { count += 100; }, poke() {} };`,
  `export function exit() {}`,
  `export function hotfix() { count = 77; added(); }`,
];

const LIB = `export function lift() { return "LIFT " + rate; } let libFresh = 1; export function hotfix() { rate = 5; }`;

const PATCH = { "./rich.ts": PARTS.join("\n"), "./rich-lib.ts": LIB };

const STEPS_MAX = 300;

/** Copies of the service `rich`, each a type of its own. */
function richTypes(count: number): Record<string, string> {
  const read = (name: string): string => readFileSync(new URL(`${name}.ts`, FIXTURES), "utf8");
  const files: Record<string, string> = { "rich-lib.ts": read("rich-lib") };
  for (let number = 0; number <= count; number += 1) files[`rich${number}.ts`] = read("rich");
  return files;
}

/** Makes the k-th operation of a commit throw; operations before and after it are real. */
class Sabotage {
  /** The operation that throws, from 1; 0 for none. */
  failAt = 0;
  count = 0;

  constructor(t: TestContext) {
    this.#wrap(t, ModuleInstance.prototype, [
      "setImplementation",
      "write",
      "evaluate",
      "pushHook",
      "forward",
    ]);
    this.#wrap(t, SnaxHost.prototype, ["setMethod"]);
    this.#wrap(t, Object, ["defineProperty", "setPrototypeOf"]);
    this.#wrap(t, Reflect, ["defineProperty", "set"]);
  }

  arm(failAt: number): void {
    this.failAt = failAt;
    this.count = 0;
  }

  #wrap(t: TestContext, holder: object, names: readonly string[]): void {
    const methods = holder as Record<string, (...args: unknown[]) => unknown>;
    const step = (): boolean => this.failAt > 0 && ++this.count === this.failAt;
    for (const name of names) {
      const real = methods[name];
      if (real === undefined) continue;
      methods[name] = function (this: unknown, ...args: unknown[]): unknown {
        if (step()) throw new Error(`sabotage of ${name}`);
        return real.apply(this, args);
      };
      t.after(() => (methods[name] = real));
    }
  }
}

test("a failure at each step of a commit leaves everything exactly as before", async (t) => {
  // The steps are cut off on the test's own thread.
  const world = await World.open(t, {}, ONE_THREAD);
  const p = await world.start("rich");
  const before = await p.req.look();
  // What is made at first use is no step of a commit.
  await world.hotfix(p, "");
  const sabotage = new Sabotage(t);
  let step = 0;
  for (;;) {
    sabotage.arm((step += 1));
    const error = await world.hotfix(p, PATCH).then(
      () => undefined,
      (reason: Error) => reason,
    );
    const isHit = sabotage.count >= step;
    sabotage.arm(0);
    if (!isHit) break;
    ok(error !== undefined, `step ${step} failed and no error said so`);
    deepEqual(await p.req.look(), before, `after a failure at step ${step}: ${error.message}`);
    equal(await p.req.get(), 1);
    await fails(p.req.more(), { code: "ERR_NO_METHOD" });
    await world.refuse(p, `declare let fresh: string;`, { code: "ERR_PATCH_NAME" });
    ok(step < 1000);
  }
  ok(step > 8, `only ${step} steps were seen`);
  notDeepEqual(await p.req.look(), before);
  equal(await p.req.get(), -77);
  equal(await p.req.more(), "fresh");
});

test("a failure at each step of a patch for all leaves every service wholly old or wholly new", async (t) => {
  const world = await World.open(t, richTypes(STEPS_MAX));
  const sabotage = new Sabotage(t);
  let after: unknown;
  for (let step = 0; step <= STEPS_MAX; step += 1) {
    const type = `rich${step}`;
    const all = [await world.start(type), await world.start(type), await world.start(type)];
    const before = await all[0]?.req.look();
    sabotage.arm(step);
    const result = await world.hotfixall(type, PARTS.join("\n")).catch(() => undefined);
    const isHit = sabotage.count >= step;
    sabotage.arm(0);
    if (step === 0) after = await all[0]?.req.look();
    const applied = new Set(result?.applied);
    for (const p of all) {
      const expected = applied.has(p.handle) ? after : before;
      deepEqual(await p.req.look(), expected, `after a failure at step ${step}`);
    }
    if (!isHit) return;
  }
  throw new Error(`more than ${STEPS_MAX} steps`);
});

for (let place = 0; place <= PARTS.length; place += 1) {
  test(`an initial value that throws as part ${place} of a patch undoes the others`, async (t) => {
    const world = await World.open(t);
    const p = await world.start("rich");
    const before = await p.req.look();
    const broken = `let broken: any = (() => { throw new Error("broken"); })();`;
    const patch = [...PARTS.slice(0, place), broken, ...PARTS.slice(place)].join("\n");
    await world.refuse(
      p,
      { ...PATCH, "./rich.ts": patch },
      { code: "ERR_PATCH_FAILED", message: /broken/ },
    );
    deepEqual(await p.req.look(), before);
    p.post.touch();
    equal(await p.req.get(), 2);
  });
}

test("a failure in the second module of a patch undoes the first one", async (t) => {
  const world = await World.open(t);
  const p = await world.start("rich");
  const before = await p.req.look();
  for (const ending of [
    `let broken: any = (() => { throw new Error("broken"); })();`,
    `export function rollback() {} class Broken { static x = (() => { throw 1; })(); }`,
  ]) {
    const patch = { ...PATCH, "./rich-lib.ts": `${LIB}\n${ending}` };
    await world.refuse(p, patch, { code: "ERR_PATCH_FAILED" });
    deepEqual(await p.req.look(), before);
  }
});

test("a name of a class member that throws undoes the patch", async (t) => {
  const world = await World.open(t);
  const p = await world.start("rich");
  const before = await p.req.look();
  const member = `[(() => { throw new Error("key"); })()]() {}`;
  for (const text of [
    `class Unit { hit() { return "x"; } ${member} }`,
    `class Fresh { ${member} }`,
  ]) {
    await world.refuse(p, `${PARTS.join("\n").replace(/class Unit .*/, "")}\n${text}`, {
      code: ["ERR_PATCH_FAILED", "ERR_PATCH_CLASS"],
    });
    deepEqual(await p.req.look(), before);
  }
});

for (const [title, frozen] of [
  ["a class whose prototype is frozen", `Object.freeze(Last.prototype);`],
  ["a class that is frozen", `Object.freeze(Last);`],
  [
    "a class with a method that can't be redefined",
    `Object.defineProperty(Last.prototype, "b", { configurable: false, writable: false });`,
  ],
  ["a class whose prototype takes no new members", `Object.preventExtensions(Last.prototype);`],
] as const) {
  test(`${title} is patched wholly or not at all`, async (t) => {
    const { p, fix } = await serve(
      t,
      `function f() { return 1; } class First { a() { return 1; } }
       class Last { a() { return 1; } b() { return 1; } static s() { return 1; } } ${frozen}
       const first = new First(); const last = new Last() as any;
       export const response = { look() { return [f(), first.a(), last.a(), last.b(), Last.s(), last.c?.() ?? 1]; } };`,
    );
    const patch = `function f() { return 2; } class First { a() { return 2; } }
      class Last { a() { return 2; } b() { return 2; } static s() { return 2; } c() { return 2; } }`;
    const isApplied = await fix(patch).then(
      () => true,
      () => false,
    );
    deepEqual(await p.req.look(), Array(6).fill(isApplied ? 2 : 1));
  });
}

for (const [title, table] of [
  ["a frozen method table", `Object.freeze({ look, a: () => 1 })`],
  ["a sealed method table", `Object.seal({ look, a: () => 1 })`],
  [
    "a method table that throws when it is written",
    `new Proxy({ look, a: () => 1 } as any, { set() { throw new Error("set"); }, defineProperty() { throw new Error("define"); } })`,
  ],
] as const) {
  test(`${title} is patched wholly or not at all`, async (t) => {
    const { p, fix } = await serve(
      t,
      `function look() { return [f(), g()]; } function f() { return 1; } const g = () => 1;
       export const response = ${table};`,
    );
    const patch = `function f() { return 2; } const g = () => 2;
      export const response = { a() { return 2; }, b() { return 2; } };`;
    const isApplied = await fix(patch).then(
      () => true,
      () => false,
    );
    deepEqual([await p.req.look(), await p.req.a()], isApplied ? [[2, 2], 2] : [[1, 1], 1]);
    if (isApplied) equal(await p.req.b(), 2);
    else await rejects(p.req.b(), { code: "ERR_NO_METHOD" });
  });
}
