/**
 * One thread's heart: services, the messages between them, and what becomes of both.
 *
 *     request(A -> B)   session opened at A, message in B's mailbox
 *     B's instance      receive(message): the service layer runs the handler
 *     reply / fail      message in A's mailbox
 *     A                 session settled: exactly once, by value, error or deadline
 *
 * That path is in this file. Beside it: sessions and deadlines (open-calls.ts), timers, mail for names that no service has, deaths.
 * The kernel knows no thread, file, socket or snax; it reaches these through interfaces that it owns
 * (kernel-options.ts, scheduler.ts). It is synchronous and keeps no state outside, so that a simulator can drive it.
 *
 * Hot path (bench: call, send).
 */

import { ownArguments } from "../base/copy.ts";
import { copyThrown } from "../base/copy-thrown.ts";
import { Answering, isOpen } from "./answering.ts";
import { Burials } from "./death.ts";
import type { Condemned } from "./interrupt.ts";
import type { Handling } from "./handling.ts";
import { beginHandling } from "./handling.ts";
import { Forwarder, Successors } from "./forwarder.ts";
import { clearUp } from "./interrupt.ts";
import type { Elsewhere, KernelEvents, KernelOptions } from "./kernel-options.ts";
import { INTERRUPT_REST_MS, TURN_BUDGET_MS } from "./kernel-options.ts";
import { KernelTimers, Timer } from "./timers.ts";
import type { Envelope } from "./message.ts";
import { Message, MessageList, REPLY } from "./message.ts";
import type { NameStore } from "./name-table.ts";
import { isLocalName, NameTable } from "./name-table.ts";
import type { Letter } from "./named-mail.ts";
import { NamedMail } from "./named-mail.ts";
import { OpenCalls } from "./open-calls.ts";
import { PTYPE } from "./protocol.ts";
import { deadError, deadlockError, fullError, interruptedError, votingError } from "./refusal.ts";
import { Rests } from "./rest.ts";
import { Scheduler } from "./scheduler.ts";
import type { Instance, Watch } from "./service.ts";
import {
  createHandleSource,
  hasMailFrom,
  HOLD,
  isRest,
  mailboxLength,
  passesMark,
  reconsiderDeferred,
  Service,
  ServiceTable,
  watchDeath,
} from "./service.ts";
import type { TallyBook } from "./instruments.ts";
import { count, TALLY, UNCOUNTED } from "./instruments.ts";
import type { OpenCall } from "./open-calls.ts";

/**
 * The services of one thread and the traffic between them.
 *
 * The methods are in the order of a service's life and then of a call's: create to watch; send and request, arrive,
 * turn, reply and fail, settle; behind them names, holds and timers.
 */
export class Kernel {
  readonly services: ServiceTable;
  readonly names: NameStore;
  readonly scheduler: Scheduler;
  /** For kernel files; all others use the methods below. */
  readonly timers: KernelTimers;
  /** For kernel files; all others use the methods below. */
  readonly calls: OpenCalls;
  /** The request being dispatched; undefined as soon as its handler has returned or first awaits. */
  dispatching: Message | undefined = undefined;
  /**
   * The message from whose handling all follows that runs now: the one that is handled, or the one whose handler made the
   * call that has just been answered. A timer's own message inside a timer; undefined outside any service. Known by descent:
   * calls, sleeps and locks remember who began them. Only kernel files set it.
   */
  origin: Message | undefined = undefined;
  /** The services that took the place of others that are gone. */
  readonly successors: Successors = new Successors();
  /** The living services behind whose handles there are forwarders. */
  readonly forwarding: Set<Service> = new Set();
  #condemned: Condemned | undefined = undefined;
  /** Sees every message before it is delivered, while a recording runs; must not throw. */
  tap: ((service: Service, message: Message) => void) | undefined = undefined;
  /** Takes a message whose service is not here, if it has gone to another kernel of the node; false if it has not. */
  onStray: ((handle: number, message: Message) => boolean) | undefined = undefined;
  readonly #namedMail = new NamedMail();
  readonly #burials: Burials;
  readonly #events: KernelEvents;
  readonly #elsewhere: Elsewhere | undefined;
  readonly #mailboxLimit: number;
  readonly #answering: Answering;
  readonly #makeRests: () => Rests;
  /** Undefined until a service is cut off. */
  #rests: Rests | undefined = undefined;
  readonly #tallies: TallyBook | undefined;

