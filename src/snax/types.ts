/**
 * The static types of snax services: what a service file may export, what callers see of it, and
 * the `snax` object.
 *
 * A caller names a service's type in one of two ways: by a type argument, `newservice<typeof
 * Foobar>("foobar")`, or by its name alone, once {@link Services} lists it (`snax types` writes
 * that list). Either way a method, an argument or a use of a result that the service does not offer
 * is an error of the compiler.
 *
 * There is no code here, and no check that an argument can be sent: that is known at run time only
 * (ERR_NOT_SENDABLE). This is the one file where `any` is allowed: it is what a service without a
 * description looks like. Functions of the API are properties, not methods, since programs may take
 * them out of their object.
 */

import type { DryApi, DryOptions } from "./types-dry.ts";
import type { InflightOptions, InflightResult } from "./types-inflight.ts";
import type { ReloadOptions, ReloadResult } from "./types-reload.ts";
import type { SwapOptions, SwapResult } from "./types-swap.ts";

type AnyFunction = (...args: any[]) => unknown;

type IsAny<T> = 0 extends 1 & T ? true : false;

/**
 * The services that may be named without a type argument. Empty; a program adds to it, by hand or
 * with `snax types`.
 *
 * As long as it is empty, every name is accepted and gives a service object without checks. From
 * its first entry on, a name that it lacks is an error of the compiler; a type argument says that
 * the name is meant all the same.
 *
 * @example
 * ```ts
 * declare module "snax" {
 *   interface Services { foobar: typeof import("./foobar.ts") }
 * }
 * ```
 */
export interface Services {}

/**
 * A conditional type keeps no name of its own, so that the compiler's messages spell the services
 * out.
 */
type NamesOf<S> = [S] extends [never] ? never : keyof S & string;

/** The names that {@link Services} lists. */
export type ServiceName = NamesOf<Services>;

/**
 * What may stand for a service's name where no type argument is given: any text until
 * {@link Services} lists one.
 */
export type KnownName = [ServiceName] extends [never] ? string : ServiceName;

/**
 * What a file exports to be a snax service, each part optional; what else it exports is its
 * own affair.
 */
export interface ServiceModule {
  /** Methods that answer: `p.req.name(...)`. */
  readonly response?: object;
  /** Methods that don't answer: `p.post.name(...)`. */
  readonly accept?: object;
  /** The same group as `accept` under its older name. */
  readonly subscribe?: object;
  /**
   * Runs first, with the arguments of `newservice`; returning "queue" asks for one message at a
   * time.
   */
  readonly init?: AnyFunction;
  /** Runs last, with the arguments of `exit` or `kill`. */
  readonly exit?: AnyFunction;
}

/** The type of one group of a module; a group that it lacks is empty. */
type Group<M, G extends keyof ServiceModule> = M extends { readonly [K in G]: infer T } ? T : {};

/** The key of a method; members that are no functions, or have no name, are no methods. */
type MethodName<T, K extends keyof T> = T[K] extends AnyFunction ? K & string : never;

/** A method of `response` as its callers see it. */
type RequestMethod<F> = F extends (...args: infer A) => infer R
  ? IsAny<R> extends true
    ? (...args: A) => Promise<any>
    : [R] extends [never]
      ? (...args: A) => Promise<never>
      : [R] extends [Promise<unknown>]
        ? F
        : (...args: A) => Promise<Awaited<R>>
  : never;

/** A method of `accept` as its callers see it. */
type PostMethod<F> = F extends (...args: infer A) => unknown ? (...args: A) => void : never;

type Requests<T> = {
  readonly [K in keyof T as MethodName<T, K>]-?: RequestMethod<T[K]>;
};

type Posts<T> = {
  readonly [K in keyof T as MethodName<T, K>]-?: PostMethod<T[K]>;
};

/**
 * What `p.req` offers: each method of the module's `response`, returning a promise of the result.
 *
 * A method that returns a promise keeps its signature, with type parameters and overloads. Of any
 * other, type parameters become their constraints and of overloads the last one counts, as with the
 * compiler's own `Parameters`. An overloaded method has to return promises from all of its
 * signatures or from none.
 */
export type Req<M> = IsAny<M> extends true ? any : Requests<Group<M, "response">>;

