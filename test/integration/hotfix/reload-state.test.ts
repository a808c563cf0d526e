/** What a reload carries, tells and refuses of the state, and calls of a service to itself meanwhile. */

import { deepEqual, equal, match } from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { World } from "../../world.ts";
import { failureOf, world } from "../../world.ts";

/** Writes a service file anew. */
function edit({ folder }: World, name: string, text: string): void {
  writeFileSync(join(folder, `${name}.ts`), text);
}

test("what is carried goes by the names of the text", async (t) => {
  const text = (n: number): string =>
    `export default { hits: 0 }; import * as me from "./a.ts"; class Item { [Symbol.for("k")] = 5; } const items = [new Item()];
    export const response = { look() { me.default.hits += 1; return [${n}, me.default.hits, (items[0] as any)[Symbol.for("k")]]; } };`;
  const node = await world(t, { a: text(1) });
  const a = await node.make("a");
  await a.req.look();
  edit(node, "a", text(2));
  const { carried, new: fresh, leftBehind } = await node.snax.reload(a);
  deepEqual([carried, fresh, leftBehind], [["default", "items"], [], []]);
  deepEqual(await a.req.look(), [2, 2, 5]);
});

test("what a program has put on the prototype of a class goes over, and a function there is told", async (t) => {
  const text = (
    n: number,
  ): string => `class Item { hp = 1; use() { return ${n}; } } const item: any = new Item(); Object.assign(Item.prototype, { walk() { return ${n}; } });
    export const response = { put() { const p: any = Item.prototype; p.weight = 42; p.tags = [item]; p.fly = function () { return 1; }; },
      look() { return [item.weight, item.tags?.[0] === item, item.fly === undefined, item.walk(), item.use()]; } };`;
  const node = await world(t, { a: text(1) });
  const a = await node.make("a");
  await a.req.put();
  deepEqual(await a.req.look(), [42, true, false, 1, 1]);
  edit(node, "a", text(2));
  const error = await failureOf(node.snax.reload(a, { strict: true }));
  match(error.message, /no state for Item\.prototype\.fly \(strict\)/);
  deepEqual(await a.req.look(), [42, true, false, 1, 1]);
  const { carried, leftBehind } = await node.snax.reload(a);
  deepEqual(carried.toSorted(), ["Item.prototype.tags", "Item.prototype.weight", "item"]);
  deepEqual(leftBehind, ["Item.prototype.fly"]);
  deepEqual(await a.req.look(), [42, true, true, 2, 2]);
});

test("a method that the program has replaced on a prototype is the text's again, and that is told", async (t) => {
  for (const [put, isTold] of [
    ["function () { return 9; }", true],
    ["() => 9", true],
    ["async () => 9", true],
    ["n => 9", true],
    ["Item.prototype.use.bind(item)", true],
    ["function* () { yield 9; }", true],
    ["class {}", true],
    ["Item.prototype.use", false],
  ] as const) {
    const text = (n: number): string =>
      `class Item { hp = 1; use(n = 0): any { return ${n}; } async go() { return 1; } *list() { yield 1; } "two words"() {} get x() { return 1; } async() {} function() {} } const item: any = new Item();
      export const response = { put() { (Item.prototype as any).use = ${put}; return 1; }, look() { return item.use(); } };`;
    const node = await world(t, { a: text(1) });
    const a = await node.make("a");
    await a.req.put();
    edit(node, "a", text(2));
    if (isTold) {
      const error = await failureOf(node.snax.reload(a, { strict: true }));
      match(error.message, /no state for Item\.prototype\.use \(strict\)/, put);
    }
    const { leftBehind } = await node.snax.reload(a);
    deepEqual(leftBehind, isTold ? ["Item.prototype.use"] : [], put);
    deepEqual(await a.req.look(), 2, put);
  }
});

test("a method that the top level or a patch has replaced is not left behind", async (t) => {
  const text = (n: number): string =>
    `class Item { use() { return 0; } } const item = new Item(); Item.prototype.use = function () { return ${n}; };
    class Bag { size() { return 1; } } const bag = new Bag(); export const response = { look() { return [item.use(), bag.size()]; } };`;
  const node = await world(t, { a: text(1) });
  const a = await node.make("a");
  await node.snax.hotfix(a, "class Bag { size() { return 5; } }");
  deepEqual(await a.req.look(), [1, 5]);
  edit(node, "a", text(2).replace("return 1; } } const bag", "return 5; } } const bag"));
  const { leftBehind } = await node.snax.reload(a, { strict: true });
  deepEqual([leftBehind, await a.req.look()], [[], [2, 5]]);
});

