/**
 * What the services of one thread have in common: the kernel, the code cache, the configuration, the log, and what their
 * handlers have promised to others.
 *
 * Higher layers plug in here: a *kind* says how a service of it begins (plain and snax services are kinds), an *API part*
 * is what a service gets under one name of `import { ... } from "snax"`.
 */

import type { Clock } from "../base/clock.ts";
import { codeOf, SnaxError } from "../base/error.ts";
import type { Level, LevelFloor } from "../base/log-level.ts";
import { isLevelName, LEVEL, LEVEL_NAMES } from "../base/log-level.ts";
import type { LineOrigin, LogLine, TakeLine } from "../base/log-line.ts";
import { formatAddress } from "../kernel/service.ts";
import { Forwarder } from "../kernel/forwarder.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { Waiting } from "../kernel/last-words.ts";
import type { Message } from "../kernel/message.ts";
import { PTYPE } from "../kernel/protocol.ts";
import type { Service } from "../kernel/service.ts";
import { count, TALLY } from "../kernel/instruments.ts";
import type { HarborDoor } from "../fabric/harbor-door.ts";
import type { Board } from "../fabric/board.ts";
import type { CodeCache } from "../loader/code-cache.ts";
import type { ModuleInstance } from "../loader/run/module-instance.ts";
import type { BirthPause } from "./birth-pause.ts";
import { Context } from "./context.ts";
import type { ReceiverTable } from "./context.ts";
import type { DebugCommand } from "./debug.ts";
import type { Environment } from "./environment.ts";
import { describeError } from "./error-text.ts";
export { describeError } from "./error-text.ts";
import { LineBudget } from "../base/log-line.ts";
import { typeName } from "./protocol-table.ts";
import { MessageTap } from "./message-tap.ts";
import type { SearchPath } from "./search-path.ts";
import type { Address, MigrateOptions, MigrateResult } from "./skynet-api.ts";
import type { StewardCommand } from "./steward.ts";
import type { Threads } from "./threads.ts";
import type { Tracer } from "./tracer.ts";
import type { PortableTable } from "../wire/codec-portable.ts";

/** How services of one kind begin. */
export interface Kind {
  /** What handles their messages until they say otherwise. */
  readonly receivers: ReceiverTable;
  /**
   * What a handler is set for is handled while `begin` waits, as in skynet, and `inittimeout` does not end the service then.
   *
   * @defaultValue all requests and posts wait until the service is ready
   */
  readonly listensEarly?: boolean;
  /** Says why a file is meant for this kind and no other, if it is. */
  readonly claim?: (entry: ModuleInstance) => string | undefined;
  /** Says which message's handler keeps the service from others; see Instance.holding. */
  readonly holding?: (context: Context) => Message | undefined;
  /** Names the method that a message asks for, e.g. `shop.buy`. @defaultValue services of the kind have no methods */
  readonly methodOf?: (context: Context, message: Message) => string | undefined;
  /** Lets go of it if an interrupt has cut that handler off. */
  readonly interrupted?: (context: Context, message: Message, error: unknown) => void;
  /** What debug INFO tells of a service that has given nothing to `skynet.info_func`. @defaultValue nothing */
  readonly info?: (context: Context) => unknown;
  /** Runs inside the new service when its code is loaded; the service is ready when this ends or resolves. */
  begin(context: Context, args: readonly unknown[]): unknown;
}

/** What a runtime is made of. */
export interface RuntimeOptions {
  readonly kernel: Kernel;
  readonly cache: CodeCache;
  readonly clock: Clock;
  readonly environment: Environment;
  readonly paths: SearchPath;
  /** Where lines go while no logger service is there. */
  readonly write: (line: LogLine) => void;
  /** The level from which on lines are written, which is one for all threads of the node. */
  readonly logFloor: LevelFloor;
  /** The number of this thread, if lines say where they were written. @defaultValue they do not */
  readonly lineThread?: number | undefined;
  /** Ends the node; `skynet.abort` calls it. */
  readonly abort: () => void;
  /** Milliseconds of the clock at which the node began. @defaultValue now */
  readonly startedAt?: number | undefined;
  /** What each thread of the node counts, by its number. */
  readonly boards: readonly Board[];
  /** Where messages leave for other harbors. @defaultValue the node is in no network */
  readonly harborDoor?: HarborDoor | undefined;
  /** Notes that a socket has something, in its callback. @defaultValue nothing is noted */
  readonly arrived?: () => void;
}

