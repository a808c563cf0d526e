/**
 * Two real threads pass records through their rings, as fast as they can, and one of them may die.
 */

import { deepEqual, equal } from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";

import { createRandom } from "../../../src/base/random.ts";
import { closeRing } from "../../../src/fabric/ring-memory.ts";
import type { Joint } from "./ring-thread.ts";
import { BURST_LENGTHS, RingThread, startWorker } from "./ring-thread.ts";

const RING_BYTES = 1 << 14;
/** Once in this number of records, one is longer than the ring. */
const LARGE_EVERY = 500;

/** Bytes that tell which record they are, all of them. */
function createBytes(number: number, length: number): Uint8Array {
  const bytes = new Uint8Array(4 + length).fill(number);
  new DataView(bytes.buffer).setUint32(0, number);
  return bytes;
}

/** Sends `count` records to a thread that echoes them, `atOnce` of them under way; checks each that comes back. */
async function exchangeRecords(
  options: Pick<Joint, "wakeBy" | "windowMs">,
  count: number,
  atOnce: number,
): Promise<void> {
  const { worker, joint } = startWorker({ ...options, task: "echo" }, RING_BYTES);
  const random = createRandom(count);
  const lengths: number[] = [];
  let received = 0;
  try {
    await new Promise<void>((resolve, reject) => {
      worker.once("error", reject);
      const thread = new RingThread(joint, (self, { bytes, start, end }) => {
        const number = new DataView(bytes.buffer, bytes.byteOffset + start).getUint32(0);
        const isWhole = bytes.subarray(start + 4, end).every((byte) => byte === (number & 0xff));
        const isRight = number === received && end - start === 4 + (lengths[number] ?? -1);
        if (!isWhole || !isRight) reject(new Error(`record ${number} came as number ${received}`));
        received += 1;
        if (received === count) resolve();
        else if (lengths.length < count) sendOne(self);
      });
      const sendOne = (self: RingThread): void => {
        const number = lengths.length;
        const isLarge = number % LARGE_EVERY === LARGE_EVERY - 1;
        lengths.push(random.below(isLarge ? RING_BYTES * 4 : 300));
        self.send(createBytes(number, lengths[number] as number));
      };
      for (let index = 0; index < atOnce; index += 1) sendOne(thread);
    });
    equal(received, count);
  } finally {
    await worker.terminate();
    joint.wakePort.close();
    joint.port.close();
  }
}

test("twenty thousand records of all lengths come once and in order, with rings that are always full", () =>
  exchangeRecords({ wakeBy: "port", windowMs: 0.1 }, 20_000, 1000));

test("records one at a time wake the other thread each time", () =>
  exchangeRecords({ wakeBy: "port", windowMs: 0 }, 2000, 1));

test("records one at a time are found by polling", () =>
  exchangeRecords({ wakeBy: "port", windowMs: 0.1 }, 5000, 1));

test("Atomics.waitAsync wakes as well as a port", async () => {
  await exchangeRecords({ wakeBy: "wait", windowMs: 0 }, 2000, 1);
  await exchangeRecords({ wakeBy: "wait", windowMs: 0.1 }, 10_000, 1000);
});

test("what a thread published before it was terminated arrives, large records too", async () => {
  const { worker, joint } = startWorker({ wakeBy: "port", windowMs: 0, task: "burst" }, RING_BYTES);
  await once(worker, "message");
  await worker.terminate();
  const lengths: number[] = [];
  const thread = new RingThread(joint, (_self, { start, end }) => lengths.push(end - start));
  closeRing(joint.incoming);
  closeRing(joint.outgoing);
  thread.close();
  deepEqual(lengths, BURST_LENGTHS);
});
