/**
 * What can be told of the sockets of a thread, as plain data.
 */

import type { NetRecord, NetTable } from "./net-table.ts";
import { isLink } from "./net-table.ts";
import { RemoteLink } from "./remote-link.ts";
import type { SocketInfo } from "./socket-api.ts";

/** Describes all sockets of a thread, the oldest first. */
export function describeSockets(net: NetTable): SocketInfo[] {
  const now = net.now();
  // The thread of the socket tells of one that was started elsewhere.
  const own = [...net.records()].filter((record) => !(record instanceof RemoteLink));
  return own.map((record) => describe(record, now));
}

function describe(record: NetRecord, now: number): SocketInfo {
  const { id, owner, readAt } = record;
  const readMs = readAt === undefined ? undefined : now - readAt;
  if (record.kind === "LISTEN") {
    return { id, type: "LISTEN", owner, place: record.name, accepted: record.accepted, readMs };
  }
  const { bytesRead, bytesWritten, writtenAt } = record;
  const writtenMs = writtenAt === undefined ? undefined : now - writtenAt;
  const common = { id, owner, bytesRead, bytesWritten, readMs, writtenMs };
  if (!isLink(record)) return { ...common, type: "UDP", place: record.name };
  const { kind, peer, unsentBytes, isReading } = record;
  return { ...common, type: kind, place: peer, unsentBytes, isReading };
}
