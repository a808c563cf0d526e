/** References to a method that were taken before a patch reach the new method. */

import { deepEqual, equal, match } from "node:assert/strict";
import { test } from "node:test";
import { World, serve } from "./harness.ts";

test("a method follows however it was taken", async (t) => {
  const { p, fix } = await serve(
    t,
    `import { EventEmitter } from "node:events";
     const bus = new EventEmitter();
     class Room {
       x = 1;
       onHit: (n: number) => string;
       constructor() { this.onHit = this.hit.bind(this); bus.on("hit", this.hit); }
       hit(n: number) { return "old" + this?.x + n; }
     }
     const room = new Room();
     const { hit } = room;
     const table = { hit: room.hit, again: room["hit"] };
     const call = ((f: typeof hit) => (n: number) => f.call(room, n))(Room.prototype.hit);
     let assigned: typeof hit; ({ hit: assigned } = room);
     const identity = room.hit;
     export const response = {
       all() {
         return [room.onHit(1), hit.call(room, 1), table.hit.call(room, 1), table.again.call(room, 1), call(1), assigned.call(room, 1), bus.listeners("hit")[0]!.call(room, 1), room.hit(1)];
       },
       same() { bus.off("hit", room.hit); return [identity === room.hit, bus.listenerCount("hit"), hit.name, hit.length, Object.keys(Object.getOwnPropertyDescriptors(Room.prototype))]; },
     };`,
  );
  deepEqual(new Set((await p.req.all()) as string[]), new Set(["old11"]));
  await fix(`class Room { declare x: number; hit(n: number) { return "new" + this.x + n; } }`);
  deepEqual(new Set((await p.req.all()) as string[]), new Set(["new11"]));
  await fix(
    `class Room { declare x: number; hit(n: number, m = 5) { return "newer" + this.x + n + m; } }`,
  );
  deepEqual(new Set((await p.req.all()) as string[]), new Set(["newer115"]));
  deepEqual(await p.req.same(), [true, 0, "hit", 1, ["constructor", "hit"]]);
});

test("a loop of the game follows", async (t) => {
  const world = await World.open(t, {
    "main.ts": `
      let gate: any;
      class Room { timer: unknown; start() { this.timer = setInterval(this.tick.bind(this), 1); } tick() {} }
      export function init(g: any) { gate = g; new Room().start(); }
      export const response = {};`,
  });
  const gate = await world.start("gate");
  const p = await world.start("main", gate);
  await world.hotfix(
    p,
    `declare let gate: any; class Room { tick() { gate.req.pass("new tick"); } }`,
  );
  await gate.req.reached("new tick");
  gate.post.open("new tick");
});

test("methods of accept and response follow", async (t) => {
  const { p, fix } = await serve(
    t,
    `let n = 0;
     export const accept = { beat() { n += 1; }, other: function () { n += 1; } };
     const { beat } = accept;
     export const response = { n() { return n; }, run() { beat(); held.other(); held.copy(); return n; } };
     const held = { other: accept.other, copy: response.n };`,
  );
  equal(await p.req.run(), 2);
  await fix(`declare let n: number;
    export const accept = { beat() { n += 100; }, other() { n += 1000; } };
    export const response = { n() { n += 10000; return n; } };`);
  equal(await p.req.run(), 11102);
  p.post.beat();
  equal(await p.req.n(), 21202);
});

test("methods of a group that is passed on as a whole follow", async (t) => {
  const { p, fix } = await serve(
    t,
    `export const accept = { beat() { return "old"; } };
     const copy = { ...accept };
     export const response = { look() { return copy.beat(); } };`,
  );
  await fix(`export const accept = { beat() { return "new"; } };`);
  equal(await p.req.look(), "new");
});

test("static methods, super and subclasses follow", async (t) => {
  const { p, fix } = await serve(
    t,
    `class Base { static make() { return "base"; } who(n: number) { return "base" + n; } }
     class Child extends Base {
       static make() { return "child of " + super.make(); }
       who(n: number) { return "child of " + super.who(n); }
     }
     class Leaf extends Child {}
     const make = Child.make; const who = new Leaf().who; const below = Base.prototype.who;
     export const response = { look() { return [make.call(Child), who.call(new Leaf(), 1), below.call(new Leaf(), 2), Leaf.make(), new Leaf().who(3)]; } };`,
  );
  await fix(`class Child extends Base {
      static make() { return "CHILD of " + super.make() + (this === Child); }
      who(n: number) { return "CHILD of " + super.who(n); }
    }`);
  deepEqual(await p.req.look(), [
    "CHILD of basetrue",
    "CHILD of base1",
    "base2",
    "CHILD of basefalse",
    "CHILD of base3",
  ]);
  await fix(`class Base { who(n: number) { return "BASE" + n; } }`);
  deepEqual(((await p.req.look()) as string[]).slice(1, 3), ["CHILD of BASE1", "BASE2"]);
});

