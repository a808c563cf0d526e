/**
 * The directory says which thread a handle lives on, and hands out each handle to one thread only.
 */

import { deepEqual, equal, throws } from "node:assert/strict";
import { test } from "node:test";

import { createDirectory, Directory, THREADS_MAX } from "../../../src/fabric/directory.ts";
import { INDEX_MASK } from "../../../src/kernel/service.ts";

/** Two threads' views of one directory, and its memory. */
function open(): { memory: SharedArrayBuffer; mine: Directory; theirs: Directory } {
  const memory = createDirectory();
  return { memory, mine: new Directory(memory), theirs: new Directory(memory) };
}

/** Lets the counter stand where the next handle is `index`. */
function setNext(memory: SharedArrayBuffer, index: number): void {
  new Int32Array(memory, INDEX_MASK + 1)[0] = index - 1;
}

test("handles rise across all threads", () => {
  const { mine, theirs } = open();
  deepEqual([mine.claim(0), theirs.claim(1), mine.claim(0)], [1, 2, 3]);
});

test("every thread sees at once where a handle lives, whatever its harbor", () => {
  const { mine, theirs } = open();
  const index = mine.claim(THREADS_MAX - 1);
  equal(theirs.threadOf(index), THREADS_MAX - 1);
  equal(theirs.threadOf((0xff000000 | index) >>> 0), THREADS_MAX - 1);
  equal(theirs.threadOf(index + 1), undefined);
});

test("a handle that was given back is dead at once", () => {
  const { mine, theirs } = open();
  const index = mine.claim(0);
  equal(mine.release(index, 0), true);
  equal(theirs.threadOf(index), undefined);
});

test("after the last handle the first ones come again, without those that live", () => {
  const { memory, mine, theirs } = open();
  mine.claim(0);
  mine.claim(0);
  mine.release(2, 0);
  setNext(memory, INDEX_MASK);
  deepEqual([mine.claim(0), theirs.claim(1), theirs.claim(1)], [INDEX_MASK, 2, 3]);
});

test("a directory without a free place says so", () => {
  const memory = createDirectory();
  new Uint8Array(memory, 0, INDEX_MASK + 1).fill(0x81);
  throws(() => new Directory(memory).claim(0), { code: "ERR_EXHAUSTED" });
});

test("a thread number that the byte has no room for is refused", () => {
  throws(() => open().mine.claim(THREADS_MAX), { code: "ERR_BUG" });
});

test("the services of each thread are counted", () => {
  const { mine, theirs } = open();
  mine.claim(0);
  mine.release(mine.claim(1), 1);
  mine.claim(1);
  deepEqual([theirs.count(0), theirs.count(1), theirs.count(2)], [1, 1, 0]);
});

test("a thread's death takes out its services and no others", () => {
  const { mine, theirs } = open();
  const handles = [1, 2, 1].map((thread) => mine.claim(thread));
  deepEqual(theirs.clear(1), [handles[0], handles[2]]);
  deepEqual(
    handles.map((handle) => mine.threadOf(handle)),
    [undefined, 2, undefined],
  );
  equal(mine.count(1), 0);
});

test("services that ended with the thread are lost, and those that ended there before; no others, and no successor", () => {
  const { memory, mine, theirs } = open();
  const [ended, lived, other] = [mine.claim(1), mine.claim(1), mine.claim(2)] as const;
  mine.claimAt(INDEX_MASK - 1, 1);
  mine.release(ended, 1);
  mine.release(other, 2);
  equal(theirs.isLost(ended), false);
  deepEqual(theirs.clear(1), [lived, INDEX_MASK - 1]);
  const handles = [ended, lived, other, INDEX_MASK - 1, 99];
  deepEqual(
    handles.map((handle) => mine.isLost(handle)),
    [true, true, false, true, false],
  );
  setNext(memory, lived);
  equal(mine.claim(1), lived);
  deepEqual([mine.isLost(lived), mine.release(lived, 1), mine.isLost(lived)], [false, true, false]);
});

test("a thread's death finds its services wherever the counter has been", () => {
  const { memory, mine, theirs } = open();
  setNext(memory, INDEX_MASK - 200);
  const before = mine.claim(1);
  setNext(memory, INDEX_MASK);
  deepEqual([mine.claim(1), mine.claim(1)], [INDEX_MASK, 1]);
  deepEqual(theirs.clear(1), [1, before, INDEX_MASK]);
});

test("a thread that was cleared away can't take out its successor's service", () => {
  const { memory, mine, theirs } = open();
  const handle = mine.claim(1);
  theirs.clear(1);
  setNext(memory, handle);
  theirs.claim(2);
  equal(mine.release(handle, 1), false);
  equal(mine.threadOf(handle), 2);
});

test("a certain handle is taken if it is free, and counted as any other", () => {
  const { mine, theirs } = open();
  mine.claimAt(INDEX_MASK, 3);
  deepEqual([theirs.threadOf(INDEX_MASK), theirs.count(3)], [3, 1]);
  throws(() => theirs.claimAt(INDEX_MASK, 2), { code: "ERR_BUG" });
  deepEqual([theirs.threadOf(INDEX_MASK), theirs.count(2)], [3, 0]);
});

test("a certain handle is passed over by those who want any, and free again after its service's death", () => {
  const { mine, theirs } = open();
  mine.claimAt(2, 3);
  deepEqual([theirs.claim(1), theirs.claim(1)], [1, 3]);
  mine.clear(3);
  mine.claimAt(2, 3);
  equal(mine.release(2, 3), true);
  mine.claimAt(2, 4);
  deepEqual([mine.count(3), mine.threadOf(2)], [0, 4]);
});

test("a kernel gives a handle back once, and not one that is another thread's", () => {
  const { mine } = open();
  const source = mine.handleSource(3);
  const index = source.next();
  mine.handleSource(4).free?.(index);
  equal(mine.count(3), 1);
  source.free?.(index);
  source.free?.(index);
  deepEqual([mine.count(3), mine.threadOf(index)], [0, undefined]);
});

test("the handle source of a kernel claims for its thread", () => {
  const { mine, theirs } = open();
  equal(theirs.threadOf(mine.handleSource(3).next()), 3);
});
