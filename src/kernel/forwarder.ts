/**
 * A forwarder: what comes to a service goes on to another one of the same thread, which answers the sender itself.
 *
 *     sender -> old handle -> Forwarder -> mailbox of the new one -> answer under the sender's session
 *
 * What the old service has begun stays its own: answers to its calls, its timers, jobs and debug messages. The message moves in the
 * same step in which it comes, so what one sender sends keeps its order, also if some of it goes to the new handle directly: both
 * services are on one thread, and are reached by one way. A node without forwarders pays nothing: a forwarder is an outlet, which
 * the kernel asks for anyway.
 */

import { ownArguments } from "../base/copy.ts";
import { MOVED_MAX } from "../base/limits.ts";
import { Message, MessageList, REPLY } from "./message.ts";
import { PTYPE } from "./protocol.ts";
import type { Instance, Service } from "./service.ts";

/** What a forwarder needs of its kernel. */
export interface ForwarderOptions {
  /** Whose messages go on. */
  readonly service: Service;
  /** Puts a message into a mailbox. @throws {ERR_MAILBOX_FULL} if `isBounded` and it is at its limit */
  readonly accept: (target: Service, message: Message, isBounded: boolean) => void;
  /** Notes that another service answers a call of this kernel: see Kernel.retarget. */
  readonly retarget: (source: number, session: number, handle: number, from: number) => void;
  /** The error for a message that goes on to no service. */
  readonly dead: (handle: number) => Error;
}

/** The instance behind the handle of a service that another one has taken the place of. */
export class Forwarder implements Instance {
  /** The instance that was there: what it has begun, it ends. */
  readonly before: Instance;
  /** Answers are for the calls that the old code waits for. */
  readonly keepsAnswers = true;
  /** How many messages went on. */
  count = 0;
  readonly #options: ForwarderOptions;
  #to: Service;

  constructor(options: ForwarderOptions, to: Service) {
    this.#options = options;
    this.before = options.service.instance;
    this.#to = to;
  }

  /** The receiver of the messages: the last in a row of services each of which has taken the place of the one before. */
  get to(): Service {
    for (let next = forwarderOf(this.#to); next !== undefined; next = forwarderOf(this.#to)) {
      this.#to = next.#to;
    }
    return this.#to;
  }

  /** What the old service keeps. */
  receive(message: Message): void {
    this.before.receive(message);
  }

  outlet(message: Message): void {
    const { service, accept } = this.#options;
    if (!staysBehind(message)) return this.#pass(message, true);
    accept(service, addressed(message, service), false);
  }

  /** Sends on what waits, in its order; what can't go on is answered so. @param refuse - answers a request with an error */
  empty(refuse: (message: Message, error: unknown) => void): void {
    const { service } = this.#options;
    for (const list of [service.deferred, service.mail]) {
      if (list === undefined) continue;
      const stay = new MessageList();
      for (let message = list.shift(); message !== undefined; message = list.shift()) {
        if (staysBehind(message)) {
          stay.push(message);
          continue;
        }
        try {
          this.#pass(message, false);
        } catch (error) {
          refuse(message, error);
        }
      }
      list.prepend(stay);
    }
  }

  #pass(message: Message, isBounded: boolean): void {
    // The new one has subscribed to what it wants to hear.
    if (message.type === PTYPE.multicast) return;
    const { to } = this;
    const { service, accept, retarget, dead } = this.#options;
    if (!to.isAlive) throw dead(service.handle);
    accept(to, addressed(message, to), isBounded);
    this.count += 1;
    const { source, session, reply } = message;
    if (reply === REPLY.owed) retarget(source, session, to.handle, service.handle);
  }

  hears(type: number): boolean {
    return this.before.hears?.(type) === true;
  }

  interrupted(message: Message, error: unknown): void {
    this.before.interrupted?.(message, error);
  }

  describe(message: Message): string | undefined {
    return this.before.describe?.(message);
  }

  holding(): Iterable<Message> {
    return this.before.holding?.() ?? [];
  }

  waiting(): Iterable<Message> {
    return this.before.waiting?.() ?? [];
  }

  waits(): ReturnType<NonNullable<Instance["waits"]>> {
    return this.before.waits?.() ?? [];
  }
}

/** Returns the forwarder behind the handle of a service, if there is one. */
export function forwarderOf({ instance }: Service): Forwarder | undefined {
  return instance instanceof Forwarder ? instance : undefined;
}

/** Answers, timers, jobs and debug messages are for what the old code has begun, and for the operator who looks at it. */
function staysBehind({ type, session }: Message): boolean {
  if (type === PTYPE.error) return session !== 0;
  return (
    type === PTYPE.response || type === PTYPE.timer || type === PTYPE.system || type === PTYPE.debug
  );
}

/** The same message for another mailbox: what it carries is copied, and bound to the service that gets it. */
function addressed(message: Message, target: Service): Message {
  const { type, source, session, method, payload, reply } = message;
  const own = Array.isArray(payload) ? ownArguments(payload, target) : payload;
  const copy = new Message(type, source, session, method, own);
  copy.reply = reply;
  return copy;
}

/** Which services took the place of others that are gone: senders that still use the old handles are told. */
export class Successors {
  readonly #by = new Map<number, number>();

  /** Notes that one handle has taken the place of another. */
  note(handle: number, successor: number): void {
    this.#by.delete(handle);
    this.#by.set(handle, successor);
    if (this.#by.size <= MOVED_MAX) return;
    const [oldest] = this.#by.keys();
    if (oldest !== undefined) this.#by.delete(oldest);
  }

  /** Returns who is there now in the place of a service; undefined if none is known. */
  find(handle: number): number | undefined {
    let found: number | undefined;
    let next = this.#by.get(handle);
    for (let steps = 0; next !== undefined && steps < this.#by.size; steps += 1) {
      found = next;
      next = this.#by.get(next);
    }
    return found;
  }
}
