/** Modules that import each other: what an import is before its module has run, and in which order modules run. */

import { deepEqual, equal, match, rejects, throws } from "node:assert/strict";
import { test } from "node:test";
import { call, evaluate, Modules } from "./harness.ts";

const EARLY = (name: string): object => ({
  name: "ReferenceError",
  message: `Cannot access '${name}' before initialization`,
});

for (const [kind, declaration] of Object.entries({
  const: "export const x = 1;",
  let: "export let x = 1;",
  class: "export class x {}",
  arrow: "export const x = () => 1;",
  pattern: "export const { x } = { x: 1 };",
  "second of a statement": "export const y = 0, x = 1;",
  "export list": "const own = 1; export { own as x };",
})) {
  test(`an import that is read before its module has declared it throws: ${kind}`, async (t) => {
    const modules = new Modules(t, {
      "main.ts": `import "./b.ts"; ${declaration}`,
      "b.ts": `import { x } from "./main.ts"; export const b = x;`,
    });
    await rejects(modules.run(), EARLY("x"));
  });
}

test("default exports are dead until their statement, functions are alive at once", async (t) => {
  for (const text of ["export default 1;", "export default class {}", "export default () => 1;"]) {
    const modules = new Modules(t, {
      "main.ts": `import "./b.ts"; ${text}`,
      "b.ts": `import x from "./main.ts"; x;`,
    });
    await rejects(modules.run(), EARLY("x"));
  }
  const { result } = await evaluate(t, {
    "main.ts": `import { result } from "./b.ts"; export { result }; export default function () { return 7; }`,
    "b.ts": `import x from "./main.ts"; export const result = [x(), x.name];`,
  });
  deepEqual(result, [7, "default"]);
});

test("a var is undefined, and a function can be called before its module has run", async (t) => {
  const { result } = await evaluate(t, {
    "main.ts": `import { seen } from "./b.ts"; export var v = 1; export function f() { return g() + 1; } export const own = 1; export const result = [seen, v]; import { g } from "./c.ts";`,
    "b.ts": `import { f, v } from "./main.ts"; export const seen = [v, f()];`,
    "c.ts": `import { own } from "./main.ts"; export function g() { return 41; } export const z = () => own;`,
  });
  deepEqual(result, [[undefined, 42], 1]);
});

test("an import comes alive with its declaration, not with the end of its module", async (t) => {
  const { result } = await evaluate(t, {
    "main.ts": `
      import { look } from "./b.ts";
      const seen = [look()];
      export const first = 1, inner = seen.push(look());
      seen.push(look());
      export const second = 2;
      export const result = [...seen, look()];`,
    "b.ts": `
      import { second, first } from "./main.ts";
      const ask = (f: () => number) => { try { return f(); } catch (error) { return (error as Error).message.split("'")[1]; } };
      export const look = () => [ask(() => first), ask(() => second)].join();`,
  });
  deepEqual(result, ["first,second", "1,second", "1,second", "1,2"]);
});

test("typeof and an assignment's right side see the dead import too", async (t) => {
  for (const text of ["typeof x", "let y; y = x", "({ x })", "`${x}`", "(() => x)()"]) {
    const modules = new Modules(t, {
      "main.ts": `import "./b.ts"; export const x: number = 1;`,
      "b.ts": `import { x } from "./main.ts"; ${text};`,
    });
    await rejects(modules.run(), EARLY("x"), text);
  }
});

test("a re-exported name and a name of a namespace are dead as long as the variable is", async (t) => {
  const modules = new Modules(t, {
    "main.ts": `import { r } from "./b.ts"; export * from "./b.ts"; export const x = 1; export const result = r();`,
    "b.ts": `
      import * as all from "./index.ts"; import { y } from "./index.ts";
      const ask = (f: () => number) => { try { return f(); } catch (error) { return (error as Error).message; } };
      const early = [ask(() => all.y), ask(() => y), "y" in all];
      export const r = () => [...early, all.y, y];`,
    "index.ts": `export { x as y } from "./main.ts";`,
  });
  const [named, imported, isIn, ...late] = (await modules.run()).exports["result"] as unknown[];
  match(String(named), /^Cannot access 'y'/);
  match(String(imported), /^Cannot access 'y'/);
  deepEqual([isIn, ...late], [true, 1, 1]);
});

test("what a cycle needs from outside is evaluated where the text asks for it", async (t) => {
  const { result } = await evaluate(t, {
    "main.ts": `import { log } from "./log.ts"; import "./b.ts"; import "./x.ts"; log.push("main"); export const result = log;`,
    "b.ts": `import "./main.ts"; import { log } from "./log.ts"; log.push("b");`,
    "x.ts": `import { log } from "./log.ts"; log.push("x");`,
    "log.ts": `export const log: string[] = [];`,
  });
  deepEqual(result, ["b", "x", "main"]);
});

test("after the start a module of a cycle is like any other: assignments arrive, patches reach it", async (t) => {
  const modules = new Modules(t, {
    "main.ts": `import { read } from "./b.ts"; export let n = 1; export const up = () => n++; export { read };`,
    "b.ts": `import { n, up } from "./main.ts"; export const read = () => [n, typeof up];`,
  });
  const instance = await modules.run();
  deepEqual(call(instance, "read"), [1, "function"]);
  call(instance, "up");
  deepEqual(call(instance, "read"), [2, "function"]);
  instance.module("./main.ts")?.write("n", 9);
  deepEqual(call(instance, "read"), [9, "function"]);
  equal(instance.module("./b.ts")?.evaluate("n + 1"), 10);
});

