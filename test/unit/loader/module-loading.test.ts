/** What specifiers find: files, JSON, packages, builtins, the surroundings; and what is said when they find nothing. */

import { deepEqual, equal, ok, rejects, throws } from "node:assert/strict";
import { test } from "node:test";
import { call, evaluate, Modules } from "./harness.ts";

const PACKAGE = {
  "node_modules/pack/package.json": `{ "name": "pack", "exports": { ".": { "import": "./esm.mjs", "require": "./cjs.cjs" }, "./sub": "./cjs.cjs" } }`,
  "node_modules/pack/esm.mjs": `export const kind = "esm"; export default { calls: 0 };`,
  "node_modules/pack/cjs.cjs": `module.exports = { kind: "cjs" };`,
};

test("packages are found by their import condition and shared by the services of a thread", async (t) => {
  const modules = new Modules(t, {
    ...PACKAGE,
    "main.ts": `import state, { kind } from "pack"; import * as sub from "pack/sub"; export { state }; export const result = [kind, sub.default.kind];`,
  });
  const one = await modules.run();
  const other = await modules.run();
  deepEqual(one.entry.get("result"), ["esm", "cjs"]);
  equal(one.entry.get("state"), other.entry.get("state"));
});

test("builtins are imported with and without node:", async (t) => {
  const { result } = await evaluate(t, {
    "main.ts": `import { sep } from "node:path"; import fs, { readFileSync } from "fs"; export const result = [sep, fs.readFileSync === readFileSync];`,
  });
  deepEqual(result, ["/", true]);
});

test("a program whose packages are known loads and starts synchronously", async (t) => {
  const modules = new Modules(t, {
    "main.ts": `import { sep } from "node:path"; export const a = sep;`,
  });
  ok(modules.load() instanceof Promise);
  await modules.load();
  ok(!(modules.load() instanceof Promise));
  modules.cache.clear();
  const program = modules.load();
  ok(!(program instanceof Promise));
  ok(!(program.instantiate({ api: {}, injected: () => 0 }) instanceof Promise));
});

test("two concurrent first loads share one program", async (t) => {
  const modules = new Modules(t, {
    "main.ts": `import "node:path"; import "./lib.ts"; export const a = 1;`,
    "lib.ts": "",
  });
  const [one, other] = await Promise.all([modules.load(), modules.load()]);
  equal(one, other);
});

test("every service has its own copy of a JSON file", async (t) => {
  const modules = new Modules(t, {
    "main.ts": `import data from "./data.json" with { type: "json" }; export { data };`,
    "data.json": `{ "a": [1] }`,
  });
  const [one, other] = [await modules.run(), await modules.run()];
  deepEqual(one.entry.get("data"), { a: [1] });
  ok(one.entry.get("data") !== other.entry.get("data"));
});

test("JSON without the import attribute, and invalid JSON, are refused", async (t) => {
  const modules = new Modules(t, {
    "main.ts": `import data from "./data.json"; data;`,
    "bad.ts": `import data from "./data.json" with { type: "json" }; data;`,
    "data.json": `{ "a": }`,
  });
  await rejects(modules.run(), { code: "ERR_MODULE", message: /main\.ts:1:18: .*type: "json"/ });
  await rejects(modules.run("bad.ts"), { code: "ERR_SYNTAX", message: /data\.json/ });
});

const PLAIN_JSON: [why: string, options: object, type: string | undefined, isTaken: boolean][] = [
  ["resolveJsonModule", { resolveJsonModule: true }, undefined, true],
  ["resolveJsonModule in an ES module", { resolveJsonModule: true }, "module", true],
  ["a bundler finds the imports", { moduleResolution: "Bundler" }, "module", true],
  ["module preserve", { module: "preserve" }, undefined, true],
  ["but not where it is switched off", { module: "preserve", resolveJsonModule: false }, "", false],
  ["CommonJS by Node's rules", { module: "nodenext", resolveJsonModule: true }, undefined, true],
  [
    "no ES module by Node's rules",
    { module: "nodenext", resolveJsonModule: true },
    "module",
    false,
  ],
  ["no word of it", {}, undefined, false],
];
for (const [why, compilerOptions, type, isTaken] of PLAIN_JSON) {
  test(`JSON ${isTaken ? "needs no" : "needs the"} import attribute: ${why}`, async (t) => {
    const modules = new Modules(t, {
      "main.ts": `import data from "./data.json"; const late = (await import("./data.json")).default; export const result = [data, late === data];`,
      "data.json": `{ "a": [1] }`,
      "tsconfig.json": JSON.stringify({ compilerOptions }),
      "package.json": JSON.stringify({ type }),
    });
    if (isTaken) deepEqual((await modules.run()).entry.get("result"), [{ a: [1] }, true]);
    else await rejects(modules.run(), { message: /main\.ts:1:18: .*type: "json".*resolveJson/ });
  });
}

