/**
 * A service moves from one thread to another and keeps its handle. What each sender sends to it arrives in order.
 *
 *     A (leaves)                      B (comes)                         C (all other threads)
 *                                     expect: it is there, and held
 *     [answer of B has come: all that B sent before has, too]
 *       MAIL what waits          ->   kept for the front
 *     leave: directory A -> B
 *       FENCE                    ->                                     all that it sends from here on goes to B
 *                                <-                                     SEEN, behind all that it sent to A before
 *       MAIL what came to A      ->   kept for the front
 *     all have SEEN: DONE        ->   front, then what came here: it handles messages
 *
 * A thread that does not answer for `waitMs` is left out: the order of what it had sent is not promised then. If A ends before the
 * directory says B, the service ends with it. If A ends later, the service lives on at B, and the calls that may have been lost on
 * the way fail. If B ends, the service ends with it.
 */

import { ownArguments } from "../base/copy.ts";
import { bereave } from "../kernel/death.ts";
import { admit, depart, foresee } from "../kernel/departure.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { Message, REPLY } from "../kernel/message.ts";
import type { Service } from "../kernel/service.ts";
import { HOLD } from "../kernel/service.ts";
import type { Directory } from "./directory.ts";

/** The words between the threads. */
export const HAND_OVER_WORDS = {
  mail: "moved.mail",
  fence: "moved.fence",
  seen: "moved.seen",
  done: "moved.done",
  lost: "moved.lost",
} as const;

/** What a hand-over needs of its thread. */
export interface HandOverOptions {
  /** This thread's number. */
  readonly thread: number;
  readonly kernel: Kernel;
  readonly directory: Directory;
  /** The thread of a service of this node. The directory alone takes another harbor's handle for one of this node. */
  readonly threadOf: (handle: number) => number | undefined;
  /** Says a word to a thread, in order with the messages for it. */
  readonly tell: (thread: number, word: string, ...values: readonly unknown[]) => void;
  /** All other threads. */
  readonly others: () => readonly number[];
  /** Runs something when the other threads can see what has been said before: callers that wait for that go first. */
  readonly afterwards: (run: () => void) => void;
  /** Runs something later; returns what cancels it. */
  readonly later: (ms: number, run: () => void) => () => void;
  /** Milliseconds for which a thread is waited for. */
  readonly waitMs: number;
}

/** A service that has left, and may still be sent something here. */
interface Leaving {
  readonly to: number;
  /** The threads that have not answered. */
  readonly waiting: Set<number>;
  readonly cancel: () => void;
}

/** A service that stands ready here. */
interface Coming {
  readonly service: Service;
  readonly from: number;
  readonly front: Message[];
}

/** The services of one thread that leave, and those that come. */
export class HandOver {
  readonly #options: HandOverOptions;
  readonly #leaving = new Map<number, Leaving>();
  readonly #coming = new Map<number, Coming>();

  constructor(options: HandOverOptions) {
    this.#options = options;
    options.kernel.onStray = (handle, message) => this.#forward(handle, message);
  }

  /** A service stands ready here under a handle that another thread has; it handles nothing, and what comes for it waits. */
  expect(service: Service, from: number): void {
    this.#options.kernel.hold(service, HOLD.voting);
    this.#coming.set(service.handle, { service, from, front: [] });
  }

  /** Whether a service stands ready here and does not handle messages yet. */
  isComing(handle: number): boolean {
    return this.#coming.has(handle);
  }

  /** Whether any does. */
  get hasComing(): boolean {
    return this.#coming.size > 0;
  }