/** The runtime of one thread. */
export class Runtime {
  readonly kernel: Kernel;
  readonly cache: CodeCache;
  readonly clock: Clock;
  readonly environment: Environment;
  readonly paths: SearchPath;
  readonly abort: () => void;
  /** Notes that a socket has something, in its callback: what that asks for may begin at once. */
  readonly arrived: () => void;
  /** How services of each kind begin, by the kind's name. */
  readonly kinds: Map<string, Kind> = new Map();
  /** What a service gets under each name of the package. */
  readonly parts: Map<string, (context: Context) => unknown> = new Map();
  /** The types of which no service is born at the moment. */
  readonly birthPauses: Map<string, BirthPause> = new Map();
  /** What handlers have promised, for the case that one is cut off. */
  readonly commitments: Commitments = new Commitments();
  /** Who looks at the messages that services are handed. */
  readonly tap: MessageTap;
  /** Follows traced requests; undefined while there are none. */
  tracer: Tracer | undefined = undefined;
  /** What services answer to debug messages besides the commands of every service. */
  readonly debugCommands: Map<unknown, DebugCommand> = new Map();
  /** What the steward of this thread is asked for by other threads. */
  readonly stewardCommands: Map<string, StewardCommand> = new Map();
  /** What a word from another thread does: heard at once, in order with the messages from there; must not throw. */
  readonly words: Map<string, (...values: readonly unknown[]) => void> = new Map();
  /** Who hears of a thread that has died, when the calls to its services have failed; must not throw. */
  readonly onThreadDeath: ((thread: number) => void)[] = [];
  /** Hears that code is about to be forgotten: a file's, or all. */
  onClear: ((file: string | undefined) => void) | undefined = undefined;
  /** The node's other threads; undefined if there is one only. */
  threads: Threads | undefined = undefined;
  /** Where messages leave for other harbors; undefined on a node without a network. */
  readonly harborDoor: HarborDoor | undefined;
  /** The logger's handle; 0 until it runs. */
  logger = 0;
  /** Who sees each line of the log on its way; on the main thread those of all threads. */
  readonly lineTaps: Set<(line: LogLine) => void> = new Set();
  /**
   * Takes a line for the log at once, so that it outlives the service that writes it. Undefined, or false, sends the line to the logger,
   * as a message like any other.
   */
  lines: TakeLine | undefined = undefined;
  /** The level from which on lines are written, which is one for all threads of the node. */
  readonly logFloor: LevelFloor;
  /** The system's own services begin, whose births are not logged. */
  isBooting = false;
  /** What each thread of the node counts, by its number; another thread's may hang, and is read all the same. */
  readonly boards: readonly Board[];
  /** The service that the runtime's own timers belong to; 0 = none yet. */
  owner = 0;
  /** The handle of the service that is told of each death; 0 = none is. */
  monitor = 0;
  /** How far the node's end has come: nothing is launched any more; no service is left. */
  state: "running" | "stopping" | "stopped" = "running";
  /** The node takes no more work, and waits for what is open; it still runs. */
  isDraining = false;
  /** Ends the node as soon as no call of another node is open; undefined but on the main thread. */
  drain: (() => void) | undefined = undefined;
  /**
   * Cuts off what a service of another thread does at this moment; undefined where that is not possible.
   *
   * @returns what came of it, for people; undefined if the service does nothing.
   */
  interrupt: ((handle: number) => Promise<string | undefined>) | undefined = undefined;
  /** How objects that stand for something travel between threads; undefined if there is one thread. */
  portables: PortableTable | undefined = undefined;
  /** Moves a service to another thread; a higher layer knows how. */
  migrate:
    | ((context: Context, address: Address, wish: MigrateOptions) => Promise<MigrateResult>)
    | undefined = undefined;
  /** The node has started: its first service is up. Only its main thread knows. */
  isReady = false;
  /** What keeps the node from being ready although it has started, by what it is; only its main thread knows. */
  readonly hindrances: Map<string, string> = new Map();
  /** Milliseconds after which a call without a deadline of its own fails; 0 = never. */
  readonly callTimeoutMs: number;
  /** Count what services and their methods cost. */
  readonly isProfiling: boolean;
  /** Milliseconds of this thread's clock at which the node began: what counts from there is the same on every thread. */
  readonly startedAt: number;
  readonly #write: (line: LogLine) => void;
  readonly #lineThread: number | undefined;
  readonly #lifeLines: LineBudget;

