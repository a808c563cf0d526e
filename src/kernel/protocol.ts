/**
 * The message types of skynet, by number.
 *
 * The numbers are skynet's own (skynet.h), because they appear in logs, in trace files and on the wire to other nodes.
 * TIMER and FLOW are ours: skynet lets a timer come back as RESPONSE with source 0.
 */
export const PTYPE = {
  text: 0,
  response: 1,
  multicast: 2,
  client: 3,
  system: 4,
  harbor: 5,
  socket: 6,
  error: 7,
  queue: 8,
  debug: 9,
  lua: 10,
  snax: 11,
  trace: 12,
  /** Above what a program may register. */
  timer: 256,
  /** Comes behind what a connection delivered, and says to it that it was handled. */
  flow: 257,
} as const;
