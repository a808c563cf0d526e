/**
 * The handlers of clients' messages that wait for something: whose they are, and when the last one of a client has ended.
 *
 * Nobody waits for an answer to such a message, so the kernel does not know when its handling is over. A gate wants to know it of a
 * client that has ended its side: what the handlers still have to say is sent before the connection closes.
 */

import type { Message } from "../kernel/message.ts";
import type { Context } from "./context.ts";
import { extrasOf, kCutOff } from "./context.ts";

const kClientHandlers: unique symbol = Symbol("client handlers");

/** What runs for the clients of one service. */
class ClientHandlers {
  /** The messages that are being handled. */
  readonly #running = new Set<Message>();
  /** Who is told when nothing runs any more for a connection. */
  #waiting: { readonly session: number; readonly run: () => void }[] = [];

  begin(message: Message): void {
    this.#running.add(message);
  }

  end(message: Message): void {
    this.#running.delete(message);
    if (this.#waiting.length === 0) return;
    const { session } = message;
    if (this.#isBusy(session)) return;
    const told = this.#waiting.filter((each) => each.session === session);
    this.#waiting = this.#waiting.filter((each) => each.session !== session);
    for (const { run } of told) run();
  }

  whenIdle(session: number, run: () => void): void {
    if (this.#isBusy(session)) this.#waiting.push({ session, run });
    else run();
  }

  #isBusy(session: number): boolean {
    for (const message of this.#running) if (message.session === session) return true;
    return false;
  }
}

function handlersOf(context: Context): ClientHandlers {
  return extrasOf(context, kClientHandlers, () => {
    const handlers = new ClientHandlers();
    // A handler that was cut off never ends.
    extrasOf(context, kCutOff, () => (message: Message) => handlers.end(message));
    return handlers;
  });
}

/** Handles a client's message to the end: `result` is what its handler returned, a promise. */
export function finishClient(context: Context, message: Message, result: unknown): void {
  const handlers = handlersOf(context);
  handlers.begin(message);
  context.answer(message, result, () => handlers.end(message));
}

/** Runs something when no handler runs any more for the messages of a connection; at once if none does. It must not throw. */
export function whenClientIsServed(context: Context, session: number, run: () => void): void {
  handlersOf(context).whenIdle(session, run);
}
