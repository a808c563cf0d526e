/**
 * A patch of a shared module outlives the process, a cleared cache and a thread, until the file on
 * disk gives the same.
 */

import { deepEqual, equal, match } from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { start } from "snax";
import type { Node } from "snax";

import { addFiles, failureOf, THREADS, writeFiles } from "../../world.ts";

const RATES = `"use shared";
import { unit } from "./unit.ts";
let asked = 0;
export function rate(): number { asked += 1; return unit(); }
export function name(): string { return "rates"; }
export function times(): number { return asked; }
`;
const FILES = {
  shop: `import { rate, name, times } from "./rates.ts";
const atBirth = rate();
export const response = {
  get(): unknown { return [atBirth, rate(), name()]; },
  times,
};
`,
  rates: RATES,
  unit: `"use shared";\nexport function unit(): number { return 1; }\n`,
};
const rate = (n: number): string => `export function rate(): number { asked += 1; return ${n}; }`;

interface Place {
  readonly folder: string;
  readonly rates: string;
  readonly ledger: string;
  readonly begin: (thread?: number) => Promise<Node>;
  readonly log: (node: Node) => Promise<string>;
  readonly states: () => string[];
}

function place(t: TestContext): Place {
  const folder = writeFiles(t, FILES);
  const ledger = join(folder, "state", "ledger.jsonl");
  const logger = join(folder, "node.log");
  return {
    folder,
    ledger,
    rates: join(folder, "rates.ts"),
    begin: async (thread = THREADS) => {
      const node = await start({ thread, services: `${folder}/?.ts`, logger, ledger });
      t.after(() => node.stop());
      return node;
    },
    log: async (node) => {
      await node.skynet.call(".logger", "lua", "FLUSH");
      return readFileSync(logger, "utf8");
    },
    states: () =>
      readFileSync(ledger, "utf8")
        .trimEnd()
        .split("\n")
        .map((line) => {
          const { id, state } = JSON.parse(line) as { id: number; state: string };
          return `${id} ${state}`;
        }),
  };
}

async function ask(node: Node, thread?: number): Promise<unknown> {
  const { snax } = node;
  const shop = await (thread === undefined ? snax : snax.at(thread)).newservice<any>("shop");
  return await shop.req.get();
}

test("a patch of a shared module is in the module of the next start, from its first call on", async (t) => {
  const { begin, rates, states, log } = place(t);
  const first = await begin();
  deepEqual(await ask(first), [1, 1, "rates"]);
  const { id } = await first.snax.hotfixshared(rates, rate(2));
  deepEqual(await ask(first), [2, 2, "rates"]);
  deepEqual(states(), [`${id} PREPARED`, `${id} KEPT`]);
  await first.stop();
  const second = await begin();
  deepEqual(await ask(second), [2, 2, "rates"]);
  match(await log(second), new RegExp(`sticky patch ${id} of ${rates} stays: services that load`));
  // It has a number, an entry, and can be taken back; that lasts, too.
  equal(second.snax.patches()[0]?.target, rates);
  const back = await second.snax.rollback(id);
  equal(back.id, id + 1);
  deepEqual(await ask(second), [1, 1, "rates"]);
  await second.stop();
  deepEqual(await ask(await begin()), [1, 1, "rates"]);
});

test("a cleared cache keeps it where the file lacks it, one by one and all at once", async (t) => {
  const { begin, rates, folder } = place(t);
  const node = await begin();
  await ask(node);
  await node.snax.hotfixshared(rates, rate(2));
  const files = [undefined, rates, join(folder, "unit.ts"), join(folder, "shop.ts"), undefined];
  for (const file of files) {
    node.skynet.cache.clear(file);
    deepEqual(await ask(node), [2, 2, "rates"], String(file));
  }
  // What the file changes elsewhere is there as well.
  addFiles(folder, { rates: RATES.replace(`"rates"`, `"new"`) });
  node.skynet.cache.clear(rates);
  deepEqual(await ask(node), [2, 2, "new"]);
});

test("a file that contains it retires it; one that says otherwise is left alone, with both sides named", async (t) => {
  const { begin, rates, folder, log, states } = place(t);
  const first = await begin();
  await ask(first);
  await first.snax.hotfixshared(rates, rate(2));
  addFiles(folder, { rates: RATES.replace("return unit();", "\n  return 3;\n") });
  first.skynet.cache.clear(rates);
  deepEqual(await ask(first), [3, 3, "rates"]);
  match(await log(first), /is not applied: .*rates\.ts and the patch both change rate/);
  addFiles(folder, { rates: RATES.replace("return unit();", "\n  return 2; // as patched\n") });
  await first.stop();
  const second = await begin();
  deepEqual(await ask(second), [2, 2, "rates"]);
  match(await log(second), /is contained in its files now: retired/);
  equal(states().at(-1), "1 RETIRED");
  equal(second.snax.patches()[0]?.retired, "its files give all of it");
  addFiles(folder, { rates: RATES });
  await second.stop();
  // Retired stays retired.
  deepEqual(await ask(await begin()), [1, 1, "rates"]);
});

