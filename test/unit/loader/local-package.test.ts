/** Files of the own package and of the workspace by their names, and what a tsconfig maps: modules of the program. */

import { deepEqual, equal, rejects } from "node:assert/strict";
import { mkdirSync, symlinkSync } from "node:fs";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { PACKAGE_TARGET_DEPTH_MAX } from "../../../src/base/limits.ts";
import { Modules } from "./harness.ts";
import type { Files } from "./harness.ts";

/** A package, its own name and `#` names for it. */
const OWN = {
  name: "own",
  exports: {
    ".": "./lib/index.js",
    "./deep/*": "./lib/deep/*.ts",
    "./deep/secret": null,
    "./two": { require: "./lib/two.cjs", import: "./lib/two.ts" },
  },
  imports: {
    "#lib/*": "./lib/*.ts",
    "#lib/sub/*": "./lib/other/*.ts",
    "#js/*.js": "./lib/*.js",
    "#one": { browser: "./no.ts", node: { require: "./no.cjs", default: "./lib/state.ts" } },
    "#list": ["../outside.ts", "./lib/state.ts"],
    "#pack": "pack",
    "#data": "./lib/data.json",
  },
};

const LIB: Files = {
  "package.json": JSON.stringify(OWN),
  "lib/state.ts": `export const state = { n: 0 }; export function price() { return 1; }`,
  "lib/index.ts": `export { state } from "./state"; export const index = 1;`,
  "lib/two.ts": `export const two = "ts";`,
  "lib/two.cjs": `exports.two = "cjs";`,
  "lib/deep/x.ts": `export const x = "deep";`,
  "lib/other/x.ts": `export const x = "other";`,
  "lib/data.json": `{ "a": 1 }`,
  "node_modules/pack/package.json": `{ "name": "pack", "exports": { ".": { "import": "./esm.mjs", "require": "./cjs.cjs" } } }`,
  "node_modules/pack/esm.mjs": `export const kind = "esm"; export const state = {};`,
  "node_modules/pack/cjs.cjs": `exports.kind = "cjs";`,
};

async function result(t: TestContext, text: string, files: Files = {}): Promise<unknown> {
  return (
    await new Modules(t, { ...LIB, "src/main.ts": text, ...files }).run("src/main.ts")
  ).entry.get("result");
}

const FOUND: [text: string, value: unknown][] = [
  [`import { price } from "#lib/state"; export const result = price();`, 1],
  [`import { x } from "#lib/sub/x"; export const result = x;`, "other"],
  [`import { two } from "#js/two.js"; export const result = two;`, "ts"],
  [`import { price } from "#one"; export const result = price();`, 1],
  [`import { price } from "#list"; export const result = price();`, 1],
  [`import { kind } from "#pack"; export const result = kind;`, "esm"],
  [`import data from "#data" with { type: "json" }; export const result = data.a;`, 1],
  [`import { index } from "own"; export const result = index;`, 1],
  [`import { x } from "own/deep/x"; export const result = x;`, "deep"],
  [`import { two } from "own/two"; export const result = two;`, "ts"],
  [`export const result = (await import("#lib/state")).price();`, 1],
  [
    `import { state } from "#lib/state"; import { state as b } from "own"; import { state as c } from "../lib/state"; export const result = state === b && b === c;`,
    true,
  ],
  [`export const result = import.meta.resolve("#lib/state").endsWith("/lib/state.ts");`, true],
  [`export const result = import.meta.resolve("pack").endsWith("/esm.mjs");`, true],
  [`export const result = import.meta.resolve("#pack").endsWith("/cjs.cjs");`, true],
];

for (const [text, value] of FOUND) {
  test(text.replace(/;? export.*/, ""), async (t) => deepEqual(await result(t, text), value));
}

test("every service has its own copy of what #name and the own name give", async (t) => {
  const modules = new Modules(t, {
    ...LIB,
    "src/main.ts": `import { state } from "#lib/state"; import { state as other } from "own"; state.n += 1; export const n = () => [state.n, other.n];`,
  });
  const [one, other] = [await modules.run("src/main.ts"), await modules.run("src/main.ts")];
  for (const { entry } of [one, other]) deepEqual((entry.get("n") as () => unknown)(), [1, 1]);
});

test("a module is found for a patch by #name and by the package's own name", async (t) => {
  const modules = new Modules(t, { ...LIB, "src/main.ts": `import "#lib/state"; import "own";` });
  const program = await modules.load("src/main.ts");
  for (const path of ["#lib/state", "../lib/state", "../lib/state.ts"]) {
    equal(program.node(path)?.image.file, modules.path("lib/state.ts"));
  }
  equal(program.node("own")?.image.file, modules.path("lib/index.ts"));
  equal(program.node("pack"), undefined);
  equal(program.node("#nothing"), undefined);
});

