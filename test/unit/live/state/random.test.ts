/**
 * Random graphs of state, carried over and compared with what they were: every value, and which values are one object.
 *
 * The seed is printed when a run fails. A planted fault shows that the comparison sees lost aliases.
 */

import { equal, notEqual } from "node:assert/strict";
import { test } from "node:test";
import type { Instance } from "../../../../src/loader/run/instance.ts";
import { restoreState } from "../../../../src/live/state/restore.ts";
import type { State } from "../../../../src/live/state/state.ts";
import { takeState } from "../../../../src/live/state/take.ts";
import { call, Modules } from "../../loader/harness.ts";

const FILES = {
  "main.ts": `
import { Thing, registry } from "./lib.ts";
class Point { x = 0; y = 0; }
class Room extends Map<unknown, unknown> { label = ""; }
class Bad extends TypeError {}
function one() { return 1; }
const table = { two() { return 2; }, inner: { three: () => 3 }, count: 0 };
const kMark = Symbol("mark");
const list: unknown[] = []; const map = new Map<unknown, unknown>(); const set = new Set<unknown>();
let any: unknown; let more: unknown; const box: Record<string, unknown> = {}; const point = new Point();
(one as any).memo = new Map();

export function build(seed: number) {
  let n = seed >>> 0;
  const next = (max: number) => { n = (Math.imul(n ^ (n >>> 15), 2246822519) + 0x9e3779b9) >>> 0; n ^= n >>> 13; return (n >>> 0) % max; };
  const made: any[] = [list, map, set, box, point, table, registry, (one as any).memo];
  const memory = new ArrayBuffer(16);
  const fresh = (): any => {
    switch (next(22)) {
      case 0: return new Point(); case 1: return new Room(); case 2: return new Map(); case 3: return new Set(); case 4: return [];
      case 5: return new Date(next(1e6)); case 6: return /a+/gi; case 7: return new Uint8Array(memory, next(8), 4); case 8: return Buffer.from([next(256), 2]);
      case 9: return new Bad("b" + next(9)); case 10: return Object.create(null); case 11: return new Thing(next(9)); case 12: return Object(next(9));
      case 13: return new Float64Array([next(9) / 3]); case 14: return new Error("e"); case 15: return new DataView(memory, 2);
      case 16: return [1, , 3]; case 17: return Object.freeze({ a: next(5) }); default: return { id: next(100) };
    }
  };
  const value = (): any => {
    switch (next(16)) {
      case 0: return next(1000); case 1: return "s" + next(1000); case 2: return null; case 3: return undefined; case 4: return -0;
      case 5: return BigInt(next(1e9)); case 6: return one; case 7: return table.two; case 8: return Point; case 9: return kMark; case 10: return table.inner.three;
      case 11: case 12: return made[next(made.length)];
      default: { const object = fresh(); made.push(object); return object; }
    }
  };
  for (let step = 0; step < 60; step += 1) {
    const holder = made[next(made.length)];
    if (holder instanceof Map) holder.set(value(), value());
    else if (holder instanceof Set) holder.add(value());
    else if (Array.isArray(holder)) { if (next(4) === 0) holder[next(6)] = value(); else holder.push(value()); }
    else if (Object.isFrozen(holder) || ArrayBuffer.isView(holder) || holder === table || holder instanceof Number) continue;
    else if (next(9) === 0) holder[kMark] = value();
    else if (next(12) === 0) Object.defineProperty(holder, "hidden", { value: value(), configurable: true, writable: true });
    else holder["k" + next(5)] = value();
  }
  table.count = next(9); any = value(); more = value();
}

/** Everything that can be reached, with a number for each object: two prints are the same if the graphs are. */
export function print(): string {
  const numbers = new Map<unknown, number>(); const out: string[] = [];
  const names = new Map<unknown, string>([[one, "one"], [table.two, "two"], [table.inner.three, "three"], [Point, "Point"], [kMark, "mark"]]);
  const show = (value: any): string => {
    if (names.has(value)) return "<" + names.get(value) + ">";
    if (typeof value === "bigint") return value + "n";
    if (value === null || typeof value !== "object") return Object.is(value, -0) ? "-0" : typeof value + ":" + String(value);
    const known = numbers.get(value); if (known !== undefined) return "#" + known;
    const id = numbers.size; numbers.set(value, id);
    const parts = [value.constructor?.name ?? "null", Object.isFrozen(value) ? "frozen" : ""];
    if (value instanceof Map) for (const [k, v] of value) parts.push(show(k) + "=>" + show(v));
    else if (value instanceof Set) for (const v of value) parts.push(show(v));
    else if (value instanceof Date || value instanceof RegExp || value instanceof Number) parts.push(String(value.valueOf()));
    else if (ArrayBuffer.isView(value)) { parts.push(show(value.buffer), String(value.byteOffset), String(value.byteLength)); }
    else if (value instanceof ArrayBuffer) parts.push(String(value.byteLength));
    if (!ArrayBuffer.isView(value)) for (const key of Reflect.ownKeys(value)) {
      const p: any = Object.getOwnPropertyDescriptor(value, key);
      if (key !== "stack") parts.push(String(key) + ":" + p.enumerable + p.writable + show(p.value));
    }
    out[id] = parts.join(" ");
    return "#" + id;
  };
  const roots = [list, map, set, any, more, box, point, table, registry, (one as any).memo].map(show);
  return roots.join(",") + "\\n" + out.join("\\n");
}
`,
  "lib.ts":
    `export class Thing { constructor(readonly n: number) {} } export const registry: any[] = [];`.replace(
      "constructor(readonly n: number) {}",
      "n: number; constructor(n: number) { this.n = n; }",
    ),
};

