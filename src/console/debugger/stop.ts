/**
 * Where a thread stops for the debugger. It is a file of its own, for the driver knows it by its path, and steps on from it into
 * the handler.
 */

/** Stops, if an operator debugs the thread. */
export function stopHere(): void {
  // oxlint-disable-next-line no-debugger
  debugger;
}
