// Written by scripts/api.mjs.

// dist/index.d.ts
export { ERROR_CODES, SnaxError, codeOf } from "./base/error.ts";
export type { ErrorCode } from "./base/error.ts";
export { upvalues } from "./live/inspect/upvalues.ts";
export { defineConfig } from "./node/config.ts";
export type { Config } from "./node/config.ts";
export { start } from "./node/node.ts";
export type { Node, StartOptions } from "./node/node.ts";
export { SERVICE_NAME, cluster, datacenter, gateserver, harbor, httpd, multicast, sharetable, skynet, snax, socket, socketchannel, sprotoloader, tables, } from "./outside.ts";
export type { LinkEvent } from "./cluster/link/event.ts";
export type { ClusterAddress, ClusterApi, ClusterCalls } from "./library/cluster-api.ts";
export type { DatacenterApi, DatacenterCalls, DatacenterKey } from "./library/datacenter-api.ts";
export type { HarborApi } from "./library/harbor-api.ts";
export type { MulticastApi, MulticastChannel, MulticastOptions, OnMulticast, } from "./library/multicast-api.ts";
export type { SprotoloaderApi } from "./library/sprotoloader-api.ts";
export type { Channel, ChannelOptions, ChannelPlace, ChannelSocket, ReadAnswer, ReadSession, SocketChannelApi, } from "./net/channel-api.ts";
export type { GateCounts, GateHandler, GateListened, GateOptions, GateServerApi, WebSocketOptions, } from "./net/gate-api.ts";
export type { HttpAnswer, HttpApi, HttpHandler, HttpOptions, HttpRequest } from "./net/http-api.ts";
export type { Writable } from "./net/socket-api.ts";
export type { ListenOptions, Listened, OnAccept, OnDatagram, OpenOptions, SocketApi, SocketInfo, } from "./net/socket-api.ts";
export type { Address, CacheApi, CacheMode, Calls, Protocol, Queue, RequestItem, RequestSet, MigrateOptions, MigrateResult, RestartWish, Response, Selected, SkynetApi, Starters, StatKey, } from "./service/skynet-api.ts";
export type { DriftGroup, DriftModule, DriftPatch, DriftReport, DriftShared, FleetApi, FleetDrift, FleetNodeDrift, FleetNodeResult, FleetOptions, FleetResult, HotfixAllResult, HotfixSharedResult, KeptVariables, MethodProfile, Patch, PatchFailure, PatchSkip, RepairOptions, Post, Req, ServiceInterface, ServiceModule, ServiceObject, ServiceProfile, Services, SilentNode, SilentThread, SnaxApi, TogetherPatch, TogetherResult, } from "./snax/types.ts";
export type { Framing } from "./wire/frame-splitter.ts";
export type { DryAnswer, DryApi, DryDifference, DryOptions, DryProbe, DryProbed, DryReport, } from "./snax/types-dry.ts";
export type { InflightHandler, InflightOptions, InflightResult, InflightSilence, } from "./snax/types-inflight.ts";
export type { ReloadOptions, ReloadResult } from "./snax/types-reload.ts";
export type { SwapOptions, SwappedService, SwapResult } from "./snax/types-swap.ts";
export type { Captured, Upvalues, UpvalueScope } from "./snax/types-upvalues.ts";
export type { Changes, Check, CheckFunction, CheckIssue, LoadOptions, Shared, SharetableApi, StandardSchema, TableData, TableFile, TableName, Tables, TablesObject, VersionInfo, } from "./table/sharetable-api.ts";

// types/inject.d.ts
import type { upvalues as liveUpvalues } from "snax";

declare global {
  function print(...values: unknown[]): void;
  const args: readonly any[];
  const upvalues: typeof liveUpvalues;
  const _P: Readonly<{ lua: any; snax: any; client: any; [protocol: string]: any }>;
  const _U: Readonly<{
    proto: Record<string, { name: string; dispatch: unknown }>;
    [name: string]: any;
  }>;
}

// dist/cli/register.d.ts
export {};

// dist/sproto/index.d.ts
export type { DecodeOptions } from "./decoder.ts";
export type { Host } from "./host.ts";
export { sproto, sprotoparser } from "./library.ts";
export type { ParseOptions, Sproto } from "./sproto.ts";
export type { Answer, AnySchema, Body, Handlers, IncomingRequest, IncomingResponse, ProtocolInfo, ProtocolName, RequestOf, Requester, Responder, ResponseOf, SchemaTypes, TypeName, } from "./types.ts";

// dist/testing/index.d.ts
export { faults, FaultPlan } from "./fault.ts";
export type { FaultChoice, FaultPoint } from "./fault.ts";
export { callbackMicrotasks, promiseMicrotasks } from "./microtasks.ts";
export { createEnvelope, createOutcome, createProbe, createSimulator, Simulator, Traffic, } from "./published.ts";
export type { Tally } from "./referee.ts";
export type { Check, Drain, Microtasks, Outcome, Probe, ProbeHandler, ReportedCall, ReportedError, SimulatedCall, SimulatedEnvelope, SimulatedFabric, SimulatedInstance, SimulatedKernel, SimulatedMessage, SimulatedService, SimulatedThreads, SimulatorOptions, ThreadWatcher, TrafficOptions, } from "./testing-api.ts";
export { Trace } from "./trace.ts";
export { virtualClock } from "./virtual-clock.ts";
export type { VirtualClock, VirtualClockOptions } from "./virtual-clock.ts";
export type { VirtualEvent, VirtualLoop } from "./virtual-loop.ts";
export { startTest } from "./start-test.ts";
export type { LoggedLine, TestNode, TestOptions, TestScope } from "./start-test.ts";
export type { Fakes, FakeService } from "./fakes.ts";

// dist/base/error.d.ts
export declare const ERROR_CODES: {
    readonly ERR_ARGUMENT: "an argument is not acceptable";
    readonly ERR_BUG: "an assertion of the runtime failed";
    readonly ERR_CLOSED: "the connection has ended";
    readonly ERR_CONFIG: "the configuration can't be used";
    readonly ERR_CONNECT: "the connection could not be made";
    readonly ERR_DEADLOCK: "the call could never be answered";
    readonly ERR_DRY_RUN: "a dry run can't do that";
    readonly ERR_ENGINE_DOWN: "the engine of the cluster is away";
    readonly ERR_EXHAUSTED: "no number is free";
    readonly ERR_FORBIDDEN: "access is refused";
    readonly ERR_CONTEXT: "used outside the message being dispatched";
    readonly ERR_INIT: "the service could not start";
    readonly ERR_INIT_TIMEOUT: "init took too long";
    readonly ERR_INTERRUPTED: "the handler was interrupted";
    readonly ERR_LISTEN: "the port can't be opened";
    readonly ERR_MAILBOX_FULL: "the mailbox is full";
    readonly ERR_LEDGER: "the ledger can't be used";
    readonly ERR_MALFORMED: "what came from outside can't be read";
    readonly ERR_MODULE: "the module can't be loaded";
    readonly ERR_NO_METHOD: "the service has no such method";
    readonly ERR_NODE_DOWN: "the other node is down";
    readonly ERR_NODE_UNKNOWN: "there is no such node";
    readonly ERR_NODE_UNREACHABLE: "the other node can't be reached";
    readonly ERR_NO_PROTOCOL: "the service has no such protocol";
    readonly ERR_NO_SERVICE: "there is no such service";
    readonly ERR_NO_TABLE: "there is no such table";
    readonly ERR_NOT_SENDABLE: "the value can't be sent";
    readonly ERR_OVERFLOW: "too many bytes wait";
    readonly ERR_PATCH: "the patch is refused";
    readonly ERR_PATCH_CLASS: "the class can't be patched this way";
    readonly ERR_PATCH_FAILED: "the patch was undone";
    readonly ERR_PATCH_LANGUAGE: "the patch is in another language";
    readonly ERR_MIGRATE: "the service can't be moved";
    readonly ERR_PATCH_NAME: "the service has no such name";
    readonly ERR_PATCH_TIMEOUT: "the patch took too long and was undone";
    readonly ERR_PATCH_TYPE: "the types of the patch are wrong";
    readonly ERR_PATCH_SIZE: "the patch is too long";
    readonly ERR_READ_ONLY: "shared data can't be written";
    readonly ERR_RELOAD: "the service can't be reloaded";
    readonly ERR_REMOTE: "the handler threw";
    readonly ERR_REPLIED: "the message has been answered";
    readonly ERR_SCHEMA: "the sproto schema can't be used";
    readonly ERR_RUNTIME: "no node can run in this process";
    readonly ERR_ROW_GONE: "the row is gone";
    readonly ERR_SERVICE_DEAD: "the service is dead";
    readonly ERR_SOCKET: "the socket can't be used";
    readonly ERR_SWAP: "the services can't be swapped";
    readonly ERR_SYNTAX: "the text is not valid TypeScript";
    readonly ERR_TABLE: "the data of the table is refused";
    readonly ERR_TIMEOUT: "the deadline passed";
    readonly ERR_STOPPED: "the node is not running";
};
export type ErrorCode = keyof typeof ERROR_CODES;
export interface SnaxErrorOptions {
    cause?: unknown;
    data?: unknown;
}
export declare class SnaxError extends Error {
    readonly name: string;
    readonly code: ErrorCode;
    readonly data?: unknown;
    constructor(code: ErrorCode, message: string, options?: SnaxErrorOptions);
}
export declare function createBlank<E extends Error>(make: () => E): E;
export declare function readStack(error: Error): string | undefined;
export declare function codeOf(error: unknown): ErrorCode | undefined;
export declare function assert(claim: unknown, message: string): asserts claim;

