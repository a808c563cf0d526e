/**
 * Two ends of a pair of rings on one thread, for tests that say themselves when each side runs.
 */

import { MessageChannel } from "node:worker_threads";

import { createDoorbell, Doorbell } from "../../../src/fabric/ring-doorbell.ts";
import { Exchange } from "../../../src/fabric/ring-exchange.ts";
import type { ThreadLink } from "../../../src/fabric/ring-exchange.ts";
import type { Incoming } from "../../../src/fabric/ring-inbox.ts";
import { createRing } from "../../../src/fabric/ring-memory.ts";
import type { Outgoing } from "../../../src/fabric/ring-outbox.ts";
import type { PollingOptions } from "../../../src/fabric/ring-polling.ts";

/** A record of a number of bytes, all of one value. */
export function createRecord(length: number, value: number, attachments: unknown[] = []): Outgoing {
  return {
    attachments,
    write: (bytes, start, end) => {
      if (end - start < length) return -length;
      bytes.fill(value, start, start + length);
      return length;
    },
  };
}

/** One of the two threads. */
export interface Side {
  readonly exchange: Exchange;
  /** Length and value of each record that came. */
  readonly got: number[][];
  /** How often the other thread woke this one, and how often it asked for a turn itself. */
  readonly wakes: { fromOutside: number; fromInside: number };
  readonly doorbell: SharedArrayBuffer;
  /** What arrived beside the bytes of the last record. */
  attachments: readonly unknown[];
}

/** The number by which each side knows the other. */
export const OTHER = 1;

/** Creates one thread without rings. */
export function createSide(now: () => number, polling?: PollingOptions): Side {
  const doorbell = createDoorbell();
  const wakes = { fromOutside: 0, fromInside: 0 };
  const got: number[][] = [];
  const take = (_thread: number, record: Incoming): void => {
    got.push([record.end - record.start, record.bytes[record.start] as number]);
    side.attachments = record.attachments;
  };
  const exchange = new Exchange({
    clock: { now, wall: now },
    doorbell: new Doorbell(doorbell),
    polling: polling ?? { windowMs: 0 },
    take,
    wake: () => (wakes.fromInside += 1),
  });
  const side: Side = { exchange, got, wakes, doorbell, attachments: [] };
  return side;
}

/** Creates the two halves of a link, as the starter of the threads hands them out. */
export function createLinks(sides: readonly [Side, Side], epoch = 1, bytes = 64): ThreadLink[] {
  const rings = [createRing({ epoch, bytes }), createRing({ epoch, bytes })];
  const { port1, port2 } = new MessageChannel();
  return [port1, port2].map((port, index) => {
    const other = sides[1 - index] as Side;
    return {
      thread: OTHER,
      outgoing: rings[index] as SharedArrayBuffer,
      incoming: rings[1 - index] as SharedArrayBuffer,
      port,
      doorbell: new Doorbell(other.doorbell),
      wake: () => (other.wakes.fromOutside += 1),
    };
  });
}

/** Two threads that are joined and asleep, with rings of 64 bytes or more. */
export function createPair(
  polling?: PollingOptions,
  ringBytes?: number,
): { a: Side; b: Side; clock: { ms: number } } {
  const clock = { ms: 0 };
  const a = createSide(() => clock.ms, polling);
  const b = createSide(() => clock.ms, polling);
  const [linkA, linkB] = createLinks([a, b], 1, ringBytes);
  a.exchange.connect(linkA as ThreadLink);
  b.exchange.connect(linkB as ThreadLink);
  return { a, b, clock };
}
