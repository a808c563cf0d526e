/** The state of an errand between two threads: the first one decides, and it stays so. */

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";

import {
  beginErrand,
  commitErrand,
  createErrand,
  takeErrand,
  withdrawErrand,
} from "../../../src/service/errand-state.ts";

test("an errand that was withdrawn can be neither taken nor begun nor committed", () => {
  const errand = createErrand();
  equal(withdrawErrand(errand), true);
  deepEqual([takeErrand(errand), beginErrand(errand), commitErrand(errand)], [false, false, false]);
  equal(withdrawErrand(errand), true, "it stays withdrawn");
});

test("an errand that was taken can be withdrawn until it is committed", () => {
  const taken = createErrand();
  deepEqual([takeErrand(taken), withdrawErrand(taken), commitErrand(taken)], [true, true, false]);
  const committed = createErrand();
  deepEqual([takeErrand(committed), commitErrand(committed)], [true, true]);
  deepEqual([withdrawErrand(committed), commitErrand(committed)], [false, true]);
});

test("an errand that begins at once may begin again, and is not withdrawn any more", () => {
  const errand = createErrand();
  deepEqual(
    [beginErrand(errand), beginErrand(errand), withdrawErrand(errand)],
    [true, true, false],
  );
});

test("an errand that was not taken can't be committed", () => {
  equal(commitErrand(createErrand()), false);
});
