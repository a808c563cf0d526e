/** Functions that fields hold: live instances keep theirs, and nothing says otherwise. */

import { deepEqual, match } from "node:assert/strict";
import { test } from "node:test";
import { serve } from "./harness.ts";
import type { World } from "./harness.ts";

const TEXT = `
  class Room {
    n = 1;
    tick = () => this.n;
    other = function (this: any) { return this.n; };
    bound = this.hit.bind(this);
    plain = 5;
    hit() { return "hit"; }
    constructor(readonly key: () => string = () => "key") {}
  }
  const live = new Room();
  export const response = { look() { const room = new Room(); return [live.tick(), room.tick(), live.other(), room.other(), room.plain]; } };`;

async function lineOf(world: World): Promise<string> {
  await world.node.skynet.call(".logger", "lua", "FLUSH");
  return world.log.split("\n").findLast((each) => / applied: /.test(each)) ?? "";
}

test("the log says that live instances keep the function of a field", async (t) => {
  const { p, fix, world } = await serve(t, TEXT);
  await fix(`class Room { declare n: number; tick = () => this.n + 10; plain = 6; }`);
  deepEqual(await p.req.look(), [1, 11, 1, 1, 6]);
  match(
    await lineOf(world),
    /sets Room \(fields tick, plain\); Room\.tick: live instances keep the old one$/,
  );
  await fix(
    `class Room { declare n: number; tick = () => 1; other = function () { return 7; }; hit() { return 1; } }`,
  );
  deepEqual((await p.req.look()).slice(2), [1, 7, 6]);
  match(await lineOf(world), /; Room\.tick, Room\.other: live instances keep the old ones$/);
});

test("fields that hold no function, and new ones, are not mentioned", async (t) => {
  const { fix, world } = await serve(t, TEXT);
  await fix(`class Room { plain = 7; fresh = () => 1; }`);
  match(await lineOf(world), /sets Room \(fields plain, fresh\)$/);
});

test("a method that a field hides is refused: nobody would call it", async (t) => {
  const { p, fix, refuse } = await serve(t, TEXT);
  for (const name of ["tick", "other", "bound", "plain", "key"]) {
    await refuse(`class Room { ${name}() { return 9; } }`, {
      code: "ERR_PATCH_CLASS",
      message: new RegExp(
        `class Room: its instances have a field ${name}, which hides a method of that name`,
      ),
    });
  }
  await refuse(`class Room { fresh = 1; fresh() { return 9; } }`, { code: "ERR_PATCH_CLASS" });
  deepEqual(await p.req.look(), [1, 1, 1, 1, 5]);
  await fix(`class Room { late = () => 1; }`);
  await refuse(`class Room { late() { return 2; } }`, { code: "ERR_PATCH_CLASS", message: /late/ });
  await fix(
    `class Room { hit() { return 1; } added() { return 2; } get half() { return 1; } static tick() { return 3; } }`,
  );
});

test("a field that only declares a type hides nothing", async (t) => {
  const { p, fix } = await serve(
    t,
    `class A { declare act: () => number; } const a = new A();
     export const response = { act() { return (a as any).act(); } };`,
  );
  await fix(`class A { act() { return 3; } }`);
  deepEqual(await p.req.act(), 3);
});
