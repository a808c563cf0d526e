/**
 * Breakpoints that stay, in functions whose loops must be cut off all the same.
 *
 * In V8 12, which Node 22 has, a loop in a function that holds a breakpoint asks in every round for
 * compiled code to go on in, which is refused because of the breakpoint, and each refusal renews
 * the budget after which V8 looks whether an interrupt is wanted: none ever comes through.
 * Without on-stack replacement it does not ask. The flag holds for all threads of the process, and
 * only for loops that begin later; a function that is called often is compiled as ever, one call
 * that loops long runs slower.
 */

import { setFlagsFromString } from "node:v8";

const IS_NEEDED = process.versions.v8.startsWith("12.");

/**
 * To be called before the first breakpoint of a thread.
 *
 * @param counts - memory that the threads share; `at` is how many of them have breakpoints
 * @returns what is to be called after the last.
 */
export function beginBreakpoints(counts: Int32Array, at: number): () => void {
  if (!IS_NEEDED) return () => {};
  Atomics.add(counts, at, 1);
  setFlagsFromString("--no-use-osr");
  return () => {
    if (Atomics.sub(counts, at, 1) > 1) return;
    setFlagsFromString("--use-osr");
    // Another thread has begun meanwhile.
    if (Atomics.load(counts, at) > 0) setFlagsFromString("--no-use-osr");
  };
}
