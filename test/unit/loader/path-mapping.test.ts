/** Names that `paths` and `baseUrl` of a tsconfig.json map to files. */

import { deepEqual, equal, rejects } from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { Modules } from "./harness.ts";
import type { Files } from "./harness.ts";

const PACK: Files = {
  "node_modules/pack/package.json": `{ "name": "pack", "exports": "./esm.mjs" }`,
  "node_modules/pack/esm.mjs": `export const kind = "esm"; export const state = {};`,
};

async function result(t: TestContext, text: string, files: Files = {}): Promise<unknown> {
  const modules = new Modules(t, { ...PACK, "src/main.ts": text, ...files });
  return (await modules.run("src/main.ts")).entry.get("result");
}

const TSCONFIG = {
  compilerOptions: {
    paths: {
      "@/*": ["./gen/*", "./src/*"],
      "@/special": ["./src/one.ts"],
      config: ["./src/config/index.ts"],
      typed: ["./types/typed.d.ts"],
      pack: ["./types/pack"],
      fs: ["./src/one.ts"],
    },
  },
};

const MAPPED: Files = {
  "tsconfig.json": JSON.stringify(TSCONFIG),
  "src/one.ts": `export const name = "one";`,
  "src/dir/index.ts": `export const name = "dir";`,
  "src/config/index.ts": `export const name = "config";`,
  "src/both.ts": `export const name = "src";`,
  "gen/both.ts": `export const name = "gen";`,
  "types/typed.d.ts": `export declare const name: string;`,
  "types/pack.d.ts": `export declare const kind: string;`,
  "node_modules/typed/package.json": `{ "exports": "./x.mjs" }`,
  "node_modules/typed/x.mjs": `export const name = "typed";`,
};

for (const [specifier, name] of [
  ["@/one", "one"],
  ["@/one.ts", "one"],
  ["@/one.js", "one"],
  ["@/dir", "dir"],
  ["@/special", "one"],
  ["@/both", "gen"],
  ["config", "config"],
  ["typed", "typed"],
]) {
  test(`${specifier} is found by paths of the tsconfig`, async (t) => {
    equal(
      await result(t, `import { name } from "${specifier}"; export const result = name;`, MAPPED),
      name,
    );
  });
}

test("paths do not hide packages that they only have declarations of, nor Node's own modules", async (t) => {
  equal(await result(t, `import { kind } from "pack"; export const result = kind;`, MAPPED), "esm");
  equal(
    await result(
      t,
      `import { sep } from "path"; import { statSync } from "fs"; export const result = sep + typeof statSync;`,
      MAPPED,
    ),
    "/function",
  );
});

test("baseUrl alone is a place to look at, before packages", async (t) => {
  const files = {
    "tsconfig.json": `{ "compilerOptions": { "baseUrl": "./src" } }`,
    "src/lib/a.ts": `export const a = 1;`,
  };
  const text = `import { a } from "lib/a"; import { kind } from "pack"; import "fs"; export const result = [a, kind];`;
  deepEqual(await result(t, text, files), [1, "esm"]);
});

test("what paths map to an installed package stays a package", async (t) => {
  const files = {
    "tsconfig.json": `{ "compilerOptions": { "paths": { "alias": ["./node_modules/pack/esm.mjs"] } } }`,
  };
  const text = `import { state } from "alias"; import { state as b } from "pack"; export const result = state === b;`;
  equal(await result(t, text, files), true);
});

test("a mapping that leads nowhere is told with what was looked for", async (t) => {
  const message =
    /main\.ts:1:8: no module @\/gone: by paths of \S+\/tsconfig\.json it is \S+\/gen\/gone, and there is no such file/;
  await rejects(result(t, `import "@/gone";`, MAPPED), { code: "ERR_MODULE", message });
});

test("Node's rules hold for mapped paths too", async (t) => {
  const tsconfig = { compilerOptions: { ...TSCONFIG.compilerOptions, module: "nodenext" } };
  const files = {
    ...MAPPED,
    "package.json": `{ "type": "module" }`,
    "tsconfig.json": JSON.stringify(tsconfig),
  };
  await rejects(result(t, `import "@/one";`, files), { message: /write @\/one\.js; by/ });
  equal(
    await result(t, `import { name } from "@/one.js"; export const result = name;`, files),
    "one",
  );
});
