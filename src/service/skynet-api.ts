/**
 * `skynet` as one service holds it: names and meaning are skynet's, times are milliseconds, waiting returns a promise.
 *
 * Functions are bound to the service and may be taken out of the object. Each throws ERR_SERVICE_DEAD (or rejects with it)
 * once the service has ended, except those that only compute.
 */

/** Where a message goes: a handle, its text `:0000000a`, a local `.name`, or a global name. */
export type Address = number | string;

/** A handler: gets session, source and what was sent; what it returns, or its promise resolves to, is the answer. */
export type Handler = (session: number, source: number, ...values: never[]) => unknown;

/** A protocol as a program registers it. */
export interface Protocol {
  /** What `send`, `call` and `dispatch` name it by. */
  readonly name: string;
  /** Its message type, 0..255. */
  readonly id: number;
  /** Turns what is sent into bytes. */
  readonly pack?: (...values: never[]) => Uint8Array;
  /** Turns bytes into what the handler gets. */
  readonly unpack?: (bytes: Uint8Array) => unknown;
  /** Its handler, as if given to `dispatch`. */
  readonly dispatch?: Handler;
}

/** Several results of one answer; see {@link SkynetApi.values}. */
export interface Several {
  /** The results in order. */
  readonly values: readonly unknown[];
}

/** A detached answer; see {@link SkynetApi.response}. */
export interface Response {
  /** Answers with a value; false if the requester is gone. @throws {ERR_REPLIED} at the second answer. */
  (ok: true, value?: unknown): boolean;
  /** Answers with an error. @throws {ERR_REPLIED} at the second answer. */
  (ok: false, error?: unknown): boolean;
  /** Says whether the requester still waits, as far as this thread knows. */
  (ok: "TEST"): boolean;
}

/** What came of one request of a selection. */
export interface Selected {
  /** The request as it was given. */
  readonly request: RequestItem;
  /** The answer; undefined if it failed. */
  readonly value?: unknown;
  /** Why it failed; undefined if it was answered. */
  readonly error?: unknown;
}

/** One request of a selection: where, which protocol, what. */
export type RequestItem = readonly [address: Address, type: string, ...values: unknown[]];

/** Several requests at once; see {@link SkynetApi.request}. */
export interface RequestSet {
  /** Adds a request. */
  add(...item: RequestItem): RequestSet;
  /** Sends all of them and yields each answer as it comes; ends early after `timeoutMs`. May be used once. */
  select(timeoutMs?: number): AsyncIterableIterator<Selected>;
  /** True when the selection ended by its time. */
  readonly timeout: boolean;
}

/** Runs functions one after the other; see {@link SkynetApi.queue}. */
export type Queue = <A extends unknown[], R>(
  run: (...args: A) => R,
  ...args: A
) => Promise<Awaited<R>>;

/**
 * ON: use and fill the cache. EXIST: use it, add nothing. OFF: read every file anew. As skynet's codecache.
 */
export type CacheMode = "ON" | "EXIST" | "OFF";

/** The code cache of the thread; see {@link SkynetApi.cache}. */
export interface CacheApi {
  /**
   * Forgets the code of one file and of all services made with it, or of every file: services that are started from now
   * on get what the files say then. Those that run keep their code.
   *
   * @param path - relative to the configuration's folder.
   */
  clear(path?: string): void;
  /**
   * Sets what later starts do with the cache, and returns it; without an argument only the latter. ON: use and fill it.
   * EXIST: use it, add nothing. OFF: read every file anew.
   *
   * @throws {ERR_ARGUMENT} if there is no such mode.
   */
  mode(mode?: CacheMode): CacheMode;
}

/** What a service may be asked about itself. */
export type StatKey = "mqlen" | "message" | "cpu" | "task" | "handlers" | "endless";

/** The part of the API that a deadline can be given to. */
export interface Calls {
  /**
   * Sends a request and resolves to the answer; what the handler throws arrives with message, code and remote stack.
   *
   * @throws {ERR_SERVICE_DEAD} if the service is dead or dies before it answers.
   * @throws {ERR_NO_SERVICE} if no service has the local name.
   * @throws {ERR_NOT_SENDABLE} if a value can't be sent, with the path to it.
   * @throws {ERR_TIMEOUT} if a deadline was set and passed.
   * @throws {ERR_DEADLOCK} if a service in queue mode calls itself from its running handler.
   */
  call<R = unknown>(address: Address, type: string, ...values: unknown[]): Promise<R>;
  /** Sends bytes as a request and resolves to the answer as it came. */
  rawcall<R = unknown>(address: Address, type: string, bytes: Uint8Array): Promise<R>;
}

