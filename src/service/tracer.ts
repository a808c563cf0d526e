/**
 * Follows requests through services, a line of the log for each step: skynet's trace log.
 *
 *     <TRACE :0000000a-1> 123456789 trace                           a request of a traced protocol, or skynet.trace()
 *     <TRACE :0000000a-1> 123457000 call : @./services/agent.ts:12  it calls
 *     <TRACE :0000000a-1> 123458000 request                         the called service takes the request under the same tag
 *     <TRACE :0000000a-1> 123459000 response                        and answers; then `end`, or `error`
 *     <TRACE :0000000a-1> 123460000 resume                          the first one goes on
 *
 * A tag belongs to a message, and to all that follows from its handling (Kernel.origin). It travels with calls to any
 * service of the node, and with requests that are passed on; to another thread it goes as a word in front of the message. Without a
 * trace nothing of this costs time.
 */

import { TRACES_MAX } from "../base/limits.ts";
import { formatAddress, parseAddress } from "../kernel/service.ts";
import type { Message } from "../kernel/message.ts";
import { REPLY } from "../kernel/message.ts";
import { PTYPE } from "../kernel/protocol.ts";
import type { Service } from "../kernel/service.ts";
import type { OpenCall } from "../kernel/open-calls.ts";
import { CallTable } from "../kernel/open-calls.ts";
import type { Timer } from "../kernel/timers.ts";
import { currentPlaces } from "./code-place.ts";
import type { Context } from "./context.ts";
import { definePart, isThenable } from "./context.ts";
import type { Runtime } from "./runtime.ts";
import type { Address } from "./skynet-api.ts";

/** Why a service does not go to another thread. */
const whyTraced = (handle: number): string => {
  const address = formatAddress(handle);
  return `its messages are traced on this thread: \`trace ${address}\`, with the protocol, takes that back`;
};

/** How many tags a service has given out. */
const traceCounts = definePart(() => ({ count: 0 }));

/** The word to other threads, as node-threads.ts hears it. */
const WORD = "trace";

/** What becomes of the messages of one service. */
interface TraceFlags {
  /** By message type: each begins a trace, or none is traced. */
  readonly byType: Map<number, boolean>;
  /** Ends the watch of the service; undefined if it is dead. */
  readonly unwatch: (() => void) | undefined;
}

/** The traces of one thread. */
export class Tracer {
  readonly #runtime: Runtime;
  /** Protocols that are traced, or never traced, by service. */
  readonly #flags = new Map<number, TraceFlags>();
  /** Tags of the messages whose handling goes on, oldest first. */
  readonly #tags = new Map<Message, string>();
  /** Tags of the calls that wait, oldest first: what is called takes it over, and who called goes on under it. */
  readonly #calls = new Map<string, string>();
  /** Tags of requests that other threads have sent, by caller and session, until they are handled here; oldest first. */
  readonly #expected = new Map<string, string>();
  /** Calls that were sent under the tag of another node, by caller and session, until they are answered. */
  readonly #farCalls = new Set<string>();
  /** The tag of another node under which requests are sent at this moment. */
  #given: string | undefined = undefined;
  readonly #sleeps = new WeakMap<Timer, string>();
  readonly #see = (service: Service, message: Message): void => this.#take(service, message);

  private constructor(runtime: Runtime) {
    this.#runtime = runtime;
    runtime.tap.add(this.#see);
  }

  /** The tracer of a thread, which is there from now on. */
  static of(runtime: Runtime): Tracer {
    return (runtime.tracer ??= new Tracer(runtime));
  }

  /**
   * Says what becomes of a service's messages of one type: true = each begins a trace, false = none is traced,
   * undefined = they are if their sender is.
   */
  setFlag({ handle }: Context, type: number, flag: boolean | undefined): void {
    let flags = this.#flags.get(handle);
    if (flags === undefined) {
      const forget = (): void => {
        this.#forget(handle);
        this.#rest();
      };
      const { kernel } = this.#runtime;
      const unwatch = kernel.watch(handle, forget, whyTraced(handle));
      flags = { byType: new Map(), unwatch };
      this.#flags.set(handle, flags);
    }
    if (flag === undefined) flags.byType.delete(type);
    else flags.byType.set(type, flag);
    if (flags.byType.size === 0) this.#forget(handle);
    this.#rest();
  }

  #forget(handle: number): void {
    this.#flags.get(handle)?.unwatch?.();
    this.#flags.delete(handle);
  }

