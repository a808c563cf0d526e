/**
 * `snax.repair({ atomic: true })`: a patch goes into all services of a type or into none, and no handler
 * sees it before.
 */

import { deepEqual, equal, match, ok, rejects, throws } from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import type { Config } from "snax";

import { codeOfFailure, failureOf, world } from "../../world.ts";
import type { World } from "../../world.ts";

const FILES = {
  cell: `
    import { skynet, snax } from "snax";
    let me = 0;
    let count = 0;
    const seen: unknown[] = [];
    function version() { return "old"; }
    export function init(number = 0) { me = number; }
    export const response = {
      version() { return version(); },
      count() { return count; },
      async late(p: any) { await p.req.wait(); return version(); },
      async slow(ms: number) { await skynet.sleep(ms); return version(); },
      async other(p: any) { return await p.req.version(); },
      async patch(text: string) { return (await snax.repair({ atomic: true }).hotfixall<string>("cell", text)).applied.length; },
      seen() { return seen; },
      end() { skynet.exit(); },
    };
    export const accept = { add(n: number) { count += n; }, note(value: unknown) { seen.push(value, version()); } };`,
  gate: `
    import { skynet } from "snax";
    const token = {};
    export const response = {
      async wait() { await skynet.wait(token); },
      open() { skynet.wakeup(token); },
      hello(word: string) { return word; },
    };
    const heard: unknown[] = [];
    export const accept = { hear(...values: unknown[]) { heard.push(values); } };
    export const subscribe = {};
    Object.assign(response, { heard() { return heard; } });`,
};

interface Cells extends World {
  readonly cells: readonly any[];
  /** Applies a patch to all or to none. */
  readonly patch: (text: string, ...args: unknown[]) => Promise<any>;
  readonly versions: () => Promise<unknown[]>;
}

async function cells(t: TestContext, count: number, config: Config = {}): Promise<Cells> {
  const node = await world(t, FILES, { hotfixtimeout: 2000, ...config });
  const all: any[] = [];
  for (let index = 0; index < count; index += 1) all.push(await node.make("cell", index));
  return {
    ...node,
    cells: all,
    patch: (text, ...args) =>
      node.snax.repair({ atomic: true }).hotfixall<any>("cell", text, ...args),
    versions: () => Promise.all(all.map((cell) => cell.req.version())),
  };
}

const DECLARED = "declare let me: number; declare let count: number;";

/** Refused by the cell of that number, which is 50 in all. */
const refusing = (body: string): string => `
  ${DECLARED}
  function version() { return "new"; }
  export function hotfix(bad: number) { count += 1000; ${body} }`;

const THROWS = refusing(`if (me === bad) throw new Error("not me");`);

const SLOW = `
  import { snax } from "snax";
  declare let me: number;
  function version() { return "new"; }
  export async function hotfix(bad: number, gate: any) {
    if (me === 29) for (let turn = 0; turn < 100; turn += 1) await gate.req.hello("there");
    if (me === bad) throw new Error("not me");
  }`;

