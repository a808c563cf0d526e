/** The ledger on disk: lines, texts, the lock, its limits. */

import { deepEqual, equal, ok, throws } from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { LEDGER_BYTES_MAX, LEDGER_LINES_MAX } from "../../../src/base/limits.ts";
import type { PreparedLine } from "../../../src/ledger/entry.ts";
import { LedgerFile } from "../../../src/ledger/ledger-file.ts";
import { takeLock } from "../../../src/ledger/ledger-lock.ts";
import { writeFiles } from "../../world.ts";

function prepared(id: number, base = ""): PreparedLine {
  const module = { path: "", file: "/a.ts", base, patch: "let a = 1;", isService: true };
  const rest = { time: 1, target: "all a", hash: "h", kind: "type", name: "a" } as const;
  return { state: "PREPARED", id, ...rest, modules: [module] };
}

test("what is written is read by the next one", (t) => {
  const path = join(writeFiles(t, {}), "a", "b", "ledger.jsonl");
  const first = new LedgerFile(path);
  first.write(prepared(1));
  first.write({ state: "KEPT", id: 1, time: 2, applied: 3, failed: 1 });
  const hash = first.keepText("text");
  first.write(prepared(2, hash));
  first.close();
  const second = new LedgerFile(path);
  deepEqual(
    second.entries.map(({ id, state, applied, failed }) => [id, state, applied, failed]),
    [
      [1, "KEPT", 3, 1],
      [2, "PREPARED", 0, 0],
    ],
  );
  deepEqual([second.findText(hash), second.findText("../../ledger")], ["text", undefined]);
  // A text that was changed is not the one that was kept.
  writeFileSync(join(path, "..", "texts", hash), "other");
  equal(second.findText(hash), undefined);
  second.close();
});

const LIMIT = 1 << 16;

test("a ledger that gets too long is written anew while the node runs, and loses nothing that is in", (t) => {
  const path = join(writeFiles(t, {}), "ledger.jsonl");
  const first = new LedgerFile(path, LIMIT);
  first.write(prepared(1));
  first.write({ state: "KEPT", id: 1, time: 2 });
  // Many more than the file has room for, most of them taken back.
  const COUNT = 2000;
  for (let id = 2; id <= COUNT; id += 1) {
    first.write(prepared(id));
    first.write({ state: "RETIRED", id, time: 2 });
    ok(statSync(path).size <= LIMIT);
  }
  first.close();
  const second = new LedgerFile(path, LIMIT);
  deepEqual([second.entries[0]?.id, second.entries[0]?.state], [1, "KEPT"]);
  equal(second.entries.at(-1)?.id, COUNT);
  second.close();
});

test("a ledger that patches that are in have filled takes no more of them, says so, and can be read", (t) => {
  const path = join(writeFiles(t, {}), "ledger.jsonl");
  const ledger = new LedgerFile(path, LIMIT);
  let count = 0;
  const keepOneMore = (): void => {
    ledger.write(prepared(count + 1));
    count += 1;
    ledger.write({ state: "KEPT", id: count, time: 2 });
  };
  throws(
    () => {
      for (;;) keepOneMore();
    },
    {
      code: "ERR_LEDGER",
      message: /no room for one more patch: patches that are in fill its 65536 bytes/,
    },
  );
  // Nearly all of the room was used, and nothing was lost for the sake of room.
  ok(statSync(path).size > LIMIT * 0.97);
  const reader = new LedgerFile(path, LIMIT);
  equal(reader.entries.length, count);
  // What is in can still be taken back, and then there is room again.
  for (let id = 1; id <= count; id += 1) ledger.write({ state: "RETIRED", id, time: 3 });
  ledger.close();
  const second = new LedgerFile(path, LIMIT);
  ok(second.entries.every(({ state }) => state === "RETIRED"));
  equal(second.entries.at(-1)?.id, count);
  second.close();
});

