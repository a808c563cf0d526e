/**
 * Tickets: whether a command that was sent to another thread has begun there, or was withdrawn before.
 *
 *     console   withdraw -> true: it never begins        false: it has begun
 *     thread    begin    -> true: it is done             false: it was withdrawn
 *
 * Both ask one word of shared memory, and whoever is first decides. So an operator who gives up a thread that hangs can be
 * told that nothing was done, and it stays so when the thread goes on.
 */

/** One word, shared by the two threads. */
export type Ticket = Int32Array;

const SENT = 0;
const BEGUN = 1;
const WITHDRAWN = 2;

/** Makes the ticket of a command that is about to be sent. */
export function createTicket(): Ticket {
  return new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
}

/** Begins the command. @returns false if it was withdrawn, and must not be done */
export function begin(ticket: Ticket): boolean {
  return Atomics.compareExchange(ticket, 0, SENT, BEGUN) !== WITHDRAWN;
}

/** Withdraws the command. @returns false if it has begun */
export function withdraw(ticket: Ticket): boolean {
  return Atomics.compareExchange(ticket, 0, SENT, WITHDRAWN) !== BEGUN;
}
