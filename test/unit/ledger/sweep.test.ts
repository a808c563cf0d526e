/** The folder of a ledger: what a process that died has left there goes with the next start, and nothing else. */

import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";

import type { PreparedLine } from "../../../src/ledger/entry.ts";
import { hashText, LedgerFile } from "../../../src/ledger/ledger-file.ts";
import { startNode } from "../../integration/process.ts";
import { writeFiles } from "../../world.ts";

function prepared(id: number, text: string, patch = "let a = 1;"): PreparedLine {
  const module = { path: "", file: "/a.ts", base: hashText(text), patch, isService: true };
  const rest = { time: 1, target: "all a", hash: "h", kind: "type", name: "a" } as const;
  return { state: "PREPARED", id, ...rest, modules: [module] };
}

const textsOf = (path: string): string[] => readdirSync(join(dirname(path), "texts")).toSorted();

test("texts that no entry names, and halves of files, go with the next start", (t) => {
  const path = join(writeFiles(t, {}), "own", "ledger.jsonl");
  const first = new LedgerFile(path);
  const named = first.keepText("named");
  first.write(prepared(1, "named"));
  first.keepText("not named");
  // A text that is kept now is named in a moment.
  equal(textsOf(path).length, 2);
  first.close();
  writeFileSync(`${path}.123.new`, "half");
  writeFileSync(join(dirname(path), "texts", `${named}.123.new`), "half");
  mkdirSync(join(dirname(path), "texts", "a folder"));
  const second = new LedgerFile(path);
  equal(second.findText(named), "named");
  second.close();
  deepEqual(textsOf(path), [named, "a folder"].toSorted());
  deepEqual(readdirSync(dirname(path)).toSorted(), ["ledger.jsonl", "texts"]);
});

test("a process without the lock removes nothing, and takes it before a text is kept", (t) => {
  const path = join(writeFiles(t, {}), "own", "ledger.jsonl");
  // It finds no ledger, and so takes no lock yet.
  const early = new LedgerFile(path);
  const first = new LedgerFile(path);
  first.write(prepared(1, "one"));
  first.keepText("two");
  const reader = new LedgerFile(path);
  equal(reader.writer, process.pid);
  for (const late of [early, reader]) throws(() => late.keepText("three"), { code: "ERR_LEDGER" });
  equal(first.findText(hashText("two")), "two");
  deepEqual(textsOf(path), [hashText("two")]);
  for (const each of [reader, early, first]) each.close();
});

test("texts stay in a folder in which something else lies: they may be those of another ledger", (t) => {
  const folder = writeFiles(t, {});
  const [one, two] = ["one", "two"].map((name) => new LedgerFile(join(folder, name))) as [
    LedgerFile,
    LedgerFile,
  ];
  for (const [ledger, text] of [
    [one, "a"],
    [two, "b"],
  ] as const) {
    ledger.keepText(text);
    ledger.write(prepared(1, text));
  }
  one.close();
  writeFileSync(join(folder, "one.99.new"), "half");
  writeFileSync(join(folder, "two.99.new"), "half");
  const again = new LedgerFile(join(folder, "one"));
  equal(again.findText(hashText("b")), "b");
  deepEqual(
    [existsSync(join(folder, "one.99.new")), existsSync(join(folder, "two.99.new"))],
    [false, true],
  );
  for (const each of [again, two]) each.close();
});

test("a ledger that is full is read once, and not for each patch that it refuses", (t) => {
  const path = join(writeFiles(t, {}), "ledger.jsonl");
  const ledger = new LedgerFile(path, 1 << 14);
  let id = 0;
  const keepOneMore = (): void => {
    ledger.write(prepared(id + 1, "a"));
    id += 1;
    ledger.write({ state: "KEPT", id, time: 2 });
  };
  throws(() => {
    for (;;) keepOneMore();
  }, /has no room/);
  // A file that is written anew is another one.
  const { ino } = statSync(path);
  for (let more = 0; more < 3; more += 1) throws(keepOneMore, /has no room/);
  equal(statSync(path).ino, ino);
  ledger.write({ state: "RETIRED", id: 1, time: 3 });
  ledger.write({ state: "RETIRED", id: 2, time: 3 });
  for (let more = 0; more < 100; more += 1) ledger.write({ state: "RETIRED", id: 2, time: 3 });
  keepOneMore();
  ledger.close();
});

/** Writes a ledger, and ends like one that is killed at the step of the file system that is asked for. */
const WRITER = `
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
const [url, path, last] = [process.argv[1], process.argv[2], Number(process.argv[3])];
let steps = 0;
for (const name of ["writeFileSync", "writeSync", "renameSync", "fsyncSync", "fdatasyncSync", "rmSync", "ftruncateSync", "mkdirSync"]) {
  const real = fs[name];
  fs[name] = (...args) => {
    steps += 1;
    if (steps > last) {
      // A part of what was to be written is there.
      if (name === "writeFileSync") real(args[0], String(args[1]).slice(0, 5), args[2]);
      if (name === "writeSync") real(args[0], args[1], 0, 5);
      process.kill(process.pid, "SIGKILL");
      for (;;);
    }
    return real(...args);
  };
}
syncBuiltinESMExports();
const { LedgerFile, hashText } = await import(url);
const module = { path: "", file: "/a.ts", patch: "x".repeat(1000), isService: true };
const rest = { time: 1, target: "all a", hash: "h", kind: "type", name: "a" };
for (let round = 0; round < 3; round += 1) {
  const ledger = new LedgerFile(path, 8000);
  for (let more = 0; more < 3; more += 1) {
    const id = 10 + round * 3 + more;
    const base = ledger.keepText("text " + id);
    ledger.write({ state: "PREPARED", id, ...rest, modules: [{ ...module, base }] });
    ledger.write({ state: more === 1 ? "KEPT" : "RETIRED", id, time: 2 });
  }
  ledger.close();
}
process.stdout.write("whole");
`;

test("whichever step a process dies at, the next one reads what is in, and sweeps the rest away", async (t) => {
  const url = new URL("../../../src/ledger/ledger-file.js", import.meta.url).href;
  let isWhole = false;
  for (let step = 0; !isWhole; step += 1) {
    const folder = writeFiles(t, {});
    const path = join(folder, "ledger.jsonl");
    const before = new LedgerFile(path, 8000);
    before.keepText("first");
    before.write(prepared(1, "first"));
    before.write({ state: "KEPT", id: 1, time: 2 });
    before.close();
    const args = ["--input-type=module", "--eval", WRITER, url, path, `${step}`];
    const { stdout, stderr } = await startNode(args, folder).ended;
    equal(stderr, "");
    isWhole = stdout === "whole";
    const after = new LedgerFile(path, 8000);
    equal(after.writer, undefined, `step ${step}`);
    const { entries } = after;
    deepEqual([entries[0]?.id, entries[0]?.state], [1, "KEPT"], `step ${step}`);
    const bases = new Set(entries.flatMap(({ modules }) => modules.map(({ base }) => base)));
    for (const base of bases) ok(after.findText(base) !== undefined, `step ${step}: ${base}`);
    deepEqual(textsOf(path), [...bases].toSorted(), `step ${step}`);
    deepEqual(
      readdirSync(folder).toSorted(),
      ["ledger.jsonl", "ledger.jsonl.lock", "texts"],
      `step ${step}`,
    );
    after.write(prepared(100, "first"));
    after.close();
    ok(readFileSync(path, "utf8").endsWith("\n"));
    ok(step < 500, "it does not end");
  }
});
