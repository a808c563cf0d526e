/**
 * Datagrams: the `udp` functions of `socket`.
 *
 * Where a datagram came from is told as skynet tells it: a family byte (1 = IPv4, 2 = IPv6), the
 * port in 2 bytes, big-endian, and the 4 or 16 bytes of the address. Datagrams that the service has
 * not handled yet are bounded by DATAGRAM_WAITING_MAX; what comes beyond is lost, as datagrams may
 * be.
 */

import { createSocket } from "node:dgram";
import type { RemoteInfo, Socket } from "node:dgram";
import { isIP } from "node:net";
import { SnaxError } from "../base/error.ts";
import { DATAGRAM_WAITING_MAX } from "../base/limits.ts";
import { Callback } from "../service/callback.ts";
import type { Context } from "../service/context.ts";
import { requireAlive } from "../service/context.ts";
import { formatEndpoint } from "./endpoint.ts";
import type { DatagramRecord } from "./net-table.ts";
import type { ApiTable } from "../service/lazy-api.ts";
import { netOf } from "./net-table.ts";
import type { Writable } from "./socket-api.ts";
import type { OnDatagram } from "./socket-api.ts";
import type { SocketOwner } from "./socket-owner.ts";
import { socketOwnerOf } from "./socket-owner.ts";

/** A datagram socket of a service. */
export class DatagramPort implements DatagramRecord {
  readonly kind = "UDP";
  readonly id: number;
  readonly owner: number;
  readonly socket: Socket;
  name = "";
  bytesRead = 0;
  bytesWritten = 0;
  readAt: number | undefined = undefined;
  writtenAt: number | undefined = undefined;
  /** Gets what comes. */
  readonly onDatagram: Callback<OnDatagram>;
  /** Whom `write` sends to, if that was said. */
  #isConnected = false;
  #waiting = 0;
  readonly #host: SocketOwner;
  readonly #end = (): void => this.close();

  readonly #isSix: boolean;

  constructor(owner: SocketOwner, socket: Socket, isSix: boolean, onDatagram: OnDatagram) {
    this.#isSix = isSix;
    this.id = owner.net.nextId();
    this.owner = owner.context.handle;
    this.socket = socket;
    this.onDatagram = new Callback(owner.context, "socket.udp", onDatagram);
    this.#host = owner;
    owner.net.add(this);
    owner.keep(this.#end);
    socket.on("message", (data, from) => this.#take(data, from));
    // A datagram that could not be delivered (ICMP) is of no concern: datagrams may get lost.
    socket.on("error", () => {});
    socket.once("close", () => owner.net.delete(this.id));
  }

  /** Sets whom `write` sends to. */
  connect(host: string, port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.socket.connect(port, host, (cause?: Error) => {
        const place = formatEndpoint(host, port);
        this.#isConnected = cause === undefined || cause === null;
        this.#host.wake(() => {
          if (this.#isConnected) resolve();
          else reject(new SnaxError("ERR_CONNECT", `can't reach ${place}`, { cause }));
        });
      });
    });
  }

  /** Sends to whom `connect` named, or to `to`. */
  send(data: Writable, to?: { readonly address: string; readonly port: number }): boolean {
    if (to === undefined && !this.#isConnected) return false;
    if (to !== undefined && (isIP(to.address) === 6) !== this.#isSix) {
      const own = this.#isSix ? "6" : '4; socket.udp(fn, "::") opens one for IPv6';
      throw new SnaxError(
        "ERR_ARGUMENT",
        `${to.address} is no address for socket ${this.id}, which has IPv${own}`,
      );
    }
    this.writtenAt = this.#host.net.now();
    const bytes = Buffer.from(data as Uint8Array);
    this.bytesWritten += bytes.length;
    // Failures are those of datagrams; the callback keeps Node from throwing them.
    if (to === undefined) this.socket.send(bytes, () => {});
    else this.socket.send(bytes, to.port, to.address, () => {});
    return true;
  }

  close(): void {
    this.#host.release(this.#end);
    this.#host.net.delete(this.id);
    this.onDatagram.end();
    try {
      this.socket.close();
    } catch {
      // It was closed before.
    }
  }

  #take(data: Buffer, from: RemoteInfo): void {
    if (this.#waiting >= DATAGRAM_WAITING_MAX) return;
    this.#waiting += 1;
    this.bytesRead += data.length;
    this.readAt = this.#host.net.arrived();
    this.#host.wakeProgram(() => {
      this.#waiting -= 1;
      return this.onDatagram.run(data, packAddress(from.address, from.port));
    });
  }
}

