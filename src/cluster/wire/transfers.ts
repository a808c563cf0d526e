/**
 * Messages that come in parts: those of one connection that have begun and are not whole.
 *
 *     begin (total) -> part ... part -> last          parts of several may be between each other
 *
 * What is held is at most twice what came, whatever was announced. One that does not come to the total it announced, or begins
 * twice, is broken; the code that waits for it has to be told. What is announced, and how many are open, is bounded for the connection.
 */

import { SnaxError } from "../../base/error.ts";
import { CLUSTER_BYTES_MAX, CLUSTER_TRANSFERS_MAX } from "../../base/limits.ts";

/** What is written about a transfer that is refused, and counted by. */
export type TransferFault = "transfer too large" | "too many transfers";

/** Least room for what has come. */
const ROOM_MIN = 1024;

/** One message that has begun. */
interface Transfer<T> {
  readonly about: T;
  readonly total: number;
  bytes: Buffer;
  length: number;
  isBroken: boolean;
}

/** What has come of a message with its last part. */
export interface Arrived<T> {
  /** What its beginning said. */
  readonly about: T;
  /** Undefined if it is broken. */
  readonly payload: Buffer | undefined;
}

/** The open transfers of one connection. */
export class Transfers<T> {
  readonly #open = new Map<number, Transfer<T>>();
  #announced = 0;

  /** How many are open. */
  get count(): number {
    return this.#open.size;
  }

  /** Says whether one of that session is open. */
  has(session: number): boolean {
    return this.#open.has(session);
  }

  /**
   * Takes a beginning.
   *
   * @throws {ERR_MALFORMED} if it announces too much, or too many are open; the message is a {@link TransferFault}.
   */
  begin(session: number, total: number, about: T): void {
    const known = this.#open.get(session);
    if (known !== undefined) {
      known.isBroken = true;
      return;
    }
    if (this.#open.size >= CLUSTER_TRANSFERS_MAX) throw refuse("too many transfers");
    if (this.#announced + total > CLUSTER_BYTES_MAX) throw refuse("transfer too large");
    this.#announced += total;
    this.#open.set(session, { about, total, bytes: NOTHING, length: 0, isBroken: false });
  }

  /**
   * Takes a part.
   *
   * @returns what has arrived if it was the last one; undefined if more has to come, or nothing has begun.
   */
  add(session: number, part: Uint8Array, isLast: boolean): Arrived<T> | undefined {
    const transfer = this.#open.get(session);
    if (transfer === undefined) return undefined;
    if (transfer.length + part.length > transfer.total) this.#break(transfer);
    if (!transfer.isBroken) append(transfer, part);
    if (!isLast) return undefined;
    this.#open.delete(session);
    this.#announced -= transfer.total;
    const isWhole = !transfer.isBroken && transfer.length === transfer.total;
    const payload = isWhole ? transfer.bytes.subarray(0, transfer.length) : undefined;
    return { about: transfer.about, payload };
  }

  /** Forgets one: the code that waited for it has been told something else. */
  drop(session: number): void {
    const transfer = this.#open.get(session);
    if (transfer === undefined) return;
    this.#open.delete(session);
    this.#announced -= transfer.total;
  }

  #break(transfer: Transfer<T>): void {
    transfer.isBroken = true;
    transfer.bytes = NOTHING;
  }
}

const NOTHING = Buffer.alloc(0);

function append<T>(transfer: Transfer<T>, part: Uint8Array): void {
  const length = transfer.length + part.length;
  if (length > transfer.bytes.length) {
    const room = Math.min(Math.max(length * 2, ROOM_MIN), transfer.total);
    const grown = Buffer.allocUnsafeSlow(room);
    transfer.bytes.copy(grown, 0, 0, transfer.length);
    transfer.bytes = grown;
  }
  transfer.bytes.set(part, transfer.length);
  transfer.length = length;
}

function refuse(fault: TransferFault): SnaxError {
  return new SnaxError("ERR_MALFORMED", fault);
}
