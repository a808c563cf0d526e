/**
 * Makes an error fit for another service: the caller gets a copy that keeps class, message, code, data and the remote
 * stack, and is marked with the address where it arose.
 *
 * A handler may throw anything; whatever it is, the caller gets an error, and nothing here throws.
 */

import { copyResult } from "../base/copy.ts";
import { SnaxError } from "../base/error.ts";
import { formatAddress } from "../kernel/address.ts";
import { messageOf } from "./error-text.ts";

/** What the copy of an error carries beside what the error had. */
export interface RemoteMark {
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
  const copy = thrown instanceof Error ? copyError(thrown) : wrap(thrown);
  if (copy.code === undefined) define(copy, "code", "ERR_REMOTE");
  if (!Object.hasOwn(copy, "remote")) {
    const remote = formatAddress(handle);
    define(copy, "remote", remote);
    copy.stack = `${copy.stack ?? copy.message}\n    at service ${remote}`;
  }
  return copy;
}

type Coded = Error & { code?: unknown };

function wrap(thrown: unknown): Coded {
  return new SnaxError("ERR_REMOTE", messageOf(thrown));
}

function copyError(thrown: Error): Coded {
  try {
    return copyResult(thrown, undefined) as Coded;
  } catch {
    // Something that hangs on the error can't be sent; the rest of it can.
    return copyWhatCanBeSent(thrown);
  }
}

function copyWhatCanBeSent(thrown: Error): Coded {
  try {
    const copy = new Error(messageOf(thrown));
    copy.name = String(thrown.name);
    copy.stack = String(thrown.stack);
    for (const key of ["cause", ...Object.keys(thrown)]) {
      const value = copyField((thrown as unknown as Record<string, unknown>)[key]);
      if (value !== undefined) define(copy, key, value);
    }
    return copy;
  } catch {
    // Its properties throw when they are read.
    return wrap(thrown);
  }
}

function copyField(value: unknown): unknown {
  try {
    return value instanceof Error ? copyError(value) : copyResult(value, undefined);
  } catch {
    // This is the field that can't be sent.
    return undefined;
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
