/**
 * What the kernel knows of one service, a handle, a mailbox and a replaceable instance, and which service a handle leads to.
 *
 * A node may hold a million of these, so everything that an idle service does not need is created at first use. Fields
 * are public because kernel files share them; outside kernel/ only the ones marked so may be read, none written.
 *
 * Handles are as skynet has them: 32 bits, the node's harbor id in the high 8, printed `:%08x`.
 *
 * Hot path (bench: call).
 */

import { SnaxError } from "../base/error.ts";
import type { Handling } from "./handling.ts";
import type { Waiting } from "./last-words.ts";
import type { Message } from "./message.ts";
import { MessageList, REPLY } from "./message.ts";
import { PTYPE } from "./protocol.ts";
import type { Tally } from "./instruments.ts";
import { UNCOUNTED } from "./instruments.ts";
import type { CallTable } from "./open-calls.ts";
import type { Timer } from "./timers.ts";

/** The code behind a handle. The kernel can put another one there while the service lives. */
export interface Instance {
  /**
   * Handles a message of any type but an answer or a timer, which the kernel settles itself.
   *
   * What it throws is logged under the service's address and ends nothing.
   */
  receive(message: Message): void;
  /**
   * Says whether it handles messages of a type although its beginning is not over (HOLD.starting); those that it does not
   * hear wait. Code that changes the answer has the mail looked at again: Kernel.release.
   */
  hears?(type: number): boolean;
  /**
   * Lets go of what the handler of a message held, which an interrupt has cut off: a lock, a beginning. The message is
   * answered already. Runs inside the service.
   *
   * @param error - for code that waits for that handler in another way than by a call.
   */
  interrupted?(message: Message, error: unknown): void;
  /** Names a message for people, e.g. `request shop.buy`. */
  describe?(message: Message): string | undefined;
  /** The messages whose handlers hold something that {@link interrupted} would let go of. */
  holding?(): Iterable<Message>;
  /** The messages whose handlers wait for something inside the service: to be woken, or for a lock. */
  waiting?(): Iterable<Message>;
  /** Lists the waits inside the service without a call or a timer: they fail with the service's end. */
  waits?(): Iterable<Pick<Waiting, "reject">>;
  /**
   * Takes messages and answers at once, in place of the mailbox: they leave the node here. The payload may be the sender's own,
   * and has to be written or copied before this returns. A request is answered by Kernel.pass.
   *
   * @throws what the sender is told; an answer must not be refused.
   */
  outlet?(message: Message): void;
  /** Answers come into the mailbox although there is an outlet. */
  readonly keepsAnswers?: boolean;
}

/** A wish to hear of the death of a service. */
export interface Watch {
  readonly onDeath: () => void;
  /**
   * What becomes of it if the service goes to another thread: a text = it must not, and this says why; {@link LET_GO} = the
   * watch ends here. Undefined = the watch ends soon, and the service waits for that.
   */
  readonly ifMoved: string | undefined;
}

/** By which a watch says that it ends when the service goes to another thread: see {@link Watch}. */
export const LET_GO = "let go";

/** Why a service takes only some of its messages: bits of {@link Service.holds}. Debug messages pass every hold. */
export const HOLD = {
  none: 0,
  /** Queue mode, and a handler runs: requests and posts wait, answers and timers pass. */
  busy: 1,
  /** A hot-fix is being applied: requests, posts and the timers from before wait, answers pass. */
  patching: 2,
  /** A handler was cut off a moment ago: only jobs, debug messages and what follows from them pass; see rest.ts. */
  resting: 8,
  /** The service has ended, and what its handlers run on with is its last turn: what they send goes out. */
  ending: 16,
  /** The beginning is not over: what the instance does not hear yet waits, answers and timers pass. */
  starting: 4,
  /**
   * A patch for many services is in or about to be, and they have not agreed on it: jobs and debug messages pass. While the
   * patch itself runs (with `patching`), so does what follows from it; no handler from before goes on.
   */
  voting: 32,
  /**
   * Other code is about to take its place: requests and posts wait for that; answers, timers, jobs and its calls to itself pass,
   * for its handlers are to end.
   */
  draining: 64,
  /** It has taken another one's place, whose handlers run yet: requests and posts wait for these; answers, timers and jobs pass. */
  following: 128,
} as const;

