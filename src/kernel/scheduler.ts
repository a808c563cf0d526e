/**
 * Whose turn it is: takes services from the run queue and lets each handle messages, within a time budget.
 *
 *     message callback of the event loop
 *       -> turn: due timers become messages
 *            -> service A: message, microtasks; message, microtasks; ...
 *            -> service B: message, microtasks; ...
 *       -> back to the event loop, so that sockets and timers get their turn; woken again if work is left
 *
 * After an interrupt a turn runs jobs only, and what they send leaves the thread when it ends: an operator who repairs the service
 * that was cut off gets an answer before any code runs that may loop again.
 *
 * Hot path (bench: call, send). One service runs at a time, microtasks included: after each message the microtasks
 * are drained, so that `current` names the right service at every moment. With a Drain that cannot drain, a turn is one
 * message long: slow, but correct.
 */

import type { Clock } from "../base/clock.ts";
import type { Message } from "./message.ts";
import type { PhaseWords } from "./instruments.ts";
import { PHASE, writePhase, countRun } from "./instruments.ts";
import type { Service } from "./service.ts";
import { takeJob, takeMessage } from "./service.ts";

/** Runs the microtasks that the last message left, before another service gets its turn. */
export interface Drain {
  /** False if this runtime can't do it from inside a callback. */
  readonly isSynchronous: boolean;
  /** Runs everything that waits in the microtask queue; must not throw what that throws. */
  drain(): void;
}

/** How the kernel asks the event loop for a turn. */
export interface Waker {
  /** Begins a turn soon, from a message callback; called at most once until the turn begins. */
  wake(): void;
  /** Begins a turn at or after that moment of the clock, never before; undefined = none. Replaces the last request. */
  alarm(at: number | undefined): void;
}

/** What the scheduler needs. */
export interface SchedulerOptions {
  readonly clock: Clock;
  readonly drain: Drain;
  readonly waker: Waker;
  /** Milliseconds after which a turn goes back to the event loop. */
  readonly turnBudgetMs: number;
  /** Count CPU time per service; costs one reading of the clock per change of service. */
  readonly profile: boolean;
  /** Lets a service handle a message; must not throw. */
  readonly deliver: (service: Service, message: Message) => void;
  /** Turns what is due into messages. */
  readonly fireTimers: (now: number) => void;
  /** The next moment at which a timer is due. */
  readonly nextDeadline: () => number | undefined;
  /** Where it is written whose message is handled; undefined = it is not watched. */
  readonly phase: PhaseWords | undefined;
  /** An interrupt cut off what this service did; it is in the run queue again. */
  readonly onCut: (service: Service) => void;
}

/** Most messages of one service in a row while others wait. */
const MESSAGES_IN_A_ROW = 64;
/** Messages between two looks at the clock; a power of two. */
const MESSAGES_PER_LOOK = 16;

/** The run queue and the turn. */
export class Scheduler {
  /** The service whose code runs now, microtasks included. */
  current: Service | undefined = undefined;
  /** The clock as it was read last in this turn; good enough to date a call. */
  now: number;
  /** The service that works for the node itself; after an interrupt it is served before all others. */
  first: Service | undefined = undefined;
  #head: Service | undefined = undefined;
  #tail: Service | undefined = undefined;
  #isAwake = false;
  #isRunning = false;
  #alarm: number | undefined = undefined;
  #dispatched = 0;
  /** Something was cut off, and the jobs that came meanwhile have not been served. */
  #isAfterCut = false;
  /** The service that runs has kept its place in the run queue. */
  #isApart = false;
  /** Where it is written whose message is handled. */
  readonly phase: PhaseWords | undefined;
  readonly #options: SchedulerOptions;

  constructor(options: SchedulerOptions) {
    this.phase = options.phase;
    this.#options = options;
    this.now = options.clock.now();
  }

