/**
 * Connecting to a server: TCP, TLS or a unix socket, within a deadline.
 */

import { createConnection, isIP } from "node:net";
import type { Socket } from "node:net";
import { SnaxError } from "../base/error.ts";
import { SOCKET_CONNECT_MS } from "../base/limits.ts";
import { checkDeadline } from "../service/calls.ts";
import { formatEndpoint, parseEndpoint } from "./endpoint.ts";
import { loadTls } from "./late-module.ts";
import { KEEP_ALIVE } from "./listening.ts";
import type { OpenOptions } from "./socket-api.ts";
import type { SocketOwner } from "./socket-owner.ts";
import { StreamLink } from "./stream-link.ts";

/**
 * Connects; resolves to the connection when it is ready for data.
 *
 * @param adopt - makes the connection the service's, at the moment at which it is there.
 * @param create - begins to connect. @defaultValue over the machine's network
 * @throws {ERR_CONNECT} if that fails; the message says why. What the service's death cuts off
 * never settles.
 */
export function connect(
  owner: SocketOwner,
  options: OpenOptions,
  adopt: (link: StreamLink) => void,
  create: (options: OpenOptions) => Socket = createSocket,
): Promise<StreamLink> {
  const { runtime } = owner.context;
  return new Promise((resolve, reject) => {
    const ms = options.deadlineMs ?? SOCKET_CONNECT_MS;
    checkDeadline(ms);
    let socket: Socket;
    try {
      socket = create(options);
    } catch (error) {
      reject(connectError(options, error as Error));
      return;
    }
    const end = (): void => void socket.destroy();
    const finish = (settle: () => void): void => {
      cancel();
      owner.release(end);
      socket.removeListener("error", fail);
      socket.removeListener("close", closed);
      owner.wake(settle);
    };
    const fail = (cause: Error): void => {
      // Late errors of a socket that was given up are of no concern.
      socket.on("error", () => {});
      finish(() => reject(connectError(options, cause)));
      socket.destroy();
    };
    const closed = (): void => fail(new Error("the connection was closed"));
    const cancel = runtime.after(ms, () => fail(new Error(`no answer within ${ms} ms`)));
    owner.keep(end);
    socket.on("error", fail);
    socket.on("close", closed);
    socket.once(options.tls ? "secureConnect" : "connect", () => {
      socket.pause();
      const link = new StreamLink(owner.net, socket, owner.context.handle, true);
      adopt(link);
      finish(() => resolve(link));
    });
  });
}

/** Reads what `open` was given. @throws {ERR_ARGUMENT} if it is no place. */
export function readOpenOptions(place: string | OpenOptions, port?: number): OpenOptions {
  if (typeof place === "object" && place !== null) return place;
  if (port !== undefined) return { host: String(place), port };
  if (typeof place === "string" && place.startsWith("/")) return { path: place };
  const match = typeof place === "string" ? /^(\[[^\]]+\]|[^:]+):(\d{1,5})$/.exec(place) : null;
  const endpoint = match === null ? undefined : parseEndpoint(place);
  if (endpoint !== undefined) return endpoint;
  throw new SnaxError("ERR_ARGUMENT", `no place to connect to: ${JSON.stringify(place)}`);
}

function createSocket({ host, port = 0, path, tls }: OpenOptions): Socket {
  const where = path === undefined ? { host: host ?? "127.0.0.1", port } : { path };
  const common = { ...where, allowHalfOpen: true, noDelay: true, ...KEEP_ALIVE };
  if (tls === undefined || tls === false) return createConnection(common);
  // Node 26 refuses an address as the name of a server, which RFC 6066 does too.
  const servername = host === undefined || isIP(host) !== 0 ? "" : host;
  return loadTls().connect({ ...common, servername, ...(tls === true ? {} : tls) });
}

function connectError({ host, port = 0, path }: OpenOptions, cause: Error): SnaxError {
  const place = path ?? formatEndpoint(host ?? "127.0.0.1", port);
  // Node gathers the failures of a name's several addresses, and leaves the message empty.
  const { code } = cause as { code?: unknown };
  const why = cause.message === "" ? String(code) : cause.message;
  return new SnaxError("ERR_CONNECT", `can't connect to ${place}: ${why}`, { cause });
}
