/** Imports of local files without their ending, and of folders: found as TypeScript finds them for a bundler. */

import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { symlinkSync } from "node:fs";
import { test } from "node:test";
import { evaluate, Modules } from "./harness.ts";
import type { Files } from "./harness.ts";

const FOUND: [title: string, specifier: string, files: Files, value: string][] = [
  ["a TypeScript file", "./a", { "a.ts": "ts" }, "ts"],
  ["TypeScript before JavaScript", "./a", { "a.js": "js", "a.ts": "ts" }, "ts"],
  ["a JavaScript file", "./a", { "a.js": "js" }, "js"],
  ["a file before a folder", "./a", { "a.ts": "file", "a/index.ts": "folder" }, "file"],
  ["a folder", "./a", { "a/index.ts": "folder" }, "folder"],
  ["a folder of JavaScript", "./a", { "a/index.js": "folder" }, "folder"],
  ["a folder, with a slash", "./a/", { "a.ts": "file", "a/index.ts": "folder" }, "folder"],
  ["the folder itself", ".", { "index.ts": "self" }, "self"],
  ["the folder itself, with a slash", "./", { "index.ts": "self" }, "self"],
  ["a name with dots", "./a.service", { "a.service.ts": "ts" }, "ts"],
  ["a name that looks like an ending", "./a.js", { "a.js.ts": "ts" }, "ts"],
  ["the file that is written, if it is there", "./a.js", { "a.js": "js", "a.ts": "ts" }, "js"],
  ["the source of a file that is written", "./a.js", { "a.ts": "ts", "a/index.ts": "x" }, "ts"],
  ["a folder with dots", "./a.js", { "a.js/index.ts": "folder" }, "folder"],
  [
    "the main of a folder",
    "./a",
    { "a/package.json": `{ "main": "./x.js" }`, "a/x.ts": "main", "a/index.ts": "index" },
    "main",
  ],
  [
    "a main that is a folder",
    "./a",
    { "a/package.json": `{ "main": "lib" }`, "a/lib/index.ts": "main" },
    "main",
  ],
  [
    "the index of a folder whose main is not there",
    "./a",
    { "a/package.json": `{ "main": "gone" }`, "a/index.ts": "index" },
    "index",
  ],
];

/** A file whose text is its export, unless it is a configuration. */
function moduleOf([name, text]: [string, string]): [string, string] {
  return [name, name.endsWith(".json") ? text : `export const found = ${JSON.stringify(text)};`];
}

for (const [title, specifier, files, value] of FOUND) {
  test(`${JSON.stringify(specifier)} finds ${title}`, async (t) => {
    const main = `export { found } from ${JSON.stringify(specifier)};`;
    const texts = Object.fromEntries(Object.entries(files).map(moduleOf));
    equal((await evaluate(t, { "main.ts": main, ...texts })).found, value);
  });
}

test("a parent folder is found by .. and ../", async (t) => {
  const modules = new Modules(t, {
    "lib/sub/main.ts": `import { a } from ".."; import { a as b } from "../"; export const result = [a, b];`,
    "lib/index.ts": `export const a = 1;`,
  });
  deepEqual((await modules.run("lib/sub/main.ts")).entry.get("result"), [1, 1]);
});

test("however a file is named, it is one module", async (t) => {
  const modules = new Modules(t, {
    "main.ts": `import { state } from "./a"; import { state as b } from "./a.ts"; import { state as c } from "./a.js"; import { state as d } from "./link"; export const result = [state === b, b === c, c === d];`,
    "a.ts": `export const state = {};`,
  });
  symlinkSync(modules.path("a.ts"), modules.path("link.ts"));
  deepEqual((await modules.run()).entry.get("result"), [true, true, true]);
  equal((await modules.load()).size, 2);
});

test("dynamic imports, re-exports and import.meta.resolve find the same files", async (t) => {
  const modules = new Modules(t, {
    "main.ts": `export * from "./a"; export const b = (await import("./lib")).b; export const url = import.meta.resolve("./lib");`,
    "a.ts": `export const a = 1;`,
    "lib/index.ts": `export const b = 2;`,
  });
  const { exports } = await modules.run();
  deepEqual([exports["a"], exports["b"], exports["url"]], [1, 2, modules.url("lib/index.ts")]);
});

test("a module is found for a patch by the path that an import would give", async (t) => {
  const modules = new Modules(t, {
    "main.ts": `import "./a"; import "./lib";`,
    "a.ts": "",
    "lib/index.ts": "",
  });
  const program = await modules.load();
  for (const path of ["./a", "a.js", "./a.ts"])
    equal(program.node(path)?.image.file, modules.path("a.ts"));
  for (const path of ["./lib", "lib/", "lib/index"]) {
    equal(program.node(path)?.image.file, modules.path("lib/index.ts"), path);
  }
});