/**
 * What `p.post` and `p.pub` offer: each method of `accept` and `subscribe`, returning nothing and
 * never waiting.
 */
export type Post<M> =
  IsAny<M> extends true ? any : Posts<Group<M, "accept"> & Group<M, "subscribe">>;

/**
 * What `newservice` passes to the module's `init`: nothing if it has none, and the impossible if
 * there is no module, so that a name without a type argument is left to those that {@link Services}
 * lists.
 */
export type InitArgs<M> =
  IsAny<M> extends true
    ? any[]
    : [M] extends [never]
      ? [unlisted: never]
      : M extends { readonly init: (...args: infer A) => unknown }
        ? A
        : [];

/** What `exit` and `kill` pass to the module's `exit`; nothing if it has none. */
export type ExitArgs<M> =
  IsAny<M> extends true
    ? any[]
    : M extends { readonly exit: (...args: infer A) => unknown }
      ? A
      : [];

/**
 * A service as its callers hold it; can be sent in messages. Without a type argument nothing is
 * checked.
 */
export interface ServiceObject<M extends ServiceModule = any> {
  /** The address. */
  readonly handle: number;
  /** The name of the service file. */
  readonly type: string;
  /** Calls a method of `response` and promises its result. */
  readonly req: Req<M>;
  /** Sends to a method of `accept` or `subscribe`. */
  readonly post: Post<M>;
  /** The same as `post` under its older name. */
  readonly pub: Post<M>;
}

/**
 * The type argument that stands for "none given": without checks, or refused once {@link Services}
 * lists a name.
 */
type Unnamed = [ServiceName] extends [never] ? any : never;

/**
 * Which names go with a type argument: any, but none where it was left out and names are checked.
 * Generic code, where the compiler can't tell, says `name as never`.
 */
type NameFor<M> = [M] extends [never] ? never : string;

/** Starts a service by name with the arguments of its `init`. */
export interface StartService {
  /** By type argument, or unchecked as long as {@link Services} is empty. */
  <M extends ServiceModule = Unnamed>(
    name: string,
    ...args: InitArgs<M>
  ): Promise<ServiceObject<M>>;
  /** By a name that {@link Services} lists. */
  <N extends ServiceName>(
    name: N,
    ...args: InitArgs<Services[N]>
  ): Promise<ServiceObject<Services[N]>>;
}

/** Starts a service by name and gives its bare address. */
export interface StartRawService {
  /** By type argument, or unchecked as long as {@link Services} is empty. */
  <M extends ServiceModule = Unnamed>(name: string, ...args: InitArgs<M>): Promise<number>;
  /** By a name that {@link Services} lists. */
  <N extends ServiceName>(name: N, ...args: InitArgs<Services[N]>): Promise<number>;
}

/** Finds a service that runs under its type's name. */
export interface QueryService {
  /** By type argument, or unchecked as long as {@link Services} is empty. */
  <M extends ServiceModule = Unnamed>(name: NameFor<M>): Promise<ServiceObject<M>>;
  /** By a name that {@link Services} lists. */
  <N extends ServiceName>(name: N): Promise<ServiceObject<Services[N]>>;
}

/** Makes a service object from an address. */
export interface BindService {
  /** By type argument, or unchecked as long as {@link Services} is empty. */
  <M extends ServiceModule = Unnamed>(handle: number, type: NameFor<M>): ServiceObject<M>;
  /** By a name that {@link Services} lists. */
  <N extends ServiceName>(handle: number, type: N): ServiceObject<Services[N]>;
}

/**
 * Makes a service object for a snax service of another node; without an address for the unique one
 * of the type.
 */
export interface BindFarService {
  /** By type argument, or unchecked as long as {@link Services} is empty. */
  <M extends ServiceModule = Unnamed>(
    node: string,
    type: NameFor<M>,
    address?: string | number,
  ): Promise<ServiceObject<M>>;
  /** By a name that {@link Services} lists. */
  <N extends ServiceName>(
    node: string,
    type: N,
    address?: string | number,
  ): Promise<ServiceObject<Services[N]>>;
}

