/**
 * The services that are being debugged, by thread: a thread can stand still for one operator only.
 */

/** Their addresses. `debug` writes it; whoever waits for a thread may read why it does not answer. */
export const debugged: Map<number, string> = new Map();
