/**
 * What `import { ... } from "snax"` gives a service: this list and the types of `index.ts` belong together.
 *
 * Values that are the same for all services (the error class, defineConfig) are shared; the rest is bound to the service.
 */

import { codeOf, ERROR_CODES, SnaxError } from "../base/error.ts";
import { createCluster } from "../library/cluster.ts";
import { createDatacenter } from "../library/datacenter.ts";
import { createHarbor } from "../library/harbor.ts";
import { createMulticast } from "../library/multicast.ts";
import { createSprotoloader } from "../library/sprotoloader.ts";
import { createGateServerApi } from "../net/gate.ts";
import { createHttpApi } from "../net/httpd.ts";
import { createSocketApi } from "../net/socket.ts";
import { createSocketChannelApi } from "../net/socketchannel.ts";
import type { Context } from "../service/context.ts";
import { createSkynet } from "../service/skynet.ts";
import { upvalues } from "../live/inspect/upvalues.ts";
import type { SnaxApi } from "../snax/types.ts";
import type { TableApi } from "../table/sharetable.ts";
import { defineConfig } from "./config.ts";

/**
 * Returns the maker of each name of the package.
 *
 * @param createSnax - makes the `snax` of one service.
 * @param tableApi - makes its `sharetable` and `tables`.
 */
export function apiParts(
  createSnax: (context: Context) => SnaxApi,
  tableApi: TableApi,
): Map<string, (context: Context) => unknown> {
  return new Map<string, (context: Context) => unknown>([
    ["skynet", createSkynet],
    ["snax", createSnax],
    ["socket", createSocketApi],
    ["httpd", createHttpApi],
    ["socketchannel", createSocketChannelApi],
    ["gateserver", createGateServerApi],
    ["sharetable", tableApi.sharetable],
    ["tables", tableApi.tables],

    ["cluster", createCluster],
    ["datacenter", createDatacenter],
    ["harbor", createHarbor],
    ["multicast", createMulticast],
    ["sprotoloader", createSprotoloader],
    ["upvalues", () => upvalues],
    ["SERVICE_NAME", (context) => context.name],
    ["SnaxError", () => SnaxError],
    ["codeOf", () => codeOf],
    ["ERROR_CODES", () => ERROR_CODES],
    ["defineConfig", () => defineConfig],
  ]);
}
