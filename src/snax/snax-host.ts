/**
 * A snax service from inside: its methods by number, and how a message becomes a call of one.
 *
 *     Context.receive -> receiveSnax -> methods[message.method](...args) -> Context.answer
 *
 * The numbers are those of a type of service. They are handed out by group and name when either
 * side first needs one, and only ever appended, so that callers bound before a `clearcache` or a
 * patch still reach the right method. The first four are snax's system methods. Where a node has
 * several threads they agree by a shared log: a thread that needs a new number enters the name, and
 * all read the entries in one order.
 *
 * Hot path (bench: call).
 */

import { SnaxError } from "../base/error.ts";
import { LEVEL } from "../base/log-level.ts";
import { formatAddress, HOLD } from "../kernel/service.ts";
import { endHandling } from "../kernel/handling.ts";
import type { Message } from "../kernel/message.ts";
import { REPLY } from "../kernel/message.ts";
import type { ModuleInstance } from "../loader/run/module-instance.ts";
import { end } from "../service/boot.ts";
import type { Context, Receiver } from "../service/context.ts";
import { EXIT_SIGNAL, isThenable } from "../service/context.ts";
import { describeError } from "../service/error-text.ts";
import type { MethodProfile } from "./types.ts";
import { LOG_KIND } from "../fabric/node-memory.ts";
import type { SharedLog } from "../fabric/shared-log.ts";
import type { WireNumbers } from "./wire-numbers.ts";

const SAMPLE_MASK = 15;

/**
 * What each method of one service costs.
 *
 * Calls are counted exactly; time is measured on the first call and then on each sixteenth, and the
 * rest is taken to be like it, because two readings of the clock would cost as much as a small
 * method.
 */
class MethodProfiler {
  #counts: number[] | undefined = undefined;
  #samples: Map<number, { count: number; ms: number }> | undefined = undefined;

