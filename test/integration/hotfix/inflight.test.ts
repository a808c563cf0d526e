/** Which handlers still run a body from before a patch: a table of shapes; waited for, and ended. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import type { Config, InflightResult, ServiceObject } from "snax";
import { INFLIGHT_SHOWN_MAX, TASK_STACKS_MAX } from "../../../src/base/limits.ts";
import { codeOfFailure, failureOf, THREADS, world } from "../../world.ts";
import type { World } from "../../world.ts";

/** Answers when it is told to. */
const ORACLE = `
import { skynet } from "snax";
const open: ((value: string) => void)[] = [];
export const response = {
  ask(): Promise<string> { return new Promise<string>((resolve) => open.push(resolve)); },
  waiting(): number { return open.length; },
  say(word: string): number { for (const each of open.splice(0)) each(word); return 0; },
};`;

/** What a service of a shape has in front of its own text. */
const HEAD = `import { skynet, snax } from "snax";
let oracle: any;
export function init(handle: number): void { oracle = snax.bind(handle, "oracle" as never); }
`;

/** A way in which code is suspended. */
interface Shape {
  readonly name: string;
  /** The service; its method `go` waits for the oracle. */
  readonly text: string;
  readonly patch: string;
  /** Old bodies that are found: body and line in the file of the service, behind the head. */
  readonly old: readonly string[];
  /** Other handlers. @defaultValue none */
  readonly others?: number;
}

const GO = "export const response = { async go() { return await price(); } };";

const SHAPES: readonly Shape[] = [
  {
    name: "await in a function that a function calls",
    text: `async function price() {\n  return await oracle.req.ask();\n}\nasync function sum() {\n  return await price();\n}\nexport const response = { async go() { return await sum(); } };`,
    patch: "async function sum() { return 1; }",
    old: ["sum:5"],
  },
  {
    name: "a function that waits for another one, which is not patched",
    text: `async function price() {\n  return await oracle.req.ask();\n}\nasync function other() { return 1; }\n${GO}`,
    patch: "async function other() { return 2; }",
    old: [],
    others: 1,
  },
  {
    name: "Promise.all",
    text: `async function price() {\n  return await oracle.req.ask();\n}\nexport const response = {\n  async go() { return (await Promise.all([price(), price()])).join(); },\n};`,
    patch: "async function price() { return 1; }",
    old: ["price:2"],
  },
  {
    name: "a method around Promise.all",
    text: `async function price() {\n  return await oracle.req.ask();\n}\nexport const response = {\n  async go() { return (await Promise.all([price(), price()])).join(); },\n};`,
    patch: "export const response = { async go() { return 1; } };",
    old: ["response.go:5"],
  },
  {
    name: "for await",
    text: `async function* prices() {\n  yield await oracle.req.ask();\n}\nasync function price() {\n  for await (const each of prices()) return each;\n}\n${GO}`,
    patch: "async function* prices() { yield 1; }",
    old: ["prices:2"],
  },
  {
    name: "a loop over for await",
    text: `async function* prices() {\n  yield await oracle.req.ask();\n}\nasync function price() {\n  for await (const each of prices()) return each;\n}\n${GO}`,
    patch: "async function price() { return 1; }",
    old: ["price:5"],
  },
  {
    name: "an async arrow function of top level",
    text: `const price = async () => {\n  return await oracle.req.ask();\n};\n${GO}`,
    patch: "const price = async () => 1;",
    old: ["price:2"],
  },
  {
    name: "an arrow function without a name inside a function",
    text: `function price() {\n  return [1].map(async () => {\n    return await oracle.req.ask();\n  })[0];\n}\n${GO}`,
    patch: "function price() { return 1; }",
    old: ["price:3"],
  },
  {
    name: "a method of a class",
    text: `class Till {\n  async open() {\n    return await oracle.req.ask();\n  }\n  shut() { return 0; }\n}\nconst till = new Till();\nexport const response = { async go() { return await till.open(); } };`,
    patch: "class Till { async open() { return 1; } }",
    old: ["Till.open:3"],
  },
  {
    name: "another method of the class",
    text: `class Till {\n  async open() {\n    return await oracle.req.ask();\n  }\n  shut() { return 0; }\n}\nconst till = new Till();\nexport const response = { async go() { return await till.open(); } };`,
    patch: "class Till { shut() { return 1; } }",
    old: [],
    others: 1,
  },
  {
    name: "a static method",
    text: `class Till {\n  static async open() {\n    return await oracle.req.ask();\n  }\n}\nexport const response = { async go() { return await Till.open(); } };`,
    patch: "class Till { static async open() { return 1; } }",
    old: ["Till.static open:3"],
  },
  {
    name: "a member of a table",
    text: `const table = {\n  async price() {\n    return await oracle.req.ask();\n  },\n};\nexport const response = { async go() { return await table.price(); } };`,
    patch: "const table = { async price() { return 1; } };",
    old: ["table.price:3"],
  },
  {
    name: "a function that a group of methods only names",
    text: `async function go() {\n  return await oracle.req.ask();\n}\nexport const response = { go };`,
    patch: "export const response = { async go() { return 1; } };",
    old: ["go:2"],
  },
  {
    name: "a function that the patch takes away",
    text: `async function price() {\n  return await oracle.req.ask();\n}\nexport const response = { async go() { return await price(); }, none() { return 0; } };`,
    patch: "export const response = { async go() { return 1; } };\ndelete price;",
    old: ["price:2"],
  },
  {
    name: "a queue",
    text: `const lock = skynet.queue();\nasync function price() {\n  return await lock(async () => {\n    return await oracle.req.ask();\n  });\n}\n${GO}`,
    patch: "async function price() { return 1; }",
    old: ["price:4"],
  },
  {
    name: "a sleep",
    text: `async function price() {\n  await skynet.sleep(600_000);\n}\nexport const response = { async go() { void oracle.req.ask(); await price(); } };`,
    patch: "async function price() {}",
    old: ["price:2"],
  },
  {
    name: "a text with an enum",
    text: `enum Tax { vat = 2 }\nasync function price() {\n  return (await oracle.req.ask()) + Tax.vat;\n}\n${GO}`,
    patch: "async function price() { return 1; }",
    old: ["price:3"],
  },
];

