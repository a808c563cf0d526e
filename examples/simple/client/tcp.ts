/**
 * Packets over TCP: two bytes of length in front of each, big-endian.
 */

import { connect } from "node:net";
import type { Socket } from "node:net";
import type { Transport } from "./client.ts";

const HEADER_BYTES = 2;

class TcpTransport implements Transport {
  onPacket: Transport["onPacket"] = () => {};
  onClose: Transport["onClose"] = () => {};
  readonly #socket: Socket;
  /** What came and is not a whole packet yet. */
  #rest: Buffer = Buffer.alloc(0);
  #error = new Error("Server closed");

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
    socket.on("error", (error) => (this.#error = error));
    socket.on("close", () => this.onClose(this.#error));
  }

  send(packet: Uint8Array): void {
    const frame = Buffer.allocUnsafe(HEADER_BYTES + packet.length);
    frame.writeUInt16BE(packet.length);
    frame.set(packet, HEADER_BYTES);
    this.#socket.write(frame);
  }

  close(): void {
    this.#socket.end();
  }

  #take(chunk: Buffer): void {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (bytes.length >= HEADER_BYTES) {
      const end = HEADER_BYTES + bytes.readUInt16BE(0);
      if (bytes.length < end) break;
      this.onPacket(bytes.subarray(HEADER_BYTES, end));
      bytes = bytes.subarray(end);
    }
    this.#rest = bytes;
  }
}

/** Connects. @throws what Node says if no server answers there. */
export function openTcp(port: number, host = "127.0.0.1"): Promise<Transport> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host });
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject);
      resolve(new TcpTransport(socket));
    });
  });
}
