/**
 * A port for web sockets: Node's HTTP server for the handshake, the library (ws) for what follows.
 *
 * Clients that have not finished the handshake are bounded: heads of GATE_HEAD_MAX bytes within
 * GATE_HANDSHAKE_MS, and GATE_HANDSHAKES_MAX of them at a time. Pages that the options name are
 * served; anything else is 404.
 */

import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Server as NetServer, Socket } from "node:net";
import type { WebSocket } from "ws";
import {
  GATE_HANDSHAKES_MAX,
  GATE_HANDSHAKE_MS,
  GATE_HEAD_MAX,
  SOCKET_BACKLOG,
} from "../base/limits.ts";
import { loadHttp, loadHttps, loadWebSockets } from "./late-module.ts";
import type { Listening } from "./listening.ts";
import { KEEP_ALIVE, listenOn } from "./listening.ts";
import type { WebSocketOptions } from "./gate-api.ts";

/** What a door needs of its gate. */
export interface WebSocketHost {
  /** Longest message in bytes. */
  readonly limitBytes: number;
  /** Most clients, so that others than these are in their handshake. */
  readonly clientsMax: number;
  /** Says whether another client from there is let in; counts a refusal. */
  canAdmit(socket: Socket): boolean;
  /** Takes a client, paused. */
  admit(web: WebSocket, socket: Socket): void;
}

/**
 * Opens a port for web sockets.
 *
 * @throws {ERR_LISTEN} if it can't be opened.
 */
export async function openWebSockets(
  address: string,
  options: WebSocketOptions,
  host: WebSocketHost,
): Promise<Listening> {
  const server = createHttp(options);
  server.maxConnections = host.clientsMax + GATE_HANDSHAKES_MAX;
  const pages = new Map(Object.entries(options.pages ?? {}));
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    answer(pages, request, response);
  });
  const { WebSocketServer } = loadWebSockets();
  const webs = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: host.limitBytes,
  });
  server.on("upgrade", (request: IncomingMessage, socket: Socket, head: Buffer) => {
    socket.on("error", () => {});
    const status = refusal(options, request);
    if (status !== undefined) return turnAway(socket, status);
    if (!host.canAdmit(socket)) return turnAway(socket, "503 Service Unavailable");
    socket.setNoDelay(true);
    socket.setKeepAlive(KEEP_ALIVE.keepAlive, KEEP_ALIVE.keepAliveInitialDelay);
    webs.handleUpgrade(request, socket, head, (web) => {
      web.pause();
      host.admit(web, socket);
    });
  });
  const place = { host: options.address ?? address, port: options.port };
  return await listenOn(server as unknown as NetServer, { ...place, backlog: SOCKET_BACKLOG });
}

function createHttp({ tls }: WebSocketOptions): Server {
  const settings = {
    maxHeaderSize: GATE_HEAD_MAX,
    headersTimeout: GATE_HANDSHAKE_MS,
    requestTimeout: GATE_HANDSHAKE_MS,
    keepAliveTimeout: GATE_HANDSHAKE_MS,
    connectionsCheckingInterval: Math.ceil(GATE_HANDSHAKE_MS / 10),
  };
  const server =
    tls === undefined
      ? loadHttp().createServer(settings)
      : loadHttps().createServer({ ...settings, ...tls });
  // The settings above look at no silent connection.
  server.setTimeout(GATE_HANDSHAKE_MS);
  return server;
}

function refusal(
  { path, origins }: WebSocketOptions,
  { url = "/", headers }: IncomingMessage,
): string | undefined {
  if (path !== undefined && url.split("?")[0] !== path) return "404 Not Found";
  const { origin } = headers;
  if (origins !== undefined && origin !== undefined && !origins.includes(origin)) {
    return "403 Forbidden";
  }
  return undefined;
}

function turnAway(socket: Socket, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () =>
    socket.destroy(),
  );
}

const TYPES: readonly (readonly [RegExp, string])[] = [
  [/(\/|\.html)$/, "text/html"],
  [/\.m?js$/, "text/javascript"],
  [/\.css$/, "text/css"],
  [/\.json$/, "application/json"],
  [/\.svg$/, "image/svg+xml"],
];

function answer(
  pages: ReadonlyMap<string, string>,
  { url = "/", method }: IncomingMessage,
  response: ServerResponse,
): void {
  const [path = "/"] = url.split("?");
  const page = method === "GET" || method === "HEAD" ? pages.get(path) : undefined;
  const type = TYPES.find(([ending]) => ending.test(path))?.[1] ?? "text/plain";
  const headers = {
    "content-type": `${page === undefined ? "text/plain" : type}; charset=utf-8`,
    "x-content-type-options": "nosniff",
    // A body that a client sends along is not read; the connection ends with the answer.
    ...(method === "GET" || method === "HEAD" ? {} : { connection: "close" }),
  };
  response.writeHead(page === undefined ? 404 : 200, headers);
  response.end(page ?? "not found\n");
}