const LINES_BEFORE = HEAD.split("\n").length - 1;

interface Scene {
  readonly node: World;
  readonly oracle: ServiceObject;
  readonly shop: ServiceObject;
  /** Calls `go`, and waits until the oracle has been asked `count` questions that are open. */
  readonly begin: (count: number) => Promise<{ readonly answer: Promise<unknown> }>;
}

async function open(t: TestContext, text: string, config: Config = {}): Promise<Scene> {
  const node = await world(t, { oracle: ORACLE, shop: HEAD + text }, config);
  const oracle = await node.make("oracle");
  const shop = await node.make("shop", oracle.handle);
  const begin = async (count: number): Promise<{ answer: Promise<unknown> }> => {
    const answer = shop.req.go() as Promise<unknown>;
    answer.catch(() => {});
    while ((await oracle.req.waiting()) < count) await node.skynet.sleep(1);
    return { answer };
  };
  return { node, oracle, shop, begin };
}

/** Applies a patch to the shop; returns its number. */
async function patch({ node, shop }: Scene, text: string): Promise<number> {
  await node.snax.hotfix(shop, text);
  return node.snax.patches().at(-1)?.id ?? 0;
}

function shown({ handlers }: InflightResult): string[] {
  return handlers.map(({ body = "?", line = 0 }) => `${body}:${Math.max(0, line - LINES_BEFORE)}`);
}

for (const { name, text, patch: patchText, old, others = 0 } of SHAPES) {
  test(`in flight: ${name}`, async (t) => {
    const scene = await open(t, text);
    await scene.begin(1);
    const id = await patch(scene, patchText);
    const found = await scene.node.snax.inflight(id);
    deepEqual([shown(found), found.old, found.current], [old, old.length, others]);
    equal(
      found.handlers.every(({ patch: of }) => of === undefined),
      true,
    );
    // A second look finds the same, and what was looked at goes on.
    deepEqual(shown(await scene.node.snax.inflight(id)), old);
  });
}

const SHOP = `async function price() {
  return await oracle.req.ask();
}
export const response = { async go() { return await price(); } };`;
const PRICE = "async function price() {\n  return (await oracle.req.ask()) + 1;\n}";

