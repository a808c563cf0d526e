/**
 * Makes an error fit for another service: the caller gets a copy that keeps class, message, code, data and the remote
 * stack, and is marked with the address where it arose.
 */

import { copyResult } from "../base/copy.ts";
import { SnaxError } from "../base/error.ts";
import { formatAddress } from "../kernel/address.ts";

/** What the copy of an error carries beside what the error had. */
export interface RemoteMark {
  /** The address of the service where the error arose, `:0000000a`; undefined for an error of one's own service. */
  readonly remote?: string;
}

/**
 * Copies what a handler threw.
 *
 * An error without a code gets ERR_REMOTE; what is no error becomes one, with the text of it as its message. An error that came
 * from yet another service keeps the mark of the first.
 */
export function toRemoteError(thrown: unknown, handle: number): Error {
  const copy = copyError(thrown);
  if (!("code" in copy) || copy.code === undefined) {
    Object.defineProperty(copy, "code", { value: "ERR_REMOTE", enumerable: true, writable: true });
  }
  if (!Object.hasOwn(copy, "remote")) {
    const remote = formatAddress(handle);
    Object.defineProperty(copy, "remote", { value: remote, enumerable: true, writable: true });
    copy.stack = `${copy.stack ?? String(copy)}\n    at service ${remote}`;
  }
  return copy;
}

function copyError(thrown: unknown): Error & { code?: unknown } {
  if (!(thrown instanceof Error)) return new SnaxError("ERR_REMOTE", describe(thrown));
  try {
    return copyResult(thrown, undefined) as Error;
  } catch {
    // Something that hangs on the error can't be sent; what people read of it can.
    const copy = new Error(thrown.message);
    copy.name = thrown.name;
    if (thrown.stack !== undefined) copy.stack = thrown.stack;
    const code = (thrown as { code?: unknown }).code;
    return typeof code === "string" ? Object.assign(copy, { code }) : copy;
  }
}

function describe(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return "something that can't be printed";
  }
}
