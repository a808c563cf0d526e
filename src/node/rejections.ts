/**
 * Errors that were not caught: a rejected promise without a handler, an error thrown from a callback of Node or a package.
 *
 * They are logged under the service whose code ran, and end neither it nor the process. What did not come from a
 * service is the host program's business: its own handlers see it as ever, and if it has none, the process ends as it
 * would without us. Only a process that is nothing but a node (`snax start`) logs those too and goes on.
 */

import type { EventEmitter } from "node:events";
import { inspect } from "node:util";
import { LEVEL } from "../base/log-level.ts";
import { readStack } from "../base/error.ts";
import { showControls } from "../base/log-line.ts";
import { isEnding } from "../kernel/refusal.ts";
import { EXIT_SIGNAL } from "../service/context.ts";
import { describeError } from "../service/error-text.ts";
import type { Runtime } from "../service/runtime.ts";

/** Whose stray errors are taken care of. */
export interface Household {
  readonly runtime: Runtime;
  /** The handle that stands for the program which started the node: what its code does is not a service's doing. */
  readonly program: number;
  /** The process is nothing but a node. */
  readonly ownsProcess: boolean;
}

const households = new Set<Household>();

/**
 * Begins to take care of the stray errors of a node.
 *
 * @returns a function that ends it.
 */
export function watchStrayErrors(household: Household): () => void {
  if (households.size === 0) {
    process.on("unhandledRejection", onRejection);
    process.on("uncaughtException", onException);
  }
  households.add(household);
  return () => {
    households.delete(household);
    if (households.size > 0) return;
    process.off("unhandledRejection", onRejection);
    process.off("uncaughtException", onException);
  };
}

function onRejection(reason: unknown): void {
  if (reason === EXIT_SIGNAL || isEnding(reason) || isLogged("unhandled rejection", reason)) return;
  if (process.listenerCount("unhandledRejection") > 1) return;
  // What Node does by default: an unhandled rejection becomes an uncaught exception.
  const error =
    reason instanceof Error
      ? reason
      : new Error(`a promise was rejected and no code handles it: ${inspect(reason)}`);
  if (process.listenerCount("uncaughtException") === 1) die(error);
  (process as EventEmitter).emit("uncaughtException", error, "unhandledRejection");
}

function onException(error: unknown): void {
  if (error === EXIT_SIGNAL || process.listenerCount("uncaughtException") > 1) return;
  if (!isLogged("uncaught error", error)) die(error);
}

function die(error: unknown): never {
  process.stderr.write(`${showControls(`Uncaught ${describeError(error)}`)}\n`);
  process.exit(1);
}

/** Logs an error under the service whose code runs; else, if it is a node's at all, under no service. */
function isLogged(what: string, error: unknown): boolean {
  for (const { runtime, program } of households) {
    const { current } = runtime.kernel.scheduler;
    if (current === undefined || current.handle === program) continue;
    runtime.logFault(current.handle, `${what} : ${describeError(error)}`);
    return true;
  }
  for (const household of households) {
    if (!household.ownsProcess && !arisesInService(household, error)) continue;
    household.runtime.log(0, `${what} : ${describeError(error)}`, LEVEL.error);
    return true;
  }
  return false;
}

/**
 * Tells by the stack. An error that came in an answer says where it arose, not who failed to catch it; code of a
 * service receives it in a turn of its own, so elsewhere it is the program's.
 */
function arisesInService({ runtime, program }: Household, error: unknown): boolean {
  if (!(error instanceof Error) || Object.hasOwn(error, "remote")) return false;
  if (runtime.kernel.scheduler.current?.handle === program) return false;
  const stack = String(readStack(error) ?? "");
  return [...runtime.cache.images.values()].some((image) => stack.includes(image.url));
}
