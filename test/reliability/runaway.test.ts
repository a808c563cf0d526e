/**
 * Test 4: a hundred handlers of each kind that never return, with twenty healthy services in the same thread and one in another.
 * Each is found, named and stopped, its caller gets ERR_INTERRUPTED, all others an answer. What can't be cut off costs the thread;
 * native code is named, and the other threads go on. SCALE=n does n times as much.
 */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";

import { Flag, IS_OVER } from "../integration/flag.ts";
import { codeOfFailure, world } from "../world.ts";
import type { Files, World } from "../world.ts";
import { measureBareThread, p99, percentile } from "./thread-death.ts";

const TRIALS = 100 * Number(process.env["SCALE"] ?? 1);
const HEALTHY = 20;
const STALL = { warn: 0, interrupt: 200, rest: 0 };

/** Milliseconds from the decision until all callers are answered, on a quiet machine: half of them, and 99 of 100. */
const AFTER_P50_MS = 250;
const AFTER_P99_MS = 1000;
/** What a thread that does nothing takes there to start and end; where it takes longer, so may everything else. */
const BARE_MS = 50;

/** Of calls in another thread while native code runs, where twice the quiet figure is less than what the clock can tell. */
const NATIVE_P99_MS = 10;

/** Line 3 is the loop. */
const FILES: Files = {
  "spin.ts": `
export function spin(limit: number): never {
  for (let count: number = 0; ; count += limit);
}`,
  good: `
    import { skynet } from "snax";
    ${IS_OVER}
    export const response = {
      hello() { return "hello"; },
      async chat(other: any, flag: SharedArrayBuffer) {
        const times: number[] = [];
        do {
          const since = performance.now();
          await other.req.hello();
          times.push(performance.now() - since);
          await skynet.sleep(1);
        } while (!isOver(flag));
        return times;
      },
    };`,
  bad: `
    import { pbkdf2Sync } from "node:crypto";
    import { skynet } from "snax";
    import { spin } from "./spin.ts";
    const slow = (a: number, b: number) => {
      let x = a;
      for (let n = 0; n < 1000; n += 1) x = Math.sqrt(x * x + b * b + 1);
      return x > 0 ? a - b : spin(1);
    };
    export const response = {
      hello() { return "hello"; },
      sync() { spin(1); },
      async await() { await skynet.sleep(1); spin(1); },
      catch() { for (;;) { try { spin(1); } catch { spin(2); } } },
      finally() { for (;;) { try { spin(1); } finally { spin(2); } } },
      regex() { return /(a+)+b/.test("a".repeat(40)); },
      sort() { return Array.from({ length: 1_000_000 }, (_, n) => -n).sort(slow).length; },
      raw() { globalThis.setTimeout(() => spin(1), 1); return new Promise(() => {}); },
      pbkdf2() { return pbkdf2Sync("a", "b", 3_000_000, 64, "sha512").length; },
      fill() {
        const end = Date.now() + 2000;
        while (Date.now() < end) new Array(10_000_000).fill(1);
        return 64;
      },
    };
    export const accept = { timer() { setTimeout(() => spin(1), 1); } };`,
};

interface Players {
  readonly node: World;
  bad: any;
  good: any[];
  readonly other: any;
}

async function play(t: TestContext, stall = STALL): Promise<Players> {
  const node = await world(t, FILES, { thread: 2, stall });
  const other = await node.snax.at(2).newservice<any>("good");
  return { node, other, ...(await bear(node)) };
}

async function bear({ snax, skynet }: World): Promise<Pick<Players, "bad" | "good">> {
  const names = ["bad", ...Array.from({ length: HEALTHY }, () => "good")];
  for (;;) {
    try {
      const [bad, ...good] = await Promise.all(
        names.map((name) => snax.at(1).newservice<any>(name)),
      );
      return { bad, good };
    } catch {
      // The thread is being replaced.
      await skynet.sleep(5);
    }
  }
}

/** How many times longer than on a quiet machine things may take on this one, just now. */
async function patience(): Promise<number> {
  return Math.max(1, (await measureBareThread()) / BARE_MS);
}

/** Milliseconds until something is answered. */
async function timed(promise: Promise<unknown>, answer: unknown): Promise<number> {
  const since = performance.now();
  equal(await promise, answer);
  return performance.now() - since;
}

/** Reads when handlers were cut off; the last line comes behind the last answer. */
async function readFound(node: World): Promise<{ log: string; found: number[] }> {
  for (;;) {
    const log = (await node.log()).join("\n");
    const lines = [...log.matchAll(/interrupted after (\d+) ms : snax bad/g)];
    if (lines.length < TRIALS) continue;
    equal(lines.length, TRIALS);
    return { log, found: lines.map(([, ms]) => Number(ms) - STALL.interrupt) };
  }
}

