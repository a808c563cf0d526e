/** What is private to a service, what waits, and what happens when a module throws. */

import { deepEqual, equal, notEqual, ok, rejects, throws } from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import type { Instance } from "../../../src/loader/run/instance.ts";
import type { Program } from "../../../src/loader/run/program.ts";
import { call, Modules } from "./harness.ts";

test("every service has its own variables, also in the modules it imports", async (t) => {
  const modules = new Modules(t, {
    "main.ts": `import { up } from "./lib.ts"; let mine = 0; export const touch = () => [++mine, up()];`,
    "lib.ts": `let n = 10; export const up = () => ++n;`,
  });
  const [one, other] = [await modules.run(), await modules.run()];
  deepEqual(
    [call(one, "touch"), call(one, "touch"), call(other, "touch")],
    [
      [1, 11],
      [2, 12],
      [1, 11],
    ],
  );
});

test("a module's variables can be read, written and evaluated from outside", async (t) => {
  const modules = new Modules(t, {
    "main.ts": `import { n } from "./lib.ts"; export const seen = () => n; const hidden = 1;`,
    "lib.ts": `export let n = 1; let inner = 5; export const all = () => [n, inner];`,
  });
  const instance = await modules.run();
  const lib = instance.module("./lib.ts");
  lib?.write("n", 2);
  lib?.write("inner", 6);
  equal(instance.entry.evaluate("hidden = 9, hidden"), 9);
  deepEqual([call(instance, "seen"), lib?.read("inner"), lib?.evaluate("all()")], [2, 6, [2, 6]]);
});

test("variables assigned by an evaluated text reach the importers when they are republished", async (t) => {
  const modules = new Modules(t, {
    "main.ts": `import { n } from "./lib.ts"; import * as ns from "./lib.ts"; export const seen = () => [n, ns.n];`,
    "lib.ts": `export let n = 1;`,
  });
  const instance = await modules.run();
  const lib = instance.module("./lib.ts");
  lib?.evaluate("n = 3");
  lib?.republish();
  deepEqual(call(instance, "seen"), [3, 3]);
});

test("names that a patch adds are in reach through the hook that it leaves", async (t) => {
  const modules = new Modules(t, { "main.ts": `let n = 1; export const get = () => n;` });
  const { entry } = await modules.run();
  entry.pushHook(
    entry.evaluate(`let fresh = 41; $code => eval($code)`) as (code: string) => unknown,
  );
  equal(entry.evaluate("n = fresh + n"), 42);
  equal((entry.get("get") as () => number)(), 42);
});

test("top-level await makes the instance a promise and keeps the order", async (t) => {
  const modules = new Modules(t, {
    "main.ts": `import { a } from "./a.ts"; import { b } from "./b.ts"; export const result = [a, b];`,
    "a.ts": `import { log } from "./log.ts"; await null; log.push("a"); export const a = "A";`,
    "b.ts": `import { log } from "./log.ts"; log.push("b"); export const b = log.join();`,
    "log.ts": `export const log: string[] = [];`,
  });
  const instance = await modules.run();
  deepEqual(instance.entry.get("result"), ["A", "a,b"]);
});

test("modules that import each other wait for the one that awaits", async (t) => {
  const modules = new Modules(t, {
    "main.ts": `import { b } from "./b.ts"; export const a = 1; export const result = b;`,
    "b.ts": `import { a } from "./main.ts"; for await (const x of [1]) await x; export const b = 2; export const later = () => a;`,
  });
  const instance = await modules.run();
  equal(instance.entry.get("result"), 2);
  equal(instance.module("./b.ts")?.evaluate("later()"), 1);
});

test("a module that throws fails the birth with its own error", async (t) => {
  const modules = new Modules(t, {
    "main.ts": `import "./lib.ts"; export const a = 1;`,
    "lib.ts": `throw new RangeError("mine");`,
    "late.ts": `await null; throw new RangeError("late");`,
  });
  const program = modules.load() as Program;
  const births: Instance[] = [];
  program.births.push((instance) => births.push(instance));
  throws(() => program.instantiate({ api: {}, injected: () => 0 }), {
    name: "RangeError",
    message: "mine",
  });
  await rejects(modules.run("late.ts"), { message: "late" });
  equal(births.length, 0);
});

