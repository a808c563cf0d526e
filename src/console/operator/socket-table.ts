/**
 * The sockets of a node's consoles, for `netstat`, which shows those of services beside them.
 *
 * Ids come from the same counter. Sockets that services open through packages of their own are not known here.
 */

import type { Server, Socket } from "node:net";
import type { ListenRecord, NetTable } from "../../net/net-table.ts";

/** What is known of a client. */
export interface ClientRecord {
  readonly kind: "TCP";
  readonly id: number;
  readonly owner: number;
  readonly socket: Socket;
  /** `host:port` of the other side. */
  readonly name: string;
  /** When something was read or written last, in milliseconds of the clock; undefined if never. */
  readAt: number | undefined;
  writtenAt: number | undefined;
}

/** Open sockets by id. */
export class SocketTable {
  readonly #records = new Map<number, ListenRecord | ClientRecord>();
  readonly #net: NetTable;

  /** @param net - the sockets of the thread's services */
  constructor(net: NetTable) {
    this.#net = net;
  }

  /** Enters a listening socket, until it closes. */
  addServer(owner: number, server: Server, name: string): ListenRecord {
    const id = this.#net.nextId();
    const fresh = { accepted: 0, readAt: undefined };
    const record: ListenRecord = { kind: "LISTEN", id, owner, server, name, ...fresh };
    this.#records.set(id, record);
    server.once("close", () => this.#records.delete(id));
    return record;
  }

  /** Enters a client, until it closes. */
  addClient(owner: number, socket: Socket, name: string): ClientRecord {
    const id = this.#net.nextId();
    const fresh = { readAt: undefined, writtenAt: undefined };
    const record: ClientRecord = { kind: "TCP", id, owner, socket, name, ...fresh };
    this.#records.set(id, record);
    socket.once("close", () => this.#records.delete(id));
    return record;
  }

  /** All open sockets, the oldest first. */
  records(): Iterable<ListenRecord | ClientRecord> {
    return this.#records.values();
  }
}
