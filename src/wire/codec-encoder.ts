/**
 * The sending end of the codec: writes the messages of one thread for another one straight into shared memory.
 *
 * Carried, changed and refused is what base/copy.ts carries, changes and refuses, with the same words. An encoder and
 * the decoder at the other end grow together: the keys of objects that come often are sent once. So every message that
 * was encoded must be decoded, and in the order of encoding; when a direction is set up anew, so are both.
 *
 *     encodeArguments(values, memory, at, end) -> the end of the message, or it does not fit:
 *     encodeArgumentsApart(values)             -> bytes of its own and the shared memory it holds
 */

import { explain } from "../base/copy-refusal.ts";
import { EncodeWalk } from "./codec-encode-walk.ts";
import type { CodecMemory } from "./codec-memory.ts";
import type { PortableTable } from "./codec-portable.ts";
import type { CodecShape } from "./codec-shape.ts";
import { NO_ROOM } from "./codec-writer.ts";

/** A message that is in no region. */
export interface Parcel {
  /** The message; the memory is the caller's and may be transferred. */
  readonly bytes: Uint8Array;
  /** The shared memory that the message holds; it must reach the decoder with the bytes. */
  readonly shared: readonly SharedArrayBuffer[];
}

/** Encodes the messages of one direction. */
export class ThreadEncoder {
  readonly #portables: PortableTable;
  /** The shapes that the decoder knows, by number; only a complete message adds some. */
  readonly #announced: (CodecShape | undefined)[] = [];
  readonly #walk: EncodeWalk;
  #isBusy = false;

  constructor(portables: PortableTable) {
    this.#portables = portables;
    this.#walk = new EncodeWalk(portables, this.#announced);
  }

  /**
   * Whether a message is being written, so that a getter of it runs: what is sent now must not touch its region.
   *
   * A termination in a getter leaves it true: see {@link ThreadEncoder.recover}.
   */
  get isBusy(): boolean {
    return this.#isBusy;
  }

  /**
   * Writes the arguments of a message into a region.
   *
   * A getter runs again if the message has to be encoded apart. One that sends a message itself gets an encoding that
   * depends on no other, so the two may be decoded in either order; the caller sees to it that it writes elsewhere.
   *
   * @param end - the first byte behind the region; the last HEAD_BYTES_MAX bytes may stay unused.
   * @returns the first byte behind the message; if it does not fit, minus the number of bytes that it needs at
   * least (-Infinity if it holds shared memory, which no region can carry). Nothing counts as sent then.
   * @throws {ERR_NOT_SENDABLE} if one of them can't be sent; the message begins `argument 1`.
   */
  encodeArguments(
    values: readonly unknown[],
    memory: CodecMemory,
    at: number,
    end: number,
  ): number {
    const walk = this.#take();
    try {
      walk.begin(memory, at, end);
      writeArguments(values, walk);
    } catch (error) {
      this.#giveUp(walk);
      if (error === NO_ROOM) return -walk.needed;
      throw explainArguments(values, error);
    }
    const last = walk.at;
    this.#complete(walk);
    return last;
  }

  /**
   * Writes the result of a call into a region; as {@link ThreadEncoder.encodeArguments} does.
   *
   * @throws {ERR_NOT_SENDABLE} if it can't be sent; the message begins `result`.
   */
  encodeResult(value: unknown, memory: CodecMemory, at: number, end: number): number {
    const walk = this.#take();
    try {
      walk.begin(memory, at, end);
      walk.value(value, 1);
    } catch (error) {
      this.#giveUp(walk);
      if (error === NO_ROOM) return -walk.needed;
      throw explain([["result", value]], error);
    }
    const last = walk.at;
    this.#complete(walk);
    return last;
  }

  /**
   * Writes the arguments of a message of any size into memory of their own.
   *
   * @throws what {@link ThreadEncoder.encodeArguments} throws.
   */
  encodeArgumentsApart(values: readonly unknown[]): Parcel {
    const walk = this.#take();
    try {
      walk.beginApart();
      writeArguments(values, walk);
      return this.#pack(walk);
    } catch (error) {
      this.#giveUp(walk);
      throw explainArguments(values, error);
    }
  }

  /**
   * Writes the result of a call of any size into memory of its own.
   *
   * @throws what {@link ThreadEncoder.encodeResult} throws.
   */
  encodeResultApart(value: unknown): Parcel {
    const walk = this.#take();
    try {
      walk.beginApart();
      walk.value(value, 1);
      return this.#pack(walk);
    } catch (error) {
      this.#giveUp(walk);
      throw explain([["result", value]], error);
    }
  }

  /**
   * Makes the encoder whole again after a handler was terminated, perhaps in the middle of a message.
   *
   * To be called when no handler runs. Without it messages are still right, but longer.
   */
  recover(): void {
    if (this.#isBusy) this.#giveUp(this.#walk);
  }

  /** Takes the walk for the next message; one that a getter sends has a walk of its own, without shapes. */
  #take(): EncodeWalk {
    if (this.#isBusy) return new EncodeWalk(this.#portables, undefined);
    this.#isBusy = true;
    return this.#walk;
  }

  #pack(walk: EncodeWalk): Parcel {
    const parcel = { bytes: walk.takeApart(), shared: walk.shared };
    this.#complete(walk);
    return parcel;
  }

  #complete(walk: EncodeWalk): void {
    walk.commit();
    this.#giveUp(walk);
  }

  /** Forgets the message, what it announced included. */
  #giveUp(walk: EncodeWalk): void {
    walk.forget();
    if (walk === this.#walk) this.#isBusy = false;
  }
}

function writeArguments(values: readonly unknown[], walk: EncodeWalk): void {
  const { length } = values;
  walk.number(length);
  for (let index = 0; index < length; index++) walk.value(values[index], 1);
}

function explainArguments(values: readonly unknown[], error: unknown): Error {
  return explain(
    values.map((value, index) => [`argument ${index + 1}`, value]),
    error,
  );
}
