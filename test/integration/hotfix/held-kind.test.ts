/** Held async functions and generators: a patch reaches who holds them, and they stay of their kind. */

import { deepEqual, match } from "node:assert/strict";
import { test } from "node:test";
import { serve } from "./harness.ts";

const TEXT = `
  import { types } from "node:util";
  async function load(n: number) { return n; }
  const save = async (n: number) => n;
  function* walk(n: number): any { yield n; }
  async function* flow(n: number): any { yield n; }
  async function open({ n }: any) { return n; }
  const held = { load, save, walk, flow, open };
  export const response = {
    kinds() { return Object.values(held).map((f) => [f.constructor.name, types.isAsyncFunction(f), types.isGeneratorFunction(f), f.length]); },
    async held() {
      const list = []; for await (const n of held.flow(1)) list.push(n);
      return [await held.load(1), await held.save(1), [...held.walk(1)], list, await held.open({ n: 1 })];
    },
    async named() { return [await load(1), await save(1), [...walk(1)], held.walk(1) instanceof (walk as any), walk(1) instanceof (held.walk as any)]; },
  };`;

const KINDS = [
  ["AsyncFunction", true, false, 1],
  ["AsyncFunction", true, false, 1],
  ["GeneratorFunction", false, true, 1],
  ["AsyncGeneratorFunction", true, true, 1],
  // Its parameter is a pattern.
  ["AsyncFunction", false, false, 1],
];

test("a patch reaches held async functions and generators, which stay of their kind", async (t) => {
  const { p, fix } = await serve(t, TEXT);
  deepEqual(await p.req.kinds(), KINDS);
  deepEqual(await p.req.held(), [1, 1, [1], [1], 1]);
  for (const k of [10, 100]) {
    await fix(`
      async function load(n: number, m = ${k}) { return n + m; }
      const save = async (n: number) => n + ${k};
      function* walk(n: number): any { yield n + ${k}; }
      async function* flow(n: number): any { yield n + ${k}; }
      async function open({ n }: any) { return n + ${k}; }`);
    deepEqual(await p.req.kinds(), KINDS);
    deepEqual(await p.req.held(), [1 + k, 1 + k, [1 + k], [1 + k], 1 + k]);
    deepEqual(await p.req.named(), [1 + k, 1 + k, [1 + k], true, true]);
  }
});

test("a patch that is undone gives the holders the text from before", async (t) => {
  const { p, fix } = await serve(t, TEXT);
  await fix(
    `async function load() { return 7; } function* walk(): any { yield 7; } export function hotfix() { throw new Error("no"); }`,
  ).catch(() => {});
  deepEqual(await p.req.held(), [1, 1, [1], [1], 1]);
  deepEqual(await p.req.named(), [1, 1, [1], true, true]);
});

test("where the new one is of another kind the log says what keeps the old text", async (t) => {
  const { p, fix, world } = await serve(t, TEXT);
  await fix(
    `function walk(n: number): any { return [n, "list"]; } const save = (n: number) => -n;`,
  );
  await world.node.skynet.call(".logger", "lua", "FLUSH");
  match(
    world.log,
    /applied: sets walk, save; walk: code that took it as a value keeps the old text\n/,
  );
  deepEqual(await p.req.held(), [1, -1, [1], [1], 1]);
  deepEqual((await p.req.named()).slice(0, 3), [1, -1, [1, "list"]]);
  await fix(`function* walk(n: number): any { yield 3 * n; }`);
  deepEqual(await p.req.named(), [1, -1, [3], true, true]);
  deepEqual(await p.req.held(), [1, -1, [3], [1], 1]);
});

test("an importer that took an async function follows, and so does one that only calls it", async (t) => {
  const { p, fix } = await serve(t, {
    "main.ts": `
      import { load } from "./lib.ts"; import { other } from "./other.ts";
      const held = [load];
      export const response = { async all() { return [await load(), await held[0]!(), await other(), load.constructor.name]; } };`,
    "other.ts": `import { load } from "./lib.ts"; export const other = () => load();`,
    "lib.ts": `export async function load() { return "old"; }`,
  });
  deepEqual(await p.req.all(), ["old", "old", "old", "AsyncFunction"]);
  await fix({ "./lib.ts": `export async function load() { return "new"; }` });
  deepEqual(await p.req.all(), ["new", "new", "new", "AsyncFunction"]);
});

test("an arrow function that code holds as a value hands on the arguments that were given, and no others", async (t) => {
  const { p, fix } = await serve(
    t,
    `const load = async (a?: number, b?: number) => [a, b];
     const one = async (a?: number) => [a];
     const none = async () => [];
     const held: any[] = [load, one, none];
     export const response = {
       async all() { return Promise.all(held.flatMap((each) => [each(), each(1), each(1, 2), each(1, 2, 3), each(1, 2, 3, undefined)])); },
     };`,
  );
  await fix(
    `const load = async (...all: any[]) => all.length; const one = async (...all: any[]) => all.length; const none = async (...all: any[]) => all.length;`,
  );
  const lengths = [0, 1, 2, 3, 4];
  deepEqual(await p.req.all(), [...lengths, ...lengths, ...lengths]);
});