test("a method that the service itself has replaced is replaced like any other", async (t) => {
  const { p, fix } = await serve(
    t,
    `class Room { hit() { return "old"; } }
     const room = new Room(); const hit = room.hit;
     Room.prototype.hit = function () { return "by hand"; };
     export const response = { look() { return [room.hit(), hit()]; } };`,
  );
  deepEqual(await p.req.look(), ["by hand", "old"]);
  await fix(`class Room { hit() { return "new"; } }`);
  deepEqual(await p.req.look(), ["new", "new"]);
});

test("an undo reaches those who hold a method", async (t) => {
  const { p, fix, refuse } = await serve(
    t,
    `class Room { hit() { return "old"; } static make() { return "old"; } }
     const room = new Room(); const hit = room.hit.bind(room); const { make } = Room;
     export const accept = { beat() { return "old"; } };
     const beat = accept.beat;
     export const response = { look() { return [hit(), room.hit(), make(), beat(), accept.beat()]; } };`,
  );
  const patch = (word: string): string =>
    `class Room { hit() { return "${word}"; } static make() { return "${word}"; } }
     export const accept = { beat() { return "${word}"; } };`;
  const broken = `export function hotfix() { throw new Error("no"); }`;
  await refuse(`${patch("bad")}${broken}`, { code: "ERR_PATCH_FAILED" });
  deepEqual(await p.req.look(), ["old", "old", "old", "old", "old"]);
  await fix(patch("new"));
  await refuse(`${patch("bad")}${broken}`, { code: "ERR_PATCH_FAILED" });
  deepEqual(await p.req.look(), ["new", "new", "new", "new", "new"]);
});

test("a method that another module takes follows, no matter which module loaded the class first", async (t) => {
  const files = {
    "lib/room.ts": `export class Room { hit() { return "old"; } miss() { return "old"; } }`,
    "plain.ts": `import { Room } from "./lib/room.ts";
      const room = new Room();
      export const response = { look() { return [room.hit(), room.miss()]; } };`,
    "main.ts": `import { Room } from "./lib/room.ts"; import { hold } from "./lib/hold.ts";
      const held = hold(new Room());
      export const response = { look() { return held(); } };`,
    "lib/hold.ts": `import type { Room } from "./room.ts";
      export function hold(room: Room) { const { hit } = room; return () => [hit(), room.miss()]; }`,
  };
  const world = await World.open(t, files);
  const patch = {
    "lib/room.ts": `class Room { hit() { return "new"; } miss() { return "new"; } }`,
  };
  const early = await world.start("plain");
  const main = await world.start("main");
  const late = await world.start("plain");
  for (const p of [early, main, late]) {
    deepEqual(await p.req.look(), ["old", "old"]);
    await world.hotfix(p, patch);
    deepEqual(await p.req.look(), ["new", "new"]);
  }
});

test("methods of a shared module follow", async (t) => {
  const { world, p } = await serve(t, {
    "lib/room.ts": `"use shared";\nexport class Room { hit() { return "old"; } }`,
    "main.ts": `import { Room } from "./lib/room.ts"; const room = new Room(); const held = room.hit.bind(room);
      export const response = { look() { return held(); } };`,
  });
  await world.hotfixshared("lib/room.ts", `class Room { hit() { return "new"; } }`);
  equal(await p.req.look(), "new");
});

test("all services of a type follow on every thread, those to be born included", async (t) => {
  const world = await World.open(
    t,
    {
      "room.ts": `import { Base } from "./lib/base.ts";
        class Room extends Base { hit() { return "old " + super.hit(); } }
        const room = new Room(); const held = room.hit.bind(room);
        export const response = { look() { return held() + beat(); } };
        export const accept = { beat() { return "old"; } }; const { beat } = accept;`,
      "lib/base.ts": `export class Base { hit() { return "base"; } }`,
    },
    { thread: 2 },
  );
  const rooms = [];
  for (let n = 0; n < 4; n += 1) rooms.push(await world.start("room"));
  for (const word of ["new", "newer"]) {
    const { failed } = await world.hotfixall(
      "room",
      `class Room extends Base { hit() { return "${word} " + super.hit(); } }
       export const accept = { beat() { return "${word}"; } };`,
    );
    equal(failed.length, 0);
    for (let n = 0; n < 2; n += 1) rooms.push(await world.start("room"));
    for (const room of rooms) equal(await room.req.look(), `${word} base${word}`);
  }
});

