/**
 * What is behind a handle when it is a service of a program: the instance of its module, its handlers, its API.
 *
 *     kernel -> Context.receive(message) -> receiver for the message's type -> handler -> answer()
 *
 * skynet calls the same thing a context. A node may hold a million of these: what an idle service does not need is
 * created at first use, and receivers are functions of (context, message) in a table that services share until one of
 * them changes it.
 *
 * Hot path (bench: call).
 */

import { SnaxError } from "../base/error.ts";
import { formatAddress, HOLD } from "../kernel/service.ts";
import { isOpen } from "../kernel/answering.ts";
import { endHandling } from "../kernel/handling.ts";
import type { Waiting } from "../kernel/last-words.ts";
import type { Message } from "../kernel/message.ts";
import { REPLY } from "../kernel/message.ts";
import { endedError, isEnding } from "../kernel/refusal.ts";
import type { Instance, Service } from "../kernel/service.ts";
import type { Instance as CodeInstance } from "../loader/run/instance.ts";
import type { Job } from "./job.ts";
import { toRemoteError } from "./remote-error.ts";
import type { Runtime } from "./runtime.ts";

/** Handles the messages of one type. What it throws goes to whoever waits for the answer, or into the log. */
export type Receiver = (context: Context, message: Message) => void;

/** Receivers by message type. Tables are shared between services: copy before changing. */
export type ReceiverTable = readonly (Receiver | undefined)[];

/** What `skynet.exit()` throws to end the code that runs; it is never seen outside. */
export const EXIT_SIGNAL: unique symbol = Symbol("snax.exit");

/** How often the code of a dead service is told so before its calls simply stay unanswered. */
export const DEAD_CALLS_MAX = 1000;

const NO_ARGUMENTS: readonly unknown[] = [];

/** One service of a program. */
export class Context implements Instance {
  readonly runtime: Runtime;
  /** The name of the service file; a service knows itself by it. */
  readonly name: string;
  /** The kernel's side of it. */
  readonly service: Service;
  /** What runs when a message comes. */
  receivers: ReceiverTable;
  /** The code, once it is loaded. */
  code: CodeInstance | undefined = undefined;
  /** The name of its kind, as `launch` got it; empty for the program that embeds the node. */
  kind = "";
  /** Its beginning is over, or has lasted so long that the service counts as begun: requests reach it. */
  isReady = false;
  /** What it was started with: a service that takes its place is started with the same. */
  args: readonly unknown[] = NO_ARGUMENTS;
  /** The same, while it begins. */
  beginning: readonly unknown[] | undefined = undefined;
  /** Settles when the patch that is being applied over time is in or undone. */
  patching: Promise<void> | undefined = undefined;
  /** Work for the moment at which the service is ready, before its first message. */
  whenReady: Job[] | undefined = undefined;
  /** What the service's kind keeps for it. */
  state: object | undefined = undefined;
  /** What only some services have; see part.ts. */
  parts: Map<object, unknown> | undefined = undefined;
  /** How often its code called the API after its death. */
  deadCalls = 0;
  /**
   * How to reject what waits without a call, such as a sleep. Only the program that embeds a node has it: the code of a
   * service ends with the service, the program's goes on.
   */
  held: Set<(error: unknown) => void> | undefined = undefined;

  /** @param reserved - its handle, if one was taken for it before. */
  // oxlint-disable-next-line max-params -- one place makes services, and these are what one is
  constructor(
    runtime: Runtime,
    name: string,
    title: string,
    receivers: ReceiverTable,
    reserved?: number,
  ) {
    this.runtime = runtime;
    this.name = name;
    this.receivers = receivers;
    this.service = runtime.kernel.create(title, () => this, reserved, name);
  }

  /** The service's address. */
  get handle(): number {
    return this.service.handle;
  }

  /** A patch is being applied: requests, posts and timers from before wait. */
  get isPatched(): boolean {
    return (this.service.holds & HOLD.patching) !== 0;
  }

