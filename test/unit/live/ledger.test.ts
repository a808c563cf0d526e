/** What the ledger of a node keeps of the patches that are settled. */

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { LEDGER_SAVES_MAX } from "../../../src/base/limits.ts";
import type { LedgerThread } from "../../../src/live/rollout/ledger.ts";
import { CONTAINED, Ledger } from "../../../src/live/rollout/ledger.ts";
import { TestClock } from "../../../src/testing/test-clock.ts";

const SAVER = 7;

const THREAD: LedgerThread = {
  clock: new TestClock(0),
  threads: undefined,
  words: new Map(),
  after: () => () => {},
  logAsked() {},
};

function fill(count: number): Ledger {
  const ledger = new Ledger(THREAD, new Int32Array(16));
  const enter = (by: number, target: string, isIn = true): void => {
    const id = ledger.next();
    const texts = new Map([["", `// ${id}`]]);
    const results = [{ handle: 1, ok: isIn }];
    ledger.enter({ id, hash: "", target, results, texts, by, said: "" });
  };
  enter(1, "all by hand");
  for (let each = 1; each < count; each += 1) enter(SAVER, "all shop");
  enter(SAVER, "all shop", false);
  enter(1, "all by hand");
  ledger.settleSaves(SAVER);
  return ledger;
}

test("as many entries of saves stay as LEDGER_SAVES_MAX says, and one more takes the oldest", () => {
  for (const more of [0, 1]) {
    const ledger = fill(LEDGER_SAVES_MAX + more);
    const saves = ledger.list().filter(({ by }) => by === SAVER);
    equal(saves.length, LEDGER_SAVES_MAX);
    equal(saves[0]?.id, 2 + more);
    equal(ledger.list().length, LEDGER_SAVES_MAX + 2);
  }
});

test("a settled patch has no text and is retired unless it was refused; others are as they were", () => {
  const all = fill(3);
  deepEqual(
    all.list().map(({ id, by, retired }) => [by, retired, all.textsOf(id) !== undefined]),
    [
      [1, undefined, true],
      [SAVER, CONTAINED, false],
      [SAVER, CONTAINED, false],
      [SAVER, undefined, false],
      [1, undefined, true],
    ],
  );
});
