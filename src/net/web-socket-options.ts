/**
 * Checks the options of a gate's port for web sockets, without the library that serves it.
 */

import { SnaxError } from "../base/error.ts";
import type { WebSocketOptions } from "./gate-api.ts";

/**
 * Checks the options.
 *
 * @throws {ERR_ARGUMENT} if one makes no sense.
 */
export function checkWebSocketOptions(options: unknown): void {
  const { port, path, origins, pages } = (options ?? {}) as Partial<WebSocketOptions>;
  const wrong = (why: string): never => {
    throw new SnaxError("ERR_ARGUMENT", `websocket: ${why}`);
  };
  if (typeof port !== "number") wrong("it needs a port");
  if (path !== undefined && !String(path).startsWith("/")) wrong("a path begins with /");
  if (origins !== undefined && !Array.isArray(origins)) wrong("origins is a list");
  if (pages !== undefined && (typeof pages !== "object" || pages === null)) {
    wrong("pages is an object: text by path");
  }
}
