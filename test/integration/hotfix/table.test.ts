/** Objects of functions at top level, as games are written: a patch gives members, and what it does not name stays. */

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { serve } from "./harness.ts";
import { LOOK, MOVES, log } from "./moves.ts";

test("a function of an object is replaced for all who hold the object, and the rest stays", async (t) => {
  const { world, p, fix } = await serve(t, MOVES);
  deepEqual(await p.req.hit(2), ["tackle", 40, 2]);
  await fix(
    `declare let hits: number; const Moves = { tackle: { onHit(n: number) { hits += n; return ["TACKLE", this.power, hits, helper()]; } } };`,
  );
  deepEqual(await p.req.hit(3), ["TACKLE", 40, 5, "helper"]);
  deepEqual(await p.req.held(), ["TACKLE", 40, 5, "helper"]);
  deepEqual(await p.req.look(), LOOK);
  equal(await p.req.volts(), "volts");
  equal(await log(world), "sets Moves.tackle.onHit");
});

test("every way to write a function replaces every other", async (t) => {
  const { world, p, fix } = await serve(t, MOVES);
  await fix(`function mine() { return "mine"; }
    export const Moves: any = {
      tackle: { onMiss() { return "MISS"; }, get strength() { return this.power * 3; }, condition: { onEnd: () => "END" } },
      "10,000 volts": { onHit: mine, later: async () => 2, steps: function* () { yield 2; } },
      helper: () => "HELPER",
    };`);
  deepEqual(await p.req.look(), [40, "Tackle", 35, 0, 120, "MISS", "start", "END", "normal"]);
  equal(await p.req.volts(), "mine");
  equal(((await p.req.more()) as unknown[])[0], "HELPER");
  equal(
    await log(world),
    "sets Moves.tackle.onMiss, Moves.tackle.strength, Moves.tackle.condition.onEnd, Moves.10,000 volts.onHit, " +
      "Moves.10,000 volts.later, Moves.10,000 volts.steps, Moves.helper; adds function mine",
  );
});

test("members and entries are added, and a misspelt one is held against those that are there", async (t) => {
  const { world, p, fix } = await serve(t, MOVES);
  await fix(
    `const Moves = { growl: { power: 0, types: ["sound", "normal"], onHit() { return "growl " + bonus + this.types; } }, tackle: { onHti() { return 1; } } };`,
  );
  equal(await p.req.call("growl", "onHit"), "growl 1sound,normal");
  equal(await log(world), "adds Moves.growl, Moves.tackle.onHti (did you mean onHit?)");
  await fix(`const Moves = { growl: { power: 5, onHit() { return "GROWL " + this.power; } } };`);
  equal(await p.req.call("growl", "onHit"), "GROWL 5");
  equal(await log(world), "sets Moves.growl.power, Moves.growl.onHit");
});

test("values that are written out are constants as long as they have not been changed", async (t) => {
  const { world, p, fix, refuse } = await serve(t, MOVES);
  await fix(
    `const Moves = { tackle: { power: 50, name: "TACKLE", pp: 35, seen: 0, types: ["normal", "fast"] } };`,
  );
  deepEqual(await p.req.look(), [
    50,
    "TACKLE",
    35,
    0,
    100,
    "missed",
    "start",
    "end",
    "normal,fast",
  ]);
  equal(await log(world), "sets Moves.tackle.power, Moves.tackle.name, Moves.tackle.types");
  await fix(`const Moves = { tackle: { power: 40 } };`);
  equal(((await p.req.look()) as unknown[])[0], 40);
  await p.req.see();
  // The whole entry was copied: what the program has changed since stays.
  await fix(
    `const Moves = { tackle: { seen: 0, power: 60, types: ["normal", "fast"], onMiss() { return "m"; } } };`,
  );
  deepEqual(await p.req.look(), [
    60,
    "TACKLE",
    35,
    1,
    120,
    "m",
    "start",
    "end",
    "normal,fast,seen",
  ]);
  const changed = {
    code: "ERR_PATCH",
    message: /Moves\.tackle\.seen is state, since the service has changed it: assign it in hotfix/,
  };
  await refuse(`const Moves = { tackle: { power: 1, seen: 7 } };`, changed);
  await refuse(`const Moves = { tackle: { types: ["none"] } };`, {
    code: "ERR_PATCH",
    message: /types is state/,
  });
  deepEqual(await p.req.look(), [
    60,
    "TACKLE",
    35,
    1,
    120,
    "m",
    "start",
    "end",
    "normal,fast,seen",
  ]);
});

