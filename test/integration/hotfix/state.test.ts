/** The variables of a service under a patch: declared ones are the live ones, new ones stay. */

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { serve } from "./harness.ts";

const COUNTER = `
  let count = 1;
  const STEP = 1;
  const log: string[] = ["born"];
  var old = "var";
  export const response = { get() { return count; }, log() { return log; }, step() { return STEP; }, old() { return old; } };
  export const accept = { touch() { count += STEP; } };
`;

test("a declared variable is read and written where it lives", async (t) => {
  const { p, fix } = await serve(t, COUNTER);
  p.post.touch();
  // A patch travels before posts and requests that wait.
  equal(await p.req.get(), 2);
  await fix(`
    declare let count: number;
    export const accept = { touch() { count += 10; } };
  `);
  p.post.touch();
  equal(await p.req.get(), 12);
});

test("the program of the API page ends with what the page says", async (t) => {
  const { p, fix } = await serve(
    t,
    `let i = 0;
     export const response = { echo(data: string) { return [data, i] as const; } };
     export const accept = { touch() { i += 1; } };`,
  );
  p.post.touch();
  deepEqual(await p.req.echo("foobar"), ["foobar", 1]);
  await fix(`declare let i: number; export const accept = { touch() { i += 2; } };`);
  p.post.touch();
  deepEqual(await p.req.echo("foobar"), ["foobar", 3]);
  const text = `declare let i: number; export function hotfix(t: number) { const last = i; i = t; return last; }`;
  equal(await fix(text, 100), 3);
  deepEqual(await p.req.echo("foobar"), ["foobar", 100]);
});

test("a const that holds an object may be declared and its contents changed", async (t) => {
  const { p, fix } = await serve(t, COUNTER);
  await fix(`declare const log: string[]; export function hotfix() { log.push("patched"); }`);
  deepEqual(await p.req.log(), ["born", "patched"]);
});

test("every kind of declaration may name a variable of the service", async (t) => {
  const { fix } = await serve(
    t,
    `${COUNTER}
     function helper() { return 1; }
     class Unit { size = 2; }
     const arrow = () => 3;`,
  );
  const patch = `
    declare var count: number;
    declare const STEP: number, log: string[];
    declare let old: string;
    declare function helper(): number;
    declare class Unit { size: number }
    declare const arrow: () => number;
    export function hotfix() { return [count, STEP, log.length, old, helper(), new Unit().size, arrow()]; }
  `;
  deepEqual(await fix(patch), [1, 1, 1, "var", 1, 2, 3]);
});

test("a variable of the service is in reach without being declared", async (t) => {
  const { fix } = await serve(t, COUNTER);
  equal(await fix(`export function hotfix() { return count; }`), 1);
});

test("what a service imports is in reach of a patch", async (t) => {
  const { fix } = await serve(t, {
    "main.ts": `import { skynet } from "snax"; import { sep } from "node:path"; import { rate } from "./rate.ts";
                export const response = { all() { return [skynet.self(), sep, rate]; } };`,
    "rate.ts": `export let rate = 3;`,
  });
  const patch = `export function hotfix() { return [typeof skynet.self(), sep.length, rate]; }`;
  deepEqual(await fix(patch), ["number", 1, 3]);
});

test("a new variable becomes state of the service that later patches see", async (t) => {
  const { p, fix } = await serve(t, COUNTER);
  await fix(`let fresh = 5; export const response = { fresh() { return ++fresh; } };`);
  equal(await p.req.fresh(), 6);
  await fix(
    `declare let fresh: number; export const response = { twice() { return fresh * 2; } };`,
  );
  deepEqual([await p.req.twice(), await p.req.fresh(), await p.req.twice()], [12, 7, 14]);
});

test("new state may be an object, a destructured value, or nothing yet", async (t) => {
  const { p, fix } = await serve(t, COUNTER);
  await fix(`
    const seen = new Map<string, number>();
    const { a, b: [c] } = { a: 1, b: [2] };
    let later: number | undefined;
    export const response = { put(k: string) { seen.set(k, a + c); later = seen.size; return [...seen]; } };
  `);
  await fix(`declare let later: number; export const response = { later() { return later; } };`);
  await p.req.put("x");
  deepEqual(
    [await p.req.put("y"), await p.req.later()],
    [
      [
        ["x", 3],
        ["y", 3],
      ],
      2,
    ],
  );
});

test("new state sees what the service has when the patch is applied", async (t) => {
  const { p, fix } = await serve(t, COUNTER);
  p.post.touch();
  await p.req.get();
  await fix(`let first = count; export const response = { first() { return first; } };`);
  p.post.touch();
  equal(await p.req.first(), 2);
});

test("state declared by a patch can't be declared again by the next one", async (t) => {
  const { p, fix, refuse } = await serve(t, COUNTER);
  await fix(`let fresh = 5; export const response = { fresh() { return fresh; } };`);
  await refuse(`let fresh = 7;`, { code: "ERR_PATCH", message: /fresh/ });
  equal(await p.req.fresh(), 5);
});

test("a const with a literal is replaced, for the functions that are not patched too", async (t) => {
  const { p, fix } = await serve(t, COUNTER);
  await fix(`const STEP = 100;`);
  p.post.touch();
  deepEqual([await p.req.step(), await p.req.get()], [100, 101]);
});

test("a literal that a patch replaced may be replaced again", async (t) => {
  const { p, fix } = await serve(t, COUNTER);
  await fix(`const STEP = -3;`);
  await fix(`const STEP = "three";`);
  equal(await p.req.step(), "three");
});

test("two services of one file keep their own variables, and only one is patched", async (t) => {
  const { world, p, fix } = await serve(t, COUNTER);
  const other = await world.start("main");
  await fix(`declare let count: number; export function hotfix() { count = 50; }
             export const accept = { touch() { count += 7; } };`);
  p.post.touch();
  other.post.touch();
  deepEqual([await p.req.get(), await other.req.get()], [57, 2]);
});

test("new state of one service is unknown to another of the same file", async (t) => {
  const { world, fix } = await serve(t, COUNTER);
  const other = await world.start("main");
  await fix(`let fresh = 1;`);
  await world.refuse(other, `declare let fresh: number;`, { code: "ERR_PATCH_NAME" });
});

test("the arguments of a patch and its result are copies", async (t) => {
  const { p, fix } = await serve(
    t,
    `let box = { list: [1] }; export const response = { box() { return box; } };`,
  );
  const given = { list: [1, 2], at: new Date(0) };
  const patch = `declare let box: any; export function hotfix(given: any) { box = given; return box; }`;
  const got = (await fix(patch, given)) as typeof given;
  got.list.push(99);
  given.list.push(98);
  deepEqual(await p.req.box(), { list: [1, 2], at: new Date(0) });
});

test("an exported variable that a patch assigns reaches the modules that import it", async (t) => {
  const { p, fix } = await serve(t, {
    "main.ts": `import { seen } from "./reader.ts"; export let rate = 1;
                export const response = { seen() { return seen(); } };`,
    "reader.ts": `import { rate } from "./main.ts"; export const seen = () => rate;`,
  });
  await fix(`declare let rate: number; export function hotfix() { rate = 9; }`);
  equal(await p.req.seen(), 9);
});

test("a name that the service uses locally does not hide the module's variable", async (t) => {
  const { p, fix } = await serve(
    t,
    `let x = 1; function f() { let x = 2; return x; } export const response = { both() { return [x, f()]; } };`,
  );
  await fix(`declare let x: number; export function hotfix() { x = 10; }`);
  deepEqual(await p.req.both(), [10, 2]);
});
