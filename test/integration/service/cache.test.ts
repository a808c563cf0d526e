/** `skynet.cache` and `clearcache`: which code new services get, and what becomes of the old. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { isCollected } from "../../collector.ts";
import type { CacheMode, ServiceObject } from "snax";
import { desk } from "../console/console-client.ts";
import { codeOfFailure, failureOf, ONE_THREAD, world } from "../../world.ts";
import type { World } from "../../world.ts";

const FILES = {
  agent: `
    import { word } from "./lib/word.ts";
    export const response = { get() { return "agent 1, " + word(); } };`,
  "lib/word.ts": `export function word() { return "word 1"; }`,
};

/** Writes new versions of both files. */
function edit({ folder }: World): void {
  const agent = FILES.agent.replace("agent 1", "agent 2");
  writeFileSync(join(folder, "agent.ts"), agent);
  writeFileSync(join(folder, "lib/word.ts"), FILES["lib/word.ts"].replace("word 1", "word 2"));
}

const get = (p: ServiceObject): Promise<unknown> => p.req.get() as Promise<unknown>;

test("without clearcache new services get the code of the first", async (t) => {
  const node = await world(t, FILES);
  await node.make("agent");
  edit(node);
  equal(await get(await node.make("agent")), "agent 1, word 1");
});

test("after clearcache new services get the new code, of their local modules too, and those that run keep theirs", async (t) => {
  const node = await desk(t, FILES);
  const old = await node.make("agent");
  edit(node);
  deepEqual(await node.ask("clearcache"), ["<CMD OK>"]);
  equal(await get(await node.make("agent")), "agent 2, word 2");
  equal(await get(old), "agent 1, word 1");
});

test("clearcache of one file concerns that file and the services made with it", async (t) => {
  const node = await desk(t, FILES);
  await node.make("agent");
  edit(node);
  await node.ask(`clearcache ${node.folder}/lib/word.ts`);
  equal(await get(await node.make("agent")), "agent 1, word 2");
  await node.ask(`clearcache ${node.folder}/agent.ts`);
  equal(await get(await node.make("agent")), "agent 2, word 2");
});

test("clearcache of one file concerns that file alone on every thread", async (t) => {
  const node = await desk(t, FILES, { thread: 2 });
  const says = async (): Promise<unknown[]> => {
    const all = await Promise.all(Array.from({ length: 4 }, () => node.make("agent")));
    return [...new Set(await Promise.all(all.map(get)))];
  };
  deepEqual(await says(), ["agent 1, word 1"]);
  edit(node);
  await node.ask(`clearcache ${node.folder}/lib/word.ts`);
  deepEqual(await says(), ["agent 1, word 2"]);
  await node.ask(`clearcache ${node.folder}/agent.ts`);
  deepEqual(await says(), ["agent 2, word 2"]);
  await node.ask("clearcache");
  deepEqual(await says(), ["agent 2, word 2"]);
});

test("a syntax error in the new file fails the start with its place, and the old services go on", async (t) => {
  const node = await desk(t, FILES);
  const old = await node.make("agent");
  writeFileSync(join(node.folder, "agent.ts"), "export const response = {};\nlet = ;\n");
  node.skynet.cache.clear();
  const error = await failureOf(node.make("agent"));
  equal(error.code, "ERR_SYNTAX");
  match(error.message, /agent\.ts:2:\d+: /);
  const [first, second = ""] = await node.ask("snax agent");
  equal(first, "Failed");
  match(second, /^ERR_SYNTAX: \S+agent\.ts:2:\d+: /);
  equal(await get(old), "agent 1, word 1");
});

test("a failure is not remembered: the next start reads the file anew", async (t) => {
  const node = await world(t, { agent: "let = ;" });
  equal(await codeOfFailure(node.make("agent")), "ERR_SYNTAX");
  writeFileSync(join(node.folder, "agent.ts"), `export const response = { get: () => 1 };`);
  equal(await get(await node.make("agent")), 1);
});

test("a service file that came or went is noticed", async (t) => {
  const node = await world(t, { "two/agent.ts": `export const response = { get: () => "two" };` });
  const { skynet, snax } = node;
  equal(await get(await snax.newservice<any>("two/agent")), "two");
  writeFileSync(join(node.folder, "fresh.ts"), `export const response = { get: () => "fresh" };`);
  skynet.cache.clear();
  equal(await get(await node.make("fresh")), "fresh");
});

test("mode EXIST uses what is there and adds nothing", async (t) => {
  const node = await world(t, { ...FILES, other: FILES.agent });
  const { cache } = node.skynet;
  await node.make("agent");
  equal(cache.mode("EXIST"), "EXIST");
  await node.make("other");
  edit(node);
  writeFileSync(join(node.folder, "other.ts"), FILES.agent.replace("agent 1", "other 2"));
  equal(await get(await node.make("agent")), "agent 1, word 1");
  equal(await get(await node.make("other")), "other 2, word 1");
});

test("mode OFF reads every file anew, and ON goes on with what was there", async (t) => {
  const node = await world(t, FILES);
  const { cache } = node.skynet;
  await node.make("agent");
  edit(node);
  cache.mode("OFF");
  equal(await get(await node.make("agent")), "agent 2, word 2");
  cache.mode("ON");
  equal(await get(await node.make("agent")), "agent 1, word 1");
});

test("a mode that does not exist and a path that is no text are refused", async (t) => {
  const { skynet } = await world(t, {});
  equal(skynet.cache.mode(), "ON");
  for (const mode of ["on", "", "constructor"]) {
    equal(await codeOfFailure(tried(() => skynet.cache.mode(mode as CacheMode))), "ERR_ARGUMENT");
  }
  equal(await codeOfFailure(tried(() => skynet.cache.clear(5 as never))), "ERR_ARGUMENT");
  equal(skynet.cache.mode(), "ON");
});

test("a service reaches the cache too", async (t) => {
  const { make } = await world(t, {
    main: `
      import { skynet } from "snax";
      export const response = { run() { skynet.cache.clear(); return skynet.cache.mode(); } };`,
  });
  equal(await (await make("main")).req.run(), "ON");
});

async function tried(run: () => unknown): Promise<unknown> {
  return run();
}

test("old code goes with its last service", async (t) => {
  const node = await world(
    t,
    {
      agent: `
      class Marker {}
      const marker = new Marker();
      export const response = { marker() { (globalThis as any).snaxMarker = new WeakRef(marker); } };`,
    },
    ONE_THREAD,
  );
  const old = await node.make("agent");
  await old.req.marker();
  const marker = (globalThis as unknown as { snaxMarker: WeakRef<object> }).snaxMarker;
  node.skynet.cache.clear();
  await node.make("agent");
  ok(!(await isCollected(marker)), "a running service keeps its code");
  await node.snax.kill(old);
  ok(await isCollected(marker), "nothing else keeps it");
});
