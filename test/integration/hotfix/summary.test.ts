/** What the log says of a patch: what it replaces, what it only adds, and what may have been meant instead. */

import { equal } from "node:assert/strict";
import type { TestContext } from "node:test";
import { test } from "node:test";
import type { Patch } from "snax";
import { World, serve } from "./harness.ts";
import type { Files } from "./harness.ts";

/** Returns what the log says of the last patch. */
async function said(world: World): Promise<string> {
  await world.node.skynet.call(".logger", "lua", "FLUSH");
  const log = world.log.split("\n");
  const line = log.findLast((each) => / patch \d+ /.test(each)) ?? "";
  return line.replace(/^.*? (?:skipped|applied): /, "");
}

async function say(t: TestContext, text: string | Files, ...patches: Patch[]): Promise<string> {
  const { world, fix } = await serve(t, text);
  for (const patch of patches) await fix(patch);
  return await said(world);
}

const ROOM = `
  function price(n: number) { return n; }
  let sold = 0;
  class Room {
    tick() { return 1; }
    get size() { return 1; }
    static open() { return new Room(); }
  }
  class Hall extends Room { sing() { return this.tick(); } }
  export const response = { buy() { return price(1); }, look() { return [sold, Room.open(), new Hall()]; } };
  export const accept = { tell() {} };
`;

test("what a patch replaces is set, methods of classes and groups by their names", async (t) => {
  const patch = `
    function price(n: number) { return -n; }
    class Room { tick() { return 2; } get size() { return 2; } set size(n) {} static open() { return new Room(); } }
    export const response = { buy() { return price(2); } };
    export const accept = { tell() {} };
    export function hotfix() {}`;
  equal(
    await say(t, ROOM, patch),
    "sets price, Room.tick, Room.size, Room.open, response.buy, accept.tell; runs hotfix()",
  );
});

for (const [patch, expected] of [
  [`function prcie() { return 2; }`, "adds function prcie (did you mean price?)"],
  [`const prcie = () => 2;`, "adds function prcie (did you mean price?)"],
  [`class Romo {}`, "adds class Romo (did you mean Room?)"],
  [`let slod = 1;`, "adds slod (did you mean sold?)"],
  [`let zzzzzzzzzzzzz = 1;`, "adds zzzzzzzzzzzzz"],
  [`class Room { tikc() {} }`, "adds Room.tikc (did you mean tick?)"],
  [`class Room { tick() {} tikc() {} }`, "sets Room.tick; adds Room.tikc"],
  [`class Room { set szie(n) {} }`, "adds Room.szie (did you mean size?)"],
  [`class Room { static opne() {} }`, "adds Room.opne (did you mean open?)"],
  [`class Room { open() {} }`, "adds Room.open (did you mean static open?)"],
  [`class Room { static tick() {} }`, "adds Room.tick (did you mean tick?)"],
  [`class Hall extends Room { tick() { return 3; } }`, "adds Hall.tick"],
  [`class Hall extends Room { "snig"() {} }`, "adds Hall.snig (did you mean sing?)"],
  [`export const response = { byu() {} };`, "adds response.byu (did you mean buy?)"],
  [`export const subscribe = { tell() {} };`, "sets subscribe.tell"],
  [`export const subscribe = { tel() {} };`, "adds subscribe.tel (did you mean tell?)"],
  [`class Room { constructor() {} }`, "sets Room (constructor)"],
  [
    `class Room { seats = 4; constructor(public id: number) {} tick() {} }`,
    "sets Room (fields id, seats; constructor), Room.tick",
  ],
  [`class Room { seats = 4; name: string; }`, "sets Room (field seats)"],
  [`class Room { name: string; static max: number; }`, "changes nothing"],
  [`class Room { static max = 4; [Symbol.iterator] = 1; }`, "sets Room (field [...]; static max)"],
] as const) {
  test(`what a patch adds is not called set: ${patch}`, async (t) => {
    equal(await say(t, ROOM, patch), expected);
  });
}

test("a new function that the patch uses asks nothing", async (t) => {
  const patch = `function prcie() { return 2; } export const response = { buy() { return prcie(); } };`;
  equal(await say(t, ROOM, patch), "sets response.buy; adds function prcie");
});

test("what an earlier patch has added is set by the next one", async (t) => {
  const patch = (n: number): string =>
    `class Room { leave() { return ${n}; } } export const response = { leave() { return ${n}; } };`;
  equal(await say(t, ROOM, patch(1), patch(2)), "sets Room.leave, response.leave");
});

test("members that the text does not write out are known to the service", async (t) => {
  const text = `
    const key = "tick";
    const base = { buy() { return 1; } };
    class Room { [key]() { return 1; } }
    Object.assign(Room.prototype, { leave() {} });
    const handlers = { ...base, look() { return new Room(); } };
    export { handlers as response };`;
  const patch = `class Room { tick() {} leave() {} tock() {} } export const response = { buy() {}, byu() {} };`;
  equal(
    await say(t, text, patch),
    "sets Room.tick, Room.leave, response.buy; adds Room.tock, response.byu",
  );
});

test("a proxy is asked nothing: its traps are code of the service", async (t) => {
  const text = `
    let asked = 0;
    const trap = { ownKeys(o: object) { asked += 1; return Reflect.ownKeys(o); } };
    export const response = new Proxy({ asked() { return asked; } }, trap);`;
  const { world, p, fix } = await serve(t, text);
  const before = Number(await p.req.asked());
  await fix(`declare let asked: number; export const response = { asked() { return -asked; } };`);
  equal(await said(world), "sets response.asked");
  equal(await p.req.asked(), -before);
});

test("several modules of a record are named", async (t) => {
  const files = {
    "main.ts": `import { Room } from "./room.ts"; export const response = { look() { return new Room().tick(); } };`,
    "room.ts": `export class Room { tick() { return 1; } }`,
  };
  equal(
    await say(t, files, {
      "./room.ts": `export class Room { tikc() { return 2; } }`,
      "./main.ts": `export const response = { look() { return 2; } };`,
    }),
    "room.ts adds Room.tikc (did you mean tick?); main.ts sets response.look",
  );
});

test("hotfixall tells the same, whether services live or are yet to be born", async (t) => {
  const world = await World.open(t, { "main.ts": ROOM });
  const patch = `class Room { tikc() {} } export const response = { byu() {} }; export const accept = { tell() {} };`;
  const expected =
    "sets accept.tell; adds Room.tikc (did you mean tick?), response.byu (did you mean buy?)";
  await world.hotfixall("main", patch);
  equal(await said(world), expected);
  await world.start("main");
  await world.hotfixall("main", patch.replace("tikc", "tikk").replace("byu", "byy"));
  equal(await said(world), expected.replace("tikc", "tikk").replace("byu", "byy"));
});

test("a shared module's classes are asked, too", async (t) => {
  const world = await World.open(t, {
    "main.ts": `import { Room } from "./room.ts"; export const response = { look() { return new Room().tick(); } };`,
    "room.ts": `"use shared"; export class Room { tick() { return 1; } }`,
  });
  await world.start("main");
  await world.hotfixshared(
    "room.ts",
    `export class Room { tikc() { return 2; } tick() { return 3; } }`,
  );
  equal(await said(world), "sets Room.tick; adds Room.tikc");
});
