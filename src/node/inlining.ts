/**
 * How much of other functions V8 puts into a function that it optimizes.
 *
 * V8 stops at 920 bytes of bytecode for each function. A function of a service that code holds as a value is called through
 * a forwarder of 19 bytes, which V8 puts in as well. So code that fits exactly in plain Node would lose its last callee in a
 * service, and run a tenth slower: fp-ts's `traverse` does. A node gives the room of six forwarders back.
 *
 * The flag holds for all threads of the process, and for what is optimized from then on. All releases from Node 20 to 26 have
 * the same limit.
 */

import { setFlagsFromString } from "node:v8";

const FLAG = "--max-inlined-bytecode-size-cumulative";
const BYTES_OF_V8 = 920;
const BYTES_OF_FORWARDER = 19;
const FORWARDERS = 6;

/** Makes room for forwarders, unless the program that started the process has said how much room there is. */
export function makeRoomForForwarders(): void {
  const isSaid = process.execArgv.some((flag) => flag.replaceAll("_", "-").startsWith(FLAG));
  if (!isSaid) setFlagsFromString(`${FLAG}=${BYTES_OF_V8 + FORWARDERS * BYTES_OF_FORWARDER}`);
}
