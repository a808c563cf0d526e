/** TypeScript that is written for CommonJS: require, __dirname and __filename, where the package does not say module. */

import { deepEqual, equal, rejects, throws } from "node:assert/strict";
import { test } from "node:test";
import { call, Modules } from "./harness.ts";
import type { Files } from "./harness.ts";

const FILES: Files = {
  "package.json": "{}",
  "lib/state.ts": `export const state = { n: 0 }; export default "state"; export function f() { return 1; }`,
  "lib/late.ts": `import { state } from "./state"; state.n += 1; export const late = state; import { join } from "node:path"; export const joined = join("a", "b"); import { kind } from "pack"; export { kind };`,
  "lib/wait.ts": `await null; export const x = 1;`,
  "lib/bad.ts": `throw new Error("bad");`,
  "lib/old.js": `exports.old = __filename;`,
  "data.json": `{ "a": 1 }`,
  "node_modules/pack/package.json": `{ "name": "pack", "main": "./x.js" }`,
  "node_modules/pack/x.js": `exports.kind = "cjs";`,
};

test("__dirname and __filename tell where the module is", async (t) => {
  const modules = new Modules(t, {
    ...FILES,
    "lib/main.ts": `export const place = [__dirname, __filename, typeof __dirname];`,
  });
  const { exports } = await modules.run("lib/main.ts");
  deepEqual(exports["place"], [modules.path("lib"), modules.path("lib/main.ts"), "string"]);
});

const REQUIRED: [text: string, value: unknown][] = [
  [`require("./lib/state").default`, "state"],
  [`require(__dirname + "/lib/state").f()`, 1],
  [`require("./data.json").a`, 1],
  [`require("./data.json") === require("./data.json")`, true],
  [`require("pack").kind`, "cjs"],
  [`require("node:path").sep`, "/"],
  [`require("path") === require("node:path")`, true],
  [`require("./lib/old").old.endsWith("/lib/old.js")`, true],
  [`require("snax").skynet.self()`, 1],
  [`require("./lib/late").joined + require("./lib/late").kind`, "a/bcjs"],
  [`require.resolve("./lib/state").endsWith("/lib/state.ts")`, true],
  [`require.resolve("pack").endsWith("/pack/x.js")`, true],
  [`[typeof require, require.main, typeof require.cache]`, ["function", undefined, "object"]],
  [
    `(() => { try { require("./gone"); } catch (e: any) { return e.code; } })()`,
    "MODULE_NOT_FOUND",
  ],
  [`(() => { try { require("gone"); } catch (e: any) { return e.code; } })()`, "MODULE_NOT_FOUND"],
];

for (const [text, value] of REQUIRED) {
  test(text, async (t) => {
    const modules = new Modules(t, { ...FILES, "main.ts": `export const result = ${text};` });
    deepEqual((await modules.run()).entry.get("result"), value);
  });
}

test("what is required is a module of the service, and a patch finds it", async (t) => {
  const modules = new Modules(t, {
    ...FILES,
    "main.ts": `import { state } from "./lib/state"; export const n = () => { const { late } = require("./lib/late"); return [late.n, late === state, late === require("./lib/late.ts").late]; };`,
  });
  const [one, other] = [await modules.run(), await modules.run()];
  for (const instance of [one, other, one]) deepEqual(call(instance, "n"), [1, true, true]);
  equal(one.program.node("./lib/late")?.image.file, modules.path("lib/late.ts"));
});

test("a module that waits, and one that fails, are refused to the module that requires them", async (t) => {
  const modules = new Modules(t, {
    ...FILES,
    "main.ts": `export const get = (path: string) => require(path);`,
  });
  const instance = await modules.run();
  throws(() => call(instance, "get", "./lib/wait"), {
    code: "ERR_MODULE",
    message: /wait\.ts: it, or what it imports, awaits at top level; use import\(\)/,
  });
  for (const _ of [1, 2]) throws(() => call(instance, "get", "./lib/bad"), { message: "bad" });
});

test("modules of ECMAScript have none of these names", async (t) => {
  for (const [name, files] of [
    ["main.mts", {}],
    ["main.ts", { "package.json": `{ "type": "module" }` }],
  ] as const) {
    const modules = new Modules(t, {
      ...FILES,
      ...files,
      [name]: `export const result = [typeof require, typeof __dirname]; export const get = () => require("fs");`,
    });
    const instance = await modules.run(name);
    deepEqual(instance.entry.get("result"), ["undefined", "undefined"]);
    throws(() => call(instance, "get"), { name: "ReferenceError" });
  }
});

test("a module's own variables of these names are its own", async (t) => {
  const modules = new Modules(t, {
    ...FILES,
    "main.ts": `import { createRequire } from "node:module"; const require = createRequire(import.meta.url); const __dirname = "mine"; export const result = [require("pack").kind, __dirname];`,
  });
  deepEqual((await modules.run()).entry.get("result"), ["cjs", "mine"]);
});

test("a shared module requires no module of a service", async (t) => {
  const modules = new Modules(t, {
    ...FILES,
    "main.ts": `import { get } from "./shared"; export { get };`,
    "shared.ts": `"use shared"; export const get = () => require("./lib/state");`,
  });
  const instance = await modules.run();
  throws(() => (instance.exports["get"] as () => unknown)(), {
    code: "ERR_MODULE",
    message: /a shared module imports packages and shared modules only/,
  });
  await rejects(async () => (instance.exports["get"] as () => unknown)(), { code: "ERR_MODULE" });
});

test("`export =` is refused with its place and what to write", async (t) => {
  const modules = new Modules(t, {
    ...FILES,
    "lib/main.ts": `/* export = x */ function f() { return 1; }\n  export = { f };`,
  });
  await rejects(modules.run("lib/main.ts"), {
    code: "ERR_SYNTAX",
    message: /main\.ts:2:3: `export =` is CommonJS.*write `export default`/,
  });
});