const RUNS = Number(process.env["SNAX_STATE_RUNS"] ?? 150);
const OPTIONS = { isService: false } as const;

const print = (instance: Instance): string => String(call(instance, "print"));

test("random states arrive as they were, also over structured clone, and the old one is untouched", async (t) => {
  const modules = new Modules(t, FILES);
  const first = Number(process.env["SNAX_STATE_SEED"] ?? Date.now() % 1e9);
  for (let seed = first; seed < first + RUNS; seed += 1) {
    const old = await modules.run();
    call(old, "build", seed);
    const before = print(old);
    for (const how of ["given away", "reference", "missing"] as const) {
      const isGivenAway = how === "given away";
      const foreign = isGivenAway ? "reference" : how;
      const taken = takeState(old, { ...OPTIONS, foreign, isGivenAway });
      equal(taken.left.map(({ path, why }) => `${path} ${why}`).join(), "", `seed ${seed}`);
      const state = foreign === "missing" ? structuredClone(taken) : taken;
      const next = await modules.run();
      const { missing } = restoreState(state, next, OPTIONS);
      equal(missing.length, 0, `seed ${seed}`);
      equal(print(next), before, `seed ${seed}, ${how}`);
    }
    equal(print(old), before, `seed ${seed}: the old instance`);
  }
});

test("a planted fault, aliases lost between variables, is seen", async (t) => {
  const modules = new Modules(t, FILES);
  let noticed = 0;
  for (let seed = 1; seed <= 40; seed += 1) {
    const old = await modules.run();
    call(old, "build", seed);
    const taken = takeState(old, { ...OPTIONS, foreign: "missing" });
    const next = await modules.run();
    restoreState(withoutAliases(taken), next, OPTIONS);
    if (print(next) !== print(old)) noticed += 1;
  }
  notEqual(noticed, 0);
});

/** Clones each variable by itself. */
function withoutAliases(state: State): State {
  const odd = new Map<object, never>();
  const roots = state.roots.map((root) => {
    const copy = structuredClone({ root, odd: state.odd });
    for (const [mirror, each] of copy.odd) odd.set(mirror, each as never);
    return copy.root;
  });
  return { ...state, roots, odd };
}
