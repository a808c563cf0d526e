/** References to a function that were taken before a patch reach the new function. */

import { deepEqual, equal, rejects } from "node:assert/strict";
import { test } from "node:test";
import { World, serve } from "./harness.ts";

test("a function held by an object, an array, a map and a closure follows", async (t) => {
  const { p, fix } = await serve(
    t,
    `function tick() { return "old"; }
     const tock = () => "old";
     const table = { tick, other: tock };
     const list = [tick, tock];
     const map = new Map([["t", tick]]);
     const call = ((f) => () => f())(tick);
     const bound = tick.bind(null);
     export const response = {
       all() { return [table.tick(), table.other(), ...list.map((f) => f()), map.get("t")!(), call(), bound()]; },
     };`,
  );
  await fix(`function tick() { return "new"; } const tock = () => "NEW";`);
  deepEqual(await p.req.all(), ["new", "NEW", "new", "NEW", "new", "new", "new"]);
});

test("a function held by an interval follows", async (t) => {
  const world = await World.open(t, {
    "main.ts": `
      let gate: any;
      function tick() {}
      export function init(g: any) { gate = g; setInterval(tick, 1); }
      export const response = {};`,
  });
  const gate = await world.start("gate");
  const p = await world.start("main", gate);
  await world.hotfix(p, `declare let gate: any; function tick() { gate.req.pass("new tick"); }`);
  await gate.req.reached("new tick");
  gate.post.open("new tick");
});

test("a function held as a dispatch handler follows, in a plain service", async (t) => {
  const world = await World.open(t, {
    "plain.ts": `
      import { skynet } from "snax";
      let n = 0;
      function handle(_session: number, _source: number, cmd: string) { n += 1; return [cmd, "old", n]; }
      skynet.start(() => { skynet.dispatch("lua", handle); });`,
  });
  const { skynet } = world.node;
  const handle = (await skynet.newservice("plain")) as number;
  deepEqual(await skynet.call(handle, "lua", "a"), ["a", "old", 1]);
  await world.hotfix(
    handle,
    `declare let n: number;
     function handle(_session: number, _source: number, cmd: string) { n += 10; return [cmd, "new", n]; }`,
  );
  deepEqual(await skynet.call(handle, "lua", "b"), ["b", "new", 11]);
});

test("a command table in a plain service is reached through its functions", async (t) => {
  const world = await World.open(t, {
    "plain.ts": `
      import { skynet } from "snax";
      const db = new Map<string, string>();
      const command: Record<string, (...args: string[]) => unknown> = { GET(key) { return db.get(key); } };
      skynet.start(() => { skynet.dispatch("lua", (_s, _a, cmd: string, ...args: string[]) => command[cmd]!(...args)); });`,
  });
  const { skynet } = world.node;
  const handle = (await skynet.newservice("plain")) as number;
  await world.hotfix(
    handle,
    `declare const command: any; declare const db: Map<string, string>;
     export function hotfix() { command.SET = (key: string, value: string) => void db.set(key, value); }`,
  );
  await skynet.call(handle, "lua", "SET", "a", "1");
  equal(await skynet.call(handle, "lua", "GET", "a"), "1");
});

test("a function taken over from another module follows, however it was imported", async (t) => {
  const { p, fix } = await serve(t, {
    "main.ts": `
      import { f, g as other } from "./lib.ts"; import * as lib from "./lib.ts"; import run from "./run.ts";
      import { again } from "./through.ts";
      const taken = [f, other, lib.f, run, again];
      const { g } = lib;
      export const response = {
        all() { return [...taken.map((each) => each()), g(), f(), other(), lib.f(), lib.g(), run(), again()]; },
      };`,
    "lib.ts": `export function f() { return "f"; } export const g = () => "g";`,
    "run.ts": `export default function () { return "run"; }`,
    "through.ts": `export { f as again } from "./lib.ts";`,
  });
  deepEqual(await p.req.all(), ["f", "g", "f", "run", "f", "g", "f", "g", "f", "g", "run", "f"]);
  await fix({
    "./lib.ts": `export function f() { return "F"; } export function g() { return "G"; }`,
  });
  deepEqual(await p.req.all(), ["F", "G", "F", "run", "F", "G", "F", "G", "F", "G", "run", "F"]);
});

test("a function passed to another module follows", async (t) => {
  const { p, fix } = await serve(t, {
    "main.ts": `
      import { add, emit } from "./bus.ts";
      function onEvent(n: number) { return "old" + n; }
      add(onEvent);
      add((n) => onEvent(n));
      export const response = { emit() { return emit(1); } };`,
    "bus.ts": `const all: ((n: number) => unknown)[] = []; export const add = (f: (n: number) => unknown) => void all.push(f); export const emit = (n: number) => all.map((f) => f(n));`,
  });
  await fix(`function onEvent(n: number) { return "new" + n; }`);
  deepEqual(await p.req.emit(), ["new1", "new1"]);
});