/** Starts services; see {@link SkynetApi.at}. */
export interface Starters {
  /**
   * Starts the service file `name` and resolves to its handle when its start function is done. While that waits the service
   * handles messages already; one whose start function never ends is waited for without end.
   *
   * The arguments, any values that can be sent, reach the function given to `skynet.start`.
   *
   * @throws {ERR_NO_SERVICE} if no file of that name is on the search path; what the file or its start function
   * throws arrives as it is.
   * @throws {ERR_INIT_TIMEOUT} if its file is not evaluated after `inittimeout`.
   */
  newservice(name: string, ...args: unknown[]): Promise<number>;
  /** Starts the only service of that name on this node, or gives the one that runs. `true` first: in the network. */
  uniqueservice(name: string | true, ...args: unknown[]): Promise<number>;
  /** Creates a service without asking the launcher; returns its handle at once, and does not tell how it begins. */
  launch(kind: string, name: string, ...args: unknown[]): number;
}

/** How a service wants to be brought back; see {@link SkynetApi.restart}. */
export interface RestartWish {
  /** Most restarts within a period; then it stays away, and the log says so. @defaultValue 5 */
  readonly intensity?: number;
  /** Milliseconds. @defaultValue 60000 */
  readonly period?: number;
  /** Milliseconds before the second restart within a period, doubled for each further one; the first is at once. @defaultValue 100 */
  readonly backoff?: number;
}

/** Where a service is to go; see {@link SkynetApi.migrate}. */
export interface MigrateOptions {
  /** Number of a thread that hosts services, from 1. */
  readonly thread: number;
}

/** What came of {@link SkynetApi.migrate}. */
export interface MigrateResult {
  readonly handle: number;
  /** The threads. If it was there already, both are the same. */
  readonly from: number;
  readonly to: number;
  /** For how many milliseconds its messages waited, until it had left; its drain is part of it. */
  readonly held: number;
  /** How many bytes went over: its state, and what the runtime keeps of it. */
  readonly bytes: number;
  /** How many messages went with it. */
  readonly waiting: number;
  /** Variables that have their value. */
  readonly carried: readonly string[];
}

/** Everything under `import { skynet } from "snax"`. */
export interface SkynetApi extends Calls, Starters {
  /**
   * Begins a plain service: runs `run` with the arguments of `newservice` once the module is evaluated. While it waits the
   * service handles messages: a type for which `dispatch` has set no handler yet waits for that.
   */
  start(run?: (...args: never[]) => unknown): void;
  /** Runs something before the start function. */
  init(run: () => unknown): void;
  /**
   * Asks that this service be brought back, with the arguments that it was started with, if its thread dies: a new one of
   * the same name, with a new address and a new state. To be called while the service begins. One that ends by itself, or
   * is ended, is not brought back.
   *
   * @throws {ERR_ARGUMENT} if the service has begun, or the wish is not valid.
   * @throws {ERR_NOT_SENDABLE} if its arguments can't be sent any more.
   */
  restart(wish?: RestartWish): void;
  /** Ends this service. Never returns: the running handler is cut off, and callers that wait get ERR_SERVICE_DEAD. */
  exit(): never;
  /** Returns this service's handle. */
  self(): number;
  /** Prints a handle, 10 -> `:0000000a`; anything else as text. */
  address(address: Address): string;
  /** Returns who has a local `.name`, or undefined. */
  localname(name: string): number | undefined;
  /** Returns the harbor id in an address, and whether it is another node's. */
  harbor(address: Address): { readonly id: number; readonly isRemote: boolean };

  /** Sends values one-way; false if no service lives there. @throws {ERR_NOT_SENDABLE} */
  send(address: Address, type: string, ...values: unknown[]): boolean;
  /** Sends bytes one-way; false if no service lives there. */
  rawsend(address: Address, type: string, bytes: Uint8Array): boolean;
  /**
   * Sends a message in another service's name. With the session of a request that this service was sent and gives up
   * (`ignoreret`), the receiver answers the one who asked. False if no service lives there.
   */
  redirect(
    address: Address,
    source: Address,
    type: string,
    session: number,
    ...values: unknown[]
  ): boolean;
  /** Answers the message being dispatched; only before the handler's first await. False if the requester is gone. */
  ret(value?: unknown): boolean;
  /** The same as `ret`, with several values as `skynet.values` makes them. */
  retpack(...values: unknown[]): boolean;
  /** Detaches the answer of the message being dispatched: nothing is answered until the function is called. */
  response(): Response;
  /** Gives up the answer of the message being dispatched: its session means something else. */
  ignoreret(): void;
  /** Returns session and source of the message being dispatched. */
  context(): { readonly session: number; readonly source: number };
  /** Sets the handler of a protocol and returns the one before; without a handler, returns the present one. */
  dispatch(
    type: string,
    handler?: (session: number, source: number, ...values: never[]) => unknown,
  ): unknown;
  /** Adds a protocol to this service. @throws {ERR_ARGUMENT} if its name or id is taken. */
  register_protocol(protocol: Protocol): void;
  /** Makes several results of one answer, for callers that take several. */
  values(...values: unknown[]): Several;
  /** Gives calls with a deadline of `ms` milliseconds: `skynet.within(500).call(...)`; Infinity means none. */
  within(ms: number): Calls;
  /** Builds several requests whose answers are taken as they come. */
  request(...items: RequestItem[]): RequestSet;