test("births run once for every new instance", async (t) => {
  const modules = new Modules(t, { "main.ts": `let n = 1; export const get = () => n;` });
  ((await modules.load()) as Program).births.push(({ entry }) => entry.write("n", 2));
  equal(call(await modules.run(), "get"), 2);
});

test("a dynamic import finds local modules, packages and the surroundings", async (t) => {
  const modules = new Modules(t, {
    "main.ts": `
      import { n, up } from "./lib.ts";
      export const go = async () => {
        const lib = await import("./lib.ts"), late = await import(\`./\${"late"}.ts\`);
        up();
        return [lib.n, n, late.seen(), (await import("node:path")).sep, (await import("snax")).skynet,
          (await import("./data.json", { with: { type: "json" } })).default.a, late === await import("./late.ts")];
      };`,
    "lib.ts": `export let n = 1; export const up = () => { n += 1; };`,
    "late.ts": `import { n } from "./lib.ts"; export const seen = () => n;`,
    "data.json": `{ "a": 3 }`,
  });
  const instance = await modules.run("main.ts", { api: { skynet: "S" } });
  deepEqual(await call(instance, "go"), [2, 2, 2, "/", "S", 3, true]);
  const other = await modules.run("main.ts", { api: { skynet: "T" } });
  deepEqual(((await call(other, "go")) as unknown[])[2], 2);
});

test("a dynamic import that fails can be caught, and fails the same way again", async (t) => {
  const modules = new Modules(t, {
    "main.ts": `
      const attempt = (path: string) => import(path).catch((error) => error);
      export const go = async () => [await attempt("./bad.ts"), await attempt("./bad.ts"), await attempt("./gone.ts")];`,
    "bad.ts": `throw new Error("bad");`,
  });
  const [one, other, gone] = (await call(await modules.run(), "go")) as (Error & {
    code: string;
  })[];
  equal(one?.message, "bad");
  equal(one, other);
  equal(gone?.code, "ERR_MODULE");
});

test("a dynamic import reaches shared modules, which stay shared", async (t) => {
  const modules = new Modules(t, {
    "main.ts": `export const go = async () => [(await import("./shared.ts")).up(), (await import("./user.ts")).up()];`,
    "user.ts": `import { up as inner } from "./shared.ts"; export const up = () => inner();`,
    "shared.ts": `"use shared"; let n = 0; export const up = () => ++n; export const load = () => import("./below.ts");`,
    "below.ts": `"use shared"; export const below = 1;`,
  });
  const [one, other] = [await modules.run(), await modules.run()];
  deepEqual(
    [await call(one, "go"), await call(other, "go")],
    [
      [1, 2],
      [3, 4],
    ],
  );
  const below = (await (one.module("./shared.ts")?.evaluate("load()") as Promise<object>)) as {
    below: number;
  };
  equal(below.below, 1);
});

test("two concurrent dynamic imports evaluate a module once", async (t) => {
  const modules = new Modules(t, {
    "main.ts": `export const go = async () => { const [a, b] = await Promise.all([import("./slow.ts"), import("./slow.ts")]); return [a === b, a.n]; };`,
    "slow.ts": `import { count } from "./count.ts"; await null; export const n = count();`,
    "count.ts": `let n = 0; export const count = () => ++n;`,
  });
  deepEqual(await call(await modules.run(), "go"), [true, 1]);
});