test("what the top level puts on a prototype or a function goes with its text, and nothing is left behind", async (t) => {
  const rest = `const item: any = new Item(); const keep = [item];
    export const response = { look() { return [item.use(), item.walk?.() ?? "gone", item.max ?? "gone", price.round?.(1.4) ?? "gone", keep.length]; },
      put() { (Item.prototype as any).walk = function () { return "put"; }; } };`;
  const text = (top: string): string =>
    `import { skynet } from "snax"; class Item { use(): any { return "class"; } } function helper(): string { return "helper"; } function price(): number { return 1; } ${top} ${rest}`;
  const round = "(price as any).round = function (n: number): number { return Math.round(n); };";
  // What the top level says before and after, and what the service does then.
  const cases: readonly (readonly [string, string, readonly unknown[]])[] = [
    [
      'Item.prototype.use = function (): any { const n: number = 1; return "top" + n; };',
      "",
      ["class", "gone", "gone", "gone", 1],
    ],
    [
      "Item.prototype.walk = function () { return skynet.self() > 0; };",
      "",
      ["class", "gone", "gone", "gone", 1],
    ],
    ['Item.prototype.walk = () => "arrow";', "", ["class", "gone", "gone", "gone", 1]],
    ["Item.prototype.walk = helper;", "", ["class", "gone", "gone", "gone", 1]],
    [
      'if (keepsWalking()) { Item.prototype["walk"] = async function () {}; } function keepsWalking() { return true; }',
      "function keepsWalking() { return true; }",
      ["class", "gone", "gone", "gone", 1],
    ],
    [
      'Object.assign(Item.prototype, { walk() { return "walks"; }, max: 5, "two words": [1, { a: 2 }] });',
      "",
      ["class", "gone", "gone", "gone", 1],
    ],
    ["Item.prototype.max = 5;", "Item.prototype.max = 6;", ["class", "gone", 6, "gone", 1]],
    [
      "Item.prototype.walk = helper;",
      'Item.prototype.walk = function () { return "new"; };',
      ["class", "new", "gone", "gone", 1],
    ],
    [round, round, ["class", "gone", "gone", 1, 1]],
    [round, round.replace("round(n)", "ceil(n)"), ["class", "gone", "gone", 2, 1]],
    [round, "", ["class", "gone", "gone", "gone", 1]],
  ];
  for (const [before, after, wanted] of cases) {
    const node = await world(t, { a: text(before) });
    const a = await node.make("a");
    edit(node, "a", text(after));
    const { leftBehind } = await node.snax.reload(a, { strict: true });
    deepEqual([await a.req.look(), leftBehind], [wanted, []], before);
  }
  // What the program puts there is no text's, whatever the top level had put there before.
  const node = await world(t, { a: text('Item.prototype.walk = function () { return "top"; };') });
  const a = await node.make("a");
  await a.req.put();
  edit(node, "a", text(""));
  match((await failureOf(node.snax.reload(a, { strict: true }))).message, /Item\.prototype\.walk/);
  deepEqual((await node.snax.reload(a)).leftBehind, ["Item.prototype.walk"]);
});

test("what is left behind in an imported module is named with its file and line", async (t) => {
  const node = await world(t, {
    a: `import { count } from "./lib.ts"; export const response = { count() { return count(); } };`,
    lib: `\nlet rooms = 0; export function count() { rooms += 1; return rooms; }`,
  });
  const a = await node.make("a");
  await a.req.count();
  edit(node, "lib", `let halls = 0; export function count() { halls += 1; return halls; }`);
  const error = await failureOf(node.snax.reload(a, { strict: true }));
  match(error.message, /no state for rooms \(lib\.ts:2\) \(strict\)/);
  deepEqual((await node.snax.reload(a)).leftBehind, ["rooms (lib.ts:2)"]);
  deepEqual(await a.req.count(), 1);
});

