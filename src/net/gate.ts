/**
 * Puts the API object `gateserver` together.
 */

import { SnaxError } from "../base/error.ts";
import type { Context } from "../service/context.ts";
import { requireAlive } from "../service/context.ts";
import { defineApi } from "../service/lazy-api.ts";
import { defineNote } from "../service/part.ts";
import { createSkynet } from "../service/skynet.ts";
import type { GateCounts, GateHandler, GateServerApi } from "./gate-api.ts";
import { GateServer } from "./gate-server.ts";
import { socketOwnerOf } from "./socket-owner.ts";

/** The gate that a service is, once it has called `gateserver.start`. */
const gates = defineNote<GateServer>({ holds: () => "a gate" });

function start(context: Context, handler: GateHandler): void {
  requireAlive(context);
  if (gates.peek(context) !== undefined) {
    throw new SnaxError("ERR_ARGUMENT", "gateserver.start was called before");
  }
  for (const name of ["connect", "message"] as const) {
    if (typeof handler?.[name] === "function") continue;
    throw new SnaxError("ERR_ARGUMENT", `the handler of a gate needs a function ${name}`);
  }
  const gate = new GateServer(socketOwnerOf(context), handler);
  gates.set(context, gate);
  const skynet = createSkynet(context);
  skynet.dispatch("lua", (_session, source, command: string, ...args: unknown[]) =>
    gate.command(command, source, args),
  );
  skynet.info_func(() => gate.counts);
}

function gateOf(context: Context): GateServer {
  requireAlive(context);
  const gate = gates.peek(context);
  if (gate !== undefined) return gate;
  throw new SnaxError("ERR_CONTEXT", "this service is no gate: gateserver.start makes it one");
}

const make = defineApi<Context>({
  start,
  openclient: (context: Context, fd: number): void => gateOf(context).openClient(fd),
  closeclient: (context: Context, fd: number): void => gateOf(context).closeClient(fd),
  forward: (context: Context, fd: number, address: number, client = 0): void =>
    gateOf(context).forward(fd, address, client),
  counts: (context: Context): GateCounts => structuredClone(gateOf(context).counts),
});

/** Makes the `gateserver` of one service. */
export function createGateServerApi(context: Context): GateServerApi {
  return make(context) as GateServerApi;
}