test("a shared module takes shared modules by these names, and no others", async (t) => {
  const shared = `"use shared"; import { n } from "#lib/n"; export { n };`;
  const modules = new Modules(t, {
    ...LIB,
    "a.ts": `export { n as result } from "./shared";`,
    "shared.ts": shared,
    "lib/n.ts": `"use shared"; export const n = 5;`,
    "b.ts": `import "./bad";`,
    "bad.ts": `"use shared"; import "#lib/state";`,
  });
  equal((await modules.run("a.ts")).exports["result"], 5);
  await rejects(modules.run("b.ts"), {
    code: "ERR_MODULE",
    message: /bad\.ts:1:22: a shared module/,
  });
});

test("CommonJS of the own package is Node's to load, by the type of the package or by its text", async (t) => {
  const cjs = `module.exports = { kind: "cjs" };`;
  const esm = `export default { kind: "esm" };`;
  const files = (type: string, text: string): Files => ({
    "package.json": `{ ${type} "imports": { "#x": "./x.js" } }`,
    "x.js": text,
  });
  const text = `import x from "#x"; export const result = x.kind;`;
  equal(await result(t, text, files("", cjs)), "cjs");
  equal(await result(t, text, files("", esm)), "esm");
  equal(await result(t, text, files(`"type": "module",`, esm)), "esm");
  equal(await result(t, text, files(`"type": "commonjs",`, cjs)), "cjs");
});

const REFUSED: [title: string, text: string, files: Files, message: RegExp][] = [
  [
    "a # name that nothing is for",
    `import "#nope";`,
    {},
    /main\.ts:1:8: no module #nope: \S+\/package\.json has nothing for it in imports; did you mean "#one"\?/,
  ],
  [
    "a # name of a file that is not there",
    `import "#lib/gone";`,
    {},
    /no module #lib\/gone: by \S+package\.json it is \S+\/lib\/gone\.ts, and there is no such file/,
  ],
  [
    "a path that is excluded",
    `import "own/deep/secret";`,
    {},
    /no module own\/deep\/secret: \S+package\.json has nothing for it in exports/,
  ],
  [
    "a path that is not exported",
    `import "own/lib/state.ts";`,
    {},
    /has nothing for it in exports/,
  ],
  [
    "a way out of the package",
    `import "#lib/../../x";`,
    {},
    /main\.ts:1:8: can't import \S+: \S+package\.json: imports\["#lib\/\*"\] leads to \.\/lib\/\*\.ts with \.\.\/\.\.\/x for its \*, which is no path inside/,
  ],
  [
    "a target outside the package",
    `import "#x";`,
    { "package.json": `{ "imports": { "#x": "../x.ts" } }` },
    /imports\["#x"\] leads to \.\.\/x\.ts, which is no path inside the package/,
  ],
  [
    "a target that leads back",
    `import "#x";`,
    { "package.json": `{ "imports": { "#x": "#x" } }` },
    /imports\["#x"\] leads to #x/,
  ],
  [
    "a target that is a number",
    `import "#x";`,
    { "package.json": `{ "imports": { "#x": 5 } }` },
    /imports\["#x"\] is neither text nor object/,
  ],
  [
    "an address",
    `import "#x";`,
    { "package.json": `{ "imports": { "#x": "https://x/y.ts" } }` },
    /leads to https:/,
  ],
  [
    "mixed keys",
    `import "own";`,
    { "package.json": `{ "name": "own", "exports": { ".": "./a.ts", "import": "./b.ts" } }` },
    /package\.json: exports has both paths and conditions/,
  ],
  [
    "a package.json that is no JSON",
    `import "#x";`,
    { "package.json": `{\n "imports": }` },
    /package\.json:2:13: no JSON/,
  ],
  [
    "a name without a package",
    `import "#x";`,
    { "node_modules/pack/package.json": "{}", "package.json": "{}" },
    /no module #x: \S+package\.json has nothing/,
  ],
];

for (const [title, text, files, message] of REFUSED) {
  test(`${title} is refused`, async (t) => {
    await rejects(result(t, text, files), { code: /^ERR_(?:MODULE|SYNTAX)$/, message });
  });
}

