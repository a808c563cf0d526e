/**
 * The HTTP port of a service, on Node's own server.
 *
 *     event loop: head and body arrive, within limits and in time -> message to the service -> handler -> answer
 *
 * Nothing reaches the service before a request is whole, so slow and broken clients cost it
 * nothing.
 */

import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { DropArgument } from "node:net";
import { LEVEL } from "../base/log-level.ts";
import { SnaxError, codeOf } from "../base/error.ts";
import {
  HTTP_BODY_MAX,
  HTTP_CONNECTIONS_MAX,
  HTTP_HEAD_MAX,
  HTTP_REQUEST_MS,
} from "../base/limits.ts";
import { showInLine } from "../base/log-line.ts";
import type { Callback } from "../service/callback.ts";
import { describeError } from "../service/error-text.ts";
import { requireCount } from "./count.ts";
import type { HttpAnswer, HttpHandler, HttpOptions, HttpRequest } from "./http-api.ts";
import { formatEndpoint } from "./endpoint.ts";
import type { SocketOwner } from "./socket-owner.ts";
import { loadHttp, loadHttps } from "./late-module.ts";
import { peerOf } from "./stream-link.ts";
import { TurnAway } from "./turn-away.ts";

/**
 * The longest time between two looks for requests that take too long, in milliseconds; setInterval
 * knows no longer one.
 */
const CHECK_MAX_MS = 60_000;

/** A request with its body. */
class ServiceRequest implements HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly peer: string;

  constructor({ method = "GET", url = "/", headers, socket }: IncomingMessage, body: Buffer) {
    const [path, query] = splitOnce(url, "?");
    this.method = method;
    this.path = decodePath(path);
    this.query = new URLSearchParams(query);
    const plain: Record<string, string> = Object.create(null) as Record<string, string>;
    for (const [name, value] of Object.entries(headers)) plain[name] = String(value);
    this.headers = plain;
    this.body = body;
    this.peer = peerOf(socket);
  }

  text(): string {
    return this.body.toString();
  }

  json(): unknown {
    try {
      return JSON.parse(this.text()) as unknown;
    } catch (cause) {
      throw new SnaxError("ERR_MALFORMED", "the body is no JSON", { cause });
    }
  }
}

function splitOnce(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

/** Leaves a path as it is that can't be decoded. */
function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** Makes the server of a service; it does not listen yet. */
export function createHttpServer(
  owner: SocketOwner,
  options: HttpOptions,
  handler: Callback<HttpHandler>,
): Server {
  const { requestMs = HTTP_REQUEST_MS, connectionsMax = HTTP_CONNECTIONS_MAX, tls } = options;
  requireCount("requestMs", requestMs);
  const limitMs = Number.isSafeInteger(Math.ceil(requestMs)) ? Math.ceil(requestMs) : 0;
  const settings = {
    maxHeaderSize: HTTP_HEAD_MAX,
    // Node takes whole numbers only, 0 for none, and looks as often as its own timers can wait.
    headersTimeout: limitMs,
    requestTimeout: limitMs,
    connectionsCheckingInterval: Math.min(Math.max(10, Math.ceil(requestMs / 10)), CHECK_MAX_MS),
  };
  const server =
    tls === undefined
      ? loadHttp().createServer(settings)
      : loadHttps().createServer({ ...settings, ...tls });
  server.maxConnections = connectionsMax;
  const turnedAway = new TurnAway(owner.context);
  server.on("drop", ({ remoteAddress, remotePort }: DropArgument = {}) => {
    turnedAway.note(
      formatEndpoint(remoteAddress ?? "an unknown address", remotePort ?? 0),
      `connectionsMax is ${connectionsMax}`,
    );
  });
  // A client that ends its side behind its request still wants the answer.
  Object.assign(server, { httpAllowHalfOpen: true });
  const limitBytes = options.bodyLimitBytes ?? HTTP_BODY_MAX;
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    response.on("error", () => {});
    receive(request, response, limitBytes, (body) => {
      owner.wake(() => {
        void serve(owner, handler.run, new ServiceRequest(request, body), response);
      });
    });
  });
  return server;
}

/** Gathers the body; a client that sends too much is told so and cut. */
function receive(
  request: IncomingMessage,
  response: ServerResponse,
  limitBytes: number,
  done: (body: Buffer) => void,
): void {
  const chunks: Buffer[] = [];
  let size = 0;
  request.on("error", () => {});
  request.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size <= limitBytes) chunks.push(chunk);
    else if (!response.headersSent) {
      response.writeHead(413, { connection: "close" });
      response.end(() => request.socket.destroy());
    }
  });
  request.on("end", () => {
    if (size <= limitBytes) done(Buffer.concat(chunks, size));
  });
}

async function serve(
  owner: SocketOwner,
  handler: HttpHandler,
  request: ServiceRequest,
  response: ServerResponse,
): Promise<void> {
  try {
    write(response, answerOf(await handler(request)));
  } catch (error) {
    const isTheirs = codeOf(error) === "ERR_MALFORMED";
    if (!isTheirs) {
      owner.context.runtime.countFault(owner.context.handle);
      owner.tell(
        `http error : ${request.method} ${showInLine(request.path)} ${describeError(error)}`,
        LEVEL.error,
      );
    }
    if (response.headersSent) response.destroy();
    else write(response, isTheirs ? { status: 400, body: "bad request\n" } : FAILED);
  }
}

const FAILED: HttpAnswer = { status: 500, body: "internal error\n" };

function answerOf(result: unknown): HttpAnswer {
  if (result === undefined) return { status: 204 };
  if (typeof result === "string" || result instanceof Uint8Array) return { body: result };
  const isAnswer =
    typeof result === "object" &&
    result !== null &&
    ["status", "headers", "body"].some((key) => Object.hasOwn(result, key));
  if (isAnswer) return result as HttpAnswer;
  throw new SnaxError(
    "ERR_ARGUMENT",
    "a handler of HTTP returns { status, headers, body }, text or bytes",
  );
}

function write(response: ServerResponse, { status = 200, headers = {}, body }: HttpAnswer): void {
  const isBytes = body instanceof Uint8Array;
  const [type, data] = isBytes
    ? ["application/octet-stream", Buffer.from(body)]
    : typeof body === "string" || body === undefined
      ? ["text/plain; charset=utf-8", Buffer.from(body ?? "")]
      : ["application/json; charset=utf-8", Buffer.from(JSON.stringify(body))];
  response.writeHead(status, {
    ...(body === undefined ? {} : { "content-type": type as string }),
    "content-length": (data as Buffer).length,
    ...headers,
  });
  response.end(data);
}
