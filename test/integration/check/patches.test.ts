/** What the check of types finds in patches, and what it lets pass, with each release of TypeScript. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { merge } from "../../../src/texts/merge.ts";
import { readBlocks, readCode, readFiles, readPage, readTable } from "../../unit/docs/page.ts";
import { COMPILERS, createChecked, SHOP } from "./project.ts";

/** Patches by what they are, with what is found: nothing, or the beginning of each line. */
const PATCHES: Readonly<Record<string, readonly [patch: string, ...found: string[]]>> = {
  "a method that a number lacks": [
    "function report(): void {\n  skynet.error(sold.toUpperCase());\n}",
    "patch p.ts:2:21 TS2339 Property 'toUpperCase' does not exist on type 'number'.",
  ],
  "private state, declared": [
    "declare let sold: number;\nexport const response = { left(item: string) { return stock.get(item) ?? sold; } };",
  ],
  "private state, not declared": ['function report(): void { skynet.error("sold", sold, TAX); }'],
  "a variable without a use": ["function report(): void { const spare = sold; }"],
  "state declared otherwise": [
    "declare const TAX: number;\ndeclare let spare: Map<string, number>, sold: string;",
    "patch p.ts:2:41 TS2322 declared otherwise than the service has it: Type 'number' is not assignable to type 'string'.",
  ],
  "a function declared otherwise": [
    "declare function report(): number;\nexport function hotfix() { report(); }",
    "patch p.ts:1:18 TS2322 declared otherwise than the service has it: Type '() => void' is not assignable to type '() => number'.",
  ],
  "a name that no service has": [
    "export function hotfix() {\n  return slod + 1;\n}",
    "patch p.ts:2:10 TS2304 Cannot find name 'slod'.",
  ],
  "a new function": [
    "function twice(n: number): number { return n * 2; }\nconst price = (net: number): number => twice(net);",
  ],
  "a new generic, used wrongly": [
    "function first<T>(list: readonly T[]): T | undefined { return list[0]; }\nexport const response = { one(): number { return first([sold]); } };",
    "patch p.ts:2:43 TS2322 Type 'number | undefined' is not assignable to type 'number'.",
  ],
  "a new generic": [
    "function pick<T extends { id: number }>(list: T[], id: number): T | undefined {\n  return list.find((each) => each.id === id);\n}\nexport function hotfix(n = 0): number {\n  sold = n;\n  return pick([{ id: 1 }], n)?.id ?? 0;\n}",
  ],
  "a member of a class": [
    "class Order { declare total: number; twice() { return this.total * 2; } }",
  ],
  "a member of a class, used wrongly": [
    "class Order {\n  text() {\n    return this.totl;\n  }\n}",
    "patch p.ts:3:17 TS2551 Property 'totl' does not exist on type 'Order'.",
  ],
  "a constant": ["const TAX = 0.19;"],
  "a method taken away": ["delete response.buy;", "other services/main.ts:5:"],
  "parameters that the running code does not give": [
    "const price = (net: string): number => Number(net);",
    "running services/shop.ts:26:26 TS2345 Argument of type 'number' is not assignable to parameter of type 'string'.",
  ],
  "a result that another service takes otherwise": [
    "export const response = { buy(item: string, net: number) { return net; } };",
    "other services/main.ts:5:9 TS2322 Type 'number' is not assignable to type 'string'.",
  ],
  "a type with a use": [
    "interface Line { item: string; net: number }\nexport const response = { line(item: string): Line { return { item, net: TAX }; } };",
  ],
  "an import, used wrongly": [
    'import { basename } from "node:path";\nexport const response = { name() { return basename(sold); } };',
    "patch p.ts:2:52 TS2345 Argument of type 'number' is not assignable to parameter of type 'string'.",
  ],
  "an import of what is not there": [
    'import { nothing } from "./lib/none.ts";\nexport function hotfix() { return nothing; }',
    "patch p.ts:1:25 TS2307 Cannot find module './lib/none.ts'",
  ],
  "tabs and other line ends": [
    "function report(): void {\r\n\tskynet.error(sold.toUpperCase());\r\n}",
    "patch p.ts:2:20 TS2339",
  ],
  "what is no TypeScript": ["let x: = 1;", "patch p.ts:1:8 ERR_SYNTAX "],
};

