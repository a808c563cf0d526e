/**
 * Random traffic on a service that moves between threads all the time: from three threads it gets calls, posts, timers, locks and patches,
 * and every run is judged by what must hold wherever it is.
 *
 * Each call is answered once, with its own answer; messages of one sender are handled in the order in which they were sent; each
 * timer fires once, those of one sender in the order of their moments, an interval never twice within its period; what was
 * one object stays one; what it calls answers it.
 */

import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { createRandom } from "../../../src/base/random.ts";
import { start } from "../../../src/node/node.ts";

const CELL = `import { skynet, tables } from "snax";
class Item { n = 0; next: Item | undefined; up() { this.n += 1; return this.n; } }
const last: Record<string, number> = {}; const wrong: string[] = []; const items = new Map<string, Item>(); const list: Item[] = []; let newest: Item | undefined;
const armed = new Map<string, any>(); const fired = new Map<string, number>(); const dues: Record<string, number> = {}; let echo: any; let row: any; const lock = skynet.queue(); let inside = 0;
let beatAt = 0; let beats = 0; let patched = 0; const alias = { lock, list };
setInterval(beat, 20);
function beat() { beats += 1; const now = skynet.now(); if (now - beatAt < 10) wrong.push("beat after " + (now - beatAt)); beatAt = now; }
function note(from: string, k: number) { if (k !== (last[from] ?? 0) + 1) wrong.push(from + ": " + k + " after " + last[from]); last[from] = k; }
function touch(k: number) { const key = "i" + (k % 5); let item = items.get(key); if (item === undefined) { item = new Item(); item.next = newest; items.set(key, item); list.push(item); } newest = item; item.up(); return item; }
function check() {
  const all = [...items.values()];
  if (!list.every((item) => all.includes(item)) || (newest !== undefined && !list.includes(newest))) return "alias lost";
  if (alias.lock !== lock || alias.list !== list) return "alias of a root lost";
  if (row !== undefined && row !== tables.items[1]) return "row lost";
  return "ok";
}
// Between its reading of the clock and its timer a service may stand still for long: a moment has two ends.
function fire(from: string, k: number, [early, late]: [number, number], item: Item) {
  const key = from + k; fired.set(key, (fired.get(key) ?? 0) + 1);
  if (items.get("i" + (k % 5)) !== item) wrong.push(key + ": another item");
  if (late + 3 < (dues[from] ?? 0)) wrong.push(key + ": due " + early + " to " + late + " after " + dues[from]);
  dues[from] = Math.max(dues[from] ?? 0, early); armed.delete(key);
}
export function init(e: any) { echo = e; }
export const response = {
  add(from: string, k: number) { note(from, k); touch(k); row = tables.items[1]; return [k, check()]; },
  async slow(from: string, k: number, ms: number) { note(from, k); const item = touch(k); await skynet.sleep(ms); return [k, check(), item === items.get("i" + (k % 5))]; },
  async ask(from: string, k: number) { note(from, k); return [k, await echo.req.echo(k), check()]; },
  fails(from: string, k: number) { note(from, k); throw new Error("no " + k); },
  async locked(from: string, k: number) { note(from, k); return await lock(async () => { inside += 1; const alone = inside === 1; await skynet.sleep(1); inside -= 1; return [k, alone]; }); },
  end() { return { last, wrong, fired: [...fired], armed: armed.size, beats, patched, sum: list.reduce((s, i) => s + i.n, 0), check: check() }; },
};
export const accept = {
  arm(from: string, k: number, ms: number) { note(from, k); const item = touch(k); const due = [skynet.now() + ms, 0]; armed.set(from + k, setTimeout(fire, ms, from, k, due, item)); due[1] = skynet.now() + ms; },
  post(from: string, k: number) { note(from, k); touch(k); },
};
`;

const ECHO = `import { skynet } from "snax"; export const response = { async echo(n: number) { if (n % 3 === 0) await skynet.sleep(n % 4); return n; } };`;