  /** Puts a service that has messages into the run queue, unless it is there. */
  enqueue(service: Service): void {
    if (service.isQueued) return;
    service.isQueued = true;
    if (this.#tail === undefined) this.#head = service;
    else this.#tail.nextRunnable = service;
    this.#tail = service;
    if (!this.#isAwake && !this.#isRunning) {
      this.#isAwake = true;
      this.#options.waker.wake();
    }
  }

  /** Tells the event loop of a timer that was added outside a turn. */
  timerAdded(at: number): void {
    if (this.#isRunning || (this.#alarm !== undefined && this.#alarm <= at)) return;
    this.#alarm = at;
    this.#options.waker.alarm(at);
  }

  /** Runs one turn. The waker calls it, from a message callback. */
  turn(): void {
    // Not guarded by try: an interrupt cuts everything off, `finally` included, and the next turn must begin afresh.
    // The code that cut it off sees to it that there is one: nothing that is sent meanwhile asks for it.
    this.#isAwake = false;
    if (this.#isRunning) this.#recover();
    this.current = undefined;
    this.#isRunning = true;
    const options = this.#options;
    const { phase } = options;
    if (phase !== undefined) phase[PHASE.turn] = (phase[PHASE.turn] as number) + 1;
    this.now = options.clock.now();
    if (this.#alarm !== undefined && this.#alarm <= this.now) this.#alarm = undefined;
    const until = this.now + options.turnBudgetMs;
    if (this.#isAfterCut) {
      this.#isApart = true;
      this.#isAfterCut = this.#hasMoreJobs(until);
      this.#isApart = false;
    } else {
      options.fireTimers(this.now);
      this.#runServices(until);
    }
    if (options.drain.isSynchronous) this.current = undefined;
    if (phase !== undefined) phase[PHASE.handle] = 0;
    this.#isRunning = false;
    // If the microtasks of the last message are still to run, `current` says whose they are until the next turn begins.
    if (this.#head !== undefined || this.current !== undefined) {
      this.#isAwake = true;
      options.waker.wake();
    }
    const next = options.nextDeadline();
    if (next !== this.#alarm) {
      this.#alarm = next;
      options.waker.alarm(next);
    }
  }

  /** Learns that something was cut off: the next turn serves jobs only. */
  noteCut(): void {
    this.#isAfterCut = true;
  }

  /** Puts the service back whose turn was cut off: it left the run queue, and its mail may still wait. */
  #recover(): void {
    this.#isAfterCut = true;
    const service = this.current;
    const hasLeft = !this.#isApart;
    this.#isApart = false;
    if (service === undefined) return;
    const { clock, profile, onCut } = this.#options;
    if (profile) charge(service, clock.now() - this.now);
    if (hasLeft) {
      service.isQueued = false;
      this.enqueue(service);
    }
    onCut(service);
  }

  /** Serves jobs, in the order of the run queue, in which all keep their places. @returns true if some may be left */
  #hasMoreJobs(until: number): boolean {
    const { first } = this;
    if (first?.isQueued === true && !this.#runApart(first, takeMessage, until)) return true;
    for (let service = this.#head; service !== undefined; service = service.nextRunnable) {
      if (!this.#runApart(service, takeJob, until)) return true;
    }
    return false;
  }

  /** @returns false if the turn's time is over */
  #runApart(service: Service, take: typeof takeJob, until: number): boolean {
    const { clock, deliver, drain, profile, phase } = this.#options;
    for (;;) {
      const message = take(service);
      if (message === undefined) return true;
      this.current = service;
      if (phase !== undefined) writePhase(phase, service.handle, message);
      deliver(service, message);
      if (!drain.isSynchronous) return false;
      drain.drain();
      const now = clock.now();
      if (profile) charge(service, now - this.now);
      this.now = now;
      if (now >= until) return false;
    }
  }

  #runServices(until: number): void {
    const { clock, profile, drain } = this.#options;
    const isStepwise = !drain.isSynchronous;
    for (;;) {
      const service = this.#head;
      if (service === undefined) return;
      this.#head = service.nextRunnable;
      if (this.#head === undefined) this.#tail = undefined;
      service.nextRunnable = undefined;
      this.current = service;
      const isIdle = this.#runOne(service, until, isStepwise);
      service.isQueued = false;
      if (!isIdle) this.enqueue(service);
      if (profile) {
        const now = clock.now();
        charge(service, now - this.now);
        this.now = now;
      }
      if (isStepwise || this.now >= until) return;
    }
  }

  /** Lets one service handle messages; returns true if none is left that it may take now. */
  #runOne(service: Service, until: number, isStepwise: boolean): boolean {
    const { clock, deliver, drain, profile, phase } = this.#options;
    for (let left = MESSAGES_IN_A_ROW; left > 0; left -= 1) {
      const message = takeMessage(service);
      if (message === undefined) return true;
      if (phase !== undefined) writePhase(phase, service.handle, message);
      deliver(service, message);
      if (isStepwise) return false;
      drain.drain();
      this.#dispatched += 1;
      if ((this.#dispatched & (MESSAGES_PER_LOOK - 1)) === 0) {
        const now = clock.now();
        if (profile) charge(service, now - this.now);
        this.now = now;
        if (now >= until) return false;
      }
    }
    return false;
  }
}

/** Counts CPU time for a service and its type. */
function charge(service: Service, ms: number): void {
  service.cpuMs += ms;
  countRun(service.tally, ms);
}
