/** Patches that break a rule of the text are refused with a code and a place, and nothing has changed. */

import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import type { Expected } from "./harness.ts";
import { World, fails, serve } from "./harness.ts";
import { failureOf } from "../../world.ts";

const SERVICE = `
  let count = 1;
  const table = { a: 1 };
  const LIMIT = 10;
  let held = () => "held";
  function helper() { return "helper"; }
  const arrow = () => "arrow";
  function spare() { return "spare"; }
  const sparrow = () => "sparrow";
  class Unit { name() { return "unit"; } }
  import { sep } from "node:path";
  export function init(n: unknown) { count = 1; }
  export function exit() {}
  export const response = {
    look() { return [count, table.a, LIMIT, held(), helper(), arrow(), spare(), sparrow(), new Unit().name(), sep.length]; },
    both() { return "response"; },
  };
  export const accept = { post() { count += 1; held = () => "held"; } };
`;

const GOOD = `function spare() { return "PATCHED"; } const sparrow = () => "PATCHED";`;

/** Asserts that a patch is refused, also when it comes with parts that are fine, and leaves everything as it was. */
function refuses(title: string, patch: string, expected: Expected): void {
  test(title, async (t) => {
    const { p, refuse } = await serve(t, SERVICE);
    const before = await p.req.look();
    await refuse(patch, expected);
    await refuse(`${GOOD}\n${patch}`, expected);
    deepEqual(await p.req.look(), before);
  });
}

const PATCH = { code: "ERR_PATCH" };

refuses("a let for a variable of the service is refused", `let count = 7;`, {
  code: "ERR_PATCH",
  message: /count/,
});
refuses("a let without a value for a variable of the service is refused", `let count;`, PATCH);
refuses("a var for a variable of the service is refused", `var count = 7;`, PATCH);
refuses("a const for a variable of the service is refused", `const count = 7;`, PATCH);
refuses("a const object for a const object of the service is refused", `const table = {};`, {
  code: "ERR_PATCH",
  message: /table/,
});
refuses("a destructured name of the service is refused", `const { count } = { count: 1 };`, PATCH);
refuses("a let for a literal const of the service is refused", `let LIMIT = 11;`, PATCH);
refuses(
  "a function for a let that holds a function and is assigned is refused",
  `function held() { return "new"; }`,
  PATCH,
);
refuses("a function for a const object is refused", `function table() {}`, PATCH);
refuses("a function for a class is refused", `function Unit() {}`, PATCH);
refuses("a class for a function is refused", `class helper {}`, {
  code: ["ERR_PATCH", "ERR_PATCH_CLASS"],
});
refuses("a class for a variable is refused", `class count {}`, {
  code: ["ERR_PATCH", "ERR_PATCH_CLASS"],
});
refuses("a let for a function of the service is refused", `let helper = () => 1;`, PATCH);
refuses("a function for a name that the service imports is refused", `function sep() {}`, PATCH);
refuses("a let for a name that the service imports is refused", `let sep = 1;`, PATCH);

refuses("an init of its own is refused", `export function init() {}`, {
  code: "ERR_PATCH",
  message: /init/,
});
refuses("a const init of its own is refused", `export const init = () => {};`, PATCH);
refuses("a loose call is refused", `console.log("hello");`, PATCH);
refuses("a loose assignment is refused", `count = 5;`, PATCH);
refuses("a loose block is refused", `{ count = 5; }`, PATCH);
refuses("a loose if is refused", `if (true) count = 5;`, PATCH);
refuses("a loose loop is refused", `for (;;) {}`, PATCH);
refuses("a top-level await is refused", `await Promise.resolve();`, PATCH);
refuses("a top-level await in an initial value is refused", `let fresh = await 1;`, PATCH);
refuses("a top-level for await is refused", `for await (const x of []) {}`, PATCH);
refuses("a default export is refused", `export default function () {}`, PATCH);
refuses("a default export of a value is refused", `export default 5;`, PATCH);
refuses("export * is refused", `export * from "node:path";`, PATCH);
refuses("a return at top level is no TypeScript", `return 5;`, { code: "ERR_SYNTAX" });
refuses("with is no strict TypeScript", `function f() { with (Math) {} }`, { code: "ERR_SYNTAX" });

