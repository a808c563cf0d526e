/**
 * Ports: opening one, TCP, TLS or a unix socket, and what comes of a failure.
 *
 * Connections arrive paused: nothing is read before a service starts them.
 */

import type { AddressInfo, Server, Socket } from "node:net";
import { createServer } from "node:net";
import { SnaxError } from "../base/error.ts";
import { SOCKET_BACKLOG, SOCKET_HANDSHAKE_MS, SOCKET_KEEP_ALIVE_MS } from "../base/limits.ts";
import { formatEndpoint } from "./endpoint.ts";
import { loadTls } from "./late-module.ts";
import type { ListenOptions } from "./socket-api.ts";

/** As skynet does: the system finds out when the other side has vanished without a word. */
export const KEEP_ALIVE: { readonly keepAlive: true; readonly keepAliveInitialDelay: number } = {
  keepAlive: true,
  keepAliveInitialDelay: SOCKET_KEEP_ALIVE_MS,
};

/** Where a port was opened. */
export interface Listening {
  readonly server: Server;
  /** The address as the system tells it; the path of a unix socket. */
  readonly address: string;
  /** 0 for a unix socket. */
  readonly port: number;
  /** `host:port`, or the path. */
  readonly name: string;
}

/**
 * Opens a port.
 *
 * @param onConnection - gets each connection, paused; over TLS after its handshake.
 * @throws {ERR_LISTEN} if it can't be opened; the message says why.
 */
export function openPort(
  options: ListenOptions,
  onConnection: (socket: Socket) => void,
): Promise<Listening> {
  return listenOn(createPort(options, onConnection), options);
}

/**
 * Lets a server listen.
 *
 * @throws {ERR_LISTEN} if it can't; the message says why.
 */
export function listenOn(server: Server, options: ListenOptions): Promise<Listening> {
  const { host, port = 0, path, backlog = SOCKET_BACKLOG, reusePort } = options;
  const place = path ?? formatEndpoint(host ?? "", port);
  return new Promise((resolve, reject) => {
    const fail = (cause: Error): void => {
      reject(new SnaxError("ERR_LISTEN", `can't listen on ${place}: ${cause.message}`, { cause }));
    };
    server.once("error", fail);
    const where = path === undefined ? { port, ...(host === undefined ? {} : { host }) } : { path };
    const share = reusePort === true ? { reusePort } : {};
    try {
      server.listen({ ...where, ...share, backlog }, () => {
        server.removeListener("error", fail);
        resolve(describe(server, path));
      });
    } catch (error) {
      // Node throws for a port or a path that can't be one.
      fail(error as Error);
    }
  });
}

function createPort(options: ListenOptions, onConnection: (socket: Socket) => void): Server {
  const { tls, nodelay = true } = options;
  const common = { pauseOnConnect: true, allowHalfOpen: true, noDelay: nodelay, ...KEEP_ALIVE };
  if (tls === undefined) return createServer(common, onConnection);
  // A TLS socket reads for its handshake by itself; paused it stays for what comes after.
  const settings = {
    ...common,
    pauseOnConnect: false,
    handshakeTimeout: SOCKET_HANDSHAKE_MS,
    SOCKET_KEEP_ALIVE_MS,
  };
  const server = loadTls().createServer({ ...settings, ...tls }, (socket) => {
    socket.pause();
    onConnection(socket);
  });
  // What goes wrong before the handshake is over does not matter here; Node ends the connection.
  server.on("tlsClientError", () => {});
  return server;
}

function describe(server: Server, path: string | undefined): Listening {
  if (path !== undefined) return { server, address: path, port: 0, name: path };
  const { address, port } = server.address() as AddressInfo;
  return { server, address, port, name: formatEndpoint(address, port) };
}
