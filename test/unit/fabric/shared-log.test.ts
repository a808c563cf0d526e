/** The log that all threads share: all read the same entries in the same order. */

import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";

import { LOCK_STALE_MS } from "../../../src/fabric/shared-lock.ts";
import { createLogMemory, SharedLog } from "../../../src/fabric/shared-log.ts";
import { runRace } from "./shared-race.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A view of a log and what it reads of one kind. */
function open(
  memory: SharedArrayBuffer,
  thread: number,
  kind = 1,
): { log: SharedLog; read: string[] } {
  const log = new SharedLog(memory, thread);
  const read: string[] = [];
  log.on(kind, (bytes) => void read.push(new TextDecoder().decode(bytes)));
  return { log, read };
}

test("what one thread adds another reads when it looks", () => {
  const memory = createLogMemory();
  const [mine, theirs] = [open(memory, 1), open(memory, 2)];
  equal(
    mine.log.add(1, () => encode("one")),
    true,
  );
  equal(
    mine.log.add(1, () => encode("")),
    true,
  );
  deepEqual([mine.read, theirs.read], [["one", ""], []]);
  theirs.log.sync();
  deepEqual(theirs.read, ["one", ""]);
});

test("a thread that adds an entry knows all earlier ones before it decides", () => {
  const memory = createLogMemory();
  const [mine, theirs] = [open(memory, 1), open(memory, 2)];
  mine.log.add(1, () => encode("one"));
  equal(
    theirs.log.add(1, () => {
      deepEqual(theirs.read, ["one"]);
      return undefined;
    }),
    true,
  );
  mine.log.sync();
  deepEqual(mine.read, ["one"]);
});

test("a reader that comes late gets the entries of its kind from the first one on", () => {
  const memory = createLogMemory();
  const { log, read } = open(memory, 1);
  for (const [kind, text] of [
    [1, "a"],
    [2, "bc"],
    [1, "def"],
  ] as const) {
    log.add(kind, () => encode(text));
  }
  const late: string[] = [];
  log.on(2, (bytes) => void late.push(new TextDecoder().decode(bytes)));
  deepEqual([read, late], [["a", "def"], ["bc"]]);
  log.add(2, () => encode("g"));
  deepEqual(
    [read, late],
    [
      ["a", "def"],
      ["bc", "g"],
    ],
  );
});

test("threads that add at the same time read one order, in which every entry stands once", async () => {
  const times = 2000;
  const race = { task: "log", memory: createLogMemory(), times } as const;
  const lists = await runRace<string[]>(race);
  const { read, log } = open(race.memory, 3);
  log.sync();
  equal(read.length, 2 * times);
  deepEqual(
    read.map((entry) => Number(entry.split(":")[0])),
    Array.from({ length: 2 * times }, (_, index) => index),
  );
  for (const [thread, list] of lists.entries()) {
    deepEqual(list, read.slice(0, list.length));
    equal(read.filter((entry) => entry.endsWith(`:${thread + 1}`)).length, times);
  }
});

test("a log is filled to its last byte, and what does not fit any more is not added", () => {
  const memory = createLogMemory(32);
  const { log, read } = open(memory, 1);
  equal(
    log.add(1, () => encode("1234567")),
    true,
  );
  equal(
    log.add(1, () => encode("123456789")),
    false,
  );
  equal(
    log.add(1, () => encode("12345678")),
    true,
  );
  equal(
    log.add(1, () => encode("")),
    false,
  );
  const other = open(memory, 2);
  other.log.sync();
  deepEqual(
    [read, other.read],
    [
      ["1234567", "12345678"],
      ["1234567", "12345678"],
    ],
  );
});

test("an entry whose writer was cut off before it was published never was", () => {
  const memory = createLogMemory();
  const { log, read } = open(memory, 1);
  log.add(1, () => encode("one"));
  const cut = new SharedLog(memory, 2);
  const isCutOff = new Error("cut off");
  try {
    cut.add(1, () => {
      // The lock stays taken, the entry half written: what a termination leaves behind.
      new Uint8Array(memory).fill(0xff, 64 + 12, 64 + 40);
      throw isCutOff;
    });
  } catch (error) {
    equal(error, isCutOff);
  }
  new Int32Array(memory)[0] = 2;
  equal(
    log.add(1, () => encode("two")),
    true,
  );
  deepEqual(read, ["one", "two"]);
});

test("a decision that throws adds nothing and leaves the log open to others", () => {
  const memory = createLogMemory();
  const [mine, theirs] = [open(memory, 1), open(memory, 2)];
  try {
    mine.log.add(1, () => {
      throw new Error("no");
    });
  } catch (error) {
    equal((error as Error).message, "no");
  }
  equal(
    theirs.log.add(1, () => encode("one")),
    true,
  );
  mine.log.sync();
  deepEqual(mine.read, ["one"]);
});

test("a log that a dead thread held is free for others once it is inherited", () => {
  const memory = createLogMemory();
  const [mine, theirs] = [open(memory, 1), open(memory, 2)];
  new Int32Array(memory)[0] = 4;
  const since = performance.now();
  mine.log.inherit(3);
  equal(
    theirs.log.add(1, () => encode("one")),
    true,
  );
  ok(performance.now() - since < LOCK_STALE_MS);
  mine.log.sync();
  deepEqual(mine.read, ["one"]);
});
