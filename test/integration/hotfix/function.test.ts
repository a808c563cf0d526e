/** Functions of a service under a patch: replaced for every caller, while a body that runs finishes on its own text. */

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { World, serve } from "./harness.ts";

test("a helper is replaced for all handlers that call it", async (t) => {
  const { p, fix } = await serve(
    t,
    `function tax(n: number) { return n * 2; }
     const total = (n: number) => tax(n) + 1;
     export const response = { a(n: number) { return tax(n); }, b(n: number) { return total(n); } };`,
  );
  await fix(`function tax(n: number): number { return n * 100; }`);
  deepEqual([await p.req.a(1), await p.req.b(1)], [100, 101]);
});

test("a function may be patched by a const and a const-held function by a declaration", async (t) => {
  const { p, fix } = await serve(
    t,
    `function a() { return "a"; } const b = () => "b"; const c = function () { return "c"; };
     const d = async () => "d"; function* e() { yield "e"; }
     export const response = { async all() { return [a(), b(), c(), await d(), [...e()]]; } };`,
  );
  await fix(`
    const a = () => "A";
    function b() { return "B"; }
    const c = () => "C";
    async function d() { return "D"; }
    const e = function* () { yield "E"; yield "F"; };
  `);
  deepEqual(await p.req.all(), ["A", "B", "C", "D", ["E", "F"]]);
});

test("functions of a patch call each other, recursively too", async (t) => {
  const { p, fix } = await serve(
    t,
    `function even(n: number): boolean { return false; } function odd(n: number): boolean { return false; }
     function fact(n: number): number { return 0; }
     export const response = { run(n: number) { return [even(n), odd(n), fact(n)]; } };`,
  );
  await fix(`
    function even(n: number): boolean { return n === 0 || odd(n - 1); }
    function odd(n: number): boolean { return n !== 0 && even(n - 1); }
    const fact = (n: number): number => (n < 2 ? 1 : n * fact(n - 1));
  `);
  deepEqual(await p.req.run(5), [false, true, 120]);
});

test("a new function is in reach of the patch and of later ones, which may replace it", async (t) => {
  const { p, fix } = await serve(t, `export const response = { get() { return "old"; } };`);
  await fix(
    `function fresh() { return 1; } export const response = { get() { return fresh(); } };`,
  );
  equal(await p.req.get(), 1);
  await fix(`function fresh() { return 2; }`);
  equal(await p.req.get(), 2);
  await fix(
    `declare function fresh(): number; export const response = { more() { return fresh() + 1; } };`,
  );
  equal(await p.req.more(), 3);
});

test("patch upon patch, the last one counts", async (t) => {
  const { p, fix } = await serve(
    t,
    `let n = 0; function step() { return 0; } export const response = { get() { n += 1; return [step(), n]; } };`,
  );
  for (let version = 1; version <= 12; version += 1) {
    await fix(`let added${version} = ${version};
               function step() { return ${version} + ${version > 1 ? `added${version - 1}` : 0}; }`);
    deepEqual(await p.req.get(), [2 * version - 1, version]);
  }
});

test("a handler that waits finishes on its own text, and what it calls afterwards is new", async (t) => {
  const world = await World.open(t, {
    "main.ts": `
      let gate: any;
      export function init(g: any) { gate = g; }
      function helper() { return "old"; }
      const arrow = () => "old";
      export const response = {
        async slow() { const before = helper(); await gate.req.pass("slow"); return ["old body", before, helper(), arrow()]; },
      };`,
  });
  const gate = await world.start("gate");
  const p = await world.start("main", gate);
  const running = p.req.slow() as Promise<unknown>;
  await gate.req.reached("slow");
  await world.hotfix(
    p,
    `function helper() { return "new"; }
     const arrow = () => "new";
     export const response = { async slow() { return ["new body", helper()]; } };`,
  );
  deepEqual(await p.req.slow(), ["new body", "new"]);
  gate.post.open("slow");
  deepEqual(await running, ["old body", "old", "new", "new"]);
});

test("a service in queue mode that is stuck in an await is patched", async (t) => {
  const world = await World.open(t, {
    "main.ts": `
      let gate: any;
      export function init(g: any) { gate = g; return "queue"; }
      let stuck = true;
      function isDone() { return false; }
      export const response = {
        async slow() { while (!isDone()) await gate.req.pass("slow"); return "done"; },
        next() { return "next"; },
      };`,
  });
  const gate = await world.start("gate");
  const p = await world.start("main", gate);
  const running = p.req.slow() as Promise<unknown>;
  const next = p.req.next() as Promise<unknown>;
  await gate.req.reached("slow");
  const patch = `export const response = { next() { return "new next"; } };
                 function isDone() { return true; }
                 export function hotfix() { return "patched"; }`;
  equal(await world.hotfix(p, patch), "patched");
  gate.post.open("slow");
  deepEqual([await running, await next], ["done", "new next"]);
});

test("default parameters, rest, this and generators of a patched function work", async (t) => {
  const { p, fix } = await serve(
    t,
    `function f(...args: any[]): any { return args; } function me(this: any): any { return this; }
     export const response = { f(...args: any[]) { return f(...args); }, me() { return me.call("x"); } };`,
  );
  await fix(`
    function f(a = 5, { b } = { b: a }, ...rest: number[]) { return [a, b, rest]; }
    function me(this: string) { return this + "!"; }
  `);
  deepEqual(
    [await p.req.f(), await p.req.f(1, { b: 2 }, 3, 4), await p.req.me()],
    [[5, 5, []], [1, 2, [3, 4]], "x!"],
  );
});