/** Ends a service: another one, or the one that asks. */
export interface ExitService {
  /** Ends `target`: its `exit` runs with `args`, then it is gone. */
  <M extends ServiceModule>(target: ServiceObject<M>, ...args: ExitArgs<M>): Promise<void>;
  /** Ends the service that asks: its own `exit` runs with `args`. The promise never settles. */
  <A extends readonly unknown[]>(
    ...args: A extends readonly [ServiceObject, ...unknown[]] ? never : A
  ): Promise<never>;
}

/**
 * A hot-fix: the text of a patch for the service's own file, or a record from module path to text,
 * all of them applied in one step.
 */
export type Patch = string | Readonly<Record<string, string>>;

/** A service that a patch could not be applied to; it is as it was. */
export interface PatchFailure {
  /** The address of the service. */
  readonly handle: number;
  /** A code of the package's list, `ERR_PATCH_FAILED` for instance. */
  readonly code: string;
  /** What happened, for people. */
  readonly message: string;
}

/** A service that a patch passed over, since it had nothing to repair there. */
export interface PatchSkip {
  /** The address of the service. */
  readonly handle: number;
  /** Why, for people: it ended meanwhile, or it was born with the patch. */
  readonly reason: string;
}

/** What became of a patch for all services of a type. */
export interface HotfixAllResult {
  /** The patch's number in the ledger of the node. */
  readonly id: number;
  /** The addresses of the services that run the patch now. */
  readonly applied: readonly number[];
  /** The services that refused it or undid it. */
  readonly failed: readonly PatchFailure[];
  /** The services that were passed over. */
  readonly skipped: readonly PatchSkip[];
  /** For how many milliseconds the services handled nothing; only with `atomic`. */
  readonly held?: number;
  /**
   * What goes on with an old value or an old text although the patch is in, as far as the texts
   * show it, a phrase each, for people: what was made with a constant that it replaces, closures,
   * methods that code holds as values and that can't follow. At most PATCH_KEEPS_MAX; undefined if
   * nothing does.
   */
  readonly keepsOld?: readonly string[];
}

/** One of several patches that go in together; see {@link SnaxApi.together}. */
export type TogetherPatch =
  | {
      /** All services of this type, those to be born included. */
      readonly type: string;
      readonly patch: Patch;
      /** What its `hotfix()` is given. @defaultValue nothing */
      readonly args?: readonly unknown[];
    }
  | {
      /** The path of a `"use shared"` module, relative to the folder of the configuration. */
      readonly shared: string;
      readonly patch: string;
    };

/** What became of patches that went in together. */
export interface TogetherResult {
  /** Their number in the ledger of the node. */
  readonly id: number;
  /** The addresses of the services that run patches of their types now. */
  readonly applied: readonly number[];
  /** The services that were passed over. */
  readonly skipped: readonly PatchSkip[];
  /** For how many milliseconds the services handled nothing. */
  readonly held: number;
  /** See {@link HotfixAllResult.keepsOld}. */
  readonly keepsOld?: readonly string[];
}

/** How patches are applied; see {@link SnaxApi.repair}. */
export interface RepairOptions {
  /**
   * A patch of `hotfixall` goes into every service of the type or into none, on all threads, and no
   * handler sees it before; one of `hotfixshared` likewise, on all threads. Whom it concerns
   * handles nothing meanwhile: the services of the type, or all that use the module.
   *
   * @defaultValue false: each service by itself
   */
  readonly atomic?: boolean;
  /**
   * A patch of `hotfixall` or `hotfixshared` is in until the node stops or the code cache is
   * cleared: it is not written to the ledger on disk.
   *
   * @defaultValue false: it lasts, if the node has a ledger
   */
  readonly once?: boolean;
}

/** How patches of the whole fleet are applied; see {@link SnaxApi.repair}. */
export interface FleetOptions {
  /**
   * The patch goes into all nodes of the cluster or into none. Needs `cluster.engine` and
   * `cluster.token`.
   */
  readonly fleet: true;
  /**
   * A node that does not answer is left out: it gets the patch before it is ready again.
   *
   * @defaultValue false: a node that does not answer refuses the patch
   */
  readonly allowMissing?: boolean;
  /** As for one node; a patch of the fleet is always for all services or for none. */
  readonly atomic?: true;
}

