/**
 * Large tables: put together, and sent from thread to thread, in slices.
 *
 *     command on a thread -> rows in order of their keys -> pieces of ROWS_LENGTH, each answered before the next
 *                                                        -> the console's thread merges those of all threads
 *
 * In one message a hundred thousand rows would hold both threads for as long as it takes to write and read them.
 */

import { askSteward } from "../../service/steward.ts";
import type { CommandResult, Table } from "../operator/command.ts";
import { isInOrder, markInOrder } from "../operator/page.ts";
import type { ConsoleThread } from "../operator/console-thread.ts";
import type { Operator } from "../operator/operator.ts";
import { Slice } from "../operator/pacer.ts";

/** Rows that travel at once. */
export const ROWS_LENGTH = 2000;

/** The command of a steward that takes a piece. */
const ROWS = "CONSOLE_ROWS";

/** Who waits for pieces: a thread, and the number that it has given to the table. */
export interface Collector {
  readonly thread: number;
  readonly id: number;
}

/** Begins to collect a table that another thread sends. @returns the table, which grows; and what ends that */
export function collect({ thread, runtime }: Operator): {
  readonly table: Map<string, unknown>;
  readonly collector: Collector;
  readonly end: () => void;
} {
  const { id, table } = thread.collectors.open();
  const collector = { thread: runtime.threads?.own ?? 0, id };
  return { table, collector, end: () => thread.collectors.close(id) };
}

/** Lets other threads send pieces to this one. */
export function addRowsCommand({ live, collectors }: ConsoleThread): void {
  live.runtime.stewardCommands.set(ROWS, (_context, [id, piece]) =>
    collectors.take(id as number, piece as Table),
  );
}

/**
 * Sends all of a large table but its last piece.
 *
 * @returns the last piece, or the result as it is if that is no table; undefined if it is not awaited any more.
 */
export async function sendPieces(
  operator: Operator,
  result: CommandResult,
  { thread, id }: Collector,
): Promise<CommandResult> {
  if (!(result instanceof Map) || result.size <= ROWS_LENGTH) return result;
  let piece = new Map<string, unknown>();
  for (const [key, row] of result as Table) {
    if (piece.size === ROWS_LENGTH) {
      await operator.rest();
      if ((await askSteward(operator.context, thread, ROWS, id, piece)) !== true) return undefined;
      piece = new Map();
    }
    piece.set(key, row);
  }
  return piece;
}

/** Merges tables whose rows are in order of their keys into one whose rows are; others come out as they fall. */
export async function mergeInOrder(operator: Operator, tables: readonly Table[]): Promise<Table> {
  const full = tables.filter((table) => table.size > 0);
  if (full[0] !== undefined && full.length === 1 && isInOrder(full[0])) return full[0];
  const merged = new Map<string, unknown>();
  const slice = new Slice();
  const runs = full.map((table) => new Run(table));
  let last = "";
  let isRising = true;
  for (;;) {
    let least: Run | undefined;
    for (const run of runs) {
      if (!run.isOver && (least === undefined || run.key < least.key)) least = run;
    }
    if (least === undefined) return isRising ? markInOrder(merged) : merged;
    isRising &&= last <= least.key;
    last = least.key;
    merged.set(least.key, least.row);
    least.advance();
    if (merged.size % ROWS_LENGTH !== 0 || !slice.isOver) continue;
    await operator.rest();
    slice.begin();
  }
}

/** What is left of a table. */
class Run {
  key = "";
  row: unknown = undefined;
  isOver = false;
  readonly #entries: Iterator<[string, unknown]>;

  constructor(table: Table) {
    this.#entries = table.entries();
    this.advance();
  }

  advance(): void {
    const { done, value } = this.#entries.next();
    this.isOver = done === true;
    if (done !== true) [this.key, this.row] = value;
  }
}
