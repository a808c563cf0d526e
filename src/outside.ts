/**
 * What `import { skynet, snax } from "snax"` gives outside a service.
 *
 * Inside a service the loader binds these names to that service. Elsewhere there is no service to
 * speak for, so any use says what to do instead.
 */

import { SnaxError } from "./base/error.ts";
import type { LogSinkApi } from "./node/log-sink-api.ts";
import type { OperatorApi } from "./console/operator-api.ts";
import type { ClusterHostApi } from "./library/cluster-host.ts";
import type { ClusterApi } from "./library/cluster-api.ts";
import type { DatacenterApi } from "./library/datacenter-api.ts";
import type { HarborApi } from "./library/harbor-api.ts";
import type { MulticastApi } from "./library/multicast-api.ts";
import type { SprotoloaderApi } from "./library/sprotoloader-api.ts";
import type { GateServerApi } from "./net/gate-api.ts";
import type { SocketChannelApi } from "./net/channel-api.ts";
import type { HttpApi } from "./net/http-api.ts";
import type { SocketApi } from "./net/socket-api.ts";
import type { SkynetApi } from "./service/skynet-api.ts";
import type { SnaxApi } from "./snax/types.ts";
import type { SharetableApi, TablesObject } from "./table/sharetable-api.ts";

function outside(name: string): object {
  return new Proxy(Object.create(null) as object, {
    get: (_target, key) => {
      throw new SnaxError(
        "ERR_CONTEXT",
        `${name}.${String(key)} belongs to a service, and this module is not one: ` +
          `use node.${name} of \`const node = await start(...)\``,
      );
    },
  });
}

/** The runtime as the importing service holds it. */
export const skynet: SkynetApi = outside("skynet") as SkynetApi;

/** The name of the importing service's file, as it was started; empty outside a service. */
export const SERVICE_NAME: string = "";

/** Typed services as the importing service holds them. */
export const snax: SnaxApi = outside("snax") as SnaxApi;

/** Sockets of the importing service. */
export const socket: SocketApi = outside("socket") as SocketApi;

/** Channels of the importing service. */
export const socketchannel: SocketChannelApi = outside("socketchannel") as SocketChannelApi;

/** HTTP of the importing service. */
export const httpd: HttpApi = outside("httpd") as HttpApi;

/** What makes the importing service a gate. */
export const gateserver: GateServerApi = outside("gateserver") as GateServerApi;

/** Shared tables as the importing service holds them. */
export const sharetable: SharetableApi = outside("sharetable") as SharetableApi;

/** The tables themselves. */
export const tables: TablesObject = outside("tables") as TablesObject;

/** Services of other nodes. */
export const cluster: ClusterApi = outside("cluster") as ClusterApi;

/** Values by keys, for all services. */
export const datacenter: DatacenterApi = outside("datacenter") as DatacenterApi;

/** Global names, and other harbors. */
export const harbor: HarborApi = outside("harbor") as HarborApi;

/** Channels with any number of listeners. */
export const multicast: MulticastApi = outside("multicast") as MulticastApi;

/** Slots of sproto schemas that all services share. */
export const sprotoloader: SprotoloaderApi = outside("sprotoloader") as SprotoloaderApi;

/** The end of the log, for the logger. @internal */
export const logSink: LogSinkApi = outside("logSink") as LogSinkApi;

/** What only the system's own services may use. @internal */
export const operator: OperatorApi = outside("operator") as OperatorApi;

/** The insides of the cluster's services. @internal */
export const clusterHost: ClusterHostApi = outside("clusterHost") as ClusterHostApi;
