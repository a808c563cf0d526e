/**
 * Puts the API object `httpd` together.
 */

import type { Server } from "node:net";
import { SnaxError } from "../base/error.ts";
import { SOCKET_BACKLOG } from "../base/limits.ts";
import { Callback } from "../service/callback.ts";
import type { Context } from "../service/context.ts";
import { requireAlive } from "../service/context.ts";
import { defineApi } from "../service/lazy-api.ts";
import type { HttpApi, HttpHandler, HttpOptions } from "./http-api.ts";
import { createHttpServer } from "./http-server.ts";
import { listenOn } from "./listening.ts";
import { notOurs } from "./reading.ts";
import { OpenPort } from "./open-port.ts";
import type { SocketOwner } from "./socket-owner.ts";
import { socketOwnerOf } from "./socket-owner.ts";
import { keepTls } from "./tls-callbacks.ts";

/** A port that httpd.close may close. */
class HttpPort extends OpenPort {}

async function listen(
  context: Context,
  given: number | HttpOptions,
  handler: HttpHandler,
): Promise<{ id: number; port: number }> {
  requireAlive(context);
  const options = typeof given === "number" ? { port: given } : given;
  if (typeof options?.port !== "number" || typeof handler !== "function") {
    throw new SnaxError("ERR_ARGUMENT", "httpd.listen needs a port and a function that answers");
  }
  const owner = socketOwnerOf(context);
  return await owner.inTurn(open(owner, options, handler));
}

async function open(
  owner: SocketOwner,
  options: HttpOptions,
  handler: HttpHandler,
): Promise<{ id: number; port: number }> {
  const callback = new Callback(owner.context, "httpd.listen", handler);
  const { host = "127.0.0.1", port, tls: given } = options;
  const { tls, end: endTls } = keepTls(owner.context, "httpd.listen", given);
  const settings = tls === undefined ? options : { ...options, tls };
  const server = createHttpServer(owner, settings, callback) as unknown as Server;
  const place = { host, port, backlog: SOCKET_BACKLOG };
  const opened = await listenOn(server, place).catch((error: unknown) => {
    callback.end();
    endTls();
    throw error;
  });
  const record = new HttpPort(owner, opened, endTls);
  const end = (): void => {
    callback.end();
    record.shut();
  };
  owner.keep(end);
  server.once("close", () => {
    callback.end();
    owner.release(end);
  });
  if (!owner.context.service.isAlive) end();
  return { id: record.id, port: opened.port };
}

function close(context: Context, id: number): void {
  requireAlive(context);
  const record = socketOwnerOf(context).net.get(id);
  if (!(record instanceof HttpPort)) return;
  if (record.owner !== context.handle) throw notOurs(id);
  record.shut();
}

const make = defineApi<Context>({ listen, close });

/** Makes the `httpd` of one service. */
export function createHttpApi(context: Context): HttpApi {
  return make(context) as HttpApi;
}
