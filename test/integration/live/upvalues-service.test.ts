/** Upvalues in services: functions of loader modules, behind forwarders, of packages, before and after a patch. */

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import type { World } from "../../world.ts";
import { codeOfFailure, run, world } from "../../world.ts";

/** Runs the body of a `run` method inside a service with these declarations. */
function runIn(t: TestContext, declarations: string, body: string): Promise<unknown> {
  const main = `import { upvalues, skynet, snax } from "snax"; ${declarations}
    export const response = { async run() { ${body} } };`;
  return run(t, { main, ...MODULES });
}

const MODULES = {
  "lib.ts": `let rate = 2; const table = { gold: 1 };
    export function price(n: number) { return n * rate + table.gold; }
    export class Wallet { coins = rate; add(n: number) { this.coins += n * rate; return this.coins; } }`,
  "waits.ts": `let found = await Promise.resolve(3); export const find = (): number => found;`,
  "node_modules/pack/package.json": `{ "name": "pack", "type": "module", "exports": "./index.js" }`,
  "node_modules/pack/index.js": `let count = 5; export let seen = 1; export function next() { seen += 1; return count += 1; }`,
  "node_modules/old/package.json": `{ "name": "old" }`,
  "node_modules/old/index.js": `var count = 7; exports.next = function next() { return ++count; };`,
};

test("a module's private variables are reached through its functions", async (t) => {
  const body = `const u = upvalues(bump); const before = u.i; u.i = 10; return [before, bump(), Object.keys(u)];`;
  const result = await runIn(
    t,
    `let i = 1; const unused = 0; function bump() { return i += 1; }`,
    body,
  );
  deepEqual(result, [1, 11, ["i"]]);
});

test("a module of one line is no different", async (t) => {
  const main = `import { upvalues } from "snax"; let a = 1, b = 2; const get = (x = a) => x + b; export const response = { run() { const u = upvalues(get); u.b = 5; return [u.a, get()]; } };`;
  deepEqual(await run(t, { main }), [1, 6]);
});

for (const [kind, declaration] of Object.entries({
  declared: `function tick(n = 1) { return ticks += n; }`,
  arrow: `const tick = (n = 1) => ticks += n;`,
  "arrow with a body": `const tick = (n = 1) => { return ticks += n; };`,
  "arrow in a let with a name of other letters": `let tick = ($n = 1) => ticks += $n;`,
  "async, with a pattern": `async function tick([n] = [1]) { return ticks += n; }`,
})) {
  test(`a forwarder to a function is looked through, and nothing of the loader is listed: ${kind}`, async (t) => {
    const declarations = `let ticks = 1; ${declaration} const held = { tick };`;
    const body = `const u = upvalues(held.tick); u.ticks = 5;
      return [await held.tick(), Object.keys(u), Object.getOwnPropertyNames(u).filter((name) => name.startsWith("$"))];`;
    deepEqual(await runIn(t, declarations, body), [6, ["ticks"], []]);
  });
}

test("a patched function gives the variables that the patch uses, the module's and its own", async (t) => {
  const { make, snax } = await world(t, {
    main: `import { upvalues } from "snax"; let i = 1; let j = 2; function read() { return i; } const held = { read };
      export const response = { look() { const u = upvalues(held.read); return [Object.keys(u).sort(), u.i, u.fresh, held.read()]; } };`,
  });
  const p = await make("main");
  deepEqual(await p.req.look(), [["i"], 1, undefined, 1]);
  await snax.hotfix(
    p,
    `declare let j: number; let fresh = 7; function read() { return j + fresh; }`,
  );
  deepEqual(await p.req.look(), [["fresh", "j"], 1, 7, 9]);
});

test("functions of imported modules are reached, and each service has its own", async (t) => {
  const { make } = await world(t, {
    ...MODULES,
    main: `import { upvalues } from "snax"; import { price } from "./lib.ts";
      export const response = { set(n: number) { upvalues(price).rate = n; }, price(n: number) { return price(n); } };`,
  });
  const one = await make("main");
  const other = await make("main");
  await one.req.set(10);
  deepEqual([await one.req.price(1), await other.req.price(1)], [11, 3]);
});

test("a class of a module is reached, whose constructor the loader has prepared", async (t) => {
  const body = `const u = upvalues(Wallet); u.rate = 5; const made = new Wallet(); return [made.coins, made.add(1)];`;
  deepEqual(await runIn(t, `import { Wallet } from "./lib.ts";`, body), [5, 10]);
});

test("a module that awaits at top level is no different", async (t) => {
  const body = `const u = upvalues(find); u.found += 1; return [u.found, find()];`;
  deepEqual(await runIn(t, `import { find } from "./waits.ts";`, body), [4, 4]);
});

test("functions of packages are reached, ES modules and CommonJS", async (t) => {
  const body = `upvalues(next).count = 50; upvalues(old.next).count = 70; return [next(), old.next(), upvalues(next).seen];`;
  const declarations = `import { next } from "pack"; import old from "old";`;
  deepEqual(await runIn(t, declarations, body), [51, 71, 2]);
});

test("a method of a snax service gives the service's variables", async (t) => {
  const { make } = await world(t, {
    main: `import { upvalues } from "snax"; let i = 1;
      export const response = { get() { return i; }, set(n: number) { upvalues(response.get).i = n; return i; } };`,
  });
  const p = await make("main");
  deepEqual([await p.req.set(9), await p.req.get()], [9, 9]);
});

test("native code is refused inside a service with the same code", async (t) => {
  const { make }: World = await world(t, {
    main: `import { upvalues } from "snax"; export const response = { run() { return upvalues(Math.max); } };`,
  });
  const p = await make("main");
  equal(await codeOfFailure(p.req.run()), "ERR_ARGUMENT");
});

test("a held function is one of the variables of those who call it, and what is written is called", async (t) => {
  const result = await runIn(
    t,
    `function f() { return "f"; } const g = () => "g"; const held = [f, g]; function caller() { return [f(), g()]; }`,
    `const u = upvalues(caller); const names = Object.keys(u); u.f = () => "F"; u.g = () => "G";
     return [names, caller(), held.map((each) => each()), u.f(), Object.getOwnPropertyNames(u).filter((name) => name.startsWith("$"))];`,
  );
  deepEqual(result, [["f", "g"], ["F", "G"], ["f", "g"], "F", []]);
});