/** What became of a patch on one node of the fleet. */
export interface FleetNodeResult {
  /** The addresses there of the services that run the patch now, FLEET_RESULTS_MAX at most. */
  readonly applied: readonly number[];
  /**
   * What refused it, FLEET_RESULTS_MAX at most. With `handle: 0`: the node itself, which has not
   * told what came of it, or was left out.
   */
  readonly failed: readonly PatchFailure[];
  /** The services that were passed over, FLEET_RESULTS_MAX at most. */
  readonly skipped: readonly PatchSkip[];
  /** How many there are of each, also beyond FLEET_RESULTS_MAX. */
  readonly counts: { readonly applied: number; readonly failed: number; readonly skipped: number };
}

/** What became of a patch of the whole fleet. */
export interface FleetResult {
  /** The patch's number in the fleet; the ledger of each node has it as `fleet`. */
  readonly id: number;
  /** By the name of the node. */
  readonly nodes: Readonly<Record<string, FleetNodeResult>>;
}

/** Changing what runs on all nodes of the cluster. */
export interface FleetApi {
  /**
   * Repairs every service of a type on every node, those to be born included, or none.
   *
   * @throws {ERR_ENGINE_DOWN} if there is no engine, or it is away. `error.data.sent` is true if
   * the patch may be in.
   * @throws {ERR_PATCH} and its kin if a node refuses it or does not answer; `error.data.nodes`
   * says which. Then nothing has changed anywhere.
   */
  readonly hotfixall: <N extends string = KnownName>(
    type: NoInfer<N>,
    patch: Patch,
    ...args: unknown[]
  ) => Promise<FleetResult>;
  /**
   * Takes patches of the fleet back, by their numbers in the fleet, on every node or on none. The
   * node that is asked has to run the type.
   *
   * @throws as `hotfixall`, and as `rollback` of one node.
   */
  readonly rollback: (ids: number | readonly number[]) => Promise<FleetResult>;
  /**
   * Says of each node which services run what, against the files there. A node that does not answer
   * within twice `hotfixtimeout`, or can't be reached, is named in `silent`. Nodes are those of the
   * engine and of `cluster.nodes`; patches need an engine, this does not.
   *
   * @throws {ERR_ENGINE_DOWN} if the configuration has neither.
   */
  readonly drift: () => Promise<FleetDrift>;
}

/** What became of a patch in one service. */
export interface PatchResult {
  /** The address of the service; 0 for a shared module. */
  readonly handle: number;
  readonly ok: boolean;
  /** Why not: a code of the package's list. */
  readonly code?: string;
}

/** One entry of the ledger. */
export interface PatchRecord {
  /** The patch's number on this node. */
  readonly id: number;
  /** The first 12 hex digits of the SHA-256 of its text. */
  readonly hash: string;
  /** The same for each of its texts, by module; "" is the service's own file. */
  readonly texts: Readonly<Record<string, string>>;
  /** When it was applied, in milliseconds since 1970. */
  readonly time: number;
  /** What it was for: `:0000000a foobar`, `all foobar`, or the path of a shared module. */
  readonly target: string;
  /** In how many services it was put. */
  readonly applied: number;
  /** How many refused it or undid it. */
  readonly failed: number;
  /** The number of the patch of the whole fleet that it is; undefined = of this node alone. */
  readonly fleet?: number;
  /** Per service: the failures first, at most LEDGER_RESULTS_MAX in all. */
  readonly results: readonly PatchResult[];
  /** The handle of the service that asked for it; 0 if it is of an earlier start. */
  readonly by: number;
  /** Of several patches that went in together, what each was for. */
  readonly targets?: readonly string[];
  /** What goes on with the old; see {@link HotfixAllResult.keepsOld}. */
  readonly keepsOld?: readonly string[];
  /** The numbers of the patches that it took back. */
  readonly takesBack?: readonly number[];
  /** The number of the patch that took it back. */
  readonly rolledBackBy?: number;
  /** Why new services do not need it any more: a later patch, or their files, give all of it. */
  readonly retired?: string;
}

/** Variables of a service that a rollback has left as they are. */
export interface KeptVariables {
  /** The address of the service; 0 for a shared module. */
  readonly handle: number;
  readonly names: readonly string[];
}

