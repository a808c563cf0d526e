/** Imports of a patch: packages, Node's modules, local modules and JSON, relative to the file that is patched. */

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { codeOfFailure, world as nodeOf } from "../../world.ts";
import { fails, serve } from "./harness.ts";
import type { Files } from "./harness.ts";

const FILES: Files = {
  "main.ts": `
    import { skynet } from "snax";
    import { bump } from "./lib/counter.ts";
    export const response = { get() { return "old"; }, bump() { return bump(); } };`,
  "lib/counter.ts": `export let n = 0; export function bump() { n += 1; return n; } import "./deep.ts";`,
  "lib/deep.ts": `export const deep = "deep";`,
  "lib/fresh.ts": `import { n } from "./counter.ts"; export default function () { return "fresh " + n; } export class Tool { use() { return "tool"; } }`,
  "data.json": `{ "prices": [1, 2] }`,
  "bad.ts": `throw new Error("bad module");`,
  "slow.ts": `await new Promise((resolve) => setTimeout(resolve, 1)); export const slow = "slow";`,
  "node_modules/rates/package.json": `{ "name": "rates", "type": "module", "exports": "./index.js" }`,
  "node_modules/rates/index.js": `export const rate = 42; export default "rates";`,
  "node_modules/old/package.json": `{ "name": "old", "main": "./index.js" }`,
  "node_modules/old/index.js": `exports.old = "commonjs";`,
};

test("a patch imports a module of Node", async (t) => {
  const { p, fix } = await serve(t, FILES);
  await fix(`import { basename } from "node:path"; import * as os from "node:os"; import util from "util";
    export const response = { get() { return [basename("/a/b"), typeof os.cpus, typeof util.format]; } };`);
  deepEqual(await p.req.get(), ["b", "function", "function"]);
});

test("a patch imports a package that the service did not", async (t) => {
  const { p, fix } = await serve(t, FILES);
  await fix(`import rates, { rate as r } from "rates"; import { old } from "old";
    export const response = { get() { return [rates, r, old]; } };`);
  deepEqual(await p.req.get(), ["rates", 42, "commonjs"]);
});

test("a patch imports a local module that the service has, and gets its instance", async (t) => {
  const { p, fix } = await serve(t, FILES);
  await p.req.bump();
  await fix(`import { n, bump as again } from "./lib/counter.ts";
    export const response = { get() { return [n, again(), n]; } };`);
  deepEqual(await p.req.get(), [1, 2, 2]);
  equal(await p.req.bump(), 3);
  deepEqual(await p.req.get(), [3, 4, 4]);
});

test("a patch imports a local module that is new to the service", async (t) => {
  const { world, p, fix } = await serve(t, FILES);
  await p.req.bump();
  await fix(`import fresh, { Tool } from "./lib/fresh.ts"; import * as all from "./lib/fresh.ts";
    export const response = { get() { return [fresh(), new Tool().use(), Object.keys(all).sort()]; } };`);
  deepEqual(await p.req.get(), ["fresh 1", "tool", ["Tool", "default"]]);
  const other = await world.start("main");
  equal(await other.req.get(), "old");
});

test("a module that came with a patch is patched itself", async (t) => {
  const { p, fix } = await serve(t, FILES);
  await fix(`import { Tool } from "./lib/fresh.ts"; const tool = new Tool();
    export const response = { get() { return tool.use(); } };`);
  await fix({ "./lib/fresh.ts": `export class Tool { use() { return "TOOL"; } }` });
  equal(await p.req.get(), "TOOL");
});

test("a patch imports JSON, and a module with await at top level", async (t) => {
  const { p, fix } = await serve(t, FILES);
  await fix(`import data from "./data.json" with { type: "json" }; import { slow } from "./slow.ts";
    export const response = { get() { return [data.prices, slow]; } };`);
  deepEqual(await p.req.get(), [[1, 2], "slow"]);
});

test("imports of a module's patch are relative to that module", async (t) => {
  const { p, fix } = await serve(t, FILES);
  await fix({
    "./lib/counter.ts": `import { deep } from "./deep.ts"; export function bump() { return deep; }`,
  });
  equal(await p.req.bump(), "deep");
});

test("a patch imports what the service imports already, under the same name", async (t) => {
  const { p, fix } = await serve(t, FILES);
  await fix(`import { skynet, snax } from "snax"; import { bump } from "./lib/counter.ts";
    export const response = { get() { return [skynet.self() === snax.self().handle, bump()]; } };`);
  deepEqual(await p.req.get(), [true, 1]);
});

test("snax in a patch is bound to the service that is patched", async (t) => {
  const { p, fix } = await serve(t, `export const response = {};`);
  await fix(
    `import { skynet } from "snax"; export const response = { self() { return skynet.self(); } };`,
  );
  equal(await p.req.self(), p.handle);
});

test("later patches see what an earlier one imported", async (t) => {
  const { p, fix } = await serve(t, FILES);
  await fix(`import { rate } from "rates";`);
  await fix(`export const response = { get() { return rate; } };`);
  equal(await p.req.get(), 42);
});

test("import.meta and import() of a patch are the module's", async (t) => {
  const { world, fix } = await serve(t, FILES);
  const patch = `export async function hotfix() {
    const { deep } = await import("./lib/deep.ts");
    const { rate } = await import("rates");
    return [deep, rate, import.meta.url, import.meta.filename];
  }`;
  const [deep, rate, url, filename] = (await fix(patch)) as string[];
  deepEqual([deep, rate], ["deep", 42]);
  equal(new URL(url ?? "").pathname.endsWith("/main.ts"), true);
  equal(filename, `${world.folder}/main.ts`);
});

