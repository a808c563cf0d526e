/** What the text of a file may look like, and how a text that is no module is refused. */

import { deepEqual, equal, match, rejects, throws } from "node:assert/strict";
import { test } from "node:test";
import { buildImage } from "../../../src/loader/build/image-builder.ts";
import type { ImageData } from "../../../src/loader/weave/image.ts";
import { parseModule } from "../../../src/loader/read/syntax.ts";
import { call, evaluate, Modules } from "./harness.ts";

function build(text: string): ImageData {
  return buildImage(text, "/x.ts", new Set());
}

test("enums, namespaces and parameter properties work", async (t) => {
  const { result } = await evaluate(t, {
    "main.ts": `
      enum Color { Red, Green = 5, Blue }
      namespace Shapes { export const sides = 3; }
      class Point { constructor(readonly x: number, private y = 2) {} sum() { return this.x + this.y; } }
      export const result = [Color.Blue, Color[5], Shapes.sides, new Point(1).sum()];`,
  });
  deepEqual(result, [6, "Green", 3, 3]);
});

test("an exported enum and a class with parameter properties reach the importer", async (t) => {
  const { result } = await evaluate(t, {
    "main.ts": `import { Color, Point } from "./lib.ts"; export const result = [Color.Red, new Point(4).x];`,
    "lib.ts": `export enum Color { Red = 7 }\nexport class Point { constructor(public x: number) {} }`,
  });
  deepEqual(result, [7, 4]);
});

test("files with a hashbang, CRLF, a byte order mark, only types, or nothing are modules", async (t) => {
  const { result } = await evaluate(t, {
    "main.ts": `#!/usr/bin/env node\r\nimport "./empty.ts";\r\nimport type { T } from "./types.ts";\r\nimport "./types.ts";\r\nimport { bom } from "./bom.ts";\r\nexport const result: T = [bom];\r\n`,
    "empty.ts": "",
    "types.ts": `export interface T { [n: number]: unknown }\nexport type U = string;`,
    "bom.ts": `\uFEFFexport const bom = 1;`,
  });
  deepEqual(result, [1]);
});

test("a type that is imported without the word type does no harm", async (t) => {
  const { result } = await evaluate(t, {
    "main.ts": `import { T, n } from "./lib.ts"; const x: T = n; export const result = x;`,
    "lib.ts": `export interface T {} export const n = 3;`,
  });
  equal(result, 3);
});

test("text beyond ASCII keeps its values and positions", async (t) => {
  const text = `const größe: "日本" | "😀" = "😀"; export function boom(): never { const 日本: string = größe; throw new Error(日本); }`;
  const instance = await new Modules(t, { "main.ts": text }).run();
  const column = text.indexOf("new Error") + 1;
  throws(
    () => call(instance, "boom"),
    (error: Error) => {
      match(
        error.stack ?? "",
        new RegExp(`^Error: 😀\\n {4}at boom \\(file:.*main\\.ts:1:${column}\\)`),
      );
      return true;
    },
  );
});

test("a module declares names of its own that the surroundings inject elsewhere", async (t) => {
  const modules = new Modules(
    t,
    {
      "main.ts": `
        import { outer } from "./lib.ts";
        const console = { log: () => "mine" };
        function setTimeout() { return "own"; }
        class URL {}
        export const result = [console.log(), setTimeout(), outer, new URL() instanceof globalThis.URL, structuredClone(1)];`,
      "lib.ts": `export const outer = [setTimeout, URL];`,
    },
    { injected: ["console", "setTimeout", "URL", "fetch"] },
  );
  const asked: string[] = [];
  const instance = await modules.run("main.ts", {
    injected: (name) => (asked.push(name), `<${name}>`),
  });
  deepEqual(instance.entry.get("result"), ["mine", "own", ["<setTimeout>", "<URL>"], false, 1]);
  deepEqual(asked, ["setTimeout", "URL"]);
});

test("a syntax error names file, line and column", async (t) => {
  const modules = new Modules(t, {
    "main.ts": `import "./lib.ts";`,
    "lib.ts": `const a = 1;\n\tlet 日: = 3;`,
  });
  const file = modules.path("lib.ts");
  await rejects(modules.run(), (error: Error & { data: unknown; code: string }) => {
    equal(error.code, "ERR_SYNTAX");
    deepEqual(error.data, { file, line: 2, column: 9 });
    match(error.message, /lib\.ts:2:9: .+/);
    return true;
  });
});

test("a syntax error of a JavaScript file names its place too", () => {
  const data = { file: "x.js", line: 2, column: 5 };
  throws(() => parseModule("let a;\nlet a;", "x.js"), { code: "ERR_SYNTAX", data });
});

test("an assignment to a constant is refused before the module runs", () => {
  const texts = [
    "const a = 1;\nfunction f() { a = 2; }",
    `import { a } from "./x.ts";\n               a++;`,
  ];
  const message = "/x.ts:2:16: Assignment to constant variable.";
  for (const text of texts) throws(() => build(text), { code: "ERR_SYNTAX", message });
});

test("names that the loader keeps for itself are refused", () => {
  throws(() => build("const $snaxFoo = 1;"), { code: "ERR_MODULE" });
  throws(() => build("export const a = $snax;"), {
    code: "ERR_MODULE",
    message: /^\/x\.ts:1:18: /,
  });
});

test("what an image tells of its names is read from the text", () => {
  const { names } = build(`
    import * as ns from "./ns.ts";
    export async function* f(a: number, b = 1) {}
    const g = async (x: number): Promise<number> => x, table = { g };
    class P extends Array<number> { #x = 1; static {} constructor() { super(); } }
    const text = \`t\`, minus = -1, big = 10n, list = [1], re = /x/;
    let v = ns.v; var w;`);
  const kinds = Object.fromEntries([...names].map(([name, { kind }]) => [name, kind]));
  deepEqual(kinds, {
    ns: "import",
    f: "function",
    g: "const-function",
    table: "const",
    P: "class",
    text: "literal",
    minus: "literal",
    big: "literal",
    list: "const",
    re: "literal",
    v: "let",
    w: "var",
  });
  const { isAsync, isGenerator, length, line, isForwarded } = names.get("f") ?? {};
  deepEqual([isAsync, isGenerator, length, line, isForwarded], [true, true, 1, 3, false]);
  equal(names.get("g")?.isForwarded, true);
  const facts = { heritage: "Array", hasPrivate: true, hasConstructor: true, hasStaticBlock: true };
  deepEqual({ ...names.get("P")?.facts, heritage: names.get("P")?.facts?.heritage?.trim() }, facts);
  deepEqual(names.get("ns")?.origin, { specifier: "./ns.ts", name: "*" });
});
