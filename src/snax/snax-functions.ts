/**
 * The functions of `snax` that start, find and end services. Those that change running code are
 * live/'s.
 */

import { SnaxError } from "../base/error.ts";
import { copyArguments } from "../base/copy.ts";
import { Message } from "../kernel/message.ts";
import { PTYPE } from "../kernel/protocol.ts";
import type { Service } from "../kernel/service.ts";
import { HOLD } from "../kernel/service.ts";
import { noteBound } from "../service/bound.ts";
import { checkDeadline, request } from "../service/calls.ts";
import type { Context } from "../service/context.ts";
import { deadPromise, requireAlive } from "../service/context.ts";
import { printf } from "../service/information.ts";
import type { ApiTable } from "../service/lazy-api.ts";
import { ask, launchCommand, readPlace, startService } from "../service/life.ts";
import { SnaxHost, SYSTEM_METHOD } from "./snax-host.ts";
import type { Caller } from "./service-object.ts";
import { SnaxObject } from "./service-object.ts";
import { SNAX_KIND } from "./snax-kind.ts";
import type { RepairOptions, ServiceInterface, ServiceProfile } from "./types.ts";

/** The user of the API: a service, its deadline, and how to make the API for another deadline. */
export interface SnaxCaller extends Caller {
  readonly context: Context;
  /** The thread that it wants new services on. @defaultValue left to the node */
  readonly place?: number | undefined;
  /** How it wants patches to be applied. @defaultValue each service wholly or not at all */
  readonly repair?: RepairOptions | undefined;
  /** Makes the whole API for a caller. */
  readonly make: (caller: SnaxCaller) => object;
}

/** Makes the API for a caller that another one's `at` or `within` has made. */
function noteMade(
  from: SnaxCaller,
  caller: SnaxCaller,
  [member, arg]: readonly [member: string, arg: unknown],
): object {
  const made = caller.make(caller);
  const { place, repair, deadlineMs } = from;
  // One call gives it only if there was none before.
  const isFirst = place === undefined && repair === undefined && deadlineMs === 0;
  return isFirst ? noteBound(made, { api: "snax", member, args: [arg] }) : made;
}

/** Makes a service object for a caller. */
export function bind(caller: SnaxCaller, handle: number, type: string): SnaxObject {
  return new SnaxObject(caller, handle, type);
}

/**
 * Takes a service object out of an argument of a program.
 *
 * @throws {ERR_ARGUMENT} if it is not a service object.
 */
export function requireObject(value: unknown, what: string): SnaxObject {
  if (value instanceof SnaxObject) return value;
  throw new SnaxError("ERR_ARGUMENT", `${what} needs a service object, not ${typeof value}`);
}

function rawnewservice(
  { context, deadlineMs, place }: SnaxCaller,
  name: string,
  ...args: unknown[]
): Promise<number> {
  return startService(context, { kind: SNAX_KIND, name, args, place, deadlineMs });
}

function uniqueKey(name: string): string {
  return `snaxd.${name}`;
}

async function unique(
  caller: SnaxCaller,
  command: string,
  name: string,
  ...args: unknown[]
): Promise<SnaxObject> {
  // One that has no file would be waited for in vain.
  if (command.endsWith("QUERY")) {
    requireAlive(caller.context);
    caller.context.runtime.paths.find(name);
  }
  const order = command === "LAUNCH" ? launchCommand(caller.place) : [command];
  const question = { command: [...order, uniqueKey(name)], args, deadlineMs: caller.deadlineMs };
  const handle = await ask(caller.context, ".service", question);
  return bind(caller, handle as number, name);
}

async function system(
  { context, deadlineMs }: SnaxCaller,
  target: SnaxObject,
  method: number,
  values: unknown[],
): Promise<unknown> {
  return request(context, target.handle, { type: PTYPE.snax, method, values }, deadlineMs);
}

function self(caller: SnaxCaller): SnaxObject {
  return bind(caller, caller.context.handle, caller.context.name);
}