  constructor(options: RuntimeOptions) {
    this.kernel = options.kernel;
    this.tap = new MessageTap(options.kernel);
    this.cache = options.cache;
    this.clock = options.clock;
    this.environment = options.environment;
    this.paths = options.paths;
    this.abort = options.abort;
    this.boards = options.boards;
    this.arrived = options.arrived ?? ((): void => {});
    this.harborDoor = options.harborDoor;
    this.#write = options.write;
    this.logFloor = options.logFloor;
    this.#lineThread = options.lineThread;
    this.callTimeoutMs = Number(options.environment.get("calltimeout") ?? 0);
    this.isProfiling = options.environment.get("profile") !== false;
    this.startedAt = options.startedAt ?? options.clock.now();
    this.#lifeLines = new LineBudget({
      now: () => this.kernel.scheduler.now,
      later: (ms, run) => void this.after(ms, run),
      tell: (count) => this.log(0, `${count} lines of LAUNCH and KILL were left out in a second`),
    });
  }

  /** Launches nothing from here on. Waiting callers are not told: a service's own `exit` is what runs at the end of its node. */
  beginStop(): void {
    this.state = "stopping";
    this.kernel.hasLastTurns = false;
  }

  /**
   * Returns the context behind a handle, or undefined if no service of a program lives there. Where another service has taken
   * its place it is that one's.
   */
  contextOf(handle: number): Context | undefined {
    const instance = this.kernel.services.get(handle)?.instance;
    if (instance instanceof Context) return instance;
    const successor = instance instanceof Forwarder ? instance.to.instance : undefined;
    return successor instanceof Context ? successor : undefined;
  }

  /** All services of this thread that run a program. */
  *contexts(): Generator<Context, void> {
    for (const { instance } of this.kernel.services) {
      if (instance instanceof Context) yield instance;
    }
  }

  /** Milliseconds, with fractions, since the node began: the same on every thread. */
  get sinceStartMs(): number {
    return this.clock.now() - this.startedAt;
  }

  /**
   * Runs something of the runtime's own after `ms` milliseconds.
   *
   * @returns a function that cancels it.
   */
  after(ms: number, run: () => void): () => void {
    const owner = this.kernel.services.get(this.owner);
    if (owner === undefined) return () => {};
    const timer = this.kernel.addTimer(owner, ms, run);
    return () => this.kernel.removeTimer(owner, timer);
  }

  /** Waits `ms` milliseconds, for work of the runtime's own. */
  pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.after(ms, resolve));
  }

  /**
   * Returns how services of a kind begin.
   *
   * @throws {ERR_ARGUMENT} if there is no such kind.
   */
  kind(name: string): Kind {
    const kind = this.kinds.get(name);
    if (kind !== undefined) return kind;
    const known = [...this.kinds.keys()].join(", ");
    throw new SnaxError("ERR_ARGUMENT", `no kind of service ${JSON.stringify(name)}: use ${known}`);
  }

  /** Writes a line to the log under an address, if its level is written; 0 stands for the runtime itself. */
  log(handle: number, text: string, level: Level = LEVEL.info): void {
    if (this.logFloor.lets(level)) this.#log(handle, text, false, level);
  }

  /**
   * Writes a line whatever the level: what an operator has done, or asked to see.
   *
   * @param trace - the tag that the line is about. @defaultValue that of the message being handled
   */
  logAsked(handle: number, text: string, trace?: string): void {
    this.#log(handle, text, false, LEVEL.info, trace);
  }

  /** Logs what went wrong in code of a service while it was not awaited, and counts it. */
  logFault(handle: number, text: string): void {
    this.countFault(handle);
    this.log(handle, text, LEVEL.error);
  }

  /** Counts what went wrong in code of a service while it was not awaited. */
  countFault(handle: number): void {
    const service = this.kernel.services.get(handle);
    if (service !== undefined) count(service.tally, TALLY.errors);
  }

  /** Logs the birth or death of a service, unless too many are born and die; before the logger runs nothing is kept. */
  logLife(handle: number, verb: "LAUNCH" | "KILL", what: string): void {
    if (this.logger !== 0 && !this.isBooting && this.#lifeLines.allow())
      this.log(handle, `${verb} ${what}`);
  }

  /** Prints a plain line, in order with the log, if its level is written. */
  print(handle: number, text: string, level: Level = LEVEL.info): void {
    if (this.logFloor.lets(level)) this.#log(handle, text, true, level);
  }

  /** Logs what the code of a service threw where it is not awaited. */
  reportError(service: Service, error: unknown, message: Message): void {
    const where =
      message.type === PTYPE.timer
        ? "timer"
        : `${typeName(message.type)} call [${formatAddress(message.source)} to ` +
          `${formatAddress(service.handle)} : ${message.session}]`;
    this.logFault(service.handle, `${where} error : ${describeError(error)}`);
  }

  /** Logs what a handler threw whose caller has died: it is reported nowhere else. */
  reportLostError(service: Service, error: unknown, message: Message): void {
    if (isNews(this, error, message.source)) this.reportError(service, error, message);
  }

  /** Logs what a fork threw. */
  reportFork(service: Service, error: unknown): void {
    this.logFault(service.handle, `fork error : ${describeError(error)}`);
  }

  /** Returns the name of a message type, for messages to people. */
  protocolName(type: number): string {
    return typeName(type);
  }

  /** Writes a line that the logger did not take. */
  writePast({ source, payload }: Message): void {
    const [text, isPlain, level] = payload as [text: string, isPlain?: boolean, level?: unknown];
    this.#write({
      handle: source,
      text,
      isPlain: isPlain === true,
      level: isLevelName(level) ? LEVEL[level] : LEVEL.info,
      origin: this.originOf(source),
    });
  }

  /**
   * Where a line about a service is written, as far as it is known here; undefined if lines do not say it.
   *
   * @param trace - see {@link logAsked}.
   */
  originOf(handle: number, trace: string | undefined = this.tracer?.tag): LineOrigin | undefined {
    const thread = this.#lineThread;
    if (thread === undefined) return undefined;
    const name = this.contextOf(handle)?.name;
    return { thread, type: name === "" ? undefined : name, trace };
  }

  // oxlint-disable-next-line max-params -- no object for each line
  #log(handle: number, text: string, isPlain: boolean, level: Level, trace?: string): void {
    const origin = this.#lineThread === undefined ? undefined : this.originOf(handle, trace);
    if (this.lineTaps.size > 0) this.#tap({ handle, text, isPlain, level, origin });
    if (this.lines?.(handle, text, isPlain, level, origin) === true) return;
    this.#toLogger({ handle, text, isPlain, level, origin });
  }

  /** Passes a line on to the log, whatever its level. */
  relay(line: LogLine): void {
    const { handle, text, isPlain, level, origin } = line;
    if (this.lineTaps.size > 0) this.#tap(line);
    if (this.lines?.(handle, text, isPlain, level, origin) !== true) this.#toLogger(line);
  }

  #tap(line: LogLine): void {
    for (const tap of this.lineTaps) tap(line);
  }

  #toLogger(line: LogLine): void {
    const { handle, text, isPlain, level } = line;
    // What the logger itself says would come back to it, line after line.
    if (handle === this.logger) return this.#write(line);
    const values = [text, isPlain || undefined, LEVEL_NAMES[level]];
    try {
      const envelope = { type: PTYPE.text, method: 0, values };
      if (this.logger !== 0 && this.kernel.send(handle, this.logger, envelope)) return;
    } catch (error) {
      // What logs, such as the runtime itself, must not fail for it; the line goes past the logger.
      if (codeOf(error) !== "ERR_MAILBOX_FULL") throw error;
    }
    this.#write(line);
  }
}

