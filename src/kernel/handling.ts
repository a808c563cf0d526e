/**
 * The handlers of a service that run on behind their first await, for those who list them (unfinishedOf in service.ts).
 *
 * Requests that are not answered are in Service.owed already, for the service's death answers them. Here are the others:
 * posts, forks, a beginning, requests that were answered before their handler ended. One costs an object and no hashing: it
 * knows its place in the service's list, and the last one takes that when it ends.
 *
 * Hot path (bench: send).
 */

import type { Message } from "./message.ts";
import type { Service } from "./service.ts";

/** A handler that owes no answer. */
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
