/**
 * When a connection's unsent bytes are told of: from SOCKET_WARN_BYTES on, at each doubling, and
 * once more when none is left.
 */

import { SnaxError } from "../base/error.ts";
import { SOCKET_WARN_BYTES } from "../base/limits.ts";
import type { Consumer } from "./link.ts";

/** The next size to tell of, for one connection. */
export class UnsentMark {
  #bytes = SOCKET_WARN_BYTES;

  /** Notes how much is unsent. */
  note(unsent: number, consumer: Consumer | undefined): void {
    if (unsent <= this.#bytes) return;
    while (unsent > this.#bytes) this.#bytes *= 2;
    consumer?.takeWarning(unsent);
  }

  /** Somebody has been told, and not yet that all is sent. */
  get isRaised(): boolean {
    return this.#bytes > SOCKET_WARN_BYTES;
  }

  /** Notes that nothing is unsent. */
  clear(consumer: Consumer | undefined): void {
    if (!this.isRaised) return;
    this.#bytes = SOCKET_WARN_BYTES;
    consumer?.takeWarning(0);
  }
}

/** Why a connection is cut that has more unsent than it may; undefined if it has not. */
export function excess(unsent: number, limit: number): SnaxError | undefined {
  if (unsent <= limit) return undefined;
  return new SnaxError("ERR_OVERFLOW", `${unsent} unsent bytes exceed the limit of ${limit}`);
}