// dist/live/inspect/upvalues.d.ts
import type { Upvalues } from "../../snax/types-upvalues.ts";
export declare const upvalues: Upvalues;

// dist/node/config.d.ts
import type { LevelName } from "../base/log-level.ts";
import type { ClusterConfig } from "./cluster-config.ts";
export interface Config {
    readonly thread?: number;
    readonly start?: string;
    readonly services?: string | readonly string[];
    readonly tables?: string | readonly string[];
    readonly harbor?: number;
    readonly master?: string;
    readonly address?: number | string;
    readonly standalone?: number | string;
    readonly logger?: string;
    readonly logservice?: "snlua" | "snax";
    readonly logformat?: "text" | "json";
    readonly loglevel?: LevelName;
    readonly verbose?: boolean;
    readonly preload?: string;
    readonly codecache?: boolean;
    readonly profile?: boolean;
    readonly calltimeout?: number;
    readonly mailbox?: number;
    readonly inittimeout?: number;
    readonly heap?: number;
    readonly stall?: Partial<StallConfig>;
    readonly drain?: number;
    readonly stoptimeout?: number;
    readonly hotfixtimeout?: number;
    readonly dryrunmax?: number;
    readonly draintimeout?: number;
    readonly typecheck?: "off" | "warn" | "require";
    readonly console?: number | string;
    readonly consoletoken?: string | {
        readonly read: string;
        readonly operate: string;
    };
    readonly audit?: string;
    readonly origins?: readonly string[];
    readonly metrics?: number | string;
    readonly ledger?: string | false;
    readonly node?: string;
    readonly cluster?: ClusterConfig;
    readonly polling?: number;
    readonly [key: string]: unknown;
}
export interface StallConfig {
    readonly warn: number;
    readonly interrupt: number;
    readonly rest: number;
}
export declare function defineConfig(config: Config): Config;
export interface FullConfig extends Config {
    readonly thread: number;
    readonly services: string | readonly string[];
    readonly tables: string | readonly string[];
    readonly harbor: number;
    readonly logformat: "text" | "json";
    readonly loglevel: LevelName;
    readonly verbose: boolean;
    readonly codecache: boolean;
    readonly profile: boolean;
    readonly calltimeout: number;
    readonly mailbox: number;
    readonly inittimeout: number;
    readonly drain: number;
    readonly stoptimeout: number;
    readonly hotfixtimeout: number;
    readonly dryrunmax: number;
    readonly draintimeout: number;
    readonly polling: number;
    readonly stall: StallConfig;
}
export declare function suspectKeys(config: Config): string[];
export declare function describeNoConfig(value: unknown): string | undefined;
export declare function completeConfig(config: unknown): FullConfig;

// dist/node/node.d.ts
import type { SkynetApi } from "../service/skynet-api.ts";
import type { SnaxApi } from "../snax/types.ts";
import type { SharetableApi, TablesObject } from "../table/sharetable-api.ts";
import type { Config } from "./config.ts";
export interface Node {
    readonly skynet: SkynetApi;
    readonly snax: SnaxApi;
    readonly sharetable: SharetableApi;
    readonly tables: TablesObject;
    stop(): Promise<void>;
    drain(): Promise<void>;
    readonly stopped: Promise<void>;
    readonly cutOff: readonly string[];
}
export interface StartOptions {
    readonly root?: string;
    readonly ownsProcess?: boolean;
    readonly signal?: AbortSignal;
}
export declare function start(config?: Config, options?: StartOptions): Promise<Node>;

// dist/outside.d.ts
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
export declare const skynet: SkynetApi;
export declare const SERVICE_NAME: string;
export declare const snax: SnaxApi;
export declare const socket: SocketApi;
export declare const socketchannel: SocketChannelApi;
export declare const httpd: HttpApi;
export declare const gateserver: GateServerApi;
export declare const sharetable: SharetableApi;
export declare const tables: TablesObject;
export declare const cluster: ClusterApi;
export declare const datacenter: DatacenterApi;
export declare const harbor: HarborApi;
export declare const multicast: MulticastApi;
export declare const sprotoloader: SprotoloaderApi;

// dist/cluster/link/event.d.ts
export interface LinkChange {
    readonly state: "up" | "down";
    readonly incarnation: string | undefined;
    readonly reason: string | undefined;
}
export interface LinkEvent extends LinkChange {
    readonly node: string;
}

// dist/library/cluster-api.d.ts
import type { LinkEvent } from "../cluster/link/event.ts";
import type { Listened } from "../net/socket-api.ts";
import type { BindFarService } from "../snax/types.ts";
export type ClusterAddress = number | string;
export interface ClusterCalls {
    call<R = unknown>(node: string, address: ClusterAddress, ...values: unknown[]): Promise<R>;
    query(node: string, name: string): Promise<number>;
}
export interface ClusterApi extends ClusterCalls {
    send(node: string, address: ClusterAddress, ...values: unknown[]): void;
    open(place: number | string, maxclient?: number): Promise<Listened>;
    reload(nodes?: Readonly<Record<string, string | boolean>>): Promise<void>;
    register(name: string, handle?: number): Promise<void>;
    unregister(name: string): Promise<void>;
    proxy(node: string, address?: ClusterAddress): Promise<number>;
    readonly snax: BindFarService;
    monitor(node: string, onEvent: (event: LinkEvent) => unknown): Promise<() => void>;
    token(): number;
    within(ms: number): ClusterCalls;
}

// dist/library/datacenter-api.d.ts
export type DatacenterKey = string | number | bigint | boolean;
export interface DatacenterCalls {
    get<T = unknown>(...keys: DatacenterKey[]): Promise<T | undefined>;
    set<T = unknown>(...keysAndValue: [DatacenterKey, ...unknown[]]): Promise<T | undefined>;
    wait<T = unknown>(...keys: DatacenterKey[]): Promise<T>;
}
export interface DatacenterApi extends DatacenterCalls {
    within(ms: number): DatacenterCalls;
}

// dist/library/harbor-api.d.ts
export interface HarborApi {
    globalname(name: string, handle?: number): boolean;
    queryname(name: string): Promise<number | undefined>;
    link(id: number): Promise<void>;
    connect(id: number): Promise<void>;
    linkmaster(): Promise<void>;
}

// dist/library/multicast-api.d.ts
export type OnMulticast<A extends unknown[] = never[]> = (channel: MulticastChannel, source: number, ...values: A) => unknown;
export interface MulticastOptions {
    readonly channel?: number;
    readonly dispatch?: OnMulticast;
}
export interface MulticastChannel {
    readonly channel: number;
    publish(...values: unknown[]): Promise<number>;
    subscribe(): Promise<void>;
    unsubscribe(): void;
    delete(): void;
}
export interface MulticastApi {
    new: (options?: MulticastOptions) => Promise<MulticastChannel>;
}

