/**
 * Birth, names and death of services, from inside one of them.
 */

import { LEVEL } from "../base/log-level.ts";
import { codeOf, SnaxError } from "../base/error.ts";
import { quoteName } from "../base/name-characters.ts";
import { formatAddress, harborOf } from "../kernel/service.ts";
import { PTYPE } from "../kernel/protocol.ts";
import { deadError } from "../kernel/refusal.ts";
import { isLocalName } from "../kernel/name-table.ts";
import { PLAIN_RECEIVERS } from "./answers.ts";
import { BEAR_OFFSET, bearAt, canBearAt, isUntaken } from "./birth.ts";
import type { LaunchRequest } from "./boot.ts";
import { bound } from "./bound.ts";
import { after, end, exitSelf, launch, predecessorOf } from "./boot.ts";
import { request, resolveAddress } from "./calls.ts";
import type { Context } from "./context.ts";
import { askForRestart } from "./restart.ts";
import { deadPromise, definePart, requireAlive, stoppedError } from "./context.ts";
import type { ApiTable } from "./lazy-api.ts";
import type { Kind } from "./runtime.ts";
import type { Address, MigrateOptions, RestartWish, Starters } from "./skynet-api.ts";
import { endTopLevel } from "./top-level.ts";

interface Beginning {
  readonly inits: (() => unknown)[];
  start: ((...args: unknown[]) => unknown) | undefined;
}

const beginnings = definePart((): Beginning => ({ inits: [], start: undefined }), {
  isOfCode: true,
});

/** What the code of a plain service has given to `skynet.start` and `skynet.init`. */
export function beginningOf(context: Context): Readonly<Beginning> {
  return beginnings.of(context);
}

/** The plain kind's name, which `launch` takes. */
export const PLAIN_KIND_NAME = "snlua";

/** A file that is meant for another kind would be a service that hears nothing. */
function refuseForeign({ runtime, code, name }: Context): void {
  for (const { claim } of runtime.kinds.values()) {
    const why = code === undefined ? undefined : claim?.(code.entry);
    if (why !== undefined) throw new SnaxError("ERR_INIT", `${name} ${why}`);
  }
}

/**
 * A plain service: its module is evaluated, then what it gave to `skynet.init` and `skynet.start` runs. While that waits
 * messages are handled, as in skynet, where the start function is a coroutine like any other.
 */
export const PLAIN_KIND: Kind = {
  receivers: PLAIN_RECEIVERS,
  listensEarly: true,
  begin: (context, args) => {
    const { inits, start } = beginnings.of(context);
    if (start === undefined) refuseForeign(context);
    if (start !== undefined || inits.length > 0) endTopLevel(context);
    let ready: unknown;
    for (const init of inits) ready = after(ready, init);
    if (start === undefined) return ready;
    return after(ready, () => start(...args));
  },
};

/** A request to a system service: its command, and what the program gave. */
export interface Question {
  readonly command: readonly unknown[];
  readonly args: readonly unknown[];
  /** @defaultValue none: how long a service may take to begin is `inittimeout`'s business */
  readonly deadlineMs?: number;
}

/** Asks a system service by its local name. */
export function ask(context: Context, name: string, question: Question): Promise<unknown> {
  const { command, args, deadlineMs = 0 } = question;
  const values = [...command, ...args];
  const ms = deadlineMs === 0 ? Infinity : deadlineMs;
  const answer = request(context, name, { type: PTYPE.lua, method: 0, values }, ms);
  return answer.catch((error: unknown) => {
    throw renumber(error, command.length);
  });
}

/** A service to start. */
export interface Start extends Pick<LaunchRequest, "kind" | "name" | "args"> {
  /** The thread. @defaultValue left to the node */
  readonly place: number | undefined;
  /** @defaultValue none */
  readonly deadlineMs?: number;
}

/** Starts a service and resolves with its handle when it is ready. */
export function startService(context: Context, start: Start): Promise<number> {
  const { kind, name, args, place, deadlineMs = 0 } = start;
  const command = [...launchCommand(place), kind, name];
  const askLauncher = (): Promise<number> =>
    ask(context, ".launcher", { command, args, deadlineMs }) as Promise<number>;
  if (place === undefined || deadlineMs > 0 || !canBearAt(context, place, name))
    return askLauncher();
  return bearAt(context, place, { kind, name, args }).catch((error: unknown) => {
    // Its thread has died, or comes back and has no steward yet; the launcher waits for it. test/integration/service/birth-near.test.ts
    if (isUntaken(context, place, error)) return askLauncher();
    throw renumber(error, BEAR_OFFSET);
  });
}