test("conditions may lie inside each other up to a limit", async (t) => {
  const nested = (depth: number): Files => ({
    "package.json": `{ "imports": { "#x": ${`{"node":`.repeat(depth)}"./lib/state.ts"${"}".repeat(depth)} } }`,
  });
  const text = `import { price } from "#x"; export const result = price();`;
  equal(await result(t, text, nested(PACKAGE_TARGET_DEPTH_MAX)), 1);
  await rejects(result(t, text, nested(PACKAGE_TARGET_DEPTH_MAX + 1)), /nested too deeply/);
  await rejects(result(t, text, nested(20_000)), /nested too deeply/);
});

/** A workspace of two packages, linked as npm does it. */
function workspace(t: TestContext, files: Files, names = ["@acme/shared"]): Modules {
  const modules = new Modules(t, {
    "app/package.json": `{ "name": "app" }`,
    "packages/shared/package.json": `{ "name": "@acme/shared", "exports": { ".": "./src/index.ts", "./*": "./src/*.ts" } }`,
    "packages/shared/src/index.ts": `import { kind } from "pack"; export const state = { n: 0, kind };`,
    "packages/shared/src/money.ts": `export const money: number = 5;`,
    "packages/shared/node_modules/pack/package.json": `{ "name": "pack", "exports": "./x.mjs" }`,
    "packages/shared/node_modules/pack/x.mjs": `export const kind = "inner";`,
    ...files,
  });
  mkdirSync(modules.path("node_modules/@acme"), { recursive: true });
  for (const name of names) {
    symlinkSync(
      modules.path(`packages/${name.replace("@acme/", "")}`),
      modules.path(`node_modules/${name}`),
    );
  }
  return modules;
}

test("TypeScript packages of the workspace are modules of the program, with their own packages", async (t) => {
  const modules = workspace(t, {
    "app/main.ts": `import { state } from "@acme/shared"; import { money } from "@acme/shared/money"; state.n += money; export { state };`,
  });
  const one = await modules.run("app/main.ts");
  const other = await modules.run("app/main.ts");
  deepEqual(one.entry.get("state"), { n: 5, kind: "inner" });
  deepEqual(other.exports["state"], { n: 5, kind: "inner" });
  const program = await modules.load("app/main.ts");
  equal(program.node("@acme/shared")?.image.file, modules.path("packages/shared/src/index.ts"));
});

test("packages of the workspace are found without exports, by main, index and path", async (t) => {
  const modules = workspace(
    t,
    {
      "app/main.ts": `import { a } from "@acme/main"; import { b } from "@acme/index"; import { c } from "@acme/index/lib/c"; export const result = [a, b, c];`,
      "packages/main/package.json": `{ "main": "dist/x.js" }`,
      "packages/main/dist/x.ts": `export const a = 1;`,
      "packages/index/index.ts": `export const b = 2;`,
      "packages/index/lib/c.ts": `export const c = 3;`,
    },
    ["@acme/main", "@acme/index"],
  );
  deepEqual((await modules.run("app/main.ts")).entry.get("result"), [1, 2, 3]);
});

test("JavaScript of a workspace stays a package, and a condition of the tsconfig leads to its source", async (t) => {
  const files = {
    "app/main.ts": `import { kind } from "@acme/built"; export const result = kind;`,
    "packages/built/package.json": `{ "type": "module", "exports": { "types": "./dist/x.d.ts", "@acme/source": "./src/x.ts", "default": "./dist/x.js" } }`,
    "packages/built/src/x.ts": `export const kind: string = "source";`,
    "packages/built/dist/x.js": `export const kind = "built";`,
    "packages/built/dist/x.d.ts": `export declare const kind: string;`,
  };
  const built = workspace(t, files, ["@acme/built"]);
  equal((await built.run("app/main.ts")).entry.get("result"), "built");
  equal((await built.load("app/main.ts")).size, 1);
  for (const [condition, kind] of [
    ["@acme/source", "source"],
    ["types", "built"],
  ]) {
    const tsconfig = {
      "app/tsconfig.json": `{ "compilerOptions": { "customConditions": ["${condition}"] } }`,
    };
    const modules = workspace(t, { ...files, ...tsconfig }, ["@acme/built"]);
    equal((await modules.run("app/main.ts")).entry.get("result"), kind);
  }
});

test("import.meta.resolve does not ask whether a file exists", async (t) => {
  const modules = new Modules(t, {
    "main.ts": `export const urls = ["./gone.ts", "./gone", "./style.css?x", "../", import.meta.url].map((each) => import.meta.resolve(each));`,
  });
  const { urls } = (await modules.run()).exports;
  const names = ["gone.ts", "gone", "style.css?x", "../", "main.ts"];
  deepEqual(
    urls,
    names.map((name) => new URL(name, modules.url("main.ts")).href),
  );
  const other = new Modules(t, { "main.ts": `import.meta.resolve("no-such-package");` });
  await rejects(other.run(), { code: "MODULE_NOT_FOUND" });
});