const MISSING: [specifier: string, files: Files, message: RegExp][] = [
  ["./lib/money", { "lib/mony.ts": "" }, /no such file; did you mean "mony"/],
  [
    "./Lib.ts",
    { "lib.ts": "" },
    /no module \.\/Lib\.ts: there is no such file; did you mean "lib\.ts"/,
  ],
  ["./pgn", { "pgn.peggy": "" }, /no module \.\/pgn: there is no such file$/],
  ["./data", { "data.json": "1" }, /did you mean \.\/data\.json\?/],
  ["./a", { "a.mts": "" }, /did you mean \.\/a\.mts\?/],
  ["./lib/", { "lib/index.mjs": "" }, /it is a folder; did you mean \.\/lib\/index\.mjs\?/],
  ["./lib", { "lib/other.ts": "" }, /it is a folder without an index/],
  ["./a", { a: "" }, /can't import \.\/a: modules end in/],
  ["./a", { "a/package.json": "{ x }", "a/index.ts": "" }, /a\/package\.json:1:3: no JSON/],
  ["./a", { "a/package.json": "[]", "a/index.ts": "" }, /a\/package\.json: it must be an object/],
];

test("what the system does not take for a path is refused with the place of the import", async (t) => {
  const modules = new Modules(t, { "a.ts": "" });
  symlinkSync(modules.path("ring.ts"), modules.path("ring.ts"));
  const specifiers = {
    [`./${"x".repeat(5000)}`]: /ENAMETOOLONG/,
    "./ring.ts": /ELOOP/,
    "./a.ts/b": /no such file|ENOTDIR/,
    "./a\\0b": /null bytes/,
    "file://elsewhere/a.ts": /File URL host/,
    "file:///a%2Fb.ts": /encoded/,
  };
  for (const [specifier, why] of Object.entries(specifiers)) {
    modules.write({ "main.ts": `import "${specifier}";` });
    modules.cache.clear();
    await rejects(modules.run(), (error: Error & { code: string }) => {
      equal(error.code, "ERR_MODULE");
      match(error.message, /main\.ts:1:8: no module /);
      match(error.message, why);
      return true;
    });
  }
});

for (const [specifier, files, message] of MISSING) {
  test(`${specifier} beside ${Object.keys(files).join()} is refused`, async (t) => {
    const modules = new Modules(t, { "main.ts": `import "${specifier}";`, ...files });
    await rejects(modules.run(), { message });
  });
}

const NODENEXT = `{ "compilerOptions": { "module": "nodenext" } }`;
const ESM = `{ "type": "module" }`;

test("where the tsconfig wants Node's rules, the refusal says what to write", async (t) => {
  const modules = new Modules(t, {
    "tsconfig.json": NODENEXT,
    "package.json": ESM,
    "src/a.ts": `import "./lib";`,
    "src/b.ts": `import ".."; `,
    "src/c.ts": `\nimport "./dir/";`,
    "src/d.ts": `import "./view";`,
    "src/ok.ts": `import "./lib.ts"; import "./lib.js"; import "./dir/index.js";`,
    "src/lib.ts": "",
    "src/dir/index.ts": "",
    "src/view.tsx": "",
    "index.ts": "",
  });
  const file = modules.path("tsconfig.json");
  await modules.run("src/ok.ts");
  for (const [name, written] of [
    ["a", "1:8: no module ./lib: write ./lib.js"],
    ["b", "1:8: no module ..: write ../index.js"],
    ["c", "2:8: no module ./dir/: write ./dir/index.js"],
    ["d", "1:8: no module ./view: write ./view.js"],
  ]) {
    await rejects(modules.run(`src/${name}.ts`), {
      code: "ERR_MODULE",
      message: `${modules.path(`src/${name}.ts`)}:${written}; by ${file} (moduleResolution) Node's rules hold, and imports name files with their endings`,
    });
  }
});

test("Node's rules hold for ES modules only: a package without a type may leave endings out", async (t) => {
  const modules = new Modules(t, {
    "tsconfig.json": NODENEXT,
    "package.json": "{}",
    "main.ts": `import "./lib";`,
    "strict.mts": `import "./lib";`,
    "inner/package.json": ESM,
    "inner/main.ts": `import "../lib";`,
    "lib.ts": "",
  });
  await modules.run();
  await rejects(modules.run("strict.mts"), { message: /write \.\/lib\.js/ });
  await rejects(modules.run("inner/main.ts"), { message: /write \.\.\/lib\.js/ });
});

test("a tsconfig is read only where a rule depends on it", async (t) => {
  const modules = new Modules(t, {
    "tsconfig.json": "broken",
    "main.ts": `import "./lib.ts";`,
    "other.ts": `import "./lib";`,
    "lib.ts": "",
  });
  await modules.run();
  await rejects(modules.run("other.ts"), { code: "ERR_SYNTAX", message: /tsconfig\.json:1:1/ });
});
