// Written by scripts/api.mjs.

// dist/index.d.ts
export { ERROR_CODES, SnaxError, codeOf } from "./base/error.ts";
export type { ErrorCode } from "./base/error.ts";
export { upvalues } from "./live/inspect/upvalues.ts";
export { defineConfig } from "./node/config.ts";
export type { Config } from "./node/config.ts";
export { start } from "./node/node.ts";
export type { Node, StartOptions } from "./node/node.ts";
export type { CacheMode } from "./loader/code-cache.ts";
export { SERVICE_NAME, cluster, datacenter, gateserver, harbor, httpd, multicast, sharetable, skynet, snax, socket, socketchannel, sprotoloader, tables, } from "./outside.ts";
export type { ClusterAddress, ClusterApi, ClusterCalls } from "./library/cluster.ts";
export type { DatacenterApi, DatacenterCalls, DatacenterKey } from "./library/datacenter.ts";
export type { HarborApi } from "./library/harbor.ts";
export type { MulticastApi, MulticastChannel, MulticastOptions, OnMulticast, } from "./library/multicast.ts";
export type { SprotoloaderApi } from "./library/sprotoloader.ts";
export type { Channel, ChannelOptions, ChannelPlace, ChannelSocket, ReadAnswer, ReadSession, SocketChannelApi, } from "./net/channel-api.ts";
export type { GateCounts, GateHandler, GateListened, GateOptions, GateServerApi, } from "./net/gate-api.ts";
export type { HttpAnswer, HttpApi, HttpHandler, HttpOptions, HttpRequest } from "./net/http-api.ts";
export type { ListenOptions } from "./net/listening.ts";
export type { WebSocketOptions } from "./net/web-socket-options.ts";
export type { Writable } from "./net/outbox.ts";
export type { Listened, OnAccept, OnDatagram, OpenOptions, SocketApi, SocketInfo, } from "./net/socket-api.ts";
export type { Address, CacheApi, Calls, Protocol, Queue, RequestItem, RequestSet, RestartWish, Response, Selected, SkynetApi, Starters, StatKey, } from "./service/skynet-api.ts";
export type { HotfixAllResult, HotfixSharedResult, MethodProfile, Patch, PatchFailure, PatchSkip, Post, Req, ServiceInterface, ServiceModule, ServiceObject, ServiceProfile, Services, SnaxApi, } from "./snax/types.ts";
export type { Framing } from "./wire/frame-splitter.ts";
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
export type { Microtasks } from "./microtasks.ts";
export { createEnvelope, createOutcome, createProbe } from "./probe.ts";
export type { Outcome, Probe, ProbeHandler } from "./probe.ts";
export type { Tally } from "./referee.ts";
export { createSimulator, Simulator } from "./simulator.ts";
export type { Check, ReportedCall, ReportedError, SimulatorOptions } from "./simulator.ts";
export type { SimulatedFabric } from "./simulated-thread.ts";
export { SimulatedThreads } from "./simulated-threads.ts";
export type { ThreadWatcher } from "./simulated-threads.ts";
export { Trace } from "./trace.ts";
export { Traffic } from "./traffic.ts";
export type { TrafficOptions } from "./traffic.ts";
export { virtualClock } from "./virtual-clock.ts";
export type { VirtualClock, VirtualClockOptions } from "./virtual-clock.ts";
export type { VirtualEvent, VirtualLoop } from "./virtual-loop.ts";

// dist/base/error.d.ts
export declare const ERROR_CODES: {
    readonly ERR_ARGUMENT: "an argument is not acceptable";
    readonly ERR_BUG: "an assertion of the runtime failed";
    readonly ERR_CLOSED: "the connection has ended";
    readonly ERR_CONFIG: "the configuration can't be used";
    readonly ERR_CONNECT: "the connection could not be made";
    readonly ERR_DEADLOCK: "the call could never be answered";
    readonly ERR_EXHAUSTED: "no number is free";
    readonly ERR_FORBIDDEN: "access is refused";
    readonly ERR_CONTEXT: "used outside the message being dispatched";
    readonly ERR_INIT: "the service could not start";
    readonly ERR_INIT_TIMEOUT: "init took too long";
    readonly ERR_INTERRUPTED: "the handler was interrupted";
    readonly ERR_LISTEN: "the port can't be opened";
    readonly ERR_MAILBOX_FULL: "the mailbox is full";
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
    readonly ERR_PATCH_NAME: "the service has no such name";
    readonly ERR_PATCH_TIMEOUT: "the patch took too long and was undone";
    readonly ERR_PATCH_SIZE: "the patch is too long";
    readonly ERR_READ_ONLY: "shared data can't be written";
    readonly ERR_REMOTE: "the handler threw";
    readonly ERR_REPLIED: "the message has been answered";
    readonly ERR_SCHEMA: "the sproto schema can't be used";
    readonly ERR_RUNTIME: "no node can run in this process";
    readonly ERR_ROW_GONE: "the row is gone";
    readonly ERR_SERVICE_DEAD: "the service is dead";
    readonly ERR_SOCKET: "the socket can't be used";
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
export declare function codeOf(error: unknown): ErrorCode | undefined;
export declare function assert(claim: unknown, message: string): asserts claim;

// dist/live/inspect/upvalues.d.ts
import type { Upvalues } from "../../snax/types-upvalues.ts";
export declare const upvalues: Upvalues;

// dist/node/config.d.ts
import type { StallLimits } from "../fabric/stall-watch.ts";
import type { ClusterConfig } from "./cluster-config.ts";
export interface Config {
    readonly thread?: number;
    readonly start?: string;
    readonly services?: string | readonly string[];
    readonly tables?: string | readonly string[];
    readonly harbor?: number;
    readonly logger?: string;
    readonly logservice?: "snlua" | "snax";
    readonly logformat?: "text" | "json";
    readonly verbose?: boolean;
    readonly preload?: string;
    readonly codecache?: boolean;
    readonly profile?: boolean;
    readonly calltimeout?: number;
    readonly mailbox?: number;
    readonly inittimeout?: number;
    readonly heap?: number;
    readonly stall?: Partial<StallConfig>;
    readonly stoptimeout?: number;
    readonly hotfixtimeout?: number;
    readonly console?: number | string;
    readonly consoletoken?: string;
    readonly metrics?: number | string;
    readonly node?: string;
    readonly cluster?: ClusterConfig;
    readonly polling?: number;
    readonly [key: string]: unknown;
}
export interface StallConfig extends StallLimits {
    readonly rest: number;
}
export declare function defineConfig(config: Config): Config;
export interface FullConfig extends Config {
    readonly thread: number;
    readonly services: string | readonly string[];
    readonly tables: string | readonly string[];
    readonly harbor: number;
    readonly logformat: "text" | "json";
    readonly verbose: boolean;
    readonly codecache: boolean;
    readonly profile: boolean;
    readonly calltimeout: number;
    readonly mailbox: number;
    readonly inittimeout: number;
    readonly stoptimeout: number;
    readonly hotfixtimeout: number;
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
    readonly stopped: Promise<void>;
    readonly cutOff: readonly string[];
}
export interface StartOptions {
    readonly root?: string;
    readonly ownsProcess?: boolean;
    readonly signal?: AbortSignal;
}
export declare function start(config?: Config, options?: StartOptions): Promise<Node>;

// dist/loader/code-cache.d.ts
import { Image } from "./weave/image.ts";
import type { ImageData } from "./weave/image.ts";
import type { ImportMeta } from "./run/import-meta.ts";
import type { Library } from "./run/library.ts";
import type { Place } from "./text/position.ts";
import { Program } from "./run/program.ts";
import { Resolver } from "./resolve/resolution.ts";
export type CacheMode = "ON" | "EXIST" | "OFF";
export interface CodeCacheOptions {
    readonly injected?: readonly string[];
    readonly preload?: string | undefined;
    readonly isKept?: boolean;
    readonly buildMs?: number;
    readonly onGlobalWrite?: (name: string, place: Place) => void;
}
export declare class CodeCache implements Library {
    #private;
    mode: CacheMode;
    clears: number;
    constructor(options?: CodeCacheOptions);
    load(path: string): Program | Promise<Program>;
    has(path: string): boolean;
    get shared(): Program;
    clear(path?: string): void;
    reach(path: string): Iterable<Image> | Promise<Iterable<Image>>;
    uses(path: string, file: string | undefined): boolean;
    adopt(data: ImageData): void;
    image(file: string, place?: Place): Image;
    imageSoon(file: string, place?: Place): Image | Promise<void>;
    renew(image: Image, data: ImageData): Image;
    get images(): ReadonlyMap<string, Image>;
    findPackage(specifier: string, importer: string): object | undefined;
    fetchPackage(specifier: string, importer: string): Promise<unknown>;
    requirePackage(specifier: string, importer: string): void;
    createResolver(): Resolver;
    createMeta(image: Image): ImportMeta;
}

// dist/outside.d.ts
import type { ClusterApi } from "./library/cluster.ts";
import type { DatacenterApi } from "./library/datacenter.ts";
import type { HarborApi } from "./library/harbor.ts";
import type { MulticastApi } from "./library/multicast.ts";
import type { SprotoloaderApi } from "./library/sprotoloader.ts";
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

// dist/library/cluster.d.ts
import type { Listened } from "../net/socket-api.ts";
import type { Context } from "../service/context.ts";
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
    within(ms: number): ClusterCalls;
}
export declare function createCluster(context: Context): ClusterApi;

// dist/library/datacenter.d.ts
import type { Context } from "../service/context.ts";
export type DatacenterKey = string | number | bigint | boolean;
export interface DatacenterCalls {
    get<T = unknown>(...keys: DatacenterKey[]): Promise<T | undefined>;
    set<T = unknown>(...keysAndValue: [DatacenterKey, ...unknown[]]): Promise<T | undefined>;
    wait<T = unknown>(...keys: DatacenterKey[]): Promise<T>;
}
export interface DatacenterApi extends DatacenterCalls {
    within(ms: number): DatacenterCalls;
}
export declare function createDatacenter(context: Context): DatacenterApi;

// dist/library/harbor.d.ts
import type { Context } from "../service/context.ts";
export interface HarborApi {
    globalname(name: string, handle?: number): boolean;
    queryname(name: string): Promise<number | undefined>;
    link(id: number): Promise<void>;
    connect(id: number): Promise<void>;
    linkmaster(): Promise<void>;
}
export declare function createHarbor(context: Context): HarborApi;

// dist/library/multicast.d.ts
import type { Context } from "../service/context.ts";
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
export declare function createMulticast(context: Context): MulticastApi;

// dist/library/sprotoloader.d.ts
import type { Context } from "../service/context.ts";
import type { DecodeOptions } from "../sproto/decoder.ts";
import { Sproto } from "../sproto/sproto.ts";
import type { AnySchema, SchemaTypes } from "../sproto/types.ts";
export interface SprotoloaderApi {
    register(file: string, slot: number): Promise<void>;
    compile(file: string): Uint8Array;
    save(binary: Uint8Array, slot: number): Promise<void>;
    load: <S extends SchemaTypes = AnySchema>(slot: number, options?: DecodeOptions) => Promise<Sproto<S>>;
}
export declare function createSprotoloader(context: Context): SprotoloaderApi;

// dist/net/channel-api.d.ts
import type { ConnectionOptions } from "node:tls";
import type { Writable } from "./outbox.ts";
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
import type { WebSocketOptions } from "./web-socket-options.ts";
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

