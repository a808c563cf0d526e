/** The nearest tsconfig.json of a folder: what is found, what its options are, and what is said of a broken one. */

import { deepEqual, equal, throws } from "node:assert/strict";
import { rmSync } from "node:fs";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { TSCONFIG_DEPTH_MAX, TSCONFIG_SIZE_MAX } from "../../../src/base/limits.ts";
import { parseJsonc } from "../../../src/loader/text/jsonc.ts";
import { Tsconfigs } from "../../../src/loader/resolve/tsconfig.ts";
import type { Tsconfig } from "../../../src/loader/resolve/tsconfig.ts";
import { Modules } from "./harness.ts";
import type { Files } from "./harness.ts";

function write(t: TestContext, files: Files): (folder?: string) => Tsconfig | undefined {
  const modules = new Modules(t, files);
  return (folder = ".") => new Tsconfigs().find(modules.path(folder));
}

const options = (compilerOptions: object, more: object = {}): string =>
  JSON.stringify({ ...more, compilerOptions });

test("JSON with comments and last commas is read as JSON, whatever is in its texts", () => {
  const text = `\uFEFF// head
  { /* a
  // b */ "a//b": "/* no */ \\" // \\\\", "list": [1, 2, /* three */ ], // end
    "s,}": ",]", }`;
  deepEqual(parseJsonc(text, "x"), {
    "a//b": `/* no */ " // \\`,
    list: [1, 2],
    "s,}": ",]",
  });
});

test("places of faults in JSON with comments are those of the file", () => {
  throws(() => parseJsonc(`{ // one\n /* two\n */ "a": x }`, "x.json"), {
    code: "ERR_SYNTAX",
    message: /x\.json:3:10: no JSON: a value is expected, not "x"/,
  });
  for (const text of ["{ /* no end", `{ "no end`, `"\\`, ",", "[1,,]"]) {
    throws(() => parseJsonc(text, "x.json"), { code: "ERR_SYNTAX" });
  }
});

test("a text made to be slow is refused at once", () => {
  const start = performance.now();
  for (const unit of ['\\"', '"', "/*", "//", ",", ", ", "/"]) {
    throws(() => parseJsonc(unit.repeat(200_000), "x.json"), { code: "ERR_SYNTAX" });
  }
  const ms = performance.now() - start;
  equal(ms < 20_000, true, `${ms} ms`);
});

test("the nearest file counts, and below node_modules none", (t) => {
  const find = write(t, {
    "tsconfig.json": options({ experimentalDecorators: true }),
    "a/tsconfig.json": options({ jsx: "React-JSX", target: "ES2020" }),
    "a/b/c/x.ts": "",
    "d/tsconfig.json/x.ts": "",
    "node_modules/p/tsconfig.json": "{",
  });
  equal(find("a/b/c")?.jsx, "react-jsx");
  equal(find("a/b/c")?.target, "es2020");
  equal(find("a/b/c")?.experimentalDecorators, undefined);
  equal(find("d")?.experimentalDecorators, true);
  equal(find("nowhere")?.experimentalDecorators, true);
  equal(find("node_modules/p"), undefined);
});

test("options that have no effect here, and an empty file, are no fault", (t) => {
  const find = write(t, {
    "tsconfig.json": options({ outDir: 5, strict: "x", constructor: 1, __proto__: null }),
    "a/tsconfig.json": "",
    "b/tsconfig.json": "{}",
  });
  equal(find()?.target, undefined);
  equal(find("a")?.definesFields, true);
  equal(find("b")?.isNodeNext, false);
});

test("extends takes a path with or without its ending, a package, a list; later files and own options win", (t) => {
  const find = write(t, {
    "tsconfig.json": options(
      { jsx: "preserve" },
      { extends: ["./base", "@scope/strict", "pack/inner"] },
    ),
    "base.json": options({ target: "es2017", experimentalDecorators: true, jsx: "react" }),
    "node_modules/@scope/strict/package.json": `{ "name": "@scope/strict" }`,
    "node_modules/@scope/strict/tsconfig.json": options(
      { target: "es2019" },
      { extends: "./deep.json" },
    ),
    "node_modules/@scope/strict/deep.json": options({ isolatedModules: true, target: "es5" }),
    "node_modules/pack/inner.json": options({
      experimentalDecorators: null,
      verbatimModuleSyntax: true,
    }),
  });
  const found = find();
  equal(found?.target, "es2019");
  equal(found?.jsx, "preserve");
  equal(found?.isolatedModules, true);
  equal(found?.verbatimModuleSyntax, true);
  equal(found?.experimentalDecorators, undefined);
});

