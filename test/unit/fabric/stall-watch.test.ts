/**
 * When a dispatch that does not end is reported and interrupted, by looks at a phase on a clock of the test's.
 */

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";

import type { Phase } from "../../../src/fabric/phase.ts";
import { createPhase, readPhase } from "../../../src/fabric/phase.ts";
import { periodOf, RETRY_MS, StallWatch } from "../../../src/fabric/stall-watch.ts";
import { Message } from "../../../src/kernel/message.ts";
import { writePhase } from "../../../src/kernel/instruments.ts";
import { PTYPE } from "../../../src/kernel/protocol.ts";

const idle: Phase = { handle: 0, dispatch: 9, type: 0, method: 0, source: 0, session: 0, turn: 1 };
const busy = (dispatch: number): Phase => ({ ...idle, handle: 5, dispatch });

/** Looks at these moments at the same dispatch. @returns what was due, with its time. */
function looks(watch: StallWatch, times: readonly number[], phase: Phase): string[] {
  return times.flatMap((now) => watch.look(now, phase).map(({ kind, ms }) => `${kind} ${ms}`));
}

test("a dispatch is reported at the limit, not a millisecond before, and again at each doubling", () => {
  const watch = new StallWatch({ warn: 100, interrupt: 0 });
  const seen = looks(watch, [1000, 1099, 1100, 1150, 1199, 1200, 1399, 1400, 9999], busy(1));
  deepEqual(seen, ["report 100", "report 200", "report 400", "report 8999"]);
  deepEqual(looks(watch, [10_000], busy(2)), ["return 9000"]);
  deepEqual(looks(watch, [10_001, 10_090], idle), []);
});

test("many short dispatches are no stall, whatever the looks fall on", () => {
  const watch = new StallWatch({ warn: 100, interrupt: 100 });
  for (let now = 0; now < 10_000; now += 50) deepEqual(watch.look(now, busy(now)), []);
});

test("an idle thread is never told of", () => {
  const watch = new StallWatch({ warn: 100, interrupt: 100 });
  deepEqual(looks(watch, [0, 50, 100, 100_000], idle), []);
});

test("an interrupt is due at its limit, and again if it did not help", () => {
  const watch = new StallWatch({ warn: 0, interrupt: 300 });
  const again = 300 + RETRY_MS;
  const seen = looks(watch, [0, 299, 300, again - 1, again], busy(1));
  deepEqual(seen, ["interrupt 300", `interrupt ${again}`]);
});

test("the next look comes when something is due, and within a tenth of the limit", () => {
  const watch = new StallWatch({ warn: 1000, interrupt: 0 });
  equal(periodOf({ warn: 1000, interrupt: 0 }), 100);
  equal(watch.pause(0), 100);
  watch.look(0, busy(1));
  deepEqual([watch.pause(10), watch.pause(950), watch.pause(2000)], [100, 50, 1]);
  equal(periodOf({ warn: 0, interrupt: 20 }), 5);
});

test("what a debugger held is not counted", () => {
  const watch = new StallWatch({ warn: 100, interrupt: 200 });
  looks(watch, [0, 100], busy(1));
  watch.excuse(5000);
  deepEqual(looks(watch, [5099, 5100, 5200], busy(1)), [
    "report 100",
    "report 200",
    "interrupt 200",
  ]);
});

test("a phase is read as it was written, handles above 0x7fffffff too", () => {
  const words = createPhase();
  writePhase(words, 0xff00000a, new Message(PTYPE.snax, 0xff00000b, 7, 12, []));
  const { handle, dispatch, type, method, source, session } = readPhase(words);
  deepEqual([handle, dispatch, type, method], [0xff00000a, 1, PTYPE.snax, 12]);
  deepEqual([source, session], [0xff00000b, 7]);
});
