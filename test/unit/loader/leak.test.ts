/** Old images go when the last program that uses them goes. */

import { ok } from "node:assert/strict";
import { test } from "node:test";
import { collect, isCollected } from "../../collector.ts";
import type { Instance } from "../../../src/loader/run/instance.ts";
import { call, Modules } from "./harness.ts";

const FILES = {
  "main.ts": `import { n, up } from "./shared.ts"; import { f } from "./lib.ts"; const held = [f]; export const get = () => [n, up(), held];`,
  "lib.ts": `export function f() { return 1; }\nexport class A { constructor() { this.x = 1; } x: number }`,
  "shared.ts": `"use shared"; export let n = 0; export const up = () => { n += 1; };`,
};

test("an image is collected after a clear, once no service uses it", async (t) => {
  const modules = new Modules(t, FILES);
  const births = async (): Promise<[WeakRef<object>, Instance?]> => {
    const instance = await modules.run();
    return [new WeakRef(instance.program.entry.image), instance];
  };
  const born = await births();
  const [reference] = born;
  modules.cache.clear();
  ok(!(await isCollected(reference)), "a running service keeps its image");
  call(born[1] as Instance, "get");
  born.pop();
  ok(await isCollected(reference), "nothing else keeps it");
});

test("a shared module keeps no service alive", async (t) => {
  const modules = new Modules(t, FILES);
  const births = async (): Promise<WeakRef<object>> => new WeakRef(await modules.run());
  const kept = await modules.run();
  ok(await isCollected(await births()));
  call(kept, "get");
});

/** An image of these files with its program and one instance is larger than this; V8's own caches come to rest far below. */
const LIMIT_BYTES = 2500;

/** Returns the bytes that a round of loading and clearing leaves behind, on average. */
async function measureRounds(modules: Modules, count: number, kept: unknown[]): Promise<number> {
  const paths = [undefined, modules.path("main.ts"), modules.path("shared.ts")];
  let before = 0;
  for (let index = -100; index < count; index += 1) {
    if (index === 0) before = await measureHeap();
    const instance = await modules.run();
    if (kept.length > 0) kept.push(instance);
    modules.cache.clear(paths[Math.abs(index) % 3]);
  }
  return ((await measureHeap()) - before) / count;
}

async function measureHeap(): Promise<number> {
  for (let rest = 0; rest < 5; rest += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
  }
  return process.memoryUsage().heapUsed;
}

test("1000 rounds of loading and clearing leave no memory behind", async (t) => {
  const bytes = await measureRounds(new Modules(t, FILES), 1000, []);
  ok(bytes < LIMIT_BYTES, `${bytes} bytes a round`);
});

test("the measurement finds a planted leak", async (t) => {
  const bytes = await measureRounds(new Modules(t, FILES), 200, [t]);
  ok(bytes > 2 * LIMIT_BYTES, `${bytes} bytes a round`);
});
