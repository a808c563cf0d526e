/**
 * The functions of `socket` that read, and that say what is to happen with what comes in.
 */

import { SnaxError } from "../base/error.ts";
import { formatAddress } from "../kernel/service.ts";
import type { Context } from "../service/context.ts";
import { deadPromise, requireAlive } from "../service/context.ts";
import type { ApiTable } from "../service/lazy-api.ts";
import { isLink, netOf } from "./net-table.ts";
import { StreamReader } from "./stream-reader.ts";

/** The error for a number that is no socket, or no more. */
export function unknownSocket(id: number): SnaxError {
  return new SnaxError("ERR_SOCKET", `there is no socket ${id}`);
}

/** The error for a socket of another service. */
export function notOurs(id: number): SnaxError {
  return new SnaxError("ERR_SOCKET", `socket ${id} belongs to another service`);
}

/**
 * Returns the reader of a connection of this service.
 *
 * @throws {ERR_SOCKET} if there is none.
 */
function readerOf(context: Context, id: number): StreamReader {
  requireAlive(context);
  const link = netOf(context.runtime).linkOf(id);
  if (link === undefined) throw unknownSocket(id);
  if (link.owner !== context.handle) throw notOurs(id);
  if (link.consumer instanceof StreamReader) return link.consumer;
  const why = `what comes in at socket ${id} goes to a gate's services`;
  throw new SnaxError("ERR_SOCKET", `${why} (${formatAddress(link.owner)})`);
}

/**
 * Notes that the runtime reads a connection in the name of its service.
 *
 * @throws {ERR_SOCKET} if there is none.
 */
export function ownByRuntime(context: Context, id: number): void {
  readerOf(context, id).isOfRuntime = true;
}

/** Runs a read of this service; what it throws rejects. */
async function reading<T>(
  context: Context,
  id: number,
  read: (reader: StreamReader) => Promise<T>,
): Promise<T> {
  const dead = deadPromise(context);
  if (dead !== undefined) return await dead;
  return await read(readerOf(context, id));
}

/** The functions about reading. */
export const readingFunctions: ApiTable<Context> = {
  read: (context: Context, id: number, size?: number) =>
    reading(context, id, (reader) => {
      if (size === undefined) return reader.readSome();
      if (Number.isInteger(size) && size >= 0) return reader.read(size);
      throw new SnaxError("ERR_ARGUMENT", `a size is a whole number of bytes, not ${size}`);
    }),
  readline: (context: Context, id: number, separator = "\n") =>
    reading(context, id, (reader) => {
      if (typeof separator === "string" && separator !== "") return reader.readLine(separator);
      throw new SnaxError("ERR_ARGUMENT", "the end of a line is a text of one character or more");
    }),
  readall: (context: Context, id: number) => reading(context, id, (reader) => reader.readAll()),
  block: (context: Context, id: number) => reading(context, id, (reader) => reader.block()),
  pause: (context: Context, id: number): void => readerOf(context, id).hold(),
  limit: (context: Context, id: number, bytes: number): void => {
    const reader = readerOf(context, id);
    if (!(bytes > 0)) throw new SnaxError("ERR_ARGUMENT", `a limit is a number of bytes above 0`);
    reader.limitBytes = bytes;
  },
  onclose: (context: Context, id: number, run: (id: number) => unknown): void => {
    readerOf(context, id).tellClose(run);
  },
  warning: (context: Context, id: number, run: (id: number, size: number) => unknown): void => {
    readerOf(context, id).tellWarning(run);
  },
  abandon: (context: Context, id: number): void => {
    readerOf(context, id).hold();
    const link = netOf(context.runtime).linkOf(id);
    if (link !== undefined) link.owner = 0;
  },
  disconnected: (context: Context, id: number): boolean => {
    const record = netOf(context.runtime).get(id);
    if (record === undefined) return true;
    // A port and a datagram socket have no other side that they could lose.
    if (!isLink(record)) return false;
    const { consumer } = record;
    return consumer instanceof StreamReader ? consumer.isEnded : !record.isWritable;
  },
};