/** The others are asked for less: each start of theirs takes seconds. */
const [typescript = ""] = COMPILERS;

for (const compiler of COMPILERS) {
  test(`errors are found at the patch's own lines, and right patches pass: ${compiler}`, async (t) => {
    const { lines } = createChecked(t, { typescript: compiler });
    for (const [title, [patch, ...found]] of Object.entries(PATCHES)) {
      const told = (await lines(patch)).map((line) =>
        line.replace(/^running (services\/main)/, "other $1"),
      );
      equal(told.length, found.length, `${title}: ${told.join("\n") || "nothing found"}`);
      for (const [index, start] of found.entries()) {
        ok(told[index]?.startsWith(start), `${title}: ${told[index]}\nexpected: ${start}`);
      }
    }
  });

  test(`a file edited between two checks counts as it is: ${compiler}`, async (t) => {
    const files = { "services/lib/types.ts": "export interface Item { id: number }\n" };
    const { lines, folder } = createChecked(t, { typescript: compiler, files });
    const patch = `import type { Item } from "./lib/kinds.ts";\nexport const response = { id(item: Item): number { return item.id; } };`;
    writeFileSync(join(folder, "services/lib/kinds.ts"), "export interface Item { id: number }\n");
    deepEqual(await lines(patch), []);
    writeFileSync(
      join(folder, "services/lib/kinds.ts"),
      "export interface Item { id: string; more: 1 }\n",
    );
    const [line = ""] = await lines(patch);
    match(line, /^patch p\.ts:2:52 TS2322 /);
  });
}

test(`a module's change breaks those that import it, by what they run`, async (t) => {
  const { lines, folder } = createChecked(t, { typescript });
  const patch = "export function round(n: string): number { return n.length; }";
  const found = [
    "running services/shop.ts:15:46 TS2345 Argument of type 'number' is not assignable to parameter of type 'string'.",
  ];
  deepEqual(await lines(patch, "services/lib/money.ts"), found);
  // What lies on disk runs nowhere.
  writeFileSync(join(folder, "services/shop.ts"), "export const nothing = 1;\n");
  deepEqual(await lines(patch, "services/lib/money.ts"), found);
  deepEqual(
    await lines("export function round(n: number): number { return n; }", "services/lib/money.ts"),
    [],
  );
});

test(`what was wrong already is no fault of the patch, except in its own lines`, async (t) => {
  const wrong = 'const wrong: number = "x";\nconst more: string = wrong.length;\n';
  const { lines } = createChecked(t, { typescript, files: { "services/shop.ts": SHOP + wrong } });
  deepEqual(await lines("const TAX = 0.19;"), []);
  const again = await lines('const wrong: number = "x";');
  equal(again.length, 1);
  match(again[0] ?? "", /^patch p\.ts:1:7 TS2322 /);
});

test(`a file that no service runs is named as such, and so is a type by name`, async (t) => {
  const files = {
    "snax.d.ts": `declare module "snax" {\n  interface Services {\n    shop: typeof import("./services/shop.ts");\n  }\n}\nexport {};\n`,
    "client/byname.ts": `import { snax } from "snax";\nconst shop = await snax.newservice("shop");\nexport const text: string = await shop.req.buy("a", 1);\n`,
    "services/main.ts": "export function init() {}\n",
  };
  const { lines } = createChecked(t, { typescript, files });
  deepEqual(
    await lines("export const response = { buy(item: string, net: number) { return net; } };"),
    ["other client/byname.ts:3:14 TS2322 Type 'number' is not assignable to type 'string'."],
  );
});

test(`JavaScript is checked if the project says so, else it is told`, async (t) => {
  const options = (checkJs: boolean): string =>
    JSON.stringify({
      compilerOptions: {
        target: "es2023",
        module: "nodenext",
        strict: true,
        noEmit: true,
        allowJs: true,
        checkJs,
        types: [],
      },
    });
  const files = {
    "services/till.js":
      "let sum = 0;\nexport const response = {\n  add(n) {\n    sum += n;\n  },\n};\n",
    "services/main.ts": "export {};\n",
    "tsconfig.json": options(false),
  };
  const patch = "export const response = { twice(n: number) { return sum.toUpperCase(); } };";
  const { lines, folder } = createChecked(t, { typescript, files });
  deepEqual(await lines(patch, "services/till.js"), [
    "unchecked: services/till.js is JavaScript, which the project's tsconfig.json does not have checked (checkJs)",
  ]);
  const checked = createChecked(t, {
    typescript,
    files: { ...files, "tsconfig.json": options(true) },
  });
  const [line = ""] = await checked.lines(patch, "services/till.js");
  match(line, /^patch p\.ts:1:57 TS2339 Property 'toUpperCase' does not exist on type 'number'/);
  ok(folder !== checked.folder);
});