/** A service, as the kernel sees it. */
export class Service {
  /** 32 bits; the service's address. May be read by all. */
  readonly handle: number;
  /** What it was started as, e.g. `snax foobar`, for lists and logs. May be read by all. */
  readonly title: string;
  /** The code; see Kernel.replace. May be read by all. */
  instance: Instance;
  /** False from the moment at which it exits or is killed. May be read by all. */
  isAlive = true;
  /** Bits of {@link HOLD}. */
  holds: number = HOLD.none;
  /** Stands in the run queue, or runs. */
  isQueued = false;
  /** The service behind this one in the run queue. */
  nextRunnable: Service | undefined = undefined;
  /** Requests, posts, answers and timers, in the order in which they came. */
  readonly mail: MessageList = new MessageList();
  /** Messages of the system lane: taken before all others, whatever holds the service. */
  systemMail: MessageList | undefined = undefined;
  /** Messages that a hold keeps back; they go before the mail once it is gone. */
  deferred: MessageList | undefined = undefined;
  /** The mailbox length at which the next overload warning is due. */
  overloadMark = 0;
  /** The last session handed out. */
  session = 0;
  /** Calls of this service that wait for an answer. */
  calls: CallTable | undefined = undefined;
  /** Requests that this service has taken and not answered yet, with the whole millisecond at which that was. */
  owed: Map<Message, number> | undefined = undefined;
  /** Handlers that run on behind an await and owe no answer; see handling.ts. */
  running: Handling[] | undefined = undefined;
  /** Hears of each of those that ends, while there is a listener; must not throw. */
  onHandled: ((message: Message) => void) | undefined = undefined;
  /** The first of this service's timers. */
  timers: Timer | undefined = undefined;
  /** Says whether a timer may run at this moment; one that may not is asked again a little later. Undefined = all may. */
  mayRun: ((timer: Timer) => boolean) | undefined = undefined;
  /** Those who want to hear of its death: see Kernel.watch. */
  watchers: Watch[] | undefined = undefined;
  /** Messages dispatched so far. May be read by all. */
  messageCount = 0;
  /** A watchdog has seen a handler that does not return; the thread that is told of it clears it. */
  isEndless = false;
  /** Milliseconds of CPU spent so far, if `profile` is on. May be read by all. */
  cpuMs = 0;
  /** Where its type is counted. */
  readonly tally: Tally;

  constructor(handle: number, title: string, instance: Instance, tally: Tally = UNCOUNTED) {
    this.handle = handle;
    this.title = title;
    this.instance = instance;
    this.tally = tally;
  }
}

/** Mailbox length at which the first overload warning is due; each later one at twice the length. As in skynet. */
export const OVERLOAD_MARK_MIN = 1024;

/** Says whether a mailbox that has just grown is due for an overload warning, and sets the mark for the next. */
export function passesMark(service: Service): boolean {
  const length = service.deferred === undefined ? service.mail.length : mailboxLength(service);
  if (length < OVERLOAD_MARK_MIN || length < service.overloadMark) return false;
  service.overloadMark = length * 2;
  return true;
}

/** How many messages wait for a service, those that are held back included. */
export function mailboxLength(service: Service): number {
  return service.mail.length + (service.deferred?.length ?? 0) + (service.systemMail?.length ?? 0);
}

/** Lists what a service has taken and not finished, with the moment at which it was taken, from the oldest to the newest. */
export function unfinishedOf({ owed, running }: Service): [message: Message, since: number][] {
  const all: [Message, number][] = [...(owed ?? [])];
  for (const { message, since } of running ?? []) all.push([message, since]);
  return all.toSorted(([, one], [, two]) => one - two);
}

/** How many of these are handlers. */
export function unfinishedCount({ owed, running }: Service): number {
  let count = running?.length ?? 0;
  for (const message of owed?.keys() ?? []) if (!isDeathWatch(message)) count += 1;
  return count;
}

/** Whether it is a request that nothing but the service's death answers: no handler runs for it. */
export function isDeathWatch({ type, reply }: Message): boolean {
  return type === PTYPE.debug && reply === REPLY.detached;
}

/**
 * Takes the next message that the service may handle now.
 *
 * Order: messages of one sender stay in order as long as nothing holds the service; a message that is held back is
 * handled before all that came later of its kind.
 */
export function takeMessage(service: Service): Message | undefined {
  if (service.systemMail !== undefined) {
    const urgent = takeUrgent(service, service.systemMail);
    if (urgent !== undefined) return urgent;
    service.systemMail = undefined;
  }
  if (service.holds !== HOLD.none) return takePassing(service);
  if (service.deferred !== undefined) {
    const waiting = service.deferred.shift();
    if (waiting !== undefined) return waiting;
    service.deferred = undefined;
  }
  const message = service.mail.shift();
  // As in skynet_mq.c: a service that has caught up is warned of anew.
  if (message === undefined) service.overloadMark = 0;
  return message;
}