/** What became of patches that were taken back. */
export interface RollbackResult {
  /** The number of the patch that took them back; undefined if all had been taken back before. */
  readonly id: number | undefined;
  /** The services that run without them now, by handle; empty for a shared module. */
  readonly applied: readonly number[];
  readonly failed: readonly PatchFailure[];
  readonly skipped: readonly PatchSkip[];
  /**
   * Variables that keep their value although a patch that is taken back has assigned them: other
   * code has written them since, or it is not known any more what they had before.
   */
  readonly kept: readonly KeptVariables[];
  /** What stays, as later patches have it or as no patch can change it, a line each: for people. */
  readonly notes: readonly string[];
}

/** What became of a patch for a shared module. */
export interface HotfixSharedResult {
  /** The patch's number in the ledger of the node. */
  readonly id: number;
  /** How many threads had the module loaded and run the patch now. */
  readonly threads: number;
  /** See {@link HotfixAllResult.keepsOld}. */
  readonly keepsOld?: readonly string[];
}

/** A patch that a module has. */
export interface DriftPatch {
  /** The first 12 hex digits of the SHA-256 of its text. */
  readonly hash: string;
  /** Its number in the ledger; undefined if that does not know it any more. */
  readonly id: number | undefined;
}

/** A module as services run it, against its file as it is now. */
export interface DriftModule {
  /** Real path of the file. */
  readonly file: string;
  /** The first 12 hex digits of the SHA-256 of the text that was loaded. */
  readonly base: string;
  /** What it has got since, the oldest first. */
  readonly patches: readonly DriftPatch[];
  /** The same digits of the file as it is now; undefined if it can't be read. */
  readonly disk: string | undefined;
  /** The declarations that differ in what they do, or why that can't be told; empty if none. */
  readonly differs: readonly string[];
}

/** Services of one type that run the same texts, with the same patches. */
export interface DriftGroup {
  readonly type: string;
  readonly handles: readonly number[];
  /** Their own file first; those that all services share are not among them. */
  readonly modules: readonly DriftModule[];
}

/** A `"use shared"` module, as services of these threads run it. */
export interface DriftShared extends DriftModule {
  readonly threads: readonly number[];
  /** The services that use it. */
  readonly handles: readonly number[];
}

/** A thread that did not say what its services run. */
export interface SilentThread {
  readonly thread: number;
  /** Why, for people: it names the service that keeps the thread. */
  readonly reason: string;
}

/** What runs against the files on disk. */
export interface DriftReport {
  /** Whether something runs that the files do not say, or that can't be told. */
  readonly drifts: boolean;
  readonly groups: readonly DriftGroup[];
  readonly shared: readonly DriftShared[];
  readonly silent: readonly SilentThread[];
}

/** What a node of the fleet runs against its files. */
export interface FleetNodeDrift extends DriftReport {
  /** The folder of its configuration. */
  readonly root: string;
}

/** A node that did not say what it runs. */
export interface SilentNode {
  readonly node: string;
  /** ERR_NODE_DOWN, ERR_NODE_UNREACHABLE, ERR_TIMEOUT, or what kept it from answering. */
  readonly code: string;
  /** Why, for people. */
  readonly reason: string;
}

/** What all nodes run against their files. */
export interface FleetDrift {
  /** Whether something runs somewhere that the files there do not say, or that can't be told. */
  readonly drifts: boolean;
  /** By the name of the node. */
  readonly nodes: Readonly<Record<string, FleetNodeDrift>>;
  readonly silent: readonly SilentNode[];
  /** False while the engine is away: nodes that came since are not known. */
  readonly isComplete: boolean;
}

/** The numbers that stand for a type's methods in messages. */
export interface ServiceInterface {
  /** The name of the service file. */
  readonly name: string;
  /** Number by name, without prototype. */
  readonly response: Readonly<Record<string, number>>;
  /** Number by name, `subscribe` included, without prototype. */
  readonly accept: Readonly<Record<string, number>>;
}

/** What one method of a service has cost since the service began. */
export interface MethodProfile {
  /** How often the method ran. */
  readonly count: number;
  /** CPU time of all runs in milliseconds. */
  readonly time: number;
}

/** Cost by method name, without prototype; methods that never ran may be missing. */
export type ServiceProfile = Readonly<Record<string, MethodProfile>>;

