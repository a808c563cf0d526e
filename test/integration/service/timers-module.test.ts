/** `node:timers` and `node:timers/promises` in a service: they are the service's own timers. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { world } from "../../world.ts";

const NODE_MAX_MS = 0x7fffffff;

/** The ways of getting at a module of Node, as an expression that gives its namespace. */
const WAYS: Readonly<Record<string, (module: string) => readonly [string, string]>> = {
  "a namespace import": (module) => [`import * as found from "${module}";`, "found"],
  "a default import": (module) => [`import found from "${module}";`, "found"],
  "an import without node:": (module) => [
    `import * as found from "${module.replace("node:", "")}";`,
    "found",
  ],
  "a dynamic import": (module) => ["", `await import("${module}")`],
  "a re-export": () => [`import * as found from "./again.ts";`, "found"],
};

for (const [way, write] of Object.entries(WAYS)) {
  test(`by ${way}, timers wait however long and die with their service`, async (t) => {
    const [head, found] = write("node:timers");
    const { make, skynet } = await world(t, {
      again: `export * from "node:timers";`,
      main: `
        import { skynet } from "snax";
        ${head}
        export const response = {
          async run(ticks: Int32Array) {
            const timers = ${found};
            const fired: string[] = [];
            for (const ms of [${NODE_MAX_MS} + 1, 1e13, Infinity]) {
              timers.setTimeout(() => fired.push("timeout " + ms), ms);
              timers.setInterval(() => fired.push("interval " + ms), ms);
            }
            const cancelled = timers.setTimeout(() => fired.push("cancelled"), 1);
            timers.clearTimeout(cancelled);
            timers.setInterval(() => Atomics.add(ticks, 0, 1), 1);
            await new Promise((resolve) => timers.setTimeout(resolve, 5));
            await new Promise((resolve) => timers.setImmediate(resolve));
            return fired;
          },
          names: async () => Object.keys(${found}).sort().join(" "),
        };`,
    });
    const ticks = new Int32Array(new SharedArrayBuffer(4));
    const main = await make("main");
    assert.deepEqual(await main.req["run"]?.(ticks), []);
    assert.match((await main.req["names"]?.()) as string, /clearTimeout.*setImmediate setInterval/);
    assert.ok(Atomics.load(ticks, 0) > 0);
    skynet.kill(main.handle);
    const last = Atomics.load(ticks, 0);
    await skynet.sleep(3);
    assert.equal(Atomics.load(ticks, 0), last);
  });
}

test("timers/promises waits, gives its value, counts intervals and ends by a signal", async (t) => {
  const { make } = await world(t, {
    main: `
      import { setTimeout as sleep, setImmediate as soon, setInterval as every, scheduler } from "node:timers/promises";
      import { skynet } from "snax";
      const failureOf = async (run: () => unknown) => {
        try { await run(); return "none"; } catch (e: any) { return [e.name, e.code, e.cause]; }
      };
      export const response = {
        async values() {
          const seen: unknown[] = [await sleep(1, "slept"), await soon("soon"), await scheduler.wait(1), await scheduler.yield()];
          for await (const value of every(1, "tick")) { seen.push(value); if (seen.length === 7) break; }
          return seen;
        },
        async long() { return Promise.race([sleep(${NODE_MAX_MS} + 1, "at once"), skynet.sleep(3).then(() => "waits")]); },
        async aborts() {
          const before = AbortSignal.abort("before");
          const later = (reason: string) => { const c = new AbortController(); setTimeout(() => c.abort(reason), 2); return c.signal; };
          return [
            await failureOf(() => sleep(1, 0, { signal: before })),
            await failureOf(() => soon(0, { signal: before })),
            await failureOf(() => sleep(1e9, 0, { signal: later("sleep") })),
            await failureOf(async () => { for await (const _ of every(1e9, 0, { signal: later("every") })); }),
            await failureOf(async () => { for await (const _ of every(1, 0, { signal: later("ticking") })); }),
          ];
        },
      };`,
  });
  const main = await make("main");
  const values = ["slept", "soon", undefined, undefined, "tick", "tick", "tick"];
  assert.deepEqual(await main.req["values"]?.(), values);
  assert.equal(await main.req["long"]?.(), "waits");
  const reasons = ["before", "before", "sleep", "every", "ticking"];
  const expected = reasons.map((reason) => ["AbortError", "ABORT_ERR", reason]);
  assert.deepEqual(await main.req["aborts"]?.(), expected);
});

test("code that waits by timers/promises hears of the end of the service", async (t) => {
  const { make, skynet } = await world(t, {
    sink: `
      import { skynet } from "snax";
      const notes: string[] = [];
      export const accept = { note(text: string) { notes.push(text); } };
      export const response = {
        async heard(count: number) { while (notes.length < count) await skynet.sleep(1); return notes.sort(); },
      };`,
    main: `
      import { setTimeout as sleep, setInterval as every } from "node:timers/promises";
      export const accept = {
        async sleep(sink: any) { try { await sleep(1e6); } finally { sink.post.note("sleep"); } },
        async every(sink: any) { try { for await (const _ of every(1e6)); } finally { sink.post.note("every"); } },
      };
      export const response = { ping: () => "pong" };`,
  });
  const [sink, main] = [await make("sink"), await make("main")];
  main.post["sleep"]?.(sink);
  main.post["every"]?.(sink);
  await main.req["ping"]?.();
  skynet.kill(main.handle);
  assert.deepEqual(await sink.req["heard"]?.(2), ["every", "sleep"]);
});

test("packages and shared modules keep Node's timers, a patch gets the service's", async (t) => {
  const { make, snax } = await world(t, {
    common: `"use shared";
      import * as timers from "node:timers";
      export const isNodes = (own: object) => timers.setTimeout !== own && timers.setTimeout === globalThis.setTimeout;`,
    main: `
      import { isNodes } from "./common.ts";
      import { setTimeout as own } from "node:timers";
      export const response = {
        shared: () => isNodes(own),
        patched: (): unknown => "not yet",
      };`,
  });
  const main = await make("main");
  assert.equal(await main.req["shared"]?.(), true);
  await snax.hotfix(
    main,
    `import { setTimeout as sleep } from "node:timers/promises";
     import { skynet } from "snax";
     export const response = {
       patched: () => Promise.race([sleep(${NODE_MAX_MS} + 1, "at once"), skynet.sleep(2).then(() => "waits")]),
     };`,
  );
  assert.equal(await main.req["patched"]?.(), "waits");
});
