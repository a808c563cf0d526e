/**
 * What is behind a handle when it is a service of a program: the instance of its module, its handlers, its API.
 *
 *     kernel -> Context.receive(message) -> receiver for the message's type -> handler -> answer()
 *            -> receiveJob: work that the runtime does inside the service, before all mail
 *
 * skynet calls the same thing a context. A node may hold a million of these: what an idle service does not need is
 * created at first use (its parts), and receivers are functions of (context, message) in a table that services share until
 * one of them changes it.
 *
 * Hot path (bench: call).
 */

import { SnaxError } from "../base/error.ts";
import { isOpen } from "../kernel/answering.ts";
import { endHandling } from "../kernel/handling.ts";
import type { Waiting } from "../kernel/last-words.ts";
import { Message, REPLY } from "../kernel/message.ts";
import { PTYPE } from "../kernel/protocol.ts";
import { deadError, endedError, isEnding } from "../kernel/refusal.ts";
import { formatAddress, HOLD } from "../kernel/service.ts";
import type { Instance, Service } from "../kernel/service.ts";
import type { Instance as CodeInstance } from "../loader/run/instance.ts";
import { toRemoteError } from "./remote-error.ts";
import type { Runtime } from "./runtime.ts";

/** Handles the messages of one type. What it throws goes to the caller that waits for the answer, or into the log. */
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
  /** What only some services have; see {@link Part}. */
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
 * Takes the promise of a callback, which is not awaited: that it was left in the service's last turn is not worth a line. What else it
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

/**
 * A value that is kept with a service once it is set: what only some services have. A layer defines it once, and a service
 * that needs it gets its own.
 *
 *     const sleepers = definePart(() => new Map<unknown, Waiter>());
 *     sleepers.of(context).set(token, waiter);
 *
 * A node may hold a million services, so an idle one has no field for each thing that it might need: its parts are in one
 * map, which it gets with the first of them.
 */
export class Note<T> {
  /** Returns the value of a service; undefined if none was set. */
  peek({ parts }: Context): T | undefined {
    return parts?.get(this) as T | undefined;
  }

  /** Sets the value of a service. */
  set(context: Context, value: T): void {
    (context.parts ??= new Map()).set(this, value);
  }

  /** Forgets the value of a service. */
  drop({ parts }: Context): void {
    parts?.delete(this);
  }
}

/** A part that is made at first use. */
export class Part<T extends NonNullable<unknown>> extends Note<T> {
  readonly #make: (context: Context) => T;

  constructor(make: (context: Context) => T) {
    super();
    this.#make = make;
  }

  /** Returns the part of a service, and makes it the first time. */
  of(context: Context): T {
    const known = this.peek(context);
    if (known !== undefined) return known;
    const made = this.#make(context);
    this.set(context, made);
    return made;
  }
}

/** The parts of a service. */
type Parts = Context["parts"];

/** What the code of a service has registered: other code in its place begins it anew. */
const ofCode = new Set<object>();

/** What of the outside world services hold in a part, for people, by part. */
const holdings = new Map<object, (value: never) => string | undefined>();

/** What ties services to their thread, for people, by part. */
const ties = new Map<object, (value: never) => string | undefined>();

/** What of a part that old code has registered the new code in its place has not, for people, by part. */
const losses = new Map<object, (before: never, after: never) => string | undefined>();

/** What of a part the old top level has registered and the new one has not, for people, by part. */
const leavings = new Map<object, (before: never, after: never) => readonly string[]>();

/** How what code has registered ends, and how it returns, by part. */
const ends = new Map<object, (value: never) => void>();
const returns = new Map<object, (value: never) => void>();

/** What more is known of a part. */
export interface PartOptions<T> {
  /** The code of the service has registered it, and registers it again when it begins anew. @defaultValue false */
  readonly isOfCode?: boolean;
  /** Says for people what other code in its place has not registered again, though it must. @defaultValue nothing */
  readonly lacks?: (before: T, after: T | undefined) => string | undefined;
  /** Names for people what the top level had registered and that of other code in its place does not. @defaultValue nothing */
  readonly leaves?: (before: T, after: T | undefined) => readonly string[];
  /** Ends what code has registered that is not the service's any more. @defaultValue nothing */
  readonly ends?: (value: T) => void;
  /** Registers again what other code has taken the place of and given back. @defaultValue nothing */
  readonly returns?: (value: T) => void;
  /** Names what the service holds by it that no other service can take over, `a socket`. @defaultValue nothing */
  readonly holds?: (value: T) => string | undefined;
  /** Names what of it another thread could not have, `a pinned version of a shared table`. @defaultValue nothing */
  readonly ties?: (value: T) => string | undefined;
}

/** Defines a part that is made at first use. */
export function definePart<T extends NonNullable<unknown>>(
  make: (context: Context) => T,
  options: PartOptions<T> = {},
): Part<T> {
  const part = new Part(make);
  enter(part, options);
  return part;
}

/** Defines a value that is there once it is set. */
export function defineNote<T>(options: PartOptions<T> = {}): Note<T> {
  const note = new Note<T>();
  enter(note, options);
  return note;
}

