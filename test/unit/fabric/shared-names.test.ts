/** Names that all threads share: one holder each, found by all at once, and none lost among its neighbours. */

import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { test } from "node:test";

import type { Random } from "../../../src/base/random.ts";
import { createRandom } from "../../../src/base/random.ts";
import { LOCK_STALE_MS } from "../../../src/fabric/shared-lock.ts";
import { createNamesMemory, NAMES_MAX, SharedNames } from "../../../src/fabric/shared-names.ts";
import { LOCAL_NAME_BYTES_MAX } from "../../../src/kernel/name-table.ts";
import { drawSeeds } from "../../sim/scale.ts";
import { handleOf, runRace } from "./shared-race.ts";

/** Places of the index; the test knows where a name belongs, so that it can make names that get in each other's way. */
const PLACES = NAMES_MAX * 2;

/** Several threads' views of one table, and who is dead. */
function open(memory = createNamesMemory()): {
  memory: SharedArrayBuffer;
  views: [SharedNames, SharedNames];
  dead: Set<number>;
} {
  const dead = new Set<number>();
  const isAlive = (handle: number): boolean => !dead.has(handle);
  const view = (thread: number): SharedNames =>
    new SharedNames(memory, { thread, isAlive, announce: () => {} });
  return { memory, views: [view(1), view(2)], dead };
}

/** FNV-1a, as the table hashes. */
function placeOf(name: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0) & (PLACES - 1);
}

/** Names that all want the last places of the index and the first ones. */
function createNeighbours(count: number): string[] {
  const found: string[] = [];
  for (let number = 0; found.length < count; number += 1) {
    const name = `.n${number.toString(36)}`;
    if (((placeOf(name) + 2) & (PLACES - 1)) < 4) found.push(name);
  }
  return found;
}

function shuffle<T>(list: readonly T[], random: Random): T[] {
  const rest = [...list];
  return list.map(() => rest.splice(random.below(rest.length), 1)[0] as T);
}

test("a name belongs to the service that came first, on every thread and at once", () => {
  const { views } = open();
  const [mine, theirs] = views;
  equal(mine.register("SHOP", 5), true);
  equal(theirs.register("SHOP", 6), false);
  equal(theirs.register("SHOP", 5), true);
  deepEqual([mine.get("SHOP"), theirs.get("SHOP"), theirs.get("SHOPS")], [5, 5, undefined]);
});

test("a service's death frees its names on every thread, and no other's", () => {
  const { views } = open();
  const [mine, theirs] = views;
  for (const name of [".a", ".b", "C"]) mine.register(name, 5);
  theirs.register(".d", 6);
  equal(theirs.get(".a"), 5);
  mine.release(5);
  deepEqual(
    [".a", ".b", "C", ".d"].map((name) => theirs.get(name)),
    [undefined, undefined, undefined, 6],
  );
  equal(theirs.register(".a", 6), true);
  equal(mine.get(".a"), 6);
});

test("the name of a service that ended without a word is free, and can be given again", () => {
  const { views, dead } = open();
  const [mine, theirs] = views;
  mine.register(".a", 5);
  equal(mine.get(".a"), 5);
  dead.add(5);
  deepEqual([mine.get(".a"), theirs.get(".a")], [undefined, undefined]);
  equal(theirs.register(".a", 6), true);
  equal(mine.get(".a"), 6);
});

test("a sweep takes the names from the dead and leaves those of the living", () => {
  const { views, dead } = open();
  const [mine, theirs] = views;
  for (let handle = 1; handle <= 100; handle += 1) mine.register(`.s${handle}`, handle);
  for (let handle = 1; handle <= 100; handle += 2) dead.add(handle);
  theirs.sweep(3);
  dead.clear();
  for (let handle = 1; handle <= 100; handle += 1) {
    equal(mine.get(`.s${handle}`), handle % 2 === 0 ? handle : undefined);
  }
});

test("names that want the same places are found and removed in whatever order", () => {
  const names = createNeighbours(12);
  for (const seed of drawSeeds("names.order", { c: 50, r: 2000, s: 100_000 }).seeds) {
    const random = createRandom(seed);
    const { views } = open();
    shuffle(names, random).forEach((name) => views[0].register(name, names.indexOf(name) + 1));
    const gone = new Set<string>();
    for (const name of shuffle(names, random)) {
      views[random.below(2) as 0 | 1].release(names.indexOf(name) + 1);
      gone.add(name);
      for (const [index, other] of names.entries()) {
        equal(views[0].get(other), gone.has(other) ? undefined : index + 1, `seed=${seed}`);
      }
    }
  }
});

