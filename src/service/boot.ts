/**
 * The beginning and the end of a service of a program.
 *
 *     launch(kind, name, args)     handle reserved, gate closed for requests
 *       job: boot                  file found -> program -> module instance -> the kind's begin()
 *       ready                      gate opened, `onReady` told; by default LAUNCHOK goes to the launcher
 *       or not                     service killed, `onReady` told why; by default ERROR goes to the launcher
 *
 * Everything is synchronous while it can be: a service whose image is cached and which awaits nothing is ready within the
 * job's own turn.
 */

import { copyArguments } from "../base/copy.ts";
import { SnaxError } from "../base/error.ts";
import { formatAddress } from "../kernel/address.ts";
import { PTYPE } from "../kernel/protocol.ts";
import { GATE } from "../kernel/service.ts";
import { Context, EXIT_SIGNAL, isThenable } from "./context.ts";
import { runInside } from "./job.ts";
import type { Runtime } from "./runtime.ts";
import { describeError } from "./runtime.ts";
import { surroundingsOf } from "./surroundings.ts";

/** Told once, when a service is ready, or with the reason why it is not. */
export type OnReady = (error?: unknown) => void;

/** What to launch. */
export interface LaunchRequest {
  readonly kind: string;
  readonly name: string;
  /** Given to the service's beginning, copied. */
  readonly args: readonly unknown[];
  /** @defaultValue tells the launcher */
  readonly onReady?: OnReady;
}

/**
 * Creates a service; its code is loaded and begins in a turn of its own.
 *
 * @throws {ERR_ARGUMENT} if there is no such kind.
 * @throws {ERR_EXHAUSTED} if no handle is free.
 */
export function launch(runtime: Runtime, request: LaunchRequest): Context {
  const { kind: kindName, name, args } = request;
  const kind = runtime.kind(kindName);
  const context = new Context(runtime, name, titleOf(request), kind.receivers);
  const own = copyArguments(args, context.service);
  const tell = request.onReady ?? ((error) => tellLauncher(context, error));
  runtime.kernel.closeGate(context.service, GATE.starting);
  runInside(context, () => boot(context, () => kind.begin(context, own), tell));
  return context;
}

/**
 * Ends a service from within: its requests get ERR_SERVICE_DEAD, and the code that runs is cut off.
 *
 * @throws always: what it throws ends the running handler and is never seen by anybody.
 */
export function exitSelf(context: Context): never {
  end(context, "KILL self");
  throw EXIT_SIGNAL;
}

/** Ends a service from outside or from within, with a line in the log. */
export function end(context: Context, line: string): void {
  if (!context.service.isAlive) return;
  const { runtime, handle } = context;
  const launcher = runtime.kernel.names.get(".launcher");
  if (launcher !== undefined && launcher !== handle) {
    runtime.kernel.send(handle, launcher, lua("REMOVE", handle, false));
  }
  runtime.log(handle, line);
  runtime.kernel.kill(context.service);
}

function boot(context: Context, begin: () => unknown, tell: OnReady): void {
  let stopWaiting = (): void => {};
  let isOver = false;
  const settle = (error?: unknown): void => {
    if (isOver) return;
    isOver = true;
    stopWaiting();
    if (error === undefined) runtime.kernel.openGate(context.service, GATE.starting);
    else giveUp(context, error);
    tell(error);
  };
  const { runtime } = context;
  const fail = (error: unknown): void => settle(error === EXIT_SIGNAL ? undefined : error);
  try {
    const begun = after(loadCode(context), begin);
    if (!isThenable(begun)) return settle();
    stopWaiting = armTimeout(context, fail);
    begun.then(() => settle(), fail);
    runtime.kernel.watch(context.handle, () => settle(endedEarly(context)));
  } catch (error) {
    fail(error);
  }
}

/** Loads the service's file and makes its module instance; synchronous when the image is cached. */
function loadCode(context: Context): unknown {
  const { runtime } = context;
  const surroundings = surroundingsOf(context);
  const preload = runtime.environment.get("preload");
  const first =
    typeof preload === "string" && preload !== ""
      ? after(runtime.cache.load(preload), (program) => program.instantiate(surroundings))
      : undefined;
  return after(first, () =>
    after(runtime.cache.load(runtime.paths.find(context.name)), (program) =>
      after(program.instantiate(surroundings), (code) => {
        context.code = code;
      }),
    ),
  );
}

function giveUp(context: Context, error: unknown): void {
  if (!context.service.isAlive) return;
  context.runtime.log(context.handle, `init service failed: ${describeError(error)}`);
  context.runtime.kernel.kill(context.service);
}

function armTimeout(context: Context, fail: (error: unknown) => void): () => void {
  const ms = Number(context.runtime.environment.get("inittimeout") ?? 0);
  if (!(ms > 0)) return () => {};
  const { kernel } = context.runtime;
  const timer = kernel.addTimer(context.service, ms, () =>
    fail(
      new SnaxError(
        "ERR_INIT_TIMEOUT",
        `${context.service.title} was not ready after inittimeout, ${ms} ms`,
      ),
    ),
  );
  return () => kernel.removeTimer(context.service, timer);
}

function endedEarly(context: Context): SnaxError {
  const who = `${formatAddress(context.handle)} (${context.service.title})`;
  return new SnaxError("ERR_SERVICE_DEAD", `service ${who} ended before it was ready`);
}

function tellLauncher(context: Context, error: unknown): void {
  const { kernel } = context.runtime;
  const launcher = kernel.names.get(".launcher");
  if (launcher === undefined || launcher === context.handle) return;
  kernel.send(
    context.handle,
    launcher,
    error === undefined ? lua("LAUNCHOK") : lua("ERROR", error),
  );
}

function lua(...values: unknown[]): { type: number; method: number; values: unknown[] } {
  return { type: PTYPE.lua, method: 0, values };
}

function titleOf({ kind, name, args }: LaunchRequest): string {
  const words = args.filter((arg) => typeof arg === "string" || typeof arg === "number");
  return [kind, name, ...words].join(" ").slice(0, TITLE_LENGTH_MAX);
}

/** Longest title of a service in lists and logs, in characters. */
export const TITLE_LENGTH_MAX = 80;

/** Goes on with a value, at once if it is there already. */
export function after<T, R>(value: T | PromiseLike<T>, next: (value: T) => R | PromiseLike<R>): R | PromiseLike<R> {
  return isThenable(value) ? (value as PromiseLike<T>).then(next) : next(value as T);
}
