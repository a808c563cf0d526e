/**
 * A port of a service: what `socket.listen` opened.
 *
 *     connection -> Link, paused -> message to the owner -> onAccept(id, peer) -> a service calls start(id)
 *
 * Before `start` the system keeps connections waiting: Node has accepted them, no service has been
 * told.
 */

import type { Socket } from "node:net";
import { SnaxError } from "../base/error.ts";
import { Callback } from "../service/callback.ts";
import { adopt } from "./adoption.ts";
import { OpenPort } from "./open-port.ts";
import { parseEndpoint } from "./endpoint.ts";
import type { Link } from "./link.ts";
import type { Listening } from "./listening.ts";
import { openPort } from "./listening.ts";
import type { Listened, ListenOptions, OnAccept } from "./socket-api.ts";
import type { SocketOwner } from "./socket-owner.ts";
import { StreamLink } from "./stream-link.ts";
import { keepTls } from "./tls-callbacks.ts";

/** A port, and who takes its connections. */
export class PortRecord extends OpenPort {
  readonly #host: SocketOwner;
  readonly #close = (): void => void this.server.close();
  #onAccept: Callback<OnAccept> | undefined = undefined;
  /** Connections that came before `start`. */
  #early: Link[] = [];

  constructor(owner: SocketOwner, opened: Listening, onShut?: () => void) {
    super(owner, opened, onShut);
    this.#host = owner;
    owner.keep(this.#close);
    this.server.once("close", () => {
      owner.net.delete(this.id);
      owner.release(this.#close);
      this.#onAccept?.end();
    });
  }

  /** Takes a connection of the server. */
  take(socket: Socket): void {
    const link = new StreamLink(this.#host.net, socket, this.owner, true);
    adopt(this.#host, link);
    if (this.#onAccept === undefined) this.#early.push(link);
    else this.#tell(link, this.#onAccept);
  }

  /** Says who takes connections from now on. */
  accept(onAccept: OnAccept): void {
    if (this.#onAccept === undefined) {
      this.#onAccept = new Callback(this.#host.context, "socket.start", onAccept);
    } else this.#onAccept.run = onAccept;
    for (const link of this.#early.splice(0)) this.#tell(link, this.#onAccept);
  }

  /** Closes the port; connections stay. Resolves when it is closed. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#host.release(this.#close);
      this.#onAccept?.end();
      for (const link of this.#early.splice(0)) link.close();
      // Node's own `close` event waits for the connections; the port is closed at once.
      this.shut();
      this.#host.wake(resolve);
    });
  }

  #tell(link: Link, onAccept: Callback<OnAccept>): void {
    this.#host.wakeProgram(() => onAccept.run(link.id, link.peer));
  }
}

/**
 * Opens a port for a service.
 *
 * @throws {ERR_ARGUMENT} if the place makes no sense. {ERR_LISTEN} if it can't be opened.
 */
export function listen(owner: SocketOwner, options: ListenOptions): Promise<Listened> {
  return owner.inTurn(openFor(owner, options));
}

async function openFor(owner: SocketOwner, options: ListenOptions): Promise<Listened> {
  const { tls, end } = keepTls(owner.context, "socket.listen", options.tls);
  const opened = await openPort({ ...options, tls }, (socket) => record.take(socket)).catch(
    (error: unknown) => {
      end();
      throw error;
    },
  );
  // No connection comes before this: Node tells of them one by one, and of this first.
  const record = new PortRecord(owner, opened, end);
  if (!owner.context.service.isAlive) opened.server.close();
  return { id: record.id, address: opened.address, port: opened.port };
}

/** Reads what `listen` was given. @throws {ERR_ARGUMENT} if it is no place. */
export function readListenOptions(
  place: string | number | ListenOptions,
  port?: number,
  backlog?: number,
): ListenOptions {
  if (typeof place === "object" && place !== null) return place;
  if (port !== undefined) return { host: String(place), port, backlog };
  if (typeof place === "string" && place.startsWith("/")) return { path: place };
  const endpoint = parseEndpoint(place);
  if (endpoint !== undefined) return endpoint;
  throw new SnaxError("ERR_ARGUMENT", `no place to listen on: ${JSON.stringify(place)}`);
}