for (const thread of [0, 2]) {
  const config = { thread };

  test(`all take the patch, thread: ${thread}`, async (t) => {
    const { patch, versions, make, cells: all } = await cells(t, 50, config);
    const { applied, failed, skipped, held } = await patch(THROWS, -1);
    deepEqual([applied.length, failed, skipped], [50, [], []]);
    ok(held >= 0);
    deepEqual(new Set(await versions()), new Set(["new"]));
    equal(await all[49].req.count(), 1000);
    const late = await make("cell");
    deepEqual([await late.req.version(), await late.req.count()], ["new", 0]);
  });

  test(`if the last of 50 refuses, none has it, nor its state, thread: ${thread}`, async (t) => {
    const { patch, versions, cells: all, make, snax, skynet } = await cells(t, 50, config);
    const error = await failureOf(patch(THROWS, 49));
    equal(error.code, "ERR_PATCH_FAILED");
    const address = skynet.address(all[49].handle);
    match(
      error.message,
      new RegExp(`the patch is in no cell, for ${address} refuses it: .*not me`),
    );
    const { failed } = error.data as { failed: { handle: number; code: string }[] };
    deepEqual(
      failed.map(({ handle, code }) => [handle, code]),
      [[all[49].handle, "ERR_PATCH_FAILED"]],
    );
    deepEqual(new Set(await versions()), new Set(["old"]));
    for (const cell of all) equal(await cell.req.count(), 0);
    equal(await (await make("cell")).req.version(), "old");
    deepEqual(snax.patches().at(-1)?.applied, 0);
    // The same text goes in afterwards, and once more for one alone.
    equal((await patch(THROWS, -1)).applied.length, 51);
    deepEqual(new Set(await versions()), new Set(["new"]));
  });

  test(`no caller sees the new code before all have it, nor the old one after, thread: ${thread}`, async (t) => {
    const { patch, cells: all, versions } = await cells(t, 40, config);
    let isOver = false;
    let newest = 0;
    const bad: unknown[] = [];
    const client = async (): Promise<void> => {
      for (let turn = 0; !isOver; turn += 1) {
        const least = newest;
        const word = await all[(turn * 7) % all.length].req.version();
        const order = ["old", "1", "2", "3"].indexOf(word);
        if (order < least) bad.push([word, least]);
        newest = Math.max(newest, order);
      }
    };
    const clients = Array.from({ length: 8 }, client);
    const text = (word: string): string => THROWS.replace('"new"', JSON.stringify(word));
    equal(await codeOfFailure(patch(text("bad"), 20)), "ERR_PATCH_FAILED");
    for (const word of ["1", "2", "3"]) {
      await patch(text(word), -1);
      equal(await codeOfFailure(patch(text(`bad ${word}`), 39)), "ERR_PATCH_FAILED");
    }
    isOver = true;
    await Promise.all(clients);
    deepEqual(bad, []);
    deepEqual(new Set(await versions()), new Set(["3"]));
  });

  test(`births meanwhile are with the patch or without it, as all others, thread: ${thread}`, async (t) => {
    const { patch, make } = await cells(t, 30, config);
    const gate = await make("gate");
    for (const [bad, word] of [
      [29, "old"],
      [-1, "new"],
    ] as const) {
      const born: Promise<any>[] = [];
      let isOver = false;
      const patching = patch(SLOW, bad, gate).then(
        () => (isOver = true),
        () => (isOver = true),
      );
      // Some before, some while hotfix() waits, some afterwards.
      while (!isOver) {
        if (born.length < 60) born.push(make("cell", 100 + born.length));
        await gate.req.hello("there");
      }
      await patching;
      for (const birth of born) equal(await (await birth).req.version(), word);
    }
  });

  test(`a handler in flight goes on when all is decided, thread: ${thread}`, async (t) => {
    const { patch, cells: all, make } = await cells(t, 10, config);
    const gate = await make("gate");
    const text = (word: string, bad: string): string => `
      import { snax } from "snax";
      declare let me: number;
      function version() { return "${word}"; }
      export async function hotfix(gate: any) {
        if (me === 0) await gate.req.open();
        await gate.req.hello("there");
        ${bad}
      }`;
    for (const [word, bad, seen] of [
      ["bad", "if (me === 9) throw new Error('no');", "old"],
      ["new", "", "new"],
    ] as const) {
      const late = all[3].req.late(gate);
      const sleeping = all[4].req.slow(1);
      await gate.req.hello("round");
      await all[3].req.count();
      await codeOfFailure(patch(text(word, bad), gate));
      equal(await late, seen);
      match(await sleeping, /old|new/);
    }
  });

  test(`what hotfix() sends goes out if the patch stays, and only then, thread: ${thread}`, async (t) => {
    const { patch, cells: all, make } = await cells(t, 5, config);
    const gate = await make("gate");
    const text = `
      import { skynet, snax } from "snax";
      declare let me: number;
      let fresh = 1;
      export async function hotfix(gate: any, bad: number) {
        const list = [me];
        gate.post.hear("first", list);
        list.push(1000);
        await skynet.sleep(1);
        skynet.send(gate.handle, "snax", 0);
        gate.post.hear("second", me);
        if (me === bad) throw new Error("no");
      }`.replace('skynet.send(gate.handle, "snax", 0);', "");
    equal(await codeOfFailure(patch(text, gate, 4)), "ERR_PATCH_FAILED");
    deepEqual(await gate.req.heard(), []);
    equal((await patch(text, gate, -1)).applied.length, 5);
    let heard: unknown[] = [];
    // They come from other threads than the question.
    while (heard.length < 10) heard = await gate.req.heard();
    const print = (all: readonly unknown[]): Set<string> =>
      new Set(all.map((each) => JSON.stringify(each)));
    const sent = [0, 1, 2, 3, 4].flatMap((me) => [
      ["first", [me]],
      ["second", me],
    ]);
    deepEqual(print(heard), print(sent));
    for (const cell of all) await cell.req.version();
  });

  test(`a message of hotfix() to another of the type finds the new code, thread: ${thread}`, async (t) => {
    const { patch, cells: all } = await cells(t, 6, config);
    const text = `declare let me: number;
      function version() { return "new"; }
      export function hotfix(next: any[]) { next[me].post.note(me); }`;
    await patch(text, [...all.slice(1), all[0]]);
    for (const [index, cell] of all.entries()) {
      // It comes from another thread than the question.
      while ((await cell.req.seen()).length === 0);
      deepEqual(await cell.req.seen(), [(index + 5) % 6, "new"]);
    }
  });

  test(`hotfix() that does not end in time, or rejects, is undone in all, thread: ${thread}`, async (t) => {
    const { patch, versions, cells: all } = await cells(t, 8, { ...config, hotfixtimeout: 200 });
    const text = (body: string): string =>
      refusing("")
        .replace("export function", "export async function")
        .replace("count += 1000;", `count += 1000; ${body}`);
    for (const [body, code] of [
      ["if (me === 7) await new Promise(() => {});", "ERR_PATCH_TIMEOUT"],
      ["if (me === 7) throw new Error('no');", "ERR_PATCH_FAILED"],
      ["await null; if (me === 0) throw new Error('no');", "ERR_PATCH_FAILED"],
    ] as const) {
      equal(await codeOfFailure(patch(text(body))), code);
      deepEqual(new Set(await versions()), new Set(["old"]));
      for (const cell of all) equal(await cell.req.count(), 0);
    }
  });

  test(`a call of hotfix() to a service of the type fails, thread: ${thread}`, async (t) => {
    const {
      patch,
      versions,
      cells: all,
      snax,
    } = await cells(t, 0, { ...config, hotfixtimeout: 500 });
    const here = thread === 0 ? snax : snax.at(1);
    const pair = [await here.newservice<any>("cell", 0), await here.newservice<any>("cell", 1)];
    const text = `declare let me: number; function version() { return "new"; }
      export async function hotfix(all: any[]) { await all[1 - me].req.version(); }`;
    const error = await failureOf(patch(text, pair));
    equal(error.code, "ERR_PATCH_FAILED");
    match(error.message, /is held until all services of the patch agree/);
    for (const cell of pair) equal(await cell.req.version(), "old");
    deepEqual([await versions(), all.length], [[], 0]);
  });

  test(`a service of the type may ask, and services may end meanwhile, thread: ${thread}`, async (t) => {
    const { cells: all, patch, skynet } = await cells(t, 6, config);
    equal(await all[2].req.patch(THROWS), 6);
    const text = `import { skynet } from "snax"; declare let me: number;
      function version() { return "newer"; }
      export function hotfix() { if (me === 1) skynet.exit(); }`;
    const { applied, skipped } = await patch(text);
    deepEqual([applied.length, skipped.length], [5, 1]);
    skynet.kill(all[3].handle);
    equal((await patch(THROWS, 99)).applied.length, 4);
    equal(await all[5].req.version(), "new");
  });

  test(`what was posted before the patch is handled before it, thread: ${thread}`, async (t) => {
    const { cells: all, patch } = await cells(t, 4, config);
    for (const cell of all) cell.post.add(5);
    await patch(`${DECLARED} export function hotfix() { count *= 10; }`);
    for (const cell of all) equal(await cell.req.count(), 50);
  });

  test(`patches at the same time go one after the other, thread: ${thread}`, async (t) => {
    const { cells: all, patch, snax, versions } = await cells(t, 10, config);
    const word = (text: string): string => `function version() { return "${text}"; }`;
    await Promise.all([
      patch(word("a")),
      snax.hotfix(
        all[0],
        `${word("one")} let added = 1; export async function hotfix() { await 1; }`,
      ),
      snax.hotfixall<any>("cell", word("b")),
      patch(word("c")),
    ]);
    const [first, ...others] = await versions();
    match(first as string, /^(one|c)$/);
    deepEqual(new Set(others), new Set(["c"]));
  });
}