refuses("a request method given under accept is refused", `export const accept = { both() {} };`, {
  code: "ERR_PATCH",
  message: /both/,
});
refuses(
  "a request method given under subscribe is refused",
  `export const subscribe = { both() {} };`,
  PATCH,
);
refuses("a post method given under response is refused", `export const response = { post() {} };`, {
  code: "ERR_PATCH",
  message: /post/,
});
refuses("a method group that is no object is refused", `export const response = 5;`, PATCH);
refuses("a method that is no function is refused", `export const response = { look: 5 };`, PATCH);
refuses("a method group with a spread is refused", `export const response = { ...table };`, PATCH);

refuses("two functions of one name are refused", `function a() {}\nfunction a() {}`, {
  code: ["ERR_PATCH", "ERR_SYNTAX"],
});
refuses("two lets of one name are no TypeScript", `let a = 1; let a = 2;`, { code: "ERR_SYNTAX" });

test("a syntax error names the patch, line and column", async (t) => {
  const { refuse } = await serve(t, SERVICE);
  const patch = `declare let count: number;\n\nfunction ok() {}\n  let = = 5;`;
  await refuse(patch, { code: "ERR_SYNTAX", message: /patch.*:4:\d+: / });
});

test("a broken rule names the patch, line and column", async (t) => {
  const { refuse } = await serve(t, SERVICE);
  await refuse(`declare let count: number;\n\n  count = 5;`, {
    code: "ERR_PATCH",
    message: /:3:3: /,
  });
  await refuse(`const a = 1;\n   let count = 5;`, {
    code: "ERR_PATCH",
    message: /:2:\d+: .*count/,
  });
});

test("an error in one text of a record names that text", async (t) => {
  const { refuse } = await serve(t, {
    "main.ts": `import { f } from "./lib/a.ts"; export const response = { f() { return f(); } };`,
    "lib/a.ts": `export function f() { return 1; }`,
  });
  const patch = { "./main.ts": `function g() {}`, "./lib/a.ts": `\nexport function f( { }` };
  await refuse(patch, { code: "ERR_SYNTAX", message: /a\.ts.*:2:\d+: / });
});

test("TypeScript that does nothing at run time is no loose statement", async (t) => {
  const { fix } = await serve(t, SERVICE);
  await fix(`
    // A comment.
    import type { Stats } from "node:fs";
    interface Point { x: number }
    type Pair = [Point, Stats];
    declare global { interface Window { a: 1 } }
    export type { Pair };
    ;
  `);
});

test("an empty patch changes nothing", async (t) => {
  const { p, fix } = await serve(t, SERVICE);
  const before = await p.req.look();
  await fix("");
  deepEqual(await p.req.look(), before);
});

test("a patch of a mebibyte is applied and one of a character more is refused", async (t) => {
  const { fix, refuse } = await serve(t, SERVICE);
  const head = `export function hotfix() { return 1; } //`;
  const full = head + "x".repeat(1024 * 1024 - head.length);
  deepEqual(await fix(full), 1);
  await refuse(`${full}x`, { code: "ERR_PATCH_SIZE", message: /1048577.*1048576/ });
});

test("a patch of 10 MB is refused", async (t) => {
  const { refuse } = await serve(t, SERVICE);
  await refuse(`//${"x".repeat(10_000_000)}`, { code: "ERR_PATCH_SIZE" });
});

test("the texts of a record are measured together", async (t) => {
  const { refuse } = await serve(t, { "main.ts": `import "./a.ts";`, "a.ts": `` });
  const half = `//${"x".repeat(600_000)}`;
  await refuse({ "./main.ts": half, "./a.ts": half }, { code: "ERR_PATCH_SIZE" });
});

test("a patch that is neither text nor a record of texts is an argument error", async (t) => {
  const { world, p } = await serve(t, SERVICE);
  for (const patch of [undefined, null, 5, ["a"], {}, { "./main.ts": 5 }, () => 1]) {
    await fails(world.hotfix(p, patch as unknown as string), { code: "ERR_ARGUMENT" });
  }
});

