/**
 * The configuration of a node as its services see it: `skynet.getenv` and `skynet.setenv`.
 *
 * As in skynet, a key can be set once and never changed or removed, so that two services never disagree about it. Values
 * are copied on the way in and out: services share no objects.
 */

import { copyResult } from "../base/copy.ts";
import { SnaxError } from "../base/error.ts";
import { LOG_KIND } from "../fabric/node-memory.ts";
import type { SharedLog } from "../fabric/shared-log.ts";
import { ThreadDecoder } from "../wire/codec-decoder.ts";
import { ThreadEncoder } from "../wire/codec-encoder.ts";
import { PortableTable } from "../wire/codec-portable.ts";

/** Keys and values of one node. */
export class Environment {
  readonly #values = new Map<string, unknown>();
  readonly #log: SharedLog | undefined;

  /**
   * @param log - what the threads of a node agree by. @defaultValue there is one thread
   * @throws {ERR_NOT_SENDABLE} if a value can't be sent.
   */
  constructor(values: Readonly<Record<string, unknown>> = {}, log?: SharedLog) {
    this.#log = log;
    log?.on(LOG_KIND.environment, (bytes) => {
      const decoder = new ThreadDecoder(NO_PORTABLES);
      const parcel = { bytes, shared: [] };
      const [key, value] = decoder.decodeArgumentsApart(parcel, undefined);
      this.#values.set(key as string, value);
    });
    for (const [key, value] of Object.entries(values)) this.set(key, value);
  }

  /** Returns a copy of the value of a key, or undefined. */
  get(key: string): unknown {
    this.#log?.sync();
    return copyResult(this.#values.get(key), undefined);
  }

  /** Milliseconds that a patch waits for a service or a thread: `hotfixtimeout`, at least one. */
  get hotfixMs(): number {
    return Math.max(1, Number(this.get("hotfixtimeout")));
  }

  /** The keys that are set. */
  keys(): Iterable<string> {
    this.#log?.sync();
    return this.#values.keys();
  }

  /**
   * Adds a key.
   *
   * @throws {ERR_ARGUMENT} if the key exists or is no text.
   * @throws {ERR_NOT_SENDABLE} if the value can't be sent.
   * @throws {ERR_EXHAUSTED} if the log of the threads is full.
   */
  set(key: string, value: unknown): void {
    if (typeof key !== "string") {
      throw new SnaxError("ERR_ARGUMENT", `an environment key is a text, not ${typeof key}`);
    }
    const own = copyResult(value, undefined);
    if (this.#log === undefined) {
      this.#requireNew(key);
      this.#values.set(key, own);
    } else if (!this.#log.add(LOG_KIND.environment, () => this.#encode(key, own))) {
      throw new SnaxError("ERR_EXHAUSTED", `there is no room for the environment key ${key}`);
    }
  }

  #encode(key: string, value: unknown): Uint8Array {
    this.#requireNew(key);
    const { bytes, shared } = new ThreadEncoder(NO_PORTABLES).encodeArgumentsApart([key, value]);
    if (shared.length === 0) return bytes;
    throw new SnaxError("ERR_NOT_SENDABLE", `the environment key ${key} holds shared memory`);
  }

  #requireNew(key: string): void {
    if (!this.#values.has(key)) return;
    throw new SnaxError("ERR_ARGUMENT", `can't set the environment key ${key}: it exists`);
  }
}

/** The environment holds values only. */
const NO_PORTABLES = new PortableTable();
