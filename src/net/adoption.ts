/**
 * How a connection becomes a service's own: what comes in goes to a reader of that service, and it
 * closes with it.
 */

import type { Link } from "./link.ts";
import type { SocketOwner } from "./socket-owner.ts";
import { StreamReader } from "./stream-reader.ts";

/**
 * Makes a connection a service's own; what another service has left unread goes with it.
 *
 * @returns its reader
 */
export function adopt(owner: SocketOwner, link: Link): StreamReader {
  const before = link.consumer;
  const isEnded = before instanceof StreamReader && before.isEnded;
  const queue = before instanceof StreamReader ? before.handOver() : undefined;
  const end = (): void => {
    if (link.owner === owner.context.handle) link.close();
  };
  link.owner = owner.context.handle;
  const reader = new StreamReader(owner, link, queue);
  link.consumer = reader;
  owner.keep(end);
  link.whenGone(() => owner.release(end));
  // The one before may have paused it.
  link.resume();
  // Its end may have come before.
  if (isEnded) reader.takeEnd();
  return reader;
}
