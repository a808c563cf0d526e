/**
 * Who may use a console, and for what: clients that know one of its tokens, and every client for everything if it has none.
 *
 * Comparing takes the same time wherever two tokens differ. An address that gave CONSOLE_ATTEMPTS_MAX wrong ones has to
 * wait CONSOLE_WAIT_MS, in which nothing that it gives is even looked at.
 */

import { createHash, timingSafeEqual } from "node:crypto";
import { SnaxError } from "../../base/error.ts";
import type { ConsoleTokens, Role } from "../operator/role.ts";
import { CONSOLE_ADDRESSES_MAX, CONSOLE_ATTEMPTS_MAX, CONSOLE_WAIT_MS } from "../../base/limits.ts";

interface Attempts {
  count: number;
  /** Milliseconds of the clock. */
  lastAt: number;
}

/** The gate of one console. */
export class TokenGate {
  readonly #digests: readonly (readonly [Role, Buffer])[];
  readonly #now: () => number;
  /** By address of the client, the one that failed last at the end. */
  readonly #failed = new Map<string, Attempts>();

  /**
   * @param tokens - without any every client is let through.
   * @param now - milliseconds of any steady clock.
   */
  constructor({ read, operate }: ConsoleTokens, now: () => number) {
    this.#digests = [
      ...(operate === undefined ? [] : [["operate", digestOf(operate)] as const]),
      ...(read === undefined ? [] : [["read", digestOf(read)] as const]),
    ];
    this.#now = now;
  }

  /** Whether a token is asked for. */
  get isClosed(): boolean {
    return this.#digests.length > 0;
  }

  /**
   * Checks a token.
   *
   * @returns what the bearer of it may do.
   * @throws {ERR_FORBIDDEN} if it is wrong or missing, or the address has to wait.
   */
  check(address: string, token: string | undefined): Role {
    if (!this.isClosed) return "operate";
    const now = this.#now();
    let attempts = this.#failed.get(address);
    if (attempts !== undefined && now - attempts.lastAt >= CONSOLE_WAIT_MS) attempts = undefined;
    if (attempts !== undefined && attempts.count >= CONSOLE_ATTEMPTS_MAX) {
      const seconds = Math.ceil((CONSOLE_WAIT_MS - (now - attempts.lastAt)) / 1000);
      throw new SnaxError("ERR_FORBIDDEN", `too many wrong tokens: wait ${seconds} s`);
    }
    const role = token === undefined ? undefined : this.#roleOf(digestOf(token));
    if (role !== undefined) {
      this.#failed.delete(address);
      return role;
    }
    if (token === undefined) throw new SnaxError("ERR_FORBIDDEN", "a token is needed");
    this.#remember(address, { count: (attempts?.count ?? 0) + 1, lastAt: now });
    throw new SnaxError("ERR_FORBIDDEN", "the token is wrong");
  }

  /** Compares with every token, whichever it is. */
  #roleOf(digest: Buffer): Role | undefined {
    let found: Role | undefined;
    for (const [role, each] of this.#digests) if (timingSafeEqual(digest, each)) found ??= role;
    return found;
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
