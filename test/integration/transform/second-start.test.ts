/** Large programs are compiled on another thread, and the second start of a node finds what the first one made. */

import { equal, ok, rejects } from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { setTimeout as after } from "node:timers/promises";
import { CodeCache } from "../../../src/loader/code-cache.ts";
import { Modules } from "../../unit/loader/harness.ts";
import type { Files } from "../../unit/loader/harness.ts";
import { world } from "../../world.ts";
import { createProject } from "./project.ts";

/** Modules that import each other in a row, each with some work for a compiler. */
function chain(count: number): Record<string, string> {
  const files: Record<string, string> = {};
  for (let index = 0; index < count; index += 1) {
    const lines = Array.from(
      { length: 150 },
      (_, line) =>
        `export class C${line} { private n: number = ${line}; m(a: number): number { return a + this.n; } }`,
    );
    const next =
      index + 1 < count
        ? `import { f as g } from "./m${index + 1}.ts";`
        : "const g = (): number => 0;";
    files[`m${index}.ts`] = `${next}\nexport const f = (): number => g() + 1;\n${lines.join("\n")}`;
  }
  return { ...files, "main.ts": `import { f } from "./m0.ts"; export const result = f();` };
}

/** Waits until the store of a folder has that number of files. */
async function waitForStore(folder: string, count: number): Promise<string[]> {
  const store = join(folder, "node_modules", ".cache", "snax");
  for (;;) {
    const names = existsSync(store)
      ? readdirSync(store).filter((name) => !name.endsWith(".part"))
      : [];
    if (names.length >= count) return names.map((name) => join(store, name));
    await after(20);
  }
}

function createKept(t: TestContext, files: Files): Modules {
  const modules = new Modules(t, files, { isKept: true, buildMs: 50 });
  mkdirSync(join(modules.folder, "node_modules"));
  return modules;
}

test("a large program is compiled on another thread, and every image is kept", async (t) => {
  const count = 60;
  const modules = createKept(t, chain(count));
  const loading = modules.load();
  ok(loading instanceof Promise);
  await loading;
  equal((await modules.run()).exports["result"], count);
  await waitForStore(modules.folder, count + 1);
  const again = new CodeCache({ isKept: true });
  const program = again.load(modules.path("main.ts"));
  ok(!(program instanceof Promise));
  for (const image of again.images.values()) ok(image.data.cachedData !== undefined, image.file);
  equal(
    (await program.instantiate({ api: {}, injected: () => undefined })).entry.get("result"),
    count,
  );
});

/** Each module has V8's cached code of the way in which it is entered. */
async function checkKept(modules: Modules, names: readonly string[]): Promise<void> {
  const again = new CodeCache({ isKept: true });
  const program = again.load(modules.path("main.ts"));
  ok(!(program instanceof Promise));
  const { entry } = await program.instantiate({ api: {}, injected: () => undefined });
  equal(await (entry.get("work") as () => unknown)(), 3);
  for (const name of names) {
    const image = again.images.get(modules.path(name));
    ok(image !== undefined && !image.hasNewCode, name);
  }
}

const ENTERED: Record<string, Files> = {
  "by a require while it runs": {
    "main.ts": `const late = "./late.ts"; export const work = () => require(late).value;`,
    "late.ts": `import { two } from "./two.ts"; export const value = 1 + two;`,
    "two.ts": `export const two = 2;`,
  },
  "before a require that takes one of its methods": {
    "main.ts": `class A { m() { return 3; } } export const a = new A(); export const work = () => require("./late.ts").held();`,
    "late.ts": `import { a } from "./main.ts"; export const held = a.m;`,
  },
  "in a cycle": {
    "main.ts": `import { value } from "./late.ts"; export const two = () => 2; export const work = () => value();`,
    "late.ts": `import { two } from "./main.ts"; export const value = () => 1 + two();`,
  },
  "with a top level that waits": {
    "main.ts": `import { value } from "./late.ts"; export const work = () => value;`,
    "late.ts": `export const value = await Promise.resolve(3);`,
  },
  "in a cycle with a top level that waits": {
    "main.ts": `import { value } from "./late.ts"; export const two = () => 2; export const work = () => value();`,
    "late.ts": `import { two } from "./main.ts"; await 0; export const value = () => 1 + two();`,
  },
};

