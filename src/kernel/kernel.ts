/**
 * One thread's heart: services, the messages between them, and what becomes of both.
 *
 *     request(A -> B)   session opened at A, message in B's mailbox
 *     B's instance      receive(message): the service layer runs the handler
 *     reply / fail      message in A's mailbox
 *     A                 session settled: exactly once, by value, error or deadline
 *
 * The kernel knows no thread, file, socket or snax. What is not its own it reaches through interfaces that it owns: Clock,
 * Drain and Waker (scheduler.ts), and Elsewhere for handles that live on another kernel. It is synchronous and keeps no
 * state outside, so that a simulator can drive it.
 *
 * Hot path (bench: call, send).
 */

import type { Clock } from "../base/clock.ts";
import { copyArguments, copyResult } from "../base/copy.ts";
import { SnaxError } from "../base/error.ts";
import { formatAddress } from "./address.ts";
import { bury } from "./death.ts";
import { Message, MessageList, REPLY } from "./message.ts";
import { isLocalName, NameTable } from "./name-table.ts";
import { PTYPE } from "./protocol.ts";
import type { Drain, Waker } from "./scheduler.ts";
import { Scheduler } from "./scheduler.ts";
import type { Instance } from "./service.ts";
import { GATE, mailboxLength, reconsiderDeferred, Service } from "./service.ts";
import type { HandleSource } from "./service-table.ts";
import { createHandleSource, ServiceTable } from "./service-table.ts";
import type { PendingCall } from "./session-table.ts";
import { SessionTable } from "./session-table.ts";
import { SlowCallSweep } from "./slow-calls.ts";
import { Timer, TimerWheel } from "./timer-wheel.ts";

/** Where messages go whose receiver does not live on this kernel. */
export interface Elsewhere {
  /**
   * Takes a message for another kernel. The payload is the sender's own and must be copied before this returns.
   *
   * @returns false if nobody lives under the handle anywhere.
   * @throws {ERR_NOT_SENDABLE} if the payload can't be sent.
   */
  deliver(target: number, message: Message): boolean;
}

/** What the kernel tells about, and does not decide. */
export interface KernelEvents {
  /** Code of a service threw outside any request, or inside one that nobody waits for. */
  onError(service: Service, error: unknown, message: Message): void;
  /** A mailbox passed a mark: 1024 messages, and each doubling. */
  onOverload(service: Service, length: number): void;
  /** A service died. */
  onDeath(service: Service): void;
  /** A call of a service has waited SLOW_CALL_MS for its answer; told once. Without this event nobody looks for them. */
  onSlowCall?(service: Service, call: PendingCall, ms: number): void;
}

/** What a kernel is made of. */
export interface KernelOptions {
  readonly clock: Clock;
  readonly drain: Drain;
  readonly waker: Waker;
  readonly events: KernelEvents;
  /** @defaultValue nobody lives elsewhere */
  readonly elsewhere?: Elsewhere;
  /** @defaultValue handles of this kernel alone, from 1 */
  readonly handles?: HandleSource;
  /** This node's id in a harbor network. @defaultValue 0 */
  readonly harbor?: number;
  /** Milliseconds after which a turn goes back to the event loop. @defaultValue 5 */
  readonly turnBudgetMs?: number;
  /** Count CPU time per service. @defaultValue true */
  readonly profile?: boolean;
  /** Most messages a mailbox holds; 0 = no bound. @defaultValue 0 */
  readonly mailboxLimit?: number;
}

/** Mailbox length at which the first overload warning is due; each later one at twice the length. As in skynet. */
export const OVERLOAD_MARK_MIN = 1024;

/** What a sender says about its message. */
export interface Envelope {
  readonly type: number;
  /** The method's number in a snax message, otherwise 0. */
  readonly method: number;
  /** The arguments; copied before the call returns. */
  readonly values: readonly unknown[];
}

/** The services of one thread and the traffic between them. */
export class Kernel {
  readonly services: ServiceTable;
  readonly names: NameTable = new NameTable();
  readonly scheduler: Scheduler;
  /** The request being dispatched; undefined as soon as its handler has returned or first awaits. */
  dispatching: Message | undefined = undefined;
  /** How many calls of this kernel's services wait for an answer. */
  pendingCalls = 0;
  /**
   * What runs now is the handler of a request or a post, or follows from one: from the answer to a call that it made.
   * False inside a timer, and for what follows from one. Known by descent: calls and sleeps remember who began them.
   */
  isInHandler = false;
  readonly #timers = new TimerWheel();
  readonly #clock: Clock;
  readonly #events: KernelEvents;
  readonly #elsewhere: Elsewhere | undefined;
  readonly #mailboxLimit: number;
  readonly #slowCalls: SlowCallSweep | undefined;