test("whatever a process that dies has written of a line, the lines before it are read", (t) => {
  const path = join(writeFiles(t, {}), "ledger.jsonl");
  const first = new LedgerFile(path);
  first.write(prepared(1));
  first.write({ state: "KEPT", id: 1, time: 2 });
  first.write(prepared(2));
  first.write({ state: "KEPT", id: 2, time: 2 });
  first.close();
  const whole = readFileSync(path, "utf8");
  for (let length = 0; length <= whole.length; length += 1) {
    writeFileSync(path, whole.slice(0, length));
    const lines = whole.slice(0, length).split("\n").length - 1;
    const next = new LedgerFile(path);
    const states = next.entries.map(({ id, state }) => `${id} ${state}`);
    const expected = ["", "1 PREPARED", "1 KEPT", "1 KEPT 2 PREPARED", "1 KEPT 2 KEPT"][lines];
    deepEqual([states.join(" "), next.foreign], [expected, 0], `after ${length} bytes`);
    // The next line is whole, whatever stands before it.
    next.write(prepared(3));
    next.close();
    const again = new LedgerFile(path);
    deepEqual([again.entries.at(-1)?.id, again.foreign], [3, 0]);
    again.close();
  }
});

test("a ledger has one writer; a lock of a process that is gone is taken over", (t) => {
  const folder = writeFiles(t, {});
  const path = join(folder, "lock");
  const lock = takeLock(path);
  equal(takeLock(path), process.pid);
  if (typeof lock === "object") lock.release();
  equal(existsSync(path), false);
  // The number of a process that is not there, one that has begun at another time, and nonsense.
  for (const text of ["2147483646 17\n", `${process.pid} 1\n`, "", "0 0\n", "-1 1\n", "nonsense"]) {
    writeFileSync(path, text);
    equal(typeof takeLock(path), "object", text);
  }
});

test("a ledger that can't be read, or is too long, is told", (t) => {
  const folder = writeFiles(t, { "a.jsonl": "" });
  const path = join(folder, "a.jsonl");
  truncateSync(path, LEDGER_BYTES_MAX);
  new LedgerFile(path).close();
  truncateSync(path, LEDGER_BYTES_MAX + 1);
  throws(() => new LedgerFile(path), { code: "ERR_LEDGER" });
  throws(() => new LedgerFile(folder), { code: "ERR_LEDGER" });
});

test("a disk that takes nothing is told, and what was there stays", (t) => {
  const folder = writeFiles(t, { "a.jsonl": "" });
  const path = join(folder, "a.jsonl");
  const file = new LedgerFile(path);
  file.write(prepared(1));
  const before = readFileSync(path, "utf8");
  const line = prepared(2);
  throws(() => file.write({ ...line, toJSON: () => fail() } as PreparedLine), {
    code: "ERR_LEDGER",
  });
  equal(readFileSync(path, "utf8"), before);
  file.close();
  throws(() => new LedgerFile(join(path, "below.jsonl")), { code: "ERR_LEDGER" });
});

test("what is in the way of a file or a folder is told", (t) => {
  const folder = writeFiles(t, {});
  writeFileSync(join(folder, "texts"), "");
  const path = join(folder, "late.jsonl");
  const file = new LedgerFile(path);
  mkdirSync(path);
  throws(() => file.write(prepared(1)), { code: "ERR_LEDGER" });
  throws(() => file.keepText("x"), { code: "ERR_LEDGER" });
  file.close();
});

function fail(): never {
  throw new Error("no");
}

test("a long ledger is written anew: what is in stays, and the last number", (t) => {
  const path = join(writeFiles(t, {}), "ledger.jsonl");
  const lines: object[] = [prepared(1), { state: "KEPT", id: 1, time: 1 }];
  for (let id = 2; lines.length < LEDGER_LINES_MAX; id += 1) lines.push(prepared(id));
  const write = (): void =>
    writeFileSync(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  write();
  new LedgerFile(path).close();
  equal(readFileSync(path, "utf8").split("\n").length - 1, LEDGER_LINES_MAX);
  lines.push(prepared(lines.length));
  write();
  new LedgerFile(path).close();
  const next = new LedgerFile(path);
  deepEqual([next.entries.length, next.foreign], [101, 0]);
  deepEqual([next.entries[0]?.state, next.entries.at(-1)?.id], ["KEPT", lines.length - 1]);
  next.close();
});

test(
  "what was compacted is for the user of the process alone",
  { skip: process.platform === "win32" },
  (t) => {
    const path = join(writeFiles(t, {}), "ledger.jsonl");
    const lines = Array.from({ length: LEDGER_LINES_MAX + 1 }, (_, index) => prepared(index + 1));
    writeFileSync(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    chmodSync(path, 0o644);
    new LedgerFile(path).close();
    equal((readFileSync(path, "utf8").match(/\n/g) ?? []).length, 100);
  },
);
