/**
 * Packets over a web socket, one in each binary message: for browsers, and wherever there is a class WebSocket.
 */

import type { Transport } from "./client.ts";

/** What is used of a web socket. */
export interface WebSocketLike {
  binaryType: string;
  send(data: Uint8Array): void;
  close(): void;
  addEventListener(type: string, listener: (event: { data?: unknown }) => void): void;
}

/** Waits until a web socket is open. @throws an error if that fails. */
export function openWeb(web: WebSocketLike): Promise<Transport> {
  web.binaryType = "arraybuffer";
  return new Promise((resolve, reject) => {
    const transport: Transport = {
      send: (packet) => web.send(packet),
      close: () => web.close(),
      onPacket: () => {},
      onClose: () => {},
    };
    web.addEventListener("message", ({ data }) => {
      transport.onPacket(new Uint8Array(data as ArrayBuffer));
    });
    web.addEventListener("close", () => {
      const why = new Error("Server closed");
      reject(why);
      transport.onClose(why);
    });
    // Why it failed is a secret of the browser; `close` follows.
    web.addEventListener("error", () => {});
    web.addEventListener("open", () => resolve(transport));
  });
}
