/**
 * The configuration of a node as its services see it: `skynet.getenv` and `skynet.setenv`.
 *
 * As in skynet, a key can be set once and never changed or removed, so that two services never disagree about it. Values
 * are copied on the way in and out: services share no objects.
 */

import { copyResult } from "../base/copy.ts";
import { SnaxError } from "../base/error.ts";

/** Keys and values of one node. */
export class Environment {
  readonly #values = new Map<string, unknown>();

  /** @throws {ERR_NOT_SENDABLE} if a value can't be sent. */
  constructor(values: Readonly<Record<string, unknown>> = {}) {
    for (const [key, value] of Object.entries(values)) this.set(key, value);
  }

  /** Returns a copy of the value of a key, or undefined. */
  get(key: string): unknown {
    return copyResult(this.#values.get(key), undefined);
  }

  /**
   * Adds a key.
   *
   * @throws {ERR_ARGUMENT} if the key exists or is no text.
   * @throws {ERR_NOT_SENDABLE} if the value can't be sent.
   */
  set(key: string, value: unknown): void {
    if (typeof key !== "string") {
      throw new SnaxError("ERR_ARGUMENT", `an environment key is a text, not ${typeof key}`);
    }
    if (this.#values.has(key)) {
      throw new SnaxError("ERR_ARGUMENT", `can't set the environment key ${key}: it exists`);
    }
    this.#values.set(key, copyResult(value, undefined));
  }
}
