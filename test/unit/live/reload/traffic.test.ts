/**
 * Reloads under random traffic, in virtual time: one with unchanged text is invisible at any point, and so is one that fails
 * at any step.
 *
 * Every run is judged by what must hold whatever comes between: each call is answered once, with its own answer; messages are
 * handled in the order in which they were sent; a timer fires once; what was one object stays one. Planted faults are found.
 */

import { deepEqual, notEqual } from "node:assert/strict";
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import type { Random } from "../../../../src/base/random.ts";
import { createRandom } from "../../../../src/base/random.ts";
import { Kernel } from "../../../../src/kernel/kernel.ts";
import { HOLD } from "../../../../src/kernel/service.ts";
import { OldTimers } from "../../../../src/live/reload/old-timers.ts";
import { Reviver } from "../../../../src/live/state/revive.ts";
import { startTest } from "../../../../src/testing/start-test.ts";
import { drawSeeds } from "../../../sim/scale.ts";

const CELL = `import { skynet, snax } from "snax";
class Item { n = 0; next: Item | undefined; up() { this.n += 1; return this.n; } }
const order: number[] = []; const fired: number[] = []; const armed = new Map<number, any>(); const items = new Map<string, Item>();
const list: Item[] = []; let last: Item | undefined; let ready = true; let beats = 0; let helper: any; const table = { fire, seen: 0 };
setInterval(() => { beats += 1; }, 7);
function fire(id: number, item: Item) { fired.push(id); if (items.get("i" + (id % 5)) !== item) fired.push(-id); armed.delete(id); }
function check() {
  if (!ready) return "not ready";
  for (const item of list) if (![...items.values()].includes(item)) return "alias lost";
  if (last !== undefined && !list.includes(last)) return "last lost";
  return table.fire === fire ? "ok" : "table lost";
}
function touch(id: number) { const key = "i" + (id % 5); let item = items.get(key); if (item === undefined) { item = new Item(); item.next = last; items.set(key, item); list.push(item); } last = item; item.up(); return item; }
export async function init(h: any) { helper = h; }
export const response = {
  add(id: number) { order.push(id); touch(id); return [id, check()]; },
  async slow(id: number, ms: number) { order.push(id); const item = touch(id); await skynet.sleep(ms); return [id, check(), item === items.get("i" + (id % 5))]; },
  async ask(id: number) { order.push(id); return [id, await helper.req.echo(id), check()]; },
  fails(id: number) { order.push(id); throw new Error("no " + id); },
  end() { return { order, fired, armed: armed.size, beats, sum: list.reduce((s, i) => s + i.n, 0), check: check() }; },
};
export const accept = {
  arm(id: number, ms: number) { order.push(id); armed.set(id, setTimeout(fire, ms, id, touch(id))); },
  stop(id: number) { order.push(id); const [key] = armed.keys(); if (key !== undefined) { clearTimeout(armed.get(key)); armed.delete(key); fired.push(key); } },
};
/*MORE*/
`;

/** Texts whose reload fails, each at another step. */
const FAILING: readonly string[] = [
  "const x = ;",
  CELL.replace("class Item", "class Thing").replaceAll("Item", "Thing2"),
  `${CELL} throw new Error("top");`,
  `${CELL} setTimeout(() => fired.push(-1), 1); export function reload() { order.length = 0; throw new Error("reload"); }`,
  `${CELL} export async function reload() { items.clear(); await skynet.sleep(1); throw new Error("late"); }`,
  CELL.replace("export const response", "export const response = 5; const other"),
];

const ASYNC = `${CELL} export async function reload() { ready = false; await skynet.sleep(3); ready = true; }`;

interface Run {
  readonly problems: readonly string[];
  readonly reloads: number;
}

