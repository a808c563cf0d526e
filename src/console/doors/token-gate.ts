/**
 * Who may use a console: whoever knows its token, and everybody if it has none.
 *
 * Comparing takes the same time wherever two tokens differ. An address that gave CONSOLE_ATTEMPTS_MAX wrong ones has to
 * wait CONSOLE_WAIT_MS, in which nothing that it gives is even looked at.
 */

import { createHash, timingSafeEqual } from "node:crypto";
import { SnaxError } from "../../base/error.ts";
import { CONSOLE_ADDRESSES_MAX, CONSOLE_ATTEMPTS_MAX, CONSOLE_WAIT_MS } from "../../base/limits.ts";

interface Attempts {
  count: number;
  /** Milliseconds of the clock. */
  lastAt: number;
}

/** The gate of one console. */
export class TokenGate {
  readonly #digest: Buffer | undefined;
  readonly #now: () => number;
  /** By address of the client, the one that failed last at the end. */
  readonly #failed = new Map<string, Attempts>();

  /**
   * @param token - undefined lets everybody through.
   * @param now - milliseconds of any steady clock.
   */
  constructor(token: string | undefined, now: () => number) {
    this.#digest = token === undefined ? undefined : digestOf(token);
    this.#now = now;
  }

  /** Whether a token is asked for. */
  get isClosed(): boolean {
    return this.#digest !== undefined;
  }

  /**
   * Checks a token.
   *
   * @throws {ERR_FORBIDDEN} if it is wrong or missing, or the address has to wait.
   */
  check(address: string, token: string | undefined): void {
    if (this.#digest === undefined) return;
    const now = this.#now();
    let attempts = this.#failed.get(address);
    if (attempts !== undefined && now - attempts.lastAt >= CONSOLE_WAIT_MS) attempts = undefined;
    if (attempts !== undefined && attempts.count >= CONSOLE_ATTEMPTS_MAX) {
      const seconds = Math.ceil((CONSOLE_WAIT_MS - (now - attempts.lastAt)) / 1000);
      throw new SnaxError("ERR_FORBIDDEN", `too many wrong tokens: wait ${seconds} s`);
    }
    if (token !== undefined && timingSafeEqual(digestOf(token), this.#digest)) {
      this.#failed.delete(address);
      return;
    }
    if (token === undefined) throw new SnaxError("ERR_FORBIDDEN", "a token is needed");
    this.#remember(address, { count: (attempts?.count ?? 0) + 1, lastAt: now });
    throw new SnaxError("ERR_FORBIDDEN", "the token is wrong");
  }

  #remember(address: string, attempts: Attempts): void {
    this.#failed.delete(address);
    this.#failed.set(address, attempts);
    if (this.#failed.size <= CONSOLE_ADDRESSES_MAX) return;
    const [oldest] = this.#failed.keys();
    if (oldest !== undefined) this.#failed.delete(oldest);
  }
}

/** Of equal length whatever the token's, as the comparison needs it. */
function digestOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
