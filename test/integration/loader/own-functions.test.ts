/** Services that have ended leave room for functions of their own to later ones, however they ended. */

import assert from "node:assert/strict";
import { Session } from "node:inspector";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { pathToFileURL } from "node:url";
import { OWN_FUNCTIONS_MAX } from "../../../src/base/limits.ts";
import { codeOfFailure, failureOf, ONE_THREAD, world } from "../../world.ts";
import type { World } from "../../world.ts";

const FILES = {
  hero: `
    import { skynet } from "snax";
    export class Hero { level = 1; raise() { this.level += 1; return this.level; } }
    const hero = new Hero();
    export const response = {
      raise: () => hero.raise(),
      leave() { skynet.exit(); },
    };`,
  failing: `
    import "./hero.ts";
    export function init() { throw new Error("no hero"); }
    export const response = {};`,
  waiting: `
    import "./hero.ts";
    (globalThis as any).waitingBegun();
    await new Promise(() => {});
    export const response = {};`,
  suicide: `
    import { skynet } from "snax";
    import "./hero.ts";
    skynet.kill(skynet.self());
    export const response = {};`,
};

/** Counts the runs of the script of `hero.ts` on this thread. */
function countRuns(t: TestContext, { folder }: World): () => number {
  const wanted = pathToFileURL(`${folder}/hero.ts`).href;
  let count = 0;
  const session = new Session();
  session.connect();
  t.after(() => session.disconnect());
  session.on("Debugger.scriptParsed", ({ params: { url } }) => {
    if (url === wanted) count += 1;
  });
  session.post("Debugger.enable");
  return () => {
    const runs = count;
    count = 0;
    return runs;
  };
}

const ENDS: Record<string, (node: World) => Promise<void>> = {
  killed: async ({ make, skynet }) => skynet.kill((await make("hero")).handle),
  "asked to leave": async ({ make, snax }) => snax.kill(await make("hero")),
  "left by itself": async ({ make }) => {
    assert.equal(await codeOfFailure((await make("hero")).req.leave()), "ERR_SERVICE_DEAD");
  },
  "failed in init": async ({ make }) => {
    assert.match((await failureOf(make("failing"))).message, /no hero/);
  },
  "killed while a module waits": async ({ skynet }) => {
    const begun = new Promise((resolve) => Reflect.set(globalThis, "waitingBegun", resolve));
    const handle = skynet.launch("snax", "waiting");
    await begun;
    skynet.kill(handle);
  },
  "killed by its own module": async ({ make }) => {
    assert.equal(await codeOfFailure(make("suicide")), "ERR_SERVICE_DEAD");
  },
};

for (const [how, end] of Object.entries(ENDS)) {
  test(`a service that was ${how} leaves room`, async (t) => {
    const node = await world(t, FILES, ONE_THREAD);
    const runs = countRuns(t, node);
    for (let life = 0; life <= OWN_FUNCTIONS_MAX; life += 1) await end(node);
    assert.equal(runs(), OWN_FUNCTIONS_MAX + 1);
    const heroes = await Promise.all(
      Array.from({ length: OWN_FUNCTIONS_MAX + 20 }, () => node.make("hero")),
    );
    assert.equal(runs(), OWN_FUNCTIONS_MAX + 1, "the last 20 share one set");
    const levels = await Promise.all(heroes.map((hero) => hero.req.raise()));
    assert.deepEqual(new Set(levels), new Set([2]));
  });
}
