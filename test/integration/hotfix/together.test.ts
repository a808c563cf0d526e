/**
 * `snax.together`: patches of several types and shared modules go in all or none, over all threads,
 * and no handler sees it before.
 */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import type { Config, TogetherResult } from "snax";

import { codeOfFailure, failureOf, world, writeFiles } from "../../world.ts";
import type { World } from "../../world.ts";

const FILES = {
  shop: `
    import { rate } from "./rate.ts";
    let isBomb = false;
    let bad = false;
    let told = 0;
    function bang() { if (isBomb) process.exit(1); }
    function version() { return "old"; }
    export const response = {
      get() { return [version(), rate()]; },
      arm() { isBomb = true; },
      spoil() { bad = true; },
      told() { return told; },
    };
    export const accept = { bang() { bang(); }, tell() { told += 1; } };`,
  bank: `
    import { rate } from "./rate.ts";
    let bad = false;
    function version() { return "old"; }
    export const response = { get() { return [version(), rate()]; }, spoil() { bad = true; } };`,
  bystander: `
    import { rate } from "./rate.ts";
    export const response = { get() { return ["-", rate()]; } };`,
  loner: `export const response = { get() { return ["-", "-"]; } };`,
  rate: `"use shared";
    let count = 0;
    export function rate() { return "old"; }`,
  bomb: `export const response = { exit() { process.exit(1); } };`,
};

const TYPE = `
  declare let bad: boolean;
  function version() { return "new"; }
  export function hotfix() { if (bad) throw new Error("not me"); }`;
const RATE = `export function rate() { return "new"; }`;

interface Parts {
  readonly shop?: string;
  readonly bank?: string;
  readonly rate?: string;
}

interface Place extends World {
  readonly all: readonly any[];
  readonly patch: (parts?: Parts, args?: readonly unknown[]) => Promise<TogetherResult>;
  readonly texts: () => Promise<unknown[]>;
  /** Starts one on a thread as soon as there is one of that number. */
  readonly again: (type: string, place: number) => Promise<any>;
}

async function open(t: TestContext, config: Config): Promise<Place> {
  const node = await world(t, FILES, { hotfixtimeout: 2000, ...config });
  const { snax, folder } = node;
  const places = config.thread === 0 ? [0, 0, 0] : [1, 2, 3];
  const all: any[] = [];
  const make = (type: string, place: number): Promise<any> =>
    (place === 0 ? snax : snax.at(place)).newservice<any>(type);
  for (const type of ["shop", "bank", "bystander"]) {
    for (const place of places) all.push(await make(type, place));
  }
  return {
    ...node,
    all,
    patch: ({ shop = TYPE, bank = TYPE, rate = RATE } = {}, args = []) =>
      snax.together([
        { shared: join(folder, "rate.ts"), patch: rate },
        { type: "shop", patch: shop, args },
        { type: "bank", patch: bank },
      ] as never),
    texts: () => Promise.all(all.map((each) => each.req.get())),
    again: async (type, place) => {
      for (;;) {
        const born = await make(type, place).catch(() => undefined);
        if (born !== undefined) return born;
        await node.skynet.sleep(5);
      }
    },
  };
}

/** What all of them say who have, or have not, the patches. */
function said(word: string): unknown[] {
  return [...Array<unknown>(6).fill([word, word]), ...Array<unknown>(3).fill(["-", word])];
}