/** An argument that can't be sent is counted as the program counts it, without the command in front. */
function renumber(error: unknown, offset: number): unknown {
  if (codeOf(error) !== "ERR_NOT_SENDABLE") return error;
  const count = (_: string, number: string): string => `argument ${Number(number) - offset}`;
  const message = (error as Error).message.replace(/^argument (\d+)/, count);
  return new SnaxError("ERR_NOT_SENDABLE", message, { cause: error });
}

function unique(context: Context, command: string, given: readonly unknown[]): Promise<unknown> {
  const isGlobal = given[0] === true;
  const [name, ...args] = isGlobal ? given.slice(1) : given;
  return ask(context, ".service", { command: [isGlobal ? `G${command}` : command, name], args });
}

/** The command by which a service is started: where it is left to choose, or on a certain thread. */
export function launchCommand(place: number | undefined): readonly unknown[] {
  return place === undefined ? ["LAUNCH"] : ["LAUNCHAT", place];
}

/** Asks for a unique service; one that has no file would be waited for in vain. */
function query(context: Context, given: readonly unknown[]): Promise<unknown> {
  const dead = deadPromise(context);
  if (dead !== undefined) return dead;
  try {
    context.runtime.paths.find(String(given[0] === true ? given[1] : given[0]));
  } catch (error) {
    return Promise.reject(error);
  }
  return unique(context, "QUERY", given);
}

function starters(context: Context, place?: number): Starters {
  const command = launchCommand(place);
  return {
    newservice: (name, ...args) =>
      startService(context, { kind: PLAIN_KIND_NAME, name, args, place }),
    uniqueservice: (...given) => {
      // The node that has a network-wide service picks its thread: `place` is ignored.
      if (place === undefined || given[0] === true) {
        return unique(context, "LAUNCH", given) as Promise<number>;
      }
      const [name, ...args] = given;
      return ask(context, ".service", { command: [...command, name], args }) as Promise<number>;
    },
    launch: (kind, name, ...args) => {
      requireAlive(context);
      return launchAt(context, place, { kind, name, args });
    },
  };
}

/** Creates a service on a thread, or where this one is if that hosts services of programs. */
function launchAt(context: Context, place: number | undefined, request: LaunchRequest): number {
  const { runtime } = context;
  const { threads } = runtime;
  if (threads === undefined) return launch(runtime, request).handle;
  const isHost = threads.own !== 0;
  const thread = place ?? (isHost ? threads.own : threads.choose(request.name));
  if (thread === threads.own) return launch(runtime, request).handle;
  if (runtime.state !== "running") throw stoppedError();
  runtime.kind(request.kind);
  return threads.launch(thread, request);
}

function register(context: Context, name: string, handle: number): boolean {
  requireAlive(context);
  const { kernel } = context.runtime;
  if (!kernel.lives(handle)) throw deadError(handle);
  const isGiven = kernel.names.register(name, handle);
  if (isGiven) return true;
  // It comes when the service takes the place of the one that has it.
  if (handle === context.handle && kernel.names.get(name) === predecessorOf(context)) return true;
  tellTaken(context, name, handle);
  return false;
}

/** The names of which a service has been told that it does not get them. */
const takenNames = definePart(() => new Set<string>());

/** Few look at what `register` returns. One line for each name: some try until a name is free. */
function tellTaken(context: Context, name: string, handle: number): void {
  const told = takenNames.of(context);
  if (told.has(name) || told.size >= TAKEN_NAMES_MAX) return;
  told.add(name);
  const { kernel } = context.runtime;
  const holder = kernel.names.get(name);
  const who = holder === undefined ? "another service" : formatAddress(holder);
  context.runtime.log(
    context.handle,
    `${formatAddress(handle)} does not get the name ${quoteName(name)}: ${who} has it`,
    LEVEL.warn,
  );
}

/** Names about which a service is told that it does not get them. */
const TAKEN_NAMES_MAX = 64;

