/** Lines on their way into the log's file: each is written once, in order, by the main thread or another. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { createJournalMemory, DRAINER, LogJournal } from "../../../src/fabric/log-sink.ts";

/** A file that takes at most that number of bytes at once. */
function file(most = Infinity): { text: () => string; write: (bytes: Uint8Array) => number } {
  const parts: Buffer[] = [];
  return {
    text: () => Buffer.concat(parts).toString(),
    write: (bytes) => {
      parts.push(Buffer.from(bytes.subarray(0, most)));
      return Math.min(bytes.length, most);
    },
  };
}

test("lines come out whole, once and in order, however little is written at a time", () => {
  const journal = new LogJournal(createJournalMemory(64));
  const { text, write } = file(3);
  let expected = "";
  for (let n = 0; n < 100; n += 1) {
    const line = `${n} \u20ac ${"x".repeat(n % 9)}`;
    if (!journal.append(line)) {
      assert.ok(journal.drain(n % 2 === 0 ? DRAINER.main : DRAINER.watchdog, write));
      assert.equal(journal.pending, 0);
      // Only the main thread begins anew at the memory's beginning.
      assert.ok(journal.drain(DRAINER.main, write));
      assert.ok(journal.append(line));
    }
    expected += `${line}\n`;
  }
  journal.drain(DRAINER.main, write);
  assert.equal(text(), expected);
});

test("a line that can't fit is refused, and one that just fits is not", () => {
  const journal = new LogJournal(createJournalMemory(31));
  assert.ok(!journal.append("12345678901"));
  assert.ok(journal.append("1234567890"));
});

test("what could not be written waits, and is written later", () => {
  const journal = new LogJournal(createJournalMemory());
  journal.append("a");
  assert.throws(
    () =>
      journal.drain(DRAINER.watchdog, () => {
        throw new Error("ENOSPC");
      }),
    /ENOSPC/,
  );
  journal.drain(DRAINER.watchdog, () => 0);
  journal.append("b");
  const { text, write } = file();
  assert.ok(journal.drain(DRAINER.main, write));
  assert.equal(text(), "a\nb\n");
});

test("no thread writes what another is writing; a holder that was cut off is found out", () => {
  const memory = createJournalMemory();
  const [main, watchdog] = [new LogJournal(memory), new LogJournal(memory)];
  const { text, write } = file();
  main.append("a");
  main.drain(DRAINER.main, (bytes) => {
    assert.equal(watchdog.drain(DRAINER.watchdog, write), false);
    return write(bytes);
  });
  assert.equal(text(), "a\n");
  // A lock that is not given back: the thread that had it has ended.
  new Int32Array(memory)[2] = DRAINER.watchdog;
  main.append("b");
  while (!main.drain(DRAINER.main, write));
  assert.equal(text(), "a\nb\n");
  new Int32Array(memory)[2] = DRAINER.watchdog;
  main.release();
  main.append("c");
  assert.ok(main.drain(DRAINER.main, write));
  assert.equal(text(), "a\nb\nc\n");
});

test("two threads that write at the same time write each line once, in order", async () => {
  const memory = createJournalMemory(1 << 12);
  const out = new SharedArrayBuffer(1 << 22);
  const position = new Int32Array(new SharedArrayBuffer(8));
  const url = new URL("../../../src/fabric/log-sink.js", import.meta.url).href;
  const worker = new Worker(
    `const { workerData, parentPort } = require("node:worker_threads");
     import(${JSON.stringify(url)}).then(({ LogJournal }) => {
       const { memory, out, position } = workerData;
       const journal = new LogJournal(memory), bytes = new Uint8Array(out);
       parentPort.postMessage("up");
       while (Atomics.load(position, 1) === 0)
         journal.drain(2, (part) => {
           const taken = Math.min(part.length, 7);
           bytes.set(part.subarray(0, taken), Atomics.add(position, 0, taken));
           return taken;
         });
     });`,
    { eval: true, workerData: { memory, out, position } },
  );
  await new Promise((resolve) => worker.once("message", resolve));
  const journal = new LogJournal(memory);
  const write = (part: Uint8Array): number => {
    new Uint8Array(out).set(part, Atomics.add(position, 0, part.length));
    return part.length;
  };
  const COUNT = 100_000;
  for (let n = 0; n < COUNT; n += 1)
    while (!journal.append(`line ${n}`)) journal.drain(DRAINER.main, write);
  while (journal.pending > 0) journal.drain(DRAINER.main, write);
  Atomics.store(position, 1, 1);
  await new Promise((resolve) => worker.once("exit", resolve));
  const text = Buffer.from(out, 0, position[0]).toString();
  assert.equal(text, Array.from({ length: COUNT }, (_, n) => `line ${n}\n`).join(""));
});