test("a class that is no Map, Set or array any more refuses by the path of its instance", async (t) => {
  for (const [base, fill] of [
    ["Map<string, number>", 'bag.set("a", 1)'],
    ["Set<number>", "bag.add(1)"],
    ["Array<number>", "bag.push(1)"],
  ]) {
    const node = await world(t, {
      a: `class Bag extends ${base} { items = 1; } const bag: any = new Bag(); const all = [{ bag }]; export const response = { put() { ${fill}; return all.length; }, size() { return bag.size ?? bag.length; } };`,
    });
    const a = await node.make("a");
    await a.req.put();
    edit(
      node,
      "a",
      `class Bag { items = 1; } const bag: any = new Bag(); const all = [{ bag }]; export const response = { put() {}, size() { return "new"; } };`,
    );
    const kind = base?.replace(/<.*/, "");
    const error = await failureOf(node.snax.reload(a));
    equal(error.code, "ERR_RELOAD");
    const place = `bag \\(a\\.ts:1\\) is an instance of Bag, which is no ${kind} any more`;
    match(error.message, new RegExp(place));
    equal(await a.req.size(), 1);
  }
});

test("another queue mode counts if the text of init alone says it, and a reload that fails leaves it", async (t) => {
  const text = (init: string, more = ""): string =>
    `import { skynet } from "snax"; let running = 0; ${init} export const response = { async most() { running += 1; const at = running; await skynet.sleep(5); running -= 1; return at; } }; ${more}`;
  const plain = "export function init() {}";
  const queue =
    'export async function init() { const twice = () => { return 2; }; twice(); return "queue"; }';
  const open = 'export function init(on?: boolean) { if (on) return "queue"; }';
  const node = await world(t, { a: text(plain) });
  const a = await node.make("a");
  const most = async (): Promise<number> =>
    Math.max(...(await Promise.all([a.req.most(), a.req.most(), a.req.most()])));
  equal(await most(), 3);
  const fails = 'export function reload() { throw new Error("no"); }';
  for (const [init, expected, more] of [
    [queue, 3, fails],
    [queue, 1],
    [plain, 1, fails],
    [open, 1],
    [plain, 1],
    [queue, 1],
    [plain, 3],
    ['export const init = () => "queue";', 1],
    ["", 3],
  ] as const) {
    edit(node, "a", text(init, more));
    await node.snax.reload(a).catch(() => {});
    equal(await most(), expected, init);
  }
});

test("what the new code throws is told with its place, and whether the top level did or reload()", async (t) => {
  const text = (more: string): string =>
    `let n = 1;\nexport const response = { look() { return n; } };\n${more}`;
  const node = await world(t, { a: text("") });
  const a = await node.make("a");
  for (const [more, expected] of [
    ['throw new Error("no way");', /^its new top level has thrown: no way \(a\.ts:3\)$/],
    [
      'export function reload() {\n  throw new Error("no way"); }',
      /^reload\(\) has thrown: no way \(a\.ts:4\)$/,
    ],
    [
      'export async function reload() {\n  await 1;\n  throw new Error("no way"); }',
      /^reload\(\) has thrown: no way \(a\.ts:5\)$/,
    ],
    ["export function reload() { throw undefined; }", /^reload\(\) has thrown: undefined$/],
  ] as const) {
    edit(node, "a", text(more));
    const error = await failureOf(node.snax.reload(a));
    match(error.message, expected);
    deepEqual([error.code, await a.req.look()], ["ERR_RELOAD", 1]);
  }
});

test("a handler that calls its own service ends, and with it the drain", async (t) => {
  const text = (
    n: number,
  ): string => `import { skynet, snax } from "snax"; let count = 0; const log: string[] = [];
    export const accept = { note(what: string) { log.push(what + ${n}); } };
    export const response = { inner() { return "inner ${n}"; }, ask() { count += 1; return [${n}, count, log]; },
      async slow() { const me = snax.self<any>(); await skynet.sleep(30); const one = await me.req.inner(); await skynet.sleep(5); return [one, await me.req.inner()]; } };`;
  const node = await world(t, { a: text(1) });
  const a = await node.make("a");
  const slow = [a.req.slow(), a.req.slow()];
  edit(node, "a", text(2));
  const going = node.snax.reload(a);
  await node.skynet.sleep(10);
  const late = a.req.ask();
  const inner = ["inner 1", "inner 1"];
  deepEqual(await Promise.all(slow), [inner, inner]);
  deepEqual(await late, [2, 1, []]);
  deepEqual((await going).drained, 2);
});
