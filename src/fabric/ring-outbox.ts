/**
 * What one thread sends to one other: into the ring if it fits, in order if it doesn't.
 *
 *     send --fits----------------> ring                      written straight into shared memory
 *      |---ring is full----------> queue ... flush -> ring    once the reader has made room
 *      `---can never fit---------> queue ... flush -> MessagePort, and a marker in the ring that keeps its place
 *
 * Promises: the reader gets every record once and in the order of the sends, whichever way each takes. The queue has no
 * bound of its own: it is the sender's to ask for `waiting` and to refuse.
 */

import type { MessagePort } from "node:worker_threads";

import { assert } from "../base/error.ts";
import { RECORD } from "./ring-memory.ts";
import { RingWriter } from "./ring-writer.ts";

/** Something that can be sent. The sender may use one object for all it sends: it is done with when send() returns. */
export interface Outgoing {
  /**
   * Writes itself into bytes[start..end). It may be asked again, for the same or more room, if what it wrote is not
   * used.
   *
   * @returns how many bytes it took; if it does not fit, -(how many it needs at least), which is more than it was
   * given.
   */
  write(bytes: Uint8Array, start: number, end: number): number;
  /**
   * What is shared and can't be written as bytes: SharedArrayBuffers. Asked for after each write; a record that has any
   * travels by MessagePort.
   */
  readonly attachments: readonly unknown[];
}

/** A record that travels by MessagePort. */
export interface Parcel {
  readonly bytes: Uint8Array;
  readonly attachments: readonly unknown[];
}

/** Room that most records do with. */
const ROOM_FIRST = 256;
const NO_ATTACHMENTS: readonly unknown[] = [];

/** The sending end towards one other thread. */
export class RingOutbox {
  readonly #writer: RingWriter;
  readonly #port: MessagePort;
  /** What could not be sent at once; the first of it is at `#first`. */
  #queue: Parcel[] = [];
  #first = 0;

  /** @param port - nothing else may be sent through it, and no code listens at its other end: the inbox takes from it. */
  constructor(memory: SharedArrayBuffer, port: MessagePort) {
    this.#writer = new RingWriter(memory);
    this.#port = port;
  }

  /** How many records wait for room. */
  get waiting(): number {
    return this.#queue.length - this.#first;
  }

  /** Whether one of the two threads is dead. */
  get isClosed(): boolean {
    return this.#writer.isClosed;
  }

  /**
   * Takes a record; the other thread sees it after publish(). If its write() throws, nothing is left behind.
   *
   * @throws {ERR_BUG} if the record asks for no more room than it was given.
   */
  send(record: Outgoing): void {
    if (this.waiting === 0 && this.#writeStraight(record)) return;
    this.#queue.push(writeApart(record));
    this.flush();
  }

  #writeStraight(record: Outgoing): boolean {
    const writer = this.#writer;
    let room = Math.min(ROOM_FIRST, writer.lengthMax);
    while (room <= writer.lengthMax) {
      if (!writer.reserve(room)) return false;
      const length = record.write(writer.bytes, writer.start, writer.end);
      if (length >= 0) {
        if (record.attachments.length > 0) return false;
        writer.commit(length);
        return true;
      }
      assert(-length > room, "a record asks for no more room than it was given");
      room = -length;
    }
    return false;
  }

  /**
   * Sends what waits, as far as there is room.
   *
   * @returns true if nothing waits any more.
   */
  flush(): boolean {
    const writer = this.#writer;
    while (this.#first < this.#queue.length) {
      const parcel = this.#queue[this.#first] as Parcel;
      const { bytes } = parcel;
      const isLarge = bytes.length > writer.lengthMax || parcel.attachments.length > 0;
      const length = isLarge ? 0 : bytes.length;
      if (!writer.reserve(length)) return false;
      if (isLarge) {
        // Order: posted before the marker is published, so that the reader finds it there; the port is a queue too, and
        // hands out what was posted at once. test/unit/fabric/ring-threads.test.ts
        this.#port.postMessage(parcel, [bytes.buffer as ArrayBuffer]);
      } else {
        writer.bytes.set(bytes, writer.start);
      }
      writer.commit(length, isLarge ? RECORD.marker : RECORD.data);
      // Order: nothing is called between commit's last store and this one, so no interrupt comes between them and the
      // record is sent once.
      this.#first += 1;
    }
    this.#queue = [];
    this.#first = 0;
    return true;
  }

  /** Lets the other thread see what was sent; returns false if there was nothing new. */
  publish(): boolean {
    return this.#writer.publish();
  }

  /**
   * Asks the reader to say when it has made room for what waits.
   *
   * @returns true if something could be sent already: then there is work, and no reason to sleep.
   */
  wantRoom(): boolean {
    if (this.waiting === 0) return false;
    const before = this.#first;
    this.#writer.wantRoom();
    return this.flush() || this.#first !== before;
  }
}

/** Writes a record into memory of its own, in place of the ring's. */
function writeApart(record: Outgoing): Parcel {
  let bytes = new Uint8Array(ROOM_FIRST);
  for (;;) {
    const length = record.write(bytes, 0, bytes.length);
    if (length >= 0) {
      const { attachments } = record;
      return {
        bytes: bytes.subarray(0, length),
        attachments: attachments.length === 0 ? NO_ATTACHMENTS : [...attachments],
      };
    }
    assert(-length > bytes.length, "a record asks for no more room than it was given");
    bytes = new Uint8Array(Math.max(-length, bytes.length * 2));
  }
}