test("a list and a regular expression at top level are constants, too", async (t) => {
  const { world, p, fix, refuse } = await serve(t, MOVES);
  await fix(`const list = [1, 2]; const PATTERN = /^b+$/;`);
  deepEqual(await p.req.more(), ["helper", "1,2", true, false, true]);
  equal(await log(world), "sets PATTERN, list");
  await fix(
    `const list = [1, 2]; declare const PATTERN: RegExp; export function hotfix() { list.push(9); }`,
  );
  await refuse(`const list = [5];`, {
    code: "ERR_PATCH",
    message: /list is state, since the service has changed it/,
  });
});

for (const [patch, message] of [
  [
    `const Moves = { tackle: () => 1 };`,
    /Moves\.tackle is an object, and the patch gives a function/,
  ],
  [
    `const Moves = { tackle: { onHit: 5 } };`,
    /Moves\.tackle\.onHit is a function, and the patch gives a number/,
  ],
  [
    `const Moves = { tackle: { onHit: { a() {} } } };`,
    /onHit is a function, and the patch gives an object/,
  ],
  [
    `const Moves = { tackle: { power() {} } };`,
    /power is a number, and the patch gives a function/,
  ],
  [
    `const Moves = { tackle: { get power() { return 1; } } };`,
    /power is a number, and the patch gives a getter or setter/,
  ],
  [
    `const Moves = { tackle: { strength: 5 } };`,
    /strength is a getter or setter, and the patch gives a number/,
  ],
  [
    `const Moves = { table: { a() {} } };`,
    /Moves\.table is an instance of Map, and the patch gives an object/,
  ],
  [`const Moves = { Room() {} };`, /Moves\.Room is a class, and the patch gives a function/],
  [
    `const Moves = { tackle: { types: { a() {} } } };`,
    /types is a list, and the patch gives an object/,
  ],
  [`const Moves = [1];`, /Moves is an object, and the patch gives a list/],
  [
    `const Moves = { tackle: { ...helper } };`,
    /:1:79: the members of Moves\.tackle that change are written out/,
  ],
  [`const Moves = { tackle: { ["on" + "Hit"]() {} } };`, /the members of Moves\.tackle/],
  [
    `const Moves = { tackle: { power: helper() } };`,
    /:1:86: Moves\.tackle\.power is neither a function nor written out: assign it in hotfix/,
  ],
  [`const Moves = { __proto__: { evil() {} } };`, /no member can be named __proto__/],
  [`const Moves = {};`, /variable Moves already/],
  [`let Moves = { tackle: { onHit() {} } };`, /variable Moves already/],
  [
    `const held = { gone() {} }; const Moves = { tackle: { nowhere() { return nowhere; } } };`,
    /has a nowhere/,
  ],
] as const) {
  test(`what is of another kind is refused and changes nothing: ${patch}`, async (t) => {
    const { p, refuse } = await serve(t, MOVES);
    const code = ["ERR_PATCH", "ERR_PATCH_NAME"];
    await refuse(`const list = [9]; function helper() { return "X"; } ${patch}`, { code, message });
    deepEqual(await p.req.look(), LOOK);
    deepEqual(await p.req.more(), ["helper", "1,2,3", true, true, false]);
    equal(((await p.req.keys()) as string[]).length, 5);
  });
}

