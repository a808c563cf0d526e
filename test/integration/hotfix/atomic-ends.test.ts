/**
 * Patches for all services or none while a thread ends, a service loops, or an `init` does not end:
 * in the end all have it or none, those born later and on a thread that comes back included.
 */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import type { Config } from "snax";

import { Flag, IS_OVER } from "../flag.ts";
import { codeOfFailure, failureOf, world } from "../../world.ts";
import type { World } from "../../world.ts";

const FILES = {
  cell: `
    import { skynet } from "snax";
    ${IS_OVER}
    let count = 0;
    let isBomb = false;
    function version() { return "old"; }
    function bang() { if (isBomb) process.exit(1); }
    const token = {};
    export async function init(isSlow = false) { if (isSlow) await skynet.wait(token); }
    export const response = {
      version() { return version(); },
      count() { return count; },
      arm() { isBomb = true; },
    };
    export const accept = { bang() { bang(); } };`,
  bomb: `export const response = { exit() { process.exit(1); } };`,
};

interface Cells extends World {
  readonly cell: (place: number) => Promise<any>;
  /** Starts a cell on a thread as soon as there is one of that number. */
  readonly again: (place: number) => Promise<any>;
  readonly patch: (text: string, ...args: unknown[]) => Promise<any>;
}

async function cells(t: TestContext, config: Config = {}): Promise<Cells> {
  const node = await world(t, FILES, { thread: 3, ...config });
  const cell = (place: number): Promise<any> => node.snax.at(place).newservice<any>("cell");
  return {
    ...node,
    cell,
    again: async (place) => {
      for (;;) {
        const born = await cell(place).catch(() => undefined);
        if (born !== undefined) return born;
        await node.skynet.sleep(5);
      }
    },
    patch: (text, ...args) =>
      node.snax.repair({ atomic: true }).hotfixall<any>("cell", text, ...args),
  };
}

const text = (body: string, isAsync = false): string => `
  import { skynet, snax } from "snax";
  declare let count: number;
  declare let isBomb: boolean;
  declare function bang(): void;
  function version() { return "new"; }
  export ${isAsync ? "async " : ""}function hotfix(...args: any[]) { count += 1; ${body} }`;

/** Where the thread of an armed service ends, and what all services run in the end. */
const STEPS: Readonly<Record<string, readonly [body: string, isAsync: boolean, word: string]>> = {
  "in hotfix()": ["bang();", false, "old"],
  "while hotfix() waits": ["await skynet.sleep(2); bang(); await skynet.sleep(20);", true, "old"],
  "when it has voted": ["if (!isBomb) await args[0].req.exit().catch(() => {});", true, "old"],
  "when all have agreed": ["snax.self().post.bang();", false, "new"],
};

for (const [step, [body, isAsync, word]] of Object.entries(STEPS)) {
  test(`a thread that ends ${step} leaves all with the ${word} code`, async (t) => {
    const { patch, cell, again, snax } = await cells(t);
    const others = [await cell(1), await cell(3)];
    await (await cell(2)).req.arm();
    const bomb = await snax.at(2).newservice<any>("bomb");
    const outcome = await patch(text(body, isAsync), bomb).then(
      ({ applied }) => `applied ${applied.length >= 2}`,
      ({ code, message }) => `${code} ${/thread 2 has ended/.test(message)}`,
    );
    equal(outcome, word === "old" ? "ERR_PATCH_FAILED true" : "applied true");
    for (const other of others) {
      deepEqual(
        [await other.req.version(), await other.req.count()],
        [word, word === "old" ? 0 : 1],
      );
    }
    for (const place of [1, 2, 3]) equal(await (await again(place)).req.version(), word);
    equal((await patch(text("").replace("new", "newer"))).failed.length, 0);
    for (const place of [1, 2, 3]) equal(await (await again(place)).req.version(), "newer");
  });
}

test("a service that loops in hotfix() is cut off, and no service has the patch", async (t) => {
  for (const thread of [0, 2]) {
    // More than a busy machine takes to compile the first patch of a thread.
    const stall = { warn: 1000, interrupt: 2000, rest: 1 };
    const node = await world(t, FILES, { thread, stall });
    const all: any[] = [];
    for (let index = 0; index < 6; index += 1) all.push(await node.make("cell"));
    await all[4].req.arm();
    const repair = node.snax.repair({ atomic: true });
    const loops = ["if (isBomb) for (;;);", "await null; if (isBomb) for (;;);"];
    for (const body of loops.slice(0, thread === 0 ? 2 : 1)) {
      const patching = repair.hotfixall<any>("cell", text(body, body.startsWith("await")));
      const error = await failureOf(patching);
      equal(error.code, "ERR_PATCH_FAILED");
      match(error.message, /interrupted/);
      for (const each of all)
        deepEqual([await each.req.version(), await each.req.count()], ["old", 0]);
    }
    equal((await repair.hotfixall<any>("cell", text(""))).applied.length, 6);
    for (const each of all) equal(await each.req.version(), "new");
  }
});

test("a thread that hangs in hotfix() is given up, and has nothing when it goes on", async (t) => {
  const limits = { thread: 2, hotfixtimeout: 500, stall: { warn: 0, interrupt: 0 } };
  const { cell, patch } = await cells(t, limits);
  const flag = new Flag();
  t.after(() => flag.raise());
  const [one, hung, beside] = [await cell(1), await cell(2), await cell(2)];
  await hung.req.arm();
  const loop = text("if (isBomb) while (Atomics.load(new Int32Array(args[0]), 0) === 0);");
  const error = await failureOf(patch(loop, flag.memory));
  equal(error.code, "ERR_PATCH_TIMEOUT");
  match(error.message, /thread 2 hangs: what :[0-9a-f]+ runs has not returned/);
  deepEqual([await one.req.version(), await one.req.count()], ["old", 0]);
  flag.raise();
  for (const each of [hung, beside]) {
    deepEqual([await each.req.version(), await each.req.count()], ["old", 0]);
  }
  equal((await patch(text(""))).applied.length, 3);
});

test("an init that does not end keeps the patch out of all, and those born after it have none", async (t) => {
  const { cell, patch, snax, again } = await cells(t, { thread: 2, hotfixtimeout: 300 });
  const one = await cell(1);
  const slow = snax.at(2).newservice<any>("cell", true);
  slow.catch(() => {});
  // Its thread has begun it when this one is there.
  await cell(2);
  const error = await failureOf(patch(text("")));
  equal(error.code, "ERR_PATCH_TIMEOUT");
  match(error.message, /has been in its init for 300 ms/);
  for (const each of [one, await again(1), await again(2)]) equal(await each.req.version(), "old");
});

test("rollback() runs where the patch is taken back, and what it can't do is logged", async (t) => {
  const { cell, patch, log } = await cells(t, { thread: 2 });
  const all = [await cell(1), await cell(1), await cell(2)];
  await all[1].req.arm();
  const body = `${text("if (isBomb) throw new Error('no');")}
    export function rollback() { count += 100; if (!isBomb) throw new Error("some is left"); }`;
  equal(await codeOfFailure(patch(body)), "ERR_PATCH_FAILED");
  deepEqual(await all[1].req.count(), 100);
  const tried = (await Promise.all(all.map((each) => each.req.count()))).filter((n) => n === 100);
  const lines = (await log()).filter((line) => line.includes("not undone: some is left"));
  ok(lines.length >= 1);
  equal(lines.length, tried.length - 1);
});