test("names that come and go stand as a plain list of them would", () => {
  const names = [...createNeighbours(8), ...Array.from({ length: 12 }, (_, index) => `.x${index}`)];
  for (const seed of drawSeeds("names.churn", { c: 10, r: 500, s: 20_000 }).seeds) {
    const random = createRandom(seed);
    const { views, dead } = open();
    const holders = new Map<string, number>();
    const release = (gone: number): void => {
      for (const [name, handle] of holders) if (handle === gone) holders.delete(name);
    };
    for (let step = 0; step < 400; step += 1) {
      const view = views[random.below(2) as 0 | 1];
      const name = names[random.below(names.length)] as string;
      const handle = 1 + random.below(8);
      const what = random.below(8);
      if (what < 4) {
        const holder = holders.get(name) ?? handle;
        equal(view.register(name, handle), holder === handle, `seed=${seed} step=${step}`);
        holders.set(name, holder);
      } else if (what < 6) {
        view.release(handle);
        release(handle);
      } else if (what === 6) {
        dead.add(handle);
        view.sweep(3);
        dead.delete(handle);
        release(handle);
      }
      for (const one of names) equal(view.get(one), holders.get(one), `seed=${seed} step=${step}`);
    }
  }
});

test("two threads that want the same names share them out, each to one of the two", async () => {
  const times = 3000;
  const memory = createNamesMemory();
  const [first, second] = await runRace<number[]>({ task: "names", memory, times });
  const { views } = open(memory);
  equal((first?.length ?? 0) + (second?.length ?? 0), times);
  for (const [index, thread] of [first, second].entries()) {
    for (const number of thread ?? []) {
      equal(views[0].get(`.name${number}`), handleOf(index + 1, number));
    }
  }
});

test("names are found again after a holder of the lock was cut off in the middle of the index", () => {
  const { memory, views } = open();
  const names = createNeighbours(6);
  names.forEach((name, index) => views[0].register(name, index + 1));
  const words = new Int32Array(memory);
  words.fill(0, 16, 16 + PLACES);
  words[0] = 3;
  names.forEach((name, index) => equal(views[1].get(name), index + 1));
});

test("a sweep takes the lock from a dead thread at once, and finds the names whole", () => {
  const { memory, views } = open();
  const names = createNeighbours(6);
  names.forEach((name, index) => views[0].register(name, index + 1));
  new Int32Array(memory).fill(0, 16, 16 + PLACES);
  new Int32Array(memory)[0] = 4;
  const since = performance.now();
  views[1].sweep(3);
  ok(performance.now() - since < LOCK_STALE_MS);
  names.forEach((name, index) => equal(views[0].get(name), index + 1));
});

test("a name that a cut-off removal left there twice has one holder again", () => {
  const { memory, views, dead } = open();
  const [mine, theirs] = views;
  mine.register(".first", 1);
  mine.register(".last", 2);
  // The last entry fills the gap of the one that goes; the count was not lowered any more.
  const entries = 4 * (16 + PLACES);
  new Uint8Array(memory).copyWithin(entries, entries + 128, entries + 256);
  new Int32Array(memory)[0] = 3;
  equal(theirs.get(".last"), 2);
  dead.add(2);
  equal(mine.register(".last", 7), true);
  deepEqual([mine.get(".last"), theirs.get(".last")], [7, 7]);
  equal(theirs.register(".last", 8), false);
});

test("NAMES_MAX names are given and not one more, until one is free again", () => {
  const { views } = open();
  const [mine, theirs] = views;
  for (let number = 1; number <= NAMES_MAX; number += 1) ok(mine.register(`.m${number}`, number));
  throws(() => theirs.register(".more", 1), { code: "ERR_EXHAUSTED" });
  equal(theirs.register(".m77", 77), true);
  mine.release(4711);
  equal(theirs.register(".more", 1), true);
  deepEqual(
    [mine.get(".m4711"), mine.get(`.m${NAMES_MAX}`), mine.get(".more")],
    [undefined, NAMES_MAX, 1],
  );
});

test("a name of LOCAL_NAME_BYTES_MAX bytes is kept whole, and one of a byte more refused", () => {
  const { views } = open();
  const [mine, theirs] = views;
  const longest = `.${"é".repeat((LOCAL_NAME_BYTES_MAX - 2) / 2)}x`;
  equal(Buffer.byteLength(longest), LOCAL_NAME_BYTES_MAX);
  equal(mine.register(longest, 5), true);
  equal(mine.register(`${longest.slice(0, -1)}y`, 6), true);
  deepEqual([theirs.get(longest), theirs.get(`${longest.slice(0, -1)}y`)], [5, 6]);
  throws(() => mine.register(`${longest}x`, 7), { code: "ERR_ARGUMENT" });
  deepEqual(
    [mine.get(`${longest}x`), mine.get("é".repeat(LOCAL_NAME_BYTES_MAX))],
    [undefined, undefined],
  );
});

test("a name that was given is told to this thread's kernel and to the others, once", () => {
  const told: unknown[] = [];
  const names = new SharedNames(createNamesMemory(), {
    thread: 1,
    isAlive: () => true,
    announce: (...values) => void told.push(["others", ...values]),
  });
  names.onRegister = (...values) => void told.push(["kernel", ...values]);
  names.register("A", 5);
  names.register("A", 5);
  names.register("A", 6);
  deepEqual(told, [
    ["kernel", "A", 5],
    ["others", "A", 5],
  ]);
});
