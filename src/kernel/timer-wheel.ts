/**
 * The timers of one kernel: what is due comes out in order of deadline, then of creation.
 *
 * Deadlines are rounded up to whole milliseconds and all timers of one millisecond stand in one list, so adding and
 * cancelling cost the same whatever the number of timers; only the distinct milliseconds are sorted. A timer knows its
 * neighbours, so that the death of a service takes its timers out at once and a year-long one keeps nothing alive.
 */

import { DeadlineHeap } from "../base/deadline-heap.ts";

/** Something that happens to a service at a moment. */
export class Timer {
  /** The millisecond at which it is due; NaN when it waits no longer. */
  deadline: number = Number.NaN;
  /** Milliseconds between two firings; 0 = fires once. */
  readonly intervalMs: number;
  /** The service it belongs to, by handle; 0 = the kernel itself. */
  readonly owner: number;
  /** What it runs goes on with a handler, as a sleep does; see Kernel.isInHandler. Whoever adds the timer says so. */
  isOfHandler = false;
  /** Set when it was cancelled, perhaps while its message lay in the mailbox. */
  isCancelled = false;
  /** What runs, inside the service, when its message is dispatched. */
  readonly run: () => void;
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

interface Bucket {
  first: Timer | undefined;
  last: Timer | undefined;
}

/** All waiting timers. */
export class TimerWheel {
  readonly #buckets = new Map<number, Bucket>();
  readonly #deadlines = new DeadlineHeap();
  /** How many timers wait. */
  length: number = 0;

  /** Adds a timer that is due at a moment of the kernel's clock, in milliseconds. */
  add(timer: Timer, at: number): void {
    const deadline = Math.ceil(at);
    let bucket = this.#buckets.get(deadline);
    if (bucket === undefined) {
      bucket = { first: undefined, last: undefined };
      this.#buckets.set(deadline, bucket);
      this.#deadlines.push(deadline);
    }
    timer.deadline = deadline;
    timer.before = bucket.last;
    if (bucket.last === undefined) bucket.first = timer;
    else bucket.last.after = timer;
    bucket.last = timer;
    this.length += 1;
  }

  /** Takes a timer out; nothing happens if it does not wait. An emptied millisecond stays until its time comes. */
  remove(timer: Timer): void {
    const bucket = this.#buckets.get(timer.deadline);
    if (bucket === undefined) return;
    if (timer.before === undefined) bucket.first = timer.after;
    else timer.before.after = timer.after;
    if (timer.after === undefined) bucket.last = timer.before;
    else timer.after.before = timer.before;
    timer.before = timer.after = undefined;
    timer.deadline = Number.NaN;
    this.length -= 1;
  }

  /** Returns the earliest moment at which a timer may be due, or undefined if none waits. */
  next(): number | undefined {
    for (;;) {
      const deadline = this.#deadlines.peek();
      if (deadline === undefined) return undefined;
      if (this.#buckets.get(deadline)?.first !== undefined) return deadline;
      this.#deadlines.pop();
      this.#buckets.delete(deadline);
    }
  }

  /** Takes out the earliest timer that is due at `now`, or returns undefined. */
  take(now: number): Timer | undefined {
    const deadline = this.next();
    if (deadline === undefined || deadline > now) return undefined;
    const timer = this.#buckets.get(deadline)?.first;
    if (timer !== undefined) this.remove(timer);
    return timer;
  }
}