function enter<T>(part: object, options: PartOptions<T>): void {
  const { isOfCode = false, holds, ties: tie, lacks, leaves, ends: end, returns: put } = options;
  if (isOfCode) ofCode.add(part);
  if (lacks !== undefined) losses.set(part, lacks);
  if (leaves !== undefined) leavings.set(part, leaves);
  if (end !== undefined) ends.set(part, end);
  if (put !== undefined) returns.set(part, put);
  if (tie !== undefined) ties.set(part, tie);
  if (holds !== undefined) holdings.set(part, holds);
}

/** Names what a service holds that no other one can take over: sockets, a gate, channels. */
export function holdingsOf({ parts }: Context): string[] {
  return namesIn(parts, holdings);
}

/** Names what ties a service to its thread, beside what it holds. */
export function tiesOf({ parts }: Context): string[] {
  return namesIn(parts, ties);
}

/** Ends what code has registered in its parts that is not the service's any more. */
export function endParts(of: Parts, now: Parts): void {
  for (const [part, end] of ends) {
    const value = of?.get(part);
    if (value !== undefined && value !== now?.get(part)) end(value as never);
  }
}

/** Registers again what the code that has these parts had registered. */
export function returnParts(of: Parts): void {
  for (const [part, put] of returns) {
    const value = of?.get(part);
    if (value !== undefined) put(value as never);
  }
}

/** Says what the code before had registered in some parts and the code of a service now has not. */
export function lacksOf({ parts }: Context, before: Parts): string[] {
  return [...losses].flatMap(([part, name]) => {
    const value = before?.get(part);
    return value === undefined ? [] : (name(value as never, parts?.get(part) as never) ?? []);
  });
}

/** Names what the top level before had registered in some parts and that of the code of a service now has not: it is gone. */
export function leavingsOf({ parts }: Context, before: Parts): string[] {
  return [...leavings].flatMap(([part, name]) => {
    const value = before?.get(part);
    return value === undefined ? [] : name(value as never, parts?.get(part) as never);
  });
}

function namesIn(
  parts: ReadonlyMap<object, unknown> | undefined,
  by: ReadonlyMap<object, (value: never) => string | undefined>,
): string[] {
  if (parts === undefined) return [];
  return [...by].flatMap(([part, name]) => {
    const value = parts.get(part);
    return value === undefined ? [] : (name(value as never) ?? []);
  });
}

/** Returns the parts of a service without those that its code has registered. */
export function partsWithoutCode({ parts }: Context): Map<object, unknown> | undefined {
  if (parts === undefined) return undefined;
  return new Map([...parts].filter(([part]) => !ofCode.has(part)));
}

/** What a service stands for here that runs on another node: `db @sdb`, for people. */
export const standsFor: Note<string> = defineNote();

/**
 * Work that the runtime does inside a service: starting it, patching it, ending it.
 *
 * A job is a message of the system lane, so it runs as the service (its CPU, its errors, its microtasks) and passes
 * everything that waits in the mailbox, whatever holds the service.
 */
export type Job = (context: Context) => void;

/** The birth of a service, as the job that it is: what follows from it is the top level's until other code is called. */
export class Birth {
  readonly run: () => void;
  isTopLevel = true;

  constructor(run: () => void) {
    this.run = run;
  }
}

/**
 * Runs a job inside a service, before all that waits there.
 *
 * @param behind - a sender whose messages go first: code that posts something and then patches means that order.
 */
export function runInside(context: Context, job: Job | Birth, behind = 0): void {
  const message = new Message(PTYPE.system, 0, 0, 0, job);
  context.runtime.kernel.sendUrgent(context.service, message, behind);
}

/**
 * Runs a job inside a service, as {@link runInside} does, and gives what it returns.
 *
 * @throws what the job throws, and {ERR_SERVICE_DEAD} if the service ends before.
 */
export function callInside<T>(
  context: Context,
  job: (context: Context) => T | PromiseLike<T>,
  behind = 0,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const { runtime, handle } = context;
    const unwatch = runtime.kernel.watch(handle, () => reject(deadError(handle)));
    if (unwatch === undefined) {
      reject(deadError(handle));
      return;
    }
    const run = async (): Promise<void> => {
      try {
        resolve(await job(context));
      } catch (error) {
        reject(error as Error);
      } finally {
        unwatch();
      }
    };
    runInside(context, () => void run(), behind);
  });
}

/** The receiver of jobs; is in every receiver table. */
export const receiveJob: Receiver = (context, message) => {
  const { payload } = message;
  if (typeof payload === "function") (payload as Job)(context);
  else if (payload instanceof Birth) payload.run();
};

/**
 * Settles a promise in a turn of the service that holds it: what another service ends is ended in a
 * turn of that one, and whose code runs must always be known.
 */
export function settleInside<T>(context: Context, run: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    requireAlive(context);
    const { kernel } = context.runtime;
    const here = (settle: () => void): void => {
      if (context.service.isAlive) kernel.soon(context.service, settle);
      else settle();
    };
    run().then(
      (value) => here(() => resolve(value)),
      (error: unknown) => here(() => reject(error as Error)),
    );
  });
}
