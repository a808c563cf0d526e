/** Patching all services of a type, running and to be born. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import { World, fails } from "./harness.ts";
import type { ServiceObject } from "snax";

const SERVICE = `
  let id = 0; let n = 0; let born = "";
  function word() { return "old"; }
  class Unit { hp = 1; say() { return "old unit"; } }
  export function init(i = 0) { id = i; born = word() + " " + new Unit().say() + " " + new Unit().hp; }
  export const response = { get() { return [id, n, word()]; }, born() { return born; } };
  export const accept = { add(k: number) { n += k; } };
`;

async function open(
  t: Parameters<typeof World.open>[0],
  count: number,
): Promise<{ world: World; all: ServiceObject[] }> {
  const world = await World.open(t, { "main.ts": SERVICE, "other.ts": SERVICE });
  const all: ServiceObject[] = [];
  for (let id = 1; id <= count; id += 1) all.push(await world.start("main", id));
  return { world, all };
}

const handles = (services: readonly ServiceObject[]): number[] =>
  services.map((each) => each.handle);

test("every service of the type is patched, and no other", async (t) => {
  const { world, all } = await open(t, 3);
  const other = await world.start("other", 9);
  const result = await world.hotfixall("main", `function word() { return "new"; }`);
  deepEqual(new Set(result.applied), new Set(handles(all)));
  deepEqual([result.failed, result.skipped, typeof result.id], [[], [], "number"]);
  for (const [index, p] of all.entries()) deepEqual(await p.req.get(), [index + 1, 0, "new"]);
  deepEqual(await other.req.get(), [9, 0, "old"]);
});

test("hotfix() runs in each service with the arguments", async (t) => {
  const { world, all } = await open(t, 3);
  const patch = `declare let n: number, id: number; export function hotfix(k: number) { n = k * id; }`;
  await world.hotfixall("main", patch, 10);
  deepEqual(
    await Promise.all(all.map((p) => p.req.get())),
    [1, 2, 3].map((id) => [id, id * 10, "old"]),
  );
});

test("of 100 services the one whose hotfix() throws is undone and named, the others run the patch", async (t) => {
  const { world, all } = await open(t, 100);
  const result = await world.hotfixall(
    "main",
    `declare let n: number, id: number; function word() { return "new"; }
     export function hotfix() { n = 5; if (id === 50) throw new Error("not me, " + id); }`,
  );
  const [odd] = result.failed;
  equal(result.failed.length, 1);
  deepEqual([odd?.handle, odd?.code], [all[49]?.handle, "ERR_PATCH_FAILED"]);
  match(odd?.message ?? "", /not me, 50/);
  equal(result.applied.length, 99);
  for (const [index, p] of all.entries()) {
    const isOdd = index === 49;
    deepEqual(await p.req.get(), [index + 1, isOdd ? 0 : 5, isOdd ? "old" : "new"]);
  }
});

test("a patch that can't be applied is rejected and changes nothing, births included", async (t) => {
  const { world, all } = await open(t, 3);
  const good = `function word() { return "new"; }\n`;
  for (const [bad, code] of [
    [`let = 5;`, "ERR_SYNTAX"],
    [`let n = 5;`, "ERR_PATCH"],
    [`declare let nope: number;`, "ERR_PATCH_NAME"],
    [`class Unit { static {} }`, "ERR_PATCH_CLASS"],
    [`//${"x".repeat(1 << 20)}`, "ERR_PATCH_SIZE"],
  ] as const) {
    await fails(world.hotfixall("main", good + bad), { code });
  }
  deepEqual(await all[0]?.req.get(), [1, 0, "old"]);
  deepEqual(await (await world.start("main", 4)).req.get(), [4, 0, "old"]);
});

test("an unknown type is an error that names it", async (t) => {
  const { world } = await open(t, 0);
  await fails(world.hotfixall("nothing", ``), { code: "ERR_NO_SERVICE", message: /nothing/ });
});

test("services born later have the patch before their init, but hotfix() does not run in them", async (t) => {
  const { world } = await open(t, 1);
  await world.hotfixall(
    "main",
    `declare let n: number; let fresh = "fresh";
     function word() { return "new"; }
     class Unit { hp = 100; say() { return "new unit"; } }
     export const response = { fresh() { return fresh; } };
     export function hotfix() { n = 99; fresh = "changed"; }`,
  );
  const later = await world.start("main", 2);
  equal(await later.req.born(), "new new unit 100");
  deepEqual([await later.req.get(), await later.req.fresh()], [[2, 0, "new"], "fresh"]);
});

test("a type without running services is patched for new ones", async (t) => {
  const { world } = await open(t, 0);
  const result = await world.hotfixall("main", `function word() { return "new"; }`);
  deepEqual([result.applied, result.failed], [[], []]);
  deepEqual(await (await world.start("main", 1)).req.get(), [1, 0, "new"]);
});

test("several patches add up for later births, in their order", async (t) => {
  const { world } = await open(t, 1);
  await world.hotfixall("main", `let level = 1; function word() { return "one " + level; }`);
  await world.hotfixall(
    "main",
    `declare let level: number; function word() { return "two " + level; }`,
  );
  await world.hotfixall(
    "main",
    `declare let level: number; export const response = { level() { return level; } };`,
  );
  const later = await world.start("main", 2);
  deepEqual([await later.req.get(), await later.req.level()], [[2, 0, "two 1"], 1]);
});

test("modules of a type are patched for running services and for births", async (t) => {
  const world = await World.open(t, {
    "main.ts": `import { word } from "./lib/word.ts"; const born = word(); export const response = { get() { return [born, word()]; } };`,
    "lib/word.ts": `export function word() { return "old"; }`,
  });
  const p = await world.start("main");
  await world.hotfixall("main", { "./lib/word.ts": `export function word() { return "new"; }` });
  deepEqual(await p.req.get(), ["old", "new"]);
  equal(((await (await world.start("main")).req.get()) as string[])[1], "new");
});

test("a service that is still in init gets the patch before its first message", async (t) => {
  const world = await World.open(t, {
    "main.ts": `
      let n = 0; let id = 0; function word() { return "old"; }
      export async function init(i: number, gate: any) { id = i; await gate.req.pass("init" + i); n += 1; }
      export const response = { get() { return [n, word()]; } };`,
  });
  const gate = await world.start("gate");
  gate.post.open("init1");
  const ready = await world.start("main", 1, gate);
  const starting = world.start("main", 2, gate);
  await gate.req.reached("init2");
  const patching = world.hotfixall(
    "main",
    `declare let n: number; function word() { return "new"; } export function hotfix() { n *= 10; }`,
  );
  while (((await ready.req.get()) as unknown[])[1] !== "new");
  gate.post.open("init2");
  deepEqual(await (await starting).req.get(), [10, "new"]);
  const result = await patching;
  ok(result.applied.includes(ready.handle));
  deepEqual(result.failed, []);
});

test("a patch that one of the services can't take is rejected, and no service has changed", async (t) => {
  const { world, all } = await open(t, 3);
  await world.hotfix(all[1] as ServiceObject, `let fresh = "mine";`);
  const patch = `let fresh = "ours"; export const response = { fresh() { return fresh; } };`;
  await fails(world.hotfixall("main", patch), { code: "ERR_PATCH", message: /fresh/ });
  for (const p of all) await fails(p.req.fresh() as Promise<unknown>, { code: "ERR_NO_METHOD" });
  await fails((await world.start("main", 4)).req.fresh(), { code: "ERR_NO_METHOD" });
});

test("services with different patches of their own take a patch for all", async (t) => {
  const { world, all } = await open(t, 3);
  await world.hotfix(
    all[1] as ServiceObject,
    `let fresh = "mine"; function word() { return fresh; }`,
  );
  await world.hotfix(all[2] as ServiceObject, `class Unit { extra() { return 1; } }`);
  const patch = `function word() { return "for all"; } let more = 1; export const response = { more() { return ++more; } };`;
  const { applied } = await world.hotfixall("main", patch);
  equal(applied.length, 3);
  for (const p of all)
    deepEqual([await p.req.more(), ((await p.req.get()) as unknown[])[2]], [2, "for all"]);
});

test("services that end meanwhile are no failure of the others", async (t) => {
  const { world, all } = await open(t, 10);
  const patching = world.hotfixall("main", `function word() { return "new"; }`);
  world.node.skynet.kill((all[3] as ServiceObject).handle);
  const { applied, failed, skipped } = await patching;
  deepEqual(failed, []);
  ok(applied.length === 9 && skipped.length <= 1);
  deepEqual(await all[9]?.req.get(), [10, 0, "new"]);
});

test("a class patched for all keeps working over services of the old and the new day", async (t) => {
  const { world } = await open(t, 1);
  for (const hp of [10, 20]) {
    await world.hotfixall("main", `class Unit { hp = ${hp}; say() { return "unit of ${hp}"; } }`);
    equal(await (await world.start("main", hp)).req.born(), `old unit of ${hp} ${hp}`);
  }
});

test("a service whose hotfix() does not settle is undone, and the others have the patch", async (t) => {
  const world = await World.open(t, { "main.ts": SERVICE }, { hotfixtimeout: 300 });
  const all = [await world.start("main", 1), await world.start("main", 2)];
  const { applied, failed } = await world.hotfixall(
    "main",
    `declare let id: number; function word() { return "new"; }
     export async function hotfix() { if (id === 1) await new Promise(() => {}); }`,
  );
  deepEqual([applied, failed.map(({ code }) => code)], [[all[1]?.handle], ["ERR_PATCH_TIMEOUT"]]);
  deepEqual(await Promise.all(all.map((p) => p.req.get())), [
    [1, 0, "old"],
    [2, 0, "new"],
  ]);
});

test("a patch that fails in every service is not given to those born later", async (t) => {
  const { world } = await open(t, 2);
  const patch = `function word() { return "new"; } export function hotfix() { throw new Error("no"); }`;
  const { applied, failed } = await world.hotfixall("main", patch);
  deepEqual([applied.length, failed.length], [0, 2]);
  deepEqual(await (await world.start("main", 3)).req.get(), [3, 0, "old"]);
});

for (const thread of [0, 2]) {
  test(`a patch that fails in every service is in none that was born meanwhile either, thread: ${thread}`, async (t) => {
    const world = await World.open(t, { "main.ts": SERVICE }, { thread });
    const old = [await world.start("main", 1), await world.start("main", 2)];
    const gate = await world.start("gate");
    const patch = `
      declare let id: number;
      function word() { return "new"; }
      export const response = { added() { return word(); } };
      export async function hotfix(gate: any) { await gate.req.pass("fix" + id); throw new Error("no"); }`;
    const patching = world.hotfixall("main", patch, gate);
    for (const id of [1, 2]) await gate.req.reached(`fix${id}`);
    const meanwhile = [await world.start("main", 3), await world.start("main", 4)];
    for (const id of [1, 2]) gate.post.open(`fix${id}`);
    const { applied, failed } = await patching;
    deepEqual([applied, failed.length], [[], 2]);
    const all = [...old, ...meanwhile, await world.start("main", 5)];
    for (const [index, p] of all.entries()) {
      deepEqual(await p.req.get(), [index + 1, 0, "old"]);
      await fails(p.req.added(), { code: "ERR_NO_METHOD" });
    }
  });

  test(`a service born while a patch goes in has it in the end, and is named or born with it, thread: ${thread}`, async (t) => {
    const world = await World.open(t, { "main.ts": SERVICE }, { thread });
    const [first, second] = [await world.start("main", 1), await world.start("main", 2)];
    const gate = await world.start("gate");
    // The first fails, the second succeeds: births are as before until then.
    const patch = `
      declare let id: number, n: number;
      function word() { return "new"; }
      export async function hotfix(gate: any) {
        n = 10;
        if (id > 2) return;
        await gate.req.pass("fix" + id);
        if (id === 1) throw new Error("no");
      }`;
    const patching = world.hotfixall("main", patch, gate);
    for (const id of [1, 2]) await gate.req.reached(`fix${id}`);
    const early = [await world.start("main", 3), await world.start("main", 4)];
    for (const p of early) deepEqual(((await p.req.get()) as unknown[])[2], "old");
    gate.post.open("fix1");
    while (((await first.req.get()) as unknown[])[1] === 10);
    const middle = await world.start("main", 5);
    gate.post.open("fix2");
    const { applied, failed } = await patching;
    deepEqual(
      failed.map(({ handle }) => handle),
      [first.handle],
    );
    deepEqual(new Set(applied), new Set(handles([second, ...early, middle])));
    for (const p of [...early, middle]) {
      deepEqual(((await p.req.get()) as unknown[]).slice(1), [10, "new"]);
    }
    deepEqual(await (await world.start("main", 6)).req.get(), [6, 0, "new"]);
  });
}

test("traffic flows while many services are patched", async (t) => {
  const { world, all } = await open(t, 300);
  const bystander = await world.start("other", 1);
  let answers = 0;
  let isDone = false;
  const traffic = (async () => {
    for (; !isDone; answers += 1) await bystander.req.get();
  })();
  const { applied } = await world.hotfixall("main", `function word() { return "new"; }`);
  isDone = true;
  await traffic;
  equal(applied.length, all.length);
  ok(answers > 0);
});
