/**
 * The handlers of a service that run on behind their first await, for whoever lists them.
 *
 * Requests that are not answered are in Service.owed already, for the service's death answers them. Here are the others:
 * posts, forks, a beginning, requests that were answered before their handler ended. One costs an object and no hashing: it
 * knows its place in the service's list, and the last one takes that when it ends.
 *
 * Hot path (bench: send).
 */

import type { Message } from "./message.ts";
import { REPLY } from "./message.ts";
import { PTYPE } from "./protocol.ts";
import type { Service } from "./service.ts";

/** A handler that nobody is owed an answer of. */
export class Handling {
  readonly message: Message;
  /** When it began, in milliseconds of the kernel's clock as of that turn. */
  readonly since: number;
  /** Its place in the list; -1 when it is over. */
  index: number;

  constructor(message: Message, since: number, index: number) {
    this.message = message;
    this.since = since;
    this.index = index;
  }
}

/** Notes that a handler goes on behind an await. */
export function beginHandling(service: Service, message: Message, since: number): Handling {
  const list = (service.running ??= []);
  const handling = new Handling(message, since, list.length);
  list.push(handling);
  return handling;
}

/** Notes that it has ended; nothing happens if that is known. */
export function endHandling(service: Service, handling: Handling): void {
  const { running } = service;
  const { index } = handling;
  if (running === undefined || index < 0) return;
  handling.index = -1;
  const last = running.pop();
  if (last !== undefined && last !== handling) {
    running[index] = last;
    last.index = index;
  }
  service.onHandled?.(handling.message);
}

/** Lists what a service has taken and not finished, with the moment at which it was taken, from the oldest to the newest. */
export function unfinishedOf({ owed, running }: Service): [message: Message, since: number][] {
  const all: [Message, number][] = [...(owed ?? [])];
  for (const { message, since } of running ?? []) all.push([message, since]);
  return all.toSorted(([, one], [, two]) => one - two);
}

/** How many of these are handlers. */
export function unfinishedCount({ owed, running }: Service): number {
  let count = running?.length ?? 0;
  for (const message of owed?.keys() ?? []) if (!isDeathWatch(message)) count += 1;
  return count;
}

/** Whether it is a request that nothing but the service's death answers: nobody handles that. */
export function isDeathWatch({ type, reply }: Message): boolean {
  return type === PTYPE.debug && reply === REPLY.detached;
}