test("paths count from baseUrl, from the file that has them, or from ${configDir}", (t) => {
  const modules = new Modules(t, {
    "one/tsconfig.json": options({ paths: { "@/*": ["./src/*", "gen/*"], exact: ["./x.ts"] } }),
    "two/tsconfig.json": options({}, { extends: "../conf/base.json" }),
    "conf/base.json": options({ baseUrl: "lib", paths: { "*": ["any/*"] } }),
    "three/tsconfig.json": options({}, { extends: "../conf/dir.json" }),
    "conf/dir.json": options({ paths: { "~/*": ["${configDir}/src/*"] } }),
  });
  const find = (folder: string): unknown => new Tsconfigs().find(modules.path(folder))?.paths;
  deepEqual(find("one"), [
    { pattern: "@/*", targets: [modules.path("one/src/*"), modules.path("one/gen/*")] },
    { pattern: "exact", targets: [modules.path("one/x.ts")] },
  ]);
  deepEqual(find("two"), [{ pattern: "*", targets: [modules.path("conf/lib/any/*")] }]);
  deepEqual(find("three"), [{ pattern: "~/*", targets: [modules.path("three/src/*")] }]);
});

const DERIVED: [options: object, definesFields: boolean, isNodeNext: boolean][] = [
  [{}, true, false],
  [{ target: "ES2021" }, false, false],
  [{ target: "es2022" }, true, false],
  [{ target: "ESNext" }, true, false],
  [{ target: "es6" }, false, false],
  [{ target: "es2017", useDefineForClassFields: true }, true, false],
  [{ useDefineForClassFields: false }, false, false],
  [{ module: "NodeNext" }, true, true],
  [{ module: "node20" }, true, true],
  [{ moduleResolution: "node16" }, true, true],
  [{ moduleResolution: "node" }, true, false],
  [{ module: "nodenext", moduleResolution: "bundler" }, true, false],
];

for (const [given, definesFields, isNodeNext] of DERIVED) {
  test(`${JSON.stringify(given)} defines fields: ${definesFields}, wants endings: ${isNodeNext}`, (t) => {
    const found = write(t, { "tsconfig.json": options(given) })();
    deepEqual([found?.definesFields, found?.isNodeNext], [definesFields, isNodeNext]);
  });
}

test("a file that only lists references stands for the first one that includes the folder", (t) => {
  const find = write(t, {
    "tsconfig.json": `{ "files": [], "references": [{ "path": "./tsconfig.node.json" }, { "path": "./tsconfig.app.json" }, { "path": "./packages/one" }] }`,
    "tsconfig.node.json": options(
      { jsx: "react" },
      { include: ["vite.config.ts", "scripts/**/*.ts"] },
    ),
    "tsconfig.app.json": options({ jsx: "preserve" }, { include: ["src"] }),
    "packages/one/tsconfig.json": options({ jsx: "react-native" }),
  });
  equal(find("src/deep")?.jsx, "preserve");
  equal(find("scripts")?.jsx, "react");
  equal(find("packages/one/src")?.jsx, "react-native");
  equal(find("srcs")?.jsx, undefined);
});

test("what was read counts for one load: an edit is seen by the next", (t) => {
  const modules = new Modules(t, { "tsconfig.json": options({ jsx: "react" }) });
  const configs = new Tsconfigs();
  equal(configs.find(modules.folder)?.jsx, "react");
  modules.write({ "tsconfig.json": options({ jsx: "preserve" }) });
  equal(configs.find(modules.folder)?.jsx, "react");
  equal(new Tsconfigs().find(modules.folder)?.jsx, "preserve");
  rmSync(modules.path("tsconfig.json"));
  equal(new Tsconfigs().find(modules.folder), undefined);
});

