/**
 * A service moves from one kernel of a node to another one and keeps its handle: the part of the kernel that it leaves.
 *
 * No service dies: those that watch for its death, or wait for an answer, go on doing so. fabric/hand-over.ts decides which
 * threads must know, and how messages keep their order meanwhile.
 */

import type { Kernel } from "./kernel.ts";
import { Message, MessageList } from "./message.ts";
import { PTYPE } from "./protocol.ts";
import { HOLD, reconsiderDeferred } from "./service.ts";
import type { Service } from "./service.ts";
import { count, TALLY } from "./instruments.ts";

/** What a service leaves behind. */
export interface Departed {
  /** The messages that wait for it, in their order. */
  readonly waiting: readonly Message[];
  /** Marks of this thread between them: each is told when it has been sent on. */
  readonly marks: readonly Movable[];
}

/** The payload of a message of this thread alone (PTYPE.flow). */
export interface Movable {
  /** The service that it waits for lives on another thread now. Must not throw. */
  moved(): void;
}

/** Tells what a service that is at rest would leave behind, and changes nothing. */
export function foresee({ owed, deferred, mail }: Service): Departed {
  const waiting: Message[] = [];
  const marks: Movable[] = [];
  // Those that watch for its death have asked long ago.
  for (const request of owed?.keys() ?? []) waiting.push(anew(request));
  for (const list of [deferred, mail]) {
    for (let next = list?.head; next !== undefined; next = next.next) {
      if (next.type === PTYPE.flow) marks.push(next.payload as Movable);
      else if (next.type !== PTYPE.timer && next.type !== PTYPE.response) waiting.push(next);
    }
  }
  return { waiting, marks };
}

/** Lets a service that is at rest go: no service lives here under its handle any more. Its timers end. */
export function depart(kernel: Kernel, service: Service): Departed {
  const departed = foresee(service);
  for (const list of [service.deferred, service.mail]) while (list?.shift() !== undefined);
  service.isAlive = false;
  service.owed = service.running = service.watchers = undefined;
  kernel.services.delete(service);
  kernel.timers.removeAll(service);
  service.holds = HOLD.none;
  count(service.tally, TALLY.ended);
  return departed;
}

/** Lets a service that has come handle messages: first what waited where it was, then what has come here. */
export function admit(kernel: Kernel, service: Service, before: readonly Message[]): void {
  const front = new MessageList();
  for (const message of before) front.push(message);
  reconsiderDeferred(service);
  service.mail.prepend(front);
  kernel.release(service, HOLD.voting);
}

function anew({ type, source, session, method, payload }: Message): Message {
  return new Message(type, source, session, method, payload);
}
