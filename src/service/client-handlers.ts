/**
 * When the last handler of a client's messages has ended.
 *
 * Such a message is not answered. A gate wants to know it of a client that has ended its side: what the handlers
 * still have to say is sent before the connection closes. The kernel knows which handlers run (handling.ts); this file knows which gates wait.
 */

import type { Message } from "../kernel/message.ts";
import { PTYPE } from "../kernel/protocol.ts";
import type { Service } from "../kernel/service.ts";

/** Who waits, by the connection. */
type Waiting = Map<number, (() => void)[]>;

/** Runs something when no handler runs any more for the messages of a connection; at once if none does. It must not throw. */
export function whenClientIsServed(service: Service, session: number, run: () => void): void {
  if (isServed(service, session)) return run();
  const waiting = waitingIn.get(service) ?? beginToWait(service);
  const runs = waiting.get(session);
  if (runs === undefined) waiting.set(session, [run]);
  else runs.push(run);
}

/** A service is here, and has its ends looked at, only while a caller waits. */
const waitingIn = new WeakMap<Service, Waiting>();

function beginToWait(service: Service): Waiting {
  const waiting: Waiting = new Map();
  waitingIn.set(service, waiting);
  service.onHandled = ({ type, session }: Message) => {
    const runs = type === PTYPE.client ? waiting.get(session) : undefined;
    if (runs === undefined || !isServed(service, session)) return;
    waiting.delete(session);
    if (waiting.size === 0) {
      waitingIn.delete(service);
      service.onHandled = undefined;
    }
    for (const run of runs) run();
  };
  return waiting;
}

function isServed({ running }: Service, session: number): boolean {
  for (const { message } of running ?? []) {
    if (message.type === PTYPE.client && message.session === session) return false;
  }
  return true;
}