// dist/library/sprotoloader-api.d.ts
import type { DecodeOptions } from "../sproto/decoder.ts";
import type { Sproto } from "../sproto/sproto.ts";
import type { AnySchema, SchemaTypes } from "../sproto/types.ts";
export interface SprotoloaderApi {
    register(file: string, slot: number): Promise<void>;
    compile(file: string): Uint8Array;
    save(binary: Uint8Array, slot: number): Promise<void>;
    load: <S extends SchemaTypes = AnySchema>(slot: number, options?: DecodeOptions) => Promise<Sproto<S>>;
}

// dist/net/channel-api.d.ts
import type { ConnectionOptions } from "node:tls";
import type { Writable } from "./socket-api.ts";
export interface ChannelSocket {
    read(size?: number): Promise<Buffer>;
    readline(separator?: string): Promise<string>;
}
export type ReadAnswer<T = unknown> = (from: ChannelSocket) => T | Promise<T>;
export type ReadSession = (from: ChannelSocket) => Promise<readonly [session: number | string, isOk: boolean, data?: unknown]>;
export type ChannelPlace = string | {
    readonly host: string;
    readonly port?: number;
};
export interface ChannelOptions {
    readonly host: string;
    readonly port: number;
    readonly response?: ReadSession;
    readonly auth?: (channel: Channel) => unknown;
    readonly backup?: readonly ChannelPlace[];
    readonly overload?: (isOverloaded: boolean) => unknown;
    readonly tls?: boolean | ConnectionOptions;
    readonly deadlineMs?: number;
}
export interface Channel {
    request<T = unknown>(data: Writable | readonly Writable[], answer?: ReadAnswer<T> | number | string): Promise<T>;
    response<T = unknown>(answer: ReadAnswer<T>): Promise<T>;
    connect(once?: boolean): Promise<void>;
    close(): void;
    changehost(host: string, port?: number): void;
    changebackup(backup: readonly ChannelPlace[]): void;
}
export interface SocketChannelApi {
    channel(options: ChannelOptions): Channel;
}

// dist/net/gate-api.d.ts
import type { TlsOptions } from "node:tls";
import type { Framing } from "../wire/frame-splitter.ts";
export interface GateHandler {
    connect(fd: number, peer: string): unknown;
    message(fd: number, data: Buffer, isText: boolean): unknown;
    disconnect?(fd: number): unknown;
    error?(fd: number, text: string, code: string): unknown;
    warning?(fd: number, size: number): unknown;
    open?(source: number, options: GateOptions, listened: GateListened): unknown;
    command?(command: string, source: number, ...args: never[]): unknown;
}
export interface WebSocketOptions {
    readonly address?: string;
    readonly port: number;
    readonly path?: string;
    readonly origins?: readonly string[];
    readonly pages?: Readonly<Record<string, string>>;
    readonly tls?: TlsOptions;
}
export interface GateOptions {
    readonly address?: string;
    readonly port?: number;
    readonly path?: string;
    readonly maxclient?: number;
    readonly maxperaddress?: number;
    readonly nodelay?: boolean;
    readonly backlog?: number;
    readonly reusePort?: boolean;
    readonly tls?: TlsOptions;
    readonly framing?: Framing;
    readonly frameLimitBytes?: number;
    readonly frameMs?: number;
    readonly idleMs?: number;
    readonly writeLimitBytes?: number;
    readonly websocket?: WebSocketOptions;
    readonly watchdog?: number;
}
export interface GateListened {
    readonly address: string;
    readonly port: number;
    readonly websocket: number;
}
export interface GateCounts {
    clients: number;
    accepted: number;
    refused: number;
    messages: number;
    cut: Record<string, number>;
}
export interface GateServerApi {
    start(handler: GateHandler): void;
    openclient(fd: number): void;
    forward(fd: number, address: number, client?: number): void;
    closeclient(fd: number): void;
    counts(): GateCounts;
}

// dist/net/http-api.d.ts
import type { TlsOptions } from "node:tls";
export interface HttpRequest {
    readonly method: string;
    readonly path: string;
    readonly query: URLSearchParams;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: Buffer;
    readonly peer: string;
    text(): string;
    json(): unknown;
}
export interface HttpAnswer {
    readonly status?: number;
    readonly headers?: Readonly<Record<string, string | readonly string[]>>;
    readonly body?: unknown;
}
export type HttpHandler = (request: HttpRequest) => HttpAnswer | string | Uint8Array | undefined | void | Promise<HttpAnswer | string | Uint8Array | undefined | void>;
export interface HttpOptions {
    readonly host?: string;
    readonly port: number;
    readonly bodyLimitBytes?: number;
    readonly requestMs?: number;
    readonly connectionsMax?: number;
    readonly tls?: TlsOptions;
}
export interface HttpApi {
    listen(options: number | HttpOptions, handler: HttpHandler): Promise<{
        readonly id: number;
        readonly port: number;
    }>;
    close(id: number): void;
}

// dist/net/socket-api.d.ts
import type { ConnectionOptions, TlsOptions } from "node:tls";
export type Writable = string | Uint8Array;
export interface ListenOptions {
    readonly host?: string | undefined;
    readonly port?: number | undefined;
    readonly path?: string | undefined;
    readonly backlog?: number | undefined;
    readonly tls?: TlsOptions | undefined;
    readonly nodelay?: boolean | undefined;
    readonly reusePort?: boolean | undefined;
}
export interface Listened {
    readonly id: number;
    readonly address: string;
    readonly port: number;
}
export interface OpenOptions {
    readonly host?: string;
    readonly port?: number;
    readonly path?: string;
    readonly tls?: boolean | ConnectionOptions;
    readonly deadlineMs?: number;
}
export type OnAccept = (id: number, peer: string) => unknown;
export type OnDatagram = (data: Buffer, from: Buffer) => unknown;
export interface SocketApi {
    listen(host: string, port: number, backlog?: number): Promise<Listened>;
    listen(place: string | number | ListenOptions): Promise<Listened>;
    start(id: number, onAccept?: OnAccept): number;
    open(host: string, port: number): Promise<number>;
    open(place: string | OpenOptions): Promise<number>;
    read(id: number, size?: number): Promise<Buffer | undefined>;
    readline(id: number, separator?: string): Promise<string | undefined>;
    readall(id: number): Promise<Buffer>;
    block(id: number): Promise<boolean>;
    write(id: number, data: Writable | readonly Writable[]): boolean;
    lwrite(id: number, data: Writable | readonly Writable[]): boolean;
    send(id: number, data: Writable): boolean;
    close(id: number): Promise<void>;
    shutdown(id: number): void;
    abandon(id: number): void;
    pause(id: number): void;
    limit(id: number, bytes: number): void;
    onclose(id: number, run: (id: number) => unknown): void;
    warning(id: number, run: (id: number, size: number) => unknown): void;
    invalid(id: number): boolean;
    disconnected(id: number): boolean;
    header(bytes: Uint8Array): number;
    netstat(): Promise<SocketInfo[]>;
    resolve(host: string): Promise<string[]>;
    udp(onDatagram: OnDatagram, host?: string, port?: number): Promise<number>;
    udp_connect(id: number, host: string, port: number, onDatagram?: OnDatagram): Promise<void>;
    sendto(id: number, to: Uint8Array, data: Writable): boolean;
    udp_address(from: Uint8Array): {
        readonly address: string;
        readonly port: number;
    };
}
export interface SocketInfo {
    readonly id: number;
    readonly type: "LISTEN" | "TCP" | "UDP" | "WEBSOCKET";
    readonly owner: number;
    readonly place: string;
    readonly accepted?: number;
    readonly bytesRead?: number;
    readonly bytesWritten?: number;
    readonly unsentBytes?: number;
    readonly isReading?: boolean;
    readonly readMs?: number | undefined;
    readonly writtenMs?: number | undefined;
}