test("a body of an older patch is old, one of the patch is not", async (t) => {
  const scene = await open(t, SHOP);
  const first = await patch(scene, PRICE);
  await scene.begin(1);
  deepEqual(shown(await scene.node.snax.inflight(first)), []);
  const second = await patch(scene, PRICE.replace("+ 1", "+ 2"));
  await scene.begin(2);
  const found = await scene.node.snax.inflight(second);
  deepEqual([found.old, found.current, found.handlers[0]?.line], [1, 1, 2]);
  const { hash } = scene.node.snax.patches().find(({ id }) => id === first) ?? {};
  equal(found.handlers[0]?.patch, hash);
  match(found.handlers[0]?.title ?? "", /^request shop\.go$/);
});

test("a rollback is a patch: bodies of what it took back are old", async (t) => {
  const scene = await open(t, SHOP);
  const id = await patch(scene, PRICE);
  await scene.begin(1);
  const { id: back = 0 } = await scene.node.snax.rollback(id);
  equal((await scene.node.snax.inflight(back)).old, 1);
  equal((await scene.node.snax.inflight(id)).old, 0);
});

test("the patch of all of a type, and services born with it", async (t) => {
  const scene = await open(t, SHOP);
  await scene.begin(1);
  const { id } = await scene.node.snax.hotfixall("shop", PRICE);
  const born = await scene.node.make("shop", scene.oracle.handle);
  void born.req.go().catch(() => {});
  while ((await scene.oracle.req.waiting()) < 2) await scene.node.skynet.sleep(1);
  const found = await scene.node.snax.inflight(id);
  deepEqual([found.old, found.current, found.handlers[0]?.handle], [1, 1, scene.shop.handle]);
});

test("a handler that waits for a promise of its own: it began before, or it is new", async (t) => {
  const text = `const until = new Promise(() => {});
export const response = { async go() { void oracle.req.ask(); return await until; } };`;
  const scene = await open(t, text);
  await scene.begin(1);
  const id = await patch(scene, "export const response = { async other() { return 1; } };");
  const before = await scene.node.snax.inflight(id);
  deepEqual([before.old, before.unknown, shown(before)], [0, 1, ["?:0"]]);
  // Handlers that begin from now on have seen nothing else than the patch.
  await scene.node.skynet.sleep(20);
  await scene.begin(2);
  equal((await scene.node.snax.inflight(id)).unknown, 1);
});

test("a waiting operator hears when the last one has ended, or that the time is over", async (t) => {
  const scene = await open(t, SHOP);
  const { answer } = await scene.begin(1);
  const id = await patch(scene, PRICE);
  equal((await scene.node.snax.inflight(id, { wait: 30 })).old, 1);
  const waiting = scene.node.snax.inflight(id, { wait: 60_000 });
  await scene.oracle.req.say("x");
  equal((await waiting).old, 0);
  equal(await answer, "x");
});

test("a caller that is given up gets ERR_TIMEOUT, the old body ends too, and new ones go on", async (t) => {
  const scene = await open(
    t,
    `let ended = 0;
async function price() {
  try { return await oracle.req.ask(); } finally { ended += 1; }
}
export const response = {
  async go() { return await price(); },
  ended() { return ended; },
};`,
  );
  const old = await scene.begin(1);
  const id = await patch(scene, PRICE);
  const young = await scene.begin(2);
  const found = await scene.node.snax.inflight(id, { end: true });
  deepEqual([found.ended, found.old, found.current], [1, 1, 1]);
  const error = await failureOf(old.answer);
  match(error.message, /gave up request shop\.go, which ran a body from before patch/);
  equal(error.code, "ERR_TIMEOUT");
  const after = await scene.node.snax.inflight(id);
  deepEqual([after.old, after.current], [0, 1]);
  equal(await scene.shop.req.ended(), 1);
  await scene.oracle.req.say("x");
  equal(await young.answer, "x1");
});

test("a sleep of an old body is ended as well", async (t) => {
  const text = `async function price() { await skynet.sleep(600_000); }
export const response = { async go() { oracle.req.ask().catch(() => {}); await price(); } };`;
  const scene = await open(t, text);
  const { answer } = await scene.begin(1);
  const id = await patch(scene, "async function price() {}");
  equal((await scene.node.snax.inflight(id, { end: true })).ended, 1);
  equal(await codeOfFailure(answer), "ERR_TIMEOUT");
  equal((await scene.node.snax.inflight(id)).old, 0);
});