test("a function held by a shared module follows in each service", async (t) => {
  const world = await World.open(t, {
    "main.ts": `
      import { add, call } from "./registry.ts";
      function mine() { return "old"; }
      export function init(key: string) { add(key, mine); }
      export const response = { call(key: string) { return call(key); } };`,
    "registry.ts": `"use shared"; const all = new Map<string, () => unknown>(); export const add = (k: string, f: () => unknown) => void all.set(k, f); export const call = (k: string) => all.get(k)!();`,
  });
  const [a, b] = [await world.start("main", "a"), await world.start("main", "b")];
  await world.hotfix(a, `function mine() { return "new"; }`);
  deepEqual([await a.req.call("a"), await b.req.call("b")], ["new", "old"]);
});

test("identity, name and length of a held function survive patches", async (t) => {
  const { p, fix } = await serve(
    t,
    `function f(a: number, b: number) { return a + b; }
     const before = f;
     const set = new Set([f]);
     export const response = { look() { return [f === before, set.has(f), f.name, before(1, 2)]; } };`,
  );
  await fix(`function f(a: number, b: number) { return a * b; }`);
  deepEqual(await p.req.look(), [true, true, "f", 2]);
  await fix(`function f() { return "third"; }`);
  deepEqual(await p.req.look(), [true, true, "f", "third"]);
});

test("a function that a patch took as a value follows the next patch", async (t) => {
  const { p, fix } = await serve(
    t,
    `const hooks: (() => unknown)[] = []; function f() { return 1; }
     export const response = { run() { return hooks.map((hook) => hook()); } };`,
  );
  await fix(`declare const hooks: any[]; declare function f(): number;
             function fresh() { return "fresh"; }
             export function hotfix() { hooks.push(f, fresh); }`);
  deepEqual(await p.req.run(), [1, "fresh"]);
  await fix(`function f() { return 2; } const fresh = () => "FRESH";`);
  deepEqual(await p.req.run(), [2, "FRESH"]);
});

test("methods that were taken as functions of a group object are the group's own affair", async (t) => {
  const { p, fix } = await serve(
    t,
    `export const response = { a() { return "old"; }, viaGroup() { return response.a(); } };`,
  );
  await fix(`export const response = { a() { return "new"; } };`);
  deepEqual([await p.req.a(), await p.req.viaGroup()], ["new", "new"]);
});

test("what calls a held function by its name, also from a patch, gets there without a frame in between", async (t) => {
  const { p, fix } = await serve(
    t,
    `function depth() {
       const limit = Error.stackTraceLimit;
       Error.stackTraceLimit = 1000;
       const lines = new Error().stack!.split("\\n").slice(2);
       Error.stackTraceLimit = limit;
       return lines.findIndex((line) => line.includes("top"));
     }
     function down(n: number): number { return n === 0 ? depth() : down(n - 1); }
     const arrow = (n: number): number => n === 0 ? depth() : arrow(n - 1);
     const held = [down, arrow];
     export const response = {
       top(n: number) { return [down(n), arrow(n)]; },
       held(n: number) { return held.map((f) => typeof f(n)); },
     };`,
  );
  deepEqual(await p.req.top(30), [31, 31]);
  await fix(`
    declare function depth(): number;
    function down(n: number): number { return n === 0 ? depth() : down(n - 1); }
    const arrow = (n: number): number => {
      n -= 1
      return n < 0 ? depth() + 0.5 : arrow(n)
    }`);
  deepEqual(await p.req.top(30), [31, 31.5]);
  await fix(`function down(n: number): number { return n === 0 ? -1 : down(n - 1); }`);
  deepEqual(await p.req.top(3), [-1, 4.5]);
  deepEqual(await p.req.held(1), ["number", "number"]);
});

test("a patch that is undone gives callers by name the function from before", async (t) => {
  const { p, fix } = await serve(
    t,
    `function f() { return "old"; }
     const g = () => "old";
     const held = [f, g];
     export const response = { all: () => [f(), g(), ...held.map((each) => each())] };`,
  );
  const failure = fix(
    `function f() { return "new"; } const g = () => "new"; export function hotfix() { throw new Error([f(), g()].join()); }`,
  );
  await rejects(failure, /new,new/);
  deepEqual(await p.req.all(), ["old", "old", "old", "old"]);
});

for (const [kind, take] of [
  ["is taken from", "import * as mid from './mid.ts'; const held = mid.inner.f;"],
  ["is taken as a whole from", "import * as mid from './mid.ts'; const { f: held } = mid.inner;"],
  [
    "is in one that goes anywhere",
    "import * as mid from './mid.ts'; const keep = (x: any) => x.inner.f; const held = keep(mid);",
  ],
  ["is imported as a value from", "import { mid } from './top.ts'; const held = mid.inner.f;"],
] as const) {
  test(`a function follows that ${kind} a namespace in a namespace`, async (t) => {
    const { p, fix } = await serve(t, {
      "main.ts": `${take} export const response = { call() { return held(); } };`,
      "top.ts": `export * as mid from "./mid.ts";`,
      "mid.ts": `export * as inner from "./inner.ts"; export * as top from "./top.ts";`,
      "inner.ts": `export function f() { return "old"; }`,
    });
    equal(await p.req.call(), "old");
    await fix({ "./inner.ts": `export function f() { return "new"; }` });
    equal(await p.req.call(), "new");
  });
}
