/**
 * What one thread gets from one other: the records of the ring, and in their places those that came by MessagePort.
 *
 * The port has no listener: a marker is published after its parcel was posted, so the parcel is there when the marker is
 * read, and it is taken out of the port at that moment. Nothing ever waits for it, and the order is the ring's.
 */

import type { MessagePort } from "node:worker_threads";
import { receiveMessageOnPort } from "node:worker_threads";

import { assert } from "../base/error.ts";
import type { Parcel } from "./ring-outbox.ts";
import { RingReader } from "./ring-reader.ts";

/** A record that came, in bytes[start..end). It is the ring's memory: read it before the function returns. */
export interface Incoming {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  /** What was sent beside the bytes: see Outgoing. */
  readonly attachments: readonly unknown[];
}

const NO_ATTACHMENTS: readonly unknown[] = [];

/** The receiving end from one other thread. It shows the record that next() found. */
export class RingInbox implements Incoming {
  bytes: Uint8Array;
  start = 0;
  end = 0;
  attachments: readonly unknown[] = NO_ATTACHMENTS;
  readonly #reader: RingReader;
  readonly #port: MessagePort;

  constructor(memory: SharedArrayBuffer, port: MessagePort) {
    this.#reader = new RingReader(memory);
    this.#port = port;
    this.bytes = this.#reader.bytes;
  }

  /** Looks whether something was published; next() goes as far as that. */
  refresh(): boolean {
    return this.#reader.refresh();
  }

  /**
   * Goes to the next record.
   *
   * @returns false if there is none.
   * @throws {ERR_BUG} if the memory is damaged.
   */
  next(): boolean {
    const reader = this.#reader;
    while (reader.next()) {
      if (reader.isMarker) {
        if (this.#open()) return true;
        continue;
      }
      this.bytes = reader.bytes;
      this.start = reader.start;
      this.end = reader.end;
      this.attachments = NO_ATTACHMENTS;
      return true;
    }
    // Else a parcel would stay in memory until the next record comes.
    this.bytes = reader.bytes;
    this.attachments = NO_ATTACHMENTS;
    return false;
  }

  /** Takes the marker's parcel; false if it went down with its thread. */
  #open(): boolean {
    const received = receiveMessageOnPort(this.#port) as { message: Parcel } | undefined;
    if (received === undefined) {
      assert(this.#reader.isClosed, "a marker came without its parcel");
      return false;
    }
    const { bytes, attachments } = received.message;
    this.bytes = bytes;
    this.start = 0;
    this.end = bytes.length;
    this.attachments = attachments;
    return true;
  }

  /** Gives the memory of all records read back; returns true if the other thread waits for it. */
  release(): boolean {
    return this.#reader.release();
  }
}
