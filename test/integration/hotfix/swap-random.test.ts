/**
 * `snax.swap`, again and again, under random traffic by handles old and new and by names: every call is answered once and with its
 * own answer, every post is handled once, what one sender sends to one place keeps its order, one at a time stays one at a time,
 * and the old code says nothing any more once it is drained. A swap with a bug is found out.
 *
 * The node is that of src/, for the bugs are planted in it. SEED=n repeats one run; SCALE=r or s runs more of them.
 */

import { equal, match } from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";

import { createRandom } from "../../../src/base/random.ts";
import { start } from "../../../src/index.ts";
import type { Config } from "../../../src/index.ts";
import { Forwarder } from "../../../src/kernel/forwarder.ts";
import { Kernel } from "../../../src/kernel/kernel.ts";
import { HOLD } from "../../../src/kernel/service.ts";
import { drawSeeds } from "../../sim/scale.ts";
import { THREADS, writeFiles } from "../../world.ts";

/** One of two types; each service is a place of its own, whatever services come to stand there. */
const calc = (type: string, version: number): string => `
import { skynet } from "snax";
const VERSION = ${version};
let log = 0; let place = 0;
setInterval(function beat() { if (log !== 0) skynet.send(log, "lua", "beat", place, VERSION); }, 1);
export function init(handle: number, number: number) {
  log = handle; place = number;
  skynet.register("." + "${type}" + number);
  ${type === "turns" ? 'return "queue";' : ""}
}
const begin = (from: number, n: number) => skynet.send(log, "lua", "begin", place, VERSION, from, n);
export const response = {
  async work(from: number, n: number, ms: number) {
    begin(from, n);
    if (ms > 0) await skynet.sleep(ms);
    skynet.send(log, "lua", "end", place, VERSION, from, n);
    return [VERSION, from, n];
  },
  version() { return VERSION; },
};
export const accept = {
  note(from: number, n: number) { begin(from, n); skynet.send(log, "lua", "end", place, VERSION, from, n); },
};`;

const LOG = `
import { skynet } from "snax";
let seen: unknown[][] = [];
skynet.start(() => skynet.dispatch("lua", (_session, _from, what: any, ...rest: any[]) => {
  if (what !== "all") return void seen.push([what, ...rest]);
  const all = seen; seen = []; return all;
}));`;

/** Messages that each client sends at least. */
const MESSAGES_MIN = 40;

/** Sends to places by any of their handles, and by name; tells what came of it. */
const CLIENT = `
import { skynet, snax } from "snax";
import { createRandom } from "./random.ts";
let isOver = false;
const places: { type: string; ways: (number | string)[] }[] = [];
export const response = {
  async run(seed: number, given: [string, number][]) {
    for (const [at, [type, handle]] of given.entries()) places.push({ type, ways: [handle, "." + type + at] });
    const random = createRandom(seed);
    const below = (n: number) => Math.floor(random() * n);
    const self = skynet.self(); const bad: string[] = []; const open: Promise<void>[] = [];
    let count = 0;
    while (!isOver || count < ${MESSAGES_MIN}) {
      count += 1;
      const n = count;
      const { type, ways } = places[below(places.length)]!;
      const way = ways[below(ways.length)]!;
      const to = snax.bind(typeof way === "string" ? skynet.localname(way)! : way, type as never) as any;
      if (random() < 0.3) { to.post.note(self, n); await skynet.sleep(below(2)); continue; }
      const check = async () => {
        try {
          const [, from, number] = await to.req.work(self, n, below(4));
          if (from !== self || number !== n) bad.push(n + " got the answer of " + number);
        } catch (error) { bad.push(n + " was lost: " + (error as Error).message); }
      };
      open.push(check());
      if (random() < 0.3) await open.at(-1);
      if (random() < 0.3) await skynet.sleep(below(5));
    }
    await Promise.all(open);
    return { bad, count };
  },
};
export const accept = {
  stop() { isOver = true; },
  learn(pairs: [number, number][]) {
    for (const { ways } of places) {
      for (const [old, fresh] of pairs) if (ways.includes(old)) ways.push(fresh);
    }
  },
};`;

const RANDOM = `
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}`;

type Event = [what: string, place: number, version: number, from: number, n: number];

const TYPES = ["free", "turns"] as const;
const CLIENTS = 5;

