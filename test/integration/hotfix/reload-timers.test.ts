/** The timers of a service that is reloaded: each variable holds its own, and they come in their order. */

import { deepEqual, equal, match } from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import type { TestNode } from "snax/testing";
import { startTest } from "snax/testing";
import type { Files } from "../../world.ts";
import { addFiles, failureOf, writeFiles } from "../../world.ts";

interface Timed extends TestNode {
  readonly folder: string;
  readonly edit: (text: string) => void;
}

/** A node whose time the test moves, with one service file. @param more - other files */
async function timed(t: TestContext, text: string, more: Files = {}): Promise<Timed> {
  const folder = writeFiles(t, { clock: text, ...more });
  const node = await startTest({ services: `${folder}/?.ts`, time: "virtual" });
  t.after(() => node.stop());
  return Object.assign(node, {
    folder,
    edit: (next: string) => writeFileSync(join(folder, "clock.ts"), next),
  });
}

/** What follows each way to arm timers at top level. */
const REST = `
const fired: string[] = []; function note(what: any) { fired.push(what.name ?? what); }
export const response = { fired() { return fired.splice(0); } };
export const accept = { clear(i: number) { clearInterval(all()[i]); }, refresh(i: number) { all()[i].refresh(); } };
`;

/** Ways in which several timers of the top level do the same as often. */
const ALIKE: Readonly<Record<string, string>> = {
  "other arguments": `const a = setInterval(note, 10, "a"); const b = setInterval(note, 10, "b"); const c = setInterval(note, 10, "c"); const all = () => [a, b, c];`,
  "objects as arguments": `const a = setInterval(note, 10, { name: "a" }); const b = setInterval(note, 10, { name: "b" }); const c = setInterval(note, 10, { name: "c" }); const all = () => [a, b, c];`,
  "a closure in a loop": `const list: any[] = []; for (const n of ["a", "b", "c"]) list.push(setInterval(() => note(n), 10)); const all = () => list;`,
  "closures of other texts": `const c = setInterval(() => note("a"), 10); const b = setInterval(() => note("b"), 10); const a = setInterval(() => note("c"), 10); const all = () => [c, b, a];`,
  "one of them is held nowhere, another one was cleared at once": `setInterval(note, 10, 0).close(); const a = setInterval(note, 10, "a"); setInterval(note, 10, 1).close(); const b = setInterval(note, 10, "b"); const c = setInterval(note, 10, "c"); const all = () => [a, b, c];`,
};

for (const [how, text] of Object.entries(ALIKE)) {
  test(`a variable holds its own timer after a reload, also one that was cleared: ${how}`, async (t) => {
    for (const cleared of [[], [0], [0, 1], [0, 1, 2]]) {
      for (const next of [text + REST, `${text}${REST} let more = 1;`]) {
        const node = await timed(t, text + REST);
        const clock = await node.snax.newservice<any>("clock");
        for (const each of cleared) clock.post.clear(each);
        await node.advance(15);
        await clock.req.fired();
        node.edit(next);
        await node.snax.reload(clock);
        await node.advance(15);
        deepEqual(await clock.req.fired(), ["a", "b", "c"], "the top level begins anew");
        clock.post.clear(1);
        await node.advance(10);
        deepEqual(await clock.req.fired(), ["a", "c"]);
        clock.post.clear(0);
        await node.advance(10);
        deepEqual(await clock.req.fired(), ["c"]);
        await node.stop();
      }
    }
  });
}

test("an edited top level gives each variable the timer with its arguments", async (t) => {
  const all = "const all = () => [a, b];";
  const node = await timed(
    t,
    `const a = setInterval(note, 10, "a"); const b = setInterval(note, 10, "b"); ${all}${REST}`,
  );
  const clock = await node.snax.newservice<any>("clock");
  node.edit(
    `setInterval(note, 10, "new"); const b = setInterval(note, 10, "b"); const a = setInterval(note, 10, "a"); ${all}${REST}`,
  );
  await node.snax.reload(clock);
  clock.post.clear(0);
  await node.advance(15);
  deepEqual(await clock.req.fired(), ["new", "b"]);
});

