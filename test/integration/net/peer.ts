/**
 * The other side of a connection in a test: a bare socket of Node, and what it received.
 */

import { once } from "node:events";
import { connect } from "node:net";
import type { NetConnectOpts, Socket } from "node:net";
import type { TestContext } from "node:test";

/** A client that a test drives. */
export class Peer {
  readonly socket: Socket;
  #received = Buffer.alloc(0);
  #isClosed = false;
  #changed: (() => void)[] = [];

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#tell();
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      this.#isClosed = true;
      this.#tell();
    });
    socket.on("end", () => this.#tell());
  }

  /** Everything that came and was not taken. */
  get received(): Buffer {
    return this.#received;
  }

  write(data: string | Uint8Array): void {
    this.socket.write(data);
  }

  /** Takes the next bytes, as many as are asked for, or all there are when the connection ends before. */
  async take(count: number): Promise<Buffer> {
    await this.until(() => this.#received.length >= count);
    const taken = this.#received.subarray(0, count);
    this.#received = this.#received.subarray(taken.length);
    return taken;
  }

  /** Takes the next line without its end. */
  async line(): Promise<string> {
    await this.until(() => this.#received.includes(10));
    const end = this.#received.indexOf(10);
    if (end < 0) throw new Error(`the connection ended; it had sent ${String(this.#received)}`);
    return (await this.take(end + 1)).toString().slice(0, -1);
  }

  /** Takes the next frame with a length of 2 bytes. */
  async frame(): Promise<string> {
    const size = await this.take(2);
    if (size.length < 2) throw new Error("the connection ended");
    return (await this.take(size.readUInt16BE(0))).toString();
  }

  /** Waits for the end of the connection; returns what came. */
  async ended(): Promise<string> {
    await this.until(() => false);
    return this.#received.toString();
  }

  /** Waits until something is so, or the connection is closed. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo() && !this.#isClosed) {
      await new Promise<void>((resolve) => this.#changed.push(resolve));
    }
  }

  #tell(): void {
    for (const run of this.#changed.splice(0)) run();
  }
}

/** Connects; the connection ends with the test. */
export async function dial(t: TestContext, place: number | NetConnectOpts): Promise<Peer> {
  const socket = connect(typeof place === "number" ? { port: place, host: "127.0.0.1" } : place);
  t.after(() => socket.destroy());
  const peer = new Peer(socket);
  await once(socket, "connect");
  return peer;
}

/** A message with its length of 2 bytes. */
export function frameOf(text: string | Uint8Array): Buffer {
  const body = Buffer.from(text as Uint8Array);
  const header = Buffer.alloc(2);
  header.writeUInt16BE(body.length);
  return Buffer.concat([header, body]);
}
