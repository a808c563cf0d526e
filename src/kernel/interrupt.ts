/**
 * After an interrupt: a handler was cut off wherever it was, and nothing of it ran on, no `finally` either.
 *
 *     a turn notices that the last one never ended, or that the handler was condemned while it ran
 *       -> the request whose handler it was is answered with ERR_INTERRUPTED
 *       -> the service's instance lets go of what that handler held
 *       -> after a while the same for handlers of the service that wait for nothing the kernel knows: with a continuation
 *          V8 drops the others that wait in its queue, and a promise may be continued in another handler's name
 *
 * The service lives on, with the state that the cut left in its variables; before it handles what waits for it, it rests (rest.ts).
 */

import { isOpen } from "./answering.ts";
import type { Kernel } from "./kernel.ts";
import { endHandling } from "./handling.ts";
import type { Message } from "./message.ts";
import { REPLY } from "./message.ts";
import { interruptedError } from "./refusal.ts";
import type { Service } from "./service.ts";

/**
 * Milliseconds that other handlers of an interrupted service have if they wait for something that the kernel does not know,
 * as a file or `fetch`; one that is not done by then and still waits so is given up too.
 */
export const INTERRUPT_GRACE_MS = 5000;

/** A handler that is cut off, or about to be. */
export interface Condemned {
  readonly service: Service;
  /** The message that it handles; see Kernel.origin. */
  readonly origin: Message | undefined;
  /** An operator has asked for it. @defaultValue false */
  readonly isByHand?: boolean;
}

/** Clears up behind a handler that was cut off; only the kernel calls this. */
export function clearUp(kernel: Kernel, condemned: Condemned): void {
  const { service, origin } = condemned;
  kernel.condemned = kernel.origin = kernel.dispatching = undefined;
  if (!service.isAlive) return;
  const restMs = kernel.rests.begin(condemned, kernel.scheduler.now);
  const error = (): unknown => interruptedError(service);
  if (origin !== undefined) giveUp(kernel, service, { message: origin, error });
  const doubtful = findDoubtful(service);
  if (doubtful.length === 0) return;
  // What they wait for may have to wait for the end of the rest.
  const timer = kernel.addTimer(service, restMs + INTERRUPT_GRACE_MS, () => {
    const still = new Set(findDoubtful(service));
    for (const message of doubtful)
      if (still.has(message)) giveUp(kernel, service, { message, error });
  });
  timer.passesHold = true;
}

/** A handler that is given up. */
export interface GivenUp {
  readonly message: Message;
  /** Makes the error for its caller, and for the handlers that wait for what it holds. */
  readonly error: () => unknown;
}

/** Gives up a handler: its caller is told, and the service lets go of what it holds. If it goes on, nothing waits for it any more. */
export function giveUp(kernel: Kernel, service: Service, { message, error }: GivenUp): void {
  if (isOpen(message)) kernel.fail(service, message, error());
  const handling = service.running?.find((each) => each.message === message);
  if (handling !== undefined) endHandling(service, handling);
  // In a turn of its own: it may run code of the service, which may be in need of an interrupt again.
  const telling = kernel.resume(service, undefined, () =>
    service.instance.interrupted?.(message, error()),
  );
  telling.passesHold = true;
}

/** The messages whose handlers owe something and wait for nothing that the kernel knows. */
function findDoubtful(service: Service): Message[] {
  const { owed, calls, instance } = service;
  const open = new Set([...(owed?.keys() ?? []), ...(instance.holding?.() ?? [])]);
  if (open.size === 0) return [];
  // A response taken out of the handler is given by other code, at any time.
  for (const message of open) if (message.reply === REPLY.detached) open.delete(message);
  for (const { origin } of calls ?? []) if (origin !== undefined) open.delete(origin);
  for (let timer = service.timers; timer !== undefined; timer = timer.following) {
    if (timer.origin !== undefined) open.delete(timer.origin);
  }
  for (const message of instance.waiting?.() ?? []) open.delete(message);
  return [...open];
}
