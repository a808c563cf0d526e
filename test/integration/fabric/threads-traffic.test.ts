/**
 * Numbered calls and posts between services on real threads, while some of them are killed: every call ends once, with its
 * own answer or ERR_SERVICE_DEAD, and what one service sends to another comes in order.
 *
 * SEED=n repeats the choices of a run; the threads' timing is their own. SCALE=r or s does more.
 */

import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";

import type { ServiceObject } from "snax";
import { drawSeeds } from "../../sim/scale.ts";
import { world } from "../../world.ts";

const THREADS = 2;
const STEADY = 6;
const MORTAL = 4;
const OPERATIONS = { c: 300, r: 20_000, s: 200_000 } as const;

/** A hot-fix of all peers after each of this number of kills, at most one in this number of milliseconds. */
const PATCH_PERIOD_MS = { c: 0, r: 200, s: 200 } as const;

const PEER = `
  import { skynet } from "snax";
  const VERSION = 0;
  let mortals: any[] = [];
  const heard = new Map<number, number>();
  const sent = new Map<number, number>();
  const broken: string[] = [];
  let state = 1;
  const below = (bound: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 4294967296) * bound);
  };
  function hear(from: number, number: number) {
    const last = heard.get(from) ?? 0;
    if (number !== last + 1) broken.push(number + " of " + from + " came after " + last);
    heard.set(from, number);
  }
  const lengths = [0, 0, 0, 10, 100, 1000, 400_000];
  export const accept = {
    note(from: number, number: number, text: string) { hear(from, number); },
    mortals(list: any[]) { mortals = list; },
  };
  export const response = {
    echo(from: number, number: number, nonce: number, text: string) { hear(from, number); return nonce; },
    async flush(peers: any[]) {
      for (const target of peers) {
        const number = (sent.get(target.handle) ?? 0) + 1;
        sent.set(target.handle, number);
        await target.req.echo(skynet.self(), number, 0, "");
      }
    },
    async run(peers: any[], count: number, seed: number) {
      state = seed;
      const tally = { issued: 0, values: 0, dead: 0, wrong: 0 };
      const me = skynet.self();
      const calls: Promise<void>[] = [];
      for (let n = 1; n <= count; n += 1) {
        const isMortal = mortals.length > 0 && below(4) === 0;
        const list = isMortal ? mortals : peers;
        const target = list[below(list.length)];
        const text = "x".repeat(below(50) === 0 ? lengths[below(lengths.length)] : 0);
        const number = (sent.get(target.handle) ?? 0) + 1;
        sent.set(target.handle, number);
        if (below(2) === 0) {
          target.post.note(me, number, text);
        } else {
          tally.issued += 1;
          calls.push(target.req.echo(me, number, n, text).then(
            (value: unknown) => { if (value === n) tally.values += 1; else tally.wrong += 1; },
            (error: any) => {
              if (error.code === "ERR_SERVICE_DEAD" && isMortal) tally.dead += 1;
              else tally.wrong += 1;
            },
          ));
        }
        if (calls.length >= 20) await Promise.all(calls.splice(0));
      }
      await Promise.all(calls);
      return tally;
    },
    report() { return { heard: [...heard], sent: [...sent], broken, version: VERSION }; },
  };`;

/** Replaces what every message runs through, with itself. */
const patchOf = (version: number): string => `
  declare const heard: Map<number, number>;
  declare const broken: string[];
  const VERSION = ${version};
  function hear(from: number, number: number) {
    const last = heard.get(from) ?? 0;
    if (number !== last + 1) broken.push(number + " of " + from + " came after " + last + " in version ${version}");
    heard.set(from, number);
  }`;

interface Report {
  readonly heard: [number, number][];
  readonly sent: [number, number][];
  readonly broken: string[];
  readonly version: number;
}

test("between threads calls end exactly once and messages keep their order while services are killed and patched", async (t) => {
  const { seeds, name } = drawSeeds("threads.traffic", { c: 1, r: 1, s: 1 });
  const count = OPERATIONS[name as keyof typeof OPERATIONS];
  const { snax, skynet } = await world(t, { peer: PEER }, { thread: THREADS });
  const make = (index: number): Promise<ServiceObject> =>
    snax.at(1 + (index % THREADS)).newservice<any>("peer");
  const steady = await Promise.all(Array.from({ length: STEADY }, (_, index) => make(index)));
  const mortals = await Promise.all(Array.from({ length: MORTAL }, (_, index) => make(index)));
  const tell = (): void => steady.forEach((one) => one.post.mortals(mortals));
  tell();
  const handles = steady.map(({ handle }) => handle);
  let isOver = false;
  let kills = 0;
  let version = 0;
  let patchedAt = performance.now();
  const runs = Promise.all(
    steady.map((one, index) => one.req.run(steady, count, (seeds[0] as number) + index)),
  ).finally(() => (isOver = true));
  while (!isOver || kills < MORTAL) {
    const index = kills % MORTAL;
    skynet.kill((mortals[index] as ServiceObject).handle);
    mortals[index] = await make(index);
    tell();
    kills += 1;
    if (performance.now() - patchedAt < PATCH_PERIOD_MS[name as keyof typeof OPERATIONS]) continue;
    version += 1;
    const { applied, failed } = await snax.hotfixall<any>("peer", patchOf(version));
    deepEqual(failed, []);
    deepEqual(
      handles.filter((handle) => !applied.includes(handle)),
      [],
    );
    patchedAt = performance.now();
  }
  const tallies = (await runs) as { issued: number; values: number; dead: number; wrong: number }[];
  for (const { issued, values, dead, wrong } of tallies) {
    equal(wrong, 0);
    equal(values + dead, issued);
  }
  // The last posts may still be on their way; an answered call has come in behind them.
  await Promise.all(steady.map((one) => one.req.flush(steady)));
  const reports = (await Promise.all(steady.map((one) => one.req.report()))) as Report[];
  for (const [index, { heard, broken, version: own }] of reports.entries()) {
    deepEqual(broken, []);
    equal(own, version);
    const target = (steady[index] as ServiceObject).handle;
    for (const [other, { sent }] of reports.entries()) {
      const from = (steady[other] as ServiceObject).handle;
      equal(new Map(heard).get(from), new Map(sent).get(target), `${from} to ${target}`);
    }
  }
  ok(tallies.some(({ values }) => values > 0));
  ok(version > 0);
  const sum = (key: "issued" | "dead"): number =>
    tallies.reduce((all, tally) => all + tally[key], 0);
  console.log(
    `threads.traffic: operations=${STEADY * count} calls=${sum("issued")} dead=${sum("dead")} ` +
      `kills=${kills} hotfixes=${version} lost=0 doubled=0`,
  );
});