  /** Begins a trace of what is being handled: `skynet.trace()`. */
  begin(context: Context, info: string | undefined): void {
    const { origin } = this.#runtime.kernel;
    if (origin !== undefined && this.#isForbidden(context.handle, origin.type)) return this.#rest();
    if (origin === undefined || !isFollowed(context, origin)) {
      // A tag that follows nothing would look like a trace.
      this.#runtime.logAsked(context.handle, `skynet.trace ${info ?? ""}: ${NOTHING_FOLLOWS}`);
      return this.#rest();
    }
    const tag = newTag(context);
    this.#keep(this.#tags, origin, tag);
    this.#log(context.handle, tag, info === undefined ? "trace" : `trace ${info}`);
    this.#rest();
  }

  /** A request of another thread comes with that tag; without one it does not come any more. */
  static hear(runtime: Runtime, source: number, session: number, tag: string | undefined): void {
    const tracer = tag === undefined ? runtime.tracer : Tracer.of(runtime);
    if (tracer === undefined) return;
    const key = keyOf(source, session);
    if (tag !== undefined) tracer.#keep(tracer.#expected, key, tag);
    else if (tracer.#expected.delete(key)) tracer.#rest();
  }

  /** A call is about to be sent: another thread has to know before the request is there. */
  calling({ handle, service, runtime }: Context, address: Address): void {
    const tag = runtime.threads === undefined ? undefined : this.#current();
    if (tag === undefined) return;
    const thread = this.#threadOf(address);
    if (thread === undefined || thread === runtime.threads?.own) return;
    const session = (service.calls ??= new CallTable()).next(service.session);
    runtime.threads?.tell(thread, WORD, handle, session, tag);
  }

  /**
   * A request is about to be passed on: the service that takes it next follows it under the same tag.
   *
   * @returns what takes that back, if it could not be passed on.
   */
  passing(address: Address, source: number, session: number): () => void {
    const { threads } = this.#runtime;
    const key = keyOf(source, session);
    const tag = session === 0 ? undefined : (this.#calls.get(key) ?? this.#handledUnder(key));
    const thread = this.#threadOf(address);
    if (tag === undefined || threads === undefined || thread === undefined) return () => {};
    const tell = (word: string | undefined): void => {
      if (thread === threads.own) Tracer.hear(this.#runtime, source, session, word);
      else threads.tell(thread, WORD, source, session, word);
    };
    tell(tag);
    return () => tell(undefined);
  }

  /** The tag of a request whose handling goes on here. */
  #handledUnder(key: string): string | undefined {
    for (const [{ source, session }, tag] of this.#tags) {
      if (keyOf(source, session) === key) return tag;
    }
    return undefined;
  }

  /** The thread of a service, if one lives there. */
  #threadOf(address: Address): number | undefined {
    const { threads, kernel } = this.#runtime;
    const isHandle = typeof address === "number";
    const target = isHandle ? address : (parseAddress(address) ?? kernel.names.get(address) ?? 0);
    return threads?.threadOf(target);
  }

  /** A call has been sent. */
  called(context: Context, { session, target }: OpenCall): void {
    const tag = this.#current();
    if (tag === undefined || session === 0) return;
    const key = keyOf(context.handle, session);
    this.#keep(this.#calls, key, tag);
    if (this.#given !== undefined) {
      // No message that is handled here has this tag, so it would be forgotten before it is taken, and before it is answered.
      if (this.#farCalls.size < TRACES_MAX) this.#farCalls.add(key);
      if (this.#runtime.contextOf(target) !== undefined) this.#keep(this.#expected, key, tag);
    }
    this.#log(context.handle, tag, `call${this.#places()}`);
  }

  /** A call could not be sent. */
  refused({ handle, service, runtime }: Context): void {
    if (this.#current() === undefined) return;
    runtime.threads?.tellAll(WORD, handle, service.session, undefined);
  }

  /** The service sleeps. */
  slept(context: Context, timer: Timer): void {
    const tag = this.#current();
    if (tag === undefined) return;
    this.#sleeps.set(timer, tag);
    this.#log(context.handle, tag, `sleep${this.#places()}`);
  }

  /** An answer goes out. */
  answered({ handle }: Context, message: Message): void {
    const tag = this.#tags.get(message);
    if (tag !== undefined) this.#log(handle, tag, "response");
  }

  /** A handler has ended: `error` if it threw and a caller waits for the answer. */
  ended({ handle }: Context, message: Message, event: "end" | "error"): void {
    const tag = this.#tags.get(message);
    if (tag === undefined) return;
    this.#tags.delete(message);
    if (event === "end" || message.reply !== REPLY.none) this.#log(handle, tag, event);
    this.#rest();
  }

  /**
   * What a timer or a fork has run has returned: a trace that was begun there ends with it, or with the promise that it
   * returned.
   */
  returned(context: Context, result: unknown): void {
    const { origin } = this.#runtime.kernel;
    if (origin === undefined || isHandled(origin) || !this.#tags.has(origin)) return;
    const end = (): void => this.ended(context, origin, "end");
    // Not caught: if no code has caught the callback's own promise, that is still to be told.
    if (isThenable(result)) void Promise.resolve(result).finally(end);
    else end();
  }

  /** A service is about to be handed a message. */
  #take({ handle, instance }: Service, message: Message): void {
    const { type, source, session } = message;
    if (type === PTYPE.response || type === PTYPE.error) {
      const key = keyOf(handle, session);
      const tag = this.#calls.get(key);
      this.#calls.delete(key);
      const isFar = this.#farCalls.delete(key);
      if (tag === undefined) return;
      this.#log(handle, tag, "resume");
      // It may have failed before any service took it.
      if (type === PTYPE.error) this.#runtime.threads?.tellAll(WORD, handle, session, undefined);
      if (isFar) this.#rest();
    } else if (type === PTYPE.timer) {
      const tag = this.#sleeps.get(message.payload as Timer);
      if (tag !== undefined) this.#log(handle, tag, "resume");
    } else if (isHandled(message)) {
      const flag = this.#flags.get(handle)?.byType.get(type);
      const tag = session === 0 ? undefined : this.#tagOf(keyOf(source, session));
      if (flag === false) return this.#rest();
      if (tag !== undefined) {
        this.#keep(this.#tags, message, tag);
        this.#log(handle, tag, "request");
      } else if (flag === true) {
        const fresh = newTag(instance as Context);
        this.#keep(this.#tags, message, fresh);
        this.#log(handle, fresh, "trace");
      }
    }
  }

  #tagOf(key: string): string | undefined {
    const far = this.#expected.get(key);
    if (far === undefined) return this.#calls.get(key);
    this.#expected.delete(key);
    return far;
  }

  #isForbidden(handle: number, type: number): boolean {
    return this.#flags.get(handle)?.byType.get(type) === false;
  }

  /** The tag of what is being handled. */
  get tag(): string | undefined {
    return this.#current();
  }

  /**
   * Sends requests under a tag that came from elsewhere.
   *
   * @param send - sends them before it returns.
   */
  under<T>(tag: string, send: () => T): T {
    this.#given = tag;
    try {
      return send();
    } finally {
      this.#given = undefined;
    }
  }

  #current(): string | undefined {
    if (this.#given !== undefined) return this.#given;
    const { origin } = this.#runtime.kernel;
    return origin === undefined ? undefined : this.#tags.get(origin);
  }

  /** What never ends must not be kept for ever: the oldest gives way. */
  #keep<K>(table: Map<K, string>, key: K, tag: string): void {
    table.set(key, tag);
    if (table.size <= TRACES_MAX) return;
    for (const oldest of table.keys()) return void table.delete(oldest);
  }

  /** Nothing is traced any more: from here on it costs nothing. */
  #rest(): void {
    const { size } = this.#flags;
    if (size + this.#tags.size + this.#expected.size + this.#farCalls.size > 0) return;
    this.#runtime.tap.remove(this.#see);
    this.#runtime.tracer = undefined;
  }

  #log(handle: number, tag: string, event: string): void {
    const ns = BigInt(Math.round(this.#runtime.clock.now() * 1e6));
    this.#runtime.logAsked(handle, `<TRACE ${tag}> ${ns} ${event}`, tag);
  }

  /** The places of the code that runs, innermost first. */
  #places(): string {
    const places = currentPlaces(this.#runtime);
    return places === "" ? "" : ` : ${places}`;
  }
}

const NOTHING_FOLLOWS =
  "nothing is followed from here, for this is no handler, timer, fork or start function";

/** Whether it is told when what follows from a message is over. */
function isFollowed({ isReady, kind }: Context, message: Message): boolean {
  const { type } = message;
  // The program that embeds the node has none of these.
  if (kind === "") return false;
  return isHandled(message) || type === PTYPE.timer || (type === PTYPE.system && !isReady);
}

function newTag(context: Context): string {
  const traces = traceCounts.of(context);
  traces.count += 1;
  return `${formatAddress(context.handle)}-${traces.count}`;
}

function keyOf(handle: number, session: number): string {
  return `${handle} ${session}`;
}

/** Whether a message has a handler whose end is told; the runtime's own messages have none. */
function isHandled({ type }: Message): boolean {
  return type !== PTYPE.system && type !== PTYPE.debug && type !== PTYPE.timer;
}
