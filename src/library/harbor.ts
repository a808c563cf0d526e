/**
 * `harbor`: global names, and the network of harbors as `.cslave` knows it. On a node without
 * a network the kernel itself knows the names, and there are no others.
 */

import { PTYPE } from "../kernel/protocol.ts";
import { request } from "../service/calls.ts";
import type { Context } from "../service/context.ts";
import { defineApi } from "../service/lazy-api.ts";
import { ask } from "../service/life.ts";
import { createSkynet } from "../service/skynet.ts";
import type { HarborApi } from "./harbor-api.ts";

async function queryName(context: Context, name: string): Promise<number | undefined> {
  const { names } = context.runtime.kernel;
  if (context.runtime.harborDoor !== undefined) {
    return (await slave(context, "QUERYNAME", name)) as number | undefined;
  }
  const handle = names.get(name);
  if (handle !== undefined || name.startsWith(".")) return handle;
  // A request to a name that no service has waits until a service has it.
  const ping = { type: PTYPE.debug, method: 0, values: ["PING"] };
  await request(context, name, ping, Infinity);
  return names.get(name);
}

function slave(context: Context, command: string, ...args: unknown[]): Promise<unknown> {
  return ask(context, ".cslave", { command: [command], args });
}

const make = defineApi<Context>({
  globalname: (context: Context, name: string, handle: number = context.handle): boolean =>
    createSkynet(context).name(name, handle),
  queryname: queryName,
  link: (context: Context, id: number) => slave(context, "LINK", id),
  connect: (context: Context, id: number) => slave(context, "CONNECT", id),
  linkmaster: (context: Context) => slave(context, "LINKMASTER"),
});

/** Makes the `harbor` of one service. */
export function createHarbor(context: Context): HarborApi {
  return make(context) as HarborApi;
}
