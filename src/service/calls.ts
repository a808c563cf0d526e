/**
 * Sending: what a service says to others, and how it waits for an answer.
 *
 * Hot path (bench: call, send).
 */

import { inspect } from "node:util";
import { copyArguments } from "../base/copy.ts";
import { codeOf, SnaxError } from "../base/error.ts";
import { formatAddress, HOLD, parseAddress } from "../kernel/service.ts";
import type { Envelope } from "../kernel/message.ts";
import { isLocalName } from "../kernel/name-table.ts";
import { PTYPE } from "../kernel/protocol.ts";
import { OpenCall } from "../kernel/open-calls.ts";
import { bound } from "./bound.ts";
import type { Context } from "./context.ts";
import { deadPromise, requireSender } from "./context.ts";
import type { ApiTable } from "./lazy-api.ts";
import { isUndecided, keepBack } from "./outbox.ts";
import { protocolOf } from "./protocol-table.ts";
import type { Address, Calls } from "./skynet-api.ts";

let resolveNew: (value: unknown) => void = () => {};
let rejectNew: (error: unknown) => void = () => {};
const capture = (resolve: (value: unknown) => void, reject: (error: unknown) => void): void => {
  resolveNew = resolve;
  rejectNew = reject;
};

/** What the runtime waits for in the name of a service, by the promise of its answer. */
const ofRuntime = new WeakSet<Promise<unknown>>();

/** Says of a call that the runtime has made it in the name of a service: no code of the service goes on with its answer. */
export function noteOfRuntime<T>(asked: Promise<T>): Promise<T> {
  ofRuntime.add(asked);
  return asked;
}

/** Says whether code of the service waits for the answer. */
export function isOfProgram({ promise }: OpenCall): boolean {
  return promise === undefined || !ofRuntime.has(promise);
}

/**
 * Sends a request and promises the answer.
 *
 * @param deadlineMs - milliseconds until the call fails with ERR_TIMEOUT; 0 = the configuration's `calltimeout`, Infinity
 * = never.
 * @param name - what an error calls the message that could not be sent, e.g. `request shop.buy`.
 */
// oxlint-disable-next-line max-params -- hot path: an options object would be one more for each call
export function request(
  context: Context,
  address: Address,
  envelope: Envelope,
  deadlineMs: number,
  name?: string,
): Promise<unknown> {
  const dead = deadPromise(context);
  if (dead !== undefined) return dead;
  const promise = new Promise<unknown>(capture);
  const call = new OpenCall(resolveNew, rejectNew);
  call.promise = promise;
  if (envelope.type === PTYPE.error) return Promise.reject(errorIsSent());
  // The debug message LINK is answered by nothing but a death.
  if (envelope.type === PTYPE.debug && envelope.values[0] === "LINK") call.isPatient = true;
  const { kernel, callTimeoutMs, tracer } = context.runtime;
  try {
    tracer?.calling(context, address);
    if (typeof address === "number") kernel.request(context.service, address, envelope, call);
    else requestByText(context, address, envelope, call);
    tracer?.called(context, call);
  } catch (error) {
    tracer?.refused(context);
    call.reject(withName(error, name));
    return promise;
  }
  const ms = deadlineMs === 0 ? callTimeoutMs : deadlineMs;
  if (ms > 0 && ms !== Infinity)
    kernel.setDeadline(context.service, call, ms, () => timeoutError(call, ms));
  return promise;
}

/**
 * Sends a one-way message; false if no service lives there.
 *
 * @param name - as for {@link request}.
 */
export function post(
  context: Context,
  address: Address,
  envelope: Envelope,
  name?: string,
): boolean {
  requireSender(context);
  try {
    return postFrom(context, address, envelope, { source: context.handle, session: 0 });
  } catch (error) {
    throw withName(error, name);
  }
}

/** The refusal of a message says which one it was: a path into it alone is hard to place. */
function withName(error: unknown, name: string | undefined): unknown {
  if (name === undefined || codeOf(error) !== "ERR_NOT_SENDABLE") return error;
  const { message, cause } = error as SnaxError;
  return new SnaxError("ERR_NOT_SENDABLE", `${message}, in ${name}`, { cause });
}

/**
 * Finds out which handle an address in text means.
 *
 * @returns undefined for a global name that no service has yet.
 * @throws {ERR_NO_SERVICE} if no service has the local name.
 * @throws {ERR_ARGUMENT} if it is no address at all.
 */
export function resolveAddress(context: Context, address: Address): number | undefined {
  if (typeof address === "number") return address >>> 0;
  if (typeof address !== "string" || address === "") {
    throw new SnaxError("ERR_ARGUMENT", `an address is a number or a text, not ${typeof address}`);
  }
  const handle = parseAddress(address) ?? context.runtime.kernel.names.get(address);
  if (handle !== undefined) return handle;
  if (address.startsWith(":")) {
    throw new SnaxError("ERR_ARGUMENT", `${JSON.stringify(address)} is no address`);
  }
  if (isLocalName(address)) {
    throw new SnaxError("ERR_NO_SERVICE", `no service has the name ${address}`);
  }
  return undefined;
}

