/** The method groups of a snax service under a patch. */

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { World, fails, serve } from "./harness.ts";

const SERVICE = `
  let n = 0;
  export const response = { get() { return n; }, other() { return "other"; } };
  export const accept = { add(k: number) { n += k; } };
`;

test("a method is replaced and the others of its group stay", async (t) => {
  const { p, fix } = await serve(t, SERVICE);
  await fix(`declare let n: number; export const response = { get() { return -n; } };`);
  p.post.add(3);
  deepEqual([await p.req.get(), await p.req.other()], [-3, "other"]);
});

test("a method that the service did not have is added, for objects made before too", async (t) => {
  const { p, fix } = await serve(t, SERVICE);
  await fails(p.req.fresh(), { code: "ERR_NO_METHOD" });
  await fix(`declare let n: number;
             export const response = { fresh() { return "fresh " + n; } };
             export const accept = { double() { n *= 2; } };`);
  p.post.add(2);
  p.post.double();
  equal(await p.req.fresh(), "fresh 4");
});

test("a method added to one service is not a method of the other", async (t) => {
  const { world, p, fix } = await serve(t, SERVICE);
  const other = await world.start("main");
  await fix(`export const response = { fresh() { return 1; } };`);
  equal(await p.req.fresh(), 1);
  await fails(other.req.fresh(), { code: "ERR_NO_METHOD" });
});

test("methods may be written in every way that gives a function", async (t) => {
  const { p, fix } = await serve(t, SERVICE);
  await fix(`
    function named() { return "named"; }
    export const response = {
      method() { return "method"; },
      ["com" + "puted"]() { return "computed"; },
      async later() { return "async"; },
      arrow: () => "arrow",
      "quoted": function () { return "quoted"; },
      named,
      renamed: named,
    };`);
  const names = ["method", "computed", "later", "arrow", "quoted", "named", "renamed"];
  const results = await Promise.all(names.map((name) => p.req[name]()));
  deepEqual(results, ["method", "computed", "async", "arrow", "quoted", "named", "named"]);
});

test("a group under the name subscribe is the group accept", async (t) => {
  const { p, fix } = await serve(t, SERVICE);
  await fix(
    `declare let n: number; export const subscribe = { add(k: number) { n += 100 * k; } };`,
  );
  p.pub.add(1);
  equal(await p.req.get(), 100);
  await fix(`declare let n: number; export const accept = { add(k: number) { n += 1000 * k; } };`);
  p.post.add(1);
  equal(await p.req.get(), 1100);
});

test("a service whose group is called subscribe takes patches under both names", async (t) => {
  const { p, fix } = await serve(
    t,
    `let n = 0; export const subscribe = { add() { n += 1; } }; export const response = { get() { return n; } };`,
  );
  await fix(`declare let n: number; export const accept = { add() { n += 10; } };`);
  p.post.add();
  equal(await p.req.get(), 10);
  await fix(`declare let n: number; export const subscribe = { add() { n += 100; } };`);
  p.post.add();
  equal(await p.req.get(), 110);
});

test("a service without groups gets its first ones", async (t) => {
  const { p, fix } = await serve(t, `let n = 1; export function init() {}`);
  await fix(`declare let n: number;
             export const accept = { add() { n += 1; } };
             export const response = { get() { return n; } };`);
  p.post.add();
  equal(await p.req.get(), 2);
});

test("a method that the runtime reads from every object is an ordinary name", async (t) => {
  const { p, fix } = await serve(t, SERVICE);
  await fails(p.req.constructor(), { code: "ERR_NO_METHOD" });
  await fix(
    `export const response = { constructor() { return 1; }, toString() { return "s"; }, valueOf: () => 2 };`,
  );
  deepEqual(
    [await p.req.constructor(), await p.req.toString(), await p.req.valueOf()],
    [1, "s", 2],
  );
});

test("__proto__ in a group is refused, and changes no prototype", async (t) => {
  const { refuse, p } = await serve(t, SERVICE);
  for (const members of [
    `__proto__: { evil() { return "evil"; } }`,
    `"__proto__": { evil() { return "evil"; } }, other() { return "new"; }`,
    `__proto__() { return "evil"; }`,
    `other() { return "new"; }, ["__proto" + "__"]() { return "evil"; }`,
  ]) {
    await refuse(`export const response = { ${members} };`, {
      code: "ERR_PATCH",
      message: /no method can be named __proto__/,
    });
  }
  await fails(p.req.evil(), { code: "ERR_NO_METHOD" });
  equal(await p.req.other(), "other");
});

test("nothing that a patch gives is named __proto__", async (t) => {
  const { refuse } = await serve(t, SERVICE);
  for (const text of [
    `function __proto__() {}`,
    `const __proto__ = () => 1;`,
    `const __proto__ = 1;`,
    `class __proto__ {}`,
  ]) {
    await refuse(text, { code: "ERR_PATCH", message: /__proto__/ });
  }
});

test("messages that were sent before the patch and handled after it run the new method", async (t) => {
  const world = await World.open(t, {
    "main.ts": `
      let gate: any; export function init(g: any) { gate = g; return "queue"; }
      export const response = { async hold() { await gate.req.pass("hold"); }, get() { return "old"; } };`,
  });
  const gate = await world.start("gate");
  const p = await world.start("main", gate);
  const held = p.req.hold() as Promise<unknown>;
  await gate.req.reached("hold");
  const waiting = p.req.get() as Promise<unknown>;
  await world.hotfix(p, `export const response = { get() { return "new"; } };`);
  gate.post.open("hold");
  await held;
  equal(await waiting, "new");
});

test("an added method is counted and profiled like the others", async (t) => {
  const { world, p, fix } = await serve(t, SERVICE);
  await fix(`export const response = { fresh() { return 1; } };`);
  const { response } = await world.node.snax.interface("main");
  equal(typeof response.fresh, "number");
  await p.req.fresh();
  equal(typeof (await world.node.snax.profile_info(p)), "object");
});

test("methods see each other's new text in one step", async (t) => {
  const { p, fix } = await serve(
    t,
    `let v = 1; export const response = { pair() { return [v, one(), two()]; } };
     function one() { return 1; } function two() { return 1; }`,
  );
  const seen = new Set<string>();
  let running = true;
  const watch = (async () => {
    while (running) seen.add(String(await p.req.pair()));
  })();
  for (let v = 2; v < 30; v += 1) {
    await fix(`declare let v: number; function one() { return ${v}; } function two() { return ${v}; }
               export function hotfix() { v = ${v}; }`);
  }
  running = false;
  await watch;
  deepEqual(
    [...seen].filter((text) => new Set(text.split(",")).size !== 1),
    [],
  );
});