test("modules of a cycle that await at top level wait for their turn, and dead imports throw", async (t) => {
  const { result } = await evaluate(t, {
    "main.ts": `import { seen, later } from "./b.ts"; await 0; export const x = 1; await 0; export const result = [seen, later()]; export function f() { return "f"; }`,
    "b.ts": `
      import { f, x } from "./main.ts";
      let dead: unknown; try { dead = x; } catch (error) { dead = (error as Error).message; }
      await Promise.resolve();
      export const seen = [f(), dead];
      export const later = () => x;`,
  });
  deepEqual(result, [["f", "Cannot access 'x' before initialization"], 1]);
});

test("a cycle that fails fails again with the same error, by whatever module it is asked for", async (t) => {
  const modules = new Modules(t, {
    "main.ts": `export const load = (name: string) => import(name);`,
    "a.ts": `import { b } from "./b.ts"; export const a = 1; export { b };`,
    "b.ts": `import { a } from "./a.ts"; export const b = a;`,
  });
  const load = (await modules.run()).entry.get("load") as (name: string) => Promise<unknown>;
  const first = await load("./a.ts").catch((error: unknown) => error);
  throws(() => {
    throw first;
  }, EARLY("a"));
  equal(await load("./a.ts").catch((error: unknown) => error), first);
  equal(await load("./b.ts").catch((error: unknown) => error), first);
});

test("shared modules may import each other too", async (t) => {
  const { result } = await evaluate(t, {
    "main.ts": `import { seen } from "./a.ts"; export const result = seen;`,
    "a.ts": `"use shared"; import { b } from "./b.ts"; export const x = 1; export function f() { return 2; } export const seen = b();`,
    "b.ts": `"use shared"; import { f, x } from "./a.ts"; const early = f(); export const b = () => [early, x];`,
  });
  deepEqual(result, [2, 1]);
});

test("a stack names the line and the column of a module in a cycle", async (t) => {
  const modules = new Modules(t, {
    "main.ts": `import { b } from "./b.ts"; export const where = () => new Error("here").stack; export const x = b;`,
    "b.ts": `import { x } from "./main.ts"; export const b = 1; export const read = () => x;`,
  });
  const stack = String(call(await modules.run(), "where"));
  match(stack.split("\n")[1] ?? "", /main\.ts:1:56\)?$/);
});

const FIRST = {
  "import()": `await import("./known.ts");`,
  "a static import": `import "./known.ts";`,
};
for (const [way, text] of Object.entries(FIRST)) {
  test(`modules of a cycle see what was evaluated before them, in front of them and behind: ${way}`, async (t) => {
    const { result } = await evaluate(t, {
      "main.ts": `${text} const { result } = await import("./cycle.ts"); export { result };`,
      "known.ts": `export class Known { value = 7; } export const later = 1; export default "d";`,
      // The order is: back, known, cycle; and of the second one: other, deep, known, second.
      "cycle.ts": `
        import { back } from "./back.ts";
        import { Known } from "./known.ts";
        import { second } from "./second.ts";
        export const name = "cycle";
        export const result = [new Known().value, back(), second];`,
      "back.ts": `import { name } from "./cycle.ts"; export const back = () => name.length;`,
      "second.ts": `
        import { other } from "./other.ts";
        import d, { later } from "./known.ts";
        export const own = 2;
        export const second = [other, later, d];`,
      "other.ts": `
        import * as all from "./second.ts";
        import { Known, later } from "./known.ts";
        export const other = [new Known().value, later, Object.keys(all)];`,
    });
    deepEqual(result, [7, 5, [[7, 1, ["own", "second"]], 1, "d"]]);
  });
}

test("a module of a cycle that was run by another import, and exports from behind, is not waited for", async (t) => {
  const { result } = await evaluate(t, {
    // Run alone, `behind` takes the module in front of it as evaluated.
    "main.ts": `
      const { behind } = await import("./behind.ts");
      const { front } = await import("./front.ts");
      export const result = [behind, front];`,
    "behind.ts": `export const behind = "b"; export function f() { return behind; }`,
    "front.ts": `
      import { middle } from "./middle.ts";
      import { behind, f } from "./behind.ts";
      export const front = [middle(), behind, f()];`,
    "middle.ts": `
      import { front } from "./front.ts";
      import { behind } from "./behind.ts";
      const seen = behind;
      export const middle = () => [seen, typeof (() => front)];`,
  });
  deepEqual(result, ["b", [["b", "function"], "b", "b"]]);
});

test("a cycle that needs a module which still waits at top level runs when that has ended", async (t) => {
  const { result } = await evaluate(t, {
    "main.ts": `
      const both = await Promise.all([import("./slow.ts"), import("./front.ts")]);
      export const result = both[1].front;`,
    "slow.ts": `
      await new Promise((done) => setImmediate(done));
      export const slow = "slow";`,
    "front.ts": `
      import { middle } from "./middle.ts";
      import { slow } from "./slow.ts";
      export const front = [middle(), slow];`,
    "middle.ts": `
      import { front } from "./front.ts";
      import { slow } from "./slow.ts";
      const seen = slow;
      export const middle = () => [seen, typeof (() => front)];`,
  });
  deepEqual(result, [["slow", "function"], "slow"]);
});
