/**
 * The receiving end of the codec: reads the messages of one direction into fresh values of this thread.
 *
 * Every message must be read, and in the order in which it was encoded, also if no service is left to receive it: a later
 * one may be written in its terms. After a malformed message the direction can't be trusted any more: set it up anew.
 */

import { SnaxError, codeOf } from "../base/error.ts";
import { DecodeWalk } from "./codec-decode-walk.ts";
import type { Parcel } from "./codec-encoder.ts";
import { CodecMemory } from "./codec-memory.ts";
import type { PortableTable } from "./codec-portable.ts";

/** Decodes the messages of one direction. */
export class ThreadDecoder {
  readonly #walk: DecodeWalk;

  constructor(portables: PortableTable) {
    this.#walk = new DecodeWalk(portables);
  }

  /**
   * Reads the arguments of a message from a region.
   *
   * @param end - the first byte behind the message.
   * @param receiver - the service that gets the message, for portable objects; undefined outside any.
   * @throws {ERR_MALFORMED} if the bytes are not what the encoder writes, or not all are there.
   */
  decodeArguments(
    memory: CodecMemory,
    at: number,
    end: number,
    receiver: object | undefined,
  ): unknown[] {
    const walk = this.#walk;
    walk.begin(memory, at, end);
    walk.receiver = receiver;
    return this.#readArguments();
  }

  /**
   * Reads the result of a call from a region; as {@link ThreadDecoder.decodeArguments} does.
   *
   * @throws {ERR_MALFORMED} if the bytes are not what the encoder writes, or not all are there.
   */
  decodeResult(
    memory: CodecMemory,
    at: number,
    end: number,
    receiver: object | undefined,
  ): unknown {
    const walk = this.#walk;
    walk.begin(memory, at, end);
    walk.receiver = receiver;
    return this.#readResult();
  }

  /**
   * Reads the arguments of a message that was encoded apart.
   *
   * @throws {ERR_MALFORMED} if the bytes are not what the encoder writes, or not all are there.
   */
  decodeArgumentsApart(parcel: Parcel, receiver: object | undefined): unknown[] {
    this.#beginApart(parcel, receiver);
    return this.#readArguments();
  }

  /**
   * Reads the result of a call that was encoded apart.
   *
   * @throws {ERR_MALFORMED} if the bytes are not what the encoder writes, or not all are there.
   */
  decodeResultApart(parcel: Parcel, receiver: object | undefined): unknown {
    this.#beginApart(parcel, receiver);
    return this.#readResult();
  }

  #beginApart({ bytes, shared }: Parcel, receiver: object | undefined): void {
    this.#walk.begin(new CodecMemory(bytes), 0, bytes.length);
    this.#walk.shared = shared;
    this.#walk.receiver = receiver;
  }

  #readArguments(): unknown[] {
    const walk = this.#walk;
    try {
      const values = readList(walk, walk.value(0));
      walk.forget();
      return values;
    } catch (error) {
      throw this.#malformed(error);
    }
  }

  #readResult(): unknown {
    const walk = this.#walk;
    try {
      const value = walk.value(1);
      walk.forget();
      return value;
    } catch (error) {
      throw this.#malformed(error);
    }
  }

  /** A constructor of the platform may throw for damaged bytes: to the caller they are malformed. */
  #malformed(cause: unknown): SnaxError {
    const error = this.#walk.malformed();
    this.#walk.forget();
    if (codeOf(cause) === error.code) return cause as SnaxError;
    return new SnaxError("ERR_MALFORMED", error.message, { cause });
  }
}

/** Reads that many values; short lists are made at their final length, which costs half of what pushing does. */
function readList(walk: DecodeWalk, count: unknown): unknown[] {
  switch (count) {
    case 0:
      return [];
    case 1:
      return [walk.value(1)];
    case 2:
      return [walk.value(1), walk.value(1)];
    case 3:
      return [walk.value(1), walk.value(1), walk.value(1)];
    default: {
      if (typeof count !== "number") throw walk.malformed();
      const values: unknown[] = [];
      // The count is a claim: the list grows with what is there.
      for (let index = 0; index < count; index++) values.push(walk.value(1));
      return values;
    }
  }
}
