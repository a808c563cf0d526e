/**
 * What the top level of a service begins and goes on with, when its code begins anew: a loop is there once, whatever it waits for
 * and however it arms itself, and state that was carried is not loaded again over it.
 */

import { deepEqual, equal, match } from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { startTest } from "snax/testing";
import { failureOf, world, writeFiles } from "../../world.ts";

/** Each loop has a number of its own, which its beats note. */
const HEAD = `
import { skynet } from "snax";
const seen: number[] = [];
let beats = 0;
function note(id: number): void { beats += 1; if (!seen.includes(id)) seen.push(id); }
const newId = () => Math.random();
export const response = {
  forget() { seen.length = 0; beats = 0; },
  beats() { return beats; },
  loops() { return seen.length; },
};
`;

/** Ways in which a top level begins one loop. */
const LOOPS: Readonly<Record<string, string>> = {
  "an interval": `setInterval(note, 5, newId());`,
  "a timeout that arms itself": `function beat(id: number) { note(id); setTimeout(beat, 5, id); } beat(newId());`,
  "skynet.timeout that arms itself": `
    let id = 0; const beat = (): void => { note(id); skynet.timeout(5, beat); }; id = newId(); beat();`,
  "an async function that sleeps and arms itself": `
    async function beat(id: number) { note(id); await skynet.sleep(1); setTimeout(beat, 4, id); } void beat(newId());`,
  "an async function that awaits what is there": `
    async function beat(id: number) { await null; note(id); await null; setTimeout(beat, 5, id); } void beat(newId());`,
  "two functions that arm each other": `
    function day(id: number) { note(id); setTimeout(night, 3, id); } function night(id: number) { setTimeout(day, 2, id); }
    day(newId());`,
  "timers of both kinds that arm each other": `
    let id = 0; function day() { note(id); skynet.timeout(3, night); } function night() { setTimeout(day, 2); }
    id = newId(); day();`,
  "an interval behind promises": `
    async function begin() { await null; await null; await null; setInterval(note, 5, newId()); } void begin();`,
  "an interval behind a call": `
    async function begin() { await skynet.call(".launcher", "lua", "LIST"); setInterval(note, 5, newId()); } void begin();`,
  "an interval behind a sleep": `skynet.sleep(2).then(() => { setInterval(note, 5, newId()); });`,
  "a loop beside an init": `
    async function beat(id: number) { note(id); await skynet.sleep(1); setTimeout(beat, 4, id); } void beat(newId());
    export async function init() { await skynet.sleep(1); }`,
};

/** Most milliseconds between two beats of one loop. */
const PERIOD_MS = 6;

for (const [how, text] of Object.entries(LOOPS)) {
  test(`a loop of the top level is there once after reloads: ${how}`, async (t) => {
    const folder = writeFiles(t, { room: HEAD + text });
    const node = await startTest({ services: `${folder}/?.ts`, time: "virtual" });
    t.after(() => node.stop());
    const starting = node.snax.newservice<any>("room");
    await node.advance(5);
    const room = await starting;
    for (const more of ["", "", "\nlet more = 1;"]) {
      await node.advance(4 * PERIOD_MS);
      writeFileSync(join(folder, "room.ts"), HEAD + text + more);
      const reloading = node.snax.reload(room);
      await node.advance(10);
      await reloading;
      await room.req.forget();
      await node.advance(10 * PERIOD_MS);
      deepEqual([await room.req.loops(), (await room.req.beats()) >= 9], [1, true]);
    }
  });
}

test("a loop of the top level is there once after moves to another thread", async (t) => {
  const names = Object.keys(LOOPS);
  const files = Object.fromEntries(
    Object.values(LOOPS).map((text, index) => [`room${index}`, HEAD + text]),
  );
  const { snax, skynet } = await world(t, files, { thread: 3 });
  for (const [index, how] of names.entries()) {
    // The second one comes to a thread that its text has come to before.
    for (const thread of [3, 3]) {
      const room = await snax.at(2).newservice<any>(`room${index}`);
      while ((await room.req.beats()) === 0);
      await skynet.migrate(room.handle, { thread });
      await room.req.forget();
      while ((await room.req.beats()) < 12);
      equal(await room.req.loops(), 1, how);
    }
  }
});

