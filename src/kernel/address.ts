/**
 * Handles as skynet writes them: 32 bits, the node's harbor id in the high 8, printed `:%08x`.
 */

/** Prints a handle: 10 -> `:0000000a`. */
export function formatAddress(handle: number): string {
  return ":" + handle.toString(16).padStart(8, "0");
}

/** Reads `:0000000a`; undefined if the text is no address. Any number of hex digits up to 8 is accepted, as in skynet. */
export function parseAddress(text: string): number | undefined {
  return /^:[0-9a-fA-F]{1,8}$/.test(text) ? Number.parseInt(text.slice(1), 16) : undefined;
}

/** Bits of a handle that number the service within its node. */
export const INDEX_MASK = 0x00ffffff;

/** The harbor id in a handle: 0..255. */
export function harborOf(handle: number): number {
  return handle >>> 24;
}