const CLIENT = `import { snax, skynet } from "snax";
export const response = { async run(handle: number, from: string, seed: number, count: number) {
  const cell = snax.bind(handle, "cell") as any; const problems: string[] = []; const pending: Promise<void>[] = []; let timers = 0;
  let state = seed; const pick = (max: number) => { state = (Math.imul(state, 1664525) + 1013904223) >>> 0; return Math.floor((state / 2 ** 32) * max); };
  const expect = (k: number, promise: Promise<unknown>, wanted: unknown) => {
    const good = typeof wanted === "string" ? wanted : JSON.stringify(wanted);
    pending.push(promise.then(JSON.stringify, (error: Error) => "error " + error.message).then((text) => { if (text !== good) problems.push(from + k + ": " + text + ", not " + good); }));
  };
  for (let k = 1; k <= count; k += 1) {
    const kind = pick(9);
    if (kind < 2) expect(k, cell.req.add(from, k), [k, "ok"]);
    else if (kind === 2) expect(k, cell.req.slow(from, k, 1 + pick(6)), [k, "ok", true]);
    else if (kind === 3) expect(k, cell.req.ask(from, k), [k, k, "ok"]);
    else if (kind === 4) expect(k, cell.req.fails(from, k), "error no " + k);
    else if (kind === 5) expect(k, cell.req.locked(from, k), [k, true]);
    else if (kind < 8) { cell.post.arm(from, k, 1 + pick(60)); timers += 1; }
    else cell.post.post(from, k);
    if (pick(4) === 0) await skynet.sleep(pick(5));
    if (pending.length > 3) await Promise.all(pending.splice(0));
  }
  await Promise.all(pending);
  return { problems, timers };
} };`;

/** What came of a run. */
export interface MigrateRun {
  readonly problems: readonly string[];
  readonly moves: number;
}

/** Runs one seed. */
export async function runMoves(seed: number, count = 150): Promise<MigrateRun> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "snax-moves-")));
  const texts = { cell: CELL, echo: ECHO, client: CLIENT };
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(folder, `${name}.ts`), text);
  const node = await start(
    { thread: 3, services: `${folder}/?.ts`, logger: join(folder, "log"), draintimeout: 20_000 },
    {},
  );
  const random = createRandom(seed);
  const problems: string[] = [];
  const names = ["a", "b", "c"];
  let moves = 0;
  try {
    await node.sharetable.loadtable("items", { 1: { name: "sword" } });
    const cell = await node.snax.newservice<any>("cell", await node.snax.newservice<any>("echo"));
    const clients = await Promise.all(
      names.map((_, index) => node.snax.at(1 + index).newservice<any>("client")),
    );
    // What the first move to a thread pays for is not what is looked at here.
    for (const thread of [1, 2, 3]) await node.skynet.migrate(cell.handle, { thread });
    let isOver = false;
    const running = Promise.all(
      clients.map((client, index) =>
        client.req.run(cell.handle, names[index], random.below(2 ** 31), count),
      ),
    ).finally(() => (isOver = true));
    running.catch(() => {});
    let patches = 0;
    const patching = (async () => {
      while (!isOver && patches < 4) {
        const wanted = moves + 2 + random.below(3);
        while (!isOver && moves < wanted) await node.skynet.sleep(1);
        if (isOver) break;
        patches += 1;
        const text = `declare let patched: number; function added${patches}() {} export function hotfix() { patched += 1; }`;
        await (patches % 2 === 0
          ? node.snax.hotfixall("cell", text)
          : node.snax.hotfix(cell, text));
      }
    })();
    patching.catch(() => {});
    while (!isOver) {
      const thread = 1 + random.below(3);
      const { from, to } = await node.skynet.migrate(cell.handle, { thread });
      if (from !== to) moves += 1;
      // Often at once: the next move meets the fence of the one before.
      if (random.below(3) === 0) await node.skynet.sleep(random.below(4));
      else await setImmediate();
    }
    const results = await running;
    await patching;
    for (const each of results) problems.push(...each.problems);
    const timers = results.reduce((sum, each) => sum + each.timers, 0);
    let end = await cell.req.end();
    const wait = performance.now() + 10_000;
    while (end.armed > 0 && performance.now() < wait) {
      await node.skynet.sleep(5);
      end = await cell.req.end();
    }
    const before = end.beats;
    while (end.beats < before + 2 && performance.now() < wait) {
      await node.skynet.sleep(5);
      end = await cell.req.end();
    }
    if (end.beats < before + 2) problems.push("the interval has ended");
    problems.push(...end.wrong);
    for (const name of names) {
      if (end.last[name] !== count) problems.push(`${name} ended at ${end.last[name]}`);
    }
    if (end.fired.length !== timers || end.armed !== 0) {
      problems.push(`${end.fired.length} of ${timers} timers, ${end.armed} armed`);
    }
    for (const [key, times] of end.fired)
      if (times !== 1) problems.push(`${key} fired ${times} times`);
    if (end.patched !== patches) problems.push(`${end.patched} of ${patches} patches`);
    if (end.check !== "ok") problems.push(end.check);
  } catch (error) {
    problems.push(String(error));
  } finally {
    await node.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  return { problems, moves };
}