  constructor(options: KernelOptions) {
    const { clock, events } = options;
    this.#events = events;
    this.#burials = new Burials(events);
    this.#elsewhere = options.elsewhere;
    this.#tallies = options.tallies;
    this.names = options.names ?? new NameTable();
    this.names.onRegister = (name, handle) => this.#handOut(name, handle);
    this.#mailboxLimit = options.mailboxLimit ?? 0;
    this.services = new ServiceTable(options.handles ?? createHandleSource(), options.harbor ?? 0);
    this.scheduler = new Scheduler({
      clock: options.clock,
      drain: options.drain,
      waker: options.waker,
      turnBudgetMs: options.turnBudgetMs ?? TURN_BUDGET_MS,
      profile: options.profile ?? true,
      deliver: (service, message) => this.#deliver(service, message),
      fireTimers: (now) => this.timers.fire(now),
      nextDeadline: () => this.timers.next(),
      phase: options.phase,
      onCut: (service) => {
        this.#burials.finish();
        clearUp(this, { ...this.#condemned, service, origin: this.origin });
        events.onCut?.(service);
      },
    });
    const { services, scheduler } = this;
    this.#answering = new Answering({
      services,
      elsewhere: options.elsewhere,
      accept: (target, answer) => this.#accept(target, answer),
    });
    const timers = (this.timers = new KernelTimers({ clock, services, scheduler }));
    const namedMail = this.#namedMail;
    this.#makeRests = () =>
      new Rests({
        clock,
        timers,
        firstMs: options.restMs ?? INTERRUPT_REST_MS,
        release: (service, bit) => this.release(service, bit),
        onRest: (service, ms) => events.onRest?.(service, ms),
      });
    this.calls = new OpenCalls({ clock, events, services, scheduler, timers, namedMail });
  }

