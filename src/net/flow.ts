/**
 * Marks behind what a gate delivered: when the receiver comes to one, it has handled everything before it.
 *
 * A mark is a message in the receiver's mailbox, so it waits where the messages wait, at a closed gate too. It says nothing to
 * the service; whoever has placed it learns that it was reached. Marks die with the service, unread.
 */

import { Message } from "../kernel/message.ts";
import { PTYPE } from "../kernel/protocol.ts";
import { tableWith } from "../service/answers.ts";
import type { Receiver } from "../service/context.ts";
import type { Runtime } from "../service/runtime.ts";

/** What is told when a receiver has come to a mark. */
export interface Mark {
  reached(): void;
}

const receiveFlow: Receiver = (_context, message) => {
  (message.payload as Mark).reached();
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
