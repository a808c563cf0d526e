/**
 * Errors that nobody caught: a rejected promise without a handler, an error thrown from a callback of Node or a package.
 *
 * They are logged under the service whose code ran, and end neither it nor the process. What did not come from a
 * service is the host program's business: its own handlers see it as ever, and if it has none, the process ends as it
 * would without us. Only a process that is nothing but a node (`snax start`) logs those too and goes on.
 */

import { EXIT_SIGNAL } from "../service/context.ts";
import type { Runtime } from "../service/runtime.ts";
import { describeError } from "../service/runtime.ts";

/** The runtimes of this process, with whether the process is theirs. */
const runtimes = new Map<Runtime, boolean>();

/**
 * Begins to take care of a runtime's stray errors.
 *
 * @param ownsProcess - the process is nothing but a node.
 * @returns a function that ends it.
 */
export function watchStrayErrors(runtime: Runtime, ownsProcess: boolean): () => void {
  if (runtimes.size === 0) {
    process.on("unhandledRejection", onRejection);
    process.on("uncaughtException", onException);
  }
  runtimes.set(runtime, ownsProcess);
  return () => {
    runtimes.delete(runtime);
    if (runtimes.size > 0) return;
    process.off("unhandledRejection", onRejection);
    process.off("uncaughtException", onException);
  };
}

function onRejection(reason: unknown): void {
  if (reason === EXIT_SIGNAL) return;
  for (const runtime of runtimes.keys()) {
    const { current } = runtime.kernel.scheduler;
    if (current !== undefined) {
      runtime.log(current.handle, `unhandled rejection : ${describeError(reason)}`);
      return;
    }
  }
  if (logUnattributed("unhandled rejection", reason)) return;
  // What Node does by default: an unhandled rejection becomes an uncaught exception.
  if (process.listenerCount("unhandledRejection") === 1) onException(reason);
}

function onException(error: unknown): void {
  if (error === EXIT_SIGNAL) return;
  if (logUnattributed("uncaught error", error)) return;
  if (process.listenerCount("uncaughtException") > 1) return;
  process.stderr.write(`Uncaught ${describeError(error)}\n`);
  process.exit(1);
}

/** Logs an error that some callback of Node's threw: if the process is a node's, or the error arose in a service's file. */
function logUnattributed(what: string, error: unknown): boolean {
  for (const [runtime, ownsProcess] of runtimes) {
    if (ownsProcess || arisesInService(runtime, error)) {
      runtime.log(0, `${what} : ${describeError(error)}`);
      return true;
    }
  }
  return false;
}

function arisesInService(runtime: Runtime, error: unknown): boolean {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  return [...runtime.cache.images.values()].some((image) => stack.includes(image.url));
}
