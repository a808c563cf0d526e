/** Which methods get a check at their entry, and that nothing else of them changes. */

import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import type { Instance } from "../../../src/loader/run/instance.ts";
import { findImage } from "../../../src/loader/build/image-store.ts";
import { call, Modules } from "./harness.ts";

/** Names of the methods with a check, in the order of the text. */
function checkedIn(instance: Instance, path: string): string[] {
  const { methods, checked } = instance.module(path)?.image.data ?? { methods: [] };
  return methods.filter(({ variable }) => checked?.has(variable)).map(({ name }) => name);
}

const ROOM = `export class Room { a() {} b() {} c() {} d() {} e() {} f() {} g() {} h() {} static i() {} j() {} k() {} }`;

test("methods whose names are read without a call get a check, others none", async (t) => {
  const modules = new Modules(t, {
    "main.ts": `import { Room } from "./room.ts"; import "./far.ts";
      declare const room: any;
      export const use = (r: any, x: any = {}) => {
        r.a(); r.b.bind(r); const { c } = r; ({ d: x.y } = r); r["e"]; r.f = 1; r.g?.(); r.h\`\`; void Room.i; void c;
        const k = (({ k }: any) => k)(r); return k;
      };`,
    "room.ts": ROOM,
    "far.ts": `export const far = (o: any) => o.j;`,
  });
  const instance = await modules.run();
  deepEqual(checkedIn(instance, "./room.ts"), ["b", "c", "d", "e", "i", "j", "k"]);
});

test("a program has the checks that it needs, also if another one came first", async (t) => {
  const modules = new Modules(t, {
    "main.ts": `import { Room } from "./room.ts"; export const use = () => new Room().a();`,
    "other.ts": `import { Room } from "./room.ts"; export const use = () => new Room().a;`,
    "third.ts": `import { Room } from "./room.ts"; export const use = () => new Room().b;`,
    "room.ts": ROOM,
  });
  deepEqual(checkedIn(await modules.run(), "./room.ts"), []);
  deepEqual(checkedIn(await modules.run("other.ts"), "./room.ts"), ["a"]);
  deepEqual(checkedIn(await modules.run("third.ts"), "./room.ts"), ["a", "b"]);
  deepEqual(checkedIn(await modules.run(), "./room.ts"), []);
});

const BOOM = `throw new Error("boom")`;

for (const [title, text] of [
  [
    "on one line",
    `class A { m() { ${BOOM}; } s() {} } export const boom = () => new A().m(); A.prototype.m; A.prototype.s;`,
  ],
  [
    "behind a method on the same line",
    `class A { s() {} t() { return this.s; } m() { ${BOOM}; } }\nexport const boom = () => new A().m(); A.prototype.t;`,
  ],
  [
    "of several lines",
    `class A {\n  m() {\n    ${BOOM};\n  }\n}\nexport const boom = () => new A().m(); A.prototype.m;`,
  ],
  [
    "in front of an assignment of an export",
    `export let n = 1;\nclass A { m() {n = 2; ${BOOM}; } }\nexport const boom = () => new A().m(); A.prototype.m;`,
  ],
  [
    "with CRLF",
    `class A {\r\n  m() { ${BOOM}; }\r\n}\r\nexport const boom = () => new A().m(); A.prototype.m;`,
  ],
  [
    "of a file with enums",
    `enum E { A = 1 }\n\nclass A {\n  m(): E { ${BOOM}; }\n}\nexport const boom = () => new A().m(); A.prototype.m;`,
  ],
] as const) {
  test(`positions in a checked method ${title} are true`, async (t) => {
    const modules = new Modules(t, { "main.ts": text });
    const instance = await modules.run();
    equal(instance.entry.image.data.checked.size > 0, true);
    const before = text.slice(0, text.indexOf("new Error")).split("\n");
    let stack = "";
    try {
      call(instance, "boom");
    } catch (error) {
      stack = (error as Error).stack ?? "";
    }
    const place = /:(\d+:\d+)\)?$/.exec(stack.split("\n")[1] ?? "")?.[1];
    equal(place, `${before.length}:${(before.at(-1)?.length ?? 0) + 1}`);
  });
}

test("a checked method is what it was", async (t) => {
  const modules = new Modules(t, {
    "main.ts": `class A {
        async load(a: number) { "use strict"; return a; }
        *walk(n = 1) { yield n; }
        async *flow(...rest: number[]) { yield* rest; }
        plain(a: number, b: number = 2, ...c: number[]) { return [this === undefined, a, b, c, arguments.length]; }
      }
      const { load, walk, flow, plain } = A.prototype;
      export const look = () => [
        ...[load, walk, flow, plain].map((f) => [f.name, f.length, Object.prototype.toString.call(f), "prototype" in f]),
        [...walk()], plain(1, undefined, 3, 4), walk() instanceof (walk as any),
      ];`,
  });
  deepEqual(call(await modules.run(), "look"), [
    ["load", 1, "[object AsyncFunction]", false],
    ["walk", 0, "[object GeneratorFunction]", true],
    ["flow", 0, "[object AsyncGeneratorFunction]", true],
    ["plain", 1, "[object Function]", false],
    [1],
    [true, 1, 2, [3, 4], 4],
    true,
  ]);
});

test("the methods of a group that is taken as a whole get checks, arrow functions among them", async (t) => {
  const modules = new Modules(t, {
    "main.ts": `let n = 0; const side = () => ++n;
      export const accept = {
        a: (x: number) => x, b: async x => x, c: () => 1, d: async (x: number, y: number,) => { return [x, y]; }, e: (x: number) => ({ x }),
        f: async () => { return 1; }, g: function (x = side(), y = (side(), 5)) { return [x, y]; },
        h({ x }: any) { return x; }, i: (x = 1) => x, j: (...x: number[]) => x, k: (x: number) => (side(), x), l(): number { return 1; },
        m: (
          x: number,
          y: number,
        ): number => x + y, o: ( /* ) */ ) => 1,
      };
      const table = { ...accept } as Record<string, any>;
      export const look = async () => [Object.values(table).map((f) => f.length), await Promise.all("abcdefgijklmo".split("").map((f) => table[f](7, 8))), n];`,
  });
  const instance = await modules.run();
  deepEqual(checkedIn(instance, "./main.ts").join(""), "abcdefgklm");
  deepEqual(await call(instance, "look"), [
    [1, 1, 0, 2, 1, 0, 0, 1, 0, 0, 1, 0, 2, 0],
    [7, 7, 1, [7, 8], { x: 7 }, 1, [7, 8], 7, [7, 8], 7, 1, 15, 1],
    1,
  ]);
});

test("an image with checks is kept on disk as it is, with V8's cached code", async (t) => {
  const modules = new Modules(
    t,
    {
      "main.ts": `import { Room } from "./room.ts"; export const use = () => new Room().a;`,
      "room.ts": ROOM,
      "node_modules/.keep": "",
    },
    { isKept: true },
  );
  const source = { text: ROOM, file: modules.path("room.ts"), injected: [] };
  await modules.run();
  while (findImage(source) === undefined) await new Promise((done) => setTimeout(done, 20));
  const kept = findImage(source);
  deepEqual([...(kept?.checked ?? [])], ["$snaxM0_a"]);
  ok(kept?.cachedData !== undefined);
});