// dist/net/listening.d.ts
import type { Server, Socket } from "node:net";
import type { TlsOptions } from "node:tls";
export interface ListenOptions {
    readonly host?: string | undefined;
    readonly port?: number | undefined;
    readonly path?: string | undefined;
    readonly backlog?: number | undefined;
    readonly tls?: TlsOptions | undefined;
    readonly nodelay?: boolean | undefined;
    readonly reusePort?: boolean | undefined;
}
export declare const KEEP_ALIVE: {
    readonly keepAlive: true;
    readonly keepAliveInitialDelay: number;
};
export interface Listening {
    readonly server: Server;
    readonly address: string;
    readonly port: number;
    readonly name: string;
}
export declare function openPort(options: ListenOptions, onConnection: (socket: Socket) => void): Promise<Listening>;
export declare function listenOn(server: Server, options: ListenOptions): Promise<Listening>;

// dist/net/web-socket-options.d.ts
import type { TlsOptions } from "node:tls";
export interface WebSocketOptions {
    readonly address?: string;
    readonly port: number;
    readonly path?: string;
    readonly origins?: readonly string[];
    readonly pages?: Readonly<Record<string, string>>;
    readonly tls?: TlsOptions;
}
export declare function checkWebSocketOptions(options: unknown): void;

// dist/net/outbox.d.ts
export type Writable = string | Uint8Array;
export declare class Outbox {
    #private;
    length: number;
    add(data: Writable): void;
    addSize(size: number, bytes: 2 | 4): void;
    take(): Buffer | Buffer[];
}
export declare function requireWritable(data: unknown): void;

// dist/net/socket-api.d.ts
import type { ConnectionOptions } from "node:tls";
import type { ListenOptions } from "./listening.ts";
import type { Writable } from "./outbox.ts";
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
import type { CacheMode } from "../loader/code-cache.ts";
import type { Protocol } from "./protocol-table.ts";
import type { Values } from "./values.ts";
export type Address = number | string;
export type { Handler, Protocol } from "./protocol-table.ts";
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
    values(...values: unknown[]): Values;
    within(ms: number): Calls;
    request(...items: RequestItem[]): RequestSet;
    queryservice(name: string | true, globalName?: string): Promise<number>;
    at(place: "near" | number): Starters;
    kill(address: Address): void;
    abort(): void;
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
}
export interface PatchResult {
    readonly handle: number;
    readonly ok: boolean;
    readonly code?: string;
}
export interface PatchRecord {
    readonly id: number;
    readonly hash: string;
    readonly time: number;
    readonly target: string;
    readonly applied: number;
    readonly failed: number;
    readonly results: readonly PatchResult[];
}
export interface HotfixSharedResult {
    readonly id: number;
    readonly threads: number;
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
    readonly hotfixshared: (path: string, patch: string) => Promise<HotfixSharedResult>;
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
    constructor(framing: Framing, limitBytes: number);
    get heldBytes(): number;
    push(chunk: Buffer): void;
    next(): Buffer | undefined;
}
export declare const FRAME_SIZE_MAX: {
    readonly 2: 65535;
    readonly 4: 4294967295;
};

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
import type { Changes, VersionInfo } from "./table-link.ts";
export type { Changes, VersionInfo } from "./table-link.ts";
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
import type { Drain } from "../kernel/scheduler.ts";
export interface Microtasks {
    readonly drain: Drain;
    defer(run: () => void): void;
    flush(): void;
}
export declare function callbackMicrotasks(isSynchronous?: boolean): Microtasks;
export declare function promiseMicrotasks(drain: Drain): Microtasks;

// dist/testing/probe.d.ts
import type { Kernel } from "../kernel/kernel.ts";
import type { Envelope, Message } from "../kernel/message.ts";
import type { Service } from "../kernel/service.ts";
import { PendingCall } from "../kernel/session-table.ts";
export interface Outcome {
    settled: number;
    value: unknown;
    error: unknown;
    readonly call: PendingCall;
}
export interface Probe {
    readonly service: Service;
    readonly handle: number;
    readonly received: Message[];
    readonly heard: unknown[];
    send(target: number, ...values: readonly unknown[]): boolean;
    call(target: number | string, ...values: readonly unknown[]): Outcome;
}
export type ProbeHandler = (message: Message, probe: Probe) => void;
export declare function createEnvelope(...values: unknown[]): Envelope;
export declare function createOutcome(): Outcome;
export declare function createProbe(kernel: Kernel, handler?: ProbeHandler): Probe;

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

// dist/testing/simulator.d.ts
import type { Random } from "../base/random.ts";
import type { KernelOptions } from "../kernel/kernel-options.ts";
import { Kernel } from "../kernel/kernel.ts";
import type { Message } from "../kernel/message.ts";
import type { Service } from "../kernel/service.ts";
import type { PendingCall } from "../kernel/session-table.ts";
import type { FaultChoice } from "./fault.ts";
import { FaultPlan } from "./fault.ts";
import type { SimulatedFabric } from "./simulated-thread.ts";
import { SimulatedThreads } from "./simulated-threads.ts";
import type { Microtasks } from "./microtasks.ts";
import { Trace } from "./trace.ts";
import type { VirtualClock } from "./virtual-clock.ts";
import { VirtualLoop } from "./virtual-loop.ts";
export interface SimulatorOptions {
    readonly seed: number;
    readonly kernels?: number;
    readonly faults?: FaultChoice;
    readonly microtasks?: Microtasks;
    readonly linkDelayMaxMs?: number;
    readonly messageMs?: number;
    readonly fabric?: boolean | SimulatedFabric;
    readonly firstHandle?: number;
    readonly kernel?: Partial<KernelOptions>;
    readonly createKernel?: (options: KernelOptions) => Kernel;
}
export interface ReportedError {
    readonly service: Service;
    readonly error: unknown;
    readonly message: Message;
}
export interface ReportedCall {
    readonly service: Service;
    readonly call: PendingCall;
    readonly ms: number;
}
export type Check = () => string | undefined;
export declare class Simulator {
    #private;
    readonly seed: number;
    readonly clock: VirtualClock;
    readonly random: Random;
    readonly loop: VirtualLoop;
    readonly faults: FaultPlan;
    readonly microtasks: Microtasks;
    readonly trace: Trace;
    readonly threads: SimulatedThreads | undefined;
    turnCount: number;
    readonly errors: ReportedError[];
    readonly slowCalls: ReportedCall[];
    readonly deaths: Service[];
    readonly overloads: number[];
    constructor(options: SimulatorOptions);
    get kernels(): readonly Kernel[];
    isUp(kernel: Kernel): boolean;
    get kernel(): Kernel;
    addCheck(check: Check): void;
    after(ms: number, run: () => void): void;
    step(): boolean;
    advance(ms: number): void;
    drain(stepsMax?: number): void;
    fail(problem: string): never;
}
export declare function createSimulator(options: SimulatorOptions): Simulator;

// dist/testing/simulated-thread.d.ts
import type { MessagePort } from "node:worker_threads";
import type { Random } from "../base/random.ts";
import type { NodeMemory } from "../fabric/node-memory.ts";
import { Directory } from "../fabric/directory.ts";
import type { FabricOptions } from "../fabric/fabric.ts";
import { Fabric } from "../fabric/fabric.ts";
import type { ExchangeOptions } from "../fabric/ring-exchange.ts";
import { Exchange } from "../fabric/ring-exchange.ts";
import { SharedNames } from "../fabric/shared-names.ts";
import { bereave } from "../kernel/death.ts";
import type { KernelOptions } from "../kernel/kernel-options.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { FaultPlan } from "./fault.ts";
import { ThreadLoop } from "./thread-loop.ts";
import type { VirtualClock } from "./virtual-clock.ts";
import type { VirtualLoop } from "./virtual-loop.ts";
export interface SimulatedFabric {
    readonly ringBytes?: number;
    readonly waitingLimit?: number;
    readonly createFabric?: (options: FabricOptions) => Fabric;
    readonly createExchange?: (options: ExchangeOptions) => Exchange;
    readonly bereave?: typeof bereave;
}
export interface ThreadWorld {
    readonly clock: VirtualClock;
    readonly loop: VirtualLoop;
    readonly random: Random;
    readonly faults: FaultPlan;
    readonly memory: NodeMemory;
    readonly fabric: SimulatedFabric;
    readonly createKernel: (own: Partial<KernelOptions>) => Kernel;
    readonly drain: () => void;
    readonly isSynchronous: boolean;
    readonly onTurn: () => void;
    readonly onEnd: (thread: SimulatedThread) => void;
    readonly onProblem: (problem: string) => void;
}
export interface SimulatedJoint {
    readonly other: SimulatedThread;
    readonly outgoing: SharedArrayBuffer;
    readonly incoming: SharedArrayBuffer;
    readonly port: MessagePort;
}
export declare class SimulatedThread {
    #private;
    readonly number: number;
    readonly kernel: Kernel;
    readonly exchange: Exchange;
    readonly directory: Directory;
    readonly names: SharedNames;
    readonly loop: ThreadLoop;
    readonly doorbell: SharedArrayBuffer;
    isDead: boolean;
    isUp: boolean;
    readonly news: (() => void)[];
    constructor(world: ThreadWorld, number: number);
    end(): void;
    join({ other, ...link }: SimulatedJoint): void;
    part(thread: number): void;
    takeNews(): void;
}

// dist/testing/simulated-threads.d.ts
import type { Kernel } from "../kernel/kernel.ts";
import type { ThreadWorld } from "./simulated-thread.ts";
import { SimulatedThread } from "./simulated-thread.ts";
export interface ThreadWatcher {
    onEnd(kernel: Kernel): void;
    onUp(kernel: Kernel): void;
}
export declare class SimulatedThreads {
    #private;
    readonly all: SimulatedThread[];
    watcher: ThreadWatcher | undefined;
    constructor(world: Omit<ThreadWorld, "memory" | "onEnd">, count: number);
    end(number: number): void;
    close(): void;
    check(): string | undefined;
}

// dist/testing/trace.d.ts
export declare class Trace {
    #private;
    note(...numbers: readonly number[]): void;
    mark(): void;
    get hash(): number;
    get hashes(): readonly number[];
}