test("an import of types only loads nothing", async (t) => {
  const { fix } = await serve(t, FILES);
  equal(
    await fix(`import type { X } from "./nowhere.ts"; export function hotfix() { return 1; }`),
    1,
  );
});

for (const [title, text, code] of [
  ["a module that does not exist", `import { x } from "./nowhere.ts";`, "ERR_MODULE"],
  ["a package that does not exist", `import { x } from "no-such-package";`, "ERR_MODULE"],
  ["a name that a module does not export", `import { nope } from "./lib/deep.ts";`, "ERR_MODULE"],
  ["a name that a package does not export", `import { nope } from "rates";`, "ERR_MODULE"],
  ["a name that snax does not export", `import { nope } from "snax";`, "ERR_MODULE"],
] as const) {
  test(`an import of ${title} is refused before anything changes`, async (t) => {
    const { p, refuse } = await serve(t, FILES);
    const rest = `export const response = { get() { return "new"; } };`;
    await refuse(`${text}\n${rest}`, { code: [code, "ERR_PATCH_NAME"] });
    await refuse(`${rest}\n${text}`, { code: [code, "ERR_PATCH_NAME"] });
    equal(await p.req.get(), "old");
  });
}

test("an imported module that throws while it is evaluated undoes the patch", async (t) => {
  const { p, fix } = await serve(t, FILES);
  const patch = `import "./bad.ts"; export const response = { get() { return "new"; } };`;
  await fails(fix(patch), { code: ["ERR_PATCH_FAILED", "ERR_MODULE"], message: /bad module/ });
  equal(await p.req.get(), "old");
});

test("an imported file with a syntax error is refused with its own place", async (t) => {
  const { world, p, fix } = await serve(t, FILES);
  world.write({ "typo.ts": `\nexport const = 5;` });
  await fails(fix(`import "./typo.ts"; export const response = { get() { return 1; } };`), {
    code: "ERR_SYNTAX",
    message: /typo\.ts:2:/,
  });
  equal(await p.req.get(), "old");
});

test("an import under a name that the service uses for something else is refused", async (t) => {
  const { refuse } = await serve(t, `let rate = 1; function f() {} export const response = {};`);
  await refuse(`import { rate } from "rates";`, { code: "ERR_PATCH" });
  await refuse(`import { join as f } from "node:path";`, { code: "ERR_PATCH" });
});

test("a name that one patch has added and another imports is the newest that patches have given", async (t) => {
  const { world, p, fix } = await serve(t, FILES);
  world.isMerging = false;
  const give = (value: string): Promise<unknown> =>
    fix({
      "./lib/counter.ts": `export function vat() { return "${value}"; } export let rate = "${value}";`,
    });
  await give("one");
  await fix(
    `import { vat, rate } from "./lib/counter.ts"; export const response = { get() { return [vat(), rate]; } };`,
  );
  deepEqual(await p.req.get(), ["one", "one"]);
  await fix({ "./lib/counter.ts": `function vat() { return "two"; }` });
  deepEqual(await p.req.get(), ["two", "one"]);
  await fix({
    "./lib/counter.ts": `function vat() { throw new Error("never"); } export function hotfix() { throw new Error("no"); }`,
  }).catch(() => {});
  deepEqual(await p.req.get(), ["two", "one"]);
});

test("a type may import what a patch has added to a shared module that another thread has not loaded yet", async (t) => {
  const { folder, snax } = await nodeOf(
    t,
    {
      main: `import { total } from "./all.ts"; export const response = { get() { return total(); } };`,
      all: `"use shared"; export function total() { return "old"; }`,
    },
    { thread: 2 },
  );
  const one = await snax.at(1).newservice<any>("main");
  await snax.hotfixshared(`${folder}/all.ts`, `export function fresh() { return "one"; }`);
  await snax.hotfixshared(`${folder}/all.ts`, `export function second() { return fresh() + 2; }`);
  const body = (name: string): string =>
    `import { ${name} } from "./all.ts"; export const response = { get() { return ${name}(); } };`;
  for (const wrong of ["frsh", "none"]) {
    equal(await codeOfFailure(snax.hotfixall("main", body(wrong))), "ERR_PATCH_NAME");
  }
  await snax.hotfixall("main", body("second"));
  const two = await snax.at(2).newservice<any>("main");
  deepEqual([await one.req.get(), await two.req.get()], ["one2", "one2"]);
  await snax.hotfixshared(`${folder}/all.ts`, `function fresh() { return "two"; }`);
  const born = await snax.at(2).newservice<any>("main");
  deepEqual(
    [await one.req.get(), await two.req.get(), await born.req.get()],
    ["two2", "two2", "two2"],
  );
});

test("a type may import what a patch has added to a shared module", async (t) => {
  const { folder, make, snax } = await nodeOf(t, {
    main: `import { total } from "./all.ts"; export const response = { get() { return total(); } };`,
    all: `"use shared"; export function total() { return "old"; }`,
  });
  const p = await make("main");
  await snax.hotfixshared(`${folder}/all.ts`, `export function fresh() { return "one"; }`);
  await snax.hotfixall(
    "main",
    `import { fresh } from "./all.ts"; export const response = { get() { return fresh(); } };`,
  );
  equal(await p.req.get(), "one");
  await snax.hotfixshared(`${folder}/all.ts`, `function fresh() { return "two"; }`);
  const born = await make("main");
  deepEqual([await p.req.get(), await born.req.get()], ["two", "two"]);
});
