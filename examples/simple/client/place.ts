/** Where a server is, as the command line says it: `port` or `host:port`. */

/** Reads a place. @throws if it is not a place. */
export function readPlace(word = "8888"): { readonly host: string; readonly port: number } {
  const colon = word.lastIndexOf(":");
  const host = colon < 0 ? "127.0.0.1" : word.slice(0, colon);
  const port = Number(word.slice(colon + 1));
  if (Number.isInteger(port) && port > 0 && port < 65_536) return { host, port };
  throw new Error(`${word} is not a port, nor host:port`);
}
