/**
 * The functions of `socket` by which sockets are opened, closed and written to; reading is in
 * reading.ts, datagrams are in datagram.ts.
 */

import { lookup } from "node:dns/promises";
import { SnaxError } from "../base/error.ts";
import type { Context } from "../service/context.ts";
import { requireAlive } from "../service/context.ts";
import { defineApi } from "../service/lazy-api.ts";
import type { ApiTable } from "../service/lazy-api.ts";
import { datagramFunctions, DatagramPort } from "./datagram.ts";
import type { Link } from "./link.ts";
import { isLink, netOf } from "./net-table.ts";
import { connect, readOpenOptions } from "./opening.ts";
import type { Writable } from "./socket-api.ts";
import { listen, PortRecord, readListenOptions } from "./port.ts";
import { notOurs, readingFunctions, unknownSocket } from "./reading.ts";
import { listSockets, tellSocket } from "./remote.ts";
import type { Listened, ListenOptions, OnAccept, OpenOptions } from "./socket-api.ts";
import type { SocketApi, SocketInfo } from "./socket-api.ts";
import type { SocketOwner } from "./socket-owner.ts";
import { socketOwnerOf } from "./socket-owner.ts";
import { Forwarder } from "./handover.ts";
import { StreamLink } from "./stream-link.ts";
import { StreamReader } from "./stream-reader.ts";
import { adopt } from "./adoption.ts";

function start(context: Context, id: number, onAccept?: OnAccept): number {
  requireAlive(context);
  const owner = socketOwnerOf(context);
  const record = owner.net.get(id);
  if (record === undefined) {
    const { handover } = owner.net;
    if (handover === undefined || owner.net.isHere(id)) throw unknownSocket(id);
    if (!owner.net.isStartable(id)) throw elsewhere(id);
    handover.start(owner, id);
    return id;
  }
  if (record instanceof PortRecord) {
    if (record.owner !== context.handle) throw notOurs(id);
    if (typeof onAccept !== "function") {
      throw new SnaxError("ERR_ARGUMENT", `port ${id} needs a function that takes connections`);
    }
    record.accept(onAccept);
    return id;
  }
  if (record instanceof StreamLink && record.consumer instanceof Forwarder) {
    owner.net.handover?.takeBack(owner, record, record.consumer);
    return id;
  }
  const isStream = isLink(record) && record.consumer instanceof StreamReader;
  if (!isStream) throw new SnaxError("ERR_SOCKET", `socket ${id} can't be read as a stream`);
  if (record.owner !== context.handle) adopt(owner, record);
  record.start();
  return id;
}

async function open(context: Context, place: string | OpenOptions, port?: number): Promise<number> {
  requireAlive(context);
  const owner = socketOwnerOf(context);
  const options = readOpenOptions(place, port);
  const link = await connect(owner, options, (opened) => adopt(owner, opened));
  link.start();
  return link.id;
}

function write(context: Context, id: number, data: Writable | readonly Writable[]): boolean {
  requireAlive(context);
  const net = netOf(context.runtime);
  const record = net.get(id);
  if (record === undefined) {
    return net.isHere(id) ? false : tellSocket(net, "write", id, joined(data));
  }
  if (record instanceof DatagramPort) return record.send(joined(data));
  if (!isLink(record)) return false;
  if (!Array.isArray(data)) return record.write(data as Writable);
  let isWritten = record.isWritable;
  for (const piece of data as Writable[]) isWritten = record.write(piece);
  return isWritten;
}

/** Writes to a connection, wherever it lives. */
function writeTo(context: Context, id: number, verb: "writeLow" | "send", data: Writable): boolean {
  requireAlive(context);
  const net = netOf(context.runtime);
  const link = net.linkOf(id);
  if (link !== undefined) return link[verb](data);
  return net.isHere(id) ? false : tellSocket(net, verb, id, data);
}

function joined(data: Writable | readonly Writable[]): Writable {
  if (!Array.isArray(data)) return data as Writable;
  return Buffer.concat((data as Writable[]).map((piece) => Buffer.from(piece as Uint8Array)));
}

async function close(context: Context, id: number): Promise<void> {
  requireAlive(context);
  const owner = socketOwnerOf(context);
  const record = owner.net.get(id);
  if (record === undefined) {
    if (!owner.net.isHere(id)) tellSocket(owner.net, "close", id);
    return;
  }
  if (record instanceof PortRecord) {
    if (record.owner !== context.handle) throw notOurs(id);
    await record.close();
  } else if (record instanceof DatagramPort) record.close();
  else if (isLink(record)) await closeLink(owner, record);
}

function closeLink(owner: SocketOwner, link: Link): Promise<void> {
  return new Promise((resolve) => {
    // Order: the reader gets what came and then the end, before the closing side goes on.
    link.whenGone(() => owner.wake(resolve));
    link.close();
  });
}

/** The functions about opening, writing and closing. */
const streamFunctions: ApiTable<Context> = {
  listen: async (
    context: Context,
    place: string | number | ListenOptions,
    port?: number,
    backlog?: number,
  ): Promise<Listened> => {
    requireAlive(context);
    return await listen(socketOwnerOf(context), readListenOptions(place, port, backlog));
  },
  start,
  open,
  write,
  lwrite: (context: Context, id: number, data: Writable | readonly Writable[]): boolean =>
    writeTo(context, id, "writeLow", joined(data)),
  send: (context: Context, id: number, data: Writable): boolean =>
    writeTo(context, id, "send", data),
  close,
  shutdown: (context: Context, id: number): void => {
    requireAlive(context);
    const net = netOf(context.runtime);
    if (net.isHere(id)) net.linkOf(id)?.destroy();
    else tellSocket(net, "destroy", id);
  },
  invalid: ({ runtime }: Context, id: number): boolean => {
    const net = netOf(runtime);
    return net.isHere(id) && net.get(id) === undefined;
  },
  header: (_context: Context, bytes: Uint8Array): number => {
    if (bytes.length >= 1 && bytes.length <= 4) {
      return Buffer.from(bytes).readUIntBE(0, bytes.length);
    }
    throw new SnaxError("ERR_ARGUMENT", `a header has 1 to 4 bytes, not ${bytes.length}`);
  },
  netstat: (context: Context): Promise<SocketInfo[]> => {
    requireAlive(context);
    return listSockets(context);
  },
  resolve: async (_context: Context, host: string): Promise<string[]> => {
    try {
      return (await lookup(host, { all: true })).map(({ address }) => address);
    } catch (cause) {
      throw new SnaxError("ERR_CONNECT", `can't resolve ${host}`, { cause });
    }
  },
};

function elsewhere(id: number): SnaxError {
  const why = "only a connection can be started here, no port and no client of a gate";
  return new SnaxError("ERR_SOCKET", `socket ${id} belongs to another thread: ${why}`);
}

const make = defineApi<Context>({
  ...streamFunctions,
  ...readingFunctions,
  ...datagramFunctions,
});

/** Makes the `socket` of one service. */
export function createSocketApi(context: Context): SocketApi {
  return make(context) as SocketApi;
}
