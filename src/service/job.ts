/**
 * Work that the runtime does inside a service: starting it, patching it, ending it.
 *
 * A job is a message of the system lane, so it runs as the service (its CPU, its errors, its microtasks) and passes
 * everything that waits in the mailbox, whatever holds the service.
 */

import { Message } from "../kernel/message.ts";
import { PTYPE } from "../kernel/protocol.ts";
import type { Context, Receiver } from "./context.ts";

/** What runs inside the service. */
export type Job = (context: Context) => void;

/**
 * Runs a job inside a service, before all that waits there.
 *
 * @param behind - a sender whose messages go first: who has posted something and then patches means that order.
 */
export function runInside(context: Context, job: Job, behind = 0): void {
  const message = new Message(PTYPE.system, 0, 0, 0, job);
  context.runtime.kernel.sendUrgent(context.service, message, behind);
}

/** The receiver of jobs; stands in every receiver table. */
export const receiveJob: Receiver = (context, message) => {
  if (typeof message.payload === "function") (message.payload as Job)(context);
};