test("snax.repair has no other options, and a module that is not shared is told from one", async (t) => {
  const { snax } = await world(t, FILES);
  for (const options of [{ canary: 1 }, { atomic: 1 }, null, "atomic"]) {
    throws(() => snax.repair(options as never), { code: "ERR_ARGUMENT" });
  }
  const repair = snax.repair({ atomic: true });
  await rejects(repair.hotfixshared("cell.ts", "let x = 1;"), { code: "ERR_PATCH_NAME" });
  const cell = await repair.newservice<any>("cell");
  equal(await repair.hotfix(cell, "export function hotfix() { return 5; }"), 5);
});

test("the error of a patch names at most PATCH_FAILURES_MAX of those that refuse it", async (t) => {
  const { cells: all, patch, make } = await cells(t, 100, { thread: 0 });
  const text = "export async function hotfix() { await null; throw new Error('no'); }";
  const fail = async (): Promise<[number, string]> => {
    const { data, message } = await failureOf(patch(text));
    return [(data as { failed: unknown[] }).failed.length, message];
  };
  const [count, message] = await fail();
  ok(count > 0 && count <= 100);
  match(message, /\(and \d+ more\)$/);
  for (let more = 0; more < 60; more += 1) await make("cell");
  equal((await fail())[0] <= 100, true);
  equal(all.length, 100);
});