test("a patched function keeps no hold on the name the patch gave it", async (t) => {
  const { p, fix } = await serve(
    t,
    `function a() { return 1; } export const response = { names() { return [a.name, a()]; } };`,
  );
  await fix(`function a() { return 2; }`);
  deepEqual(await p.req.names(), ["a", 2]);
});

test("timers and the console of a patch are the service's own", async (t) => {
  const { world, p, fix } = await serve(t, `export const response = {};`);
  const patch = `
    export function hotfix() {
      console.log("a line of the patch");
      return [setTimeout === globalThis.setTimeout, console === globalThis.console];
    }`;
  deepEqual(await fix(patch), [false, false]);
  const timer = `
    let fired = 0;
    export const response = {
      wait() { return new Promise<number>((resolve) => setTimeout(() => resolve(++fired), 1)); },
    };`;
  await fix(timer);
  equal(await p.req.wait(), 1);
  equal(typeof world.log, "string");
});

test("exit is replaced", async (t) => {
  const world = await World.open(t, {
    "main.ts": `export const response = {}; export function exit() {}`,
    "witness.ts": `let said: unknown[] = []; export const accept = { say(x: unknown) { said.push(x); } }; export const response = { said() { return said; } };`,
  });
  const witness = await world.start("witness");
  const p = await world.start("main");
  await world.hotfix(
    p,
    `let witness: any; export function hotfix(w: any) { witness = w; }
     export function exit(word: string) { witness.post.say(word); }`,
    witness,
  );
  await world.node.snax.exit(p, "bye");
  while (((await witness.req.said()) as unknown[]).length === 0) await world.node.skynet.sleep(1);
  deepEqual(await witness.req.said(), ["bye"]);
});

test("an exit is added to a service that had none", async (t) => {
  const world = await World.open(t, {
    "main.ts": `export const response = {};`,
    "witness.ts": `let said = 0; export const accept = { say() { said += 1; } }; export const response = { said() { return said; } };`,
  });
  const witness = await world.start("witness");
  const p = await world.start("main");
  await world.hotfix(
    p,
    `let witness: any; export function hotfix(w: any) { witness = w; }
     export async function exit() { await witness.req.said(); witness.post.say(); }`,
    witness,
  );
  await world.node.snax.exit(p);
  // A service on another thread may say it a moment after that one has ended.
  while ((await witness.req.said()) === 0) await world.node.skynet.sleep(1);
  equal(await witness.req.said(), 1);
});

test("an export that means nothing in a service's own file is refused with what was meant", async (t) => {
  const { refuse } = await serve(t, `export const response = { get() { return 0; } };`);
  await refuse(`export const respone = { get() { return 1; } };`, {
    code: "ERR_PATCH",
    message: /did you mean "response"/,
  });
  await refuse(`export function get() { return 1; }`, { code: "ERR_PATCH", message: /response/ });
});

test("hotfixall reaches plain services, too", async (t) => {
  const world = await World.open(t, {
    "plain.ts": `import { skynet } from "snax"; function answer() { return 1; }
      skynet.start(() => { skynet.dispatch("lua", () => answer()); });`,
  });
  const { skynet } = world.node;
  const first = await skynet.newservice("plain");
  const { applied } = await world.hotfixall("plain", `function answer() { return 2; }`);
  deepEqual(applied, [first]);
  const second = await skynet.newservice("plain");
  deepEqual([await skynet.call(first, "lua"), await skynet.call(second, "lua")], [2, 2]);
});

test("a function that is the module's default export is patched by its name", async (t) => {
  const { p, fix } = await serve(t, {
    "main.ts": `import f from "./f.ts"; export const response = { f() { return f(); } };`,
    "f.ts": `export default function f() { return "old"; }`,
  });
  await fix({ "./f.ts": `"use strict"; export default function f() { return "new"; }` });
  equal(await p.req.f(), "new");
});

const NAMED = `
  function g() { return "service"; }
  const fact = function f(n: number): number { return n < 2 ? 1 : n * f(n - 1); };
  const same = function same(n: number): number { return n < 2 ? 1 : n * same(n - 1); };
  let late = function g(n: number): any { return n ? g(n - 1) : "own"; };
  const held = [fact, same, late];
  export const response = { look() { return [fact(4), same(4), late(2), g(), held.map((each) => String(each(3)))]; } };`;

test("a function expression keeps a name of its own, also one that the service has for something else", async (t) => {
  const { p, fix } = await serve(t, NAMED);
  deepEqual((await p.req.look()).slice(0, 4), [24, 24, "own", "service"]);
  const patch = (sign: string): string =>
    `const fact = function f(n: number): number { return n < 2 ? 1 : n ${sign} f(n - 1); };
    const same = function same(n: number): number { return n < 2 ? 1 : n ${sign} same(n - 1); };
    let late = function g(n: number): any { return n ? g(n - 1) : "own ${sign}"; };`;
  for (const [sign, of4, of3] of [
    ["+", 10, 6],
    ["-", 2, 2],
  ] as const) {
    await fix(patch(sign));
    const own = `own ${sign}`;
    deepEqual(await p.req.look(), [of4, of4, own, "service", [`${of3}`, `${of3}`, own]]);
  }
});
