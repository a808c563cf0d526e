/**
 * What the tests of templates use of newer releases of Node; a project has it from its own
 * @types/node.
 */
import type { WebSocket as UndiciWebSocket } from "undici-types";

declare global {
  type WebSocket = UndiciWebSocket;
  const WebSocket: typeof UndiciWebSocket;
}
