/**
 * What a link is measured against: a socket, frames, the thread codec and a number that finds the caller; no service, no caller to be
 * refused, nothing that can be lost. What a turn writes leaves in one write, as with the package. Both ends are on this thread.
 */

import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import {
  FrameSplitter,
  PortableTable,
  ThreadDecoder,
  ThreadEncoder,
  // @ts-expect-error -- dist/ has no types of its parts
} from "../../../dist/wire/wire.js";

const table = new PortableTable();

/** One end: frames of a session and values, and the codec of both directions. */
function createEnd(socket: Socket, onFrame: (session: number, values: unknown[]) => void) {
  const encoder = new ThreadEncoder(table);
  const decoder = new ThreadDecoder(table);
  const splitter = new FrameSplitter(4, 1 << 26);
  let queue: Buffer[] = [];
  socket.setNoDelay(true);
  socket.on("data", (chunk: Buffer) => {
    splitter.push(chunk);
    for (let body = splitter.next(); body !== undefined; body = splitter.next()) {
      const parcel = { bytes: body.subarray(4), shared: [] };
      onFrame(body.readUInt32LE(0), decoder.decodeArgumentsApart(parcel, undefined));
    }
  });
  const flush = () => {
    const pieces = queue;
    queue = [];
    socket.write(pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces));
  };
  return (session: number, values: readonly unknown[]) => {
    const { bytes } = encoder.encodeArgumentsApart(values);
    const frame = Buffer.allocUnsafe(8 + bytes.length);
    frame.writeUInt32BE(4 + bytes.length, 0);
    frame.writeUInt32LE(session, 4);
    frame.set(bytes, 8);
    queue.push(frame);
    if (queue.length === 1) setImmediate(flush);
  };
}

/** Opens both ends. @returns what calls the other end, which answers with what it was given */
export async function openBareTcp(): Promise<(value: unknown) => Promise<unknown>> {
  const server = createServer((socket) => {
    const write = createEnd(socket, (session, values) => write(session, values));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  server.unref();
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  await new Promise<void>((resolve) => socket.once("connect", resolve));
  socket.unref();
  const waiting = new Map<number, (value: unknown) => void>();
  const write = createEnd(socket, (session, [value]) => {
    waiting.get(session)?.(value);
    waiting.delete(session);
  });
  let last = 0;
  return (value) =>
    new Promise((resolve) => {
      last += 1;
      waiting.set(last, resolve);
      write(last, [value]);
    });
}