/**
 * Says whether an error is worth a line although its caller is dead: that the caller itself is dead, or that all services end with
 * the node, is not.
 */
export function isNews(runtime: Runtime, error: unknown, caller: number): boolean {
  try {
    const code = codeOf(error);
    if (code !== "ERR_SERVICE_DEAD" && code !== "ERR_STOPPED") return true;
    const { data } = error as { data?: { handle?: unknown } };
    return runtime.state === "running" && data?.handle !== caller;
  } catch {
    // It can't even be asked for its code: that is news.
    return true;
  }
}

/** A promise of one handler, or a wait. */
interface Commitment {
  /** The message whose handling it is; undefined for a wait of code that belongs to none. */
  readonly origin: Message | undefined;
  /** Keeps the promise in the handler's place; undefined for a wait. */
  readonly release: ((error: unknown) => void) | undefined;
  /** Who waits, if they have to be told of the service's end. */
  readonly waiter: Pick<Waiting, "reject"> | undefined;
  /** What it waits for comes from outside: code of the program goes on then. */
  readonly isOutside: boolean;
}

const nothing = (): void => {};

/**
 * What running handlers have promised to others inside the node, beside their answer: to let go of a lock, to tell of a
 * beginning, to end a patch. If an interrupt cuts a handler off, the runtime keeps the promise in its place.
 *
 * Filed under the message whose handling it is (Kernel.origin), so that it is found whatever the handler awaited meanwhile. A
 * handler that waits for another one in its service, for a lock or to be woken, is recorded here too: an interrupt must not
 * take it for a stuck one.
 */