/** Runs one node; returns what was wrong. */
async function run(t: TestContext, seed: number, config: Config): Promise<string[]> {
  const random = createRandom(seed);
  const folder = writeFiles(t, {
    ...Object.fromEntries(TYPES.map((type) => [type, calc(type, 1)])),
    ...{ log: LOG, client: CLIENT, random: RANDOM },
  });
  const services = `${folder}/?.ts`;
  const node = await start({ services, logger: join(folder, "node.log"), ...config });
  const { snax, skynet } = node;
  const problems: string[] = [];
  try {
    const log = await skynet.newservice("log");
    const places: [string, number][] = [];
    for (let at = 0; at < 4; at += 1) {
      const type = TYPES[at % 2] as string;
      places.push([type, (await snax.newservice<any>(type, log, at)).handle]);
    }
    const events: Event[] = [];
    const collect = async (): Promise<readonly Event[]> => {
      const all = await skynet.call<Event[]>(log, "lua", "all");
      events.push(...all);
      return all;
    };
    const clients = await Promise.all(
      Array.from({ length: CLIENTS }, () => snax.newservice<any>("client")),
    );
    const runs = clients.map((client, at) => client.req.run(seed + at, places));
    const versions = new Map<string, number>(TYPES.map((type) => [type, 1]));
    for (let swaps = 0; swaps < 4; swaps += 1) {
      await skynet.sleep(random.below(12));
      const type = TYPES[random.below(2)] as string;
      const version = (versions.get(type) ?? 0) + 1;
      versions.set(type, version);
      writeFileSync(join(folder, `${type}.ts`), calc(type, version));
      const { swapped, failed, busy } = await snax.swap(type, { retire: 86_400_000 });
      if (swapped.length !== 2) problems.push(`${swapped.length} swapped`);
      problems.push(...failed.map(({ message }) => message), ...busy.map(({ what }) => what));
      // What is on its way from another thread has come when this has been answered.
      for (const [, handle] of places) await skynet.call(handle, "debug", "PING");
      await collect();
      for (const client of clients) client.post.learn(swapped.map((each) => [each.old, each.new]));
      for (const [own, handle] of places) {
        if (own !== type) continue;
        const said = await (snax.bind(handle, own) as any).req.version();
        if (said !== version) problems.push(`${own} says ${said} and not ${version}`);
      }
      await skynet.sleep(3);
      for (const [what, place, said] of await collect()) {
        const isOld = places[place]?.[0] === type && said !== version;
        if (isOld) problems.push(`${what} of old code after it was drained`);
      }
    }
    for (const client of clients) client.post.stop();
    let sent = 0;
    for (const { bad, count } of await Promise.all(runs)) {
      problems.push(...(bad as string[]));
      sent += count as number;
    }
    for (const [type, handle] of places) await (snax.bind(handle, type) as any).req.version();
    await skynet.sleep(3);
    await collect();
    problems.push(...judge(events, places, sent));
  } finally {
    await node.stop();
  }
  return problems;
}

/** Every message once, in the order of each sender, and one at a time where that is asked for. */
function judge(
  events: readonly Event[],
  places: readonly [string, number][],
  sent: number,
): string[] {
  const problems: string[] = [];
  const times = new Map<string, number>();
  const last = new Map<string, number>();
  const inside = new Map<number, number>();
  for (const [what, place, , from, n] of events) {
    if (what === "beat") continue;
    const change = what === "begin" ? 1 : -1;
    inside.set(place, (inside.get(place) ?? 0) + change);
    if (what === "end") continue;
    const isTurns = places[place]?.[0] === "turns";
    if (isTurns && (inside.get(place) ?? 0) > 1) problems.push(`two at a time at ${place}`);
    times.set(`${from} ${n}`, (times.get(`${from} ${n}`) ?? 0) + 1);
    const pair = `${from} ${place}`;
    if (n <= (last.get(pair) ?? 0)) problems.push(`order of ${pair}: ${n}`);
    last.set(pair, n);
  }
  for (const [key, count] of times)
    if (count > 1) problems.push(`${key} was handled ${count} times`);
  const lost = sent - times.size;
  if (lost > 0) problems.push(`${lost} were never handled`);
  return problems;
}

test("services are swapped again and again under random traffic: nothing is lost, doubled, out of order or two at a time", async (t) => {
  for (const seed of drawSeeds("swap", { c: 3, r: 100, s: 5000 }).seeds) {
    const thread = THREADS === 0 && seed % 2 === 0 ? 2 : THREADS;
    const problems = await run(t, seed, { thread });
    equal(problems[0], undefined, `seed=${seed} ${problems.slice(0, 5).join("; ")}`);
  }
});

/** Puts a bug into the product, for as long as it takes to find it. */
async function findBug(t: TestContext, plant: () => () => void): Promise<string> {
  for (let seed = 1; seed <= 10; seed += 1) {
    const takeOut = plant();
    try {
      const problems = await run(t, seed, { thread: 0, draintimeout: 300 });
      if (problems.length > 0) return problems.join("; ");
    } finally {
      takeOut();
    }
  }
  return "nothing found";
}

test("a swap that does not wait for the handler of an old service in queue mode is found", async (t) => {
  const { hold } = Kernel.prototype;
  const found = await findBug(t, () => {
    Kernel.prototype.hold = function (service, reason) {
      if (reason !== HOLD.following) hold.call(this, service, reason);
    };
    return () => void (Kernel.prototype.hold = hold);
  });
  match(found, /two at a time/);
});

test("a swap that leaves the old intervals is found", async (t) => {
  const { removeTimer } = Kernel.prototype;
  const found = await findBug(t, () => {
    Kernel.prototype.removeTimer = function (service, timer) {
      if (service.isAlive && new Error().stack?.includes("Succession") === true) return;
      removeTimer.call(this, service, timer);
    };
    return () => void (Kernel.prototype.removeTimer = removeTimer);
  });
  match(found, /beat of old code|interval|timer/);
});

test("a swap that leaves what waits with the old service is found", async (t) => {
  const { empty } = Forwarder.prototype;
  const found = await findBug(t, () => {
    Forwarder.prototype.empty = () => {};
    return () => void (Forwarder.prototype.empty = empty);
  });
  match(found, /order of|old code|never handled|lost|two at a time/);
});

test("a swap that hands a message on twice is found", async (t) => {
  const { outlet } = Forwarder.prototype;
  const found = await findBug(t, () => {
    Forwarder.prototype.outlet = function (message) {
      outlet.call(this, message);
      if (message.session === 0) outlet.call(this, message);
    };
    return () => void (Forwarder.prototype.outlet = outlet);
  });
  match(found, /order of|handled 2 times/);
});