test("what a loop has armed, and what a handler has begun, goes on beside the new loop", async (t) => {
  const text = `
    import { skynet } from "snax";
    const ended: string[] = [];
    let isCast = false;
    function end(spell: string) { ended.push(spell); }
    function again(left: number) { ended.push("again"); if (left > 1) setTimeout(again, 10, left - 1); }
    const spell = { beat(this: void) { ended.push("of its name"); } };
    function beat() {
      if (isCast) { isCast = false; setTimeout(end, 30, "of a beat"); setTimeout(spell.beat, 30); }
      setTimeout(beat, 5);
    }
    beat();
    export const response = { ended() { return ended; } };
    export const accept = { cast() { isCast = true; }, loop() { again(4); } };`;
  const folder = writeFiles(t, { room: text });
  const node = await startTest({ services: `${folder}/?.ts`, time: "virtual" });
  t.after(() => node.stop());
  const room = await node.snax.newservice<any>("room");
  room.post.cast();
  room.post.loop();
  await node.advance(12);
  await node.snax.reload(room);
  await node.snax.reload(room);
  await node.advance(40);
  deepEqual((await room.req.ended()).toSorted(), [
    "again",
    "again",
    "again",
    "again",
    "of a beat",
    "of its name",
  ]);
});

/** A top level that loads, and may do so for long. */
const LOADS = `
import { skynet } from "snax";
let players: string[] = [];
async function load() { players = await skynet.call(".stock", "lua"); }
void load();
export const accept = { join(name: string) { players.push(name); } };
export const response = { players() { return players; } };
`;
const STOCK = `
import { skynet } from "snax";
skynet.start(() => { skynet.dispatch("lua", () => ["of the stock"]); skynet.register(".stock"); });
`;

test("what the top level loads does not come over the state that was carried", async (t) => {
  const { snax, skynet } = await world(t, { room: LOADS, stock: STOCK }, { thread: 3 });
  await skynet.newservice("stock");
  const room = await snax.at(2).newservice<any>("room");
  while ((await room.req.players()).length === 0);
  room.post.join("Li");
  await snax.reload(room);
  room.post.join("Ana");
  for (const thread of [3, 2, 3]) await skynet.migrate(room.handle, { thread });
  deepEqual(await room.req.players(), ["of the stock", "Li", "Ana"]);
});

test("a new top level that goes on for ever refuses the reload, and nothing of it goes on", async (t) => {
  const ways = {
    "code that sleeps (skynet.sleep)": "await skynet.sleep(20); hits.push('new');",
    "code that waits (skynet.wait)": "await skynet.wait({}); hits.push('new');",
    "a call that waits for its answer":
      "await skynet.call(skynet.self(), 'lua').catch(() => {}); await skynet.call('.mute', 'lua'); hits.push('new');",
  };
  for (const [what, body] of Object.entries(ways)) {
    const text = `import { skynet } from "snax"; const hits: string[] = []; export const response = { hits() { return hits; } };`;
    const mute = `import { skynet } from "snax"; skynet.start(() => { skynet.dispatch("lua", () => new Promise(() => {})); skynet.register(".mute"); });`;
    const { make, snax, skynet, folder } = await world(
      t,
      { room: text, mute },
      { hotfixtimeout: 100 },
    );
    await skynet.newservice("mute");
    const room = await make("room");
    const loop = `async function loop() { for (;;) { ${body} } } void loop();`;
    writeFileSync(join(folder, "room.ts"), text + loop);
    const error = await failureOf(snax.reload(room));
    equal(error.code, "ERR_RELOAD");
    match(error.message, /its new top level goes on after 100 ms \(hotfixtimeout\): /);
    equal(error.message.includes(what), true, error.message);
    await skynet.sleep(50);
    deepEqual(await room.req.hits(), []);
    writeFileSync(join(folder, "room.ts"), `${text} let more = 1;`);
    await snax.reload(room);
  }
});