export class Commitments {
  /** Only services that have some. */
  readonly #byService = new Map<Service, Commitment[]>();

  /**
   * Takes note of a promise.
   *
   * @param origin - the message whose handler makes it; undefined = code that no interrupt can tell from other code.
   * @param release - what to do if an interrupt cuts the handler off; runs inside the service, once.
   * @returns what says that the promise has been kept.
   */
  add(
    origin: Message | undefined,
    service: Service,
    release: (error: unknown) => void,
  ): () => void {
    return origin === undefined
      ? nothing
      : this.#note(service, { origin, release, waiter: undefined, isOutside: false });
  }

  /**
   * Takes note that a handler waits for another one of its service.
   *
   * @param waiter - is rejected if the service ends meanwhile.
   * @returns what says that it does not wait any more.
   */
  wait(
    origin: Message | undefined,
    service: Service,
    waiter?: Pick<Waiting, "reject">,
  ): () => void {
    if (origin === undefined && waiter === undefined) return nothing;
    return this.#note(service, { origin, release: undefined, waiter, isOutside: false });
  }

  /** Takes note that a handler waits for a socket, or for Node. @returns what says that it does not wait any more. */
  waitOutside(origin: Message | undefined, service: Service): () => void {
    if (origin === undefined) return nothing;
    return this.#note(service, { origin, release: undefined, waiter: undefined, isOutside: true });
  }

  /** The waits in a service that are to be told of its end. */
  waiters(service: Service): Pick<Waiting, "reject">[] {
    return (this.#byService.get(service) ?? []).flatMap(({ waiter }) => waiter ?? []);
  }

  /** How many wait in a service by {@link waitOutside}. */
  outsideWaits(service: Service): number {
    return (this.#byService.get(service) ?? []).filter(({ isOutside }) => isOutside).length;
  }

  /** Forgets the waits of {@link waiters}: the code that waits does not go on. */
  dropWaits(service: Service): void {
    for (const each of [...(this.#byService.get(service) ?? [])]) {
      if (each.waiter !== undefined) this.#strike(service, each);
    }
  }

  /** Keeps every promise of a handler that was cut off. */
  release(service: Service, origin: Message, error: unknown): void {
    // One at a time: it may run code of the service, which may be cut off as well.
    for (;;) {
      const mine = this.#byService
        .get(service)
        ?.findLast((each) => each.origin === origin && each.release !== undefined);
      if (mine === undefined) return;
      this.#strike(service, mine);
      mine.release?.(error);
    }
  }

  /** Forgets everything about a service that has died. */
  forget(service: Service): void {
    this.#byService.delete(service);
  }

  /** The messages of a service whose handlers have promised something. */
  holding(service: Service): Message[] {
    return this.#origins(service, (release) => release !== undefined);
  }

  /** The messages of a service whose handlers wait for another one. */
  waiting(service: Service): Message[] {
    return this.#origins(service, (release) => release === undefined);
  }

  #origins(service: Service, fits: (release: Commitment["release"]) => boolean): Message[] {
    const all = this.#byService.get(service) ?? [];
    return all.flatMap(({ origin, release }) =>
      origin !== undefined && fits(release) ? [origin] : [],
    );
  }

  #note(service: Service, commitment: Commitment): () => void {
    if (!service.isAlive) return nothing;
    const others = this.#byService.get(service);
    if (others === undefined) this.#byService.set(service, [commitment]);
    else others.push(commitment);
    return () => this.#strike(service, commitment);
  }

  #strike(service: Service, commitment: Commitment): void {
    const all = this.#byService.get(service);
    const index = all?.indexOf(commitment) ?? -1;
    if (index >= 0) all?.splice(index, 1);
    if (all?.length === 0) this.#byService.delete(service);
  }
}
