/**
 * The errors with which the kernel refuses a message, a call or an answer.
 *
 * Their words are for people who read a log: which service was meant, and which limit was met. Programs tell them by their code.
 */

import { createBlank, SnaxError } from "../base/error.ts";
import { formatAddress } from "./service.ts";
import type { Message } from "./message.ts";
import type { Service } from "./service.ts";

/** What is known of a service that does not live under its handle here. */
export interface Whereabouts {
  /** The service that took its place. @defaultValue none is known */
  readonly movedTo?: number | undefined;
  /** The thread on which it lives now. @defaultValue none is known */
  readonly thread?: number | undefined;
}

/** The error for a message to no living service. */
export function deadError(handle: number, { movedTo, thread }: Whereabouts = {}): SnaxError {
  if (!Number.isInteger(handle)) return new SnaxError("ERR_ARGUMENT", `${handle} is no address`);
  const who = movedTo === undefined ? "" : `: ${formatAddress(movedTo)} has taken its place`;
  return new SnaxError(
    "ERR_SERVICE_DEAD",
    `no service lives under ${formatAddress(handle)}${who}`,
    {
      data: {
        handle,
        ...(movedTo !== undefined && { movedTo }),
        ...(thread !== undefined && { thread }),
      },
    },
  );
}

/** The errors that tell a service's own code, in its last turn, that the service has ended. */
const endings = new WeakSet<object>();

/** The error for what a service waits for when it ends, and for what its code asks for in its last turn. */
export function endedError({ handle, title }: Service): SnaxError {
  const who = `${formatAddress(handle)} (${title})`;
  const error = new SnaxError("ERR_SERVICE_DEAD", `this service, ${who}, has ended`);
  endings.add(error);
  return error;
}

/** Says whether an error is one of these: that a handler fails with it is not worth a line. */
export function isEnding(error: unknown): boolean {
  return typeof error === "object" && error !== null && endings.has(error);
}

/**
 * The error for a request whose service died before it answered. It has no stack: that would be the kernel's, and to take it
 * costs more than all else where thousands die at once.
 */
export function unansweredError({ handle, title }: Service): SnaxError {
  const text = `service ${formatAddress(handle)} (${title}) ended before it answered`;
  return createBlank(() => new SnaxError("ERR_SERVICE_DEAD", text, { data: { handle } }));
}

/** The error for a request whose handler was cut off: without a stack, for to read one may run the code that was cut off. */
export function interruptedError({ handle, title }: Service): SnaxError {
  const who = `service ${formatAddress(handle)} (${title})`;
  const text = `the handler in ${who} did not return and was interrupted`;
  return createBlank(() => new SnaxError("ERR_INTERRUPTED", text, { data: { handle } }));
}

/** The error for a request whose service ended with its thread. */
export function lostError(handle: number): SnaxError {
  return new SnaxError(
    "ERR_SERVICE_DEAD",
    `service ${formatAddress(handle)} ended with its thread before it answered`,
    { data: { handle } },
  );
}

/** The error for a request to a local name that no service has. */
export function namelessError(name: string): SnaxError {
  return new SnaxError("ERR_NO_SERVICE", `no service has the name ${name}`);
}

/** The error for a call that could only wait for itself. */
export function deadlockError(handle: number): SnaxError {
  return new SnaxError(
    "ERR_DEADLOCK",
    `service ${formatAddress(handle)} is in queue mode and called itself from the handler that runs: ` +
      "the answer could never come; call the function directly, or post",
  );
}

/** The error for a call of a patch to a service that is held until the patch has ended. */
export function votingError(handle: number): SnaxError {
  return new SnaxError(
    "ERR_DEADLOCK",
    `service ${formatAddress(handle)} is held until all services of the patch agree on it: it can't answer hotfix(); ` +
      "post, or give hotfix() what it needs as an argument",
  );
}

/** The error for a message that finds the mailbox at its limit. */
export function fullError(handle: number, length: number, limit: number): SnaxError {
  return new SnaxError(
    "ERR_MAILBOX_FULL",
    `the mailbox of ${formatAddress(handle)} holds ${length} messages, its limit is ${limit}`,
  );
}

/** The error for a second answer. */
export function repliedError({ source, session }: Message): SnaxError {
  return new SnaxError(
    "ERR_REPLIED",
    `the request of ${formatAddress(source)}, session ${session}, has been answered`,
  );
}