  constructor(options: KernelOptions) {
    this.#clock = options.clock;
    this.#events = options.events;
    this.#elsewhere = options.elsewhere;
    this.#mailboxLimit = options.mailboxLimit ?? 0;
    this.services = new ServiceTable(options.handles ?? createHandleSource(), options.harbor ?? 0);
    this.scheduler = new Scheduler({
      clock: options.clock,
      drain: options.drain,
      waker: options.waker,
      turnBudgetMs: options.turnBudgetMs ?? 5,
      profile: options.profile ?? true,
      deliver: (service, message) => this.#deliver(service, message),
      fireTimers: (now) => this.#fireTimers(now),
      nextDeadline: () => this.#timers.next(),
    });
    if (options.events.onSlowCall !== undefined) {
      this.#slowCalls = new SlowCallSweep({
        clock: options.clock,
        services: this.services,
        later: (ms, run) => this.#later(ms, run),
        onSlowCall: (service, call, ms) => this.#events.onSlowCall?.(service, call, ms),
      });
    }
  }

  // ---- services ----

  /**
   * Creates a service.
   *
   * @param title - what lists and logs call it.
   * @param instance - makes the code behind the new handle.
   * @throws {ERR_EXHAUSTED} if no handle is free.
   */
  create(title: string, instance: (handle: number) => Instance): Service {
    const handle = this.services.reserve();
    const service = new Service(handle, title, instance(handle));
    this.services.add(service);
    return service;
  }

  /**
   * Puts another instance behind the handle of a living service; mailbox, sessions, names and timers stay.
   *
   * @returns the instance that was there.
   * @throws {ERR_SERVICE_DEAD} if nobody lives under the handle.
   */
  replace(handle: number, instance: Instance): Instance {
    const service = this.services.get(handle);
    if (service === undefined) throw deadError(handle);
    const before = service.instance;
    service.instance = instance;
    return before;
  }

  /**
   * Ends a service at once: whoever waits for it gets ERR_SERVICE_DEAD, its names, timers and messages go.
   *
   * Its own calls are never settled, as skynet closes its coroutines: nobody is left to be told.
   */
  kill(service: Service): void {
    if (!service.isAlive) return;
    bury(this, service);
    this.#events.onDeath(service);
  }

  /**
   * Calls back when a service dies.
   *
   * @returns a function that ends the watch; undefined if the service is dead already.
   */
  watch(handle: number, onDeath: () => void): (() => void) | undefined {
    const service = this.services.get(handle);
    if (service === undefined) return undefined;
    if (service.watchers === undefined) service.watchers = [onDeath];
    else service.watchers.push(onDeath);
    return () => {
      const index = service.watchers?.indexOf(onDeath) ?? -1;
      if (index >= 0) service.watchers?.splice(index, 1);
      if (service.watchers?.length === 0) service.watchers = undefined;
    };
  }

  // ---- messages ----

  /**
   * Sends a message that nobody answers.
   *
   * @param session - not 0: the message is passed on in the name of `source`, which waits under that session and gets
   * the answer; for PTYPE client the number of a connection, and nobody waits.
   * @returns false if nobody lives under the handle.
   * @throws {ERR_NOT_SENDABLE} if a value can't be sent.
   * @throws {ERR_MAILBOX_FULL} if the receiver's mailbox is at its limit.
   */
  send(source: number, handle: number, envelope: Envelope, session = 0): boolean {
    const target = this.services.get(handle);
    const { type, method, values } = envelope;
    if (target === undefined) {
      const message = new Message(type, source, session, method, values);
      if (type === PTYPE.client) message.reply = REPLY.none;
      return this.#elsewhere?.deliver(handle, message) ?? false;
    }
    this.#checkRoom(target);
    const message = new Message(type, source, session, method, copyArguments(values, target));
    if (type === PTYPE.client) message.reply = REPLY.none;
    this.#accept(target, message);
    return true;
  }

  /**
   * Sends a request; the call is settled exactly once.
   *
   * @returns the session.
   * @throws {ERR_SERVICE_DEAD} if nobody lives under the handle.
   * @throws {ERR_NOT_SENDABLE} if a value can't be sent.
   * @throws {ERR_MAILBOX_FULL} if the receiver's mailbox is at its limit.
   * @throws {ERR_DEADLOCK} if a service in queue mode calls itself from the handler that runs. A timer may: its call is
   * answered when the handler has ended.
   */
  request(source: Service, handle: number, envelope: Envelope, call: PendingCall): number {
    const target = this.services.get(handle);
    const { type, method, values } = envelope;
    if (target === source && this.isInHandler && (source.gate & GATE.busy) !== 0) {
      throw deadlockError(handle);
    }
    if (target !== undefined) {
      this.#checkRoom(target);
      const payload = copyArguments(values, target);
      const session = this.#open(source, handle, call);
      this.#accept(target, new Message(type, source.handle, session, method, payload));
      return session;
    }
    const session = this.#open(source, handle, call);
    try {
      const message = new Message(type, source.handle, session, method, values);
      if (this.#elsewhere?.deliver(handle, message) !== true) throw deadError(handle);
    } catch (error) {
      this.settle(source, session);
      throw error;
    }
    return session;
  }

  /**
   * Sends a request to whoever has a name; if nobody has a global one, the request waits until somebody registers it.
   * What has waited is delivered whatever the limit of the mailbox: the limit of the name has bounded it.
   *
   * @throws what {@link request} throws, {ERR_NO_SERVICE} if nobody has a local name, {ERR_MAILBOX_FULL} if too many
   * messages wait for the name, and {ERR_ARGUMENT} if the text can't be a name.
   */
  requestNamed(source: Service, name: string, envelope: Envelope, call: PendingCall): number {
    const handle = this.names.get(name);
    if (handle !== undefined) return this.request(source, handle, envelope, call);
    if (isLocalName(name)) throw new SnaxError("ERR_NO_SERVICE", `no service has the name ${name}`);
    const { type, method } = envelope;
    const values = copyArguments(envelope.values, undefined);
    this.#whenNamed(name, (target) => {
      if (!source.isAlive || call.session === 0) return;
      call.target = target.handle;
      const payload = copyArguments(values, target);
      this.#accept(target, new Message(type, source.handle, call.session, method, payload));
    });
    return this.#open(source, 0, call);
  }

  /**
   * Sends a message that nobody answers to whoever has a name; for a global one that may be later.
   *
   * @returns false if nobody has a local name.
   * @throws what {@link send} throws, and {ERR_MAILBOX_FULL} if too many messages wait for the name.
   */
  sendNamed(source: number, name: string, envelope: Envelope): boolean {
    const handle = this.names.get(name);
    if (handle !== undefined) return this.send(source, handle, envelope);
    if (isLocalName(name)) return false;
    const { type, method } = envelope;
    const values = copyArguments(envelope.values, undefined);
    this.#whenNamed(name, (target) => {
      this.#accept(target, new Message(type, source, 0, method, copyArguments(values, target)));
    });
    return true;
  }

  /** Sets a deadline for a call: it then fails with what `error` makes. */
  setDeadline(source: Service, call: PendingCall, ms: number, error: () => unknown): void {
    call.timer = this.addTimer(source, ms, () => {
      call.timer = undefined;
      if (this.settle(source, call.session) !== undefined) call.reject(error());
    });
    call.timer.isOfHandler = call.isOfHandler;
  }

  /**
   * Answers a request with a value.
   *
   * A value that can't be sent becomes the error that says so.
   *
   * @returns false if the requester is gone, or nobody waits for an answer.
   * @throws {ERR_REPLIED} if the request has been answered.
   */
  reply(service: Service, request: Message, value: unknown): boolean {
    this.#claim(service, request);
    if (request.reply === REPLY.none) return false;
    const target = this.services.get(request.source);
    try {
      const payload = target === undefined ? value : copyResult(value, target);
      return this.#answer(service.handle, PTYPE.response, request, payload);
    } catch (error) {
      return this.#answer(service.handle, PTYPE.error, request, error);
    }
  }

  /**
   * Answers a request with an error.
   *
   * @param error - has been made fit for the caller: nothing of it is shared with the service.
   * @returns false if the requester is gone, or nobody waits for an answer.
   * @throws {ERR_REPLIED} if the request has been answered.
   */
  fail(service: Service, request: Message, error: unknown): boolean {
    this.#claim(service, request);
    return this.#answer(service.handle, PTYPE.error, request, error);
  }

  /** Remembers that a request was taken and its answer comes later, so that the service's death answers it. */
  owe(service: Service, request: Message): void {
    if (request.reply === REPLY.owed) (service.owed ??= new Set()).add(request);
  }

  /** As {@link owe}, and what the handler returns is not the answer: somebody calls {@link reply} later. */
  detach(service: Service, request: Message): void {
    this.owe(service, request);
    if (request.reply === REPLY.owed) request.reply = REPLY.detached;
  }

  /** Gives up a request's session: nothing will be answered, and nobody is told. */
  ignore(service: Service, request: Message): void {
    request.reply = REPLY.none;
    service.owed?.delete(request);
  }

  /**
   * Takes a message from another kernel; its payload belongs to this one already.
   *
   * A request that finds nobody, or a full mailbox, is answered with an error; anything else that does is dropped, and
   * the loss of a post at a full mailbox is told as an error of the receiver.
   */
  arrive(handle: number, message: Message): void {
    const target = this.services.get(handle);
    const isAnswer = message.type === PTYPE.response || message.type === PTYPE.error;
    try {
      if (target === undefined) throw deadError(handle);
      if (!isAnswer) this.#checkRoom(target);
      this.#accept(target, message);
    } catch (error) {
      const isPost = message.reply === REPLY.none;
      if (isPost && target !== undefined) this.#events.onError(target, error, message);
      this.#answer(handle, PTYPE.error, message, error);
    }
  }

  /**
   * Puts a message into a service's system lane, where it passes every other message and every gate. If the service is
   * dead, a request is answered so and anything else is dropped.
   */
  sendUrgent(service: Service, message: Message): void {
    if (!service.isAlive) {
      this.#answer(service.handle, PTYPE.error, message, deadError(service.handle));
      return;
    }
    (service.systemMail ??= new MessageList()).push(message);
    this.scheduler.enqueue(service);
  }

  /** Takes out the call that waits under a session and its deadline; undefined if none does. */
  settle(service: Service, session: number): PendingCall | undefined {
    const call = service.calls?.close(session);
    if (call === undefined) return undefined;
    this.pendingCalls -= 1;
    if (service.calls?.size === 0 && service.calls.isLarge) service.calls = undefined;
    if (call.timer !== undefined) this.removeTimer(service, call.timer);
    return call;
  }

  // ---- gates ----

  /** Lets only answers (and for `busy` timers) through to a service. */
  closeGate(service: Service, bit: number): void {
    service.gate |= bit;
  }

  /** Lets through again what waited. */
  openGate(service: Service, bit: number): void {
    service.gate &= ~bit;
    if (service.gate !== GATE.open) reconsiderDeferred(service);
    if (service.isAlive && mailboxLength(service) > 0) this.scheduler.enqueue(service);
  }

  // ---- timers ----

  /**
   * Runs something inside a service later; never if it is dead by then.
   *
   * @param ms - milliseconds, rounded up to the clock's next whole one; at most about 285,000 years.
   * @param intervalMs - milliseconds between further firings; 0 = fires once.
   */
  addTimer(service: Service, ms: number, run: () => void, intervalMs = 0): Timer {
    const timer = new Timer(service.handle, run, intervalMs);
    if (service.isAlive) this.#arm(service, timer, this.#clock.now() + (ms > 0 ? ms : 0));
    return timer;
  }

  /** Runs something inside a service after the messages that wait already; cancelled like a timer. */
  soon(service: Service, run: () => void): Timer {
    const timer = new Timer(service.handle, run);
    if (service.isAlive) this.#accept(service, new Message(PTYPE.timer, 0, 0, 0, timer));
    return timer;
  }

  /** Cancels a timer; nothing happens if it has fired or was cancelled. */
  removeTimer(service: Service, timer: Timer): void {
    timer.isCancelled = true;
    this.#timers.remove(timer);
    unlink(service, timer);
  }

  /** Runs what waits in the event loop's name: see Scheduler.turn. */
  turn(): void {
    this.scheduler.turn();
    this.isInHandler = false;
  }

  // ---- inside ----

  #deliver(service: Service, message: Message): void {
    service.messageCount += 1;
    try {
      if (message.type === PTYPE.response) {
        const call = this.settle(service, message.session);
        this.isInHandler = call?.isOfHandler === true;
        call?.resolve(message.payload);
      } else if (message.type === PTYPE.error) {
        const call = this.settle(service, message.session);
        this.isInHandler = call?.isOfHandler === true;
        call?.reject(message.payload);
      } else if (message.type === PTYPE.timer) {
        this.#runTimer(service, message.payload as Timer);
      } else {
        this.isInHandler = true;
        this.dispatching = message;
        service.instance.receive(message);
      }
    } catch (error) {
      this.#events.onError(service, error, message);
    }
    this.dispatching = undefined;
  }

  #checkRoom(target: Service): void {
    if (this.#mailboxLimit === 0) return;
    const length = mailboxLength(target);
    if (length < this.#mailboxLimit) return;
    throw new SnaxError(
      "ERR_MAILBOX_FULL",
      `the mailbox of ${formatAddress(target.handle)} holds ${length} messages, ` +
        `its limit is ${this.#mailboxLimit}`,
    );
  }

  #accept(target: Service, message: Message): void {
    target.mail.push(message);
    const length = target.deferred === undefined ? target.mail.length : mailboxLength(target);
    if (length >= OVERLOAD_MARK_MIN && length >= target.overloadMark) {
      target.overloadMark = length * 2;
      this.#events.onOverload(target, length);
    }
    this.scheduler.enqueue(target);
  }

  #whenNamed(name: string, send: (target: Service) => void): void {
    this.names.wait(name, () => {
      const target = this.services.get(this.names.get(name) ?? 0);
      if (target !== undefined) send(target);
    });
  }

  #open(source: Service, handle: number, call: PendingCall): number {
    source.session = (source.calls ??= new SessionTable()).open(call, source.session);
    call.target = handle;
    call.since = this.scheduler.now;
    call.isOfHandler = this.isInHandler;
    this.pendingCalls += 1;
    if (this.#slowCalls?.isQuiet === true) this.#slowCalls.noticeCall();
    return source.session;
  }

  #claim(service: Service, request: Message): void {
    if (request.reply === REPLY.done) {
      throw new SnaxError(
        "ERR_REPLIED",
        `the request of ${formatAddress(request.source)}, session ${request.session}, has been answered`,
      );
    }
    if (request.reply !== REPLY.none) request.reply = REPLY.done;
    if (service.owed !== undefined) service.owed.delete(request);
  }

  #answer(source: number, type: number, request: Message, payload: unknown): boolean {
    if (request.session === 0 || request.reply === REPLY.none) return false;
    const answer = new Message(type, source, request.session, 0, payload);
    // It carries a session, but nobody answers an answer: the receiver's death must not bounce it.
    answer.reply = REPLY.none;
    const target = this.services.get(request.source);
    if (target === undefined) return this.#elsewhere?.deliver(request.source, answer) ?? false;
    this.#accept(target, answer);
    return true;
  }

  #arm(service: Service, timer: Timer, at: number): void {
    this.#timers.add(timer, at);
    timer.following = service.timers;
    if (service.timers !== undefined) service.timers.previous = timer;
    service.timers = timer;
    this.scheduler.timerAdded(timer.deadline);
  }

  /** Runs something in the kernel's own name later. */
  #later(ms: number, run: () => void): void {
    const timer = new Timer(0, run);
    this.#timers.add(timer, this.#clock.now() + ms);
    this.scheduler.timerAdded(timer.deadline);
  }

  #fireTimers(now: number): void {
    for (;;) {
      const timer = this.#timers.take(now);
      if (timer === undefined) return;
      const service = this.services.get(timer.owner);
      if (service === undefined) {
        if (timer.owner === 0) timer.run();
        continue;
      }
      service.mail.push(new Message(PTYPE.timer, 0, 0, 0, timer));
      this.scheduler.enqueue(service);
    }
  }

  #runTimer(service: Service, timer: Timer): void {
    unlink(service, timer);
    if (timer.isCancelled) return;
    this.isInHandler = timer.isOfHandler;
    // From the millisecond that was due: counted from this very moment and rounded up, each round would take one more.
    const { intervalMs } = timer;
    if (intervalMs > 0) this.#arm(service, timer, Math.floor(this.#clock.now()) + intervalMs);
    timer.run();
  }
}

/** The error for a message to nobody. */
export function deadError(handle: number): SnaxError {
  return new SnaxError("ERR_SERVICE_DEAD", `no service lives under ${formatAddress(handle)}`, {
    data: { handle },
  });
}

function deadlockError(handle: number): SnaxError {
  return new SnaxError(
    "ERR_DEADLOCK",
    `service ${formatAddress(handle)} is in queue mode and called itself from the handler that runs: ` +
      "the answer could never come; call the function directly, or post",
  );
}

function unlink(service: Service, timer: Timer): void {
  if (timer.previous !== undefined) timer.previous.following = timer.following;
  else if (service.timers === timer) service.timers = timer.following;
  if (timer.following !== undefined) timer.following.previous = timer.previous;
  timer.previous = timer.following = undefined;
}