  /** Its code runs, and handles messages or is about to: it is ready, or its start function waits. */
  get isListening(): boolean {
    if (this.isReady) return true;
    return this.code !== undefined && this.runtime.kinds.get(this.kind)?.listensEarly === true;
  }

  /** Says whether a message is handled although the beginning is not over; see Instance. */
  hears(type: number): boolean {
    return this.receivers[type] !== undefined && this.isListening;
  }

  /** Handles a message; see Instance. */
  receive(message: Message): void {
    const receiver = this.receivers[message.type];
    try {
      if (receiver === undefined) throw noProtocol(this, message);
      receiver(this, message);
    } catch (error) {
      this.refuse(message, error);
    }
  }

  /** Names a message for people; see Instance. */
  describe(message: Message): string {
    const { kinds } = this.runtime;
    const name = kinds.get(this.kind)?.methodOf?.(this, message);
    return `request ${name ?? `${this.runtime.protocolName(message.type)} of ${this.service.title}`}`;
  }

  /** Lets go of what a handler held that was cut off; see Instance. */
  interrupted(message: Message, error: unknown): void {
    this.runtime.kinds.get(this.kind)?.interrupted?.(this, message, error);
    this.runtime.commitments.release(this.service, message, error);
    this.runtime.tracer?.ended(this, message, "error");
  }

  /** The messages whose handlers hold something; see Instance. */
  *holding(): Generator<Message> {
    const message = this.runtime.kinds.get(this.kind)?.holding?.(this);
    if (message !== undefined) yield message;
    yield* this.runtime.commitments.holding(this.service);
  }

  /** The messages whose handlers wait inside the service; see Instance. */
  waiting(): Iterable<Message> {
    return this.runtime.commitments.waiting(this.service);
  }

  /** Who waits inside the service for another handler; see Instance. */
  waits(): Iterable<Pick<Waiting, "reject">> {
    return this.runtime.commitments.waiters(this.service);
  }

  /**
   * Sees to it that a request is answered with what its handler returned, at once or when the promise settles.
   *
   * @param done - runs when the handler has ended, whichever way.
   */
  answer(message: Message, result: unknown, done?: () => void): void {
    if (isThenable(result)) {
      const { service } = this;
      const { kernel } = this.runtime;
      // Whom an answer is owed the kernel knows by that; the others are noted for those who list what runs.
      const handling =
        message.reply === REPLY.none || message.reply === REPLY.done
          ? kernel.goesOn(service, message)
          : undefined;
      kernel.owe(service, message);
      // What is no promise of the platform may call back twice, or throw.
      const promise = result instanceof Promise ? result : Promise.resolve(result);
      promise.then(
        (value) => {
          if (handling !== undefined) endHandling(service, handling);
          try {
            this.#finish(message, value);
          } finally {
            done?.();
          }
        },
        (error: unknown) => {
          if (handling !== undefined) endHandling(service, handling);
          try {
            this.refuse(message, error);
          } finally {
            done?.();
          }
        },
      );
      return;
    }
    this.#finish(message, result);
    done?.();
  }

  /** Answers a request with an error, or logs the error if no answer is awaited. */
  refuse(message: Message, error: unknown): void {
    if (error === EXIT_SIGNAL) return;
    if (!this.service.isAlive) {
      // Callers that waited were told of the death. What else goes wrong in a last turn would be reported nowhere.
      if (isInLastTurn(this) && !isEnding(error)) {
        this.runtime.reportError(this.service, error, message);
      }
      return;
    }
    const { kernel, tracer } = this.runtime;
    if (isOpen(message)) {
      const make = (): Error => toRemoteError(error, this.handle);
      const isSent = kernel.failWith(this.service, message, make);
      if (!isSent && this.service.isAlive) {
        this.runtime.reportLostError(this.service, error, message);
      }
    } else this.runtime.reportError(this.service, error, message);
    tracer?.ended(this, message, "error");
  }

