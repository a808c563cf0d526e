/**
 * `harbor`: global names, and the network of harbors as `.cslave` knows it. A node that stands alone has no others.
 */

import { PTYPE } from "../kernel/protocol.ts";
import { request } from "../service/calls.ts";
import type { Context } from "../service/context.ts";
import { defineApi } from "../service/lazy-api.ts";
import { ask } from "../service/life.ts";
import { createSkynet } from "../service/skynet.ts";

/** Everything under `import { harbor } from "snax"`. */
export interface HarborApi {
  /** Gives a global name to a service, by default to this one. False if another has it. */
  globalname(name: string, handle?: number): boolean;
  /** Resolves to the handle of a name, for a global one as soon as somebody has it; undefined for a local one that nobody has. */
  queryname(name: string): Promise<number | undefined>;
  /** Resolves when another harbor is not connected, which is at once on a node that stands alone. */
  link(id: number): Promise<void>;
  /**
   * Resolves when another harbor is connected.
   *
   * @throws {ERR_ARGUMENT} on a node that stands alone.
   */
  connect(id: number): Promise<void>;
  /**
   * Resolves when the link to the master is lost.
   *
   * @throws {ERR_ARGUMENT} on a node that stands alone.
   */
  linkmaster(): Promise<void>;
}

async function queryName(context: Context, name: string): Promise<number | undefined> {
  const { names } = context.runtime.kernel;
  const handle = names.get(name);
  if (handle !== undefined || name.startsWith(".")) return handle;
  // A request to a name that nobody has waits until somebody has it.
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
