/** The timers of a service that moves between threads: its code does not notice. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import { codeOf } from "snax";
import type { ServiceObject } from "snax";
import type { World } from "../../world.ts";
import { failureOf, world } from "../../world.ts";

const THREE = { thread: 3 };

/** Moves it to another thread, whichever it is on. */
async function move({ skynet }: World, { handle }: ServiceObject): Promise<void> {
  const { from } = await skynet.migrate(handle, { thread: 1 });
  if (from === 1) await skynet.migrate(handle, { thread: 2 });
}

async function until(node: World, isOver: () => Promise<boolean>): Promise<void> {
  while (!(await isOver())) await node.skynet.sleep(2);
}

test("a timer in a variable is the same one after a move: cleared, refreshed, turned into a number and back", async (t) => {
  const clock = `import { skynet } from "snax";
    const log: string[] = []; const timers = new Map<string, any>(); const numbers: Record<string, number> = {}; let again: any;
    function note(what: string, box?: { n: number }) { if (box) box.n += 1; log.push(what); }
    const box = { n: 0 };
    export const accept = {
      arm(name: string, ms: number) { timers.set(name, setTimeout(note, ms, name, box)); },
      every(name: string, ms: number) { timers.set(name, setInterval(note, ms, name, box)); again = timers.get(name); },
      number(name: string) { numbers[name] = +timers.get(name); },
      clear(name: string) { clearTimeout(timers.get(name)); },
      clearNumber(name: string) { clearTimeout(numbers[name]); },
      refresh(name: string) { timers.get(name).refresh(); },
      closure(ms: number) { setTimeout(() => note("closure", box), ms); skynet.timeout(ms, () => note("timeout", box)); },
    };
    export const response = { log() { return log; }, n() { return box.n; }, same(name: string) { return again === timers.get(name); } };`;
  const node = await world(t, { clock }, THREE);
  const one = await node.make("clock");
  one.post.arm("a", 20);
  one.post.arm("cleared", 3000);
  one.post.arm("numbered", 3000);
  one.post.arm("last", 3010);
  one.post.arm("b", 40);
  one.post.every("beat", 15);
  one.post.number("numbered");
  one.post.closure(25);
  await move(node, one);
  await move(node, one);
  ok(await one.req.same("beat"));
  one.post.clear("cleared");
  one.post.clearNumber("numbered");
  await until(node, async () => (await one.req.log()).includes("b"));
  await until(
    node,
    async () => (await one.req.log()).filter((each: string) => each === "beat").length > 3,
  );
  one.post.clear("beat");
  await until(node, async () => (await one.req.log()).includes("last"));
  await move(node, one);
  const log: string[] = await one.req.log();
  deepEqual(new Set(log), new Set(["a", "b", "beat", "closure", "last", "timeout"]));
  equal(log.filter((each) => each !== "beat").length, 5);
  ok(log.indexOf("a") < log.indexOf("b"));
  equal(await one.req.n(), log.length);
  // One that is over begins anew, with what it ran.
  one.post.refresh("a");
  await move(node, one);
  await until(node, async () => (await one.req.log()).length > log.length);
  deepEqual((await one.req.log()).slice(log.length), ["a"]);
  equal(await one.req.n(), log.length + 1);
});

test("timers of the top level go on as they are: none begins anew that is over or cleared, and a reload still replaces them", async (t) => {
  const text = `import { skynet } from "snax";
    const fired: string[] = []; function note(what: string) { fired.push(what); }
    setTimeout(note, 1, "once"); setTimeout(() => note("closure"), 1); setImmediate(note, "soon"); skynet.fork(() => note("fork")); skynet.timeout(1, () => note("timeout"));
    const beat = setInterval(note, 4, "beat"); const off = setInterval(note, 5, "off"); let late: any = setTimeout(note, 60_000, "late");
    export const response = { fired() { return fired; }, isOver() { return fired.length > 5; } };
    export const accept = { off() { clearInterval(off); fired.length = 0; }, stop() { clearInterval(beat); clearTimeout(late); }, hurry() { late = setTimeout(note, 1, "hurried"); } };`;
  const node = await world(t, { text }, THREE);
  const one = await node.make("text");
  await until(
    node,
    async () => (await one.req.isOver()) && (await one.req.fired()).includes("timeout"),
  );
  one.post.off();
  for (let count = 0; count < 4; count += 1) await move(node, one);
  await until(node, async () => (await one.req.fired()).length > 3);
  deepEqual([...new Set(await one.req.fired())], ["beat"]);
  one.post.stop();
  await one.req.fired();
  await move(node, one);
  const count = (await one.req.fired()).length;
  one.post.hurry();
  await until(node, async () => (await one.req.fired()).length > count);
  deepEqual((await one.req.fired()).slice(count), ["hurried"]);
  await node.snax.reload(one);
  one.post.off();
  await until(
    node,
    async () => (await one.req.fired()).filter((each: string) => each === "beat").length > 2,
  );
  one.post.stop();
  await one.req.fired();
});