test("timers of one millisecond come in the order in which they were armed, whatever holds them", async (t) => {
  const text = `const order: number[] = []; const held = new Map<number, any>(); const back: any[] = [];
    function fire(id: number) { order.push(id); }
    export const accept = { arm(id: number, ms: number, how: number) {
      if (how === 2) { skynet.timeout(ms, () => fire(0)); return; }
      const timer = setTimeout(fire, ms, id); if (how === 1) { held.set(id, timer); back.unshift(timer); } } };
    export const response = { order() { return order; } };`;
  const node = await timed(t, `import { skynet } from "snax"; ${text}`);
  const clock = await node.snax.newservice<any>("clock");
  const wanted: number[] = [];
  for (let id = 1; id <= 12; id += 1) {
    clock.post.arm(id, 30, id % 3);
    wanted.push(id % 3 === 2 ? 0 : id);
  }
  // Later armed, earlier due.
  clock.post.arm(21, 20, 1);
  await node.advance(0.3);
  for (let count = 0; count < 3; count += 1) {
    await node.snax.reload(clock);
    await node.advance(5.3);
  }
  await node.advance(40);
  deepEqual(await clock.req.order(), [21, ...wanted]);
});

test("what a handler has armed keeps its moment and its phase, however often the service is reloaded", async (t) => {
  const text = `import { skynet } from "snax"; const at: number[] = []; let began = 0; let beat: any;
    export const accept = { begin() { began = skynet.now(); beat = setInterval(note, 20); setTimeout(note, 30); } };
    function note() { at.push(Math.round(skynet.now() - began)); }
    export const response = { at() { return at; } };`;
  const node = await timed(t, text);
  const clock = await node.snax.newservice<any>("clock");
  await node.advance(0.4);
  clock.post.begin();
  await clock.req.at();
  for (let count = 0; count < 60; count += 1) {
    await node.snax.reload(clock);
    await node.advance(1.7);
  }
  const at: number[] = await clock.req.at();
  equal(at.length, 6, at.join());
  deepEqual(
    at.map((each) => Math.round(each / 10) * 10),
    [20, 30, 40, 60, 80, 100],
    at.join(),
  );
});

test("a timer that is over is no other one, its number stays, and refreshed it runs the new code", async (t) => {
  const text = (what: string): string => `import { skynet } from "snax"; const fired: string[] = [];
    setInterval(tick, 10); function tick() { fired.push("beat"); }
    function fire(n: number) { fired.push("${what}" + n); }
    let over: any; let cleared: any; let number = 0; let closure: any; let k = 1;
    export const accept = {
      arm() { over = setTimeout(fire, 1, 7); cleared = setInterval(tick, 10); clearInterval(cleared); number = +setTimeout(fire, 1000, 8);
        const held = {}; closure = setTimeout(() => { fire(held ? k : 0); }, 1); },
      clear() { clearInterval(cleared); clearTimeout(number); }, refresh() { over.refresh(); }, dead() { closure.refresh(); } };
    export const response = { fired() { return fired.splice(0); } };`;
  const node = await timed(t, text("old"));
  const clock = await node.snax.newservice<any>("clock");
  clock.post.arm();
  await node.advance(5);
  deepEqual((await clock.req.fired()).toSorted(), ["old1", "old7"]);
  node.edit(text("new"));
  await node.snax.reload(clock);
  clock.post.clear();
  await node.advance(1015);
  const beats: string[] = await clock.req.fired();
  deepEqual([...new Set(beats)], ["beat"]);
  equal(beats.length, 101);
  clock.post.refresh();
  await node.advance(2);
  deepEqual(await clock.req.fired(), ["new7"]);
  // What it captured is of the old code, in which no handler runs any more.
  clock.post.dead();
  await node.advance(2);
  deepEqual(await clock.req.fired(), []);
  match(node.log.map(({ text: line }) => line).join("\n"), /timer error.*before the reload/s);
});

test("a reload that fails leaves numbers and timers to the old code", async (t) => {
  const text = `const fired: number[] = []; let number = 0; let held: any; function fire(n: number) { fired.push(n); }
    export const accept = { arm() { number = +setTimeout(fire, 30, 1); held = setTimeout(fire, 40, 2); setTimeout(fire, 50, 3); }, clear() { clearTimeout(number); clearTimeout(held); } };
    export const response = { fired() { return fired; } };`;
  const node = await timed(t, text);
  const clock = await node.snax.newservice<any>("clock");
  clock.post.arm();
  node.edit(`${text} export function reload() { throw new Error("no"); }`);
  await node.snax.reload(clock).then(
    () => Promise.reject(new Error("it was reloaded")),
    () => undefined,
  );
  clock.post.clear();
  await node.advance(100);
  deepEqual(await clock.req.fired(), [3]);
});