test("an object that the service made fixed is refused", async (t) => {
  const { p, refuse } = await serve(
    t,
    `const CMD = Object.freeze({ a() { return 1; } }); const FIX = { b: [1] }; Object.freeze(FIX.b); export const response = { a() { return [CMD.a(), FIX.b[0]]; } };`,
  );
  await refuse(`const CMD = { a() { return 2; } };`, {
    code: "ERR_PATCH",
    message: /CMD\.a can't be changed/,
  });
  await refuse(`const FIX = { b: [2] };`, {
    code: "ERR_PATCH",
    message: /FIX\.b can't be changed/,
  });
  deepEqual(await p.req.a(), [1, 1]);
});

test("an object that was filled later, or made by a call, takes members as well", async (t) => {
  const { p, fix, refuse } = await serve(
    t,
    `const CMD: any = {}; CMD.start = () => "start"; CMD.n = 1;
     const made = Object.assign({}, { run() { return "run"; } });
     export const response = { look() { return [CMD.start(), CMD.n, made.run()]; } };`,
  );
  await fix(
    `const CMD = { start() { return "START"; } }; const made = { run() { return "RUN"; } };`,
  );
  deepEqual(await p.req.look(), ["START", 1, "RUN"]);
  await refuse(`const CMD = { n: 2 };`, {
    code: "ERR_PATCH",
    message: /CMD\.n is state, since it is not written out/,
  });
});

test("a proxy and a prototype's members are left alone", async (t) => {
  const { p, refuse, fix } = await serve(
    t,
    `const base = { a() { return "base"; } }; const child = Object.setPrototypeOf({ own() { return 1; } }, base); const trap = new Proxy({ a() { return 1; } }, {});
     const plain = { toString() { return "plain"; } };
     export const response = { look() { return [child.a(), base.a(), trap.a(), String(plain)]; } };`,
  );
  await refuse(`const child = { a() { return "new"; } };`, {
    code: "ERR_PATCH",
    message: /child is an instance of Object|child is/,
  });
  await refuse(`const trap = { a() { return 2; } };`, { code: "ERR_PATCH" });
  await fix(`const plain = { toString() { return "PLAIN"; }, constructor() {} };`);
  deepEqual(await p.req.look(), ["base", "base", 1, "PLAIN"]);
});

test("a default export that is an object takes members", async (t) => {
  const { world, p, fix } = await serve(t, {
    "main.ts": `import game from "./game.ts"; import other from "./other.ts"; export const response = { look() { return [game.run(), game.n, other.run()]; } };`,
    "game.ts": `export default { n: 1, run() { return "run"; } };`,
    "other.ts": `const Game = { run() { return "other"; } }; export default Game;`,
  });
  await fix({
    "./game.ts": `export default { n: 2, run() { return "RUN"; } };`,
    "./other.ts": `export default { run() { return "OTHER"; } };`,
  });
  deepEqual(await p.req.look(), ["RUN", 2, "OTHER"]);
  equal(await log(world), "game.ts sets default.n, default.run; other.ts sets Game.run");
});

test("a library's own object may be called response", async (t) => {
  const { p, fix } = await serve(t, {
    "main.ts": `import { response as r } from "./lib.ts"; export const response = { look() { return r.ok(); } };`,
    "lib.ts": `export const response = { ok() { return 1; } };`,
  });
  await fix({ "./lib.ts": `export const response = { ok() { return 2; } };` });
  equal(await p.req.look(), 2);
});

test("what a patch has added to the module's names takes members from the next one", async (t) => {
  const { p, fix } = await serve(t, MOVES);
  await fix(
    `const Extra = { a() { return 1; }, b() { return 1; } }; export const response = { volts() { return [Extra.a(), Extra.b()]; } };`,
  );
  await fix(`const Extra = { a() { return 2; } };`);
  deepEqual(await p.req.volts(), [2, 1]);
});