// dist/service/skynet-api.d.ts
export type Address = number | string;
export type Handler = (session: number, source: number, ...values: never[]) => unknown;
export interface Protocol {
    readonly name: string;
    readonly id: number;
    readonly pack?: (...values: never[]) => Uint8Array;
    readonly unpack?: (bytes: Uint8Array) => unknown;
    readonly dispatch?: Handler;
}
export interface Several {
    readonly values: readonly unknown[];
}
export interface Response {
    (ok: true, value?: unknown): boolean;
    (ok: false, error?: unknown): boolean;
    (ok: "TEST"): boolean;
}
export interface Selected {
    readonly request: RequestItem;
    readonly value?: unknown;
    readonly error?: unknown;
}
export type RequestItem = readonly [address: Address, type: string, ...values: unknown[]];
export interface RequestSet {
    add(...item: RequestItem): RequestSet;
    select(timeoutMs?: number): AsyncIterableIterator<Selected>;
    readonly timeout: boolean;
}
export type Queue = <A extends unknown[], R>(run: (...args: A) => R, ...args: A) => Promise<Awaited<R>>;
export type CacheMode = "ON" | "EXIST" | "OFF";
export interface CacheApi {
    clear(path?: string): void;
    mode(mode?: CacheMode): CacheMode;
}
export type StatKey = "mqlen" | "message" | "cpu" | "task" | "handlers" | "endless";
export interface Calls {
    call<R = unknown>(address: Address, type: string, ...values: unknown[]): Promise<R>;
    rawcall<R = unknown>(address: Address, type: string, bytes: Uint8Array): Promise<R>;
}
export interface Starters {
    newservice(name: string, ...args: unknown[]): Promise<number>;
    uniqueservice(name: string | true, ...args: unknown[]): Promise<number>;
    launch(kind: string, name: string, ...args: unknown[]): number;
}
export interface RestartWish {
    readonly intensity?: number;
    readonly period?: number;
    readonly backoff?: number;
}
export interface MigrateOptions {
    readonly thread: number;
}
export interface MigrateResult {
    readonly handle: number;
    readonly from: number;
    readonly to: number;
    readonly held: number;
    readonly bytes: number;
    readonly waiting: number;
    readonly carried: readonly string[];
}
export interface SkynetApi extends Calls, Starters {
    start(run?: (...args: never[]) => unknown): void;
    init(run: () => unknown): void;
    restart(wish?: RestartWish): void;
    exit(): never;
    self(): number;
    address(address: Address): string;
    localname(name: string): number | undefined;
    harbor(address: Address): {
        readonly id: number;
        readonly isRemote: boolean;
    };
    send(address: Address, type: string, ...values: unknown[]): boolean;
    rawsend(address: Address, type: string, bytes: Uint8Array): boolean;
    redirect(address: Address, source: Address, type: string, session: number, ...values: unknown[]): boolean;
    ret(value?: unknown): boolean;
    retpack(...values: unknown[]): boolean;
    response(): Response;
    ignoreret(): void;
    context(): {
        readonly session: number;
        readonly source: number;
    };
    dispatch(type: string, handler?: (session: number, source: number, ...values: never[]) => unknown): unknown;
    register_protocol(protocol: Protocol): void;
    values(...values: unknown[]): Several;
    within(ms: number): Calls;
    request(...items: RequestItem[]): RequestSet;
    queryservice(name: string | true, globalName?: string): Promise<number>;
    at(place: "near" | number): Starters;
    kill(address: Address): void;
    abort(): void;
    migrate(address: Address, options: MigrateOptions): Promise<MigrateResult>;
    register(name: string): boolean;
    name(name: string, address: Address): boolean;
    monitor(name: string): Promise<number>;
    timeout(ms: number, run: () => unknown): void;
    sleep(ms: number, token?: unknown): Promise<"BREAK" | undefined>;
    yield(): Promise<"BREAK" | undefined>;
    wait(token: unknown): Promise<void>;
    wakeup(token: unknown): boolean;
    fork<A extends unknown[]>(run: (...args: A) => unknown, ...args: A): void;
    queue(): Queue;
    now(): number;
    starttime(): number;
    time(): number;
    hpc(): bigint;
    getenv<T = string>(key: string): T | undefined;
    setenv(key: string, value: unknown): void;
    genid(): number;
    pack(...values: unknown[]): Uint8Array;
    unpack(bytes: Uint8Array): unknown[];
    packstring(...values: unknown[]): string;
    error(...values: unknown[]): void;
    trace(info?: string): void;
    stat(key: StatKey): number;
    mqlen(): number;
    task(): number;
    info_func(run: (...args: unknown[]) => unknown): void;
    readonly cache: CacheApi;
    readonly signal: AbortSignal;
}