  /** It does not come: what has come here for it goes to where it lives, but for what waits there anyway. */
  discard(handle: number): void {
    const coming = this.#coming.get(handle);
    if (coming === undefined || this.#isHere(handle)) return;
    this.#coming.delete(handle);
    const { kernel } = this.#options;
    const { waiting, marks } = depart(kernel, coming.service);
    for (const message of waiting) kernel.arrive(handle, message);
    for (const mark of marks) mark.moved();
  }

  /**
   * The service goes to the thread where it stands ready. It is at rest; the answer that it stands ready has come.
   *
   * @returns how many messages went with it; undefined if it does not live here any more.
   * @throws {ERR_NOT_SENDABLE} if one of them can't go; then it lives here as before, and does not come there.
   */
  leave(service: Service, to: number): number | undefined {
    const { handle } = service;
    const { thread, kernel, directory, tell, others, later, waitMs, afterwards } = this.#options;
    if (!service.isAlive) return undefined;
    // Order: what can't be sent is found before any thread has been told that it lives elsewhere.
    const { waiting } = foresee(service);
    if (waiting.length > 0) tell(to, HAND_OVER_WORDS.mail, handle, waiting.map(pack));
    if (!directory.move(handle, thread, to)) return undefined;
    for (const mark of depart(kernel, service).marks) mark.moved();
    const rest = new Set(others().filter((other) => other !== to));
    const cancel = later(waitMs, () => this.#settle(handle));
    this.#leaving.set(handle, { to, waiting: rest, cancel });
    if (rest.size === 0) this.#settle(handle);
    else afterwards(() => this.#askOthers(handle));
    return waiting.length;
  }

  #askOthers(handle: number): void {
    const { tell, thread } = this.#options;
    const rest = this.#leaving.get(handle)?.waiting ?? [];
    for (const other of rest) tell(other, HAND_OVER_WORDS.fence, thread, handle);
  }

  /** Hears a word of another thread. */
  hear(word: string, ...values: readonly unknown[]): void {
    const { mail, fence, seen, done, lost } = HAND_OVER_WORDS;
    const [first, second] = values as [number, unknown];
    if (word === mail) this.#take(first, second as Packed[]);
    else if (word === fence) this.#options.tell(first, seen, second, this.#options.thread);
    else if (word === seen) this.#pass(first, second as number);
    else if (word === done) this.#admit(first);
    else if (word === lost) bereave(this.#options.kernel, (handle) => handle === first);
  }

  /** A thread has died. */
  died(thread: number): void {
    for (const [handle, { to, cancel }] of [...this.#leaving]) {
      if (to === thread) {
        // It ended there.
        cancel();
        this.#leaving.delete(handle);
      } else this.#pass(handle, thread);
    }
    for (const [handle, { from }] of this.#coming) {
      if (from !== thread) continue;
      if (!this.#isHere(handle)) {
        this.#forget(handle);
        continue;
      }
      // What was on its way over that thread is gone, and it can't be told what that was.
      const { lost } = HAND_OVER_WORDS;
      this.#admit(handle);
      for (const other of this.#options.others()) this.#options.tell(other, lost, handle);
      this.hear(lost, handle);
    }
  }

  /** It ended with its thread. */
  #forget(handle: number): void {
    const coming = this.#coming.get(handle);
    this.#coming.delete(handle);
    if (coming !== undefined) this.#options.kernel.kill(coming.service);
  }

  #isHere(handle: number): boolean {
    return this.#options.threadOf(handle) === this.#options.thread;
  }

  #take(handle: number, packed: readonly Packed[]): void {
    const coming = this.#coming.get(handle);
    const { kernel } = this.#options;
    for (const each of packed) {
      const message = unpack(each, coming?.service);
      if (coming === undefined) kernel.arrive(handle, message);
      else coming.front.push(message);
    }
  }

  #pass(handle: number, thread: number): void {
    const leaving = this.#leaving.get(handle);
    leaving?.waiting.delete(thread);
    if (leaving?.waiting.size === 0) this.#settle(handle);
  }

  #settle(handle: number): void {
    const leaving = this.#leaving.get(handle);
    if (leaving === undefined) return;
    leaving.cancel();
    this.#leaving.delete(handle);
    this.#options.tell(leaving.to, HAND_OVER_WORDS.done, handle);
  }

  #admit(handle: number): void {
    const coming = this.#coming.get(handle);
    if (coming === undefined) return;
    this.#coming.delete(handle);
    const { service, front } = coming;
    const { kernel } = this.#options;
    if (service.isAlive) admit(kernel, service, front);
    else for (const message of front) kernel.arrive(handle, message);
  }

  /** What still comes here goes on. */
  #forward(handle: number, message: Message): boolean {
    const { thread, tell, threadOf } = this.#options;
    const to = this.#leaving.get(handle)?.to ?? threadOf(handle);
    if (to === undefined || to === thread) return false;
    tell(to, HAND_OVER_WORDS.mail, handle, [pack(message)]);
    return true;
  }
}

type Packed = readonly [
  type: number,
  source: number,
  session: number,
  method: number,
  isPost: boolean,
  payload: unknown,
];

function pack({ type, source, session, method, reply, payload }: Message): Packed {
  return [type, source, session, method, reply === REPLY.none, payload];
}

/** What it carries is bound to the service that gets it. */
function unpack(
  [type, source, session, method, isPost, given]: Packed,
  service?: Service,
): Message {
  const payload = Array.isArray(given) ? ownArguments(given, service) : given;
  const message = new Message(type, source, session, method, payload);
  if (isPost) message.reply = REPLY.none;
  return message;
}