const FAULTS: [title: string, text: string, code: string, message: RegExp][] = [
  ["no JSON", `{\n  "a": x }`, "ERR_SYNTAX", /tsconfig\.json:2:8: no JSON: .* not "x"/],
  ["a list", "[]", "ERR_MODULE", /tsconfig\.json: it must be an object/],
  [
    "options that are a text",
    `{ "compilerOptions": "x" }`,
    "ERR_MODULE",
    /compilerOptions must be an object/,
  ],
  [
    "a flag that is a text",
    options({ isolatedModules: "yes" }),
    "ERR_MODULE",
    /tsconfig\.json: isolatedModules must be true or false/,
  ],
  ["a target that is a number", options({ target: 5 }), "ERR_MODULE", /target must be a text/],
  ["paths that are a list", options({ paths: [] }), "ERR_MODULE", /paths must be an object/],
  [
    "a path that is no list",
    options({ paths: { a: "b" } }),
    "ERR_MODULE",
    /paths\["a"\] must be a list of texts/,
  ],
  [
    "a path of nothing",
    options({ paths: { a: [] } }),
    "ERR_MODULE",
    /paths\["a"\] must be a list that is not empty/,
  ],
  [
    "two stars",
    options({ paths: { "*a*": ["b"] } }),
    "ERR_MODULE",
    /must be without a second \* in \*a\*/,
  ],
  [
    "extends of nothing",
    `{ "extends": "./gone" }`,
    "ERR_MODULE",
    /tsconfig\.json: extends \.\/gone, and there is no such file/,
  ],
  [
    "extends of no package",
    `{ "extends": "gone" }`,
    "ERR_MODULE",
    /extends gone, and there is no such file/,
  ],
  ["extends of a number", `{ "extends": 5 }`, "ERR_MODULE", /extends must be a list of texts/],
  ["extends of itself", `{ "extends": "./tsconfig.json" }`, "ERR_MODULE", /extends leads back to/],
  [
    "references to a number",
    `{ "files": [], "references": [5] }`,
    "ERR_MODULE",
    /an entry of references must be an object/,
  ],
];

for (const [title, text, code, message] of FAULTS) {
  test(`${title} is refused with the file`, (t) => {
    throws(() => write(t, { "tsconfig.json": text })("src"), { code, message });
  });
}

test("a fault in a file that is extended is told with that file", (t) => {
  const find = write(t, {
    "tsconfig.json": `{ "extends": "./base" }`,
    "base.json": options({ jsx: 1 }),
  });
  throws(find, { code: "ERR_MODULE", message: /base\.json: jsx must be a text/ });
});

test("a chain of extends and a size have their limits", (t) => {
  const chain = (length: number): Files =>
    Object.fromEntries(
      Array.from({ length }, (_, at) => [
        at === 0 ? "tsconfig.json" : `${at}.json`,
        at === length - 1 ? options({ jsx: "react" }) : `{ "extends": "./${at + 1}" }`,
      ]),
    );
  equal(write(t, chain(TSCONFIG_DEPTH_MAX + 1))()?.jsx, "react");
  throws(write(t, chain(TSCONFIG_DEPTH_MAX + 2)), { code: "ERR_MODULE", message: /more than 32/ });
  const padded = (size: number): Files => ({ "tsconfig.json": "{}".padEnd(size) });
  equal(write(t, padded(TSCONFIG_SIZE_MAX))()?.jsx, undefined);
  throws(write(t, padded(TSCONFIG_SIZE_MAX + 1)), { code: "ERR_MODULE", message: /1048577 bytes/ });
});

test("files that extend the next one twice each are read at once", (t) => {
  const files: [string, string][] = Array.from({ length: 30 }, (_, at) => [
    at === 0 ? "tsconfig.json" : `${at}.json`,
    at === 29 ? options({ jsx: "react" }) : `{ "extends": ["./${at + 1}", "./${at + 1}"] }`,
  ]);
  equal(write(t, Object.fromEntries(files))()?.jsx, "react");
});
