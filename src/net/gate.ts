/**
 * Puts the API object `gateserver` together.
 */

import { SnaxError } from "../base/error.ts";
import type { Context } from "../service/context.ts";
import { defineNote, requireAlive } from "../service/context.ts";
import { defineApi } from "../service/lazy-api.ts";
import { markInfoOfApi } from "../service/information.ts";
import { createSkynet } from "../service/skynet.ts";
import type { GateCounts, GateHandler, GateServerApi } from "./gate-api.ts";
import { GateServer } from "./gate-server.ts";
import { socketOwnerOf } from "./socket-owner.ts";

/** The gate that a service is, once it has called `gateserver.start`. */
const gates = defineNote<GateServer>({ holds: () => "a gate" });

/** What the code of a service has given to its gate. */
const handlers = defineNote<{ readonly gate: GateServer; readonly handler: GateHandler }>({
  isOfCode: true,
  lacks: (_before, after) =>
    after === undefined
      ? "nothing serves the clients of its gate with new code: call gateserver.start at top level or in reload()"
      : undefined,
  returns: ({ gate, handler }) => {
    gate.handler = handler;
  },
});

function start(context: Context, handler: GateHandler): void {
  requireAlive(context);
  if (handlers.peek(context) !== undefined) {
    throw new SnaxError("ERR_ARGUMENT", "gateserver.start was called before");
  }
  for (const name of ["connect", "message"] as const) {
    if (typeof handler?.[name] === "function") continue;
    throw new SnaxError("ERR_ARGUMENT", `the handler of a gate needs a function ${name}`);
  }
  // A gate that is there already has other code now.
  const gate = gates.peek(context) ?? new GateServer(socketOwnerOf(context), handler);
  gate.handler = handler;
  gates.set(context, gate);
  handlers.set(context, { gate, handler });
  const skynet = createSkynet(context);
  skynet.dispatch("lua", (_session, source, command: string, ...args: unknown[]) =>
    gate.command(command, source, args),
  );
  skynet.info_func(markInfoOfApi(() => gate.counts));
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