  /** Finds the only service of that name on this node, waiting until it runs. `true` first: in the network. */
  queryservice(name: string | true, globalName?: string): Promise<number>;
  /**
   * Gives the same starters for a chosen thread: "near" is the caller's own, which suits services that talk much with
   * each other.
   *
   * @throws {ERR_ARGUMENT} if there is no such thread; `thread: n` has the numbers 1 to n, `thread: 0` only 0.
   */
  at(place: "near" | number): Starters;
  /** Ends another service at once; callers that wait for it get ERR_SERVICE_DEAD. */
  kill(address: Address): void;
  /** Stops the node. */
  abort(): void;
  /**
   * Moves a running service to another thread, under its handle: its code, its state by names, its timers, and what waits for it.
   * Handlers in flight end first (`draintimeout`). Senders notice nothing; the order of what one of them sends is kept.
   *
   * A failure before the service leaves changes nothing.
   *
   * @param address - a handle, or a name.
   * @throws {ERR_MIGRATE} with what is in the way, by path and line where it is state: a closure, a socket, an object of a
   * package. {ERR_ARGUMENT} if there is no such thread, {ERR_SERVICE_DEAD} if no service lives there.
   * @example
   * ```ts
   * const { held, waiting } = await skynet.migrate(room.handle, { thread: 2 });
   * ```
   */
  migrate(address: Address, options: MigrateOptions): Promise<MigrateResult>;
  /** Gives this service a name: `.name` on this node, any other globally. False if another has it. */
  register(name: string): boolean;
  /** Gives another service a name. */
  name(name: string, address: Address): boolean;
  /** Starts (or finds) the unique service that gets a `client` message from each service that ends. */
  monitor(name: string): Promise<number>;

  /** Runs `run` once after `ms` milliseconds; at 0 after the messages that wait already. */
  timeout(ms: number, run: () => unknown): void;
  /** Waits `ms` milliseconds; resolves to "BREAK" if `wakeup(token)` ended it. */
  sleep(ms: number, token?: unknown): Promise<"BREAK" | undefined>;
  /** Lets the messages that wait already go first. */
  yield(): Promise<"BREAK" | undefined>;
  /** Waits for `wakeup(token)`. @throws {ERR_ARGUMENT} if other code waits on the token. */
  wait(token: unknown): Promise<void>;
  /** Ends the wait or sleep on a token; false if no handler waits on it. */
  wakeup(token: unknown): boolean;
  /** Runs something after the current handler's synchronous part and before the next message. */
  fork<A extends unknown[]>(run: (...args: A) => unknown, ...args: A): void;
  /** Makes a lock: functions run through it run one after the other, awaits included. */
  queue(): Queue;
  /** Milliseconds since the node began. */
  now(): number;
  /** Seconds since 1970 at which the node began. */
  starttime(): number;
  /** Seconds since 1970, with fractions. */
  time(): number;
  /** A monotonic clock in nanoseconds. */
  hpc(): bigint;

  /** Returns a value of the configuration. */
  getenv<T = string>(key: string): T | undefined;
  /** Adds a value to the configuration. @throws {ERR_ARGUMENT} if the key exists. */
  setenv(key: string, value: unknown): void;
  /** Hands out a session number that no call of this service uses. */
  genid(): number;
  /** Encodes values as skynet does (lua-seri). */
  pack(...values: unknown[]): Uint8Array;
  /** Decodes what `pack` encoded. */
  unpack(bytes: Uint8Array): unknown[];
  /** The same as `pack`, as a string of one character per byte. */
  packstring(...values: unknown[]): string;
  /** Logs a line under this service's address; not an exception. */
  error(...values: unknown[]): void;
  /** Logs a trace line with a new tag of this service. */
  trace(info?: string): void;
  /** Returns a figure about this service: mailbox length, messages handled, CPU seconds, calls that wait, handlers that wait. */
  stat(key: StatKey): number;
  /** How many messages wait. */
  mqlen(): number;
  /** How many calls of this service wait for an answer. */
  task(): number;
  /** Says what `info` of the debug console shows of this service. */
  info_func(run: (...args: unknown[]) => unknown): void;
  /** The code that new services of this thread get. */
  readonly cache: CacheApi;
  /** Fires when this service ends: pass it to fetch, streams, pools. */
  readonly signal: AbortSignal;
}