test("a timer comes although the service moves all the time, once, and in the order in which timers were armed", async (t) => {
  const text = `const fired: number[] = []; function fire(id: number) { fired.push(id); }
    export const accept = { arm(ids: number[], ms: number) { for (const id of ids) setTimeout(fire, ms, id); } };
    export const response = { fired() { return fired; } };`;
  const node = await world(t, { text }, THREE);
  const one = await node.make("text");
  const ids = Array.from({ length: 20 }, (_, id) => id);
  one.post.arm(ids, 100);
  while ((await one.req.fired()).length < ids.length) await move(node, one);
  await move(node, one);
  await node.skynet.sleep(5);
  deepEqual(await one.req.fired(), ids);
});

test("a timer whose closure captures something refuses the move with its line, as does one in a variable", async (t) => {
  const text = `let held: any; let n = 0;
    class Room { n = 0; timer: any; begin() {
      this.timer = setInterval(() => this.tick(), 1000); }
      tick() { this.n += 1; } }
    let room: any;
    export const accept = { begin() { room = new Room(); room.begin(); }, end() { clearInterval(room.timer); room = undefined; },
      hold(k: number) {
        held = setTimeout(() => { n += k; }, 1); },
      drop() { held = undefined; }, args() { held = setTimeout(Number, 60_000, { run: () => 1 }); }, clear() { clearTimeout(held); held = undefined; } };
    export const response = { n() { return n; } };`;
  const node = await world(t, { text }, THREE);
  const one = await node.make("text");
  const refusal = async (): Promise<string> => {
    const error = await failureOf(move(node, one));
    equal(codeOf(error), "ERR_MIGRATE");
    return error.message;
  };
  one.post.begin();
  match(await refusal(), /the function of a setInterval of 1000 ms \(text\.ts:3\) is a closure/);
  one.post.end();
  await move(node, one);
  one.post.hold(3);
  await until(node, async () => (await one.req.n()) === 3);
  // It is over, and could begin anew.
  match(await refusal(), /the function of a setTimeout of 1 ms \(text\.ts:8\) is a closure/);
  one.post.drop();
  await move(node, one);
  one.post.args();
  match(await refusal(), /an argument of a setTimeout of 60000 ms is a closure/);
  one.post.clear();
  await move(node, one);
  equal(await one.req.n(), 3);
});

test("skynet.now and skynet.hpc are the node's on every thread: a moved service sees no time that was before", async (t) => {
  const text = `import { skynet } from "snax"; let last = 0; let hpc = 0n;
    export const response = { ok() { const [now, fine] = [skynet.now(), skynet.hpc()]; const good = now >= last && fine >= hpc && now - last < 60_000; last = now; hpc = fine; return good; } };`;
  const node = await world(t, { text }, THREE);
  const one = await node.make("text");
  ok(await one.req.ok());
  const before = node.skynet.now();
  for (let count = 0; count < 6; count += 1) {
    await move(node, one);
    ok(await one.req.ok());
  }
  ok(node.skynet.now() >= before);
});

test("timers that come due while the service is on its way come in the order of their moments", async (t) => {
  const text = `import { skynet } from "snax"; const fired: number[][] = []; function fire(due: number[]) { fired.push(due); }
    export const accept = { arm(count: number, ms: number) { for (let i = 0; i < count; i += 1) { const left = ms - 3 * i; const due = [skynet.now() + left, 0]; setTimeout(fire, left, due); due[1] = skynet.now() + left; } } };
    export const response = { fired() { return fired; } };`;
  const node = await world(t, { text }, THREE);
  const one = await node.make("text");
  one.post.arm(30, 120);
  while ((await one.req.fired()).length < 30) await move(node, one);
  const fired: [early: number, late: number][] = await one.req.fired();
  // A busy machine may stand still between a reading of the clock and a timer: a moment has two ends. Those of one millisecond
  // come as they were armed.
  for (const [index, [early]] of fired.entries()) {
    const [, late] = fired[index + 1] ?? [0, Infinity];
    ok(early < late + 2, fired.join(" "));
  }
});

test("no timeout comes too early, however often the service moves", async (t) => {
  const text = `import { skynet } from "snax"; let at = 0; let began = 0;
    export const accept = { arm(ms: number) { began = skynet.now(); setTimeout(note, ms); } };
    function note() { at = skynet.now() - began; }
    export const response = { at() { return at; } };`;
  const node = await world(t, { text }, THREE);
  const one = await node.make("text");
  one.post.arm(150);
  while ((await one.req.at()) === 0) await move(node, one);
  // skynet.now() of two threads may differ by their rounding.
  ok((await one.req.at()) >= 149);
});