  /** The rests of services that were cut off. */
  get rests(): Rests {
    return (this.#rests ??= this.#makeRests());
  }

  /** Ends the rest of a service whose code has been changed, if it has one; of all services if none is given. */
  endRest(service?: Service): void {
    this.#rests?.end(service);
  }

  /** Whether handlers that wait are told when their service ends; not any more when all end with the node. */
  hasLastTurns = true;

  /**
   * What is about to be interrupted; code outside the turn sets it, while the thread stands still. Nothing more of the
   * service runs in this turn.
   */
  get condemned(): Condemned | undefined {
    return this.#condemned;
  }

  set condemned(condemned: Condemned | undefined) {
    this.#condemned = condemned;
    if (condemned !== undefined) this.rests.announce(condemned);
  }

  /**
   * Creates a service.
   *
   * @param title - what lists and logs call it.
   * @param instance - makes the code behind the new handle.
   * @param reserved - a handle that was taken for it before, from this kernel's source. @defaultValue a new one
   * @param type - under which it is counted.
   * @throws {ERR_EXHAUSTED} if no handle is free.
   */
  // oxlint-disable-next-line max-params -- what a service is made of
  create(
    title: string,
    instance: (handle: number) => Instance,
    reserved?: number,
    type: string = title,
  ): Service {
    const handle = reserved ?? this.services.reserve();
    try {
      const tally = this.#tallies?.of(type) ?? UNCOUNTED;
      const service = new Service(handle, title, instance(handle), tally);
      this.services.add(service);
      count(tally, TALLY.born);
      return service;
    } catch (error) {
      this.services.giveBack(handle);
      throw error;
    }
  }

  /** Says whether a service lives under the handle, on this kernel or another one. */
  lives(handle: number): boolean {
    return this.services.get(handle) !== undefined || this.#elsewhere?.lives(handle) === true;
  }

  /**
   * Puts another instance behind the handle of a living service; mailbox, sessions, names and timers stay.
   *
   * @returns the instance that was there.
   * @throws {ERR_SERVICE_DEAD} if no service lives under the handle.
   */
  replace(handle: number, instance: Instance): Instance {
    const service = this.services.get(handle);
    if (service === undefined) throw deadError(handle);
    const before = service.instance;
    service.instance = instance;
    return before;
  }

  /**
   * Has another service of this kernel take what comes to a service, and what waits there, from now on; names move too. What
   * the old one has begun, it ends.
   *
   * @returns what is behind the old handle now.
   */
  forward(service: Service, to: Service): Forwarder {
    const forwarder = new Forwarder(
      {
        service,
        accept: (target, message, isBounded) => {
          if (isBounded) this.#checkRoom(target);
          this.#accept(target, message);
        },
        retarget: (...call) => void this.retarget(...call),
        dead: (handle) => this.#dead(handle),
      },
      to,
    );
    service.instance = forwarder;
    this.forwarding.add(service);
    // Order: what waits goes before all that comes from now on.
    forwarder.empty((message, error) => this.#answering.bounce(service.handle, message, error));
    this.names.move(service.handle, to.handle);
    return forwarder;
  }

  #dead(handle: number): Error {
    return deadError(handle, { movedTo: this.successors.find(handle) });
  }

  /**
   * Ends a service at once: callers that wait for it get ERR_SERVICE_DEAD, its names, timers and messages go.
   *
   * What its own handlers wait for fails in a last turn, as skynet closes its coroutines; see last-words.ts.
   */
  kill(service: Service): void {
    if (service.isAlive) this.#burials.bury(this, service);
  }

  /**
   * Calls back when a service dies.
   *
   * @param ifMoved - what becomes of the watch if the service goes to another thread; see {@link Watch}.
   * @returns a function that ends the watch; undefined if the service is dead already.
   */
  watch(handle: number, onDeath: () => void, ifMoved?: Watch["ifMoved"]): (() => void) | undefined {
    const service = this.services.get(handle);
    return service === undefined ? undefined : watchDeath(service, { onDeath, ifMoved });
  }

  /**
   * Sends a one-way message.
   *
   * @param session - not 0: the message is passed on in the name of `source`, which waits under that session and gets
   * the answer; for PTYPE client the number of a connection, and no caller waits.
   * @returns false if no service lives under the handle.
   * @throws {ERR_NOT_SENDABLE} if a value can't be sent.
   * @throws {ERR_MAILBOX_FULL} if the receiver's mailbox is at its limit.
   */
  send(source: number, handle: number, envelope: Envelope, session = 0): boolean {
    const target = this.services.get(handle);
    const { type, method, values } = envelope;
    if (target === undefined || target.instance.outlet !== undefined) {
      const message = new Message(type, source, session, method, values);
      if (type === PTYPE.client) message.reply = REPLY.none;
      if (!this.#leave(handle, target, message)) return false;
      if (message.reply === REPLY.owed) this.#passedOn(source, session, handle);
      return true;
    }
    this.#checkRoom(target);
    const message = new Message(type, source, session, method, ownArguments(values, target));
    if (type === PTYPE.client) message.reply = REPLY.none;
    this.#accept(target, message);
    if (message.reply === REPLY.owed) this.#passedOn(source, session, handle);
    return true;
  }

  #passedOn(source: number, session: number, handle: number): void {
    const from = this.scheduler.current?.handle ?? 0;
    if (this.services.get(source) !== undefined) this.retarget(source, session, handle, from);
    else this.#elsewhere?.retarget(source, session, handle, from);
  }

  /**
   * Notes that another service answers a call that waits: the request was passed on.
   *
   * @param from - who passed it on; 0 = not known. Where a request is passed on several times the news of it may come in
   * another order: the handle of the service that passed it on tells which is to be heard first.
   * @returns who answers the call as far as it is known; undefined if it does not wait here.
   */
  retarget(source: number, session: number, handle: number, from: number): number | undefined {
    const call = this.services.get(source)?.calls?.get(session);
    if (call !== undefined) this.calls.retarget(call, handle, from);
    return call?.target;
  }

  /**
   * Sends a request; the call is settled exactly once.
   *
   * @returns the session.
   * @throws {ERR_SERVICE_DEAD} if no service lives under the handle.
   * @throws {ERR_NOT_SENDABLE} if a value can't be sent.
   * @throws {ERR_MAILBOX_FULL} if the receiver's mailbox is at its limit.
   * @throws {ERR_DEADLOCK} if a service in queue mode calls itself from the handler that runs. A timer may: its call is
   * answered when the handler has ended. Or if both wait for the same vote on a patch.
   */
  request(source: Service, handle: number, envelope: Envelope, call: OpenCall): number {
    const target = this.services.get(handle);
    if (target === undefined || target.instance.outlet !== undefined) {
      return this.#requestElsewhere(source, handle, envelope, call);
    }
    if (target.holds !== HOLD.none) this.#refuseDeadlock(source, target);
    const { type, method, values } = envelope;
    this.#checkRoom(target);
    const payload = ownArguments(values, target);
    const session = this.calls.open(source, handle, call, this.origin);
    this.#accept(target, new Message(type, source.handle, session, method, payload));
    return session;
  }

  #refuseDeadlock(source: Service, target: Service): void {
    if ((target.holds & source.holds & HOLD.voting) !== 0) throw votingError(target.handle);
    if (target !== source || (source.holds & HOLD.busy) === 0 || !this.isInHandler) return;
    throw deadlockError(target.handle);
  }

