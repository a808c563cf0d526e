/**
 * Makes an error fit for another service: the caller gets a copy that keeps class, message, code, data and the remote
 * stack, and is marked with the address where it arose.
 *
 * A handler may throw anything: the caller gets an error in any case, and nothing here throws.
 */

import { types } from "node:util";
import { copyThrown } from "../base/copy-thrown.ts";
import type { Incomplete } from "../base/copy-thrown.ts";
import { readStack, SnaxError } from "../base/error.ts";
import { formatAddress } from "../kernel/service.ts";
import { messageOf } from "./error-text.ts";

/** What the copy of an error carries beside what the error had. */
export interface RemoteMark extends Incomplete {
  /** The address of the service where the error arose, `:0000000a`; undefined for an error of one's own service. */
  readonly remote?: string;
}

/**
 * Copies what a handler threw.
 *
 * An error without a code gets ERR_REMOTE; what is no error becomes one, with the text of it as its message. An error
 * that came from yet another service keeps the mark of the first.
 */
export function toRemoteError(thrown: unknown, handle: number): Error {
  const copy: Coded = copyOf(thrown);
  if (copy.code === undefined) define(copy, "code", "ERR_REMOTE");
  if (!Object.hasOwn(copy, "remote")) {
    const remote = formatAddress(handle);
    define(copy, "remote", remote);
    copy.stack = `${String(readStack(copy) ?? copy.message)}\n    at service ${remote}`;
  }
  return copy;
}

type Coded = Error & { code?: unknown };

function copyOf(thrown: unknown): Coded {
  try {
    const isError = thrown instanceof Error || types.isNativeError(thrown);
    return isError ? copyThrown(thrown) : new SnaxError("ERR_REMOTE", messageOf(thrown));
  } catch (failure) {
    // A proxy that is revoked, or whose trap throws.
    const why = `what was thrown can't be read: ${messageOf(failure)}`;
    return new SnaxError("ERR_REMOTE", why);
  }
}

function define(target: object, key: string, value: unknown): void {
  Object.defineProperty(target, key, {
    value,
    enumerable: true,
    writable: true,
    configurable: true,
  });
}