function handleOf(context: Context, address: Address): number {
  const handle = resolveAddress(context, address);
  if (handle !== undefined) return handle;
  throw new SnaxError("ERR_NO_SERVICE", `no service has the name ${address}`);
}

/** The functions of `skynet` about services. */
export const lifeFunctions: ApiTable<Context> = {
  start: (context: Context, run?: (...args: unknown[]) => unknown): void => {
    requireAlive(context);
    if (context.kind !== PLAIN_KIND_NAME) {
      const why = `a ${context.kind} service begins with its own init, not with skynet.start`;
      throw new SnaxError("ERR_ARGUMENT", why);
    }
    const beginning = beginnings.of(context);
    if (beginning.start !== undefined) {
      throw new SnaxError("ERR_ARGUMENT", "skynet.start was called before");
    }
    beginning.start = run ?? (() => undefined);
  },
  init: (context: Context, run: () => unknown): void => {
    requireAlive(context);
    beginnings.of(context).inits.push(run);
  },
  restart: (context: Context, wish: RestartWish = {}): void => {
    requireAlive(context);
    askForRestart(context, wish);
  },
  exit: (context: Context): never => {
    requireAlive(context);
    return exitSelf(context);
  },
  self: (context: Context): number => context.handle,
  address: (_context: Context, address: Address): string =>
    typeof address === "number" ? formatAddress(address) : String(address),
  localname: ({ runtime }: Context, name: string): number | undefined =>
    isLocalName(name) ? runtime.kernel.names.get(name) : undefined,
  harbor: (context: Context, address: Address) => {
    const id = harborOf(handleOf(context, address));
    return { id, isRemote: id !== harborOf(context.handle) };
  },
  newservice: (context: Context, name: string, ...args: unknown[]) =>
    starters(context).newservice(name, ...args),
  uniqueservice: (context: Context, ...args: [string | true, ...unknown[]]) =>
    starters(context).uniqueservice(...args),
  queryservice: (context: Context, ...given: unknown[]) => query(context, given),
  at: (context: Context, place: "near" | number): Starters =>
    bound(starters(context, readPlace(context, place)), {
      ...{ api: "skynet", member: "at", args: [place] },
    }),
  launch: (context: Context, kind: string, name: string, ...args: unknown[]): number =>
    starters(context).launch(kind, name, ...args),
  kill: (context: Context, address: Address): void => {
    requireAlive(context);
    const { runtime } = context;
    const handle = handleOf(context, address);
    const target = runtime.contextOf(handle);
    if (target !== undefined) end(target, true);
    else runtime.threads?.kill(handle);
  },
  migrate: async (context: Context, address: Address, wish: MigrateOptions) => {
    requireAlive(context);
    const { migrate } = context.runtime;
    if (migrate === undefined) throw stoppedError();
    return await migrate(context, address, wish);
  },
  abort: (context: Context): void => {
    requireAlive(context);
    context.runtime.abort();
  },
  register: (context: Context, name: string): boolean => register(context, name, context.handle),
  name: (context: Context, name: string, address: Address): boolean =>
    register(context, name, handleOf(context, address)),
  monitor: async (context: Context, name: string): Promise<number> => {
    const handle = (await unique(context, "LAUNCH", [name])) as number;
    const { runtime } = context;
    if (runtime.threads === undefined) runtime.monitor = handle;
    else runtime.threads.monitor = handle;
    return handle;
  },
};

/**
 * Reads the choice of a thread.
 *
 * @returns its number; undefined if there is nothing to choose, or the choice is left to the node: "near" on the main
 * thread, which hosts no services of programs.
 * @throws {ERR_ARGUMENT} if there is no such thread.
 */
export function readPlace({ runtime: { threads } }: Context, place: unknown): number | undefined {
  if (threads === undefined) {
    if (place === "near" || place === 0) return undefined;
    throw new SnaxError("ERR_ARGUMENT", `no thread ${String(place)}: use "near" or 0`);
  }
  if (place === "near") return threads.own === 0 ? undefined : threads.own;
  if (threads.hosts.includes(place as number)) return place as number;
  throw new SnaxError(
    "ERR_ARGUMENT",
    `no thread ${String(place)}: use "near" or 1 to ${threads.hosts.length}`,
  );
}