/** While the service rests, the handlers that could go on wait with its mail. */
function takeUrgent(service: Service, lane: MessageList): Message | undefined {
  for (;;) {
    const urgent = lane.shift();
    if (urgent === undefined || !isRest(service) || passesRest(service, urgent)) return urgent;
    (service.deferred ??= new MessageList()).push(urgent);
  }
}

/** Takes the next job of the system lane; what goes on with a handler there stays. */
export function takeJob(service: Service): Message | undefined {
  const lane = service.systemMail;
  if (lane === undefined) return undefined;
  const passed = new MessageList();
  let message = lane.shift();
  while (message?.type === PTYPE.timer) {
    passed.push(message);
    message = lane.shift();
  }
  lane.prepend(passed);
  return message;
}

/** Puts what was held back before all that came later: less holds the service now, and each message is looked at again. */
export function reconsiderDeferred(service: Service): void {
  if (service.deferred === undefined) return;
  service.mail.prepend(service.deferred);
  service.deferred = undefined;
}

function takePassing(service: Service): Message | undefined {
  for (;;) {
    const message = service.mail.shift();
    if (message === undefined || passes(service, message)) return message;
    (service.deferred ??= new MessageList()).push(message);
  }
}

/** Says whether a message of that sender waits in the mail. */
export function hasMailFrom(service: Service, source: number): boolean {
  return hasFrom(service.mail, source);
}

function hasFrom(mail: MessageList, source: number): boolean {
  let message = mail.head;
  while (message !== undefined && message.source !== source) message = message.next;
  return message !== undefined;
}

function passes(service: Service, message: Message): boolean {
  const { holds, instance } = service;
  const { type, session, payload } = message;
  if (isRest(service)) return passesRest(service, message);
  // A system message is in the mail only to keep its place behind others of its sender.
  if (type === PTYPE.response || type === PTYPE.system) return true;
  // Without a session it is no answer: it tells of a death.
  if (type === PTYPE.error && session !== 0) return true;
  // An operator can look into a service that is stuck in an await, whatever it waits for.
  if (type === PTYPE.debug) return true;
  if (type === PTYPE.timer) return (holds & HOLD.patching) === 0 || (payload as Timer).passesHold;
  if (holds === HOLD.draining) return isOwnCall(service, message);
  return holds === HOLD.starting && instance.hears?.(type) === true;
}

/** Order: what the service has posted to itself before waits, and so does the call. */
function isOwnCall({ handle, deferred }: Service, { source, session }: Message): boolean {
  if (source !== handle || session === 0) return false;
  return deferred === undefined || !hasFrom(deferred, source);
}

/** Says whether something follows from a job, a patch or a debug message; see Kernel.origin. */
export function isOfOperator(origin: Message | undefined): boolean {
  return origin !== undefined && (origin.type === PTYPE.system || origin.type === PTYPE.debug);
}

/**
 * The service rests, or waits for a vote: its handlers do not go on. A patch that takes its time holds a service that rests in
 * its own way: what it may wait for passes.
 */
export function isRest({ holds }: Service): boolean {
  if ((holds & HOLD.voting) !== 0) return true;
  return (holds & (HOLD.resting | HOLD.patching)) === HOLD.resting;
}

function passesRest({ calls, holds }: Service, { type, payload, session }: Message): boolean {
  if (type === PTYPE.system || type === PTYPE.debug) return true;
  // What the patch left running behind its hotfix() waits for the vote with all else.
  if ((holds & (HOLD.voting | HOLD.patching)) === HOLD.voting) return false;
  if (type === PTYPE.timer) {
    const { passesHold, origin } = payload as Timer;
    return passesHold || isOfOperator(origin);
  }
  const isAnswer = type === PTYPE.response || type === PTYPE.error;
  return isAnswer && isOfOperator(calls?.get(session)?.origin);
}

/**
 * Calls back when a living service dies; see Kernel.watch.
 *
 * @returns a function that ends the watch.
 */
export function watchDeath(service: Service, watch: Watch): () => void {
  if (service.watchers === undefined) service.watchers = [watch];
  else service.watchers.push(watch);
  return () => {
    const index = service.watchers?.indexOf(watch) ?? -1;
    if (index >= 0) service.watchers?.splice(index, 1);
    if (service.watchers?.length === 0) service.watchers = undefined;
  };
}

/** Prints a handle: 10 -> `:0000000a`. */
export function formatAddress(handle: number): string {
  return ":" + handle.toString(16).padStart(8, "0");
}

