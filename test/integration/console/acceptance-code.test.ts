/**
 * Acceptance cases 18 and 20 of the repair: new code behind a handle with the state, and new services in the place of the old.
 *
 * Each case goes as an operator goes, by the shell. Cases 1 to 17 are in the other acceptance files.
 */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { ServiceObject } from "snax";
import { project } from "../dev/project.ts";
import { address, openShop } from "./acceptance.ts";
import type { Shop } from "./acceptance.ts";

/** A room with players, the clock of which counts under the name of the text that it belongs to. */
const arena = (
  version: string,
  edit: { base?: string; heir?: string; more?: string } = {},
): string => `
import { existsSync } from "node:fs";
import { skynet } from "snax";
${edit.base ?? ""}
class Player ${edit.heir ?? ""} {
  hp = 10;
  hit() { this.hp -= 3 - ((this as any).armour ?? 0); return this.hp; }
}
const players = new Map<string, Player>();
const beats: Record<string, number> = {};
function beat() { beats["${version}"] = (beats["${version}"] ?? 0) + 1; }
setInterval(beat, 1);
export function init() { skynet.register(".arena"); }
export const response = {
  join(name: string) { players.set(name, new Player()); return players.size; },
  hit(name: string) { return players.get(name)?.hit(); },
  async sleeps(path: string) {
    while (!existsSync(path)) await skynet.sleep(1);
    return "${version} has slept, " + players.size;
  },
  look() { return ["${version}", [...players].map(([name, { hp }]) => name + " " + hp)]; },
  beats() { return beats; },
};
${edit.more ?? ""}`;

const EDITED = arena("v2", {
  base: "class Body { armour = 0; }",
  heir: "extends Body",
  more: "export function reload() { for (const each of players.values()) each.armour = 2; }",
});

/** Sends a request that waits in the mailbox, as the service itself says. */
async function queue(
  { skynet }: Shop,
  room: ServiceObject,
): Promise<{ readonly answer: Promise<unknown> }> {
  const waiting = async (): Promise<number> => {
    const { mqlen } = (await skynet.call(room.handle, "debug", "STAT")) as { mqlen: number };
    return mqlen;
  };
  for (;;) {
    let isAnswered = false;
    const answer = room.req.look().then((value: unknown) => {
      isAnswered = true;
      return value;
    });
    while (!isAnswered) {
      // One that is not held is handled between the two.
      const isHeld = (await waiting()) > 0 && (await waiting()) > 0;
      if (isHeld && !isAnswered) return { answer };
      await skynet.sleep(1);
    }
  }
}

test("case 18: another parent and a new field behind a handle, with one handler asleep and one message queued", async (t) => {
  const files = { "services/arena.ts": arena("v1") };
  const shop = await openShop(t, files, { draintimeout: 60_000 });
  const room = await shop.make("arena");
  await room.req.join("ann");
  await room.req.join("bob");
  equal(await room.req.hit("ann"), 7);
  const go = join(shop.folder, "go");
  const sleeper = room.req.sleeps(go);
  shop.write("services/arena.ts", EDITED);
  const reloading = shop.shell("reload", "arena");
  const { answer } = await queue(shop, room);
  writeFileSync(go, "");
  const { code, lines } = await reloading;
  equal(code, 0, lines.join("\n"));
  match(lines.join("\n"), /^reloaded\t1\nfailed\t0\n/m);
  equal(await sleeper, "v1 has slept, 2");
  deepEqual(await answer, ["v2", ["ann 7", "bob 10"]]);
  // Players that were there have the new field, and their method is the new one.
  equal(await room.req.hit("bob"), 9);
  equal(shop.skynet.localname(".arena"), room.handle);
  const before = await room.req.beats();
  for (let now = before; (now.v2 ?? 0) < (before.v2 ?? 0) + 20; now = await room.req.beats()) {
    equal(now.v1, before.v1);
    await shop.skynet.sleep(1);
  }
  const throwing = arena("v3", {
    base: "class Body { armour = 0; }",
    heir: "extends Body",
    more: 'export function reload() { players.clear(); throw new Error("no heart for it"); }',
  });
  shop.write("services/arena.ts", throwing);
  const refused = await shop.shell("reload", "arena");
  equal(refused.code, 1);
  match(refused.lines.join("\n"), /no heart for it/);
  deepEqual(await room.req.look(), ["v2", ["ann 7", "bob 9"]]);
});

