/** Stack traces of patched code name the patch and the line in it; those of other code stay true. */

import { deepEqual, match } from "node:assert/strict";
import { test } from "node:test";
import { serve } from "./harness.ts";
import { failureOf } from "../../world.ts";
import type { Served } from "./harness.ts";

const SERVICE = `
let n = 0;
function inner(): never { throw new Error("old inner"); }
class Unit { fail() { throw new Error("old unit"); } }
export const response = {
  run() { return outer(); },
  unit() { return new Unit().fail(); },
};
function outer() { return inner(); }
`;

async function stackOf(p: Served["p"], method: string): Promise<string> {
  const error = await failureOf(p.req[method]() as Promise<unknown>);
  return error.stack ?? "";
}

test("an error in a patched function names the patch with line and column", async (t) => {
  const { p, fix } = await serve(t, SERVICE);
  await fix(
    `declare let n: number;\n\nfunction inner(): never {\n  throw new Error("new inner");\n}`,
  );
  const stack = await stackOf(p, "run");
  match(stack, /new inner/);
  match(stack, /inner.*patch.*:4:9/);
  match(stack, /outer .*main\.ts:9:27/);
});

test("an error in a patched method and in a patched class names the patch", async (t) => {
  const { p, fix } = await serve(t, SERVICE);
  await fix(
    `class Unit {\n  fail() {\n    throw new Error("new unit"); }\n}\nexport const response = {\n  run() { throw new Error("run"); } };`,
  );
  match(await stackOf(p, "unit"), /fail.*patch.*:3:11/);
  match(await stackOf(p, "run"), /run.*patch.*:6:17/);
});

test("an error in hotfix() and in new state names the patch", async (t) => {
  const { world, p } = await serve(t, SERVICE);
  const thrown = await failureOf(
    world.hotfix(p, `\nexport function hotfix() {\n  throw new Error("x"); }`),
  );
  match(String((thrown.cause as Error).stack), /hotfix.*patch.*:3:9/);
  const state = await failureOf(
    world.hotfix(p, `\n\nlet a = (() => { throw new Error("y"); })();`),
  );
  match(String((state.cause as Error).stack), /patch.*:3:24/);
});

test("two patches have names of their own", async (t) => {
  const { p, fix } = await serve(t, SERVICE);
  await fix(
    `function inner(): never { return step(); }\nfunction step(): never { throw new Error("x"); }`,
  );
  await fix(`\n\n\nfunction step(): never { throw new Error("z"); }`);
  const stack = await stackOf(p, "run");
  const named = [...stack.matchAll(/\(?([^\s()]*patch[^\s()]*):(\d+):\d+/g)];
  deepEqual(named.map(([, , line]) => line).slice(0, 2), ["4", "1"]);
  deepEqual(new Set(named.slice(0, 2).map(([, name]) => name)).size, 2);
});

test("a patch of a module names the module", async (t) => {
  const { p, fix } = await serve(t, {
    "main.ts": `import { f } from "./lib/f.ts"; export const response = { run() { return f(); } };`,
    "lib/f.ts": `export function f() { return 1; }`,
  });
  await fix({ "./lib/f.ts": `\nexport function f() { throw new Error("x"); }` });
  match(await stackOf(p, "run"), /f .*f\.ts.*:2:29/);
});

test("types in a patch do not move its columns", async (t) => {
  const { p, fix } = await serve(t, SERVICE);
  await fix(
    `function inner<T extends string = "a">(a?: T, b: Map<string, T> = new Map()): never { throw new Error("x"); }`,
  );
  match(await stackOf(p, "run"), /inner.*:1:93/);
});
