/**
 * The address of the configuration's `metrics`: health, readiness and metrics alone, without a token.
 *
 * Load balancers and Prometheus ask from other machines, so it may listen anywhere; nothing that it answers runs a command or
 * names a client, a value or a secret. It belongs to a service and ends with it.
 */

import type { Server } from "node:http";
import { LEVEL } from "../../base/log-level.ts";
import { METRICS_CLIENTS_MAX, METRICS_HEAD_MAX, METRICS_IDLE_MS } from "../../base/limits.ts";
import type { Endpoint } from "../../net/endpoint.ts";
import { formatEndpoint } from "../../net/endpoint.ts";
import { loadHttp } from "../../net/late-module.ts";
import { listenOn } from "../../net/listening.ts";
import type { Context } from "../../service/context.ts";
import type { Visitors } from "./browser-guard.ts";
import { refuseBrowsers, visitorsOf } from "./browser-guard.ts";
import { answerProbe, isProbe, PROBE_PATHS } from "./probe-door.ts";

/**
 * Opens the address.
 *
 * @param context - the service to which it belongs.
 * @returns where it listens, `host:port`.
 * @throws {ERR_LISTEN} if that is not possible; the message says why.
 */
export async function listenForProbes(context: Context, place: Endpoint): Promise<string> {
  const { host } = place;
  const { runtime } = context;
  const server = createServer(context, visitorsOf(runtime, host));
  runtime.kernel.watch(context.handle, () => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = await listenOn(server, place);
  server.on("error", (error) =>
    runtime.log(context.handle, `accept failed : ${error.message}`, LEVEL.error),
  );
  return formatEndpoint(host, port);
}

function createServer({ runtime }: Context, visitors: Visitors): Server {
  const options = {
    maxHeaderSize: METRICS_HEAD_MAX,
    keepAliveTimeout: METRICS_IDLE_MS,
    headersTimeout: METRICS_IDLE_MS,
    requestTimeout: METRICS_IDLE_MS,
    connectionsCheckingInterval: METRICS_IDLE_MS,
  };
  const server = loadHttp().createServer(options, (request, response) => {
    const refuse = (status: number, text: string): void => {
      // What is left of a body is not read: the connection ends.
      response.writeHead(status, { "content-type": "text/plain", connection: "close" });
      response.end(`${text}\n`);
    };
    try {
      refuseBrowsers(request.headers, visitors);
    } catch (error) {
      return refuse(403, (error as Error).message);
    }
    if (isProbe(request)) return answerProbe(runtime, request, response);
    if (request.method !== "GET" && request.method !== "HEAD")
      return refuse(405, "only GET and HEAD");
    return refuse(404, `there are ${PROBE_PATHS.join(", ")}`);
  });
  server.maxConnections = METRICS_CLIENTS_MAX;
  server.on("connection", (socket) => socket.on("error", () => {}));
  return server;
}