/** Reads `:0000000a`; undefined if the text is no address. Any number of hex digits up to 8 is accepted, as in skynet. */
export function parseAddress(text: string): number | undefined {
  return /^:[0-9a-fA-F]{1,8}$/.test(text) ? Number.parseInt(text.slice(1), 16) : undefined;
}

/** Bits of a handle that number the service within its node. */
export const INDEX_MASK = 0x00ffffff;

/** The harbor id in a handle: 0..255. */
export function harborOf(handle: number): number {
  return handle >>> 24;
}

const PAGE_BITS = 12;
const PAGE_MASK = (1 << PAGE_BITS) - 1;

interface Page {
  readonly places: (Service | undefined)[];
  used: number;
}

/** Where new handles come from; a node of several threads hands in one that all of them share. */
export interface HandleSource {
  /** Returns the next index, 1..0xffffff, beginning again after the last. */
  next(): number;
  /** Takes an index back: its service has died, or was never made. */
  free?(index: number): void;
}

/** A handle source for a node of one kernel. */
export function createHandleSource(first = 1): HandleSource {
  let index = first - 1;
  return {
    next: () => {
      index = index >= INDEX_MASK ? 1 : index + 1;
      return index;
    },
  };
}

/** Where the service with an index is: the number of its page, and its place there. */
export function placeOf(index: number): readonly [page: number, place: number] {
  return [index >>> PAGE_BITS, index & PAGE_MASK];
}

/**
 * The living services of one kernel, by handle; it hands the handles out.
 *
 * A handle's low 24 bits index pages of 4096 places that come and go as needed: two array reads per look-up, eight bytes per
 * service, no hashing.
 */
export class ServiceTable {
  readonly #pages: (Page | undefined)[] = [];
  readonly #source: HandleSource;
  readonly #harborBits: number;
  /** How many services live. */
  size = 0;

  /** @param harbor - this node's id in a harbor network, 0..255. */
  constructor(source: HandleSource, harbor: number) {
    this.#source = source;
    this.#harborBits = (harbor << 24) >>> 0;
  }

  /** Returns the service under a handle, or undefined if none lives there. */
  get(handle: number): Service | undefined {
    const index = handle & INDEX_MASK;
    const service = this.#pages[index >>> PAGE_BITS]?.places[index & PAGE_MASK];
    return service !== undefined && service.handle === handle ? service : undefined;
  }

  /**
   * Hands out a handle that no living service has.
   *
   * @throws {ERR_EXHAUSTED} if all 16,777,215 are in use.
   */
  reserve(): number {
    if (this.size >= INDEX_MASK) {
      throw new SnaxError("ERR_EXHAUSTED", `${this.size} services live: no handle is free`);
    }
    for (;;) {
      const handle = (this.#harborBits | this.#source.next()) >>> 0;
      if (this.get(handle) === undefined) return handle;
    }
  }

  /** Gives back a handle that was reserved and is under no service. */
  giveBack(handle: number): void {
    this.#source.free?.(handle & INDEX_MASK);
  }

  /** Files a service under its handle. */
  add(service: Service): void {
    const index = service.handle & INDEX_MASK;
    const page = (this.#pages[index >>> PAGE_BITS] ??= { places: [], used: 0 });
    page.places[index & PAGE_MASK] = service;
    page.used += 1;
    this.size += 1;
  }

  /** Strikes a service out. */
  delete(service: Service): void {
    if (this.get(service.handle) !== service) return;
    const index = service.handle & INDEX_MASK;
    this.#source.free?.(index);
    const page = this.#pages[index >>> PAGE_BITS] as Page;
    page.places[index & PAGE_MASK] = undefined;
    page.used -= 1;
    this.size -= 1;
    if (page.used === 0) this.#pages[index >>> PAGE_BITS] = undefined;
  }

  /** How many pages there are; a page that holds no service is undefined. */
  get pageCount(): number {
    return this.#pages.length;
  }

  /** Returns the places of one page, up to 4096, for walks that rest between two pages. */
  page(number: number): readonly (Service | undefined)[] | undefined {
    return this.#pages[number]?.places;
  }

  /** All living services, by rising handle. A service that is added or deleted meanwhile may or may not be seen. */
  *[Symbol.iterator](): Generator<Service> {
    for (let number = 0; number < this.#pages.length; number += 1) {
      const places = this.#pages[number]?.places;
      if (places === undefined) continue;
      for (let place = 0; place < places.length; place += 1) {
        const service = places[place];
        if (service !== undefined) yield service;
      }
    }
  }
}