// dist/snax/types.d.ts
import type { DryApi, DryOptions } from "./types-dry.ts";
import type { InflightOptions, InflightResult } from "./types-inflight.ts";
import type { ReloadOptions, ReloadResult } from "./types-reload.ts";
import type { SwapOptions, SwapResult } from "./types-swap.ts";
type AnyFunction = (...args: any[]) => unknown;
type IsAny<T> = 0 extends 1 & T ? true : false;
export interface Services {
}
type NamesOf<S> = [S] extends [never] ? never : keyof S & string;
export type ServiceName = NamesOf<Services>;
export type KnownName = [ServiceName] extends [never] ? string : ServiceName;
export interface ServiceModule {
    readonly response?: object;
    readonly accept?: object;
    readonly subscribe?: object;
    readonly init?: AnyFunction;
    readonly exit?: AnyFunction;
}
type Group<M, G extends keyof ServiceModule> = M extends {
    readonly [K in G]: infer T;
} ? T : {};
type MethodName<T, K extends keyof T> = T[K] extends AnyFunction ? K & string : never;
type RequestMethod<F> = F extends (...args: infer A) => infer R ? IsAny<R> extends true ? (...args: A) => Promise<any> : [R] extends [never] ? (...args: A) => Promise<never> : [R] extends [Promise<unknown>] ? F : (...args: A) => Promise<Awaited<R>> : never;
type PostMethod<F> = F extends (...args: infer A) => unknown ? (...args: A) => void : never;
type Requests<T> = {
    readonly [K in keyof T as MethodName<T, K>]-?: RequestMethod<T[K]>;
};
type Posts<T> = {
    readonly [K in keyof T as MethodName<T, K>]-?: PostMethod<T[K]>;
};
export type Req<M> = IsAny<M> extends true ? any : Requests<Group<M, "response">>;
export type Post<M> = IsAny<M> extends true ? any : Posts<Group<M, "accept"> & Group<M, "subscribe">>;
export type InitArgs<M> = IsAny<M> extends true ? any[] : [M] extends [never] ? [unlisted: never] : M extends {
    readonly init: (...args: infer A) => unknown;
} ? A : [];
export type ExitArgs<M> = IsAny<M> extends true ? any[] : M extends {
    readonly exit: (...args: infer A) => unknown;
} ? A : [];
export interface ServiceObject<M extends ServiceModule = any> {
    readonly handle: number;
    readonly type: string;
    readonly req: Req<M>;
    readonly post: Post<M>;
    readonly pub: Post<M>;
}
type Unnamed = [ServiceName] extends [never] ? any : never;
type NameFor<M> = [M] extends [never] ? never : string;
export interface StartService {
    <M extends ServiceModule = Unnamed>(name: string, ...args: InitArgs<M>): Promise<ServiceObject<M>>;
    <N extends ServiceName>(name: N, ...args: InitArgs<Services[N]>): Promise<ServiceObject<Services[N]>>;
}
export interface StartRawService {
    <M extends ServiceModule = Unnamed>(name: string, ...args: InitArgs<M>): Promise<number>;
    <N extends ServiceName>(name: N, ...args: InitArgs<Services[N]>): Promise<number>;
}
export interface QueryService {
    <M extends ServiceModule = Unnamed>(name: NameFor<M>): Promise<ServiceObject<M>>;
    <N extends ServiceName>(name: N): Promise<ServiceObject<Services[N]>>;
}
export interface BindService {
    <M extends ServiceModule = Unnamed>(handle: number, type: NameFor<M>): ServiceObject<M>;
    <N extends ServiceName>(handle: number, type: N): ServiceObject<Services[N]>;
}
export interface BindFarService {
    <M extends ServiceModule = Unnamed>(node: string, type: NameFor<M>, address?: string | number): Promise<ServiceObject<M>>;
    <N extends ServiceName>(node: string, type: N, address?: string | number): Promise<ServiceObject<Services[N]>>;
}
export interface ExitService {
    <M extends ServiceModule>(target: ServiceObject<M>, ...args: ExitArgs<M>): Promise<void>;
    <A extends readonly unknown[]>(...args: A extends readonly [ServiceObject, ...unknown[]] ? never : A): Promise<never>;
}
export type Patch = string | Readonly<Record<string, string>>;
export interface PatchFailure {
    readonly handle: number;
    readonly code: string;
    readonly message: string;
}
export interface PatchSkip {
    readonly handle: number;
    readonly reason: string;
}
export interface HotfixAllResult {
    readonly id: number;
    readonly applied: readonly number[];
    readonly failed: readonly PatchFailure[];
    readonly skipped: readonly PatchSkip[];
    readonly held?: number;
    readonly keepsOld?: readonly string[];
}
export type TogetherPatch = {
    readonly type: string;
    readonly patch: Patch;
    readonly args?: readonly unknown[];
} | {
    readonly shared: string;
    readonly patch: string;
};
export interface TogetherResult {
    readonly id: number;
    readonly applied: readonly number[];
    readonly skipped: readonly PatchSkip[];
    readonly held: number;
    readonly keepsOld?: readonly string[];
}
export interface RepairOptions {
    readonly atomic?: boolean;
    readonly once?: boolean;
}
export interface FleetOptions {
    readonly fleet: true;
    readonly allowMissing?: boolean;
    readonly atomic?: true;
}
export interface FleetNodeResult {
    readonly applied: readonly number[];
    readonly failed: readonly PatchFailure[];
    readonly skipped: readonly PatchSkip[];
    readonly counts: {
        readonly applied: number;
        readonly failed: number;
        readonly skipped: number;
    };
}
export interface FleetResult {
    readonly id: number;
    readonly nodes: Readonly<Record<string, FleetNodeResult>>;
}
export interface FleetApi {
    readonly hotfixall: <N extends string = KnownName>(type: NoInfer<N>, patch: Patch, ...args: unknown[]) => Promise<FleetResult>;
    readonly rollback: (ids: number | readonly number[]) => Promise<FleetResult>;
    readonly drift: () => Promise<FleetDrift>;
}
export interface PatchResult {
    readonly handle: number;
    readonly ok: boolean;
    readonly code?: string;
}
export interface PatchRecord {
    readonly id: number;
    readonly hash: string;
    readonly texts: Readonly<Record<string, string>>;
    readonly time: number;
    readonly target: string;
    readonly applied: number;
    readonly failed: number;
    readonly fleet?: number;
    readonly results: readonly PatchResult[];
    readonly by: number;
    readonly targets?: readonly string[];
    readonly keepsOld?: readonly string[];
    readonly takesBack?: readonly number[];
    readonly rolledBackBy?: number;
    readonly retired?: string;
}
export interface KeptVariables {
    readonly handle: number;
    readonly names: readonly string[];
}
export interface RollbackResult {
    readonly id: number | undefined;
    readonly applied: readonly number[];
    readonly failed: readonly PatchFailure[];
    readonly skipped: readonly PatchSkip[];
    readonly kept: readonly KeptVariables[];
    readonly notes: readonly string[];
}
export interface HotfixSharedResult {
    readonly id: number;
    readonly threads: number;
    readonly keepsOld?: readonly string[];
}
export interface DriftPatch {
    readonly hash: string;
    readonly id: number | undefined;
}
export interface DriftModule {
    readonly file: string;
    readonly base: string;
    readonly patches: readonly DriftPatch[];
    readonly disk: string | undefined;
    readonly differs: readonly string[];
}
export interface DriftGroup {
    readonly type: string;
    readonly handles: readonly number[];
    readonly modules: readonly DriftModule[];
}
export interface DriftShared extends DriftModule {
    readonly threads: readonly number[];
    readonly handles: readonly number[];
}
export interface SilentThread {
    readonly thread: number;
    readonly reason: string;
}
export interface DriftReport {
    readonly drifts: boolean;
    readonly groups: readonly DriftGroup[];
    readonly shared: readonly DriftShared[];
    readonly silent: readonly SilentThread[];
}
export interface FleetNodeDrift extends DriftReport {
    readonly root: string;
}
export interface SilentNode {
    readonly node: string;
    readonly code: string;
    readonly reason: string;
}
export interface FleetDrift {
    readonly drifts: boolean;
    readonly nodes: Readonly<Record<string, FleetNodeDrift>>;
    readonly silent: readonly SilentNode[];
    readonly isComplete: boolean;
}
export interface ServiceInterface {
    readonly name: string;
    readonly response: Readonly<Record<string, number>>;
    readonly accept: Readonly<Record<string, number>>;
}
export interface MethodProfile {
    readonly count: number;
    readonly time: number;
}
export type ServiceProfile = Readonly<Record<string, MethodProfile>>;
export interface SnaxApi {
    readonly newservice: StartService;
    readonly rawnewservice: StartRawService;
    readonly bind: BindService;
    readonly self: <M extends ServiceModule = any>() => ServiceObject<M>;
    readonly exit: ExitService;
    readonly kill: <M extends ServiceModule>(target: ServiceObject<M>, ...args: ExitArgs<M>) => Promise<void>;
    readonly hotfix: <R = any>(target: ServiceObject | number | string, patch: Patch, ...args: unknown[]) => Promise<R>;
    readonly hotfixall: <N extends string = KnownName>(type: NoInfer<N>, patch: Patch, ...args: unknown[]) => Promise<HotfixAllResult>;
    readonly rollback: (ids: number | readonly number[]) => Promise<RollbackResult>;
    readonly inflight: (id: number, options?: InflightOptions) => Promise<InflightResult>;
    readonly reload: (target: ServiceObject | number | string, options?: ReloadOptions) => Promise<ReloadResult>;
    readonly swap: (type: string, options?: SwapOptions) => Promise<SwapResult>;
    readonly hotfixshared: (path: string, patch: string) => Promise<HotfixSharedResult>;
    readonly together: (patches: readonly TogetherPatch[]) => Promise<TogetherResult>;
    readonly repair: {
        (options: FleetOptions): FleetApi;
        (options: {
            readonly dry: DryOptions;
        }): DryApi;
        (options: RepairOptions): SnaxApi;
    };
    readonly drift: () => Promise<DriftReport>;
    readonly patches: () => readonly PatchRecord[];
    readonly uniqueservice: StartService;
    readonly globalservice: StartService;
    readonly queryservice: QueryService;
    readonly queryglobal: QueryService;
    readonly interface: <N extends string = KnownName>(name: NoInfer<N>) => Promise<ServiceInterface>;
    readonly printf: (format: string, ...args: unknown[]) => void;
    readonly enablecluster: () => void;
    readonly profile_info: (target: ServiceObject) => Promise<ServiceProfile>;
    readonly at: (place: "near" | number) => SnaxApi;
    readonly within: (timeoutMs: number) => SnaxApi;
}
export {};

// dist/wire/frame-splitter.d.ts
import { SnaxError } from "../base/error.ts";
export type Framing = 2 | 4 | "line";
export declare class FrameSplitter {
    #private;
    count: number;
    fault: SnaxError | undefined;
    constructor(framing: Framing | 1, limitBytes: number);
    get heldBytes(): number;
    push(chunk: Buffer): void;
    next(): Buffer | undefined;
}
export declare const FRAME_SIZE_MAX: {
    readonly 1: 255;
    readonly 2: 65535;
    readonly 4: 4294967295;
};

// dist/snax/types-dry.d.ts
import type { Patch, ServiceObject } from "./types.ts";
export interface DryProbe {
    readonly method: string;
    readonly args?: readonly unknown[];
}
export interface DryOptions {
    readonly probes?: readonly (string | DryProbe)[];
    readonly allow?: readonly string[];
}
export interface DryDifference {
    readonly path: string;
    readonly before: string | undefined;
    readonly after: string | undefined;
}
export interface DryAnswer {
    readonly text: string;
    readonly error: string | undefined;
    readonly would: readonly string[];
}
export interface DryProbed {
    readonly probe: string;
    readonly before: DryAnswer;
    readonly after: DryAnswer;
}
export interface DryReport {
    readonly handle: number;
    readonly type: string;
    readonly inFlight: number;
    readonly missing: readonly string[];
    readonly hotfix: DryAnswer | undefined;
    readonly atOnce: readonly DryDifference[];
    readonly probes: readonly DryProbed[];
    readonly afterProbes: readonly DryDifference[];
    readonly notes: readonly string[];
    readonly held: number;
}
export interface DryApi {
    readonly hotfix: (target: ServiceObject | number | string, patch: Patch, ...args: unknown[]) => Promise<DryReport>;
    readonly hotfixall: (type: string, patch: Patch, ...args: unknown[]) => Promise<DryReport>;
}