  #requestElsewhere(source: Service, handle: number, envelope: Envelope, call: OpenCall): number {
    const { type, method, values } = envelope;
    const session = this.calls.open(source, handle, call, this.origin);
    try {
      const message = new Message(type, source.handle, session, method, values);
      if (!this.#leave(handle, this.services.get(handle), message)) throw this.#dead(handle);
    } catch (error) {
      this.settle(source, session);
      throw error;
    }
    return session;
  }

  /** Hands a message to an outlet or to another kernel: nothing is copied here. @returns false if no service lives there */
  #leave(handle: number, target: Service | undefined, message: Message): boolean {
    if (target === undefined) return this.#elsewhere?.deliver(handle, message) === true;
    target.instance.outlet?.(message);
    return true;
  }

  /**
   * Takes a message from another kernel; its payload belongs to this one already.
   *
   * A request that finds no service, or a full mailbox, is answered with an error; anything else that does is dropped, and
   * the loss of a post at a full mailbox is told as an error of the receiver.
   */
  arrive(handle: number, message: Message): void {
    const target = this.services.get(handle);
    const isAnswer = message.type === PTYPE.response || message.type === PTYPE.error;
    try {
      if (target === undefined) {
        if (this.onStray?.(handle, message) === true) return;
        if (this.#elsewhere?.onward?.(handle, message) === true) return;
        throw this.#dead(handle);
      }
      if (target.instance.outlet !== undefined && !(isAnswer && target.instance.keepsAnswers)) {
        return target.instance.outlet(message);
      }
      if (!isAnswer && message.type !== PTYPE.flow) this.#checkRoom(target);
      this.#accept(target, message);
    } catch (error) {
      const isPost = message.reply === REPLY.none;
      if (isPost && target !== undefined) this.#events.onError(target, error, message);
      if (message.type === PTYPE.error) {
        this.#events.onLostError?.(message.source, handle, message);
      }
      this.#answering.bounce(handle, message, error);
    }
  }

  /**
   * Puts a message into a service's system lane, where it passes every other message and every hold. If the service is
   * dead, a request is answered so and anything else is dropped.
   *
   * @param behind - a sender whose messages it must not pass, as far as they are not held back; 0 = it may pass all.
   */
  sendUrgent(service: Service, message: Message, behind = 0): void {
    if (!service.isAlive) {
      this.#answering.bounce(service.handle, message, deadError(service.handle));
      return;
    }
    if (behind !== 0 && hasMailFrom(service, behind)) service.mail.push(message);
    else (service.systemMail ??= new MessageList()).push(message);
    this.scheduler.enqueue(service);
  }

  #checkRoom(target: Service): void {
    if (this.#mailboxLimit === 0) return;
    const length = mailboxLength(target);
    if (length >= this.#mailboxLimit) throw fullError(target.handle, length, this.#mailboxLimit);
  }

  #accept(target: Service, message: Message): void {
    target.mail.push(message);
    if (passesMark(target)) this.#events.onOverload(target, mailboxLength(target));
    this.scheduler.enqueue(target);
  }

  /** What runs now is the handler of a request or a post, or follows from one, and not from a timer. */
  get isInHandler(): boolean {
    return this.origin !== undefined && this.origin.type !== PTYPE.timer;
  }

  /** Runs what waits in the event loop's name: see Scheduler.turn. */
  turn(): void {
    for (const { service, request } of this.#answering.takeAbandoned()) {
      if (isOpen(request)) this.fail(service, request, interruptedError(service));
    }
    this.scheduler.turn();
    // With a drain that can't drain the continuations of the last message are still to run.
    if (this.scheduler.current === undefined) this.origin = undefined;
    // Cut off behind an await, which ends the microtasks and not the turn.
    if (this.#condemned === undefined) return;
    clearUp(this, this.#condemned);
    this.scheduler.noteCut();
  }

  #deliver(service: Service, message: Message): void {
    const { type } = message;
    service.messageCount += 1;
    count(service.tally, TALLY.messages);
    this.tap?.(service, message);
    try {
      if (type === PTYPE.response || (type === PTYPE.error && message.session !== 0)) {
        const call = this.settle(service, message.session);
        this.origin = call?.origin;
        if (type === PTYPE.response) call?.resolve(message.payload);
        else if (call !== undefined) call.reject(message.payload);
        else this.#events.onLateError?.(service, message.payload, message);
      } else if (type === PTYPE.timer) {
        const timer = message.payload as Timer;
        this.origin = timer.origin ?? message;
        if (service.mayRun?.(timer) === false) this.timers.postpone(service, timer);
        else this.timers.run(service, timer);
      } else {
        this.origin = message;
        this.dispatching = message;
        service.instance.receive(message);
      }
    } catch (error) {
      this.#events.onError(service, error, message);
      this.#answerFor(service, message, error);
    }
    this.dispatching = undefined;
  }

  /** Answers a request whose service has thrown and not answered, unless it is filed as owed: then its death answers it. */
  #answerFor(service: Service, message: Message, error: unknown): void {
    if (!service.isAlive || message.reply !== REPLY.owed || service.owed?.has(message)) return;
    this.failWith(service, message, () => copyThrown(error as Error));
  }

  /**
   * Answers a request with a value.
   *
   * A value that can't be sent becomes the error that says so.
   *
   * @returns false if the requester is gone, or no answer is awaited.
   * @throws {ERR_REPLIED} if the request has been answered.
   */
  reply(service: Service, request: Message, value: unknown): boolean {
    return this.#answering.reply(service, request, value);
  }

  /**
   * Answers a request with an error.
   *
   * @param error - has been made fit for the caller: nothing of it is shared with the service.
   * @returns false if the requester is gone, or no answer is awaited.
   * @throws {ERR_REPLIED} if the request has been answered.
   */
  fail(service: Service, request: Message, error: unknown): boolean {
    return this.#answering.fail(service, request, () => error);
  }

  /**
   * As {@link fail}, with an error that is still to be made. That may run code of the service: while it does the request is
   * open, and if it throws, that is the error.
   */
  failWith(service: Service, request: Message, make: () => unknown): boolean {
    return this.#answering.fail(service, request, make);
  }

  /**
   * Answers a request that an outlet has taken.
   *
   * @param type - PTYPE.response or PTYPE.error.
   * @param payload - the caller's from now on: nothing is copied.
   * @returns false if the caller is gone, or no answer is awaited.
   */
  // oxlint-disable-next-line max-params -- hot path: an options object would be one more for each answer
  pass(handle: number, type: number, request: Message, payload: unknown): boolean {
    return this.#answering.pass(handle, type, request, payload);
  }

  /** Remembers that a request was taken and its answer comes later, so that the service's death answers it. */
  owe(service: Service, request: Message): void {
    if (request.reply !== REPLY.owed) return;
    // Whole milliseconds are kept in place, others in an object of their own.
    (service.owed ??= new Map()).set(request, Math.floor(this.scheduler.now));
  }

  /** Remembers a handler that goes on behind an await, for those who list them. @returns what ends that: see endHandling */
  goesOn(service: Service, message: Message): Handling {
    return beginHandling(service, message, this.scheduler.now);
  }

  /** As {@link owe}, and what the handler returns is not the answer: other code calls {@link reply} later. */
  detach(service: Service, request: Message): void {
    this.owe(service, request);
    if (request.reply === REPLY.owed) request.reply = REPLY.detached;
  }

  /** Gives up a request's session: nothing will be answered, and its caller is not told. */
  ignore(service: Service, request: Message): void {
    if (request.reply !== REPLY.owed) return;
    request.reply = REPLY.none;
    service.owed?.delete(request);
  }

  /** Takes out the call that waits under a session, with its deadline; undefined if none does. */
  settle(service: Service, session: number): OpenCall | undefined {
    return this.calls.settle(service, session);
  }

  /** Sets a deadline for a call: it then fails with what `error` makes. */
  setDeadline(source: Service, call: OpenCall, ms: number, error: () => unknown): void {
    this.calls.setDeadline(source, call, ms, error);
  }

  /** How many calls of this kernel's services wait for an answer. */
  get openCalls(): number {
    return this.calls.size;
  }

  /**
   * Sends a request to the service that has a name; if no service has a global one, the request waits until one registers it.
   * What has waited is delivered beyond the limit of the mailbox, too: the limit of the name has bounded it.
   *
   * @throws what {@link request} throws, {ERR_NO_SERVICE} if no service has the local name, {ERR_MAILBOX_FULL} if too many
   * messages wait for the name, and {ERR_ARGUMENT} if the text can't be a name.
   */
  requestNamed(source: Service, name: string, envelope: Envelope, call: OpenCall): number {
    const handle = this.names.get(name);
    if (handle !== undefined) return this.request(source, handle, envelope, call);
    const session = this.calls.open(source, 0, call, this.origin);
    try {
      this.#keep({ name, source: source.handle, envelope, call });
    } catch (error) {
      this.settle(source, session);
      throw error;
    }
    return session;
  }

  /**
   * Sends a one-way message to the service that has a name; for a global one that may be later.
   *
   * @returns false if no service has the local name.
   * @throws what {@link send} throws, and {ERR_MAILBOX_FULL} if too many messages wait for the name.
   */
  sendNamed(source: number, name: string, envelope: Envelope): boolean {
    const handle = this.names.get(name);
    if (handle !== undefined) return this.send(source, handle, envelope);
    if (isLocalName(name)) return false;
    this.#keep({ name, source, envelope, call: undefined });
    return true;
  }

  #keep(letter: Letter): void {
    if (this.#namedMail.keep(letter)) this.#events.onNameless?.(letter.name);
  }

  /** Sends off what waited for a name that was given to a service, here or on another kernel. */
  #handOut(name: string, handle: number): void {
    this.#events.onNamed?.(name, handle);
    for (const { source, envelope, call } of this.#namedMail.take(name)) {
      const { type, method, values } = envelope;
      if (call !== undefined) call.target = handle;
      const message = new Message(type, source, call?.session ?? 0, method, values);
      const target = this.services.get(handle);
      try {
        ownArguments(values, target);
        if (target?.instance.outlet !== undefined) target.instance.outlet(message);
        else if (target !== undefined) this.#accept(target, message);
        else if (this.#elsewhere?.deliver(handle, message) !== true) throw deadError(handle);
      } catch (error) {
        this.#answering.bounce(handle, message, error);
      }
    }
  }

  /** Lets only what {@link HOLD} says through to a service, until it is released. */
  hold(service: Service, bit: number): void {
    const wasRest = isRest(service);
    service.holds |= bit;
    if (!wasRest || isRest(service)) return;
    // Answers that waited for the end of the rest go before those that come from now on.
    reconsiderDeferred(service);
    if (mailboxLength(service) > 0) this.scheduler.enqueue(service);
  }

  /**
   * Lets through again what waited.
   *
   * @param bit - the reason that is gone. @defaultValue none: the instance hears more than before
   */
  release(service: Service, bit: number = HOLD.none): void {
    service.holds &= ~bit;
    if (service.holds !== HOLD.none) reconsiderDeferred(service);
    if (service.isAlive && mailboxLength(service) > 0) this.scheduler.enqueue(service);
  }

  /**
   * Runs something inside a service later; never if it is dead by then.
   *
   * @param ms - milliseconds, rounded up to the clock's next whole one; at most about 285,000 years.
   * @param intervalMs - milliseconds between further firings; 0 = fires once.
   */
  addTimer(service: Service, ms: number, run: () => void, intervalMs = 0): Timer {
    const timer = new Timer(service.handle, run, intervalMs);
    this.timers.add(service, timer, ms);
    return timer;
  }

  /** Runs something inside a service after the messages that wait already; cancelled like a timer. */
  soon(service: Service, run: () => void): Timer {
    const timer = new Timer(service.handle, run);
    timer.passesHold = (service.holds & HOLD.patching) !== 0;
    if (service.isAlive) this.#accept(service, new Message(PTYPE.timer, 0, 0, 0, timer));
    return timer;
  }

  /**
   * Runs something inside a service before all that waits there, whatever holds it: a handler goes on that waited for
   * other code in the service.
   *
   * @param origin - the message that this handler handles; undefined = it is something new.
   */
  resume(service: Service, origin: Message | undefined, run: () => void): Timer {
    const timer = new Timer(service.handle, run);
    timer.origin = origin;
    this.sendUrgent(service, new Message(PTYPE.timer, 0, 0, 0, timer));
    return timer;
  }

  /** Cancels a timer; nothing happens if it has fired or was cancelled. */
  removeTimer(service: Service, timer: Timer): void {
    this.timers.remove(service, timer);
  }
}
