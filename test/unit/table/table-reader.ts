/**
 * A thread that reads shared tables as fast as it can, and checks every read against the data of the stamp that it shows.
 *
 * Rows that it holds from earlier turns are read as well. A turn here is a callback of the event loop; nothing but
 * `beginTurn` may change what is seen. Some threads publish too.
 */

import assert from "node:assert/strict";
import { setImmediate as nextRound } from "node:timers/promises";
import type { MessagePort } from "node:worker_threads";
import { parentPort, workerData } from "node:worker_threads";
import { createRandom } from "../../../src/base/random.ts";
import type { Random } from "../../../src/base/random.ts";
import { encodeTable } from "../../../src/table/encoder.ts";
import type { TableInvitation } from "../../../src/table/table-hub.ts";
import { connectTables } from "../../../src/table/table-port.ts";
import { TableThread } from "../../../src/table/table-thread.ts";
import { choosePath, createTables, follow } from "./table-data.ts";
import type { Path } from "./table-data.ts";

/** What a reader is told. */
export interface ReaderData {
  readonly invitation: TableInvitation;
  readonly port: MessagePort;
  readonly seed: number;
  /** 1 = stop. */
  readonly stop: SharedArrayBuffer;
  /** How many updates it publishes itself; their stamps begin here. */
  readonly publishes: number;
  readonly firstStamp: number;
}

/** What it tells in the end. */
export interface ReaderReport {
  readonly turns: number;
  readonly reads: number;
  /** How many different stamps it has seen. */
  readonly stamps: number;
  readonly heldReads: number;
}

/** A row that is held over updates. */
interface Held {
  readonly table: "left" | "right";
  readonly path: Path;
  readonly row: object;
}

/** Reads in turns; both the worker and the test's own thread use it. */
export class Reader {
  readonly report = { turns: 0, reads: 0, stamps: 0, heldReads: 0 };
  readonly #thread: TableThread;
  readonly #random: Random;
  #held: Held[] = [];
  #stamp = -1;
  #data = createTables(0);

  constructor(thread: TableThread, random: Random) {
    this.#thread = thread;
    this.#random = random;
  }

  /** One turn: everything that is read in it must be of one stamp. */
  turn(): void {
    this.#thread.beginTurn();
    const left = this.#thread.find("left");
    const right = this.#thread.find("right");
    if (left === undefined || right === undefined) return;
    const { stamp } = left.shown as { stamp: number };
    if (stamp !== this.#stamp) {
      this.#stamp = stamp;
      this.#data = createTables(stamp);
      this.report.stamps += 1;
    }
    this.report.turns += 1;
    for (let count = 0; count < 12; count++)
      this.#read(this.#random.below(2) === 0 ? "left" : "right");
    for (const held of this.#held) this.#readHeld(held);
    if (this.#held.length > 40) this.#held = this.#held.slice(20);
    assert.equal((right.view as { stamp: number }).stamp, stamp);
    if (this.#random.below(20) === 0) assert.deepStrictEqual(left.view, this.#data.left);
  }

  #read(table: "left" | "right"): void {
    const expected = this.#data[table];
    const path = choosePath(this.#random, expected);
    const view = this.#thread.get(table);
    const value = follow(this.#random.below(2) === 0 ? view.shown : view.view, path);
    assert.deepStrictEqual(value, follow(expected, path));
    this.report.reads += 1;
    const isRow = typeof value === "object" && value !== null && !Array.isArray(value);
    if (!isRow || value instanceof Date || path.length === 0) return;
    this.#held.push({ table, path, row: value });
  }

  /** A held row answers by name with what stands at its path, or says that it is gone. */
  #readHeld({ table, path, row }: Held): void {
    const expected = follow(this.#data[table], path);
    const isThere = typeof expected === "object" && expected !== null;
    const isRow = isThere && !Array.isArray(expected) && !(expected instanceof Date);
    const keys = isRow && Object.keys(row).length > 0 ? Object.keys(row) : [];
    for (const key of keys) {
      const value = Object.hasOwn(expected as object, key)
        ? (expected as Record<string, unknown>)[key]
        : undefined;
      assert.deepStrictEqual((row as Record<string, unknown>)[key], value);
      this.report.heldReads += 1;
    }
    const [first] = isRow ? [] : keysIfReadable(row);
    if (first !== undefined) {
      assert.throws(() => (row as Record<string, unknown>)[first], { code: "ERR_ROW_GONE" });
    }
  }
}

/** The keys of a row; a dictionary that is gone does not even tell its keys. */
function keysIfReadable(row: object): string[] {
  try {
    return Object.keys(row);
  } catch (error) {
    assert.equal((error as { code?: string }).code, "ERR_ROW_GONE");
    return [];
  }
}

/** Publishes both tables of a stamp in one step. */
export function publishStamp(thread: TableThread, stamp: number): Promise<void> {
  const versions = Object.entries(createTables(stamp)).map(([name, data]) => ({
    name,
    memory: encodeTable(name, data),
    base: 0,
  }));
  return new Promise((resolve, reject) => {
    thread.publish(versions, (error) => (error === undefined ? resolve() : reject(error)));
  });
}

async function main(data: ReaderData): Promise<void> {
  // The link holds no thread alive; the parent ends this one when it has looked at the board.
  parentPort?.on("message", () => {});
  const stop = new Int32Array(data.stop);
  const random = createRandom(data.seed);
  const thread: TableThread = new TableThread(
    connectTables(data.invitation, data.port, () => thread.catchUp()),
  );
  const reader = new Reader(thread, random);
  let published = 0;
  while (Atomics.load(stop, 0) === 0 || published < data.publishes) {
    reader.turn();
    if (published < data.publishes && random.below(10) === 0) {
      await publishStamp(thread, data.firstStamp + published++);
    }
    await nextRound();
  }
  reader.turn();
  parentPort?.postMessage(reader.report);
}

if ((workerData as Partial<ReaderData> | null)?.invitation !== undefined) {
  void main(workerData as ReaderData);
}
