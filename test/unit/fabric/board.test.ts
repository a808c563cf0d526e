/** What a thread counts by type, read by others. */

import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { BOARD_TYPES_MAX } from "../../../src/base/limits.ts";
import { Board, createBoardMemory, OTHER_TYPES } from "../../../src/fabric/board.ts";
import { count, countRun, LONG_RUNS, TALLY } from "../../../src/kernel/instruments.ts";

/** A board as its thread has it, and as another thread reads it. */
function pair(memory = createBoardMemory()): { own: Board; other: Board } {
  const own = new Board(memory);
  own.begin();
  return { own, other: new Board(memory) };
}

const names = (board: Board): string[] => [...board.readTypes()].map(({ type }) => type);

test("another thread reads what a thread has counted by type", () => {
  const { own, other } = pair();
  count(own.of("room"), TALLY.born, 3);
  count(own.of("room"), TALLY.ended);
  count(own.of("lobby"), TALLY.messages, 7);
  count(own.of("lobby"), TALLY.cpuMs, 1.5);
  count(own.of("lobby"), TALLY.errors);
  const runs = Array.from({ length: LONG_RUNS + 1 }, () => 0);
  const zero = { messages: 0, cpuMs: 0, errors: 0, born: 0, ended: 0, runs };
  deepEqual(
    [...other.readTypes()],
    [
      { ...zero, type: "room", born: 3, ended: 1 },
      { ...zero, type: "lobby", messages: 7, cpuMs: 1.5, errors: 1 },
    ],
  );
});

test("runs are counted by length, each up to its bound and the bound itself", () => {
  const { own, other } = pair();
  const lengths = [0, 0.2, 1, 1.01, 2, 2.01, 4, 100, 128, 4096, 4096.01, 30_000, 1e12];
  for (const ms of lengths) countRun(own.of("room"), ms);
  const [room] = [...other.readTypes()];
  //                     1  2  4  8 16 32 64 128 256 512 1024 2048 4096 longer
  deepEqual(room?.runs, [3, 2, 2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1, 3]);
  equal(
    room?.cpuMs,
    lengths.reduce((sum, ms) => sum + ms, 0),
  );
});

test("a type has the same tally whenever it is asked for", () => {
  const { own } = pair();
  equal(own.of("room"), own.of("room"));
  ok(own.of("room") !== own.of("rooms"));
});

test("the last row of a full board counts all types for which there is no row", () => {
  const { own, other } = pair();
  for (let type = 1; type < BOARD_TYPES_MAX; type += 1) count(own.of(`t${type}`), TALLY.born);
  equal(names(other).length, BOARD_TYPES_MAX - 1);
  equal(names(other).includes(OTHER_TYPES), false);
  for (const type of ["x", "y", "z"]) count(own.of(type), TALLY.born);
  const last = [...other.readTypes()].at(-1);
  equal(names(other).length, BOARD_TYPES_MAX);
  deepEqual([last?.type, last?.born], [OTHER_TYPES, 3]);
  equal([...other.readTypes()][0]?.born, 1);
});

test("a name that is too long is kept as far as there is room, and is no other type's", () => {
  const { own, other } = pair();
  const long = "n".repeat(127);
  count(own.of(long), TALLY.born);
  count(own.of(`${long}1`), TALLY.born);
  count(own.of("next"), TALLY.born);
  deepEqual(
    [...other.readTypes()].map(({ type, born }) => [type, born]),
    [
      [long, 2],
      ["next", 1],
    ],
  );
});

test("names in any script are read as they were written", () => {
  const { own, other } = pair();
  for (const type of ["房间", "sala_ñ", "комната"]) own.of(type);
  deepEqual(names(other), ["房间", "sala_ñ", "комната"]);
});

test("a thread that takes the place of another goes on counting, and no service of that one lives", () => {
  const memory = createBoardMemory();
  const { own } = pair(memory);
  count(own.of("room"), TALLY.born, 5);
  count(own.of("room"), TALLY.messages, 100);
  const { own: next, other } = pair(memory);
  deepEqual(
    [...other.readTypes()].map(({ born, ended, messages }) => [born, ended, messages]),
    [[5, 5, 100]],
  );
  count(next.of("room"), TALLY.messages);
  equal([...other.readTypes()][0]?.messages, 101);
  equal(names(other).length, 1);
});

test("a thread that has never beaten has not begun, and one that has is silent since then", () => {
  const { own, other } = pair();
  equal(other.readBeat().silentMs, undefined);
  own.beat(10, 20, 3);
  const { silentMs, ...rest } = other.readBeat();
  ok(silentMs !== undefined && silentMs >= 0);
  deepEqual(rest, { heapBytes: 10, heapLimitBytes: 20, openCalls: 3 });
});