test("a preloaded module runs first and shares the service's modules", async (t) => {
  const files = {
    "main.ts": `import { log } from "./log.ts"; export const result = log.join();`,
    "preload.ts": `import { log } from "./log.ts"; log.push("preload");`,
    "log.ts": `export const log: string[] = [];`,
  };
  const { folder } = new Modules(t, files);
  const modules = new Modules(t, {}, { preload: `${folder}/preload.ts` });
  const program = await modules.cache.load(`${folder}/main.ts`);
  const instance = await program.instantiate({ api: {}, injected: () => 0 });
  equal(instance.entry.get("result"), "preload");
});

test("top-level this is undefined and strict mode holds", async (t) => {
  const modules = new Modules(t, {
    "main.ts": `export const self = this; export const strict = (function () { return this; })();`,
  });
  const { entry } = await modules.run();
  deepEqual([entry.get("self"), entry.get("strict")], [undefined, undefined]);
});

test("a frozen Object.prototype does not disturb loading", (t) => {
  const modules = new Modules(t, {
    "main.ts": `import * as lib from "./lib.ts"; class A { toString() { return "A"; } } export const result = [lib.constructor, String(new A())].join();`,
    "lib.ts": `export const constructor = "mine", toString = 1;`,
  });
  const cacheUrl = new URL("../../../src/loader/code-cache.js", import.meta.url).href;
  const code = `Object.freeze(Object.prototype);
    const { CodeCache } = await import(${JSON.stringify(cacheUrl)});
    const program = await new CodeCache().load(${JSON.stringify(modules.path("main.ts"))});
    process.stdout.write(program.instantiate({ api: {}, injected: () => 0 }).entry.get("result"));`;
  equal(
    execFileSync(process.execPath, ["--input-type=module", "-e", code], { encoding: "utf8" }),
    "mine,A",
  );
});

test("clearing the cache changes what new services get and nothing else", async (t) => {
  const modules = new Modules(t, {
    "main.ts": `import { v } from "./lib.ts"; export const get = () => v;`,
    "lib.ts": `export const v = 1;`,
  });
  const old = await modules.run();
  modules.write({ "lib.ts": `export const v = 2;` });
  equal(call(await modules.run(), "get"), 1);
  modules.cache.clear(modules.path("lib.ts"));
  equal(call(await modules.run(), "get"), 2);
  equal(call(old, "get"), 1);
  equal(modules.cache.images.size, 2);
});

test("the modes of the cache are skynet's", async (t) => {
  const modules = new Modules(t, { "main.ts": `export const v = 1;` });
  modules.cache.mode = "EXIST";
  notEqual(await modules.load(), await modules.load());
  modules.cache.mode = "ON";
  const kept = await modules.load();
  equal(await modules.load(), kept);
  modules.write({ "main.ts": `export const v = 2;` });
  modules.cache.mode = "EXIST";
  equal(await modules.load(), kept);
  modules.cache.mode = "OFF";
  equal((await modules.run()).entry.get("v"), 2);
});

test("an image travels to another cache as data and runs there without its file", async (t) => {
  const modules = new Modules(t, {
    "main.ts": `export const v: number = 1; export const f = () => v + 1;`,
  });
  await modules.run();
  const data = structuredClone(((await modules.load()) as Program).entry.image.toData());
  ok((data.cachedData?.get("sync")?.length ?? 0) > 0);
  const other = new Modules(t, {});
  other.cache.adopt(data);
  const program = (await other.cache.load(modules.path("main.ts"))) as Program;
  const instance = (await program.instantiate({ api: {}, injected: () => 0 })) as Instance;
  equal(call(instance, "f"), 2);
});

test("an assignment of an export may end a statement, with or without a semicolon", async (t) => {
  const modules = new Modules(t, {
    "main.ts": `
      import { n, x, y, z, A } from "./lib.ts"
      export const seen = () => [n, x, y, z, new A().f, n]`,
    "lib.ts": `export let n = 0\nexport const x = n = 1, y = 2\nexport const z = n = 3\nclass B {}\nexport class A extends B { f = n = 4 }\nexport default n = 5\n;[0].map(() => n)`,
  });
  deepEqual(call(await modules.run(), "seen"), [5, 1, 2, 3, 4, 4]);
});