test("patches come back in their order, each with what an earlier one added", async (t) => {
  const { begin, rates, folder } = place(t);
  const first = await begin();
  await ask(first);
  await first.snax.hotfixshared(
    rates,
    `function twice(n: number): number { return n * 2; }
     export function rate(): number { return twice(21); }`,
  );
  await first.snax.hotfixshared(rates, `function twice(n: number): number { return n * 20; }`);
  await first.snax.hotfixshared(join(folder, "unit.ts"), `export function unit() { return 9; }`);
  await first.snax.hotfixall<any>("shop", `export const response = { more() { return 1; } };`);
  await first.stop();
  const second = await begin();
  deepEqual(await ask(second), [420, 420, "rates"]);
  second.skynet.cache.clear();
  deepEqual(await ask(second), [420, 420, "rates"]);
});

test("each thread gets it when it loads the module, also one that takes another one's place", async (t) => {
  const { begin, rates, folder } = place(t);
  addFiles(folder, { die: `export function init(): void { process.exit(1); }` });
  const first = await begin(2);
  await ask(first, 1);
  await first.snax.hotfixshared(rates, rate(2));
  deepEqual(await ask(first, 2), [2, 2, "rates"]);
  await first.stop();
  const second = await begin(2);
  for (const thread of [1, 2]) deepEqual(await ask(second, thread), [2, 2, "rates"]);
  await failureOf(second.snax.at(1).newservice<any>("die"));
  deepEqual(await ask(second, 1), [2, 2, "rates"]);
  second.skynet.cache.clear(rates);
  for (const thread of [1, 2]) deepEqual(await ask(second, thread), [2, 2, "rates"]);
});

test("what is refused, or for a module that is not used, is not in the next start", async (t) => {
  const { begin, rates, folder, states } = place(t);
  const first = await begin(2);
  for (const thread of [1, 2]) await ask(first, thread);
  const throwing = `${rate(7)}\nexport function hotfix(): void { throw new Error("no"); }`;
  equal((await failureOf(first.snax.hotfixshared(rates, throwing))).code, "ERR_PATCH_FAILED");
  addFiles(folder, { unused: `"use shared"; export const a = 1;` });
  const unused = first.snax.hotfixshared(join(folder, "unused.ts"), "export const a = 2;");
  equal((await failureOf(unused)).code, "ERR_PATCH_NAME");
  const gone = first.snax.hotfixshared(join(folder, "nowhere.ts"), "export const a = 2;");
  equal((await failureOf(gone)).code, "ERR_PATCH_NAME");
  equal(
    states().some((line) => line.endsWith("KEPT")),
    false,
  );
  await first.stop();
  deepEqual(await ask(await begin()), [1, 1, "rates"]);
});

test("once: it is not on disk, and the log says so", async (t) => {
  const { begin, rates, ledger, log } = place(t);
  const first = await begin();
  await ask(first);
  await first.snax.repair({ once: true }).hotfixshared(rates, rate(2));
  deepEqual(await ask(first), [2, 2, "rates"]);
  equal(existsSync(ledger), false);
  match(await log(first), /patch 1 of .*rates\.ts is in until the node stops or the code cache is/);
  first.skynet.cache.clear(rates);
  deepEqual(await ask(first), [1, 1, "rates"]);
});

test("a patch that the disk does not take is refused before anything has changed", async (t) => {
  const { begin, rates, folder } = place(t);
  const node = await begin();
  await ask(node);
  writeFileSync(join(folder, "state"), "in the way");
  const error = await failureOf(node.snax.hotfixshared(rates, rate(2)));
  equal(error.code, "ERR_LEDGER");
  deepEqual(await ask(node), [1, 1, "rates"]);
  equal(node.snax.patches()[0]?.failed, 1);
});

for (const thread of [0, 2]) {
  test(`a patch of a type that imports what a patch has added to a shared module is there after a restart: thread: ${thread}`, async (t) => {
    const { begin, rates, log } = place(t);
    const first = await begin(thread);
    await ask(first);
    await first.snax.hotfixshared(rates, `export function fresh(): number { return 7; }`);
    const text = `import { fresh } from "./rates.ts"; export const response = { get() { return fresh(); } };`;
    await first.snax.hotfixall("shop", text);
    equal(await ask(first), 7);
    await first.stop();
    const next = await begin(thread);
    const places = thread === 0 ? [undefined] : [1, 2];
    for (const each of places) equal(await ask(next, each), 7);
    equal(/without patch/.test(await log(next)), false);
  });
}
