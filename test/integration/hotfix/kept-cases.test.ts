/**
 * A table of what programs make at their beginning, and of edits of what it was made with. A diff warns where the patched
 * service has something else than one that is born from the edited file, and nowhere else; so does what a patch says of itself,
 * as far as it looks.
 */

import { deepEqual, ok } from "node:assert/strict";
import { test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { diffProgram } from "../../../src/texts/diff.ts";
import { World } from "./harness.ts";

const BASE = `import { EventEmitter } from "node:events";
const K = 1;
const f = (n = 0) => n + 1;
class C { a = 1; static S = 1; m() { return 1; } static s() { return 1; } get g() { return 1; } }
const T: Record<string, any> = { n: 1, f: () => 1, deep: { f: () => 1 } };
enum E { A = 1, B }
const L = [1, 2];
const kept: unknown[] = [];
const keep = (fn: () => unknown) => { kept.push(fn); return fn; };
const run = (fn: () => unknown) => fn();
const later = (fn: () => unknown) => () => fn();
const memo = (fn: () => unknown) => { const known = new Map(); return (x: number) => { if (!known.has(x)) known.set(x, fn()); return known.get(x); }; };
class Holder { v: any; constructor(v: unknown) { this.v = v; } get() { return typeof this.v === "function" ? this.v() : this.v; } }
class Bus { fs: (() => unknown)[] = []; on(fn: () => unknown) { this.fs.push(fn); } emit() { return this.fs.map((fn) => fn()); } }
const registry: Record<string, () => unknown> = {};
const register = (name: string, fn: () => unknown) => { registry[name] = fn; };
`;

/** What changes, and how code uses it: with its value, and the thing itself. */
const CAUSES: readonly (readonly [name: string, from: string, to: string, used: string])[] = [
  ["a constant", "K = 1", "K = 100", "K"],
  ["a function", "n + 1", "n + 100", "f(1)"],
  ["a method", "m() { return 1", "m() { return 100", "new C().m()"],
  ["a static method", "s() { return 1", "s() { return 100", "C.s()"],
  ["a getter", "get g() { return 1", "get g() { return 100", "new C().g"],
  ["a static field", "S = 1", "S = 100", "C.S"],
  ["a function of a table", "f: () => 1, deep", "f: () => 100, deep", "T.f()"],
  ["a value of a table", "n: 1", "n: 100", "T.n"],
  ["a function deep in a table", "deep: { f: () => 1 }", "deep: { f: () => 100 }", "T.deep.f()"],
  ["a new entry of a table", "n: 1,", "n: 1, z: () => 3,", "Object.keys(T).length"],
  ["a list", "[1, 2]", "[1, 2, 3]", "L.length"],
];

/** What the program has made, how it is asked for it, and whether it keeps the old. USE is replaced by a use. */
const HOLDERS: readonly (readonly [declaration: string, look: string, isKept: boolean])[] = [
  ["const h = USE;", "h", true],
  ["let h = USE;", "h", true],
  ["const h = { v: USE };", "h.v", true],
  ["const h = Object.freeze({ v: USE });", "h.v", true],
  ["const h = `x${USE}`;", "h", true],
  ["const h = (() => USE)();", "h", true],
  ["const h = run(() => USE);", "h", true],
  ["const h = new Holder(USE);", "h.get()", true],
  ["class H { v = USE; } const h = new H();", "h.v", true],
  ["class H { v; constructor() { this.v = USE; } } const h = new H();", "h.v", true],
  ["class H { static v = USE; }", "H.v", true],
  ["const h = [1, 2].map((x) => [x, USE]);", "h", true],
  ["const h: unknown[] = []; for (let i = 0; i < 2; i += 1) h.push(USE);", "h", true],
  ["const h = Promise.resolve().then(() => USE);", "await h", true],
  ["const h: any = {}; h.v = USE;", "h.v", true],
  ["const bus = new Bus(); bus.on(() => USE); const h = bus.emit();", "h", true],
  ["const h: unknown[] = []; export function init() { h.push(USE); }", "h[0]", true],
  ["const h = memo(() => USE);", "h(1)", true],
  ["const make = () => () => USE; const next = make(); const h = next();", "h", true],
  ["const g = () => { const inner = () => USE; return inner(); }; const h = g();", "h", true],
  [
    "const make = () => { let n = 0; return () => (n += 1); }; const next = make(); const h = next();",
    "h",
    false,
  ],
  ["const g = () => { const inner = () => 5; return inner(); }; const h = g();", "h", false],
  [
    "class H { size = 0; list: any[] = []; load(list: any[]) { this.size = list.length; } m() { return 5; } } const h = new H(); h.load([1]); const more = () => USE;",
    "h.size",
    false,
  ],
  ["const h = () => USE;", "h()", false],
  ["function h() { return USE; }", "h()", false],
  ["const h = (x = USE) => x;", "h()", false],
  ["const h = { go: () => USE };", "h.go()", false],
  ["const h = { get v() { return USE; } };", "h.v", false],
  ["const h = Object.freeze({ v: () => USE });", "h.v()", false],
  ["const h = [() => USE];", "h[0]!()", false],
  [`const h = new Map([["a", () => USE]]);`, `h.get("a")!()`, false],
  ["class H { go() { return USE; } } const h = new H();", "h.go()", false],
  ["class H { go = () => USE; } const h = new H();", "h.go()", false],
  ["class H extends C { n() { return USE; } } const h = new H();", "h.n()", false],
  ["const h = later(() => USE);", "h()", false],
  ["const h = keep(() => USE);", "h()", false],
  ["const q = () => USE; const h = q.bind(null);", "h()", false],
  ["const q = () => USE; const h = new Set([q]);", "[...h].map((each) => each())", false],
  ["const h = new Holder(() => USE);", "h.get()", false],
  ["const bus = new Bus(); bus.on(() => USE);", "bus.emit()", false],
  [
    `const h = new EventEmitter(); let got: unknown; h.on("x", () => { got = USE; });`,
    `(h.emit("x"), got)`,
    false,
  ],
  ["const h = setInterval(() => { void (USE); }, 100_000);", "typeof h", false],
  ["const h = [1, 2].map((x) => () => [x, USE]);", "h.map((each) => each())", false],
  [
    "const h: any[] = []; for (let i = 0; i < 2; i += 1) h.push(() => USE);",
    "h.map((e) => e())",
    false,
  ],
  [`register("x", () => USE);`, `registry["x"]!()`, false],
  ["const h: any = {}; h.go = () => USE;", "h.go()", false],
  ["const h = run(() => 5); const h2 = h;", "h2", false],
  [`const h = new Map(); h.set("a", 1); const h2 = h.get("a");`, "h2", false],
  ["const h = async () => USE;", "await h()", false],
];

/** What the result of a patch does not follow: calls of calls, and what is called by an instance that is made. */
const FOLLOWED =
  /^(?:const bus = new Bus|const make = |const g = |class H \{ v|const h: unknown\[\] = \[\]; export function init)/;

for (const [cause, from, to, used] of CAUSES) {
  test(`what was made with ${cause} is a note of a diff if it keeps the old, and only then`, async (t) => {
    const world = await World.open(t);
    world.isMerging = false;
    for (const [index, [declaration, look, isKept]] of HOLDERS.entries()) {
      const own = declaration.replaceAll("USE", used);
      const running = `${BASE}${own}\nexport const response = { async look() { return ${look}; } };\n`;
      const edited = running.replace(from, () => to);
      world.write({ [`was${index}.ts`]: running, [`now${index}.ts`]: edited });
      const service = await world.start(`was${index}`);
      await service.req.look();
      const [found] = diffProgram([{ file: `was${index}.ts`, running, edited }]);
      await world.hotfix(service, found?.patch ?? "");
      const summary = world.node.snax.patches().at(-1)?.keepsOld ?? [];
      const born = await world.start(`now${index}`);
      const [live, fresh] = [await service.req.look(), await born.req.look()];
      const notes = (found?.changes ?? []).filter(({ verdict }) => verdict === "note");
      const shown = `${own}\n${JSON.stringify(notes)}\n${summary.join()}`;
      const isOld = !isDeepStrictEqual(live, fresh);
      // What is computed from constants alone is a constant, too.
      if (used !== "K") deepEqual(isOld, isKept, shown);
      deepEqual(notes.length > 0, isOld, shown);
      if (!isOld || !FOLLOWED.test(declaration)) deepEqual(summary.length > 0, isOld, shown);
    }
  });
}

test("a new value of an enum's member is followed to what was made with it", async () => {
  const running = `enum E { A = 1, B }\nconst h = E.A;\nconst g = { go: () => E.A };\n`;
  const edited = running.replace("A = 1, B", "A = 5, B");
  const [found] = diffProgram([{ file: "a.ts", running, edited }]);
  const notes = (found?.changes ?? []).map(({ what, why }) => `${what}: ${why}`);
  deepEqual(notes, [
    "E: A,B: state that has the old value keeps it, and may mean another member now",
    "h: was made with E.A, and keeps what came of that",
  ]);
});

/** A library's data, and how an importer uses it. */
const READ: readonly (readonly [title: string, importer: string, isRead: boolean])[] = [
  [
    "reads it",
    `import { DATA } from "./lib.ts"; const look = () => DATA.list.at(-1)! + DATA.n;`,
    true,
  ],
  [
    "spreads it",
    `import { DATA } from "./lib.ts"; const look = () => [...DATA.list].at(-1)! + DATA.n;`,
    true,
  ],
  [
    "reads it under another name",
    `import { DATA as data } from "./pass.ts"; const look = () => data.list[data.list.length - 1]! + data.n;`,
    true,
  ],
  [
    "gives it to a function",
    `import { DATA } from "./lib.ts"; const put = (x: any) => { x.n = 9; }; put(DATA); const look = () => DATA.n;`,
    false,
  ],
  [
    "assigns a member",
    `import { DATA } from "./lib.ts"; DATA.n = 7; const look = () => DATA.n;`,
    false,
  ],
];

for (const [title, importer, isRead] of READ) {
  test(`exported data is ${isRead ? "no " : ""}state if an importer ${title}`, async (t) => {
    const lib = `export const DATA = { n: 1, list: [1, 2] };\n`;
    const pass = `export { DATA } from "./lib.ts";\n`;
    const main = `${importer}\nexport const response = { look };\n`;
    const world = await World.open(t, { "main.ts": main, "lib.ts": lib, "pass.ts": pass });
    const service = await world.start("main");
    const before = await service.req.look();
    const edited = lib.replace("n: 1", "n: 40").replace("[1, 2]", "[1, 2, 3]");
    const found = diffProgram([
      { file: "main.ts", running: main, edited: main },
      { file: "lib.ts", running: lib, edited },
      { file: "pass.ts", running: pass, edited: pass },
    ]);
    const { patch, verdict, changes } = found[1] ?? {};
    deepEqual(verdict, isRead ? "applied" : "note", JSON.stringify(changes));
    if (patch === undefined) return deepEqual(await service.req.look(), before);
    await world.hotfix(service, { "./lib.ts": patch });
    ok(isRead);
    deepEqual(await service.req.look(), 43);
  });
}