// dist/snax/types-inflight.d.ts
export interface InflightOptions {
    readonly wait?: number;
    readonly end?: boolean;
}
export interface InflightHandler {
    readonly handle: number;
    readonly type: string;
    readonly task: string;
    readonly title: string | undefined;
    readonly source: number;
    readonly age: number | undefined;
    readonly waitsFor: string;
    readonly body: string | undefined;
    readonly file: string | undefined;
    readonly line: number | undefined;
    readonly patch: string | undefined;
}
export interface InflightSilence {
    readonly thread: number;
    readonly handle: number;
    readonly reason: string;
}
export interface InflightResult {
    readonly handlers: readonly InflightHandler[];
    readonly old: number;
    readonly unknown: number;
    readonly current: number;
    readonly ended: number;
    readonly silent: readonly InflightSilence[];
    readonly notes: readonly string[];
}

// dist/snax/types-reload.d.ts
import type { PatchFailure, PatchSkip } from "./types.ts";
export interface ReloadOptions {
    readonly strict?: boolean;
}
export interface ReloadResult {
    readonly id: number;
    readonly reloaded: readonly number[];
    readonly failed: readonly PatchFailure[];
    readonly skipped: readonly PatchSkip[];
    readonly held: number;
    readonly drained: number;
    readonly carried: readonly string[];
    readonly new: readonly string[];
    readonly leftBehind: readonly string[];
    readonly kept: readonly string[];
}

// dist/snax/types-swap.d.ts
import type { PatchFailure } from "./types.ts";
export interface SwapOptions {
    readonly stateless?: boolean;
    readonly retire?: number;
}
export interface SwappedService {
    readonly old: number;
    readonly new: number;
}
export interface SwapResult {
    readonly id: number;
    readonly swapped: readonly SwappedService[];
    readonly failed: readonly PatchFailure[];
    readonly drained: number;
    readonly forwarded: number;
    readonly busy: readonly {
        readonly handle: number;
        readonly what: string;
    }[];
}

// dist/snax/types-upvalues.d.ts
export type Captured = Record<string, any>;
export interface UpvalueScope {
    readonly kind: string;
    readonly name: string;
    readonly names: readonly string[];
}
export interface Upvalues {
    <T extends object = Captured>(fn: (...args: never[]) => unknown): T;
    <T extends object = Captured>(type: abstract new (...args: never[]) => unknown): T;
    scopes(fn: ((...args: never[]) => unknown) | (abstract new (...args: never[]) => unknown)): UpvalueScope[];
}

// dist/table/sharetable-api.d.ts
export interface Tables {
}
export type TableName = NamesOf<Tables>;
type NamesOf<T> = [keyof T] extends [never] ? string : keyof T & string;
export type Shared<T> = T extends Date | Primitive ? T : T extends readonly unknown[] ? {
    readonly [K in keyof T]: Shared<T[K]>;
} : T extends object ? {
    readonly [K in keyof T]: Shared<T[K]>;
} : T;
type Primitive = string | number | bigint | boolean | null | undefined;
export type TableData<N> = N extends keyof Tables ? Shared<Tables[N]> : AnyTable;
type AnyTable = any;
export type TablesObject = keyof Tables extends never ? {
    readonly [name: string]: AnyTable;
} : {
    readonly [N in keyof Tables]: Shared<Tables[N]>;
};
export interface Changes {
    readonly added: readonly string[];
    readonly changed: readonly string[];
    readonly removed: readonly string[];
}
export interface VersionInfo {
    readonly name: string;
    readonly version: number;
    readonly sizeBytes: number;
    readonly pins: number;
    readonly isCurrent: boolean;
}
export interface CheckIssue {
    readonly message: string;
    readonly path?: readonly (PropertyKey | {
        readonly key: PropertyKey;
    })[] | undefined;
}
export type CheckFunction = (data: AnyTable) => void | boolean | string | readonly CheckIssue[] | Promise<void | boolean | string | readonly CheckIssue[]>;
export interface StandardSchema {
    readonly "~standard": {
        readonly version: 1;
        readonly vendor: string;
        readonly validate: (value: unknown) => SchemaResult | Promise<SchemaResult>;
    };
}
interface SchemaResult {
    readonly issues?: readonly CheckIssue[] | undefined;
}
export type Check = CheckFunction | StandardSchema;
export interface TableFile {
    readonly name: string;
    readonly file: string;
}
export interface LoadOptions {
    readonly check?: Check | undefined;
}
export interface SharetableApi {
    loadfile(name: string | TableFile, ...args: unknown[]): Promise<void>;
    loadstring(name: string, source: string, ...args: unknown[]): Promise<void>;
    loadtable(name: string, data: unknown, options?: LoadOptions): Promise<void>;
    publish(tables: Readonly<Record<string, unknown>>, options?: LoadOptions): Promise<void>;
    query<N extends TableName>(name: N): Promise<TableData<N> | undefined>;
    queryall(names?: readonly string[]): Promise<TablesObject>;
    update(...names: string[]): Promise<void>;
    pin<N extends TableName>(name: N): TableData<N>;
    unpin(pinned: unknown): boolean;
    info(name?: string): VersionInfo[];
    onupdate(name: string, listener: (changes: Changes, version: number) => void): () => void;
    check(name: string, check: Check | undefined): void;
}
export {};

// dist/sproto/decoder.d.ts
import { MessageReader } from "./message-reader.ts";
import type { StructType } from "./schema-model.ts";
export interface DecodeOptions {
    bigint?: boolean;
}
type Fields = Record<string, unknown>;
export declare function decodeStruct<T extends object>(type: StructType, bytes: Uint8Array, options?: DecodeOptions): T;
export declare class MessageDecoder {
    #private;
    constructor(reader: MessageReader, options?: DecodeOptions);
    get end(): number;
    read(type: StructType, at: number, end: number): Fields;
}
export {};

// dist/sproto/host.d.ts
import type { Sproto } from "./sproto.ts";
import type { IncomingRequest, IncomingResponse, Requester, SchemaTypes } from "./types.ts";
export declare class Host<S extends SchemaTypes> {
    #private;
    get pending(): number;
    dispatch(packet: Uint8Array): IncomingRequest<S> | IncomingResponse;
    attach<T extends SchemaTypes>(sproto: Sproto<T>): Requester<T>;
    forget(session: number): boolean;
}

// dist/sproto/library.d.ts
import { Sproto } from "./sproto.ts";
import type { ParseOptions } from "./sproto.ts";
import type { DecodeOptions } from "./decoder.ts";
import type { AnySchema, SchemaTypes } from "./types.ts";
export declare const sproto: {
    parse<S extends SchemaTypes = AnySchema>(text: string, options?: ParseOptions): Sproto<S>;
    new: <S extends SchemaTypes = AnySchema>(binary: Uint8Array, options?: DecodeOptions) => Sproto<S>;
    pack(bytes: Uint8Array): Uint8Array;
    unpack(bytes: Uint8Array): Uint8Array;
};
export declare const sprotoparser: {
    parse(text: string, file?: string): Uint8Array;
};