function requestByText(
  context: Context,
  address: Address,
  envelope: Envelope,
  call: OpenCall,
): void {
  const { kernel } = context.runtime;
  const handle = resolveAddress(context, address);
  if (handle === undefined) {
    kernel.requestNamed(context.service, address as string, envelope, call);
  } else {
    kernel.request(context.service, handle, envelope, call);
  }
}

/** In whose name a message goes. */
interface Sender {
  readonly source: number;
  /** The session under which the source waits; 0 = no answer is awaited. */
  readonly session: number;
}

function postFrom(context: Context, address: Address, envelope: Envelope, sender: Sender): boolean {
  const { service } = context;
  if (service.holds !== HOLD.none && isUndecided(service)) {
    return postLater(context, address, envelope, sender);
  }
  const { source, session } = sender;
  const { kernel } = context.runtime;
  if (typeof address === "number") return kernel.send(source, address, envelope, session);
  if (isLocalName(address) && kernel.names.get(address) === undefined) return false;
  const handle = resolveAddress(context, address);
  if (handle === undefined) return kernel.sendNamed(source, address, envelope);
  return kernel.send(source, handle, envelope, session);
}

/** A patch sends it that may still be undone. */
function postLater(
  context: Context,
  address: Address,
  { type, method, values }: Envelope,
  sender: Sender,
): boolean {
  const { kernel } = context.runtime;
  const isNobody =
    typeof address === "string" && isLocalName(address) && !kernel.names.get(address);
  const handle = isNobody ? 0 : resolveAddress(context, address);
  if (handle !== undefined && !kernel.lives(handle)) return false;
  const own = { type, method, values: copyArguments(values, undefined) };
  keepBack(context, () => void postFrom(context, address, own, sender));
  return true;
}

/** A number there would end a call of the receiver that has nothing to do with it. */
function errorIsSent(): SnaxError {
  return new SnaxError("ERR_ARGUMENT", "a message of type error has no session and no answer");
}

function timeoutError(call: OpenCall, ms: number): SnaxError {
  const target = call.target === 0 ? "a name that no service has" : formatAddress(call.target);
  return new SnaxError("ERR_TIMEOUT", `no answer from ${target} within ${ms} ms`, {
    data: { handle: call.target, ms },
  });
}

function envelopeOf(context: Context, type: string, values: unknown[]): Envelope {
  const protocol = protocolOf(context, type);
  if (protocol.pack === undefined) return { type: protocol.id, method: 0, values };
  return { type: protocol.id, method: 0, values: [protocol.pack(...(values as never[]))] };
}

function raw(context: Context, type: string, bytes: Uint8Array): Envelope {
  if (!(bytes instanceof Uint8Array)) {
    throw new SnaxError("ERR_ARGUMENT", "raw messages are bytes: give a Uint8Array");
  }
  return { type: protocolOf(context, type).id, method: 0, values: [bytes] };
}

/** Sends values as a request and promises the answer: `skynet.call`. */
export function call(
  context: Context,
  address: Address,
  type: string,
  ...values: unknown[]
): Promise<unknown> {
  return request(context, address, envelopeOf(context, type, values), 0);
}

/**
 * Checks a deadline given by a program.
 *
 * @throws {ERR_ARGUMENT} unless it is a number above 0; Infinity means no deadline.
 */
export function checkDeadline(ms: number): void {
  if (typeof ms === "number" && ms > 0) return;
  throw new SnaxError(
    "ERR_ARGUMENT",
    `a deadline is a number of milliseconds above 0, not ${inspect(ms)}`,
  );
}

type Redirected = [type: string, session: number, ...values: unknown[]];

/** The functions of `skynet` that send. */
export const callFunctions: ApiTable<Context> = {
  call,
  rawcall: (context: Context, address: Address, type: string, bytes: Uint8Array) =>
    request(context, address, raw(context, type, bytes), 0),
  send: (context: Context, address: Address, type: string, ...values: unknown[]) =>
    post(context, address, envelopeOf(context, type, values)),
  rawsend: (context: Context, address: Address, type: string, bytes: Uint8Array) =>
    post(context, address, raw(context, type, bytes)),
  redirect: (context: Context, address: Address, source: Address, ...message: Redirected) => {
    requireSender(context);
    const [type, session, ...values] = message;
    const from = resolveAddress(context, source) ?? 0;
    const envelope = envelopeOf(context, type, values);
    if (envelope.type === PTYPE.error && session !== 0) throw errorIsSent();
    if (type === "client") return postFrom(context, address, envelope, { source: from, session });
    const takeBack = context.runtime.tracer?.passing(address, from, session);
    let isSent = false;
    try {
      isSent = postFrom(context, address, envelope, { source: from, session });
    } finally {
      if (!isSent) takeBack?.();
    }
    return isSent;
  },
  within: (context: Context, ms: number): Calls => {
    checkDeadline(ms);
    const calls: Calls = {
      call: (address, type, ...values) =>
        request(context, address, envelopeOf(context, type, values), ms) as Promise<never>,
      rawcall: (address, type, bytes) =>
        request(context, address, raw(context, type, bytes), ms) as Promise<never>,
    };
    return bound(calls, { api: "skynet", member: "within", args: [ms] });
  },
};
