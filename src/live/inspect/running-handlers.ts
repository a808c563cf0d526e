/**
 * The handlers of a service that run and have not ended: what came in, from whom, and when.
 *
 * The kernel knows the messages that a service has taken and not finished. What a handler waits for is known where that is a
 * call, a sleep, a wait or a lock: it remembers the message whose handler began it. A handler without any of these waits for
 * a promise of its program, of a package or of Node; of those V8 tells nothing, neither who settles them nor who awaits them.
 */

import { formatAddress, isDeathWatch, unfinishedOf } from "../../kernel/service.ts";
import type { Message } from "../../kernel/message.ts";
import { REPLY } from "../../kernel/message.ts";
import type { Context } from "../../service/context.ts";
import type { Runtime } from "../../service/runtime.ts";
import { titleOf } from "../../snax/message-title.ts";

/** A message that a service handles. */
export interface Handled {
  /** What came in, e.g. `request room.move`. */
  readonly title: string;
  /** The handle of the sender; 0 = the service itself, or the runtime. */
  readonly source: number;
  /** When its handler began, in milliseconds of the kernel's clock; undefined if it has ended or was answered. */
  readonly since: number | undefined;
}

/** The messages that a service has taken and not finished, each with the moment at which it was taken. */
export type Unfinished = ReadonlyMap<Message, number>;

/** Says what came in, for a message from which something follows that waits. */
export function describeMessage(
  { service, runtime }: Context,
  message: Message,
  unfinished?: Unfinished,
): Handled {
  return {
    title: titleOf(message, service.instance, (type) => runtime.protocolName(type)),
    source: message.source,
    since: unfinished?.get(message),
  };
}

/** The numbers by which operators know handlers. */
const numbers = new WeakMap<Message, number>();
let lastNumber = 0;

function numberOf(message: Message): number {
  const known = numbers.get(message);
  if (known !== undefined) return known;
  lastNumber += 1;
  numbers.set(message, lastNumber);
  return lastNumber;
}

/** A handler that waits for nothing that the kernel knows. */
export interface LoneHandler {
  readonly message: Message;
  /** As `task` names it: it keeps its number while it runs. */
  readonly name: string;
  readonly waitsFor: string;
}

/** Lists the handlers that wait for nothing in `known`, from the oldest to the newest. */
export function loneHandlersOf(
  unfinished: Unfinished,
  known: ReadonlySet<Message | undefined>,
): LoneHandler[] {
  const lone: LoneHandler[] = [];
  for (const message of unfinished.keys()) {
    if (known.has(message) || isDeathWatch(message)) continue;
    const isDetached = message.reply === REPLY.detached;
    const name = `handler: ${numberOf(message)}`;
    lone.push({ message, name, waitsFor: isDetached ? A_RESPONSE : A_PROMISE });
  }
  return lone;
}

const A_PROMISE = "a promise: no call, sleep, wait or lock of skynet";
const A_RESPONSE = "a call of its skynet.response()";

/** Finds a handler that has not ended by its number. */
export function findHandler({ service }: Context, number: number): Message | undefined {
  for (const [message] of unfinishedOf(service)) {
    if (numbers.get(message) === number) return message;
  }
  return undefined;
}

/** Prints what came in, from whom and how long ago. */
export function printHandled({ title, from, since }: HandledRow): string {
  return `in ${title}${from === undefined ? "" : ` from ${from}`}${since === undefined ? "" : ` since ${since}`}`;
}

/** As `task` shows it. */
export interface HandledRow {
  readonly title: string;
  readonly from?: string;
  readonly since?: string;
}

/** @param senders - titles by handle. */
export function toRow(
  { title, source, since }: Handled,
  senders: ReadonlyMap<number, string | undefined>,
  { clock }: Runtime,
): HandledRow {
  const sender = senders.get(source);
  const from = `${formatAddress(source)}${sender === undefined ? "" : ` (${sender})`}`;
  return {
    title,
    ...(source === 0 ? {} : { from }),
    ...(since === undefined ? {} : { since: agoText(clock.now() - since) }),
  };
}

/** Prints a time that has passed. */
export function agoText(ms: number): string {
  return `${Math.max(0, Math.round(ms))} ms`;
}