// dist/sproto/sproto.d.ts
import type { DecodeOptions } from "./decoder.ts";
import { Host } from "./host.ts";
import type { AnySchema, ProtocolInfo, ProtocolName, RequestOf, ResponseOf, SchemaTypes, TypeName } from "./types.ts";
export interface ParseOptions extends DecodeOptions {
    file?: string;
}
export declare function compileSchema(text: string, file?: string): Uint8Array;
export declare class Sproto<S extends SchemaTypes = AnySchema> {
    #private;
    constructor(binary: Uint8Array, options?: DecodeOptions);
    exist_type(name: string): boolean;
    exist_proto(protocol: string | number): boolean;
    queryproto(protocol: string | number): ProtocolInfo;
    encode<N extends TypeName<S>>(name: N, value: S["types"][N]): Uint8Array;
    decode<N extends TypeName<S>>(name: N, bytes: Uint8Array): S["types"][N];
    decode_prefix<N extends TypeName<S>>(name: N, bytes: Uint8Array): {
        value: S["types"][N];
        size: number;
    };
    pencode<N extends TypeName<S>>(name: N, value: S["types"][N]): Uint8Array;
    pdecode<N extends TypeName<S>>(name: N, bytes: Uint8Array): S["types"][N];
    request_encode<N extends ProtocolName<S>>(name: N, args?: RequestOf<S, N>): {
        bytes: Uint8Array;
        tag: number;
    };
    response_encode<N extends ProtocolName<S>>(name: N, result?: ResponseOf<S, N>): Uint8Array;
    request_decode<N extends ProtocolName<S>>(protocol: N | number, bytes: Uint8Array): {
        args: RequestOf<S, N>;
        name: N;
    };
    response_decode<N extends ProtocolName<S>>(name: N, bytes: Uint8Array): ResponseOf<S, N>;
    default(name: string, part?: "REQUEST" | "RESPONSE"): Record<string, unknown> | undefined;
    host(packageName?: string): Host<S>;
}

// dist/sproto/types.d.ts
export interface SchemaTypes {
    types: object;
    protocols: object;
}
export interface AnySchema {
    types: Record<string, Record<string, unknown>>;
    protocols: Record<string, {
        request: Record<string, unknown> | undefined;
        response: Record<string, unknown> | undefined;
    }>;
}
export type TypeName<S extends SchemaTypes> = keyof S["types"] & string;
export type ProtocolName<S extends SchemaTypes> = keyof S["protocols"] & string;
export type RequestOf<S extends SchemaTypes, N extends ProtocolName<S>> = S["protocols"][N] extends {
    request: infer R;
} ? R : never;
export type ResponseOf<S extends SchemaTypes, N extends ProtocolName<S>> = S["protocols"][N] extends {
    response: infer R;
} ? R : never;
export type Answer<R> = [R] extends [undefined] ? void : R;
export type Handlers<S extends SchemaTypes> = {
    [N in ProtocolName<S>]: (args: RequestOf<S, N>) => Answer<ResponseOf<S, N>> | Promise<Answer<ResponseOf<S, N>>>;
};
export type Body<B, Rest extends unknown[]> = undefined extends B ? [args?: B, ...rest: Rest] : [args: B, ...rest: Rest];
export type Responder<R> = (...body: Body<R, [ud?: number]>) => Uint8Array;
export type IncomingRequest<S extends SchemaTypes> = {
    [N in ProtocolName<S>]: {
        readonly type: "REQUEST";
        readonly name: N;
        readonly args: RequestOf<S, N>;
        readonly response: Responder<ResponseOf<S, N>> | undefined;
        readonly ud: number | undefined;
    };
}[ProtocolName<S>];
export interface IncomingResponse {
    readonly type: "RESPONSE";
    readonly session: number;
    readonly name: string;
    readonly args: unknown;
    readonly ud: number | undefined;
}
export type Requester<S extends SchemaTypes> = <N extends ProtocolName<S>>(name: N, ...body: Body<RequestOf<S, N>, [session?: number, ud?: number]>) => Uint8Array;
export interface ProtocolInfo {
    readonly name: string;
    readonly tag: number;
    readonly request: string | undefined;
    readonly response: string | undefined;
    readonly confirm: boolean;
}

// dist/testing/fault.d.ts
import type { Random } from "../base/random.ts";
export interface FaultPoint {
    readonly name: string;
    readonly chance: number;
}
export type FaultChoice = "drawn" | "all" | "none" | readonly string[];
export declare class FaultPlan {
    #private;
    constructor(random: Random, choice: FaultChoice);
    fires(point: FaultPoint): boolean;
    get fired(): ReadonlyMap<string, number>;
}
export declare const faults: {
    readonly define: (name: string, chance: number) => FaultPoint;
};

// dist/testing/microtasks.d.ts
import type { Drain, Microtasks } from "./testing-api.ts";
export declare function callbackMicrotasks(isSynchronous?: boolean): Microtasks;
export declare function promiseMicrotasks(drain: Drain): Microtasks;

// dist/testing/published.d.ts
import type { Simulation, SimulatorOptions, TestingApi } from "./testing-api.ts";
import type { TrafficOptions, TrafficRun } from "./testing-api.ts";
export declare const createEnvelope: TestingApi["createEnvelope"];
export declare const createOutcome: TestingApi["createOutcome"];
export declare const createProbe: TestingApi["createProbe"];
export declare const createSimulator: TestingApi["createSimulator"];
export type Simulator = Simulation;
export declare const Simulator: new (options: SimulatorOptions) => Simulation;
export type Traffic = TrafficRun;
export declare const Traffic: new (simulation: Simulation, options?: TrafficOptions) => TrafficRun;

// dist/testing/referee.d.ts
export type Ending = "value" | "error" | "timeout" | "lost";
export interface Tally {
    issued: number;
    values: number;
    errors: number;
    timeouts: number;
    abandoned: number;
    heard: number;
}
export declare class Referee {
    #private;
    readonly tally: Tally;
    get problem(): string | undefined;
    blame(problem: string): void;
    issue(caller: number): number;
    sent(nonce: number, session: number): void;
    refused(nonce: number): void;
    settled(nonce: number, ending: Ending, value?: unknown): void;
    orphaned(caller: number, session: number): void;
    died(handle: number): void;
    told(nonce: number): void;
    cutOff(handle: number): void;
    numberOf(source: number, target: number): number;
    posted(source: number, target: number): void;
    heard(source: number, target: number, number: number): void;
    judge(isAlive: (handle: number) => boolean): string | undefined;
}

// dist/testing/testing-api.d.ts
import type { Random } from "../base/random.ts";
import type { FaultChoice, FaultPlan } from "./fault.ts";
import type { Tally } from "./referee.ts";
import type { Trace } from "./trace.ts";
import type { VirtualClock } from "./virtual-clock.ts";
import type { VirtualLoop } from "./virtual-loop.ts";
export interface Drain {
    readonly isSynchronous: boolean;
    drain(): void;
}
export interface Microtasks {
    readonly drain: Drain;
    defer(run: () => void): void;
    flush(): void;
}
export interface SimulatedEnvelope {
    readonly type: number;
    readonly method: number;
    readonly values: unknown[];
}
export interface SimulatedMessage {
    readonly type: number;
    readonly method: number;
    readonly source: number;
    readonly session: number;
    readonly payload: unknown;
}
export interface SimulatedInstance {
    receive(message: SimulatedMessage): void;
}
export interface SimulatedService {
    readonly handle: number;
    readonly isAlive: boolean;
}
export interface SimulatedCall {
    readonly isOpen: boolean;
}
export interface SimulatedKernel {
    readonly services: Iterable<SimulatedService> & {
        readonly size: number;
    };
    readonly openCalls: number;
    create(title: string, instance: (handle: number) => SimulatedInstance): SimulatedService;
    kill(service: SimulatedService): void;
    send(source: number, handle: number, envelope: SimulatedEnvelope): boolean;
    reply(service: SimulatedService, request: SimulatedMessage, value: unknown): boolean;
    fail(service: SimulatedService, request: SimulatedMessage, error: unknown): boolean;
}
export interface Outcome {
    readonly settled: number;
    readonly value: unknown;
    readonly error: unknown;
    readonly call: SimulatedCall;
}
export interface Probe {
    readonly service: SimulatedService;
    readonly handle: number;
    readonly received: SimulatedMessage[];
    readonly heard: unknown[];
    send(target: number, ...values: readonly unknown[]): boolean;
    call(target: number | string, ...values: readonly unknown[]): Outcome;
}
export type ProbeHandler = (message: SimulatedMessage, probe: Probe) => void;
export interface SimulatedFabric {
    readonly ringBytes?: number;
    readonly waitingLimit?: number;
}
export interface SimulatorOptions {
    readonly seed: number;
    readonly kernels?: number;
    readonly faults?: FaultChoice;
    readonly microtasks?: Microtasks;
    readonly linkDelayMaxMs?: number;
    readonly messageMs?: number;
    readonly fabric?: boolean | SimulatedFabric;
    readonly firstHandle?: number;
}
export interface ReportedError {
    readonly service: SimulatedService;
    readonly error: unknown;
    readonly message: SimulatedMessage;
}
export interface ReportedCall {
    readonly service: SimulatedService;
    readonly call: SimulatedCall;
    readonly ms: number;
}
export type Check = () => string | undefined;
export interface ThreadWatcher {
    onEnd(kernel: SimulatedKernel): void;
    onUp(kernel: SimulatedKernel): void;
}
export interface SimulatedThreads {
    watcher: ThreadWatcher | undefined;
    end(number: number): void;
    close(): void;
}
export interface Simulation {
    readonly seed: number;
    readonly clock: VirtualClock;
    readonly random: Random;
    readonly loop: VirtualLoop;
    readonly faults: FaultPlan;
    readonly microtasks: Microtasks;
    readonly trace: Trace;
    readonly threads: SimulatedThreads | undefined;
    readonly turnCount: number;
    readonly errors: ReportedError[];
    readonly slowCalls: ReportedCall[];
    readonly deaths: SimulatedService[];
    readonly overloads: number[];
    readonly kernels: readonly SimulatedKernel[];
    readonly kernel: SimulatedKernel;
    isUp(kernel: SimulatedKernel): boolean;
    addCheck(check: Check): void;
    after(ms: number, run: () => void): void;
    step(): boolean;
    advance(ms: number): void;
    drain(stepsMax?: number): void;
    fail(problem: string): never;
}
export interface TrafficOptions {
    readonly services?: number;
    readonly messages?: number;
}
export interface TrafficRun {
    run(): Tally;
}
export interface TestingApi {
    createEnvelope(...values: unknown[]): SimulatedEnvelope;
    createOutcome(): Outcome;
    createProbe(kernel: SimulatedKernel, handler?: ProbeHandler): Probe;
    createSimulator(options: SimulatorOptions): Simulation;
}

