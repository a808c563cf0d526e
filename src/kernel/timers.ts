/**
 * The timers of a kernel's services: how one is armed, becomes a message when it is due, and goes with its service.
 *
 *     add -> TimerWheel, list of the service -> fire: message in the service's mailbox -> run: inside the service
 *
 * A timer is a message like any other, so that it can be held back, is attributed to its service and never interrupts one.
 */

import type { Clock } from "../base/clock.ts";
import { Message } from "./message.ts";
import { PTYPE } from "./protocol.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Service, ServiceTable } from "./service.ts";
import { HOLD } from "./service.ts";

/** The timers of one millisecond. */
interface Bucket {
  readonly deadline: number;
  first: Timer | undefined;
  last: Timer | undefined;
}

/** Something that happens to a service at a moment. */
export class Timer {
  /** Milliseconds between two firings; 0 = fires once. */
  readonly intervalMs: number;
  /** The service it belongs to, by handle; 0 = the kernel itself. */
  readonly owner: number;
  /**
   * What it runs goes on with the handling of this message, as a sleep does; see Kernel.origin. The code that adds the timer says
   * so; undefined = it begins something of its own.
   */
  origin: Message | undefined = undefined;
  /** What it is for, if the code that adds it has something to say to those who list timers. */
  subject: object | undefined = undefined;
  /** Begun while a patch was being applied: it may be the patch's own wait, so the patch does not hold it back. */
  passesHold = false;
  /** Set when it was cancelled, perhaps while its message was in the mailbox. */
  isCancelled = false;
  /** What runs, inside the service, when its message is dispatched. */
  readonly run: () => void;
  /** The millisecond for which it waits, if it does; owned by the wheel. */
  bucket: Bucket | undefined = undefined;
  /** Neighbours among the timers of one millisecond; owned by the wheel. */
  before: Timer | undefined = undefined;
  after: Timer | undefined = undefined;
  /** Neighbours among the timers of one service; owned by the service. */
  previous: Timer | undefined = undefined;
  following: Timer | undefined = undefined;

  constructor(owner: number, run: () => void, intervalMs = 0) {
    this.owner = owner;
    this.run = run;
    this.intervalMs = intervalMs;
  }
}

/**
 * A binary heap of numbers, smallest first: the distinct milliseconds for which some timer waits. However many timers there are, it
 * stays small, and nothing is ever removed from its middle.
 */
export class DeadlineHeap {
  readonly #items: number[] = [];

  /** How many deadlines wait. */
  get length(): number {
    return this.#items.length;
  }

  /** Returns the earliest deadline, or undefined if none waits. */
  peek(): number | undefined {
    return this.#items[0];
  }

  /** Adds a deadline. */
  push(deadline: number): void {
    const items = this.#items;
    let index = items.length;
    items.push(deadline);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = items[parent] as number;
      if (above <= deadline) break;
      items[index] = above;
      index = parent;
    }
    items[index] = deadline;
  }

  /** Takes the earliest deadline out. */
  pop(): number | undefined {
    const items = this.#items;
    const first = items[0];
    const last = items.pop();
    if (last === undefined || items.length === 0) return first;
    const half = items.length >> 1;
    let index = 0;
    while (index < half) {
      let child = 2 * index + 1;
      if (child + 1 < items.length && (items[child + 1] as number) < (items[child] as number)) {
        child += 1;
      }
      const below = items[child] as number;
      if (below >= last) break;
      items[index] = below;
      index = child;
    }
    items[index] = last;
    return first;
  }
}

/** How many emptied milliseconds may always stay; see {@link TimerWheel.remove}. */
export const EMPTIED_MIN = 1024;

/**
 * All waiting timers: what is due comes out in order of deadline, then of creation.
 *
 * Deadlines are rounded up to whole milliseconds and all timers of one millisecond are in one list, so adding and
 * cancelling cost the same whatever the number of timers; only the distinct milliseconds are sorted. A timer knows its
 * neighbours, so that the death of a service takes its timers out at once and a year-long one keeps nothing alive.
 */
export class TimerWheel {
  readonly #buckets = new Map<number, Bucket>();
  #deadlines = new DeadlineHeap();
  /** How many of the milliseconds have no timer (any more). */
  #emptied = 0;
  /** How many timers wait. */
  length = 0;

  /** How many milliseconds are kept, emptied ones included. */
  get size(): number {
    return this.#buckets.size;
  }

  /**
   * Adds a timer that is due at a moment of the kernel's clock, in milliseconds.
   *
   * @returns the moment at which it will come out: the next whole millisecond.
   */
  add(timer: Timer, at: number): number {
    const deadline = Math.ceil(at);
    let bucket = this.#buckets.get(deadline);
    if (bucket === undefined) {
      bucket = { deadline, first: timer, last: timer };
      this.#buckets.set(deadline, bucket);
      this.#deadlines.push(deadline);
    } else if (bucket.last === undefined) {
      this.#emptied -= 1;
      bucket.first = bucket.last = timer;
    } else {
      timer.before = bucket.last;
      bucket.last = bucket.last.after = timer;
    }
    timer.bucket = bucket;
    this.length += 1;
    return deadline;
  }

