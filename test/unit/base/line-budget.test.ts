/** The bound on LAUNCH and KILL lines. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { LINES_PER_SECOND_MAX, LineBudget } from "../../../src/base/log-line.ts";

/** A budget over a clock that the test moves, with what it told. */
function createBudget() {
  const state = { now: 0, told: [] as number[], timers: [] as [number, () => void][] };
  const budget = new LineBudget({
    now: () => state.now,
    later: (ms, run) => state.timers.push([state.now + ms, run]),
    tell: (count) => state.told.push(count),
  });
  const allowed = (count: number): number =>
    Array.from({ length: count }, () => budget.allow()).filter(Boolean).length;
  return { state, allowed };
}

test("as many lines as the limit may be written in a second, and not one more", () => {
  const { allowed } = createBudget();
  assert.equal(allowed(LINES_PER_SECOND_MAX), LINES_PER_SECOND_MAX);
  assert.equal(allowed(1), 0);
});

test("the lines that were left out are told once, at the end of the second", () => {
  const { state, allowed } = createBudget();
  allowed(LINES_PER_SECOND_MAX + 7);
  assert.deepEqual(state.told, []);
  assert.deepEqual(
    state.timers.map(([at]) => at),
    [1000],
  );
  state.timers[0]?.[1]();
  assert.deepEqual(state.told, [7]);
});

test("a new second has a new budget", () => {
  const { state, allowed } = createBudget();
  allowed(LINES_PER_SECOND_MAX + 1);
  state.now = 999;
  assert.equal(allowed(1), 0);
  state.now = 1000;
  assert.equal(allowed(LINES_PER_SECOND_MAX + 1), LINES_PER_SECOND_MAX);
});