// dist/testing/trace.d.ts
export declare class Trace {
    #private;
    note(...numbers: readonly number[]): void;
    mark(): void;
    get hash(): number;
    get hashes(): readonly number[];
}

// dist/testing/virtual-clock.d.ts
import type { Clock } from "../base/clock.ts";
export interface VirtualClock extends Clock {
    advance(ms: number): void;
    moveTo(moment: number): void;
}
export interface VirtualClockOptions {
    readonly startMs?: number;
    readonly wallMs?: number;
}
export declare function virtualClock(options?: VirtualClockOptions): VirtualClock;

// dist/testing/virtual-loop.d.ts
import type { Random } from "../base/random.ts";
import type { VirtualClock } from "./virtual-clock.ts";
export interface VirtualEvent {
    readonly at: number;
    readonly tie: number;
    readonly run: () => void;
    isCancelled: boolean;
}
export declare class VirtualLoop {
    #private;
    constructor(clock: VirtualClock, random: Random);
    at(moment: number, run: () => void): VirtualEvent;
    next(): number | undefined;
    step(): boolean;
}

// dist/testing/start-test.d.ts
import type { Config } from "../node/config.ts";
import type { Node } from "../node/node.ts";
import type { Fakes } from "./fakes.ts";
export interface TestOptions {
    readonly services?: string | readonly string[];
    readonly fakes?: Fakes | string | readonly string[];
    readonly time?: "real" | "virtual";
    readonly date?: Date;
    readonly config?: Config;
}
export interface LoggedLine {
    readonly address: string;
    readonly text: string;
}
export interface TestScope {
    after(end: () => Promise<void>): void;
}
export interface TestNode extends Node {
    readonly log: readonly LoggedLine[];
    logged(pattern: RegExp): Promise<LoggedLine>;
    advance(ms: number): Promise<void>;
    [Symbol.asyncDispose](): Promise<void>;
}
export declare function startTest(options?: TestOptions, scope?: TestScope): Promise<TestNode>;

// dist/testing/fakes.d.ts
export interface FakeService {
    readonly response?: Readonly<Record<string, (...args: never[]) => unknown>>;
    readonly accept?: Readonly<Record<string, (...args: never[]) => unknown>>;
    readonly init?: (...args: never[]) => unknown;
    readonly exit?: (...args: never[]) => unknown;
    readonly lua?: (...args: never[]) => unknown;
}
export type Fakes = Readonly<Record<string, FakeService>>;
export interface FakeFolder {
    readonly pattern: string;
    remove(): void;
}
export declare function writeFakes(fakes: Fakes): FakeFolder;

// dist/base/log-level.d.ts
export declare const LEVEL: {
    readonly debug: 0;
    readonly info: 1;
    readonly warn: 2;
    readonly error: 3;
};
export type Level = (typeof LEVEL)[keyof typeof LEVEL];
export type LevelName = keyof typeof LEVEL;
export declare const LEVEL_NAMES: readonly LevelName[];
export declare function isLevelName(value: unknown): value is LevelName;
export declare class LevelFloor {
    readonly words: Int32Array;
    readonly at: number;
    constructor(words: Int32Array | undefined, at: number);
    get level(): Level;
    set level(level: Level);
    lets(level: Level): boolean;
}

// dist/node/cluster-config.d.ts
export interface ClusterConfig {
    readonly listen?: number | string;
    readonly nodes?: Readonly<Record<string, string>>;
    readonly engine?: string;
    readonly token?: string;
    readonly tls?: {
        readonly ca: string;
        readonly cert: string;
        readonly key: string;
    };
    readonly deadAfter?: number;
    readonly skynet?: {
        readonly open?: number | string;
        readonly expose?: readonly string[];
        readonly nodes?: Readonly<Record<string, string | boolean>>;
    };
}
export declare function checkCluster(cluster: ClusterConfig | undefined): void;
export declare const HARBOR_KEYS: readonly string[];
interface HarborConfig {
    readonly harbor?: number;
    readonly master?: unknown;
    readonly address?: unknown;
    readonly standalone?: unknown;
}
export declare function checkHarbor({ harbor, master, address, standalone }: HarborConfig): void;
export {};

// dist/sproto/message-reader.d.ts
import { Buffer } from "node:buffer";
export declare class MessageReader {
    #private;
    readonly bytes: Uint8Array;
    constructor(bytes: Uint8Array);
    get view(): DataView;
    get buffer(): Buffer;
    word(at: number): number;
    int32(at: number): number;
    uint32(at: number): number;
    int64(at: number): number;
    bigint(at: number): bigint;
    double(at: number): number;
    text(at: number, length: number): string | undefined;
    blob(at: number, length: number): Uint8Array;
}

// dist/sproto/schema-model.d.ts
export declare const KIND: {
    readonly integer: 0;
    readonly boolean: 1;
    readonly string: 2;
    readonly double: 3;
    readonly binary: 4;
    readonly struct: 5;
};
export type Kind = (typeof KIND)[keyof typeof KIND];
export interface Field {
    readonly name: string;
    readonly owner: string;
    readonly tag: number;
    readonly kind: Kind;
    readonly factor: number;
    readonly struct: StructType | undefined;
    readonly isList: boolean;
    readonly key: Field | undefined;
    readonly value: Field | undefined;
    readonly isInherited: boolean;
}
export interface StructType {
    readonly name: string;
    readonly fields: readonly Field[];
    readonly wordsMax: number;
}
export interface Protocol {
    readonly name: string;
    readonly tag: number;
    readonly request: StructType | undefined;
    readonly response: StructType | undefined;
    readonly isConfirmed: boolean;
}
export interface Schema {
    readonly types: ReadonlyMap<string, StructType>;
    readonly protocols: ReadonlyMap<string, Protocol>;
    readonly protocolsByTag: ReadonlyMap<number, Protocol>;
}

// dist/base/random.d.ts
export interface Random {
    next(): number;
    below(bound: number): number;
}
export declare function createRandom(seed: number): Random;

// dist/base/clock.d.ts
export interface Clock {
    now(): number;
    wall(): number;
    alarm?(at: number | undefined, wake: () => void): boolean;
}
export declare function machineMs(): number;
export declare function aheadOfMachine(clock: Pick<Clock, "now">): number;
export declare const systemClock: Clock;