test("arrow functions of a group follow, and defaults run once", async (t) => {
  const { p, fix } = await serve(
    t,
    `let n = 0;
     class Room { hit(by = ++n) { return by; } }
     const room = new Room(); const hit = room.hit.bind(room);
     export const accept = { beat: (x: number) => "old" + x, tick: async () => { return "old"; } };
     const { beat, tick } = accept;
     export const response = { async look() { return [beat(1), await tick(), (beat as any)(1, 2), hit(), n]; } };`,
  );
  deepEqual(await p.req.look(), ["old1", "old", "old1", 1, 1]);
  await fix(`declare let n: number;
    class Room { hit(by = n += 10) { return by; } }
    export const accept = { beat: (x: number, y = 0) => "new" + x + y, async tick() { return "new"; } };`);
  deepEqual(await p.req.look(), ["new10", "new", "new12", 11, 11]);
});

test("the log names the methods that those who hold them keep as they were", async (t) => {
  const { world, p, fix } = await serve(
    t,
    `class Room {
       hit({ by }: any) { return "old" + by; }
       *walk() { yield "old"; }
       miss() { return "old"; }
       tick() { return "old"; }
       get size() { return 1; }
     }
     const room = new Room();
     function beat() { return "old"; }
     export const accept = { beat };
     const held = [room.hit, room.walk, room.tick, accept.beat].map((f) => f.bind(room)) as any[];
     export const response = { look() { return [held[0]({ by: 1 }), [...held[1]()], held[2](), held[3](), room.miss(), room.size]; } };`,
  );
  const said = async (): Promise<string> => {
    await world.node.skynet.call(".logger", "lua", "FLUSH");
    const line = world.log.split("\n").findLast((each) => / applied: /.test(each)) ?? "";
    return line.replace(/.* applied: /, "");
  };
  await fix(
    `class Room { hit({ by }: any) { return "new" + by; } miss() { return "new"; } tick() { return "new"; } get size() { return 2; } }`,
  );
  equal(
    await said(),
    "sets Room.hit, Room.miss, Room.tick, Room.size; Room.hit: code that took it as a value keeps the old text",
  );
  deepEqual(await p.req.look(), ["old1", ["old"], "new", "old", "new", 2]);
  await fix(
    `class Room { walk() { return ["new"]; } } export const accept = { beat() { return "new"; } };`,
  );
  equal(
    await said(),
    "sets Room.walk, accept.beat; Room.walk, accept.beat: code that took one of them as a value keeps the old text",
  );
  deepEqual(await p.req.look(), ["old1", ["old"], "new", "old", "new", 2]);
  await fix(
    `class Room { late() { return 1; } } export function hotfix() { setTimeout((room as any).late, 60_000); setTimeout(room.miss, 60_000); }`,
  );
  equal(await said(), "adds Room.late; runs hotfix()");
  await fix(`class Room { late() { return 2; } miss() { return "newer"; } }`);
  equal(
    await said(),
    "sets Room.late, Room.miss; Room.late, Room.miss: code that took one of them as a value keeps the old text",
  );
});

test("a patch says so where another module has the group and hands it on", async (t) => {
  const world = await World.open(t, {
    "methods.ts": `export const accept = { beat() { return "old"; } };
      const [held] = Object.values(accept);
      export const look = () => held!();`,
    "main.ts": `import { look } from "./methods.ts";
      export { accept } from "./methods.ts";
      export const response = { look() { return look(); } };`,
  });
  // No text of the service's own file has such a method.
  world.isMerging = false;
  const p = await world.start("main");
  await world.hotfix(p, `export const accept = { beat() { return "new"; } };`);
  equal(await p.req.look(), "old");
  await world.node.skynet.call(".logger", "lua", "FLUSH");
  match(world.log, /applied: sets accept\.beat; accept\.beat: code that took it as a value keeps/);
});

test("methods of a class in a constant follow", async (t) => {
  const { p, fix } = await serve(
    t,
    `const Room = class { hit() { return "old"; } };
     const room = new Room(); const hit = room.hit.bind(room);
     export const response = { look() { return [hit(), room.hit()]; } };`,
  );
  for (const word of ["new", "newer"]) {
    await fix(`class Room { hit() { return "${word}"; } }`);
    deepEqual(await p.req.look(), [word, word]);
  }
});