function tell(shape: string, trials: number, figures: Record<string, readonly number[]>): void {
  const text = Object.entries(figures).map(([name, times]) => {
    return `${name} p50=${percentile(times, 0.5).toFixed(0)} p99=${percentile(times, 0.99).toFixed(0)} max=${Math.max(...times).toFixed(0)} ms`;
  });
  console.log(`runaway ${shape}: ${trials} of ${trials}, ${text.join(", ")}`);
}

const SHAPES = ["sync", "await", "catch", "finally", "regex", "sort", "timer"];

for (const shape of SHAPES) {
  test(`handlers that loop are cut off, and no other service is harmed: ${shape}`, async (t) => {
    const { node, bad, good, other } = await play(t);
    const stopped: number[] = [];
    const healthy: number[] = [];
    const elsewhere: number[] = [];
    for (let trial = 0; trial < TRIALS; trial += 1) {
      const isPost = shape === "timer";
      if (isPost) {
        bad.post.timer();
        // It comes a millisecond later. Trials that are over before would pile up, and the last one wait for all of them.
        await node.skynet.sleep(5);
      }
      const looping = isPost
        ? undefined
        : timed(codeOfFailure(bad.req[shape]()), "ERR_INTERRUPTED");
      const neighbours = [bad, ...good].map((each) => timed(each.req.hello(), "hello"));
      elsewhere.push(await timed(other.req.hello(), "hello"));
      healthy.push(...(await Promise.all(neighbours)));
      if (looping !== undefined) stopped.push((await looping) - STALL.interrupt);
    }
    const { log, found } = await readFound(node);
    ok(!/has died|can't be interrupted/.test(log), "nothing else happened");
    if (shape !== "regex" && shape !== "sort") match(log, /\n {4}at spin \(file:\S*spin\.ts:3:3\)/);
    const times = await patience();
    const rest = stopped.length > 0 ? { stopped } : {};
    tell(shape, TRIALS, { found, ...rest, healthy, "other thread": elsewhere });
    const most = [0.5, 0.99].map((share) => percentile(healthy, share) - STALL.interrupt);
    ok((most[0] ?? 0) <= AFTER_P50_MS * times, `p50 ${most[0]} ms, ${times} times`);
    ok((most[1] ?? 0) <= AFTER_P99_MS * times, `p99 ${most[1]} ms, ${times} times`);
  });
}

test("a loop in a raw timer costs its thread, which is replaced, and not the process", async (t) => {
  const players = await play(t);
  const { node, other } = players;
  const lost: number[] = [];
  const back: number[] = [];
  for (let trial = 0; trial < TRIALS; trial += 1) {
    const { bad, good } = players;
    lost.push(await timed(codeOfFailure(bad.req.raw()), "ERR_SERVICE_DEAD"));
    const since = performance.now();
    equal(await codeOfFailure(good[0].req.hello()), "ERR_SERVICE_DEAD");
    equal(await other.req.hello(), "hello");
    Object.assign(players, await bear(node));
    back.push(performance.now() - since);
  }
  const died = (await node.log()).filter((line) => line.startsWith("thread 1 has died"));
  equal(died.length, TRIALS);
  tell("raw timer", TRIALS, { lost, back });
});

for (const [shape, trials] of Object.entries({ pbkdf2: 3, fill: 3 })) {
  test(`native code is named, and the other threads go on: ${shape}`, async (t) => {
    const { node, bad, other } = await play(t, { warn: 300, interrupt: 1000, rest: 0 });
    const partner = await node.snax.at(2).newservice<any>("good");
    const chat = async (until: Promise<unknown>): Promise<number[]> => {
      const flag = new Flag();
      const times = other.req.chat(partner, flag.memory) as Promise<number[]>;
      await until.finally(() => flag.raise());
      return await times;
    };
    const quiet = await chat(node.skynet.sleep(2000));
    const meanwhile: number[] = [];
    const ends = new Set<string>();
    for (let trial = 0; trial < trials; trial += 1) {
      const native = codeOfFailure(bad.req[shape]());
      meanwhile.push(...(await chat(native)));
      ends.add(await native);
      equal(await bad.req.hello(), "hello");
    }
    const log = (await node.log()).join("\n");
    match(log, /maybe in an endless loop .*(snax bad|in native code)/);
    ok(!log.includes("has died"));
    tell(`${shape} (${[...ends].join(", ")})`, trials, { quiet, meanwhile });
    deepEqual(
      [...ends].filter((end) => !/^(resolved to 64|ERR_INTERRUPTED)$/.test(end)),
      [],
    );
    const mostMs = Math.max(2 * p99(quiet), NATIVE_P99_MS * (await patience()));
    ok(p99(meanwhile) <= mostMs, `${p99(meanwhile)} ms`);
  });
}
