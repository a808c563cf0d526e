/**
 * The configuration of a node as its services see it: `skynet.getenv` and `skynet.setenv`.
 *
 * As in skynet, a key can be set once and never changed or removed, so that two services never disagree about it.
 */

import { SnaxError } from "../base/error.ts";

/** Keys and values of one node. */
export class Environment {
  readonly #values = new Map<string, unknown>();

  constructor(values: Readonly<Record<string, unknown>> = {}) {
    for (const [key, value] of Object.entries(values)) this.#values.set(key, value);
  }

  /** Returns the value of a key, or undefined. */
  get(key: string): unknown {
    return this.#values.get(key);
  }

  /**
   * Adds a key.
   *
   * @throws {ERR_ARGUMENT} if the key exists.
   */
  set(key: string, value: unknown): void {
    if (this.#values.has(key)) {
      throw new SnaxError("ERR_ARGUMENT", `can't set the environment key ${key}: it exists`);
    }
    this.#values.set(key, value);
  }

  /** Changes a key for the runtime's own use; programs can't. */
  override(key: string, value: unknown): void {
    this.#values.set(key, value);
  }
}