test("timers that handlers have armed go on with the new functions, and one with a closure refuses", async (t) => {
  const text = (
    n: number,
  ): string => `import { skynet } from "snax"; let log: any[] = []; let tick: any; let later: any; const who = { name: "ann" };
    function ring(x: any, y: any) { log.push(["ring", ${n}, x, y === who]); } function beat() { log.push(["beat", ${n}]); }
    export const response = { arm(ms: number) { later = setTimeout(ring, ms, "x", who); skynet.timeout(ms, beat); }, every() { tick = setInterval(beat, 20); },
      stop() { clearInterval(tick); clearTimeout(later); }, log() { return log.splice(0); }, bad() { const x = 1; setTimeout(() => x, 100000); } };`;
  const node = await timed(t, text(1));
  const clock = await node.snax.newservice<any>("clock");
  await clock.req.arm(1500);
  await node.advance(1400);
  node.edit(text(2));
  await node.snax.reload(clock);
  await node.advance(99);
  deepEqual(await clock.req.log(), []);
  await node.advance(2);
  deepEqual(await clock.req.log(), [
    ["ring", 2, "x", true],
    ["beat", 2],
  ]);
  await clock.req.every();
  await node.advance(50);
  node.edit(text(3));
  await node.snax.reload(clock);
  await node.advance(20);
  deepEqual(await clock.req.log(), [
    ["beat", 2],
    ["beat", 2],
    ["beat", 3],
  ]);
  await clock.req.stop();
  await node.advance(100);
  deepEqual(await clock.req.log(), []);
  await clock.req.bad();
  const error = await failureOf(node.snax.reload(clock));
  match(error.message, /the function of a setTimeout of 100000 ms \(clock\.ts:4\) is a closure/);
});

test("a closure of a timer that captures nothing is made again; whatever else it reaches refuses", async (t) => {
  const text = (
    n: number,
    body: string,
    more = "",
  ): string => `import { skynet } from "snax"; import { help } from "./lib.ts";
    let log: any[] = []; const seen = new Map<string, number>(); let every: any; const k = 1; function tick(x: any) { log.push([${n}, x]); } ${more}
    export const response = { log() { return log; }, stop() { clearInterval(every); every = undefined; }, arm(k: number) { ${body} } };`;
  const free = `every = setInterval(() => { const k2 = help(2); tick("i" + k2); }, 400); setTimeout((x: string) => { seen.set(x, 1); tick(x + seen.size); }, 1000, "t"); skynet.timeout(1000, () => tick(help(7)));`;
  const lib = (by: number): string => `export function help(n: number) { return n + ${by}; }`;
  const node = await timed(t, text(1, free), { lib: lib(1) });
  const clock = await node.snax.newservice<any>("clock");
  await clock.req.arm(5);
  node.edit(text(2, free));
  addFiles(node.folder, { lib: lib(10) });
  equal((await node.snax.reload("clock")).failed.length, 0);
  await node.advance(1001);
  deepEqual(await clock.req.log(), [
    [2, "i12"],
    [2, "i12"],
    [2, "t1"],
    [2, 17],
  ]);
  await clock.req.stop();
  const bad = [
    ["setTimeout(() => tick(k), 100000);", ""],
    ["const f = () => 1; setTimeout(() => tick(f()), 100000);", ""],
    ["setTimeout(() => { tick(this); }, 100000);", ""],
    ["setTimeout(function (this: any) { tick(this); }, 100000);", ""],
    ["setTimeout(Object.assign(() => tick(1), { own: 1 }), 100000);", ""],
    // The same text stands where it captures something, too: which of them it is can't be told.
    [
      "setTimeout(() => tick(seen), 100000);",
      "function other(seen: any) { return () => tick(seen); }",
    ],
  ] as const;
  for (const [body, more] of bad) {
    node.edit(text(3, body, more));
    const one = await node.snax.newservice<any>("clock");
    equal((await node.snax.reload(one)).failed.length, 0);
    await one.req.arm(5);
    const error = await failureOf(node.snax.reload(one));
    match(
      error.message,
      /the function of a setTimeout of 100000 ms (?:\(clock\.ts:\d+\) )?is a closure/,
      body,
    );
    await node.snax.exit(one);
  }
  // The edit has another function there: the old text would go on.
  node.edit(text(4, "setTimeout(() => tick(4), 100000);"));
  const last = await node.snax.newservice<any>("clock");
  await node.snax.reload(last);
  await last.req.arm(5);
  node.edit(text(5, "setTimeout(() => tick(5), 100000);"));
  match((await failureOf(node.snax.reload(last))).message, /is a closure/);
});