/** Sends messages at random moments, and reloads between them. */
async function runTraffic(t: TestContext, seed: number, texts: readonly string[]): Promise<Run> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "snax-reload-")));
  const write = (text: string): void => writeFileSync(join(folder, "cell.ts"), text);
  write(CELL);
  writeFileSync(
    join(folder, "echo.ts"),
    `import { skynet } from "snax"; export const response = { async echo(n: number) { await skynet.sleep(n % 9); return n; } };`,
  );
  const node = await startTest({
    services: `${folder}/?.ts`,
    time: "virtual",
    config: { thread: 0, draintimeout: 1000 },
  });
  const random: Random = createRandom(seed);
  const problems: string[] = [];
  const say = (what: string): void => void problems.push(what);
  try {
    const echo = await node.snax.newservice<any>("echo");
    const cell = await node.snax.newservice<any>("cell", echo);
    const sent: number[] = [];
    const armed: number[] = [];
    const pending: Promise<void>[] = [];
    let reloads = 0;
    // The file is read when the reload begins.
    let isReloading = false;
    const expect = (id: number, promise: Promise<unknown>, wanted: unknown): void => {
      const got = promise.then(JSON.stringify, (error: Error) => `error ${error.message}`);
      pending.push(
        got.then((text) => {
          const good = typeof wanted === "string" ? wanted : JSON.stringify(wanted);
          if (text !== good) say(`${id}: ${text}, not ${good}`);
        }),
      );
    };
    const pick = (max: number): number => random.below(max);
    for (let id = 1; id <= 60; id += 1) {
      // There is an item before the first reload: without one the text that lacks the class is a good one.
      const kind = id === 1 ? 0 : pick(8);
      if (kind < 2) expect(id, cell.req.add(id), [id, "ok"]);
      else if (kind === 2) expect(id, cell.req.slow(id, 1 + pick(20)), [id, "ok", true]);
      else if (kind === 3) expect(id, cell.req.ask(id), [id, id, "ok"]);
      else if (kind === 4) expect(id, cell.req.fails(id), `error no ${id}`);
      else if (kind < 7) {
        cell.post.arm(id, 1 + pick(60));
        armed.push(id);
      } else cell.post.stop(id);
      sent.push(id);
      if (pick(6) === 0 && !isReloading) {
        isReloading = true;
        const text = texts[pick(texts.length)] ?? CELL;
        write(text);
        reloads += 1;
        const isGood = !FAILING.includes(text);
        const done = node.snax.reload(cell).then(
          () => "done",
          (error: Error) => `failed ${error.message}`,
        );
        pending.push(
          done.then((what) => {
            isReloading = false;
            if ((what === "done") !== isGood) say(`reload ${what}`);
          }),
        );
        if (pick(2) === 0) await node.advance(pick(5));
      }
      if (pick(3) === 0) await node.advance(pick(12));
    }
    await node.advance(3000);
    await Promise.all(pending);
    const end = await cell.req.end();
    if (JSON.stringify(end.order) !== JSON.stringify(sent)) say(`order ${end.order}`);
    const fired = [...end.fired].toSorted((a: number, b: number) => a - b);
    if (JSON.stringify(fired) !== JSON.stringify(armed))
      say(`fired ${fired.join()}, not ${armed.join()}`);
    if (end.armed !== 0 || end.check !== "ok") say(`at the end ${end.armed} ${end.check}`);
    const before = end.beats;
    await node.advance(70);
    const beats = (await cell.req.end()).beats - before;
    if (beats !== 10) say(`${beats} beats in 70 ms`);
    return { problems, reloads };
  } finally {
    await node.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

const COUNTS = { c: 12, r: 150, s: 100_000 };

test("a reload with unchanged text is invisible at any point under traffic", async (t) => {
  for (const seed of drawSeeds("reload", COUNTS).seeds) {
    const { problems, reloads } = await runTraffic(t, seed, [CELL, ASYNC]);
    deepEqual(problems, [], `seed ${seed}`);
    notEqual(reloads, -1);
  }
});

test("a reload that fails at any step is invisible at any point under traffic", async (t) => {
  for (const seed of drawSeeds("reload.fails", COUNTS).seeds) {
    const { problems } = await runTraffic(t, seed, [...FAILING, CELL]);
    deepEqual(problems, [], `seed ${seed}`);
  }
});

/** Runs seeds with a method of the runtime in another way. */
async function noticed<T extends object, K extends keyof T>(
  t: TestContext,
  [holder, key]: readonly [T, K],
  fault: T[K],
): Promise<number> {
  const before = holder[key];
  holder[key] = fault;
  let count = 0;
  try {
    for (let seed = 1; seed <= 5; seed += 1) {
      if ((await runTraffic(t, seed, [CELL, ASYNC])).problems.length > 0) count += 1;
    }
  } finally {
    holder[key] = before;
  }
  return count;
}

test("planted: old timers go on, the gate is opened early, what was one object is two", async (t) => {
  notEqual(await noticed(t, [OldTimers.prototype, "endOld"], () => {}), 0);
  const { hold } = Kernel.prototype;
  const early: typeof hold = function (this: Kernel, service, bit) {
    if (bit !== HOLD.draining && bit !== HOLD.patching) hold.call(this, service, bit);
  };
  notEqual(await noticed(t, [Kernel.prototype, "hold"], early), 0);
  const { revive } = Reviver.prototype;
  const split: typeof revive = function (this: Reviver, value) {
    const made = revive.call(this, value) as object | undefined;
    if (made?.constructor?.name !== "Item") return made;
    return Object.assign(Object.create(Object.getPrototypeOf(made) as object) as object, made);
  };
  notEqual(await noticed(t, [Reviver.prototype, "revive"], split), 0);
});
