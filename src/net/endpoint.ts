/**
 * A host and a port as people write them, and whether other machines could reach them.
 */

import { isIP } from "node:net";

/** A host and a port. */
export interface Endpoint {
  readonly host: string;
  /** 0..65535; 0 lets the system choose one. */
  readonly port: number;
}

/** The host where only a port is given. */
export const LOOPBACK_HOST = "127.0.0.1";

/** Reads a port, `"port"`, `"host:port"` or `"[::1]:port"`; undefined if it is something else. */
export function parseEndpoint(value: unknown): Endpoint | undefined {
  if (typeof value === "number") return parseEndpoint(String(value));
  if (typeof value !== "string") return undefined;
  const match = /^(?:\[([^\]]+)\]:|([^:\s]+):)?(\d{1,5})$/.exec(value);
  if (match === null) return undefined;
  const [, bracketed, plain, digits] = match;
  const port = Number(digits);
  return port > 65535 ? undefined : { host: bracketed ?? plain ?? LOOPBACK_HOST, port };
}

/** Says whether a text is `host:port`, with a host. */
export function isPlace(value: unknown): boolean {
  return typeof value === "string" && value.includes(":") && parseEndpoint(value) !== undefined;
}

/** Prints an address as `host:port`. */
export function formatEndpoint(host: string, port: number): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Says whether a host means this machine alone. */
export function isLoopback(host: string): boolean {
  if (host === "localhost" || host === "::1") return true;
  return isIP(host) === 4 && host.startsWith("127.");
}
