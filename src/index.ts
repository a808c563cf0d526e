/**
 * The package `snax`: what services and programs import.
 *
 * @module
 */

export { ERROR_CODES, SnaxError, codeOf } from "./base/error.ts";
export type { ErrorCode } from "./base/error.ts";
export { upvalues } from "./live/inspect/upvalues.ts";
export { defineConfig } from "./node/config.ts";
export type { Config } from "./node/config.ts";
export { start } from "./node/node.ts";
export type { Node, StartOptions } from "./node/node.ts";
export {
  SERVICE_NAME,
  cluster,
  datacenter,
  gateserver,
  harbor,
  httpd,
  multicast,
  sharetable,
  skynet,
  snax,
  socket,
  socketchannel,
  sprotoloader,
  tables,
} from "./outside.ts";
export type { LinkEvent } from "./cluster/link/event.ts";
export type { ClusterAddress, ClusterApi, ClusterCalls } from "./library/cluster-api.ts";
export type { DatacenterApi, DatacenterCalls, DatacenterKey } from "./library/datacenter-api.ts";
export type { HarborApi } from "./library/harbor-api.ts";
export type {
  MulticastApi,
  MulticastChannel,
  MulticastOptions,
  OnMulticast,
} from "./library/multicast-api.ts";
export type { SprotoloaderApi } from "./library/sprotoloader-api.ts";
export type {
  Channel,
  ChannelOptions,
  ChannelPlace,
  ChannelSocket,
  ReadAnswer,
  ReadSession,
  SocketChannelApi,
} from "./net/channel-api.ts";
export type {
  GateCounts,
  GateHandler,
  GateListened,
  GateOptions,
  GateServerApi,
  WebSocketOptions,
} from "./net/gate-api.ts";
export type { HttpAnswer, HttpApi, HttpHandler, HttpOptions, HttpRequest } from "./net/http-api.ts";
export type { Writable } from "./net/socket-api.ts";
export type {
  ListenOptions,
  Listened,
  OnAccept,
  OnDatagram,
  OpenOptions,
  SocketApi,
  SocketInfo,
} from "./net/socket-api.ts";
/** For the system's own services. @internal */
export { clusterHost, logSink, operator } from "./outside.ts";
export type {
  Address,
  CacheApi,
  CacheMode,
  Calls,
  Protocol,
  Queue,
  RequestItem,
  RequestSet,
  MigrateOptions,
  MigrateResult,
  RestartWish,
  Response,
  Selected,
  SkynetApi,
  Starters,
  StatKey,
} from "./service/skynet-api.ts";
export type {
  DriftGroup,
  DriftModule,
  DriftPatch,
  DriftReport,
  DriftShared,
  FleetApi,
  FleetDrift,
  FleetNodeDrift,
  FleetNodeResult,
  FleetOptions,
  FleetResult,
  HotfixAllResult,
  HotfixSharedResult,
  KeptVariables,
  MethodProfile,
  Patch,
  PatchFailure,
  PatchSkip,
  RepairOptions,
  Post,
  Req,
  ServiceInterface,
  ServiceModule,
  ServiceObject,
  ServiceProfile,
  Services,
  SilentNode,
  SilentThread,
  SnaxApi,
  TogetherPatch,
  TogetherResult,
} from "./snax/types.ts";
export type { Framing } from "./wire/frame-splitter.ts";
export type {
  DryAnswer,
  DryApi,
  DryDifference,
  DryOptions,
  DryProbe,
  DryProbed,
  DryReport,
} from "./snax/types-dry.ts";
export type {
  InflightHandler,
  InflightOptions,
  InflightResult,
  InflightSilence,
} from "./snax/types-inflight.ts";
export type { ReloadOptions, ReloadResult } from "./snax/types-reload.ts";
export type { SwapOptions, SwappedService, SwapResult } from "./snax/types-swap.ts";
export type { Captured, Upvalues, UpvalueScope } from "./snax/types-upvalues.ts";
export type {
  Changes,
  Check,
  CheckFunction,
  CheckIssue,
  LoadOptions,
  Shared,
  SharetableApi,
  StandardSchema,
  TableData,
  TableFile,
  TableName,
  Tables,
  TablesObject,
  VersionInfo,
} from "./table/sharetable-api.ts";
