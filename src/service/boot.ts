/**
 * The beginning and the end of a service of a program.
 *
 *     launch(kind, name, args)     handle reserved, requests held
 *       job: boot                  file found -> program -> module instance -> the kind's begin()
 *       begin() waits              a plain service handles what it has set a handler for
 *       ready                      released, `onReady` told; by default LAUNCHOK goes to the launcher
 *       or not                     service killed, `onReady` told why; by default ERROR goes to the launcher
 *
 * Everything is synchronous while it can be: a service whose image is cached and which awaits nothing is ready within the
 * job's own turn.
 */

import { LEVEL } from "../base/log-level.ts";
import { copyArguments } from "../base/copy.ts";
import { copyBare } from "../base/copy-thrown.ts";
import { codeOf, SnaxError } from "../base/error.ts";
import { showInLine } from "../base/log-line.ts";
import type { Handling } from "../kernel/handling.ts";
import { endHandling } from "../kernel/handling.ts";
import { formatAddress, HOLD, LET_GO } from "../kernel/service.ts";
import { PTYPE } from "../kernel/protocol.ts";
import type { Program } from "../loader/run/program.ts";
import { Instance } from "../loader/run/instance.ts";
import type { BirthPause } from "./birth-pause.ts";
import { EVERY_TYPE } from "./birth-pause.ts";
import {
  Birth,
  Context,
  defineNote,
  EXIT_SIGNAL,
  isThenable,
  runInside,
  stoppedError,
} from "./context.ts";
import { describeBeginning } from "./late-beginning.ts";
import { toRemoteError } from "./remote-error.ts";
import type { Kind, Runtime } from "./runtime.ts";
import { describeError, messageOf } from "./error-text.ts";
import { noteListenersOfTopLevel } from "./signal.ts";
import { surroundingsOf } from "./surroundings.ts";

/** Told once, when a service is ready, or with the reason why it is not, and the same as it can be sent. */
export type OnReady = (error?: unknown, sendable?: Error) => void;

/** What to launch. */
export interface LaunchRequest {
  readonly kind: string;
  readonly name: string;
  /** Given to the service's beginning, copied. */
  readonly args: readonly unknown[];
  /** @defaultValue tells the launcher */
  readonly onReady?: OnReady;
  /** Its handle, if one was taken for it before. @defaultValue a new one */
  readonly handle?: number;
  /** Its beginning waits for this, however it ends: its code is on the way. */
  readonly code?: Promise<unknown>;
  /** What it runs. @defaultValue its file, as the cache has it, with the patches for new services */
  readonly program?: Program;
  /** The service of this thread whose place it is to take, by handle: its names come with that. */
  readonly replaces?: number;
}

/**
 * Creates a service; its code is loaded and begins in a turn of its own.
 *
 * @throws {ERR_ARGUMENT} if there is no such kind.
 * @throws {ERR_EXHAUSTED} if no handle is free.
 * @throws {ERR_STOPPED} if the node is stopping: the service would never be asked to leave.
 */
export function launch(runtime: Runtime, request: LaunchRequest): Context {
  const { kind: kindName, name, args } = request;
  if (runtime.state !== "running") throw stoppedError();
  const kind = runtime.kind(kindName);
  const title = titleOf(request);
  const context = new Context(runtime, name, title, kind.receivers, request.handle);
  context.kind = kindName;
  const own = copyOrKill(context, args);
  if (own.length > 0) context.args = own;
  if (request.replaces !== undefined) predecessors.set(context, request.replaces);
  const tell = request.onReady ?? ((_error, sendable) => tellReady(context, sendable));
  runtime.logLife(context.handle, "LAUNCH", context.service.title);
  runtime.kernel.hold(context.service, HOLD.starting);
  const begin = (): unknown => beginAs(kind, context, own);
  const { code, program } = request;
  const beginning = { begin: code === undefined ? begin : () => code.then(begin, begin), program };
  runInside(context, new Birth(() => boot(context, beginning, tell)));
  return context;
}

/** Whose place a service is about to take. */
const predecessors = defineNote<number>();

/** Returns the service whose names will be this one's. */
export function predecessorOf(context: Context): number | undefined {
  return predecessors.peek(context);
}

/** While it begins a service can be asked what it was begun with. */
function beginAs(kind: Kind, context: Context, args: readonly unknown[]): unknown {
  context.beginning = args;
  return kind.begin(context, args);
}

function copyOrKill(context: Context, args: readonly unknown[]): unknown[] {
  try {
    return copyArguments(args, context.service);
  } catch (error) {
    context.runtime.kernel.kill(context.service);
    throw error;
  }
}

/**
 * Ends a service from within: its requests get ERR_SERVICE_DEAD, and the code that runs is cut off.
 *
 * @throws always: what it throws ends the running handler and is never seen by other code.
 */