  /**
   * Takes a timer out; nothing happens if it does not wait.
   *
   * An emptied millisecond stays until its time comes, for it costs nothing and may be used again; but when they become the
   * greater part they go, or deadlines of calls that were answered long ago would fill the memory.
   */
  remove(timer: Timer): void {
    const { bucket, before, after } = timer;
    if (bucket === undefined) return;
    if (before === undefined) bucket.first = after;
    else before.after = after;
    if (after === undefined) bucket.last = before;
    else after.before = before;
    timer.bucket = timer.before = timer.after = undefined;
    this.length -= 1;
    if (bucket.first !== undefined) return;
    this.#emptied += 1;
    if (this.#emptied > EMPTIED_MIN && this.#emptied > this.#buckets.size / 2) this.#sweep();
  }

  /** Returns the earliest moment at which a timer is due, or undefined if none waits. */
  next(): number | undefined {
    return this.#first()?.deadline;
  }

  /** Takes out the earliest timer that is due at `now`, or returns undefined. */
  take(now: number): Timer | undefined {
    const bucket = this.#first();
    if (bucket === undefined || bucket.deadline > now) return undefined;
    const timer = bucket.first;
    if (timer !== undefined) this.remove(timer);
    return timer;
  }

  /** The earliest millisecond that has a timer; emptied ones before it are gone afterwards. */
  #first(): Bucket | undefined {
    for (;;) {
      const deadline = this.#deadlines.peek();
      if (deadline === undefined) return undefined;
      const bucket = this.#buckets.get(deadline);
      if (bucket?.first !== undefined) return bucket;
      this.#deadlines.pop();
      this.#buckets.delete(deadline);
      this.#emptied -= 1;
    }
  }

  #sweep(): void {
    this.#deadlines = new DeadlineHeap();
    this.#emptied = 0;
    for (const [deadline, bucket] of this.#buckets) {
      if (bucket.first === undefined) this.#buckets.delete(deadline);
      else this.#deadlines.push(deadline);
    }
  }
}

/** What timers need of their kernel. */
export interface KernelTimersOptions {
  readonly clock: Clock;
  readonly services: ServiceTable;
  readonly scheduler: Scheduler;
}

/** Milliseconds until a timer that may not run is asked again. */
const POSTPONED_MS = 20;

/** All timers of one kernel. */
export class KernelTimers {
  readonly #wheel = new TimerWheel();
  readonly #clock: Clock;
  readonly #services: ServiceTable;
  readonly #scheduler: Scheduler;

  constructor({ clock, services, scheduler }: KernelTimersOptions) {
    this.#clock = clock;
    this.#services = services;
    this.#scheduler = scheduler;
  }

  /**
   * Arms a timer; that of a dead service never fires.
   *
   * @param ms - milliseconds until it is due; at once if that is no number above 0.
   */
  add(service: Service, timer: Timer, ms: number): void {
    if (!service.isAlive) return;
    this.#arm(service, timer, this.#clock.now() + (ms > 0 ? ms : 0));
  }

  /** Cancels a timer, also one whose message is in the mailbox. */
  remove(service: Service, timer: Timer): void {
    timer.isCancelled = true;
    this.#wheel.remove(timer);
    unlink(service, timer);
  }

  /** Cancels all timers of a service. */
  removeAll(service: Service): void {
    while (service.timers !== undefined) this.remove(service, service.timers);
  }

  /** Runs something in the kernel's own name after `ms` milliseconds. */
  later(ms: number, run: () => void): void {
    this.#scheduler.timerAdded(this.#wheel.add(new Timer(0, run), this.#clock.now() + ms));
  }

  /** Turns what is due into messages. */
  fire(now: number): void {
    for (;;) {
      const timer = this.#wheel.take(now);
      if (timer === undefined) return;
      const service = this.#services.get(timer.owner);
      if (service === undefined) {
        if (timer.owner === 0) timer.run();
        continue;
      }
      service.mail.push(new Message(PTYPE.timer, 0, 0, 0, timer));
      this.#scheduler.enqueue(service);
    }
  }

  /** Runs a timer whose message is dispatched, unless it was cancelled meanwhile. */
  run(service: Service, timer: Timer): void {
    unlink(service, timer);
    if (timer.isCancelled) return;
    // From the millisecond that was due: counted from this very moment and rounded up, each round would take one more.
    const { intervalMs } = timer;
    if (intervalMs > 0) this.#arm(service, timer, Math.floor(this.#clock.now()) + intervalMs);
    timer.run();
  }

  /** Has a timer whose message is dispatched wait a little longer, unless it was cancelled meanwhile. */
  postpone(service: Service, timer: Timer): void {
    const { passesHold, isCancelled } = timer;
    unlink(service, timer);
    if (isCancelled) return;
    this.#arm(service, timer, Math.floor(this.#clock.now()) + POSTPONED_MS);
    timer.passesHold = passesHold;
  }

  /** Returns the next moment at which a timer may be due, or undefined if none waits. */
  next(): number | undefined {
    return this.#wheel.next();
  }

  #arm(service: Service, timer: Timer, at: number): void {
    timer.passesHold = (service.holds & HOLD.patching) !== 0;
    timer.following = service.timers;
    if (service.timers !== undefined) service.timers.previous = timer;
    service.timers = timer;
    this.#scheduler.timerAdded(this.#wheel.add(timer, at));
  }
}

function unlink(service: Service, timer: Timer): void {
  if (timer.previous !== undefined) timer.previous.following = timer.following;
  else if (service.timers === timer) service.timers = timer.following;
  if (timer.following !== undefined) timer.following.previous = timer.previous;
  timer.previous = timer.following = undefined;
}
