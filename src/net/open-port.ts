/**
 * A port as the table of sockets knows it: of a gate or of `httpd`, whose connections are no
 * sockets of a service; of `socket.listen`, with what port.ts adds.
 */

import type { Server as HttpServer } from "node:http";
import type { Server } from "node:net";
import { LEVEL } from "../base/log-level.ts";
import type { Listening } from "./listening.ts";
import type { ListenRecord } from "./net-table.ts";
import type { SocketOwner } from "./socket-owner.ts";

/** An open port: who has it, and how many came. */
export class OpenPort implements ListenRecord {
  readonly kind = "LISTEN";
  readonly id: number;
  readonly owner: number;
  readonly server: Server;
  readonly name: string;
  accepted = 0;
  readAt: number | undefined = undefined;
  readonly #host: SocketOwner;
  readonly #onShut: (() => void) | undefined;

  /** @param onShut - runs when it listens no longer. */
  constructor(owner: SocketOwner, { server, name }: Listening, onShut?: () => void) {
    this.#onShut = onShut;
    this.id = owner.net.nextId();
    this.owner = owner.context.handle;
    this.server = server;
    this.name = name;
    this.#host = owner;
    owner.net.add(this);
    server.on("connection", () => {
      this.accepted += 1;
      this.readAt = owner.net.now();
    });
    // What goes wrong from here on (no file is free for a client) is told and ends nothing.
    server.on("error", (error) => owner.tell(`accept failed : ${error.message}`, LEVEL.error));
  }

  /** Listens no longer; clients stay. */
  shut(): void {
    this.#onShut?.();
    this.server.close();
    // Those of an HTTP server that are no web sockets (yet).
    if ("closeAllConnections" in this.server) (this.server as HttpServer).closeAllConnections();
    this.#host.net.delete(this.id);
  }
}