export function exitSelf(context: Context): never {
  end(context);
  // oxlint-disable-next-line typescript/only-throw-error -- no error: no code may catch it by class
  throw EXIT_SIGNAL;
}

/**
 * Ends a service, with a line in the log.
 *
 * @param isKill - another service ends it: the caller that waits for its beginning is told so.
 */
export function end(context: Context, isKill = false): void {
  if (!context.service.isAlive) return;
  const { runtime, handle } = context;
  if (!context.isReady && wayOut(context) === undefined) {
    waysOut.set(context, isKill ? "kill" : "self");
  }
  tellLauncher(context, "REMOVE", handle, isKill);
  runtime.logLife(handle, "KILL", isKill ? formatAddress(handle) : "self");
  runtime.kernel.kill(context.service);
}

const waysOut = defineNote<"self" | "kill">();

/** How a service ended before it was ready; undefined if its thread or a failure of its own ended it. */
export function wayOut(context: Context): "self" | "kill" | undefined {
  return waysOut.peek(context);
}

/** How a service begins. */
interface Beginning {
  readonly begin: () => unknown;
  readonly program: Program | undefined;
}

function boot(context: Context, { begin, program }: Beginning, tell: OnReady): void {
  const { kernel, commitments } = context.runtime;
  const { origin } = kernel;
  let stopWaiting = (): void => {};
  let endWait = (): void => {};
  let isOver = false;
  let handling: Handling | undefined;
  const settle = (error?: unknown): void => {
    if (isOver) return;
    // The service lives and the promise holds while code of the service may run, for that may be cut off.
    const failure = error === undefined ? becomeReady(context) : failureOf(context, error);
    if (isOver) return;
    isOver = true;
    stopWaiting();
    endWait();
    endCommitment();
    if (handling !== undefined) endHandling(context.service, handling);
    if (origin !== undefined) context.runtime.tracer?.ended(context, origin, "end");
    if (failure !== undefined) giveUp(context, failure.text);
    tell(error, failure?.sendable);
  };
  const fail = (error: unknown): void => {
    if (error === EXIT_SIGNAL) settle();
    // What throws undefined has failed too.
    else settle(error === undefined ? new Error("undefined was thrown") : error);
  };
  const endCommitment = commitments.add(origin, context.service, fail);
  try {
    const begun = after(loadCode(context, program), () => {
      const rest = begin();
      if (isThenable(rest) && context.isListening) {
        // Other handlers run from here on: an interrupt of one of them must not take the beginning for cut off.
        endWait = commitments.wait(origin, context.service);
        kernel.release(context.service);
      }
      return rest;
    });
    if (!isThenable(begun)) return settle();
    stopWaiting = watchBeginning(context, fail);
    if (origin !== undefined) handling = kernel.goesOn(context.service, origin);
    begun.then(() => {
      try {
        settle();
      } catch (error) {
        fail(error);
      }
    }, fail);
  } catch (error) {
    fail(error);
  }
}

function becomeReady(context: Context): undefined {
  if (context.isReady) return;
  const { whenReady } = context;
  context.whenReady = undefined;
  context.isReady = true;
  context.beginning = undefined;
  for (const job of whenReady ?? []) job(context);
  context.runtime.kernel.release(context.service, HOLD.starting);
}

/**
 * Ends the wait for a service that is killed, or that takes too long. One that listens lives on, as in skynet, for its start
 * function may be meant to loop for ever: it counts as begun, and the service that started it waits on.
 */
function watchBeginning(context: Context, fail: (error: unknown) => void): () => void {
  const { kernel, environment } = context.runtime;
  const { service } = context;
  const unwatch = kernel.watch(context.handle, () => fail(endedEarly(context)));
  const { origin } = kernel;
  const ms = Number(environment.get("inittimeout") ?? 0);
  const giveNotice = (): void => {
    const what = describeBeginning(context, origin);
    if (context.isListening) goOn(context, ms, what);
    else fail(late(context, ms, what));
  };
  const timer = ms > 0 ? kernel.addTimer(service, ms, giveNotice) : undefined;
  return () => {
    unwatch?.();
    if (timer !== undefined) kernel.removeTimer(service, timer);
  };
}

function goOn(context: Context, ms: number, what: string): void {
  becomeReady(context);
  context.runtime.log(
    context.handle,
    `the start function of ${context.service.title} has not ended after ${ms} ms: ` +
      `${what}; the service handles messages meanwhile`,
    LEVEL.warn,
  );
  tellLauncher(context, "LATE");
}

function late({ service }: Context, ms: number, what: string): SnaxError {
  return new SnaxError(
    "ERR_INIT_TIMEOUT",
    `${service.title} was not ready after inittimeout, ${ms} ms: ${what}`,
  );
}

function pauseOf({ name, runtime: { birthPauses } }: Context): BirthPause | undefined {
  if (birthPauses.size === 0) return undefined;
  return birthPauses.get(name) ?? birthPauses.get(EVERY_TYPE);
}