test("x.js finds x.ts, and .js, .mjs and .mts files are modules", async (t) => {
  const { result } = await evaluate(t, {
    "main.ts": `import { a } from "./a.js"; import { b } from "./b.mjs"; import { c } from "./c.js"; import { d } from "./d.mjs"; export const result = [a, b, c, d];`,
    "a.ts": `export const a: number = 1;`,
    "b.mts": `export const b: number = 2;`,
    "c.js": `export const c = 3;`,
    "d.mjs": `export const d = 4;`,
  });
  deepEqual(result, [1, 2, 3, 4]);
});

test("import.meta tells where the module is and resolves from there", async (t) => {
  const modules = new Modules(t, {
    "lib/main.ts": `
      const { url, dirname, filename } = import.meta;
      export const place = [url, dirname, filename, import.meta.resolve("./x.ts"), import.meta.resolve("fs"), import.meta === import.meta];`,
    "lib/x.ts": "",
  });
  const instance = await modules.run("lib/main.ts");
  deepEqual(instance.entry.get("place"), [
    modules.url("lib/main.ts"),
    modules.path("lib"),
    modules.path("lib/main.ts"),
    modules.url("lib/x.ts"),
    "node:fs",
    true,
  ]);
});

test("other entries of snax are those of the package that runs, wherever the service lies", async (t) => {
  const modules = new Modules(t, {
    "main.ts": `import { sproto } from "snax/sproto"; import * as again from "./lib.ts"; export const result = [typeof sproto.parse, again.sproto === sproto];`,
    "lib.ts": `export { sproto } from "snax/sproto";`,
  });
  deepEqual((await modules.run()).entry.get("result"), ["function", true]);
});

test("the surroundings supply what is imported from snax, to each service its own", async (t) => {
  const modules = new Modules(t, {
    "main.ts": `import { skynet } from "snax"; import * as all from "snax"; import { again } from "./lib.ts"; export const result = () => [skynet, all.skynet, again];`,
    "lib.ts": `export { skynet as again } from "snax";`,
  });
  for (const skynet of ["one", "other"]) {
    const instance = await modules.run("main.ts", { api: { skynet } });
    deepEqual(call(instance, "result"), [skynet, skynet, skynet]);
  }
});

test("a name that the surroundings lack is refused with its place", async (t) => {
  const modules = new Modules(t, { "main.ts": `\nimport { skymet } from "snax"; skymet;` });
  await rejects(modules.run(), {
    code: "ERR_MODULE",
    message: `${modules.path("main.ts")}:2:10: snax has no export named 'skymet'`,
  });
});

const REFUSALS: [title: string, text: string, message: RegExp][] = [
  [
    "a missing file",
    `import "./nowhere.ts";`,
    /main\.ts:1:8: no module \.\/nowhere\.ts: there is no such/,
  ],
  [
    "a missing export",
    `import { foo } from "./lib.ts"; foo;`,
    /main\.ts:1:10: \.\/lib\.ts has no export named 'foo'/,
  ],
  [
    "a missing re-export",
    `export { foo } from "./lib.ts";`,
    /main\.ts:1:10: \.\/lib\.ts has no export named 'foo'/,
  ],
  [
    "an entry that snax does not have",
    `import "snax/nowhere";`,
    /main\.ts:1:8: no module snax\/nowhere: the package has no such entry/,
  ],
  ["a missing package", `import "no-such-package";`, /main\.ts:1:8: can't import no-such-package/],
  [
    "a package without the export",
    `import { nope } from "fs"; nope;`,
    /fs has no export named 'nope'/,
  ],
  ["an unknown kind of file", `import "./style.css";`, /can't import \.\/style\.css/],
];

for (const [title, text, message] of REFUSALS) {
  test(`${title} is refused with the place of the import`, async (t) => {
    const files = { "main.ts": text, "lib.ts": "", "style.css": "" };
    await rejects(new Modules(t, files).run(), { code: "ERR_MODULE", message });
  });
}

test("an entry that does not exist is refused by name", (t) => {
  const modules = new Modules(t, {});
  throws(() => modules.load("gone.ts"), { code: "ERR_MODULE", message: /gone\.ts/ });
});

test("a failed load is tried again by the next one", async (t) => {
  const modules = new Modules(t, { "main.ts": `import "./lib.ts"; export const a = 1;` });
  await rejects(modules.run(), { code: "ERR_MODULE" });
  modules.write({ "lib.ts": "" });
  equal((await modules.run()).entry.get("a"), 1);
});

test("an assignment to a new member of globalThis is reported once, with its place", async (t) => {
  const seen: unknown[] = [];
  const onGlobalWrite = (name: string, place: object): void => void seen.push([name, place]);
  const modules = new Modules(
    t,
    {
      "main.ts": `\n globalThis.fresh = 1; globalThis.fresh ??= 2; globalThis["URL"] = URL; delete globalThis.fresh;`,
    },
    { onGlobalWrite },
  );
  await modules.run();
  deepEqual(seen, [["fresh", { file: modules.path("main.ts"), line: 2, column: 2 }]]);
});