/** Writes an address as skynet does. */
export function packAddress(address: string, port: number): Buffer {
  const isSix = isIP(address) === 6;
  const host = isSix ? packSix(address) : Buffer.from(address.split(".").map(Number));
  return Buffer.concat([Buffer.from([isSix ? 2 : 1, port >> 8, port & 0xff]), host]);
}

/** Reads an address as skynet writes it. @throws {ERR_ARGUMENT} if it is no address. */
export function unpackAddress(from: Uint8Array): { address: string; port: number } {
  const bytes = Buffer.from(from.buffer, from.byteOffset, from.length);
  const isSix = bytes[0] === 2;
  if ((bytes[0] !== 1 && !isSix) || bytes.length !== (isSix ? 19 : 7)) {
    throw new SnaxError("ERR_ARGUMENT", "these bytes are no address of a datagram");
  }
  const port = bytes.readUInt16BE(1);
  if (!isSix) return { address: [...bytes.subarray(3)].join("."), port };
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(3 + index * 2));
  return { address: groups.map((group) => group.toString(16)).join(":"), port };
}

function packSix(address: string): Buffer {
  const [plain = ""] = address.split("%");
  const [head = "", tail] = plain.split("::");
  const groupsOf = (text: string): number[] =>
    text === "" ? [] : text.split(":").flatMap((group) => groupsIn(group));
  const front = groupsOf(head);
  const back = tail === undefined ? [] : groupsOf(tail);
  const gap = new Array<number>(8 - front.length - back.length).fill(0);
  const bytes = Buffer.alloc(16);
  [...front, ...gap, ...back].forEach((group, index) => bytes.writeUInt16BE(group, index * 2));
  return bytes;
}

/** An IPv6 address may end in an IPv4 one. */
function groupsIn(text: string): number[] {
  if (!text.includes(".")) return [Number.parseInt(text, 16)];
  const [a = 0, b = 0, c = 0, d = 0] = text.split(".").map(Number);
  return [(a << 8) | b, (c << 8) | d];
}

function portOf(context: Context, id: number): DatagramPort | undefined {
  const record = netOf(context.runtime).get(id);
  return record instanceof DatagramPort ? record : undefined;
}

/** Opens a datagram socket, bound if a place is given. */
export async function openDatagrams(
  context: Context,
  onDatagram: OnDatagram,
  host?: string,
  port?: number,
): Promise<number> {
  requireAlive(context);
  if (typeof onDatagram !== "function") {
    throw new SnaxError("ERR_ARGUMENT", "a datagram socket needs a function that takes datagrams");
  }
  const owner = socketOwnerOf(context);
  const isSix = host !== undefined && isIP(host) === 6;
  const socket = createSocket(isSix ? "udp6" : "udp4");
  const record = new DatagramPort(owner, socket, isSix, onDatagram);
  if (host !== undefined || port !== undefined) await bind(owner, record, host, port);
  return record.id;
}

function bind(owner: SocketOwner, record: DatagramPort, host = "", port = 0): Promise<void> {
  const { socket } = record;
  return new Promise((resolve, reject) => {
    const fail = (cause: Error): void => {
      record.close();
      const why = `can't bind ${formatEndpoint(host, port)}: ${cause.message}`;
      owner.wake(() => reject(new SnaxError("ERR_LISTEN", why, { cause })));
    };
    socket.once("error", fail);
    try {
      socket.bind({ port, ...(host === "" ? {} : { address: host }) }, () => {
        socket.removeListener("error", fail);
        const place = socket.address();
        record.name = formatEndpoint(place.address, place.port);
        owner.wake(resolve);
      });
    } catch (error) {
      fail(error as Error);
    }
  });
}

/** The functions of `socket` about datagrams. */
export const datagramFunctions: ApiTable<Context> = {
  udp: openDatagrams,
  udp_connect: async (context: Context, id: number, ...place: ConnectArguments): Promise<void> => {
    requireAlive(context);
    const [host, port, onDatagram] = place;
    const record = portOf(context, id);
    if (record === undefined) {
      throw new SnaxError("ERR_SOCKET", `${id} is no datagram socket`);
    }
    if (onDatagram !== undefined) record.onDatagram.run = onDatagram;
    await record.connect(host, port);
  },
  sendto: (context: Context, id: number, to: Uint8Array, data: Writable): boolean => {
    requireAlive(context);
    return portOf(context, id)?.send(data, unpackAddress(to)) ?? false;
  },
  udp_address: (_context: Context, from: Uint8Array) => unpackAddress(from),
};

type ConnectArguments = [host: string, port: number, onDatagram?: OnDatagram];
