/** A dry run: what a patch would do, on copies of a live service, which is not touched. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { DryReport } from "snax";
import { codeOfFailure, failureOf, world } from "../../world.ts";

const SHOP = `
import { round } from "./lib/money.ts";
let sold = 5;
const TAX = 0.2;
const stock = new Map<string, number>([["apple", 3]]);
function price(net: number): number { return round(net * (1 + TAX)); }
export const response = {
  buy(what: string, net: number): number {
    const left = stock.get(what) ?? 0;
    if (left === 0) throw new Error("none left");
    stock.set(what, left - 1);
    sold += 1;
    return price(net);
  },
  sold(): number { return sold; },
  stock(what: string): number | undefined { return stock.get(what); },
};
`;
const FILES = {
  shop: SHOP,
  "lib/money.ts": "export function round(n: number): number {\n  return Math.round(n);\n}\n",
};

const PATCH = `
declare let sold: number;
function price(net: number): number { return net * 2; }
export function hotfix(): string { sold = 99; return "done"; }
`;

test("answers of both, what hotfix() changes at once, and the state after the probes", async (t) => {
  const { snax, make } = await world(t, FILES);
  const shop = await make("shop");
  const dry = snax.repair({ dry: { probes: ['buy "apple" 10', "sold", "none"] } });
  const report = await dry.hotfix(shop, PATCH);
  deepEqual([report.handle, report.type, report.missing], [shop.handle, "shop", []]);
  deepEqual(report.hotfix, { text: "'done'", error: undefined, would: [] });
  deepEqual(report.atOnce, [{ path: "sold", before: "5", after: "99" }]);
  deepEqual(
    report.probes.map(({ probe, before, after }) => [probe, before.text, after.text]),
    [
      ["buy('apple', 10)", "12", "20"],
      ["sold()", "6", "100"],
      ["none()", "shop has no method none", "shop has no method none"],
    ],
  );
  deepEqual(report.afterProbes, [{ path: "sold", before: "6", after: "100" }]);
  deepEqual([await shop.req.sold(), await shop.req.stock("apple")], [5, 3]);
  equal(await shop.req.buy("apple", 10), 12);
  deepEqual(snax.patches(), []);
});

test("of a type the service with the lowest address is copied, as it runs: earlier patches included", async (t) => {
  const { snax, make } = await world(t, FILES);
  const first = await make("shop");
  const second = await make("shop");
  await second.req.buy("apple", 1);
  await snax.hotfixall(
    "shop",
    "export const response = { left(): number { return stock.size; } };",
  );
  const report = await snax
    .repair({ dry: { probes: ["left"] } })
    .hotfixall("shop", "export const response = { left(): number { return -stock.size; } };");
  equal(report.handle, first.handle);
  deepEqual([report.probes[0]?.before.text, report.probes[0]?.after.text], ["1", "-1"]);
  equal(snax.patches().length, 1);
});

test("a patch of a module that the service imports", async (t) => {
  const { snax, make } = await world(t, FILES);
  const shop = await make("shop");
  const report = await snax.repair({ dry: { probes: ['buy "apple" 9.6'] } }).hotfix(shop, {
    "./lib/money.ts": "function round(n: number): number { return Math.floor(n); }",
  });
  deepEqual([report.probes[0]?.before.text, report.probes[0]?.after.text], ["12", "11"]);
});

const ACCOUNTS = `
import { skynet, snax } from "snax";
import { appendFileSync, writeFileSync, readFileSync } from "node:fs";
import { connect } from "node:net";
let audit = 0;
let friend: any;
class Account {
  balance = 100;
  limits = { day: 100 };
  last: number | undefined = undefined;
  constructor(public owner: string) {}
  take(n: number): number {
    if (this.balance < n) throw new Error("poor");
    this.balance -= n;
    return this.balance;
  }
}
const accounts = new Map<string, Account>([["ann", new Account("ann")], ["bob", new Account("bob")]]);
accounts.set("alias", accounts.get("ann")!);
const hooks: (() => number)[] = [];
const lock = skynet.queue();
skynet.timeout(3_600_000, () => {});
export function init(spy: number, path: string) {
  friend = snax.bind(spy, "spy" as never);
  audit = spy;
  writeFileSync(path, "live");
  let count = 0;
  hooks.push(() => (count += 1));
}
export const response = {
  take(owner: string, n: number) { return accounts.get(owner)!.take(n); },
  send(word: string) { skynet.send(audit, "lua", "entry", word); friend.post.note(word); return "sent"; },
  async call(word: string) { return await friend.req.note(word); },
  async callLua(word: string) { return await skynet.call(audit, "lua", word); },
  write(path: string) { appendFileSync(path, "copy"); return readFileSync(path, "utf8"); },
  net() { return connect(80); },
  fire() { return hooks.map((hook) => hook()); },
  locked(n: number) { return lock(async () => n); },
  async nap() { await skynet.sleep(10_000); return skynet.now() > 10_000; },
  timer() { setTimeout(() => {}, 10); skynet.timeout(5, () => {}); return 1; },
  async forever() { await new Promise(() => {}); },
  web() { return fetch("http://127.0.0.1:1"); },
  exit() { process.exit(3); },
  time() { return [Date.now(), Math.random(), new Date().getTime()]; },
};
`;
const SPY = `
let heard = 0;
export const response = { note() { heard += 1; return heard; }, heard() { return heard; } };
export const accept = { note() { heard += 1; } };
`;

function answersOf({ probes }: DryReport): string[] {
  return probes.map(({ after: { text, error, would } }) =>
    [error === undefined ? text : `${error}: ${text}`, ...would].join(" | "),
  );
}

test("nothing goes out: messages, calls, files, sockets and timers are noted or refused", async (t) => {
  const { snax, make, folder } = await world(t, { accounts: ACCOUNTS, spy: SPY });
  const spy = await make("spy");
  const file = join(folder, "audit.txt");
  const bank = await make("accounts", spy.handle, file);
  const probes = [
    { method: "send", args: ["hello"] },
    ...[
      { method: "call", args: ["x"] },
      { method: "callLua", args: ["y"] },
    ],
    ...[{ method: "write", args: [file] }, { method: "net" }, { method: "fire" }],
    ...[{ method: "locked", args: [7] }, { method: "nap" }, { method: "timer" }],
    ...[{ method: "forever" }, { method: "web" }, { method: "exit" }],
  ];
  const report = await snax
    .repair({ dry: { probes } })
    .hotfix(bank, "class Account { take(n: number) { return n; } }");
  const spied = `:${spy.handle.toString(16).padStart(8, "0")}`;
  deepEqual(answersOf(report), [
    `'sent' | send ${spied} lua entry hello | post ${spied} spy.note hello`,
    `ERR_DRY_RUN: dry run: call ${spied} spy.note is not done in a dry run | call ${spied} spy.note x`,
    `ERR_DRY_RUN: dry run: call is not done in a dry run | call ${spied} lua y`,
    `'live' | node:fs.appendFileSync ${file} copy`,
    "ERR_DRY_RUN: dry run: node:net.connect is not done in a dry run | node:net.connect 80",
    "ERR_DRY_RUN: dry run: hooks[0] is a closure: it is not in the copy",
    "7",
    "true | sleep 10000",
    "1 | setTimeout 10 | timeout 5",
    "Error: it waits for something that a copy does not have: a timer, a promise",
    "ERR_DRY_RUN: dry run: fetch is not done in a dry run | fetch http://127.0.0.1:1",
    "ERR_DRY_RUN: dry run: process.exit is not done in a dry run | process.exit 3",
  ]);
  match(report.missing.join("\n"), /^hooks\[0\] \(.*accounts\.ts:\d+\): a closure$/m);
  equal(await spy.req.heard(), 0);
  equal(readFileSync(file, "utf8"), "live");
});

test("what is allowed is really asked, once for both copies, and nothing else is", async (t) => {
  const { snax, make, folder } = await world(t, { accounts: ACCOUNTS, spy: SPY });
  const spy = await make("spy");
  const bank = await make("accounts", spy.handle, join(folder, "audit.txt"));
  const probes = ['call "x"', 'callLua "y"', 'send "z"'];
  const allow = ["spy.note"];
  const report = await snax
    .repair({ dry: { probes, allow } })
    .hotfix(bank, "class Account { take(n: number) { return n; } }");
  const spied = `:${spy.handle.toString(16).padStart(8, "0")}`;
  deepEqual(report.probes.map(({ before, after }) => [before.text, after.text]).slice(0, 1), [
    ["1", "1"],
  ]);
  deepEqual(answersOf(report), [
    `1 | asked ${spied} spy.note x`,
    `ERR_DRY_RUN: dry run: call is not done in a dry run | call ${spied} lua y`,
    `'sent' | send ${spied} lua entry z | post ${spied} spy.note z`,
  ]);
  equal(await spy.req.heard(), 1);
});

test("a thread that hangs is an error that names it", async (t) => {
  const loop = "export const response = { go() { for (;;); } };";
  const stall = { warn: 0, interrupt: 0 };
  const { snax } = await world(t, { loop }, { thread: 2, stall });
  const hanging = await snax.at(2).newservice<any>("loop");
  void hanging.req.go().catch(() => {});
  const dry = snax.repair({ dry: {} });
  const patch = "export const response = { go() { return 1; } };";
  const runs = [dry.hotfix(hanging, patch), dry.hotfixall("loop", patch)];
  for (const error of await Promise.all(runs.map(failureOf))) {
    match(
      error.message,
      /^thread 2 does not answer: a handler of :\w{8} has not returned for \d+ ms/,
    );
  }
});

test("objects keep their class, their identity and their cycles; time and chance are the same for both", async (t) => {
  const { snax, make, folder } = await world(t, { accounts: ACCOUNTS, spy: SPY });
  const spy = await make("spy");
  const bank = await make("accounts", spy.handle, join(folder, "audit.txt"));
  const report = await snax
    .repair({ dry: { probes: ['take "alias" 20', 'take "ann" 10', "time"] } })
    .hotfix(
      bank,
      `declare const accounts: Map<string, any>;
class Account { take(n: number): number { this.balance -= n; this.last = n; return this.balance; } }
export function hotfix() { for (const each of accounts.values()) each.limits.day = 200; }`,
    );
  deepEqual(report.probes.map(({ before, after }) => [before.text, after.text]).slice(0, 2), [
    ["80", "80"],
    ["70", "70"],
  ]);
  equal(report.probes[2]?.before.text, report.probes[2]?.after.text);
  deepEqual(
    report.atOnce.map(({ path, before, after }) => `${path}: ${before} -> ${after}`),
    ['accounts.get("ann").limits.day: 100 -> 200', 'accounts.get("bob").limits.day: 100 -> 200'],
  );
  deepEqual(
    report.afterProbes.map(({ path, before, after }) => `${path}: ${before} -> ${after}`),
    [
      'accounts.get("ann").last: undefined -> 10',
      'accounts.get("ann").limits.day: 100 -> 200',
      'accounts.get("bob").limits.day: 100 -> 200',
    ],
  );
  equal(await bank.req.take("bob", 1), 99);
});

test("what does not end is ended, with the reason, and the live service answers meanwhile", async (t) => {
  const { snax, make } = await world(t, FILES, { hotfixtimeout: 1500 });
  const shop = await make("shop");
  const dry = snax.repair({ dry: { probes: ["sold"] } });
  let isOver = false;
  const answers = (async () => {
    let count = 0;
    while (!isOver) {
      equal(await shop.req.sold(), 5);
      count += 1;
      await new Promise((resolve) => setImmediate(resolve));
    }
    return count;
  })();
  const why = async (text: string): Promise<string> => {
    const error = await failureOf(dry.hotfix(shop, text));
    return `${String(error.code)} ${error.message}`;
  };
  equal(
    await why("export function hotfix() { for (;;); }"),
    "ERR_DRY_RUN dry run ended: hotfix() did not return",
  );
  equal(
    await why("export const response = { sold() { for (;;); } };"),
    "ERR_DRY_RUN dry run ended: the probe sold() did not return",
  );
  equal(
    await why("export function hotfix() { globalThis.process.exit(3); }"),
    "ERR_DRY_RUN dry run ended: hotfix() ended the process (exit code 3)",
  );
  match(
    await why(
      "export function hotfix() { const all = []; for (;;) all.push(new Array(1e5).fill({})); }",
    ),
    /^ERR_DRY_RUN dry run ended: hotfix\(\) (?:needed more than \d+ MiB|did not return)/,
  );
  match(
    await why("export function hotfix() { throw new Error('no'); }"),
    /^ERR_PATCH_FAILED the patch was undone: no/,
  );
  match(
    await why("declare let sodl: number; export function hotfix() { sodl = 1; }"),
    /^ERR_PATCH_NAME /,
  );
  match(await why("export function hotfix( {"), /^ERR_SYNTAX /);
  isOver = true;
  ok((await answers) > 10);
  equal(snax.patches().length, 0);
});

test("a state beyond dryrunmax is refused, and one below is not", async (t) => {
  const big = `const all: Uint8Array[] = [new Uint8Array(900 * 1024)];
export const response = { grow() { all.push(new Uint8Array(200 * 1024)); } };`;
  const { snax, make } = await world(t, { big }, { dryrunmax: 1 });
  const service = await make("big");
  const dry = snax.repair({ dry: {} });
  const patch = "export const response = { more() { return 1; } };";
  ok(await dry.hotfix(service, patch));
  await service.req.grow();
  const error = await failureOf(dry.hotfix(service, patch));
  equal(error.code, "ERR_EXHAUSTED");
  match(error.message, /the state of :\w{8} big takes more than 1 MiB \(dryrunmax\)/);
});

test("what can't be tried is refused", async (t) => {
  const { snax, make } = await world(t, FILES);
  const shop = await make("shop");
  const refused = async (run: () => unknown): Promise<string> =>
    await codeOfFailure(Promise.resolve().then(run));
  equal(await refused(() => snax.repair({ dry: { probe: [] } } as never)), "ERR_ARGUMENT");
  equal(await refused(() => snax.repair({ dry: { probes: ["1"] } })), "ERR_ARGUMENT");
  equal(await refused(() => snax.repair({ dry: {}, atomic: true } as never)), "ERR_ARGUMENT");
  equal(await refused(() => (snax.repair({ dry: {} }) as any).rollback(1)), "ERR_ARGUMENT");
  equal(await refused(() => snax.repair({ dry: {} }).hotfixall("shpo", PATCH)), "ERR_NO_SERVICE");
  equal(
    await refused(() => snax.repair({ dry: {} }).hotfix(shop.handle + 99, PATCH)),
    "ERR_SERVICE_DEAD",
  );
});

const DOORS = `
import * as api from "snax";
let spy = 0;
export function init(handle: number) { spy = handle; }
/** Uses every function of the API as if it reached a service. */
function each(parts: readonly string[]): string[] {
  const used: string[] = [];
  for (const part of parts) {
    const object = (api as any)[part];
    for (const name of NAMES[part] ?? []) {
      used.push(part + "." + name);
      try { void Promise.resolve(object[name](spy, "snax", "note", "x")).catch(() => {}); } catch {}
    }
  }
  try { api.snax.bind(spy, "spy" as never).post.note(); } catch {}
  return used;
}
let NAMES: Record<string, string[]> = {};
export const response = {
  learn(names: Record<string, string[]>) { NAMES = names; },
  each() { return each(Object.keys(NAMES)).length; },
  one() { api.snax.bind(spy, "spy" as never).post.note(); },
};
`;

const PARTS = ["skynet", "snax", "cluster", "datacenter", "multicast", "socket", "sharetable"];

/** The functions of the API that a program has. */
function namesOf(node: object): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  for (const part of PARTS) {
    const own = (node as Record<string, object | undefined>)[part];
    if (own === undefined) continue;
    const names: string[] = [];
    for (let at: object | null = own; at !== null && at !== Object.prototype;) {
      names.push(...Object.getOwnPropertyNames(at));
      at = Object.getPrototypeOf(at) as object | null;
    }
    found[part] = names.filter((name) => name !== "constructor" && name !== "signal");
  }
  return found;
}

test("no function of the API reaches another service: a spy hears nothing, and a live service is heard", async (t) => {
  const { snax, skynet, sharetable, make } = await world(t, { doors: DOORS, spy: SPY });
  const spy = await make("spy");
  const doors = await make("doors", spy.handle);
  await doors.req.learn(namesOf({ skynet, snax, sharetable }));
  const report = await snax
    .repair({ dry: { probes: ["each"] } })
    .hotfix(doors, "export const response = { other() { return 1; } };");
  const count = Number(report.probes[0]?.after.text);
  ok(count > 50, report.probes[0]?.after.text);
  equal(await spy.req.heard(), 0);
  // Planted: one function that is live is noticed.
  await doors.req.one();
  while ((await spy.req.heard()) === 0) await skynet.sleep(1);
  equal(await spy.req.heard(), 1);
});