  #finish(message: Message, value: unknown): void {
    const { kernel, tracer } = this.runtime;
    try {
      if (message.reply === REPLY.owed && this.service.isAlive) {
        tracer?.answered(this, message);
        kernel.reply(this.service, message, value);
      }
      tracer?.ended(this, message, "end");
    } catch (error) {
      this.refuse(message, error);
    }
  }
}

/** Tells a promise, ours or another library's, from a value. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof (value as { then?: unknown }).then === "function"
  );
}

/**
 * Takes the promise of a callback, which is not awaited: that it was left in the service's last turn is not worth a line. Whatever else it
 * is rejected with is reported as ever.
 */
export function leaveAlone(result: unknown): void {
  if (!(result instanceof Promise)) return;
  result.catch((error: unknown) => {
    if (!isEnding(error)) throw error;
  });
}

/**
 * Refuses to go on if the service is dead.
 *
 * @throws {ERR_SERVICE_DEAD} if it is.
 * @throws {ERR_STOPPED} if it ended with its node.
 */
export function requireAlive(context: Context): void {
  if (context.service.isAlive) return;
  context.deadCalls += 1;
  if (context.runtime.state === "stopped") throw stoppedError();
  if (isInLastTurn(context)) throw endedError(context.service);
  throw new SnaxError(
    "ERR_SERVICE_DEAD",
    `this service, ${formatAddress(context.handle)} (${context.service.title}), has ended`,
  );
}

/** Says whether the service has ended and its handlers run on for the last time, to clear up. */
export function isInLastTurn({ service }: Context): boolean {
  return service.holds === HOLD.ending;
}

/**
 * As {@link requireAlive}, for what sends and waits for nothing: in its last turn a service may, DEAD_CALLS_MAX times.
 *
 * @throws {ERR_SERVICE_DEAD} beyond that, or if the service has ended before. {ERR_STOPPED} if it ended with its node.
 */
export function requireSender(context: Context): void {
  if (context.service.isAlive) return;
  if (!isInLastTurn(context) || context.deadCalls >= DEAD_CALLS_MAX) requireAlive(context);
  context.deadCalls += 1;
}

/** Lines that a service may log after its end: `finally` blocks have something to say, a loop has not. */
export const DEAD_LINES_MAX = 100;

/**
 * As {@link requireAlive}, for what logs a line: the first DEAD_LINES_MAX lines are logged although the service has ended.
 *
 * @throws {ERR_SERVICE_DEAD} beyond that. {ERR_STOPPED} if the service ended with its node.
 */
export function requireVoice(context: Context): void {
  if (context.service.isAlive) return;
  if (context.runtime.state !== "stopped" && context.deadCalls < DEAD_LINES_MAX) {
    context.deadCalls += 1;
    return;
  }
  requireAlive(context);
}

/**
 * As {@link requireAlive}, for functions that return a promise.
 *
 * A loop that catches errors and tries again would never end in a dead service, and with it the thread: after
 * DEAD_CALLS_MAX refusals the promise stays open, and the loop with it goes the way of all garbage.
 *
 * @returns undefined if the service lives; else what to return to the caller.
 */
export function deadPromise(context: Context): Promise<never> | undefined {
  if (context.service.isAlive) return undefined;
  if (context.deadCalls >= DEAD_CALLS_MAX) return new Promise(() => {});
  try {
    requireAlive(context);
  } catch (error) {
    return Promise.reject(error);
  }
  return undefined;
}

/** The error for what is asked of a node that ends or has ended. */
export function stoppedError(): SnaxError {
  return new SnaxError("ERR_STOPPED", "the node is stopping or has stopped");
}

function noProtocol(context: Context, message: Message): SnaxError {
  return new SnaxError(
    "ERR_NO_PROTOCOL",
    `service ${formatAddress(context.handle)} (${context.service.title}) has no handler for ` +
      `messages of type ${context.runtime.protocolName(message.type)}`,
  );
}