for (const [index, compiler] of COMPILERS.entries()) {
  test(`JavaScript that imports a service is passed over by compiler ${index} in a project that has none checked`, async (t) => {
    const options = { target: "es2023", module: "nodenext", strict: true, noEmit: true, types: [] };
    const files = {
      "services/till.ts":
        "let sum = 0;\nexport const response = {\n  add(n: number) {\n    sum += n;\n  },\n};\n",
      "tools/look.mjs": 'import { response } from "../services/till.ts";\nresponse.add("x");\n',
      "services/till.js": 'import "./till.ts";\n',
      "tsconfig.json": JSON.stringify({
        compilerOptions: { ...options, allowImportingTsExtensions: true },
      }),
    };
    const patch = "export const response = { twice(n: number) { return sum.toUpperCase(); } };";
    const { lines } = createChecked(t, { typescript: compiler, files });
    const found = await lines(patch, "services/till.ts");
    equal(found.length, 1, found.join("\n"));
    match(found[0] ?? "", /^patch p\.ts:1:57 TS2339 Property 'toUpperCase' does not exist/);
  });
}

test("a file that says @ts-nocheck is told of, and is not taken for one without errors", async (t) => {
  const files = {
    "services/shop.ts": `// @ts-nocheck\n${SHOP}`,
    "services/main.ts": "export {};\n",
  };
  const { lines } = createChecked(t, { typescript, files });
  match(
    (await lines("const TAX = 0.19;"))[0] ?? "",
    /^unchecked: the compiler does not check services\/shop\.ts/,
  );
});

test("a comment of the patch does not turn its check off", async (t) => {
  const { lines } = createChecked(t, { typescript });
  const patch = "// @ts-nocheck\nfunction report(): void {\n  skynet.error(sold.toUpperCase());\n}";
  match((await lines(patch))[0] ?? "", /^patch p\.ts:3:21 TS2339/);
});

test("without a typescript, or without a tsconfig.json, it says so", async (t) => {
  deepEqual(await createChecked(t, {}).lines("const TAX = 1;"), [
    "unchecked: typescript is not installed",
  ]);
  const old = {
    "node_modules/typescript/package.json": '{ "version": "4.9.5" }',
    "node_modules/typescript/index.js": "",
  };
  deepEqual(await createChecked(t, { files: old }).lines("const TAX = 1;"), [
    "unchecked: typescript 4.9.5 is too old",
  ]);
});

test("no patch that the manual shows is a false alarm, each on top of those before it", async (t) => {
  const page = readPage("hotfix.md");
  const shop = readFiles(page)["services/shop.ts"] ?? "";
  const inBlocks = readBlocks(page).filter(({ mark }) => mark === "patch");
  const inTable = readTable(page, "to change").flatMap(([, patch = ""]) => readCode(patch));
  const patches = [...inBlocks.map(({ text }) => text), ...inTable];
  ok(patches.length > 10);
  const { checker, folder } = createChecked(t, {
    typescript,
    files: { "services/main.ts": "export {};\n" },
  });
  const file = join(folder, "services/shop.ts");
  let text = shop;
  for (const patch of patches) {
    const modules = [{ file, text, isService: true }];
    const found = await checker.check({
      modules,
      patches: [{ file, text: patch, shown: "p.ts" }],
      running: [],
    });
    // One constructor asks for more than the module gives it, which is true.
    const isAlarm = patch.includes("constructor(readonly item");
    const told = found.kind === "checked" ? found.errors.map((each) => each.code) : found;
    deepEqual(told, isAlarm ? ["TS2554"] : [], patch);
    text = merge(text, patch, file, { isService: true }).text;
  }
});
