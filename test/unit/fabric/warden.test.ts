/** The warden with real threads: it joins them, replaces one that ends, and does not storm where the successor ends too. */

import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import type { TestContext } from "node:test";
import { test } from "node:test";

import { THREAD_END_MS } from "../../../src/base/limits.ts";
import { createNodeMemory } from "../../../src/fabric/node-memory.ts";
import type { Thread } from "../../../src/fabric/thread.ts";
import type { ThreadEnd } from "../../../src/fabric/warden.ts";
import { RETRY_MS, Warden } from "../../../src/fabric/warden.ts";
import { createBareThread } from "./bare-thread.ts";

/** A warden under test: what it does is told as events `opened`, `death`, `later`, `replaced` and `word`. */
interface Guard {
  readonly warden: Warden;
  readonly main: Thread;
  readonly events: EventEmitter;
  /** How many more threads end before they are ready. */
  readonly failures: Int32Array;
  /** Every event so far, with what it tells. */
  readonly seen: [string, unknown][];
}

function createGuard(t: TestContext, workers: number): Guard {
  const memory = createNodeMemory(workers + 1);
  const failures = new Int32Array(new SharedArrayBuffer(4));
  const events = new EventEmitter();
  const seen: [string, unknown][] = [];
  const tell = (name: string, value: unknown): void => {
    seen.push([name, value]);
    events.emit(name, value);
  };
  const main = createBareThread({
    memory,
    thread: 0,
    onWord: (from, values) => tell("word", [from, ...values]),
    onMalformed: (_from, error) => tell("malformed", error),
  });
  const warden = new Warden({
    ...{ workers, memory, main },
    entry: new URL("./warden-child.js", import.meta.url),
    node: () => ({ data: failures.buffer, transfer: [] }),
    onOpen: (thread) => tell("opened", thread),
    later: (ms, run) => tell("later", { ms, run }),
    onDeath: (end) => tell("death", end),
    onReplaced: (thread) => tell("replaced", thread),
  });
  t.after(async () => {
    await warden.stop();
    main.close();
  });
  return { warden, main, events, failures, seen };
}

/** Ends a thread and waits until another one has its number. */
async function replace({ warden, events }: Guard, thread: number): Promise<void> {
  const replaced = once(events, "replaced");
  warden.end(thread, "as planned");
  await replaced;
}

/** Sends a word along a way of threads and waits for its return to the main thread. */
async function send({ main, events }: Guard, word: string, ...way: number[]): Promise<unknown> {
  const returned = once(events, "word");
  const [first, ...rest] = way;
  equal(main.fabric.tell(first as number, word, ...rest), true);
  const [value] = (await returned) as [unknown];
  return value;
}

test("threads that have started are joined to the main thread and to each other", async (t) => {
  const guard = createGuard(t, 2);
  await guard.warden.start();
  deepEqual(await send(guard, "hello", 1), [1, "hello", 1]);
  deepEqual(await send(guard, "hello", 1, 2), [2, "hello", 2]);
  deepEqual(await send(guard, "x".repeat(1_000_000), 2, 1), [1, "x".repeat(1_000_000), 1]);
});

test("a thread that ends is replaced at once, and its successor is joined to all others", async (t) => {
  const guard = createGuard(t, 2);
  await guard.warden.start();
  guard.main.directory.claimAt(77, 1);
  await replace(guard, 1);
  const [, end] = guard.seen.find(([name]) => name === "death") as [string, ThreadEnd];
  deepEqual([end.thread, [...end.lost], end.reason], [1, [77], "as planned"]);
  deepEqual(await send(guard, "again", 1, 2, 1), [1, "again", 1]);
  await replace(guard, 2);
  deepEqual(await send(guard, "again", 1, 2, 1), [1, "again", 1]);
  equal(guard.seen.filter(([name]) => name === "later").length, 0);
});

test("a thread that ends before it is ready is tried again after RETRY_MS, and not at once", async (t) => {
  const guard = createGuard(t, 1);
  const { warden, events, failures, seen } = guard;
  await warden.start();
  Atomics.store(failures, 0, 2);
  warden.end(1, "as planned");
  for (let attempt = 1; attempt <= 2; attempt += 1) {
    const [{ ms, run }] = (await once(events, "later")) as [{ ms: number; run: () => void }];
    equal(ms, RETRY_MS);
    // Nothing else happens until that time has come.
    await new Promise((resolve) => setImmediate(resolve));
    equal(seen.filter(([name]) => name === "opened").length, 1 + attempt);
    equal(warden.isUp(1), false);
    if (attempt === 2) {
      const replaced = once(events, "replaced");
      run();
      await replaced;
    } else run();
  }
  deepEqual(
    seen.filter(([name]) => name === "death").map(([, end]) => (end as ThreadEnd).reason),
    ["as planned", ...Array<string>(2).fill("its process.exit was called, code 1")],
  );
  deepEqual(await send(guard, "hello", 1), [1, "hello", 1]);
});

test("a node whose thread ends before it is ready does not start", async (t) => {
  const { warden, failures, seen } = createGuard(t, 2);
  Atomics.store(failures, 0, 1);
  await rejects(warden.start(), (error: Error) => {
    match(error.message, /thread \d ended before it was ready/);
    return true;
  });
  equal(seen.filter(([name]) => name === "later").length, 0);
});

test("nothing is replaced once the node stops", async (t) => {
  const { warden, seen } = createGuard(t, 1);
  await warden.start();
  await warden.stop();
  // The end of its patience with a thread that can't be ended is all that it waits for.
  const events = seen.map(([name, what]) =>
    name === "later" ? (what as { ms: number }).ms : name,
  );
  deepEqual(events, ["opened", THREAD_END_MS]);
});
