/**
 * Receiving: how a plain service handles messages and answers them.
 *
 * `ret`, `response`, `ignoreret` and `context` mean the message being dispatched. The kernel knows that message only
 * until the handler's first await; later these functions throw an error that says so.
 */

import { SnaxError } from "../base/error.ts";
import { formatAddress } from "../kernel/service.ts";
import type { Message } from "../kernel/message.ts";
import { REPLY } from "../kernel/message.ts";
import { PTYPE } from "../kernel/protocol.ts";
import type { Context, Receiver, ReceiverTable } from "./context.ts";
import { definePart, receiveJob, requireAlive } from "./context.ts";
import { receiveDebug } from "./debug.ts";
import type { ApiTable } from "./lazy-api.ts";
import { isOfApi, protocolName, protocolOf, registerProtocol } from "./protocol-table.ts";
import { toRemoteError } from "./remote-error.ts";
import type { Handler, Protocol, Response } from "./skynet-api.ts";
import { isInTopLevel } from "./top-level.ts";
import { Values } from "./values.ts";

/** What a service does with the messages of one type. */
interface Reception {
  /** Of its protocol. */
  readonly name: string;
  readonly handler: Handler;
  readonly unpack: Protocol["unpack"];
  readonly isOfApi: boolean;
  readonly isOfTopLevel: boolean;
}

/** By message type. */
const receptions = definePart(() => new Map<number, Reception>(), {
  isOfCode: true,
  lacks: (before, after) => {
    const lost = lostOf(before, after).find(({ isOfTopLevel }) => !isOfTopLevel);
    if (lost === undefined) return undefined;
    return `nothing handles messages of type ${lost.name} any more: register it again in reload()`;
  },
  leaves: (before, after) => lostOf(before, after).map(({ name }) => `skynet.dispatch ${name}`),
});

/** What the API handles it handles again where new code needs it. */
function lostOf(
  before: ReadonlyMap<number, Reception>,
  after: ReadonlyMap<number, Reception> | undefined,
): Reception[] {
  return [...before].flatMap(([id, each]) => (each.isOfApi || after?.has(id) ? [] : each));
}

/** Returns the handlers that a service has set, by protocol. */
export function handlersOf(context: Context): Map<string, Handler> {
  const handlers = new Map<string, Handler>();
  for (const [id, { handler }] of receptions.peek(context) ?? []) {
    handlers.set(protocolName(context, id), handler);
  }
  return handlers;
}

/** Hands a message of values or bytes to the handler that the service set. */
const receiveValues: Receiver = (context, message) => {
  const reception = receptions.of(context).get(message.type);
  if (reception === undefined) return;
  const { handler, unpack } = reception;
  const values = message.payload as never[];
  const { session, source } = message;
  const result =
    unpack === undefined
      ? handler(session, source, ...values)
      : handler(session, source, ...asList(unpack(values[0] as unknown as Uint8Array)));
  context.answer(message, result);
};

function asList(unpacked: unknown): never[] {
  return (Array.isArray(unpacked) ? unpacked : [unpacked]) as never[];
}

/**
 * A service tells of a death, as skynet's simplemonitor does: the calls that wait for that service fail. A service of this node
 * that dies has none to tell of it.
 */
const receiveDown: Receiver = ({ service, runtime }, { source }) => {
  const { kernel } = runtime;
  for (const call of [...(service.calls ?? [])]) {
    if (call.target !== source || kernel.settle(service, call.session) === undefined) continue;
    const why = `service ${formatAddress(source)} is down, as its monitor told`;
    const error = new SnaxError("ERR_SERVICE_DEAD", why, { data: { handle: source } });
    kernel.resume(service, call.origin, () => call.reject(error)).subject = call;
  }
};

/** What every service answers before it sets handlers: the runtime's jobs, debug messages, and news of a death. */
export const PLAIN_RECEIVERS: ReceiverTable = tableWith(
  tableWith(tableWith([], PTYPE.system, receiveJob), PTYPE.debug, receiveDebug),
  PTYPE.error,
  receiveDown,
);

/** Returns a table that has one receiver more. */
export function tableWith(table: ReceiverTable, type: number, receiver: Receiver): ReceiverTable {
  const copy = table.slice();
  copy[type] = receiver;
  return copy;
}

function dispatch(context: Context, type: string, handler?: Handler): Handler | undefined {
  const { id, unpack } = protocolOf(context, type);
  const before = receptions.peek(context)?.get(id)?.handler;
  if (handler === undefined) return before;
  requireAlive(context);
  if (typeof handler !== "function") {
    throw new SnaxError("ERR_ARGUMENT", `the handler of ${type} is no function`);
  }
  receptions.of(context).set(id, {
    ...{ name: type, handler, unpack },
    ...{ isOfApi: isOfApi(context, type), isOfTopLevel: isInTopLevel(context) },
  });
  if (context.receivers[id] !== receiveValues) {
    context.receivers = tableWith(context.receivers, id, receiveValues);
    // What came before there was a handler has waited for it.
    if (!context.isReady && context.isListening) context.runtime.kernel.release(context.service);
  }
  return before;
}

function register(context: Context, protocol: Protocol): void {
  requireAlive(context);
  registerProtocol(context, protocol);
  const handler = protocol.dispatch ?? receptions.of(context).get(protocol.id)?.handler;
  if (handler !== undefined) dispatch(context, protocol.name, handler);
}

function current(context: Context, what: string): Message {
  requireAlive(context);
  const { kernel } = context.runtime;
  const message = kernel.dispatching;
  if (message !== undefined && kernel.scheduler.current === context.service) return message;
  throw new SnaxError(
    "ERR_CONTEXT",
    `skynet.${what} belongs to the message being dispatched: call it before the handler's first await`,
  );
}

function ret(context: Context, value?: unknown): boolean {
  const message = current(context, "ret");
  const { kernel } = context.runtime;
  if (message.session === 0 || message.reply === REPLY.none) return false;
  context.runtime.tracer?.answered(context, message);
  return kernel.reply(context.service, message, value);
}

function response(context: Context): Response {
  const message = current(context, "response");
  const { kernel } = context.runtime;
  if (message.reply === REPLY.done) {
    throw new SnaxError("ERR_REPLIED", "the message being dispatched has been answered");
  }
  if (message.reply === REPLY.none) return () => false;
  kernel.detach(context.service, message);
  return (ok: boolean | "TEST", value?: unknown): boolean => {
    if (ok === "TEST") {
      const isOpen = message.reply !== REPLY.done && context.service.isAlive;
      return isOpen && kernel.lives(message.source);
    }
    if (!context.service.isAlive) return false;
    if (ok) return kernel.reply(context.service, message, value);
    const error = value ?? new SnaxError("ERR_REMOTE", "the service answered with an error");
    return kernel.failWith(context.service, message, () => toRemoteError(error, context.handle));
  };
}

/** The functions of `skynet` that receive and answer. */
export const answerFunctions: ApiTable<Context> = {
  dispatch,
  ret,
  response,
  retpack: (context: Context, ...values: unknown[]) => ret(context, new Values(values)),
  values: (_context: Context, ...values: unknown[]) => new Values(values),
  ignoreret: (context: Context): void => {
    context.runtime.kernel.ignore(context.service, current(context, "ignoreret"));
  },
  context: (context: Context) => {
    const { session, source } = current(context, "context");
    return { session, source };
  },
  register_protocol: register,
};