/** Snax as one service holds it. Its functions may be taken out of the object. */
export interface SnaxApi {
  /**
   * Starts the service file `name` and resolves when its `init` has finished.
   *
   * If `init` throws, no service remains.
   *
   * @throws {ERR_NO_SERVICE} if no file of that name is on the search path.
   * @throws {ERR_INIT} if it exports something else than functions as methods or `init`; what the
   * file throws while it loads, or its `init`, arrives as it was thrown.
   * @example
   * ```ts
   * const p = await snax.newservice<typeof Foobar>("foobar", "hello world");
   * ```
   */
  readonly newservice: StartService;
  /** Does what `newservice` does and resolves to the bare address. */
  readonly rawnewservice: StartRawService;
  /** Makes a service object from the address and the type of a service, without asking it. */
  readonly bind: BindService;
  /** Returns the object of the service that asks. */
  readonly self: <M extends ServiceModule = any>() => ServiceObject<M>;
  /**
   * Ends the service given first, with the arguments of its `exit`; without one, the service that
   * asks.
   */
  readonly exit: ExitService;
  /** Ends `target` after its `exit` ran with `args`. */
  readonly kill: <M extends ServiceModule>(
    target: ServiceObject<M>,
    ...args: ExitArgs<M>
  ) => Promise<void>;
  /**
   * Repairs a running service, wholly or not at all, and resolves to what the patch's
   * `hotfix(...args)` returns.
   *
   * @throws {ERR_SYNTAX} if the patch is not TypeScript.
   * @throws {ERR_PATCH} if the patch breaks a rule.
   * @throws {ERR_PATCH_NAME} if it names something that the service does not have.
   * @throws {ERR_PATCH_FAILED} if its `hotfix` threw, and everything was undone.
   * @example
   * ```ts
   * const last = await snax.hotfix<number>(p, text, 100);
   * ```
   */
  readonly hotfix: <R = any>(
    target: ServiceObject | number | string,
    patch: Patch,
    ...args: unknown[]
  ) => Promise<R>;
  /**
   * Repairs every service of a type, those to be born included; each one wholly or not at all.
   *
   * Once {@link Services} lists names, the type argument `<string>` lets any other name pass.
   *
   * @throws {ERR_PATCH} and its kin if the patch can't be applied anywhere; then nothing changed.
   */
  readonly hotfixall: <N extends string = KnownName>(
    type: NoInfer<N>,
    patch: Patch,
    ...args: unknown[]
  ) => Promise<HotfixAllResult>;
  /**
   * Takes patches back by their numbers, also out of order: what later patches gave stays. For
   * services yet to be born as well. Variables that `hotfix()` assigned get back what they had,
   * unless other code has written them since (`kept`); what else it did stays, and `notes` says so.
   *
   * @param ids - numbers of the ledger; several were for the same type, service or module.
   * @throws {ERR_ARGUMENT} if the ledger has no such patch, or it was refused.
   * @throws {ERR_PATCH_NAME} if a later patch needs a name that one of them added.
   * @throws {ERR_PATCH} if no patch can lead back, or services of the type run different texts.
   * @example
   * ```ts
   * const { id } = await snax.hotfixall("shop", text);
   * await snax.rollback(id);
   * ```
   */
  readonly rollback: (ids: number | readonly number[]) => Promise<RollbackResult>;
  /**
   * Lists the handlers that still run a body from before a patch, on all threads; waits for them,
   * or ends them.
   *
   * A body that has begun goes on with its own text; what it calls is new. A thread that does not
   * answer is named in `silent`, and is not waited for.
   *
   * @param id - number of the ledger.
   * @throws {ERR_ARGUMENT} if the ledger has no such patch.
   * @throws {ERR_PATCH} if its text is no longer kept.
   * @example
   * ```ts
   * const { old } = await snax.inflight(id, { wait: 30_000 });
   * ```
   */
  readonly inflight: (id: number, options?: InflightOptions) => Promise<InflightResult>;
  /**
   * Puts the files as they are now behind the handles of running services, with their state: for
   * what no patch can do. Mailbox, sessions, names and sockets stay; top-level variables are
   * carried by name, instances under the new classes. An exported `reload(old, from)` migrates.
   *
   * A service whose reload fails goes on as it was.
   *
   * @param target - a service object or an address, or a type: then new services run the files
   * as they are now, too.
   * @throws {ERR_RELOAD} with the cause if the files can't be loaded; for one service any error
   * that is in the way, with path and line. For a type that is told in `failed`.
   * @example
   * ```ts
   * const { reloaded, leftBehind } = await snax.reload("arena");
   * ```
   */
  readonly reload: (
    target: ServiceObject | number | string,
    options?: ReloadOptions,
  ) => Promise<ReloadResult>;
  /**
   * Puts new services of the files as they are now in the place of all of a type, while they are
   * called: a new one for each, on its thread, begun with its arguments. What waits and what comes
   * goes to the new ones, names too; what the old ones have begun they end. An old one ends when it
   * is drained and no message has come to its handle for a while.
   *
   * If a new one does not begin, or an old one has state of its own, nothing has changed.
   *
   * @throws {ERR_SWAP} with the cause, and which service has which state, timer or socket.
   * @example
   * ```ts
   * const { swapped, forwarded } = await snax.swap("calc");
   * ```
   */
  readonly swap: (type: string, options?: SwapOptions) => Promise<SwapResult>;
  /** Repairs a `"use shared"` module, named by its path, on all threads. */
  readonly hotfixshared: (path: string, patch: string) => Promise<HotfixSharedResult>;
  /**
   * Repairs several types and `"use shared"` modules, all of them or none, on all threads; no
   * handler sees it before. The services of the types, and all that use the modules, handle nothing
   * meanwhile. The patches go in in this order, and have one number.
   *
   * @param patches - 1 to TOGETHER_MAX
   * @throws {ERR_PATCH_FAILED} and its kin if one refuses; `data.failed` lists those services. Then
   * nothing has changed.
   * @example
   * ```ts
   * await snax.together([{ shared: "lib/tax.ts", patch: tax }, { type: "shop", patch: shop }]);
   * ```
   */
  readonly together: (patches: readonly TogetherPatch[]) => Promise<TogetherResult>;
  /**
   * Gives the same API with options for patches. With `dry` these are tried on a copy of a service,
   * in a process of its own, and nothing is changed.
   *
   * @throws {ERR_ARGUMENT} if there is no such option.
   * @example
   * ```ts
   * await snax.repair({ atomic: true }).hotfixall("shop", text);
   * ```
   */
  readonly repair: {
    (options: FleetOptions): FleetApi;
    (options: { readonly dry: DryOptions }): DryApi;
    (options: RepairOptions): SnaxApi;
  };
  /**
   * Says which services run what, against the files on disk as they are now; of all threads. A
   * thread that does not answer within `hotfixtimeout` is named in `silent`.
   *
   * @example
   * ```ts
   * const { drifts, groups } = await snax.drift();
   * ```
   */
  readonly drift: () => Promise<DriftReport>;
  /** Returns the ledger: the patches of this node, newest last. */
  readonly patches: () => readonly PatchRecord[];
  /**
   * Gives the only service of a type on this node, and starts it the first time; later arguments
   * are ignored.
   */
  readonly uniqueservice: StartService;
  /** Gives the only service of a type in the whole network, and starts it the first time. */
  readonly globalservice: StartService;
  /** Waits for the only service of a type on this node, without starting it. */
  readonly queryservice: QueryService;
  /** Waits for the only service of a type in the whole network, without starting it. */
  readonly queryglobal: QueryService;
  /**
   * Gives the numbers of a type's methods. `<string>` lets a name pass that {@link Services} lacks.
   */
  readonly interface: <N extends string = KnownName>(name: NoInfer<N>) => Promise<ServiceInterface>;
  /** Logs a text under the service's address, formatted as by Node's `util.format`. */
  readonly printf: (format: string, ...args: unknown[]) => void;
  /**
   * Does nothing: services take calls of other nodes without it. It is there for programs that come
   * from skynet.
   */
  readonly enablecluster: () => void;
  /** Tells what each method of a service has cost so far. */
  readonly profile_info: (target: ServiceObject) => Promise<ServiceProfile>;
  /**
   * Gives the same API for a chosen thread: services started through it run there.
   *
   * @param place - "near" for the thread of the service that asks, or the number of a thread.
   */
  readonly at: (place: "near" | number) => SnaxApi;
  /**
   * Gives the same API with a deadline: what waits through it, or through an object that it made,
   * rejects with ERR_TIMEOUT when the time is over.
   */
  readonly within: (timeoutMs: number) => SnaxApi;
}
