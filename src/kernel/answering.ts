/**
 * Answering: every answer to a request goes this way, also if something fails on it.
 *
 *     value or error made (code of a service may run: getters, traps) -> copied, or encoded for another kernel -> on its way
 *        |                                                                                                          |
 *        threw: the best error that can be sent goes in its place                          only now the request is settled
 *        cut off, or the service has ended: the request is still open, and the code that clears up settles it
 *
 * While its answer is made a request counts as open, so a death or an interrupt finds it. If everything fails, for example
 * at the end of the stack, the error goes to the code that wanted to answer, and the request can still be answered.
 *
 * Hot path (bench: call).
 */

import { copyBare, copyThrown } from "../base/copy-thrown.ts";
import { copyResult, isPlain } from "../base/copy.ts";
import { codeOf, SnaxError } from "../base/error.ts";
import { textOfThrown } from "../base/copy-refusal.ts";
import type { Elsewhere } from "./kernel-options.ts";
import { Message, REPLY } from "./message.ts";
import { PTYPE } from "./protocol.ts";
import { repliedError } from "./refusal.ts";
import type { Service, ServiceTable } from "./service.ts";
import { count, TALLY } from "./instruments.ts";

/** What answering needs of its kernel. */
export interface AnsweringOptions {
  readonly services: ServiceTable;
  readonly elsewhere: Elsewhere | undefined;
  /** Puts an answer into the mailbox of a service of this kernel. */
  readonly accept: (target: Service, answer: Message) => void;
}

/** A request, and who answers it. */
export interface Answer {
  readonly service: Service;
  readonly request: Message;
}

/** The answers of one kernel's services. */
export class Answering {
  readonly #services: ServiceTable;
  readonly #elsewhere: Elsewhere | undefined;
  readonly #accept: AnsweringOptions["accept"];
  /** The answers that are being made by code of services, one inside the other. */
  #making: Answer[] = [];

  constructor({ services, elsewhere, accept }: AnsweringOptions) {
    this.#services = services;
    this.#elsewhere = elsewhere;
    this.#accept = accept;
  }

  /** Answers with a value: see Kernel.reply. */
  reply(service: Service, request: Message, value: unknown): boolean {
    if (!isExpected(service, request)) return false;
    const depth = this.#making.length;
    try {
      if (isPlain(value)) return this.#send(service, PTYPE.response, request, value);
      this.#making.push({ service, request });
      const target = this.#services.get(request.source);
      const leaves = target === undefined || takesAnswers(target);
      const payload = leaves ? value : copyResult(value, target);
      return this.#send(service, PTYPE.response, request, payload);
    } catch (failure) {
      return this.#sendError(service, request, [
        () => copyThrown(withName(failure as Error, service, request)),
        () => copyBare(failure as Error, "was left out"),
      ]);
    } finally {
      // An interrupt passes this by: what is here when the next turn begins was cut off.
      this.#making.length = depth;
    }
  }

  /**
   * Answers with an error: see Kernel.failWith.
   *
   * @param make - makes it, and may run code of the service.
   */
  fail(service: Service, request: Message, make: () => unknown): boolean {
    if (!isExpected(service, request)) return false;
    const depth = this.#making.length;
    this.#making.push({ service, request });
    let error: unknown;
    let why = "could not be made";
    try {
      return this.#sendError(service, request, [
        () => (error = make()),
        (failure) => {
          why = `can't be sent: ${textOfThrown(failure)}`;
          return copyThrown((error ?? failure) as Error);
        },
        () => copyBare((error ?? new SnaxError("ERR_REMOTE", "")) as Error, why),
      ]);
    } finally {
      this.#making.length = depth;
    }
  }

  /** Answers a message that reached no service under the handle, if an answer is awaited. */
  bounce(handle: number, request: Message, error: unknown): boolean {
    if (!isAwaited(request)) return false;
    return this.#post(handle, PTYPE.error, request, error);
  }

  /** Answers with what belongs to the caller already: see Kernel.pass. */
  // oxlint-disable-next-line max-params -- hot path: an options object would be one more for each answer
  pass(handle: number, type: number, request: Message, payload: unknown): boolean {
    return isAwaited(request) && this.#post(handle, type, request, payload);
  }

  /** Returns the answers whose making was cut off, and forgets them; nothing may be running. */
  takeAbandoned(): readonly Answer[] {
    const abandoned = this.#making;
    if (abandoned.length > 0) this.#making = [];
    return abandoned;
  }

  /** Sends the first of several errors that can be made and sent. */
  #sendError(
    service: Service,
    request: Message,
    makers: readonly ((failure: unknown) => unknown)[],
  ): boolean {
    count(service.tally, TALLY.errors);
    let failure: unknown;
    for (const make of [...makers, lastResort]) {
      // The code that ran meanwhile has answered, or ended the service.
      if (request.reply === REPLY.done) return false;
      try {
        return this.#send(service, PTYPE.error, request, make(failure));
      } catch (next) {
        failure = next;
      }
    }
    throw failure;
  }

  #send(service: Service, type: number, request: Message, payload: unknown): boolean {
    if (!isOpen(request)) return false;
    const isSent = this.#post(service.handle, type, request, payload);
    // Order: not before it is on its way. What throws there, or is cut off, leaves the request open.
    request.reply = REPLY.done;
    if (service.owed !== undefined) service.owed.delete(request);
    return isSent;
  }

  // oxlint-disable-next-line max-params -- hot path: one object per answer; an options object would be a second one
  #post(handle: number, type: number, { source, session }: Message, payload: unknown): boolean {
    const answer = new Message(type, handle, session, 0, payload);
    // It carries a session, but an answer is not answered: the receiver's death must not bounce it.
    answer.reply = REPLY.none;
    const target = this.#services.get(source);
    if (target === undefined) return this.#elsewhere?.deliver(source, answer) ?? false;
    if (takesAnswers(target)) target.instance.outlet?.(answer);
    else this.#accept(target, answer);
    return true;
  }
}

/** Answers to a service leave by its outlet. */
function takesAnswers({ instance }: Service): boolean {
  return instance.outlet !== undefined && instance.keepsAnswers !== true;
}

/** Says whether the answer to a request is still to come. */
export function isOpen({ reply }: Message): boolean {
  return reply === REPLY.owed || reply === REPLY.detached;
}

function isAwaited({ session, reply }: Message): boolean {
  return session !== 0 && reply !== REPLY.none;
}

/** Says whether a caller waits for the answer that is to be given. */
function isExpected(service: Service, request: Message): boolean {
  if (request.reply === REPLY.done) throw repliedError(request);
  if (isAwaited(request)) return true;
  service.owed?.delete(request);
  return false;
}

/** The refusal of an answer says whose it is: a path into it alone is hard to place. */
function withName(failure: Error, { instance }: Service, request: Message): Error {
  if (codeOf(failure) !== "ERR_NOT_SENDABLE") return failure;
  const name = instance.describe?.(request);
  if (name === undefined) return failure;
  const { message, cause } = failure;
  return new SnaxError("ERR_NOT_SENDABLE", `${message}, in the answer to ${name}`, { cause });
}

/** Nothing of the service is in it: to read a stack may run its Error.prepareStackTrace, which may throw. */
function lastResort(): SnaxError {
  const { prepareStackTrace } = Error;
  try {
    Reflect.set(Error, "prepareStackTrace", undefined);
    const error = new SnaxError(
      "ERR_REMOTE",
      "the service answered with something that can't be sent",
    );
    // It is made when it is read first.
    void error.stack;
    return error;
  } finally {
    Reflect.set(Error, "prepareStackTrace", prepareStackTrace);
  }
}
