/**
 * Stacks that the runtime takes for itself: to say where a handler loops, to know who has a lock, where a call waits.
 *
 * V8 has a stack printed by `Error.prepareStackTrace`, which is the program's: packages install one for source maps or for
 * call sites, and it may print another form, leave out the `async` of a frame, throw or loop. Nothing of the runtime may hang
 * on that, so it prints the frames itself, as V8 does.
 */

import { printFrame } from "./stack.ts";

/** As it is before any program runs. */
const { captureStackTrace } = Error;

type Prepare = (error: Error, frames: NodeJS.CallSite[]) => unknown;

const printAll: Prepare = (_error, frames) => frames.map((frame) => `    at ${printFrame(frame)}`);

/**
 * Takes the stack of the code that runs, which goes on through the functions that await it.
 *
 * @param framesMax - most frames.
 * @param above - the stack begins behind this function, which runs. @defaultValue begins at the caller
 * @returns one line a frame, without a head.
 */
export function takeOwnStack(
  framesMax: number,
  above: (...args: never[]) => unknown = takeOwnStack,
): readonly string[] {
  const { prepareStackTrace, stackTraceLimit } = Error;
  const at: { stack?: unknown } = {};
  // Not by assignment, which throws where the intrinsics are frozen.
  Reflect.set(Error, "stackTraceLimit", framesMax);
  Reflect.set(Error, "prepareStackTrace", printAll);
  try {
    captureStackTrace(at, above);
    const { stack } = at;
    return Array.isArray(stack) ? (stack as string[]) : String(stack).split("\n").slice(1);
  } finally {
    Reflect.set(Error, "prepareStackTrace", prepareStackTrace);
    Reflect.set(Error, "stackTraceLimit", stackTraceLimit);
  }
}