  /** Counts a call and says whether it is one to measure. */
  isDue(method: number): boolean {
    const counts = (this.#counts ??= []);
    const count = counts[method] ?? 0;
    while (counts.length < method) counts.push(0);
    counts[method] = count + 1;
    return (count & SAMPLE_MASK) === 0;
  }

  /** Runs a call and notes the CPU time of its synchronous part. */
  measure<R>(method: number, run: () => R): R {
    const began = performance.now();
    try {
      return run();
    } finally {
      const samples = (this.#samples ??= new Map());
      const sample = samples.get(method) ?? { count: 0, ms: 0 };
      sample.count += 1;
      sample.ms += performance.now() - began;
      samples.set(method, sample);
    }
  }

  /** Returns calls and CPU milliseconds by method name. */
  report(numbers: MethodNumbers): Record<string, MethodProfile> {
    const report = Object.create(null) as Record<string, MethodProfile>;
    for (const [method, count] of (this.#counts ?? []).entries()) {
      const name = numbers.nameOf(method)?.name;
      if (count === 0 || name === undefined) continue;
      const sample = this.#samples?.get(method);
      const time = sample === undefined ? 0 : (sample.ms / sample.count) * count;
      report[name] = { count, time };
    }
    return report;
  }
}

/** A method of a service. */
export type Method = (this: unknown, ...args: unknown[]) => unknown;

/** The objects that hold a service's methods, by export name. */
export type MethodGroups = Readonly<Record<string, Record<string, unknown> | undefined>>;

/** The inside of one snax service. */
export class SnaxHost {
  readonly context: Context;
  readonly numbers: MethodNumbers;
  /** Methods by number; replaced when it has to grow. */
  methods: (Method | undefined)[] = [];
  /** The `exit` that a patch gave to a service that exports none. */
  addedExit: Method | undefined = undefined;
  /** Messages are handled strictly one after the other. */
  isQueue = false;
  /** In queue mode the message whose handler runs or awaits. */
  busyWith: Message | undefined = undefined;
  #profiler: MethodProfiler | undefined = undefined;

  constructor(context: Context, numbers: MethodNumbers) {
    this.context = context;
    this.numbers = numbers;
  }

  /**
   * Returns what counts the cost of each method; undefined if the configuration turns that
   * off.
   */
  profile(): MethodProfiler | undefined {
    if (!this.context.runtime.isProfiling) return undefined;
    return (this.#profiler ??= new MethodProfiler());
  }

  /**
   * Reads the methods from the module's exports.
   *
   * @throws {ERR_INIT} if a group is no object or two groups have a method of one name.
   */
  readMethods(): void {
    for (const [name, group] of GROUP_EXPORTS) {
      const holder = groupOf(this.context.code?.entry, name);
      if (holder === undefined) continue;
      for (const key of Object.keys(holder)) {
        if (typeof holder[key] === "function") this.#add(group, key, holder[key] as Method);
      }
    }
  }

  /** Sets or takes away the method behind a name; the group's object is the caller's to change. */
  setMethod(group: Group, name: string, method: Method | undefined): void {
    const number = this.numbers.numberOf(group, name);
    this.#makeRoom(number);
    this.methods[number] = method;
    if (method !== undefined) this.numbers.offer(number);
  }

  /** Returns the method behind a name. */
  getMethod(group: Group, name: string): Method | undefined {
    return this.methods[this.numbers.numberOf(group, name)];
  }

  #add(group: Group, name: string, method: Method): void {
    const number = this.numbers.numberOf(group, name);
    if (this.methods[number] !== undefined && this.methods[number] !== method) {
      throw new SnaxError(
        "ERR_INIT",
        `accept.${name} and subscribe.${name} are two methods of one name`,
      );
    }
    this.#makeRoom(number);
    this.methods[number] = method;
    this.numbers.offer(number);
  }

  /**
   * Room for all methods of the type at once, and for no more: an array that grows by itself is
   * half empty.
   */
  #makeRoom(number: number): void {
    if (number < this.methods.length) return;
    const grown = new Array<Method | undefined>(this.numbers.end).fill(undefined);
    for (const [index, method] of this.methods.entries()) grown[index] = method;
    this.methods = grown;
  }
}

/**
 * Returns the object that holds the methods of a group, as the service exports it; undefined if it
 * exports none.
 */
export function groupOf(
  entry: ModuleInstance | undefined,
  name: string,
): Record<string, unknown> | undefined {
  const holder = entry?.get(name);
  if (holder === undefined) return undefined;
  if (typeof holder === "object" && holder !== null) return holder as Record<string, unknown>;
  throw new SnaxError("ERR_INIT", `${name} must be an object of functions, not ${typeof holder}`);
}

/** The host of a snax service. */
export function hostOf(context: Context): SnaxHost {
  return context.state as SnaxHost;
}

/** The receiver of snax messages. */
export const receiveSnax: Receiver = (context, message) => {
  const host = context.state as SnaxHost;
  const { method: number } = message;
  const method = host.methods[number];
  if (method === undefined) return receiveSystem(host, message);
  beginTurn(host, message, method, number, message.payload as unknown[]);
};

/** Runs a method for a message; in queue mode nothing else is handled meanwhile. */
// oxlint-disable-next-line max-params -- hot path: an object would be one more for each message
export function beginTurn(
  host: SnaxHost,
  message: Message,
  method: Method,
  number: number,
  args: readonly unknown[],
): void {
  if (!host.isQueue) return runMethod(host, message, method, number, args, undefined);
  const { service, runtime } = host.context;
  runtime.kernel.hold(service, HOLD.busy);
  host.busyWith = message;
  runMethod(host, message, method, number, args, () => endTurn(host, message));
}

/** Lets the next message of a service in queue mode in, unless an interrupt has done so. */
export function endTurn(host: SnaxHost, message: Message): void {
  if (host.busyWith !== message) return;
  host.busyWith = undefined;
  host.context.runtime.kernel.release(host.context.service, HOLD.busy);
}

// oxlint-disable-next-line max-params -- as above
function runMethod(
  host: SnaxHost,
  message: Message,
  method: Method,
  number: number,
  args: readonly unknown[],
  done: (() => void) | undefined,
): void {
  let result: unknown;
  try {
    result = run(host, method, number, args);
  } catch (error) {
    fail(host, message, number, error);
    done?.();
    return;
  }
  if (message.reply === REPLY.none && isThenable(result)) {
    const { runtime, service } = host.context;
    const handling = runtime.kernel.goesOn(service, message);
    const end = (): void => {
      endHandling(service, handling);
      done?.();
    };
    Promise.resolve(result).then(end, (error: unknown) => {
      fail(host, message, number, error);
      end();
    });
    return;
  }
  host.context.answer(message, result, done);
}

function run(host: SnaxHost, method: Method, number: number, args: readonly unknown[]): unknown {
  const profiler = host.profile();
  return profiler?.isDue(number) === true
    ? profiler.measure(number, () => invoke(method, args))
    : invoke(method, args);
}

/** Calls with few arguments are the rule, and a spread costs more than a switch. */
function invoke(method: Method, args: readonly unknown[]): unknown {
  switch (args.length) {
    case 0:
      return method();
    case 1:
      return method(args[0]);
    case 2:
      return method(args[0], args[1]);
    default:
      return method(...args);
  }
}

/** An error in a post reaches only the log, which then has to say where it was. */
function fail(host: SnaxHost, message: Message, number: number, error: unknown): void {
  const { context } = host;
  if (message.reply !== REPLY.none || error === EXIT_SIGNAL || !context.service.isAlive) {
    context.refuse(message, error);
    return;
  }
  const name = host.numbers.nameOf(number)?.name ?? String(number);
  context.runtime.logFault(
    context.handle,
    `post ${host.numbers.type}.${name} [${formatAddress(message.source)} to ` +
      `${formatAddress(context.handle)}] error : ${describeError(error)}`,
  );
}

function receiveSystem(host: SnaxHost, message: Message): void {
  const { context } = host;
  if (message.method === SYSTEM_METHOD.exit) return leave(host, message);
  if (message.method === SYSTEM_METHOD.profile) return answerProfile(host, message);
  const method = host.numbers.nameOf(message.method);
  const what =
    method === undefined ? `method ${message.method}` : `${method.group} method ${method.name}`;
  const isOther =
    method?.group === "response" && host.numbers.isOffered("accept", method.name) === true;
  const advice = isOther ? `; it has one under accept or subscribe: use post.${method.name}` : "";
  throw new SnaxError(
    "ERR_NO_METHOD",
    `service ${host.numbers.type} ${formatAddress(context.handle)} has no ${what}${advice}`,
    method === undefined ? {} : { data: { type: host.numbers.type, ...method } },
  );
}

/** Answers with what each method has cost. */
export function answerProfile(host: SnaxHost, message: Message): void {
  host.context.answer(message, host.profile()?.report(host.numbers) ?? {});
}

/** Stands for undefined and null that were thrown. */
const NOTHING = "undefined or null was thrown";

/**
 * Runs the service's `exit`, answers, and ends the service; what `exit` throws is logged and does
 * not keep it alive.
 */
function leave(host: SnaxHost, message: Message): void {
  const { context } = host;
  const { kernel, commitments } = context.runtime;
  kernel.hold(context.service, HOLD.starting);
  // A loop in `exit` does not keep the service alive either.
  const endCommitment = commitments.add(message, context.service, (error) => finish(error));
  const finish = (error?: unknown): void => {
    // To read an error may run code of the service, which may be cut off: the promise stands
    // meanwhile.
    const isError = error !== undefined && error !== EXIT_SIGNAL;
    const text = isError ? `exit error : ${describeError(error)}` : "";
    endCommitment();
    if (!context.service.isAlive) return;
    if (isError) context.runtime.log(context.handle, text, LEVEL.error);
    if (message.reply === REPLY.owed) kernel.reply(context.service, message, undefined);
    end(context);
  };
  const exit = host.addedExit ?? context.code?.entry.get("exit");
  try {
    const left =
      typeof exit === "function" ? (exit as Method)(...(message.payload as unknown[])) : undefined;
    if (isThenable(left)) {
      kernel.owe(context.service, message);
      left.then(
        () => finish(),
        (error: unknown) => finish(error ?? NOTHING),
      );
    } else finish();
  } catch (error) {
    finish(error ?? NOTHING);
  }
}

/** The two groups of methods: those that answer and those that don't. */
export type Group = "response" | "accept";

/** The exports of a service file that hold methods, with the group that each belongs to. */
export const GROUP_EXPORTS: readonly (readonly [name: string, group: Group])[] = [
  ["response", "response"],
  ["accept", "accept"],
  ["subscribe", "accept"],
];

/** The numbers of snax's system methods. */
export const SYSTEM_METHOD = { init: 1, exit: 2, hotfix: 3, profile: 4 } as const;

/** The number of the first method of a type. */
export const FIRST_METHOD = 5;

/** Most methods of one type, so that a caller of made-up names can't fill the memory. */
export const METHODS_MAX = 65536;

/** Which method a number stands for. */
export interface MethodName {
  readonly group: Group;
  readonly name: string;
}

/** The methods of one type. */
export class MethodNumbers {
  readonly type: string;
  readonly #response = new Map<string, number>();
  readonly #accept = new Map<string, number>();
  readonly #names: MethodName[] = [];
  readonly #offered = new Set<number>();
  readonly #log: SharedLog | undefined;
  /** The numbers on skynet's wire, and the text that they were read from. */
  #wire: { readonly text: string; readonly numbers: WireNumbers } | undefined = undefined;

  /** @param log - what the threads of a node agree by. @defaultValue there is one thread */
  constructor(type: string, log?: SharedLog) {
    this.type = type;
    this.#log = log;
  }

  /**
   * Returns the number of a method, handing out a new one if it has none; 0 if there are
   * METHODS_MAX already, or the log of the threads is full.
   */
  numberOf(group: Group, name: string): number {
    const numbers = this.#numbers(group);
    const known = numbers.get(name);
    if (known !== undefined) return known;
    if (this.#log === undefined) this.note(group, name);
    else {
      const isNew = (): boolean => !numbers.has(name) && this.#names.length < METHODS_MAX;
      this.#log.add(LOG_KIND.method, () =>
        isNew() ? Buffer.from(`${group}\0${this.type}\0${name}`) : undefined,
      );
    }
    return numbers.get(name) ?? 0;
  }

  /** Gives a method the next number, as some thread has decided. */
  note(group: Group, name: string): void {
    if (this.#names.length >= METHODS_MAX) return;
    this.#numbers(group).set(name, FIRST_METHOD + this.#names.length);
    this.#names.push({ group, name });
  }

  /**
   * Returns the numbers on skynet's wire that a text of the type gives.
   *
   * @param read - reads them, if they have not been read
   */
  wireNumbersOf(text: string, read: () => WireNumbers): WireNumbers {
    if (this.#wire?.text !== text) this.#wire = { text, numbers: read() };
    return this.#wire.numbers;
  }

  #numbers(group: Group): Map<string, number> {
    return group === "response" ? this.#response : this.#accept;
  }

  /** One more than the last number handed out. */
  get end(): number {
    return FIRST_METHOD + this.#names.length;
  }

  /** Returns which method a number stands for. */
  nameOf(number: number): MethodName | undefined {
    if (number >= this.end) this.#log?.sync();
    return this.#names[number - FIRST_METHOD];
  }

  /** Notes that services of this type have the method. */
  offer(number: number): void {
    if (this.#offered.has(number)) return;
    if (this.#log === undefined) return this.noteOffer(number);
    this.#log.add(LOG_KIND.offer, () =>
      this.#offered.has(number) ? undefined : Buffer.from(`${this.type}\0${number}`),
    );
  }

  /** Notes what some thread has learnt: see {@link MethodNumbers.offer}. */
  noteOffer(number: number): void {
    this.#offered.add(number);
  }

  /**
   * Says whether some service of this type has had the method; undefined as long as none has begun.
   */
  isOffered(group: Group, name: string): boolean | undefined {
    this.#log?.sync();
    if (this.#offered.size === 0) return undefined;
    const number = this.#numbers(group).get(name);
    return number !== undefined && this.#offered.has(number);
  }

  /** All methods that services of this type have had, by number. */
  *offered(): Generator<[number, MethodName]> {
    this.#log?.sync();
    for (const number of this.#offered) {
      const name = this.nameOf(number);
      if (name !== undefined) yield [number, name];
    }
  }
}

/** The methods of all types of a node. */
export class MethodTable {
  readonly #types = new Map<string, MethodNumbers>();
  readonly #log: SharedLog | undefined;

  /** @param log - what the threads of a node agree by. @defaultValue there is one thread */
  constructor(log?: SharedLog) {
    this.#log = log;
    log?.on(LOG_KIND.method, (bytes) => {
      const [group, type, name] = split(bytes, 3);
      this.of(type as string).note(group as Group, name as string);
    });
    log?.on(LOG_KIND.offer, (bytes) => {
      const [type, number] = split(bytes, 2);
      this.of(type as string).noteOffer(Number(number));
    });
  }

  /** Returns the numbers of a type. */
  of(type: string): MethodNumbers {
    let numbers = this.#types.get(type);
    if (numbers === undefined) {
      numbers = new MethodNumbers(type, this.#log);
      this.#types.set(type, numbers);
    }
    return numbers;
  }
}

/** Takes an entry of the log apart; the last part may hold any character. */
function split(bytes: Uint8Array, count: number): string[] {
  const parts = Buffer.from(bytes).toString().split("\0");
  return [...parts.slice(0, count - 1), parts.slice(count - 1).join("\0")];
}