async function kill(caller: SnaxCaller, target: unknown, ...args: unknown[]): Promise<void> {
  await system(caller, requireObject(target, "snax.kill"), SYSTEM_METHOD.exit, args);
}

/**
 * Ends the service that asks: `exit` runs when what waits already is done, or at once in queue
 * mode, where the running handler may be the one that asks and waits.
 *
 * @returns a promise that never settles: no code is left that could go on.
 */
function leave({ context }: SnaxCaller, args: unknown[]): Promise<never> {
  const dead = deadPromise(context);
  if (dead !== undefined) return dead;
  if (!(context.state instanceof SnaxHost)) {
    const message = "snax.exit without a service object ends a typed service, and this is not one";
    return Promise.reject(new SnaxError("ERR_ARGUMENT", message));
  }
  const { handle, service, runtime } = context;
  const envelope = { type: PTYPE.snax, method: SYSTEM_METHOD.exit, values: args };
  if (!isBusy(service)) runtime.kernel.send(handle, handle, envelope);
  else {
    const own = copyArguments(args, service);
    runtime.kernel.sendUrgent(service, new Message(PTYPE.snax, handle, 0, SYSTEM_METHOD.exit, own));
  }
  return new Promise(() => {});
}

function isBusy({ holds }: Service): boolean {
  return (holds & HOLD.busy) !== 0;
}

/** The functions by name. */
export const snaxFunctions: ApiTable<SnaxCaller> = {
  rawnewservice,
  newservice: async (caller: SnaxCaller, name: string, ...args: unknown[]): Promise<SnaxObject> =>
    bind(caller, await rawnewservice(caller, name, ...args), name),
  bind: (caller: SnaxCaller, handle: number, type: string): SnaxObject => {
    requireAlive(caller.context);
    if (!Number.isInteger(handle) || handle <= 0 || typeof type !== "string") {
      throw new SnaxError("ERR_ARGUMENT", "snax.bind needs a handle and the name of a type");
    }
    return bind(caller, handle, type);
  },
  self,
  kill,
  exit: (caller: SnaxCaller, ...args: unknown[]): Promise<void> =>
    args[0] instanceof SnaxObject ? kill(caller, ...(args as [unknown])) : leave(caller, args),
  uniqueservice: (caller: SnaxCaller, name: string, ...args: unknown[]) =>
    unique(caller, "LAUNCH", name, ...args),
  globalservice: (caller: SnaxCaller, name: string, ...args: unknown[]) =>
    unique(caller, "GLAUNCH", name, ...args),
  queryservice: (caller: SnaxCaller, name: string) => unique(caller, "QUERY", name),
  queryglobal: (caller: SnaxCaller, name: string) => unique(caller, "GQUERY", name),
  interface: async ({ snax, context }: SnaxCaller, name: string): Promise<ServiceInterface> => {
    // The numbers exist once a service of the type has begun; a name that no file has is refused.
    context.runtime.paths.find(name);
    const response = Object.create(null) as Record<string, number>;
    const accept = Object.create(null) as Record<string, number>;
    for (const [number, method] of snax.methods.of(name).offered()) {
      (method.group === "response" ? response : accept)[method.name] = number;
    }
    return { name, response, accept };
  },
  // Every snax service takes calls of other nodes; skynet's programs say so.
  enablecluster: (): void => {},
  printf: ({ context }: SnaxCaller, format: string, ...args: unknown[]): void =>
    printf(context, format, ...args),
  profile_info: async (caller: SnaxCaller, target: unknown): Promise<ServiceProfile> =>
    (await system(
      caller,
      requireObject(target, "snax.profile_info"),
      SYSTEM_METHOD.profile,
      [],
    )) as ServiceProfile,
  at: (caller: SnaxCaller, place: unknown): object =>
    noteMade(caller, { ...caller, place: readPlace(caller.context, place) }, ["at", place]),
  within: (caller: SnaxCaller, ms: number): object => {
    checkDeadline(ms);
    return noteMade(caller, { ...caller, deadlineMs: ms }, ["within", ms]);
  },
};