for (const [how, files] of Object.entries(ENTERED)) {
  test(`the next start finds the cached code of a module that is entered ${how}`, async (t) => {
    const modules = createKept(t, files);
    const { exports } = await modules.run();
    equal(await (exports["work"] as () => unknown)(), 3);
    await waitForStore(modules.folder, Object.keys(files).length);
    await checkKept(modules, Object.keys(files));
  });
}

test("images of another thread are kept anew with the cached code of cycles", async (t) => {
  const count = 60;
  const files = chain(count);
  files[`m${count - 1}.ts`] =
    `${files[`m${count - 1}.ts`]}\nimport { f as first } from "./m0.ts"; export { first };`;
  files["main.ts"] = `import { f } from "./m0.ts"; export const work = () => f() - ${count - 3};`;
  const modules = createKept(t, files);
  const loading = modules.load();
  ok(loading instanceof Promise);
  await loading;
  const { exports } = await modules.run();
  equal((exports["work"] as () => unknown)(), 3);
  // They are in the store from the other thread: those of the cycle are written again.
  for (;;) {
    const again = new CodeCache({ isKept: true });
    const program = again.load(modules.path("main.ts"));
    ok(!(program instanceof Promise));
    await program.instantiate({ api: {}, injected: () => undefined });
    if ([...again.images.values()].every((image) => !image.hasNewCode)) break;
    await after(100);
  }
});

test("an error in a module that another thread compiles has its place", async (t) => {
  const files = chain(60);
  files["m59.ts"] += "\nconst x: = 1;";
  const modules = new Modules(t, files, { buildMs: 50 });
  await rejects(modules.run(), (error: Error & { code: string; data: unknown }) => {
    equal(error.code, "ERR_SYNTAX");
    ok(error.message.startsWith(`${modules.path("m59.ts")}:153:10: `), error.message);
    return true;
  });
  const missing = { ...chain(60), "m59.ts": `import "./none.ts";` };
  await rejects(new Modules(t, missing, { buildMs: 50 }).run(), {
    code: "ERR_MODULE",
  });
});

test("a text that was transformed is found as long as compiler and options are the same", async (t) => {
  const text = `const D = (c: any): any => {}; class B { set x(v: number) {} } @D class A extends B { x = 1; }
    export const result = Object.hasOwn(new A(), "x");`;
  const project = createProject(t, {
    files: { "main.ts": text },
    options: { experimentalDecorators: true },
    compilers: ["swc"],
  });
  const read = async (): Promise<[unknown, boolean]> => {
    const cache = new CodeCache({ isKept: true });
    const loading = cache.load(project.path("main.ts"));
    const program = await loading;
    const { entry } = await program.instantiate({ api: {}, injected: () => undefined });
    return [entry.get("result"), !(loading instanceof Promise)];
  };
  const check = async (result: boolean, isFound: boolean): Promise<void> => {
    const got = await read();
    equal(got[0], result);
    equal(got[1], isFound);
  };
  await check(true, false);
  await check(true, true);
  const config = project.path("tsconfig.json");
  const before = readFileSync(config, "utf8");
  writeFileSync(
    config,
    before.replace("{", `{ "files": [],`).replace("true", `true, "useDefineForClassFields": false`),
  );
  await check(false, false);
  await check(false, true);
});

test("a node keeps its code unless the configuration says no", async (t) => {
  const files = {
    room: `export const response = { ask: (): number => 1 };`,
    "node_modules/x.txt": "",
  };
  const node = await world(t, files);
  const room = await node.make("room");
  equal(await room.req["ask"]?.(), 1);
  const [path = ""] = await waitForStore(node.folder, 1);
  ok(readFileSync(path).length > 0);
  const other = await world(t, files, { codecache: false });
  await other.make("room");
  await after(1500);
  ok(!existsSync(join(other.folder, "node_modules", ".cache")));
});
