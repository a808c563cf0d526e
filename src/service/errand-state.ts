/** The state of an errand (errand.ts), in memory that the two threads share. */

/** The state of one errand. */
export type Errand = SharedArrayBuffer;

/** It has not been received yet. */
export const SENT = 0;
/** The receiver has got it, and has changed nothing. */
export const TAKEN = 1;
const COMMITTED = 2;
const WITHDRAWN = 3;

/** Makes the state of an errand that is about to be sent. */
export function createErrand(): Errand {
  return new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
}

/** Makes one that was answered as one that is about to be sent. */
export function resetErrand(errand: Errand): void {
  Atomics.store(new Int32Array(errand), 0, SENT);
}

/** The receiver has got it, and has changed nothing yet. @returns false if it was withdrawn */
export function takeErrand(errand: Errand): boolean {
  return advance(errand, SENT, TAKEN);
}

/** The receiver changes something from now on, or has done so before. @returns false if it was withdrawn */
export function commitErrand(errand: Errand): boolean {
  return advance(errand, TAKEN, COMMITTED) || stateOf(errand) === COMMITTED;
}

/** The receiver has got it and begins at once, or has done so before. @returns false if it was withdrawn */
export function beginErrand(errand: Errand): boolean {
  return advance(errand, SENT, COMMITTED) || commitErrand(errand);
}

/** The sender waits no longer. @returns false if the receiver has committed it */
export function withdrawErrand(errand: Errand): boolean {
  return (
    advance(errand, SENT, WITHDRAWN) ||
    advance(errand, TAKEN, WITHDRAWN) ||
    stateOf(errand) === WITHDRAWN
  );
}

/** How far it has come. */
export function stateOf(errand: Errand): number {
  return Atomics.load(new Int32Array(errand), 0);
}

function advance(errand: Errand, from: number, to: number): boolean {
  return Atomics.compareExchange(new Int32Array(errand), 0, from, to) === from;
}
