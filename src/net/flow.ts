/**
 * Marks behind what a gate delivered: when the receiver comes to one, it has handled everything
 * before it.
 *
 * A mark is a message in the receiver's mailbox, so it waits where the messages wait, held back or
 * not. It says nothing to the service; the code that has placed it learns that it was reached.
 * Marks die with the service, unread; if it goes to another thread, the code that has placed one
 * places it there. The mark behind a client's last message is reached when the handlers of all of
 * them have ended, those that wait for something too.
 */

import { Message } from "../kernel/message.ts";
import { PTYPE } from "../kernel/protocol.ts";
import { tableWith } from "../service/answers.ts";
import { whenClientIsServed } from "../service/client-handlers.ts";
import type { Receiver } from "../service/context.ts";
import type { Runtime } from "../service/runtime.ts";

/** What is told when a receiver has come to a mark. */
export interface Mark {
  /** The connection behind whose last message it is; undefined: more may come. */
  readonly endOf?: number;
  reached(): void;
  /** The receiver lives on another thread now; what was in front of the mark is on its way. */
  moved(): void;
}

const receiveFlow: Receiver = (context, message) => {
  const mark = message.payload as Mark;
  if (mark.endOf === undefined) mark.reached();
  else whenClientIsServed(context.service, mark.endOf, () => mark.reached());
};

/**
 * Puts a mark behind everything that waits for a service.
 *
 * @returns false if no service of this thread lives under the handle.
 */
export function placeMark(runtime: Runtime, handle: number, mark: Mark): boolean {
  const context = runtime.contextOf(handle);
  if (context === undefined) return false;
  if (context.receivers[PTYPE.flow] === undefined) {
    context.receivers = tableWith(context.receivers, PTYPE.flow, receiveFlow);
  }
  runtime.kernel.arrive(handle, new Message(PTYPE.flow, 0, 0, 0, mark));
  return true;
}
