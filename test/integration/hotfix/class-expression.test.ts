/** A class in a constant (`const Room = class { ... }`) is patched like a declared one. */

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { serve } from "./harness.ts";
import type { World } from "./harness.ts";

const SERVICE = `
  export const Room = class { seats = 4; static LIMIT = 9; hit() { return "room " + this.seats; } };
  const Hall = class Inner extends Room { inner = Inner.name; rows = 2; constructor(public id = 1) { super(); } hit() { return "hall, " + super.hit(); } static self() { return Inner === Hall; } },
    hall = new Hall();
  const room = new Room();
  const twin = [class { a = 1; }].map((C) => C)[0];
  export const response = {
    look() { return [room.hit(), hall.hit(), Hall.self(), Room.name, Hall.name, Room.LIMIT]; },
    later() { const h: any = new Hall(); return [Object.entries(h), new Room().seats, h instanceof Room, h.constructor === Hall, h.hit()]; },
  };`;
const BEFORE = ["room 4", "hall, room 4", true, "Room", "Inner", 9];
const LATER = [
  [
    ["seats", 4],
    ["id", 1],
    ["inner", "Inner"],
    ["rows", 2],
  ],
  4,
  true,
  true,
  "hall, room 4",
];

test("methods, statics, fields and the constructor, written as it is or declared", async (t) => {
  for (const [open, close] of [
    ["const Room = class", ";"],
    ["export const Room = (class Other", ")"],
    ["class Room", ""],
  ] as const) {
    const { p, fix } = await serve(t, {
      "main.ts": `export * from "./room.ts"; export { response } from "./room.ts";`,
      "room.ts": SERVICE,
    });
    deepEqual(await p.req.look(), BEFORE);
    deepEqual(await p.req.later(), LATER);
    await fix({
      "./room.ts": `${open} { seats = 5; static LIMIT = 10; hit() { return "ROOM " + (this as any).seats; } } ${close}`,
    });
    deepEqual(await p.req.look(), ["ROOM 4", "hall, ROOM 4", true, "Room", "Inner", 10]);
    deepEqual(await p.req.later(), [
      [
        ["seats", 5],
        ["id", 1],
        ["inner", "Inner"],
        ["rows", 2],
      ],
      5,
      true,
      true,
      "hall, ROOM 5",
    ]);
  }
});

test("what the class calls itself is the running one, in fields and constructors of both texts", async (t) => {
  const { p, fix } = await serve(t, SERVICE);
  await fix(
    `const Hall = class Inner extends Room { rows = Inner === Hall ? 7 : 0; more = Inner.self(); hit() { return Inner.self() + super.hit(); } };`,
  );
  deepEqual(await p.req.later(), [
    [
      ["seats", 4],
      ["id", 1],
      ["inner", "Inner"],
      ["rows", 7],
      ["more", true],
    ],
    4,
    true,
    true,
    "trueroom 4",
  ]);
});

test("a class expression that a patch adds is patched by a later one", async (t) => {
  const { fix } = await serve(t, SERVICE);
  await fix(
    `const Fresh = class extends Room { fresh = 1; hit() { return "f" + super.hit(); } }; let fresh = new Fresh();`,
  );
  const patch = `declare let fresh: any; const Fresh = class extends Room { fresh = 2; hit() { return "F" + super.hit(); } };
    export function hotfix() { return [fresh.hit(), fresh.fresh, new Fresh().fresh, new Fresh().seats, Fresh.name]; }`;
  deepEqual(await fix(patch), ["Froom 4", 1, 2, 4, "Fresh"]);
});

test("a class that a const holds can't be assigned, neither by the module nor by a patch, nor become something else", async (t) => {
  const { world, p, refuse } = await serve(t, SERVICE);
  await refuse(`export function hotfix() { Room = class {}; }`, {
    code: ["ERR_SYNTAX", "ERR_PATCH"],
  });
  await refuse(`function Room() {}`, { code: "ERR_PATCH", message: /has a class Room already/ });
  await refuse(`const Room = 5;`, { code: "ERR_PATCH", message: /has a class Room already/ });
  await refuse(`let Room = class {};`, { code: "ERR_PATCH", message: /has a class Room already/ });
  await refuse(`const Hall = class extends Object {};`, {
    code: "ERR_PATCH_CLASS",
    message: /extends Room/,
  });
  world.write({ "bad.ts": `const A = class {}; A = class {}; export const response = {};` });
  await rejectsWith(world, /Assignment to constant variable/);
  deepEqual(await p.req.look(), BEFORE);
});

async function rejectsWith(world: World, message: RegExp): Promise<void> {
  const error = await world.start("bad").then(
    () => undefined,
    (reason: unknown) => reason as Error,
  );
  equal(message.test(String(error?.message)), true);
}