test("a text that is nested too deeply is refused, and nothing else suffers", async (t) => {
  const { world, p } = await serve(t, SERVICE);
  for (const [open, close] of ["()", "[]", "{}"] as const) {
    const deep = `function f() { return ${open?.repeat(50_000)}${close?.repeat(50_000)}; }`;
    const { code } = await failureOf(world.hotfix(p, deep));
    deepEqual(["ERR_SYNTAX", "ERR_PATCH"].includes(String(code)), true, String(code));
  }
  // Nor has the compiler suffered: it still takes patches, and files that it has not seen.
  await world.hotfix(p, GOOD);
  world.write({
    "late.ts": `enum E { A = 5 } export const response = { get(): number { return E.A; } };`,
  });
  deepEqual(await (await world.start("late")).req.get(), 5);
});

test("a refused patch stays without consequences for the next one", async (t) => {
  const world = await World.open(t, { "main.ts": SERVICE });
  const p = await world.start("main");
  for (const patch of [`let count = 1;`, `let = 5`, `declare let nope: 1;`, `init();`]) {
    await fails(world.hotfix(p, patch), { code: ["ERR_PATCH", "ERR_SYNTAX", "ERR_PATCH_NAME"] });
  }
  await world.hotfix(p, GOOD);
  deepEqual(((await p.req.look()) as unknown[]).slice(6, 8), ["PATCHED", "PATCHED"]);
});

test("a function, a class or an import of the service is not assigned by a patch", async (t) => {
  const { refuse } = await serve(t, SERVICE);
  for (const text of [
    "helper = () => 1",
    "arrow = () => 1",
    "Unit = class {}",
    "sep = 1",
    "[helper] = [1]",
  ]) {
    await refuse(`export function hotfix() { ${text}; }`, {
      code: "ERR_PATCH",
      message: /assigned/,
    });
  }
});

test("a namespace is refused with the advice what to write instead", async (t) => {
  const { refuse } = await serve(t, SERVICE);
  await refuse(`namespace A { export const b = 5; }`, {
    code: "ERR_PATCH",
    message: /plain object/,
  });
});

test("methods without export are told that they must be exported", async (t) => {
  const { refuse } = await serve(t, SERVICE);
  await refuse(`const response = { look() { return 1; } };`, {
    code: "ERR_PATCH",
    message: /exported/,
  });
});

refuses(
  "an import of CommonJS is refused with the import that does the same",
  `import path = require("node:path"); function helper() { return path.sep; }`,
  { code: "ERR_PATCH", message: /a patch has no `import x = .*write `import x from "x"`/ },
);
refuses("an `export =` is refused", `function helper() { return 1; } export = { helper };`, {
  code: "ERR_PATCH",
  message: /no `export =`/,
});
refuses("a namespace is refused", `namespace Geo { export const pi = 3; }`, {
  code: "ERR_PATCH",
  message: /a namespace can't be in a patch/,
});

test("a method that reads a #private member of the class is refused with what reaches it", async (t) => {
  const text = `class Box { #gold = 5; give(n: number) { return this.#gold * n; } }
    export const response = { look() { return new Box().give(2); } };`;
  const { p, refuse } = await serve(t, text);
  await refuse(`class Box { give(n: number) { return this.#gold * n + 1; } }`, {
    code: "ERR_PATCH_CLASS",
    message: /:1:43: only the text of the class that has #gold reaches it.*reload/,
  });
  deepEqual(await p.req.look(), 10);
});

const isUsingKnown = Number(process.versions.node.split(".")[0]) >= 24;

test(
  "`using` is refused with a place where the release does not have it",
  { skip: isUsingKnown && "this release has it" },
  async (t) => {
    const { p, refuse } = await serve(t, SERVICE);
    await refuse(
      `function helper() { using lock = { [Symbol.dispose]() {} }; return String(lock); }`,
      {
        code: "ERR_PATCH",
        message: /:1:21: this release of Node has no `using`.*try and finally/,
      },
    );
    deepEqual((await p.req.look())[4], "helper");
  },
);