test("more waits than are looked at are told of, by number", async (t) => {
  const count = TASK_STACKS_MAX + 5;
  const text = `async function price() {
  return await oracle.req.ask();
}
export const response = {
  async go() { return (await Promise.all(Array.from({ length: ${count} }, () => price()))).length; },
};`;
  const scene = await open(t, text);
  await scene.begin(count);
  const id = await patch(scene, "async function price() { return 1; }");
  const { notes, old } = await scene.node.snax.inflight(id);
  match(notes.join(), new RegExp(`shop: looked at the first ${TASK_STACKS_MAX} of ${count} waits`));
  equal(old, 1);
});

test("as many handlers are listed as fit, and all are counted", async (t) => {
  const scene = await open(t, SHOP);
  const shops = [scene.shop, await scene.node.make("shop", scene.oracle.handle)];
  const each = INFLIGHT_SHOWN_MAX / 2 + 1;
  for (const shop of shops) {
    for (let index = 0; index < each; index += 1) void shop.req.go().catch(() => {});
  }
  while ((await scene.oracle.req.waiting()) < 2 * each) await scene.node.skynet.sleep(1);
  const { id } = await scene.node.snax.hotfixall("shop", PRICE);
  const { old, handlers, notes } = await scene.node.snax.inflight(id);
  equal(old, 2 * each);
  if (THREADS > 1) return;
  equal(handlers.length, INFLIGHT_SHOWN_MAX);
  deepEqual(notes, [`the first ${INFLIGHT_SHOWN_MAX} of ${2 * each} handlers are listed`]);
});

test("a thread that hangs is named with the service that keeps it, and is not waited for", async (t) => {
  const loop = `export const response = { go() { for (;;); } };`;
  const node = await world(t, { loop }, { thread: 2, stall: { warn: 0, interrupt: 0 } });
  const one = await node.snax.at(1).newservice<any>("loop");
  const two = await node.snax.at(2).newservice<any>("loop");
  const { id } = await node.snax.hotfixall(
    "loop",
    "export const response = { go() { return 1; } };",
  );
  const late = await node.snax.at(2).newservice<any>("loop");
  await node.snax.hotfix(two, "export const response = { go() { for (;;); } };");
  void two.req.go().catch(() => {});
  const found = await node.snax.inflight(id);
  deepEqual([found.silent.length, found.silent[0]?.thread], [1, 2]);
  equal(found.silent[0]?.handle, two.handle);
  match(found.silent[0]?.reason ?? "", /what runs there can't be told, and nothing was done there/);
  equal(await one.req.go(), 1);
  void late;
  await node.skynet.call(".launcher", "lua", "KILL", two.handle).catch(() => {});
});

test("what is asked wrongly is refused", async (t) => {
  const scene = await open(t, SHOP);
  const { inflight } = scene.node.snax;
  match((await failureOf(inflight(99))).message, /the ledger has no patch 99/);
  const id = await patch(scene, PRICE);
  equal(await codeOfFailure(inflight(id, { wiat: 1 } as never)), "ERR_ARGUMENT");
  equal(await codeOfFailure(inflight(id, { wait: -1 })), "ERR_ARGUMENT");
  equal(await codeOfFailure(inflight(id, { end: 1 } as never)), "ERR_ARGUMENT");
  ok(await inflight(id));
});

test("in flight: a body that came to a service with its birth is that of its patch", async (t) => {
  const node = await world(t, { oracle: ORACLE, shop: HEAD + SHOP });
  const oracle = await node.make("oracle");
  const text = `declare let oracle: any;\n\nasync function price() {\n  return await oracle.req.ask();\n}`;
  await node.snax.hotfixall("shop", text);
  const hash = node.snax.patches().at(-1)?.hash;
  const shop = await node.make("shop", oracle.handle);
  const answer = shop.req.go() as Promise<unknown>;
  answer.catch(() => {});
  while ((await oracle.req.waiting()) < 1) await node.skynet.sleep(1);
  const { id } = await node.snax.hotfixall("shop", "async function price() { return 1; }");
  const { handlers } = await node.snax.inflight(id);
  deepEqual(
    handlers.map(({ body, line, patch: of }) => [body, line, of]),
    [["price", 4, hash]],
  );
});
