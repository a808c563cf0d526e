/** Calls by name inside a module do not pass the forwarder of a held function, and mean what they mean in the language. */

import { deepEqual, equal, match, throws } from "node:assert/strict";
import { test } from "node:test";
import { call, evaluate, Modules } from "./harness.ts";

/** A text that returns how many frames lie between it and the handler, `top`. */
const DEPTH = `
  function depth() {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = Infinity;
    const lines = new Error().stack!.split("\\n").slice(2);
    Error.stackTraceLimit = limit;
    return lines.findIndex((line) => line.includes("top"));
  }`;

const RECURSIVE = {
  function: `function f(n: number): any { return n === 0 ? depth() : f(n - 1); }`,
  "arrow function": `const f = (n: number): any => n === 0 ? depth() : f(n - 1);`,
  "function expression": `const f = function (n: number): any { return n === 0 ? depth() : f(n - 1); };`,
  "exported function": `export function f(n: number): any { return n === 0 ? depth() : f(n - 1); }`,
  "optional call": `const f = (n: number): any => n === 0 ? depth() : f?.(n - 1);`,
  "default export": `export default function f(n: number): any { return n === 0 ? depth() : f(n - 1); }`,
};

for (const [kind, text] of Object.entries(RECURSIVE)) {
  test(`a recursion has one frame a call although the function is held: ${kind}`, async (t) => {
    const modules = new Modules(t, {
      "main.ts": `${DEPTH} ${text} const held = [f]; export function top(n: number) { return f(n); } export const take = () => held[0]!(0);`,
    });
    const instance = await modules.run();
    equal(call(instance, "top", 20), 21);
    instance.entry.setImplementation("f", instance.entry.evaluate(`(function f(n) { return n; })`));
    deepEqual([call(instance, "top", 7), call(instance, "take")], [7, 0]);
  });
}

test("a call may stand wherever the language allows one, and means what it means to Node", async (t) => {
  const modules = new Modules(t, {
    "main.mjs": `
      const f = (a, ...rest) => rest.length > 0 || Array.isArray(a) ? [a, ...rest] : a
      function g(a) { seen.push(a); return a }
      const held = [f, g]
      const seen = []
      export let n = 0
      let last = 1
      f(1)
      g(2)
      const one = 1
      f(seen.push("f"))
      ;[3].forEach((each) => g(each))
      f(null) ?? g("nullish")
      f(0) || g("or"), f(0)
      if (one) f(seen.push("then")); else f()
      for (n of [5, 6]) f(g(n))
      for (n of [7]) g(n)
      do g("do"); while (f(false))
      label: f(seen.push("label"))
      const { a = f("a") } = {}
      const text = \`\${f("x")}\${g("y")}\`
      const tagged = f\`t\${1}u\`
      const chain = f({ f })?.f?.("z")
      const missing = f(undefined)?.f(g("never"))
      const spread = [...f([7]), ...[8].map((f) => f)]
      class C { field = f("field"); static s = f("static"); [f("key")]() { return f(this) === this } }
      const c = new C()
      const yielded = [...(function* () { yield f("yielded"); yield* f([9]) })()]
      f(seen.push("end")), last = f(2)
      export const result = [seen, a, text, tagged, chain, missing, spread, c.field, C.s, c.key(), yielded, held.length, last, n]
      export default f(3)
      export { f, g }`,
  });
  const { result, default: last } = (await modules.run("main.mjs")).exports;
  const native = (await import(modules.url("main.mjs"))) as Record<string, unknown>;
  deepEqual(result, native["result"]);
  deepEqual(last, native["default"]);
});

test("a call before the declaration meets the dead zone, in the language's words", async (t) => {
  const modules = new Modules(t, {
    "main.ts": `export const seen: string[] = []; try { early(); } catch (error) { seen.push(String(error)); }\nconst f = () => 1; const held = [f]; function early() { return f(); } seen.push(String(early()));`,
  });
  deepEqual((await modules.run()).entry.get("seen"), [
    "ReferenceError: Cannot access 'f' before initialization",
    "1",
  ]);
});

test("a function that the module assigns is called as the variable says", async (t) => {
  const { result } = await evaluate(t, {
    "main.ts": `
      function slow(n: number): any { return n === 0 ? "end" : slow(n - 1); }
      const cache: number[] = [];
      const memoize = (f: any) => (n: number) => { cache.push(n); return f(n); };
      slow = memoize(slow);
      export const result = [slow(2), cache];`,
  });
  deepEqual(result, ["end", [2, 1, 0]]);
});

test("a local variable of the name is none of the module's", async (t) => {
  const { result } = await evaluate(t, {
    "main.ts": `
      const f = () => "module"; const held = [f];
      const own = (f: () => string) => f();
      export const result = [own(() => "own"), (() => { const f = () => "inner"; return f(); })(), f(), held[0]!()];`,
  });
  deepEqual(result, ["own", "inner", "module", "module"]);
});

test("the columns of a stack are those of the file", async (t) => {
  const modules = new Modules(t, {
    "main.ts": `const f = (n: number): number => n; function g(n: number): number { return n; }
const held = [f, g]; export function fail() { f(1); g(2); f(3); throw new Error("here"); }`,
  });
  const instance = await modules.run();
  const column =
    `const held = [f, g]; export function fail() { f(1); g(2); f(3); throw `.length + 1;
  throws(
    () => call(instance, "fail"),
    (error: Error) => {
      match(error.stack ?? "", new RegExp(`main\\.ts:2:${column}`));
      return true;
    },
  );
});

test("modules of a cycle call held functions of theirs, also while they begin", async (t) => {
  for (const wait of ["", "await 0;"]) {
    const modules = new Modules(t, {
      "main.ts": `
        import { early, late } from "./other.ts"; ${wait}
        export function f(n: number): number { return n === 0 ? 0 : 1 + f(n - 1); }
        const g = (n: number): number => n === 0 ? 0 : 1 + g(n - 1);
        const held = [f, g];
        export const seen = () => [early, late(), f(3), g(4), held.map((each) => each(5))];`,
      "other.ts": `import { f } from "./main.ts"; ${wait} export const early = f(2); const held = [f]; export const late = () => [f(1), held[0]!(2)];`,
    });
    deepEqual(call(await modules.run(), "seen"), [2, [1, 2], 3, 4, [5, 5]]);
  }
});