const calc = (version: number): string => `
import { skynet } from "snax";
export const response = {
  async twice(value: number) { await skynet.sleep(value % 5); return [${version}, value * 2]; },
};`;

/** Calls one of some services after the other, until it is told to stop; a wrong answer and a lost call are counted. */
const CLIENT = `
import { snax } from "snax";
let isOver = false; let isAfter = false;
const seen = { calls: 0, lost: 0, wrong: 0, old: 0, late: 0 };
export const accept = { stop() { isOver = true; }, after() { isAfter = true; } };
export const response = {
  seen() { return seen; },
  async run(handles: number[], from: number) {
    const all = handles.map((handle) => snax.bind(handle, "calc")) as any[];
    for (let value = from; !isOver; value += 1) {
      const isLate = isAfter;
      try {
        const [version, twice] = await all[value % all.length].req.twice(value);
        if (version === 1) seen.old += 1;
        if (version === 1 && isLate) seen.late += 1;
        if (twice !== value * 2) seen.wrong += 1;
      } catch { seen.lost += 1; }
      seen.calls += 1;
    }
    return seen;
  },
};`;

test("case 20: four services are swapped under 50 clients: nothing is lost or wrong, nothing old after that", async (t) => {
  const files = { "services/calc.ts": calc(1), "services/client.ts": CLIENT };
  const shop = await openShop(t, files, { thread: 2 });
  const pool = await Promise.all(Array.from({ length: 4 }, () => shop.make("calc")));
  const clients = await Promise.all(Array.from({ length: 50 }, () => shop.make("client")));
  const handles = pool.map(({ handle }) => handle);
  const runs = clients.map((client, at) => client.req.run(handles, at * 1000));
  const called = async (): Promise<number> => {
    const all = await Promise.all(clients.map((client) => client.req.seen()));
    return Math.min(...all.map(({ calls }) => calls as number));
  };
  const more = async (): Promise<void> => {
    const before = await called();
    while ((await called()) < before + 5) await shop.skynet.sleep(1);
  };
  await more();
  shop.write("services/calc.ts", calc(2));
  const { code, lines } = await shop.shell("swap", "calc");
  for (const client of clients) client.post.after();
  equal(code, 0, lines.join("\n"));
  match(lines.join("\n"), /^swapped\t4\nfailed\t0\ndrained\t\d+ ms\nforwarded\t\d+\n/m);
  for (const each of pool) ok(lines.some((line) => line.startsWith(`${address(each)}\t-> `)));
  await more();
  for (const client of clients) client.post.stop();
  let [old, calls] = [0, 0];
  for (const seen of await Promise.all(runs)) {
    deepEqual([seen.lost, seen.wrong, seen.late], [0, 0, 0]);
    [old, calls] = [old + seen.old, calls + seen.calls];
  }
  ok(old > 0 && calls > old);
});

test("case 20: a syntax error that is saved under snax dev is told with its place, and every call goes on", async (t) => {
  const { save, next, said } = await project(t, {
    "services/calc": calc(1),
    "services/client": CLIENT,
    "services/main": `
      import { skynet, snax } from "snax";
      skynet.start(async () => {
        const make = (name: string, count: number) =>
          Promise.all(Array.from({ length: count }, () => snax.newservice<any>(name)));
        const [pool, clients] = [await make("calc", 4), await make("client", 50)];
        for (const [at, client] of clients.entries()) void client.req.run(pool.map(({ handle }) => handle), at * 1000);
        let last = 0;
        const look = async () => {
          const all = await Promise.all(clients.map((client) => client.req.seen()));
          const calls = Math.min(...all.map((each) => each.calls));
          const bad = all.reduce((sum, { lost, wrong }) => sum + lost + wrong, 0);
          if (calls >= last + 5) skynet.error("all had " + (last = calls) + " answers, " + bad + " bad.");
          setTimeout(look, 10);
        };
        void look();
      });`,
  });
  await next("answers, 0 bad.");
  save("services/calc.ts", calc(2).replace("value * 2]", "value * ]"));
  equal(
    await next("calc.ts"),
    "services/calc.ts:4:82: Expression expected  (nothing changed; the server runs on)",
  );
  await next("answers, 0 bad.");
  save("services/calc.ts", calc(2));
  match(await next("calc.ts"), /^services\/calc\.ts: .*; patched 4 calc, \d+ ms$/);
  await next("answers, 0 bad.");
  ok(!/, [1-9]\d* bad/.test(said()), said());
});