for (const thread of [0, 3]) {
  const config = { thread };

  test(`all take the patches, births too, and the ledger has one entry, thread: ${thread}`, async (t) => {
    const { patch, texts, all, snax, make } = await open(t, config);
    const { id, applied, skipped, held } = await patch();
    deepEqual(
      applied.toSorted((a, b) => a - b),
      all.slice(0, 6).map(({ handle }) => handle as number),
    );
    deepEqual(skipped, []);
    ok(held >= 0);
    deepEqual(await texts(), said("new"));
    for (const type of ["shop", "bank"])
      deepEqual(await (await make(type)).req.get(), ["new", "new"]);
    const records = snax.patches();
    equal(records.length, 1);
    deepEqual([records[0]?.id, records[0]?.targets?.length], [id, 3]);
    deepEqual(records[0]?.targets?.slice(1), ["all shop", "all bank"]);
    // No patch has the next number.
    const next = await snax.hotfixall<any>("loner", `export const response = { a() {} };`);
    ok(next.id > id);
    // They go back as they came.
    const back = await snax.rollback(id);
    deepEqual(await texts(), said("old"));
    equal(snax.patches()[0]?.rolledBackBy, back.id);
    deepEqual(await (await make("shop")).req.get(), ["old", "old"]);
  });

  const REFUSALS: Readonly<Record<string, readonly [Parts, code: string, spoiled?: number]>> = {
    "a service of the first type": [{}, "ERR_PATCH_FAILED", 2],
    "a service of the last type": [{}, "ERR_PATCH_FAILED", 5],
    "the shared module": [
      { rate: `${RATE} export function hotfix() { throw new Error("not me"); }` },
      "ERR_PATCH_FAILED",
    ],
    "a text that is not valid": [{ bank: "function version( {" }, "ERR_SYNTAX"],
    "an import that is not there": [
      { rate: `import { no } from "./no.ts"; ${RATE}` },
      "ERR_MODULE",
    ],
  };
  for (const [who, [parts, code, spoiled]] of Object.entries(REFUSALS)) {
    test(`${who} refuses, and no caller has seen any of it, thread: ${thread}`, async (t) => {
      const { patch, texts, all, snax, make } = await open(t, config);
      let isOver = false;
      const bad: unknown[] = [];
      const client = async (first: number): Promise<void> => {
        for (let turn = first; !isOver; turn += 1) {
          const got = (await all[turn % all.length].req.get()) as string[];
          if (got.includes("new")) bad.push(got);
        }
      };
      const clients = [0, 3, 6].map(client);
      if (spoiled !== undefined) await all[spoiled].req.spoil();
      const born = make("shop");
      const failure = await codeOfFailure(patch(parts));
      ok(failure.startsWith(code), failure);
      isOver = true;
      await Promise.all(clients);
      deepEqual(bad, []);
      deepEqual(await texts(), said("old"));
      deepEqual(await (await born).req.get(), ["old", "old"]);
      const [record] = snax.patches();
      deepEqual([record?.applied, record?.failed], [0, 1]);
      if (spoiled !== undefined) return;
      await patch();
      deepEqual(await texts(), said("new"));
    });
  }

  test(`no caller hears the old code after an answer of the new, of whichever of them, thread: ${thread}`, async (t) => {
    const { patch, all, texts } = await open(t, config);
    const order = ["old", "new", "newer"];
    let isOver = false;
    let newest = 0;
    const bad: unknown[] = [];
    const client = async (first: number): Promise<void> => {
      for (let turn = first; !isOver; turn += 1) {
        const least = newest;
        const words = (await all[(turn * 7) % all.length].req.get()) as string[];
        for (const word of words) {
          if (word === "-") continue;
          if (order.indexOf(word) < least) bad.push([words, least]);
          newest = Math.max(newest, order.indexOf(word));
        }
      }
    };
    const clients = [0, 1, 2, 3, 4, 5].map(client);
    await patch();
    const newer = (text: string): string => text.replace(`"new"`, `"newer"`);
    await patch({ shop: newer(TYPE), bank: newer(TYPE), rate: newer(RATE) });
    isOver = true;
    await Promise.all(clients);
    deepEqual(bad, []);
    deepEqual(await texts(), said("newer"));
  });

  test(`births meanwhile are with the patches or without them, as all others, thread: ${thread}`, async (t) => {
    const { patch, make, all } = await open(t, config);
    await all[5].req.spoil();
    const births = (): Promise<any>[] =>
      ["shop", "bank", "bystander", "shop", "loner"].map((type) => make(type));
    const [failed, ...old] = await Promise.all([codeOfFailure(patch()), ...births()]);
    equal(failed, "ERR_PATCH_FAILED");
    for (const each of old) ok(!((await each.req.get()) as string[]).includes("new"));
    const slow = TYPE.replace("if (bad) throw", "if (false) throw");
    const [, ...born] = await Promise.all([patch({ bank: slow }), ...births()]);
    for (const each of born) ok(!((await each.req.get()) as string[]).includes("old"));
  });

  test(`what hotfix() sends to another type goes out if all stay, and only then, thread: ${thread}`, async (t) => {
    const { patch, all } = await open(t, config);
    const [shop, , , , , bank] = all;
    const posting = `${TYPE.replace("export function hotfix() {", "export function hotfix(other: any) { other?.post.tell();")}`;
    await bank.req.spoil();
    equal(await codeOfFailure(patch({ shop: posting }, [shop])), "ERR_PATCH_FAILED");
    equal(await shop.req.told(), 0);
    await patch({ shop: posting, bank: TYPE.replace("if (bad)", "if (false)") }, [shop]);
    let told = 0;
    while (told < 3) told = await shop.req.told();
    equal(told, 3);
  });

  test(`a shared module by itself is atomic as well, thread: ${thread}`, async (t) => {
    const { texts, snax, folder } = await open(t, config);
    const repair = snax.repair({ atomic: true });
    const file = join(folder, "rate.ts");
    const throwing = `${RATE} export function hotfix() { throw new Error("no"); }`;
    equal(await codeOfFailure(repair.hotfixshared(file, throwing)), "ERR_PATCH_FAILED");
    deepEqual((await texts()).at(-1), ["-", "old"]);
    const { threads } = await repair.hotfixshared(file, RATE);
    equal(threads, thread === 0 ? 1 : 3);
    deepEqual((await texts()).at(-1), ["-", "new"]);
    deepEqual(
      snax.patches().map(({ target, failed }) => [target, failed]),
      [
        [file, 1],
        [file, 0],
      ],
    );
    const unused = repair.hotfixshared(join(folder, "nobody.ts"), RATE);
    equal(await codeOfFailure(unused), "ERR_PATCH_NAME");
  });
}

