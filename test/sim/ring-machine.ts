/**
 * A thread of test/sim/ring.test.ts: sends numbered records to the other one and checks what comes back.
 *
 * The rings under test come from the folder that the parent names, so that it can plant faults in a copy. Everything
 * that is random is drawn from the baton's seed. An event loop stands here as a loop: turns while there is something to
 * send or rest() says "again", and a sleep that only a wake ends.
 */

import type { MessagePort } from "node:worker_threads";
import { parentPort, workerData } from "node:worker_threads";

import type * as Doorbells from "../../src/fabric/ring-doorbell.ts";
import type * as Exchanges from "../../src/fabric/ring-exchange.ts";
import type { Incoming } from "../../src/fabric/ring-inbox.ts";
import type { Outgoing } from "../../src/fabric/ring-outbox.ts";
import { Baton } from "./ring-baton.ts";

/** One run, as both threads are told. */
export interface Run {
  readonly baton: SharedArrayBuffer;
  /** In how many of 16 places the baton is handed over. */
  readonly restlessness: number;
  /** rings[0] is written by thread 0. */
  readonly rings: readonly [SharedArrayBuffer, SharedArrayBuffer];
  readonly doorbells: readonly [SharedArrayBuffer, SharedArrayBuffer];
  /** How many records each thread sends. */
  readonly records: number;
  readonly lengthMax: number;
  readonly windowMs: number;
}

const { root, side } = workerData as { root: string; side: number };
const load = (file: string): Promise<unknown> => import(new URL(file, root).href);
const { Exchange } = (await load("fabric/ring-exchange.js")) as typeof Exchanges;
const { Doorbell } = (await load("fabric/ring-doorbell.js")) as typeof Doorbells;

/** The numbered records that a thread sends, each with bytes that follow from its number. */
class NumberedRecord implements Outgoing {
  readonly attachments: unknown[] = [];
  readonly #baton: Baton;
  #number = 0;
  #length = 0;

  constructor(baton: Baton) {
    this.#baton = baton;
  }

  set(number: number, length: number): void {
    this.#number = number;
    this.#length = length;
    this.attachments.length = 0;
    if (this.#baton.below(16) === 0) this.attachments.push(number);
  }

  write(bytes: Uint8Array, start: number, end: number): number {
    if (end - start < this.#length) return -this.#length;
    const half = start + (this.#length >> 1);
    for (let at = start; at < half; at += 1) bytes[at] = this.#number + at - start;
    this.#baton.step();
    for (let at = half; at < start + this.#length; at += 1) bytes[at] = this.#number + at - start;
    return this.#length;
  }
}

function check({ bytes, start, end, attachments }: Incoming, number: number): void {
  for (let at = start; at < end; at += 1) {
    if (bytes[at] !== ((number + at - start) & 0xff)) {
      throw new Error(`record ${number} came with ${bytes[at]} at ${at - start}`);
    }
  }
  if (attachments.length > 0 && attachments[0] !== number) {
    throw new Error(`record ${number} came with what belongs to ${String(attachments[0])}`);
  }
}

function drawLength(baton: Baton, lengthMax: number): number {
  const kind = baton.below(8);
  if (kind === 0) return 1 + baton.below(lengthMax * 3);
  if (kind < 3) return Math.max(1, lengthMax - baton.below(9));
  return 1 + baton.below(Math.min(20, lengthMax));
}

function play(run: Run, port: MessagePort, baton: Baton): void {
  let received = 0;
  let sent = 0;
  let now = 0;
  const exchange = new Exchange({
    clock: { now: () => (now += 0.01), wall: () => 0 },
    doorbell: new Doorbell(run.doorbells[side as 0 | 1]),
    polling: { windowMs: run.windowMs },
    take: (_thread, record) => {
      check(record, received);
      baton.step();
      check(record, received);
      received += 1;
    },
    wake: () => {},
  });
  const other = (1 - side) as 0 | 1;
  exchange.connect({
    thread: other,
    outgoing: run.rings[side as 0 | 1],
    incoming: run.rings[other],
    port,
    doorbell: new Doorbell(run.doorbells[other]),
    wake: () => baton.wake(),
  });
  const record = new NumberedRecord(baton);
  for (;;) {
    exchange.receive();
    for (let count = baton.below(4); count > 0 && sent < run.records; count -= 1) {
      record.set(sent, drawLength(baton, run.lengthMax));
      exchange.send(other, record);
      sent += 1;
    }
    const rest = exchange.rest();
    if (sent < run.records || rest === "again") continue;
    if (received === run.records && exchange.waiting(other) === 0) return;
    baton.sleep();
  }
}

parentPort?.on("message", ({ run, port }: { run: Run; port: MessagePort }) => {
  const baton = new Baton(run.baton, side, run.restlessness);
  let failure: string | undefined;
  try {
    baton.run(() => play(run, port, baton));
  } catch (error) {
    failure = error instanceof Error ? error.message : String(error);
  }
  port.close();
  parentPort?.postMessage(failure);
});