// dist/testing/traffic.d.ts
import type { Kernel } from "../kernel/kernel.ts";
import { Referee } from "./referee.ts";
import type { Tally } from "./referee.ts";
import type { ThreadWatcher } from "./simulated-threads.ts";
import type { Simulator } from "./simulator.ts";
import type { TrafficWorld } from "./traffic-service.ts";
export interface TrafficOptions {
    readonly services?: number;
    readonly messages?: number;
}
export declare class Traffic implements TrafficWorld, ThreadWatcher {
    #private;
    readonly simulator: Simulator;
    readonly referee: Referee;
    running: number;
    budget: number;
    constructor(simulator: Simulator, options?: TrafficOptions);
    run(): Tally;
    onEnd(kernel: Kernel): void;
    onUp(kernel: Kernel): void;
    pickTarget(): number;
    pickName(): string;
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

// dist/fabric/stall-watch.d.ts
import type { Phase } from "./phase.ts";
export interface StallLimits {
    readonly warn: number;
    readonly interrupt: number;
}
export type StallEvent = 
{
    readonly kind: "report";
    readonly phase: Phase;
    readonly ms: number;
}
 | {
    readonly kind: "interrupt";
    readonly phase: Phase;
    readonly ms: number;
}
 | {
    readonly kind: "return";
    readonly phase: Phase;
    readonly ms: number;
};
export declare const RETRY_MS = 500;
export declare function periodOf({ warn, interrupt }: StallLimits): number;
export declare class StallWatch {
    #private;
    constructor(limits: StallLimits);
    look(now: number, phase: Phase): StallEvent[];
    pause(now: number): number;
    age(now: number): number;
    noteInterrupt(): void;
    isNews(why: string): boolean;
    excuse(now: number): void;
}

// dist/node/cluster-config.d.ts
export interface ClusterConfig {
    readonly skynet?: {
        readonly open?: number | string;
        readonly expose?: readonly string[];
        readonly nodes?: Readonly<Record<string, string | boolean>>;
    };
}
export declare function checkCluster(cluster: ClusterConfig | undefined): void;

// dist/loader/weave/image.d.ts
import type { LineShifts } from "../text/edits.ts";
import type { Entry, Frame } from "./frame.ts";
import type { CheckableMethod } from "./method-check.ts";
import type { Name } from "../read/names.ts";
import type { Place } from "../text/position.ts";
import type { ExportEntry, ImportEntry, ModuleRequest } from "../read/record.ts";
export interface ImageData {
    readonly file: string;
    readonly text: string;
    readonly body: string;
    readonly frame: Frame;
    readonly isShared: boolean;
    readonly isAsync: boolean;
    readonly hasClasses: boolean;
    readonly names: ReadonlyMap<string, Name>;
    readonly requests: readonly ModuleRequest[];
    readonly imports: readonly ImportEntry[];
    readonly exports: readonly ExportEntry[];
    readonly cells: readonly string[];
    readonly functionCount: number;
    readonly forwarded: readonly number[];
    readonly values: ReadonlySet<string>;
    readonly assigned: ReadonlySet<string>;
    readonly freeNames: ReadonlySet<string>;
    readonly globalWrites: readonly {
        readonly name: string;
        readonly place: Place;
    }[];
    readonly referenced: ReadonlySet<string>;
    readonly methods: readonly CheckableMethod[];
    readonly checked: ReadonlySet<string>;
    readonly taken: ReadonlySet<string>;
    readonly shifts: ReadonlyMap<number, LineShifts> | undefined;
    readonly map: string | undefined;
    readonly inspectorMap: string | undefined;
    readonly isTransformed: boolean;
    readonly cachedData?: Uint8Array;
}
export type Factory = (module: object) => unknown;
export declare class Image {
    #private;
    readonly data: ImageData;
    readonly url: string;
    constructor(data: ImageData);
    get file(): string;
    get text(): string;
    get names(): ReadonlyMap<string, Name>;
    get exports(): readonly ExportEntry[];
    exportOf(name: string): ExportEntry | undefined;
    get stars(): readonly ExportEntry[];
    cellOf(name: string): number | undefined;
    get freeNames(): ReadonlySet<string>;
    factory(entry: Entry): Factory;
    takeOwn(entry: Entry): Factory | undefined;
    warm(): void;
    releaseOwn(): void;
    toData(): ImageData;
}

// dist/loader/run/import-meta.d.ts
import type { Image } from "../weave/image.ts";
export interface ImportMeta {
    readonly url: string;
    readonly dirname: string;
    readonly filename: string;
    resolve(specifier: string): string;
}
export declare function createImportMeta(image: Image): ImportMeta;

// dist/loader/run/library.d.ts
import type { Image, ImageData } from "../weave/image.ts";
import type { ImportMeta } from "./import-meta.ts";
import type { Place } from "../text/position.ts";
import type { ModuleRequest } from "../read/record.ts";
import type { Resolution, Resolver } from "../resolve/resolution.ts";
export interface Library {
    image(file: string, place: Place | undefined): Image;
    imageSoon(file: string, place: Place | undefined): Image | Promise<void>;
    renew(image: Image, data: ImageData): Image;
    findPackage(specifier: string, importer: string): object | undefined;
    fetchPackage(specifier: string, importer: string): Promise<unknown>;
    requirePackage(specifier: string, importer: string): void;
    createResolver(): Resolver;
    createMeta(image: Image): ImportMeta;
}
export declare class Collection {
    #private;
    readonly images: Map<string, Image>;
    constructor(library: Library);
    settle(image: Image): void;
    collect(file: string, place?: Place): Promise<void> | undefined;
    reach(file: string): Promise<void> | undefined;
    reachNow(file: string): void;
    collectNow(file: string): void;
    image(file: string, place?: Place): Image;
    resolve(request: ModuleRequest, importer: string): Resolution;
    addChecks(): void;
}

// dist/loader/text/position.d.ts
import { SnaxError } from "../../base/error.ts";
import type { ErrorCode } from "../../base/error.ts";
export interface Place {
    readonly file: string;
    readonly line: number;
    readonly column: number;
}
export interface Position {
    readonly line: number;
    readonly column: number;
}
export declare class Lines {
    #private;
    constructor(text: string);
    locate(offset: number): Position;
}
export declare function createPlacedError(code: ErrorCode, place: Place, why: string, cause?: unknown): SnaxError;

// dist/loader/run/program.d.ts
import { Instance } from "./instance.ts";
import type { Surroundings } from "./instance.ts";
import type { Library } from "./library.ts";
import { ModuleNode } from "./module-node.ts";
export type Birth = (instance: Instance) => void;
export declare class Program {
    #private;
    readonly births: Birth[];
    onShared: ((nodes: readonly ModuleNode[]) => Promise<void> | undefined) | undefined;
    readonly takenByPatches: Set<string>;
    constructor(library: Library, shared: Program | undefined);
    get entry(): ModuleNode;
    get nodes(): ReadonlyMap<string, ModuleNode>;
    modules(): Iterable<ModuleNode>;
    get shared(): Program;
    isImportedStatically(node: ModuleNode): boolean;
    get size(): number;
    get files(): Set<string>;
    instantiate(surroundings: Surroundings): Instance | Promise<Instance>;
    fill(instance: Instance): Instance | Promise<Instance>;
    node(path: string): ModuleNode | undefined;
    static expectWrites(node: ModuleNode, instances: Iterable<Instance>): void;
}

// dist/loader/resolve/resolution.d.ts
import { Tsconfigs } from "./tsconfig.ts";
export type Resolution = {
    readonly kind: "file";
    readonly file: string;
} | {
    readonly kind: "package";
    readonly specifier: string;
} | {
    readonly kind: "api";
};
export declare const API_SPECIFIER = "snax";
export declare class Resolver {
    #private;
    readonly tsconfigs: Tsconfigs;
    resolve(specifier: string, importer: string): Resolution | string;
}
export declare function isPath(specifier: string): boolean;

// dist/service/context.d.ts
import { SnaxError } from "../base/error.ts";
import type { Waiting } from "../kernel/last-words.ts";
import type { Message } from "../kernel/message.ts";
import type { Instance, Service } from "../kernel/service.ts";
import type { Instance as ModuleInstance } from "../loader/run/instance.ts";
import type { Job } from "./job.ts";
import type { Runtime } from "./runtime.ts";
export type Receiver = (context: Context, message: Message) => void;
export type ReceiverTable = readonly (Receiver | undefined)[];
export declare const EXIT_SIGNAL: unique symbol;
export declare const DEAD_CALLS_MAX = 1000;
export declare const kStandsFor: unique symbol;
export declare class Context implements Instance {
    #private;
    readonly runtime: Runtime;
    readonly name: string;
    readonly service: Service;
    receivers: ReceiverTable;
    code: ModuleInstance | undefined;
    kind: string;
    isReady: boolean;
    beginning: readonly unknown[] | undefined;
    patching: Promise<void> | undefined;
    whenReady: Job[] | undefined;
    state: object | undefined;
    extras: Map<symbol, unknown> | undefined;
    deadCalls: number;
    held: Set<(error: unknown) => void> | undefined;
    constructor(runtime: Runtime, name: string, title: string, receivers: ReceiverTable, reserved?: number);
    get handle(): number;
    get isListening(): boolean;
    hears(type: number): boolean;
    receive(message: Message): void;
    describe(message: Message): string;
    interrupted(message: Message, error: unknown): void;
    holding(): Generator<Message>;
    waiting(): Iterable<Message>;
    waits(): Iterable<Pick<Waiting, "reject">>;
    answer(message: Message, result: unknown, done?: () => void): void;
    refuse(message: Message, error: unknown): void;
}
export declare function isThenable(value: unknown): value is PromiseLike<unknown>;
export declare function leaveAlone(result: unknown): void;
export declare function extrasOf<T>(context: Context, key: symbol, make: () => T): T;
export declare function requireAlive(context: Context): void;
export declare function isInLastTurn({ service }: Context): boolean;
export declare function requireSender(context: Context): void;
export declare const DEAD_LINES_MAX = 100;
export declare function requireVoice(context: Context): void;
export declare function deadPromise(context: Context): Promise<never> | undefined;
export declare function stoppedError(): SnaxError;

// dist/service/protocol-table.d.ts
import type { Context } from "./context.ts";
export interface Protocol {
    readonly name: string;
    readonly id: number;
    readonly pack?: (...values: never[]) => Uint8Array;
    readonly unpack?: (bytes: Uint8Array) => unknown;
    readonly dispatch?: Handler;
}
export type Handler = (session: number, source: number, ...values: never[]) => unknown;
export declare function typeName(type: number): string;
export declare function protocolOf(context: Context, name: string): Protocol;
export declare function protocolNames(context: Context): Set<string>;
export declare function protocolName(context: Context, id: number): string;
export declare function registerProtocol(context: Context, protocol: Protocol): void;

// dist/service/values.d.ts
import type { PortableTable } from "../wire/codec-portable.ts";
import { Context } from "./context.ts";
export declare class Values {
    readonly values: readonly unknown[];
    constructor(values: readonly unknown[]);
}
export declare function takeValuesWhole(context: Context): void;
export declare function defineValues(portables: PortableTable): void;

// dist/table/table-link.d.ts
export interface Changes {
    readonly added: readonly string[];
    readonly changed: readonly string[];
    readonly removed: readonly string[];
}
export interface TableSource {
    readonly file: string;
    readonly args: readonly (string | number | boolean | null | undefined)[] | undefined;
}
export interface NewVersion {
    readonly name: string;
    readonly memory: SharedArrayBuffer;
    readonly changes?: Changes | undefined;
    readonly base: number;
    readonly source?: TableSource | undefined;
}
export interface PublishedVersion extends NewVersion {
    readonly version: number;
    readonly entry: number;
    readonly table: number;
}
export interface Publication {
    readonly sequence: number;
    readonly versions: readonly PublishedVersion[];
}
export interface VersionInfo {
    readonly name: string;
    readonly version: number;
    readonly sizeBytes: number;
    readonly pins: number;
    readonly isCurrent: boolean;
}
export type OnPublished = (error: Error | undefined, sequence: number) => void;
export interface TableLink {
    latest(): number;
    take(): Publication[];
    acknowledge(sequence: number): void;
    publish(versions: readonly NewVersion[], done: OnPublished): void;
    pin(entry: number): void;
    unpin(entry: number): void;
    versions(): VersionInfo[];
}

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

// dist/kernel/scheduler.d.ts
import type { Clock } from "../base/clock.ts";
import type { Message } from "./message.ts";
import type { PhaseWords } from "./phase.ts";
import type { Service } from "./service.ts";
export interface Drain {
    readonly isSynchronous: boolean;
    drain(): void;
}
export interface Waker {
    wake(): void;
    alarm(at: number | undefined): void;
}
export interface SchedulerOptions {
    readonly clock: Clock;
    readonly drain: Drain;
    readonly waker: Waker;
    readonly turnBudgetMs: number;
    readonly profile: boolean;
    readonly deliver: (service: Service, message: Message) => void;
    readonly fireTimers: (now: number) => void;
    readonly nextDeadline: () => number | undefined;
    readonly phase: PhaseWords | undefined;
    readonly onCut: (service: Service) => void;
}
export declare class Scheduler {
    #private;
    current: Service | undefined;
    now: number;
    first: Service | undefined;
    readonly phase: PhaseWords | undefined;
    constructor(options: SchedulerOptions);
    enqueue(service: Service): void;
    timerAdded(at: number): void;
    turn(): void;
    noteCut(): void;
}

// dist/kernel/kernel.d.ts
import type { Condemned } from "./interrupt.ts";
import type { Handling } from "./handling.ts";
import type { KernelOptions } from "./kernel-options.ts";
import { KernelTimers } from "./kernel-timers.ts";
import type { Envelope } from "./message.ts";
import { Message } from "./message.ts";
import type { NameStore } from "./name-table.ts";
import { OpenCalls } from "./open-calls.ts";
import { Rests } from "./rest.ts";
import { Scheduler } from "./scheduler.ts";
import type { Instance } from "./service.ts";
import { Service } from "./service.ts";
import { ServiceTable } from "./service-table.ts";
import type { PendingCall } from "./session-table.ts";
import { Timer } from "./timer-wheel.ts";
export declare class Kernel {
    #private;
    readonly services: ServiceTable;
    readonly names: NameStore;
    readonly scheduler: Scheduler;
    readonly timers: KernelTimers;
    readonly calls: OpenCalls;
    dispatching: Message | undefined;
    origin: Message | undefined;
    readonly rests: Rests;
    tap: ((service: Service, message: Message) => void) | undefined;
    constructor(options: KernelOptions);
    hasLastTurns: boolean;
    get condemned(): Condemned | undefined;
    set condemned(condemned: Condemned | undefined);
    create(title: string, instance: (handle: number) => Instance, reserved?: number, type?: string): Service;
    lives(handle: number): boolean;
    replace(handle: number, instance: Instance): Instance;
    kill(service: Service): void;
    watch(handle: number, onDeath: () => void): (() => void) | undefined;
    send(source: number, handle: number, envelope: Envelope, session?: number): boolean;
    retarget(source: number, session: number, handle: number, from: number): number | undefined;
    request(source: Service, handle: number, envelope: Envelope, call: PendingCall): number;
    arrive(handle: number, message: Message): void;
    sendUrgent(service: Service, message: Message, behind?: number): void;
    get isInHandler(): boolean;
    turn(): void;
    reply(service: Service, request: Message, value: unknown): boolean;
    fail(service: Service, request: Message, error: unknown): boolean;
    failWith(service: Service, request: Message, make: () => unknown): boolean;
    owe(service: Service, request: Message): void;
    goesOn(service: Service, message: Message): Handling;
    detach(service: Service, request: Message): void;
    ignore(service: Service, request: Message): void;
    settle(service: Service, session: number): PendingCall | undefined;
    setDeadline(source: Service, call: PendingCall, ms: number, error: () => unknown): void;
    get pendingCalls(): number;
    requestNamed(source: Service, name: string, envelope: Envelope, call: PendingCall): number;
    sendNamed(source: number, name: string, envelope: Envelope): boolean;
    closeGate(service: Service, bit: number): void;
    openGate(service: Service, bit?: number): void;
    addTimer(service: Service, ms: number, run: () => void, intervalMs?: number): Timer;
    soon(service: Service, run: () => void): Timer;
    resume(service: Service, origin: Message | undefined, run: () => void): Timer;
    removeTimer(service: Service, timer: Timer): void;
}

// dist/kernel/message.d.ts
export declare const REPLY: {
    readonly none: 0;
    readonly owed: 1;
    readonly done: 2;
    readonly detached: 3;
};
export interface Envelope {
    readonly type: number;
    readonly method: number;
    readonly values: unknown[];
}
export declare class Message {
    #private;
    readonly source: number;
    readonly session: number;
    readonly payload: unknown;
    next: Message | undefined;
    constructor(type: number, source: number, session: number, method: number, payload: unknown);
    get type(): number;
    get method(): number;
    get reply(): number;
    set reply(reply: number);
}
export declare class MessageList {
    #private;
    head: Message | undefined;
    length: number;
    push(message: Message): void;
    prepend(other: MessageList): void;
    shift(): Message | undefined;
}

// dist/kernel/service.d.ts
import type { Handling } from "./handling.ts";
import type { Waiting } from "./last-words.ts";
import type { Message } from "./message.ts";
import { MessageList } from "./message.ts";
import type { SessionTable } from "./session-table.ts";
import type { Tally } from "./tally.ts";
import type { Timer } from "./timer-wheel.ts";
export interface Instance {
    receive(message: Message): void;
    hears?(type: number): boolean;
    interrupted?(message: Message, error: unknown): void;
    describe?(message: Message): string | undefined;
    holding?(): Iterable<Message>;
    waiting?(): Iterable<Message>;
    waits?(): Iterable<Pick<Waiting, "reject">>;
}
export declare const GATE: {
    readonly open: 0;
    readonly busy: 1;
    readonly held: 2;
    readonly resting: 8;
    readonly ending: 16;
    readonly starting: 4;
};
export declare class Service {
    readonly handle: number;
    readonly title: string;
    instance: Instance;
    isAlive: boolean;
    gate: number;
    isQueued: boolean;
    nextRunnable: Service | undefined;
    readonly mail: MessageList;
    systemMail: MessageList | undefined;
    deferred: MessageList | undefined;
    overloadMark: number;
    session: number;
    calls: SessionTable | undefined;
    owed: Map<Message, number> | undefined;
    running: Handling[] | undefined;
    onHandled: ((message: Message) => void) | undefined;
    timers: Timer | undefined;
    watchers: (() => void)[] | undefined;
    messageCount: number;
    isEndless: boolean;
    cpuMs: number;
    readonly tally: Tally;
    constructor(handle: number, title: string, instance: Instance, tally?: Tally);
}
export declare const OVERLOAD_MARK_MIN = 1024;
export declare function passesMark(service: Service): boolean;
export declare function mailboxLength(service: Service): number;
export declare function takeMessage(service: Service): Message | undefined;
export declare function takeJob(service: Service): Message | undefined;
export declare function reconsiderDeferred(service: Service): void;
export declare function hasMailFrom(service: Service, source: number): boolean;
export declare function isOfOperator(origin: Message | undefined): boolean;
export declare function isRest({ gate }: Service): boolean;

// dist/kernel/session-table.d.ts
import type { Message } from "./message.ts";
import type { Timer } from "./timer-wheel.ts";
export declare const SESSION_MAX = 2147483647;
export declare const PENDING_CALLS_MAX: number;
export declare class PendingCall {
    session: number;
    target: number;
    since: number;
    origin: Message | undefined;
    isPatient: boolean;
    promise: Promise<unknown> | undefined;
    timer: Timer | undefined;
    resolve: (value: unknown) => void;
    reject: (error: unknown) => void;
    constructor(resolve: (value: unknown) => void, reject: (error: unknown) => void);
    get isOpen(): boolean;
}
export declare class SessionTable {
    #private;
    size: number;
    next(last: number): number;
    open(call: PendingCall, last: number): number;
    close(session: number): PendingCall | undefined;
    get isLarge(): boolean;
    get(session: number): PendingCall | undefined;
    has(session: number): boolean;
    [Symbol.iterator](): Generator<PendingCall>;
}

// dist/kernel/kernel-options.d.ts
import type { Clock } from "../base/clock.ts";
import type { Message } from "./message.ts";
import type { PhaseWords } from "./phase.ts";
import type { Drain, Waker } from "./scheduler.ts";
import type { Service } from "./service.ts";
import type { HandleSource } from "./service-table.ts";
import type { NameStore } from "./name-table.ts";
import type { PendingCall } from "./session-table.ts";
import type { TallyBook } from "./tally.ts";
export interface Elsewhere {
    deliver(target: number, message: Message): boolean;
    lives(handle: number): boolean;
    retarget(source: number, session: number, handle: number, from: number): void;
}
export interface KernelEvents {
    onError(service: Service, error: unknown, message: Message): void;
    onOverload(service: Service, length: number): void;
    onLateError?(service: Service, error: unknown, message: Message): void;
    onLostError?(source: number, target: number, message: Message): void;
    onDeath(service: Service): void;
    onCut?(service: Service): void;
    onRest?(service: Service, ms: number): void;
    onSlowCall?(service: Service, call: PendingCall, ms: number): void;
}
export declare const TURN_BUDGET_MS = 3;
export declare const INTERRUPT_REST_MS = 1000;
export interface KernelOptions {
    readonly clock: Clock;
    readonly drain: Drain;
    readonly waker: Waker;
    readonly events: KernelEvents;
    readonly elsewhere?: Elsewhere;
    readonly handles?: HandleSource;
    readonly names?: NameStore;
    readonly harbor?: number;
    readonly turnBudgetMs?: number;
    readonly profile?: boolean;
    readonly tallies?: TallyBook;
    readonly phase?: PhaseWords | undefined;
    readonly mailboxLimit?: number;
    readonly restMs?: number;
}

// dist/fabric/node-memory.d.ts
export interface NodeMemory {
    readonly directory: SharedArrayBuffer;
    readonly names: SharedArrayBuffer;
    readonly log: SharedArrayBuffer;
    readonly words: SharedArrayBuffer;
    readonly phases: readonly SharedArrayBuffer[];
    readonly boards: readonly SharedArrayBuffer[];
    readonly doorbells: SharedArrayBuffer[];
}
export declare const NODE_WORD: {
    readonly logger: 0;
    readonly monitor: 1;
    readonly patch: 2;
    readonly logpoint: 3;
};
export declare const LOG_KIND: {
    readonly method: 1;
    readonly offer: 2;
    readonly environment: 3;
};
export declare function createNodeMemory(threads: number): NodeMemory;

// dist/fabric/directory.d.ts
import type { HandleSource } from "../kernel/service-table.ts";
export declare const THREADS_MAX = 127;
export declare function createDirectory(): SharedArrayBuffer;
export declare class Directory {
    #private;
    constructor(memory: SharedArrayBuffer);
    threadOf(handle: number): number | undefined;
    isLost(handle: number): boolean;
    count(thread: number): number;
    claim(thread: number): number;
    claimAt(index: number, thread: number): void;
    release(handle: number, thread: number): boolean;
    handleSource(thread: number): HandleSource;
    clear(thread: number): number[];
}

// dist/fabric/fabric.d.ts
import type { Elsewhere } from "../kernel/kernel-options.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { Message } from "../kernel/message.ts";
import type { PortableTable } from "../wire/codec-portable.ts";
import type { Directory } from "./directory.ts";
import type { Exchange, Rest, ThreadLink } from "./ring-exchange.ts";
import type { Incoming } from "./ring-inbox.ts";
export interface FabricOptions {
    readonly thread: number;
    readonly directory: Directory;
    readonly portables: PortableTable;
    readonly harbor: number;
    readonly waitingLimit: number;
    readonly onWord: (thread: number, values: readonly unknown[]) => void;
    readonly onUnknown?: () => void;
    readonly onMalformed: (thread: number, error: unknown) => void;
}
export declare class Fabric implements Elsewhere {
    #private;
    readonly thread: number;
    constructor(options: FabricOptions);
    attach(kernel: Kernel, exchange: Exchange): void;
    connect(link: ThreadLink): boolean;
    disconnect(thread: number): void;
    lives(handle: number): boolean;
    threadOf(handle: number): number | undefined;
    isLost(handle: number): boolean;
    deliver(target: number, message: Message): boolean;
    retarget(source: number, session: number, handle: number, from: number): void;
    tell(thread: number, ...values: readonly unknown[]): boolean;
    show(...values: readonly unknown[]): boolean;
    catchUp(): void;
    tellAll(...values: readonly unknown[]): void;
    get threads(): number[];
    receive(): void;
    publish(): void;
    rest(): Rest;
    take(thread: number, record: Incoming): boolean;
}

// dist/fabric/ring-exchange.d.ts
import type { MessagePort } from "node:worker_threads";
import type { Clock } from "../base/clock.ts";
import type { Doorbell } from "./ring-doorbell.ts";
import type { Incoming } from "./ring-inbox.ts";
import type { Outgoing } from "./ring-outbox.ts";
import type { PollingOptions } from "./ring-polling.ts";
export type Rest = "again" | "asleep";
export interface ExchangeOptions {
    readonly clock: Clock;
    readonly doorbell: Doorbell;
    readonly polling?: PollingOptions;
    readonly recordsInARow?: number;
    readonly take: (thread: number, record: Incoming) => boolean | void;
    readonly wake: () => void;
}
export interface ThreadLink {
    readonly thread: number;
    readonly outgoing: SharedArrayBuffer;
    readonly incoming: SharedArrayBuffer;
    readonly port: MessagePort;
    readonly doorbell: Doorbell;
    readonly wake: () => void;
}
export declare class Exchange {
    #private;
    constructor(options: ExchangeOptions);
    connect(link: ThreadLink): boolean;
    epoch(thread: number): number;
    disconnect(thread: number): void;
    send(thread: number, record: Outgoing): boolean;
    show(thread: number): void;
    takeAll(): void;
    waiting(thread: number): number;
    receive(): number;
    hasMail(): boolean;
    rest(): Rest;
    publish(): void;
}

// dist/fabric/shared-names.d.ts
import type { NameStore } from "../kernel/name-table.ts";
export declare const NAMES_MAX = 65536;
export declare function createNamesMemory(): SharedArrayBuffer;
export interface SharedNamesOptions {
    readonly thread: number;
    readonly isAlive: (handle: number) => boolean;
    readonly announce: (name: string, handle: number) => void;
}
export declare class SharedNames implements NameStore {
    #private;
    onRegister: (name: string, handle: number) => void;
    constructor(memory: SharedArrayBuffer, { thread, isAlive, announce }: SharedNamesOptions);
    get(name: string): number | undefined;
    register(name: string, handle: number): boolean;
    release(handle: number): void;
    sweep(dead: number): void;
}

// dist/kernel/death.d.ts
import type { Kernel } from "./kernel.ts";
import type { KernelEvents } from "./kernel-options.ts";
import type { Service } from "./service.ts";
export declare class Burials {
    #private;
    constructor(events: KernelEvents);
    bury(kernel: Kernel, service: Service): void;
    finish(): void;
}
export declare function bereave(kernel: Kernel, isLost: (handle: number) => boolean): void;
export declare function watchDeath(service: Service, onDeath: () => void): () => void;

// dist/testing/thread-loop.d.ts
import type { Waker } from "../kernel/scheduler.ts";
import type { ThreadWorld } from "./simulated-thread.ts";
export interface ThreadTurn {
    readonly isDead: () => boolean;
    readonly run: () => void;
    readonly hasMail: () => boolean;
    readonly rest: () => "again" | "asleep";
}
export declare class ThreadLoop implements Waker {
    #private;
    constructor(world: ThreadWorld, turn: ThreadTurn);
    get isAwake(): boolean;
    readonly wake: () => void;
    alarm(at: number | undefined): void;
    readonly turn: () => void;
}

// dist/testing/traffic-service.d.ts
import type { Kernel } from "../kernel/kernel.ts";
import type { Message } from "../kernel/message.ts";
import type { Instance } from "../kernel/service.ts";
import type { Referee } from "./referee.ts";
import type { Simulator } from "./simulator.ts";
export interface TrafficWorld {
    readonly simulator: Simulator;
    readonly referee: Referee;
    running: number;
    budget: number;
    pickTarget(): number;
    pickName(): string;
}
export declare class TrafficService implements Instance {
    #private;
    constructor(world: TrafficWorld, kernel: Kernel, handle: number);
    begin(): void;
    receive(message: Message): void;
}

// dist/base/clock.d.ts
export interface Clock {
    now(): number;
    wall(): number;
}
export declare const systemClock: Clock;

// dist/fabric/phase.d.ts
import type { PhaseWords } from "../kernel/phase.ts";
export interface Phase {
    readonly handle: number;
    readonly dispatch: number;
    readonly type: number;
    readonly method: number;
    readonly source: number;
    readonly session: number;
    readonly turn: number;
}
export declare function createPhaseMemory(): SharedArrayBuffer;
export declare function createPhase(memory?: SharedArrayBuffer): PhaseWords;
export declare function readPhase(words: PhaseWords): Phase;

// dist/loader/text/edits.d.ts
export type LineShifts = readonly (readonly [column: number, length: number])[];
export declare class Edits {
    #private;
    readonly before: string;
    constructor(text: string);
    get movesCode(): boolean;
    blankStatement(start: number, end: number): void;
    blank(start: number, end: number): void;
    overwrite(start: number, end: number, text: string): void;
    insertBehind(offset: number, text: string): void;
    insertBefore(offset: number, text: string): void;
    hasCodeBehind(offset: number): boolean;
    toString(): string;
    slice(start: number, end: number): string;
    shifts(): Map<number, LineShifts>;
    placesBehind(offsets: readonly number[]): number[];
    createMap(source: string): string;
}
export declare function createShiftMap(text: string, shifts: ReadonlyMap<number, LineShifts>, source: string): string;

// dist/loader/weave/frame.d.ts
import type { Name } from "../read/names.ts";
export interface CellPlan {
    readonly cells: readonly string[];
    readonly functionCount: number;
}
export interface FrameParts {
    readonly plan: CellPlan;
    readonly names: ReadonlyMap<string, Name>;
    readonly injected: readonly string[];
    readonly commonJs: readonly string[];
    readonly usesDynamicImport: boolean;
}
export interface Frame {
    readonly declarations: string;
    readonly begin: string;
    readonly suffix: string;
}
export interface ImportPlan {
    readonly key: string;
    readonly cells: readonly number[];
    readonly readyCount: number;
    readonly earlyCount: number;
}
export type Entry = "sync" | "async" | ImportPlan;
export declare function createFrame(parts: FrameParts): Frame;
export interface Framed {
    readonly frame: Frame;
    readonly cells: readonly string[];
    readonly imports: readonly unknown[];
    readonly isAsync: boolean;
}
export declare function enclose(framed: Framed, entry: Entry): {
    prefix: string;
    suffix: string;
};
export declare function createForwarder(variable: string, length: number): string;
export declare function readForwarder(text: string): string | undefined;
export declare function directOf(name: string): string;
export declare function nameBehind(variable: string): string;

// dist/loader/weave/method-check.d.ts
import type { Program } from "acorn";
import type { Edits } from "../text/edits.ts";
import type { ImageData } from "./image.ts";
export type MethodKind = "plain" | "async" | "generator" | "async generator";
interface Insertion {
    readonly at: number;
    readonly line: number;
    readonly column: number;
    readonly text: string;
    readonly movesCode: boolean;
}
export interface CheckableMethod {
    readonly owner: string;
    readonly group?: string | undefined;
    readonly name: string;
    readonly isStatic: boolean;
    readonly kind: MethodKind;
    readonly variable: string;
    readonly insertions: readonly Insertion[];
}
export declare function listCheckable(ast: Program, edits: Edits, groups: ReadonlyMap<string, string>): CheckableMethod[];
export declare function groupVariables(exports: readonly {
    readonly name: string;
    readonly local: string | undefined;
}[]): Map<string, string>;
export declare function hasCheck(value: unknown, variable: string): boolean;
export declare function standsFor(value: unknown, kind: MethodKind): "exact" | "converted" | undefined;
export declare function addChecks(data: ImageData, taken: ReadonlySet<string>): ImageData;
export {};

// dist/loader/read/names.d.ts
import type { AnyNode, Class, Function as FunctionNode, Program } from "acorn";
import type { Analysis } from "./analysis.ts";
import type { ModuleRecord } from "./record.ts";
import type { Syntax } from "./syntax.ts";
export type NameKind = "function" | "const-function" | "class" | "const-class" | "literal" | "const" | "let" | "var" | "import";
export interface ClassFacts {
    readonly heritage: string | undefined;
    readonly hasPrivate: boolean;
    readonly hasConstructor: boolean;
    readonly hasStaticBlock: boolean;
}
export interface Name {
    readonly kind: NameKind;
    readonly line: number;
    readonly start: number;
    readonly isForwarded: boolean;
    readonly isDirect: boolean;
    readonly isAsync: boolean;
    readonly isGenerator: boolean;
    readonly length: number;
    readonly isLet?: true;
    readonly facts?: ClassFacts;
    readonly origin?: {
        readonly specifier: string;
        readonly name: string;
    };
}
export declare function readNames(syntax: Syntax, analysis: Analysis, record: ModuleRecord, written?: Syntax): Map<string, Name>;
export declare function classesOf({ body }: Program): Generator<[name: string, node: Class]>;
export declare function findClassExpression(init: AnyNode, name: string): Class | undefined;
export declare function readClassFacts(node: Class, code: string): ClassFacts;
export declare function findConstructor(node: Class): FunctionNode | undefined;
export declare function isClassKind(kind: NameKind | undefined): kind is "class" | "const-class";
export declare function isFunction(node: AnyNode): node is AnyNode & FunctionNode;
export declare function isConstant(node: AnyNode): boolean;
export declare function isLiteral(node: AnyNode): boolean;
export declare function isWrittenOut(node: AnyNode): boolean;

// dist/loader/read/record.d.ts
import type { AnyNode } from "acorn";
import type { Analysis } from "./analysis.ts";
import type { Place } from "../text/position.ts";
import type { Syntax } from "./syntax.ts";
export declare const DEFAULT_NAME = "$snaxDef";
export interface ModuleRequest {
    readonly specifier: string;
    readonly type: string | undefined;
    readonly place: Place;
}
export interface ImportEntry {
    readonly request: number;
    readonly specifier: string;
    readonly name: string;
    readonly local: string;
    readonly place: Place;
}
export interface ExportEntry {
    readonly name: string;
    readonly local: string | undefined;
    readonly request: number | undefined;
    readonly imported: string | undefined;
    readonly place: Place;
}
export declare function isStar(entry: ExportEntry): boolean;
export interface ModuleRecord {
    readonly requests: readonly ModuleRequest[];
    readonly imports: readonly ImportEntry[];
    readonly exports: readonly ExportEntry[];
}
export declare function readRecord(syntax: Syntax, analysis?: Analysis): ModuleRecord;
export declare function isAlias(node: AnyNode, analysis: Analysis): boolean;

// dist/loader/run/instance.d.ts
import { ModuleInstance } from "./module-instance.ts";
import type { Program } from "./program.ts";
export interface Surroundings {
    readonly api: Record<string, unknown>;
    injected(name: string): unknown;
}
export declare class Instance {
    #private;
    readonly program: Program;
    readonly surroundings: Surroundings;
    readonly modules: (ModuleInstance | undefined)[];
    constructor(program: Program, surroundings: Surroundings);
    get entry(): ModuleInstance;
    get exports(): Record<string, unknown>;
    module(path: string): ModuleInstance | undefined;
    release(): void;
}

// dist/loader/run/module-node.d.ts
import type { Image } from "../weave/image.ts";
import type { Instance } from "./instance.ts";
import type { ModuleInstance } from "./module-instance.ts";
import type { Source } from "./source.ts";
export type Target = {
    readonly kind: "module";
    readonly node: ModuleNode;
} | {
    readonly kind: "package";
    readonly specifier: string;
    namespace: object;
} | {
    readonly kind: "api";
};
export interface Link {
    readonly cell: number;
    readonly source: Source;
}
export interface Watcher {
    readonly node: ModuleNode;
    readonly target: number | string;
}
export declare class ModuleNode {
    readonly image: Image;
    readonly index: number;
    targets: readonly Target[];
    links: readonly Link[];
    readonly watchers: (Watcher[] | undefined)[];
    readonly isForwardWanted: Uint8Array;
    isInCycle: boolean;
    readonly exportSources: Map<string, Source | undefined>;
    watchesNamespace: boolean;
    isAssigned: boolean;
    importers: WeakRef<Instance>[];
    sweepSize: number;
    shared: ModuleInstance | undefined;
    constructor(image: Image, index: number);
    get isShared(): boolean;
    cellOf(name: string): number | undefined;
}

// dist/loader/resolve/tsconfig.d.ts
import type { TsconfigOptions } from "./tsconfig-options.ts";
export interface Tsconfig extends TsconfigOptions {
    readonly file: string;
    readonly definesFields: boolean;
    readonly isNodeNext: boolean;
}
export declare class Tsconfigs {
    #private;
    find(folder: string): Tsconfig | undefined;
}

// dist/kernel/last-words.d.ts
import type { Kernel } from "./kernel.ts";
import type { Service } from "./service.ts";
export declare abstract class Waiting {
    abstract reject: (error: unknown) => void;
}
type Rejectable = Pick<Waiting, "reject">;
export declare function collectWaiting(service: Service): Rejectable[];
export declare function giveLastTurn(kernel: Kernel, service: Service, waiting: readonly Rejectable[]): void;
export {};

// dist/service/job.d.ts
import type { Context, Receiver } from "./context.ts";
export type Job = (context: Context) => void;
export declare function runInside(context: Context, job: Job, behind?: number): void;
export declare const receiveJob: Receiver;

// dist/service/runtime.d.ts
import type { Clock } from "../base/clock.ts";
import type { LogEntry } from "../base/log-line.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { Message } from "../kernel/message.ts";
import type { Service } from "../kernel/service.ts";
import type { Board } from "../fabric/board.ts";
import type { CodeCache } from "../loader/code-cache.ts";
import type { ModuleInstance } from "../loader/run/module-instance.ts";
import { Commitments } from "./commitment.ts";
import { Context } from "./context.ts";
import type { ReceiverTable } from "./context.ts";
import type { DebugCommand } from "./debug.ts";
import type { Environment } from "./environment.ts";
export { describeError } from "./error-text.ts";
import { MessageTap } from "./message-tap.ts";
import type { SearchPath } from "./search-path.ts";
import type { StewardCommand } from "./steward.ts";
import type { Threads } from "./threads.ts";
import type { Tracer } from "./tracer.ts";
export interface Kind {
    readonly receivers: ReceiverTable;
    readonly listensEarly?: boolean;
    readonly claim?: (entry: ModuleInstance) => string | undefined;
    readonly holding?: (context: Context) => Message | undefined;
    readonly methodOf?: (context: Context, message: Message) => string | undefined;
    readonly interrupted?: (context: Context, message: Message, error: unknown) => void;
    readonly info?: (context: Context) => unknown;
    begin(context: Context, args: readonly unknown[]): unknown;
}
export interface RuntimeOptions {
    readonly kernel: Kernel;
    readonly cache: CodeCache;
    readonly clock: Clock;
    readonly environment: Environment;
    readonly paths: SearchPath;
    readonly write: (entry: LogEntry) => void;
    readonly abort: () => void;
    readonly boards: readonly Board[];
    readonly arrived?: () => void;
}
export declare class Runtime {
    #private;
    readonly kernel: Kernel;
    readonly cache: CodeCache;
    readonly clock: Clock;
    readonly environment: Environment;
    readonly paths: SearchPath;
    readonly abort: () => void;
    readonly arrived: () => void;
    readonly kinds: Map<string, Kind>;
    readonly parts: Map<string, (context: Context) => unknown>;
    readonly commitments: Commitments;
    readonly tap: MessageTap;
    tracer: Tracer | undefined;
    readonly debugCommands: Map<unknown, DebugCommand>;
    readonly stewardCommands: Map<string, StewardCommand>;
    readonly words: Map<string, (...values: readonly unknown[]) => void>;
    readonly onThreadDeath: ((thread: number) => void)[];
    onClear: ((file: string | undefined) => void) | undefined;
    threads: Threads | undefined;
    logger: number;
    lines: ((handle: number, text: string, isPlain: boolean) => boolean) | undefined;
    isBooting: boolean;
    readonly boards: readonly Board[];
    owner: number;
    monitor: number;
    state: "running" | "stopping" | "stopped";
    interrupt: ((handle: number) => Promise<string | undefined>) | undefined;
    isReady: boolean;
    readonly callTimeoutMs: number;
    readonly isProfiling: boolean;
    readonly startedAt: number;
    constructor(options: RuntimeOptions);
    beginStop(): void;
    contextOf(handle: number): Context | undefined;
    after(ms: number, run: () => void): () => void;
    kind(name: string): Kind;
    log(handle: number, text: string): void;
    logFault(handle: number, text: string): void;
    countFault(handle: number): void;
    logLife(handle: number, verb: "LAUNCH" | "KILL", what: string): void;
    print(handle: number, text: string): void;
    reportError(service: Service, error: unknown, message: Message): void;
    reportLostError(service: Service, error: unknown, message: Message): void;
    reportFork(service: Service, error: unknown): void;
    protocolName(type: number): string;
    writePast({ source, payload }: Message): void;
}
export declare function isNews(runtime: Runtime, error: unknown, caller: number): boolean;

// dist/wire/codec-portable.d.ts
export interface PortableKind<T extends object = object, P = unknown> {
    readonly name: string;
    readonly pack: (value: T) => P;
    readonly unpack: (packed: P, receiver: object | undefined) => unknown;
}
export declare class PortableTable {
    #private;
    define<T extends object, P>(constructor: abstract new (...args: never[]) => T, kind: PortableKind<T, P>): void;
    defineNamed<P>(kind: PortableKind<object, P>): void;
    kindOf(value: object): PortableKind | undefined;
    get(name: string): PortableKind | undefined;
}

// dist/kernel/phase.d.ts
import type { Message } from "./message.ts";
export declare const PHASE: {
    readonly handle: 0;
    readonly dispatch: 1;
    readonly type: 2;
    readonly method: 3;
    readonly source: 4;
    readonly session: 5;
    readonly turn: 6;
};
export declare const PHASE_LENGTH = 8;
export type PhaseWords = Int32Array;
export declare function writePhase(words: PhaseWords, handle: number, message: Message): void;

// dist/kernel/interrupt.d.ts
import type { Kernel } from "./kernel.ts";
import type { Message } from "./message.ts";
import type { Service } from "./service.ts";
export declare const INTERRUPT_GRACE_MS = 5000;
export interface Condemned {
    readonly service: Service;
    readonly origin: Message | undefined;
    readonly isByHand?: boolean;
}
export declare function clearUp(kernel: Kernel, condemned: Condemned): void;
export interface GivenUp {
    readonly message: Message;
    readonly error: () => unknown;
}
export declare function giveUp(kernel: Kernel, service: Service, { message, error }: GivenUp): void;

// dist/kernel/handling.d.ts
import type { Message } from "./message.ts";
import type { Service } from "./service.ts";
export declare class Handling {
    readonly message: Message;
    readonly since: number;
    index: number;
    constructor(message: Message, since: number, index: number);
}
export declare function beginHandling(service: Service, message: Message, since: number): Handling;
export declare function endHandling(service: Service, handling: Handling): void;
export declare function unfinishedOf({ owed, running }: Service): [message: Message, since: number][];
export declare function unfinishedCount({ owed, running }: Service): number;
export declare function isDeathWatch({ type, reply }: Message): boolean;

// dist/kernel/kernel-timers.d.ts
import type { Clock } from "../base/clock.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Service } from "./service.ts";
import type { ServiceTable } from "./service-table.ts";
import { Timer } from "./timer-wheel.ts";
export interface KernelTimersOptions {
    readonly clock: Clock;
    readonly services: ServiceTable;
    readonly scheduler: Scheduler;
}
export declare class KernelTimers {
    #private;
    constructor({ clock, services, scheduler }: KernelTimersOptions);
    add(service: Service, timer: Timer, ms: number): void;
    remove(service: Service, timer: Timer): void;
    removeAll(service: Service): void;
    later(ms: number, run: () => void): void;
    fire(now: number): void;
    run(service: Service, timer: Timer): void;
    next(): number | undefined;
}

// dist/kernel/name-table.d.ts
export declare const GLOBAL_NAME_LENGTH_MAX = 15;
export declare const LOCAL_NAME_BYTES_MAX = 112;
export declare function isLocalName(name: string): boolean;
export interface NameStore {
    onRegister: (name: string, handle: number) => void;
    get(name: string): number | undefined;
    register(name: string, handle: number): boolean;
    release(handle: number): void;
}
export declare class NameTable implements NameStore {
    #private;
    onRegister: (name: string, handle: number) => void;
    get(name: string): number | undefined;
    namesOf(handle: number): readonly string[];
    register(name: string, handle: number): boolean;
    release(handle: number): void;
}
export declare function checkName(name: string): void;

// dist/kernel/open-calls.d.ts
import type { Clock } from "../base/clock.ts";
import type { KernelEvents } from "./kernel-options.ts";
import type { KernelTimers } from "./kernel-timers.ts";
import type { Message } from "./message.ts";
import type { NamedMail } from "./named-mail.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Service } from "./service.ts";
import type { ServiceTable } from "./service-table.ts";
import type { PendingCall } from "./session-table.ts";
export interface OpenCallsOptions {
    readonly clock: Clock;
    readonly events: KernelEvents;
    readonly services: ServiceTable;
    readonly scheduler: Scheduler;
    readonly timers: KernelTimers;
    readonly namedMail: NamedMail;
}
export declare class OpenCalls {
    #private;
    size: number;
    constructor({ clock, events, services, scheduler, timers, namedMail }: OpenCallsOptions);
    open(source: Service, target: number, call: PendingCall, origin: Message | undefined): number;
    settle(service: Service, session: number): PendingCall | undefined;
    retarget(call: PendingCall, handle: number, from: number): void;
    setDeadline(source: Service, call: PendingCall, ms: number, error: () => unknown): void;
    abandon(service: Service): void;
}

// dist/kernel/rest.d.ts
import type { Clock } from "../base/clock.ts";
import type { Condemned } from "./interrupt.ts";
import type { KernelTimers } from "./kernel-timers.ts";
import type { Service } from "./service.ts";
export interface RestsOptions {
    readonly clock: Clock;
    readonly timers: KernelTimers;
    readonly firstMs: number;
    readonly openGate: (service: Service, bit: number) => void;
    readonly onRest: (service: Service, ms: number) => void;
}
export declare class Rests {
    #private;
    constructor(options: RestsOptions);
    get byHandMs(): number;
    announce({ service, origin }: Condemned): void;
    begin({ service, origin, isByHand }: Condemned, began: number): number;
    end(service?: Service): void;
    close(): void;
}

// dist/kernel/service-table.d.ts
import type { Service } from "./service.ts";
export interface HandleSource {
    next(): number;
    free?(index: number): void;
}
export declare function createHandleSource(first?: number): HandleSource;
export declare class ServiceTable {
    #private;
    size: number;
    constructor(source: HandleSource, harbor: number);
    get(handle: number): Service | undefined;
    reserve(): number;
    giveBack(handle: number): void;
    add(service: Service): void;
    delete(service: Service): void;
    get pageCount(): number;
    page(number: number): readonly (Service | undefined)[] | undefined;
    [Symbol.iterator](): Generator<Service>;
}

// dist/kernel/timer-wheel.d.ts
import type { Message } from "./message.ts";
interface Bucket {
    readonly deadline: number;
    first: Timer | undefined;
    last: Timer | undefined;
}
export declare class Timer {
    readonly intervalMs: number;
    readonly owner: number;
    origin: Message | undefined;
    subject: object | undefined;
    passesHold: boolean;
    isCancelled: boolean;
    readonly run: () => void;
    bucket: Bucket | undefined;
    before: Timer | undefined;
    after: Timer | undefined;
    previous: Timer | undefined;
    following: Timer | undefined;
    constructor(owner: number, run: () => void, intervalMs?: number);
}
export declare const EMPTIED_MIN = 1024;
export declare class TimerWheel {
    #private;
    length: number;
    get size(): number;
    add(timer: Timer, at: number): number;
    remove(timer: Timer): void;
    next(): number | undefined;
    take(now: number): Timer | undefined;
}
export {};

// dist/kernel/tally.d.ts
export type Tally = Float64Array;
export declare const TALLY: {
    readonly messages: 0;
    readonly cpuMs: 1;
    readonly errors: 2;
    readonly born: 3;
    readonly ended: 4;
};
export declare const TALLY_LENGTH = 8;
export interface TallyBook {
    of(type: string): Tally;
}
export declare const UNCOUNTED: Tally;
export declare function count(tally: Tally, index: number, amount?: number): void;

// dist/fabric/ring-inbox.d.ts
import type { MessagePort } from "node:worker_threads";
export interface Incoming {
    readonly bytes: Uint8Array;
    readonly start: number;
    readonly end: number;
    readonly attachments: readonly unknown[];
}
export declare class RingInbox implements Incoming {
    #private;
    bytes: Uint8Array;
    start: number;
    end: number;
    attachments: readonly unknown[];
    constructor(memory: SharedArrayBuffer, port: MessagePort);
    refresh(): boolean;
    next(): boolean;
    release(): boolean;
}

// dist/fabric/ring-doorbell.d.ts
export declare function createDoorbell(): SharedArrayBuffer;
export declare class Doorbell {
    #private;
    constructor(memory: SharedArrayBuffer);
    fallAsleep(): void;
    wakeUp(): void;
    ring(): boolean;
    notify(): void;
    wait(onWake: () => void): void;
}

// dist/fabric/ring-outbox.d.ts
import type { MessagePort } from "node:worker_threads";
export interface Outgoing {
    write(bytes: Uint8Array, start: number, end: number): number;
    readonly attachments: readonly unknown[];
}
export interface Parcel {
    readonly bytes: Uint8Array;
    readonly attachments: readonly unknown[];
}
export declare class RingOutbox {
    #private;
    constructor(memory: SharedArrayBuffer, port: MessagePort);
    get waiting(): number;
    get isClosed(): boolean;
    send(record: Outgoing): void;
    flush(): boolean;
    publish(): boolean;
    wantRoom(): boolean;
}

// dist/fabric/ring-polling.d.ts
export interface PollingOptions {
    readonly windowMs?: number;
    readonly freshMs?: number;
}
export declare class Polling {
    #private;
    constructor(options?: PollingOptions);
    get isOn(): boolean;
    arrived(now: number): void;
    isOpen(now: number): boolean;
}

// dist/loader/read/analysis.d.ts
import type { AnyNode, Function as FunctionNode, MemberExpression, Program } from "acorn";
import type { Extent } from "../typescript/strip.ts";
import { Scope } from "./scope.ts";
export type Use = "call" | "typeof" | "assign" | "member" | "member-call" | "value";
export interface Reference {
    readonly name: string;
    readonly start: number;
    readonly use: Use;
    readonly member?: string | undefined;
}
export interface Write {
    readonly kind: "expression" | "postfix" | "loop" | "declaration";
    readonly names: readonly string[];
    readonly start: number;
    readonly end: number;
    readonly isBlock: boolean;
}
export interface GlobalWrite {
    readonly name: string;
    readonly start: number;
}
export interface Analysis {
    readonly declared: ReadonlySet<string>;
    readonly references: readonly Reference[];
    readonly freeReferences: readonly Reference[];
    readonly freeNames: ReadonlySet<string>;
    readonly writes: readonly Write[];
    readonly statements: ReadonlySet<number>;
    readonly globalWrites: readonly GlobalWrite[];
    readonly taken: ReadonlySet<string>;
    readonly dynamicImports: readonly number[];
    readonly metas: readonly number[];
    readonly emptyFields: readonly Extent[];
    readonly isAsync: boolean;
    readonly hasClasses: boolean;
}
export declare function analyse(ast: Program, outer?: Iterable<string>): Analysis;
export declare class Walk {
    #private;
    readonly module: Scope;
    readonly references: Reference[];
    readonly freeReferences: Reference[];
    readonly writes: Write[];
    readonly statements: Set<number>;
    readonly globalWrites: GlobalWrite[];
    readonly taken: Set<string>;
    readonly dynamicImports: number[];
    readonly metas: number[];
    readonly emptyFields: Extent[];
    isAsync: boolean;
    hasClasses: boolean;
    scope: Scope;
    constructor(ast: Program);
    visitAll(nodes: readonly (AnyNode | null)[]): void;
    visit(node: AnyNode): void;
    visitChildren(node: AnyNode): void;
    refer(name: string, start: number, use: Use, member?: string): Scope | undefined;
    visitMember(node: MemberExpression, use: "member" | "member-call" | "assign"): void;
    within(declare: (scope: Scope) => void, visit: () => void): void;
    inFunction(visit: () => void): void;
    noteAwait(): void;
    visitFunction(node: FunctionNode): void;
    visitBody(statements: readonly AnyNode[]): void;
}

// dist/loader/read/syntax.d.ts
import type { Program } from "acorn";
import type { Undecorated } from "./decorators.ts";
import type { Place } from "../text/position.ts";
import type { Transform } from "../typescript/transform-need.ts";
export declare const JAVASCRIPT: RegExp;
export interface Syntax {
    readonly file: string;
    readonly text: string;
    readonly code: string;
    readonly map: string | undefined;
    readonly isTransformed: boolean;
    readonly ast: Program;
    readonly decorated?: Undecorated & {
        readonly source: string;
    };
    locate(offset: number): Place;
}
export interface ParseOptions {
    readonly home?: string;
    readonly isAsWritten?: boolean;
    readonly transform?: Transform;
}
export declare function parseModule(text: string, file: string, options?: ParseOptions): Syntax;

// dist/loader/run/module-instance.d.ts
import type { PendingImports } from "./cycle.ts";
import type { ImportSetter } from "./followers.ts";
import type { Image } from "../weave/image.ts";
import type { ImportMeta } from "./import-meta.ts";
import type { Instance } from "./instance.ts";
import type { ModuleNode } from "./module-node.ts";
import type { Name } from "../read/names.ts";
export type ScopeHook = (code: string) => unknown;
export type CellFunction = (operation: number, value?: unknown) => unknown;
export type AnyFunction = (...args: never[]) => unknown;
export declare class ModuleInstance {
    #private;
    readonly instance: Instance;
    readonly node: ModuleNode;
    constructor(instance: Instance, node: ModuleNode);
    get image(): Image;
    get hasBegun(): boolean;
    begin(hook: ScopeHook, cell?: CellFunction): Promise<void> | undefined;
    wait(done: Promise<void>): void;
    declared(cell: number): void;
    after(result: unknown, ...changes: unknown[]): unknown;
    construct(replacement: new () => object, args: ArrayLike<unknown>, target: new () => object): object;
    injected(name: string): unknown;
    import(specifier: unknown, options?: unknown): Promise<unknown>;
    get meta(): ImportMeta;
    get require(): NodeJS.Require;
    nameDefault(value: unknown): void;
    get Root(): typeof Root;
    get(exportName: string): unknown;
    evaluate(code: string): unknown;
    evaluateOwn(code: string): unknown;
    pushHook(hook: ScopeHook): void;
    get hook(): ScopeHook | undefined;
    read(name: string): unknown;
    write(name: string, value: unknown): void;
    getImplementation(name: string): unknown;
    setImplementation(name: string, value: unknown): void;
    forward(name: string): unknown;
    forgetForwarder(name: string): void;
    republish(instances?: Iterable<Instance>): void;
    name(name: string): Name | undefined;
    set namespace(namespace: Record<string, unknown>);
    set pending(pending: PendingImports);
    follow(cell: number, set: ImportSetter, index: number): void;
}
declare const Root: new () => object;
export {};

// dist/loader/run/source.d.ts
import type { Instance } from "./instance.ts";
import type { ModuleNode } from "./module-node.ts";
export declare const kUnset: unique symbol;
export interface Source {
    read(instance: Instance): unknown;
}
export declare class CellSource implements Source {
    readonly node: ModuleNode;
    readonly cell: number;
    constructor(node: ModuleNode, cell: number);
    read(instance: Instance): unknown;
}
export declare class NamespaceSource implements Source {
    readonly node: ModuleNode;
    constructor(node: ModuleNode);
    read(instance: Instance): unknown;
}
export declare class PackageSource implements Source {
    #private;
    constructor(value: unknown);
    read(): unknown;
}
export declare class ApiSource implements Source {
    #private;
    readonly name: string;
    constructor(name: string, refuse: (name: string) => Error);
    read(instance: Instance): unknown;
}

// dist/loader/resolve/tsconfig-options.d.ts
export interface PathPattern {
    readonly pattern: string;
    readonly targets: readonly string[];
}
export interface TsconfigOptions {
    readonly experimentalDecorators?: boolean;
    readonly emitDecoratorMetadata?: boolean;
    readonly useDefineForClassFields?: boolean;
    readonly verbatimModuleSyntax?: boolean;
    readonly isolatedModules?: boolean;
    readonly preserveValueImports?: boolean;
    readonly target?: string;
    readonly module?: string;
    readonly moduleResolution?: string;
    readonly jsx?: string;
    readonly jsxFactory?: string;
    readonly jsxFragmentFactory?: string;
    readonly jsxImportSource?: string;
    readonly baseUrl?: string;
    readonly customConditions?: readonly string[];
    readonly paths?: readonly PathPattern[];
    readonly pathsFolder?: string;
}
export interface OptionPlace {
    readonly file: string;
    readonly folder: string;
    readonly leaf: string;
    readonly name: string;
}
type OptionReader = (value: unknown, place: OptionPlace) => Partial<TsconfigOptions>;
export declare const OPTION_READERS: Readonly<Record<keyof TsconfigOptions, OptionReader>>;
export declare function placePatterns(options: TsconfigOptions): TsconfigOptions;
export {};

// dist/base/log-line.d.ts
export interface LogFormat {
    readonly isJson: boolean;
    readonly isFile: boolean;
    readonly isTerminal?: boolean;
}
export interface LogEntry {
    readonly address: string;
    readonly text: string;
    readonly isPlain?: boolean;
}
export declare function formatLogLine(now: number, entry: LogEntry, format: LogFormat): string;
export interface LateEntry {
    readonly address: () => string;
    readonly text: string;
    readonly isPlain: boolean;
}
export declare class LogFormatter {
    #private;
    constructor(isJson: boolean);
    format(now: number, entry: LateEntry, isFile: boolean, isTerminal: boolean): string;
}

// dist/fabric/board.d.ts
import type { Tally, TallyBook } from "../kernel/tally.ts";
export declare const OTHER_TYPES = "(other)";
export interface Beat {
    readonly silentMs: number | undefined;
    readonly heapBytes: number;
    readonly heapLimitBytes: number;
    readonly openCalls: number;
}
export interface TypeCount {
    readonly type: string;
    readonly messages: number;
    readonly cpuMs: number;
    readonly errors: number;
    readonly born: number;
    readonly ended: number;
}
export declare function createBoardMemory(): SharedArrayBuffer;
export declare function steadyMs(): number;
export declare class Board implements TallyBook {
    #private;
    constructor(memory?: SharedArrayBuffer);
    begin(): void;
    of(type: string): Tally;
    beat(heapBytes: number, heapLimitBytes: number, openCalls: number): void;
    readBeat(): Beat;
    readTypes(): Generator<TypeCount>;
}

// dist/service/commitment.d.ts
import type { Waiting } from "../kernel/last-words.ts";
import type { Message } from "../kernel/message.ts";
import type { Service } from "../kernel/service.ts";
export declare class Commitments {
    #private;
    add(origin: Message | undefined, service: Service, release: (error: unknown) => void): () => void;
    wait(origin: Message | undefined, service: Service, waiter?: Pick<Waiting, "reject">): () => void;
    waiters(service: Service): Pick<Waiting, "reject">[];
    release(service: Service, origin: Message, error: unknown): void;
    forget(service: Service): void;
    holding(service: Service): Message[];
    waiting(service: Service): Message[];
}

// dist/service/debug.d.ts
import type { Message } from "../kernel/message.ts";
import type { Context, Receiver } from "./context.ts";
export type DebugCommand = (context: Context, args: readonly unknown[], message: Message) => unknown;
export declare const receiveDebug: Receiver;

// dist/service/environment.d.ts
import type { SharedLog } from "../fabric/shared-log.ts";
export declare class Environment {
    #private;
    constructor(values?: Readonly<Record<string, unknown>>, log?: SharedLog);
    get(key: string): unknown;
    set(key: string, value: unknown): void;
}

// dist/service/error-text.d.ts
export declare function describeError(error: unknown): string;
export declare function messageOf(thrown: unknown): string;
export declare function isInnard(line: string): boolean;

// dist/service/message-tap.d.ts
import type { Kernel } from "../kernel/kernel.ts";
import type { Message } from "../kernel/message.ts";
import type { Service } from "../kernel/service.ts";
export type MessageListener = (service: Service, message: Message) => void;
export declare class MessageTap {
    #private;
    constructor(kernel: Kernel);
    add(listener: MessageListener): void;
    remove(listener: MessageListener): void;
}

// dist/service/search-path.d.ts
export declare function splitPatterns(services: string | readonly string[]): string[];
export declare function placesOf(patterns: string | readonly string[], root: string, name: string): string[];
export declare class SearchPath {
    #private;
    readonly root: string;
    constructor(services: string | readonly string[], root: string, system: readonly string[]);
    find(name: string): string;
    has(name: string): boolean;
    isSystem(name: string): boolean;
    clear(): void;
}
export declare function faultOf(name: unknown): string | undefined;

// dist/service/steward.d.ts
import { SnaxError } from "../base/error.ts";
import type { Message } from "../kernel/message.ts";
import { Context } from "./context.ts";
import type { Runtime } from "./runtime.ts";
export type StewardCommand = (context: Context, args: readonly unknown[], message: Message) => unknown;
export declare function stewardIndex(thread: number): number;
export declare function createSteward(runtime: Runtime, thread: number, handle: number): Context;
export declare function askSteward(context: Context, thread: number, ...values: [command: string, ...args: unknown[]]): Promise<unknown>;
export declare function noThread(thread: unknown): SnaxError;

// dist/service/threads.d.ts
import type { LaunchRequest } from "./boot.ts";
export interface ThreadWork {
    readonly handle: number;
    readonly dispatch: number;
    readonly turn: number;
}
export interface Threads {
    readonly own: number;
    readonly hosts: readonly number[];
    threadOf(handle: number): number | undefined;
    steward(thread: number): number;
    choose(name: string): number;
    launch(thread: number, request: LaunchRequest): number;
    kill(handle: number): void;
    clearCache(path: string | undefined): void;
    setCacheMode(mode: string): void;
    workOf(thread: number): ThreadWork | undefined;
    tellAll(word: string, ...values: readonly unknown[]): void;
    tell(thread: number, word: string, ...values: readonly unknown[]): void;
    publish(): void;
    homesOf(name: string): readonly number[];
    monitor: number;
}

// dist/service/tracer.d.ts
import type { Message } from "../kernel/message.ts";
import type { PendingCall } from "../kernel/session-table.ts";
import type { Timer } from "../kernel/timer-wheel.ts";
import type { Context } from "./context.ts";
import type { Runtime } from "./runtime.ts";
import type { Address } from "./skynet-api.ts";
export declare class Tracer {
    #private;
    private constructor();
    static of(runtime: Runtime): Tracer;
    setFlag({ handle }: Context, type: number, flag: boolean | undefined): void;
    begin(context: Context, info: string | undefined): void;
    static hear(runtime: Runtime, source: number, session: number, tag: string | undefined): void;
    calling({ handle, service, runtime }: Context, address: Address): void;
    passing(address: Address, source: number, session: number): () => void;
    called(context: Context, { session, target }: PendingCall): void;
    refused({ handle, service, runtime }: Context): void;
    slept(context: Context, timer: Timer): void;
    answered({ handle }: Context, message: Message): void;
    ended({ handle }: Context, message: Message, event: "end" | "error"): void;
    returned(context: Context, result: unknown): void;
    get tag(): string | undefined;
    under<T>(tag: string, send: () => T): T;
}

// dist/kernel/named-mail.d.ts
import type { Envelope } from "./message.ts";
import type { PendingCall } from "./session-table.ts";
export declare const PENDING_PER_NAME_MAX = 65536;
export interface Letter {
    readonly name: string;
    readonly source: number;
    readonly envelope: Envelope;
    readonly call: PendingCall | undefined;
}
export declare class NamedMail {
    #private;
    keep(letter: Letter): void;
    take(name: string): Iterable<Letter>;
    forget(call: PendingCall): void;
}

// dist/loader/typescript/strip.d.ts
export interface Stripped {
    readonly code: string;
    readonly map: string | undefined;
}
export interface Extent {
    readonly start: number;
    readonly end: number;
}
export declare function strip(text: string, file: string): Stripped;
export declare function findUnblankable(text: string, file: string): Extent | undefined;

// dist/loader/read/scope.d.ts
import type { AnyNode, Pattern } from "acorn";
export declare class Scope {
    readonly names: Set<string>;
    readonly parent: Scope | undefined;
    constructor(parent: Scope | undefined);
    find(name: string): Scope | undefined;
}
export declare function visitBoundNames(pattern: Pattern, visit: (name: string, node: AnyNode) => void): void;
export declare function declareLexical(statements: readonly AnyNode[], scope: Scope): void;
export declare function declareVars(node: AnyNode, scope: Scope): void;

// dist/loader/read/decorators.d.ts
import type { Program } from "acorn";
export interface Decorator {
    readonly start: number;
    readonly end: number;
}
export interface Undecorated {
    readonly code: string;
    readonly ast: Program;
    readonly decorators: readonly Decorator[];
    readonly accessors: readonly number[];
}
export declare function readUndecorated(text: string, undeclared: Map<string, number>): Undecorated;
export declare function normalise(expression: string): string;

// dist/loader/typescript/transform-need.d.ts
import type { Stripped } from "./strip.ts";
export interface TransformNeed {
    readonly what: string;
    readonly line: number;
    readonly column: number;
    readonly isExact?: boolean | undefined;
}
export interface TransformOrder {
    readonly text: string;
    readonly file: string;
    readonly home: string;
    readonly need: TransformNeed;
}
export type Transform = (order: TransformOrder) => Stripped;
export declare class TransformNeeded extends Error {
    name: string;
}
export declare function transformElsewhere(): never;

// dist/loader/run/cycle.d.ts
import type { ImportPlan } from "../weave/frame.ts";
import type { ModuleInstance } from "./module-instance.ts";
import type { ModuleNode } from "./module-node.ts";
export declare class Cycle {
    #private;
    readonly nodes: readonly ModuleNode[];
    constructor(nodes: readonly ModuleNode[]);
    planOf(node: ModuleNode): ImportPlan;
}
export declare class PendingImports {
    #private;
    readonly gate: Promise<void> | undefined;
    done: Promise<void> | undefined;
    constructor(plan: ImportPlan, isAsync: boolean);
    enter(stops: Iterator<unknown, unknown, unknown>): void;
    has(cell: number): boolean;
    give(cell: number, value: unknown): void;
    run(): Promise<void> | undefined;
}
export declare function enterModule(module: ModuleInstance, plan: ImportPlan): void;

// dist/loader/run/followers.d.ts
export type ImportSetter = (index: number, value: unknown) => void;
export declare class Followers {
    #private;
    add(cell: number, set: ImportSetter, index: number): void;
    tell(cell: number, value: unknown): void;
}

// dist/fabric/shared-log.d.ts
export declare const LOG_BYTES: number;
export type LogKind = number;
export declare function createLogMemory(bytes?: number): SharedArrayBuffer;
export declare class SharedLog {
    #private;
    constructor(memory: SharedArrayBuffer, thread: number);
    on(kind: LogKind, reader: (bytes: Uint8Array) => void): void;
    sync(): void;
    add(kind: LogKind, decide: () => Uint8Array | undefined): boolean;
    inherit(dead: number): void;
}

// dist/service/boot.d.ts
import { Context } from "./context.ts";
import type { Runtime } from "./runtime.ts";
export type OnReady = (error?: unknown, sendable?: Error) => void;
export interface LaunchRequest {
    readonly kind: string;
    readonly name: string;
    readonly args: readonly unknown[];
    readonly onReady?: OnReady;
    readonly handle?: number;
    readonly code?: Promise<unknown>;
}
export declare function launch(runtime: Runtime, request: LaunchRequest): Context;
export declare function exitSelf(context: Context): never;
export declare function end(context: Context, isKill?: boolean): void;
export declare function wayOut(context: Context): "self" | "kill" | undefined;
export declare function tellFailure(runtime: Runtime, handle: number, error: Error): void;
export declare function tellLauncher(context: Context, ...values: unknown[]): void;
export declare function describeStart({ kind, name, args, }: Pick<LaunchRequest, "kind" | "name" | "args">): string;
export declare const TITLE_LENGTH_MAX = 80;
export declare function after<T, R>(value: T | PromiseLike<T>, next: (value: T) => R | PromiseLike<R>): R | PromiseLike<R>;