/** Where the thread of an armed service ends, and what all services run in the end. */
const STEPS: Readonly<Record<string, readonly [body: string, word: string]>> = {
  "in hotfix()": ["bang();", "old"],
  "when it has voted": ["if (!isBomb) await args[0]?.req.exit().catch(() => {});", "old"],
  "when all have agreed": ["snax.self().post.bang();", "new"],
};

for (const [step, [body, word]] of Object.entries(STEPS)) {
  test(`a thread that ends ${step} leaves all with the ${word} code`, async (t) => {
    const { patch, all, again, snax } = await open(t, { thread: 3 });
    await all[1].req.arm();
    const bomb = await snax.at(2).newservice<any>("bomb");
    const shop = `
      import { snax } from "snax";
      declare let isBomb: boolean;
      declare function bang(): void;
      function version() { return "new"; }
      export async function hotfix(...args: any[]) { ${body} }`;
    const failure = await codeOfFailure(patch({ shop }, [bomb]));
    equal(failure.startsWith(word === "old" ? "ERR_PATCH_FAILED" : "resolved"), true, failure);
    for (const index of [0, 2, 3, 5]) deepEqual(await all[index].req.get(), [word, word]);
    for (const place of [1, 2, 3]) {
      for (const type of ["shop", "bank"]) {
        deepEqual(await (await again(type, place)).req.get(), [word, word]);
      }
    }
    const newer = (text: string): string => text.replace(`"new"`, `"newer"`);
    await patch({ shop: newer(TYPE), bank: newer(TYPE), rate: newer(RATE) });
    for (const place of [1, 2, 3]) {
      deepEqual(await (await again("bank", place)).req.get(), ["newer", "newer"]);
    }
  });
}

test("they outlive the process all or none, and are one entry there, too", async (t) => {
  const state = join(writeFiles(t, {}), "ledger.jsonl");
  const first = await open(t, { thread: 0, ledger: state });
  const { id } = await first.patch();
  await first.stop();
  const lines = readFileSync(state, "utf8").trimEnd().split("\n");
  deepEqual(
    lines.map((line) => (JSON.parse(line) as { state: string }).state),
    ["PREPARED", "PREPARED", "PREPARED", "KEPT"],
  );
  const again = (): Promise<World> =>
    world(t, FILES, { thread: 0, ledger: state, services: `${first.folder}/?.ts` });
  const second = await again();
  for (const type of ["shop", "bank"]) {
    deepEqual(await (await second.make(type)).req.get(), ["new", "new"]);
  }
  deepEqual(
    second.snax.patches().map((record) => [record.id, record.targets?.length]),
    [[id, 3]],
  );
  const back = await second.snax.rollback(id);
  ok((back.id ?? 0) > id + 2);
  deepEqual(await (await second.make("shop")).req.get(), ["old", "old"]);
  await second.stop();
  // A process that died before it was decided.
  writeFileSync(state, `${lines.slice(0, 3).join("\n")}\n`);
  const third = await again();
  for (const type of ["shop", "bank"]) {
    deepEqual(await (await third.make(type)).req.get(), ["old", "old"]);
  }
  deepEqual(third.snax.patches(), []);
  await third.stop();
});

test("what can't be meant is refused", async (t) => {
  const { snax, folder, texts } = await open(t, { thread: 0 });
  const shared = join(folder, "rate.ts");
  const many = (count: number): object[] =>
    Array.from({ length: count }, (_, index) => ({ type: `t${index}`, patch: "let x = 1;" }));
  const wrong: unknown[] = [
    undefined,
    {},
    [],
    [null],
    [{ type: "shop" }],
    [{ patch: TYPE }],
    [{ type: "shop", shared, patch: TYPE }],
    [{ shared, patch: RATE, args: [1] }],
    [{ shared, patch: { "": RATE } }],
    [{ type: "shop", patch: TYPE, atomic: true }],
    [{ type: "shop", patch: TYPE, args: 5 }],
    [
      { type: "shop", patch: TYPE },
      { type: "shop", patch: TYPE },
    ],
    many(65),
  ];
  for (const parts of wrong) {
    equal(
      await codeOfFailure(snax.together(parts as never)),
      "ERR_ARGUMENT",
      JSON.stringify(parts),
    );
  }
  equal(await codeOfFailure(snax.together(many(64) as never)), "ERR_NO_SERVICE");
  const unused = snax.together([
    { type: "shop", patch: TYPE },
    { shared: join(folder, "loner.ts"), patch: RATE },
  ] as never);
  const error = await failureOf(unused);
  equal(error.code, "ERR_PATCH_NAME");
  match(error.message, /no service uses a shared module/);
  deepEqual(await texts(), said("old"));
});
