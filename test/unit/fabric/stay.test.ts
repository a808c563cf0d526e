/** Since when a thread is where it is, by looks on a clock of the test's. */

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";

import { hasStayed, Stay } from "../../../src/fabric/stay.ts";

const inside = { handle: 5, dispatch: 1, turn: 1 };
const outside = { handle: 0, dispatch: 1, turn: 1 };

test("a stay is dated from the first look that saw it", () => {
  const stay = new Stay();
  equal(stay.ageMs(10), 0, "it was not looked at yet");
  deepEqual([stay.look(100, inside), stay.ageMs(100)], [false, 0]);
  deepEqual([stay.look(150, { ...inside }), stay.ageMs(170)], [true, 70]);
});

test("another dispatch, another service and the end of both begin a new stay", () => {
  for (const next of [{ ...inside, dispatch: 2 }, { ...inside, handle: 6 }, outside]) {
    const stay = new Stay();
    stay.look(100, inside);
    deepEqual([stay.look(200, next), stay.ageMs(250)], [false, 50]);
  }
});

test("outside any message a thread has stayed as long as the turn is the same", () => {
  equal(hasStayed(outside, { ...outside }), true);
  equal(hasStayed(outside, { ...outside, turn: 2 }), false);
  equal(hasStayed(undefined, outside), false);
});

test("a stay that was excused counts from then on", () => {
  const stay = new Stay();
  stay.look(100, inside);
  stay.excuse(300);
  deepEqual([stay.look(350, inside), stay.ageMs(350)], [true, 50]);
});