/** Loads the service's file and makes its module instance; synchronous when the image is cached. */
function loadCode(context: Context, given?: Program): unknown {
  if (given !== undefined) return fill(context, given);
  const { cache, paths } = context.runtime;
  const pause = pauseOf(context);
  if (pause !== undefined) return goOnInside(context, pause.pass(context), () => loadCode(context));
  const make = (program: Program): unknown =>
    pauseOf(context) === undefined ? instantiate(context, program) : loadCode(context);
  const loaded = cache.load(paths.find(context.name));
  return isThenable(loaded) ? goOnInside(context, loaded, make) : make(loaded);
}

/**
 * Goes on inside the service when its program has come from another thread or from Node's loader.
 * That comes in no message: a module or an `init` that loops would belong to no service, and never be cut
 * off.
 */
function goOnInside<T>(
  { service, runtime: { kernel } }: Context,
  promise: PromiseLike<T>,
  next: (value: T) => unknown,
): Promise<unknown> {
  const { origin } = kernel;
  return new Promise((resolve, reject) => {
    promise.then((value) => {
      kernel.resume(service, origin, () => {
        try {
          resolve(next(value));
        } catch (error) {
          reject(error as Error);
        }
      });
    }, reject);
  });
}

function instantiate(context: Context, program: Program): unknown {
  const successor = program.successor?.program();
  if (successor === undefined) return fill(context, program);
  try {
    return fill(context, successor);
  } catch (error) {
    // The service has not begun: it is born as if there were no such program.
    if (!context.service.isAlive || codeOf(error) === "ERR_INTERRUPTED") throw error;
    program.successor?.refuse(error);
    return fill(context, program);
  }
}

function fill(context: Context, program: Program): unknown {
  const { runtime, handle, service } = context;
  const instance = new Instance(program, surroundingsOf(context));
  const filled = program.fill(instance);
  // A module that waits may do so until the service is ended.
  if (isThenable(filled)) runtime.kernel.watch(handle, () => instance.release(), LET_GO);
  return after(filled, () => {
    context.code = instance;
    noteListenersOfTopLevel(context);
    if (!service.isAlive) instance.release();
  });
}

/** What is told of a beginning that failed: to the log, and to the caller that waits. To read an error may run code of the service. */
function failureOf(context: Context, error: unknown): { text: string; sendable: Error } {
  return { text: describeError(error), sendable: toRemoteError(error, context.handle) };
}

function giveUp(context: Context, text: string): void {
  if (!context.service.isAlive) return;
  context.runtime.log(context.handle, `init service failed: ${text}`, LEVEL.error);
  context.runtime.kernel.kill(context.service);
}

function endedEarly(context: Context): SnaxError {
  const who = `${formatAddress(context.handle)} (${context.service.title})`;
  return new SnaxError("ERR_SERVICE_DEAD", `service ${who} ended before it was ready`);
}

function tellReady(context: Context, error: Error | undefined): void {
  if (error === undefined) tellLauncher(context, "LAUNCHOK");
  else tellFailure(context.runtime, context.handle, error);
}

/** Tells the launcher why a service has not become ready; what of the error can't be sent is left out. */
export function tellFailure(runtime: Runtime, handle: number, error: Error): void {
  const { kernel } = runtime;
  const launcher = kernel.names.get(".launcher");
  if (launcher === undefined) return;
  const send = (sendable: Error): void => {
    const values = ["ERROR", sendable];
    kernel.send(handle, launcher, { type: PTYPE.lua, method: 0, values });
  };
  try {
    send(error);
  } catch (failure) {
    send(copyBare(error, `can't be sent: ${messageOf(failure)}`));
  }
}

/** Says something to the launcher, in the name of a service that it knows or hears of now. */
export function tellLauncher(context: Context, ...values: unknown[]): void {
  const { kernel } = context.runtime;
  const launcher = kernel.names.get(".launcher");
  if (launcher === undefined || launcher === context.handle) return;
  kernel.send(context.handle, launcher, { type: PTYPE.lua, method: 0, values });
}

function titleOf(request: LaunchRequest): string {
  return showInLine(describeStart(request)).slice(0, TITLE_LENGTH_MAX);
}

/** What a service was started with, in words. */
export function describeStart({
  kind,
  name,
  args,
}: Pick<LaunchRequest, "kind" | "name" | "args">): string {
  const words = args.filter((arg) => typeof arg === "string" || typeof arg === "number");
  return [kind, name, ...words].join(" ");
}

/** Longest title of a service in lists and logs, in characters. */
export const TITLE_LENGTH_MAX = 80;

/** Goes on with a value, at once if it is there already. */
export function after<T, R>(
  value: T | PromiseLike<T>,
  next: (value: T) => R | PromiseLike<R>,
): R | PromiseLike<R> {
  return isThenable(value) ? (value as PromiseLike<T>).then(next) : next(value as T);
}
