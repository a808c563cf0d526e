/**
 * The timers of a service whose code begins anew, here or on another thread: each stays what it was, with its time,
 * its phase and its number, and the variables that held it hold it in the new code.
 *
 * What one runs goes by its name, or is made again if it captures nothing (remake.ts); a closure that captures something would
 * run old code, and refuses that. A timer that is over moves too if something holds it: `refresh` can begin it anew.
 */

import { SnaxError } from "../../base/error.ts";
import type { Timer } from "../../kernel/timers.ts";
import type { Instance } from "../../loader/run/instance.ts";
import type { Program } from "../../loader/run/program.ts";
import type { Context } from "../../service/context.ts";
import type { TimerCallback, TimerWish } from "../../service/timers.ts";
import { ServiceTimer, startAfter } from "../../service/timers.ts";
import { startTimeout, Timeout } from "../../service/waiting.ts";
import type { StateNames } from "../state/names.ts";
import type { RemakePlace } from "./remake.ts";
import { Remaker, placeIn, remakeIn } from "./remake.ts";
import type { CodeTimer } from "./timers.ts";
import { describe, dueTimersOf, isOpenTimer, timersOf } from "./timers.ts";

/** A timer on its way. */
export interface TimerPlan {
  /** By which the state knows it, and what it runs. */
  readonly name: string;
  /** The moment in milliseconds since the node began; undefined if it is over. */
  readonly dueAt: number | undefined;
  /** Of setTimeout and setInterval; undefined = skynet.timeout. */
  readonly wish: Pick<TimerWish, "ms" | "intervalMs"> | undefined;
  readonly number: number;
  /** See Armed. */
  readonly place: number;
  /** How what it runs is made again, if that has no name. */
  readonly remake: RemakePlace | undefined;
  /** It is over, and what it ran stays behind. */
  readonly isEmpty: boolean;
}

/** How timers leave. */
export interface LeavingOptions {
  /** The code that runs. */
  readonly instance: Instance;
  /** The code that is to run. */
  readonly next: Program;
  /** The names of the state. */
  readonly readNames: () => StateNames;
  /** Says whether the new top level arms this one itself. */
  isArmedAnew(subject: CodeTimer): boolean;
  /** Whether one that is over may leave behind what it ran, if that can't go. */
  readonly mayBeEmpty: boolean;
}

/** Moments between two milliseconds of the kernel that a timer of it was given by its plan. */
const exactMoments = new WeakMap<Timer, { readonly deadline: number; readonly dueAt: number }>();

/** The timers of a service that is at rest, and whose code goes. */
export class LeavingTimers {
  /** What they run, and their arguments, by name: to be carried with the state. */
  readonly extras: Map<string, unknown> = new Map();
  readonly plans: TimerPlan[] = [];
  /** Those that the new top level arms, by name, in the order in which the old one did. */
  readonly anew: Map<string, ServiceTimer> = new Map();
  readonly #names = new Map<CodeTimer, string>();
  readonly #runs = new Map<string, Function>();
  readonly #options: LeavingOptions;
  readonly #remaker: Remaker;

  constructor(context: Context, options: LeavingOptions) {
    this.#options = options;
    const { instance, next, readNames } = options;
    this.#remaker = new Remaker(instance.program, next, readNames);
    const { startedAt } = context.runtime;
    // Order: of two that are due in one moment the older one runs first, and the youngest is the first of the list. All of them
    // may be due when they are armed again.
    const waiting = [...timersOf(context)].reverse().flatMap((timer) => {
      const { subject, bucket } = timer;
      return isOpenTimer(subject) && bucket !== undefined
        ? [{ subject, timer, deadline: bucket.deadline }]
        : [];
    });
    for (const { subject, timer, deadline } of waiting.toSorted(byDeadline)) {
      const exact = exactMoments.get(timer);
      this.#add(subject, exact?.deadline === deadline ? exact.dueAt : deadline - startedAt);
    }
  }

  /** The name of a timer that a variable holds; undefined if it holds something else. */
  own(value: object): string | undefined {
    if (!(value instanceof ServiceTimer)) return undefined;
    return this.#names.get(value) ?? this.#add(value, undefined);
  }

  /** The timer that left under a name. */
  find(name: string): CodeTimer | undefined {
    for (const [subject, each] of this.#names) if (each === name) return subject;
    return undefined;
  }

  #add(subject: CodeTimer, dueAt: number | undefined): string {
    const name = `${describe(subject)} #${this.#names.size + 1}`;
    this.#names.set(subject, name);
    if (this.#options.isArmedAnew(subject)) {
      if (subject instanceof ServiceTimer) this.anew.set(name, subject);
      return name;
    }
    const isTimer = subject instanceof ServiceTimer;
    const [run, args] = isTimer ? [subject.wish.run, subject.wish.args] : [subject.run, []];
    const remake = this.#remaker.place(run);
    const wish = isTimer ? { ms: subject.wish.ms, intervalMs: subject.wish.intervalMs } : undefined;
    const number = isTimer ? subject.number : 0;
    const { place } = subject;
    const mayBeEmpty = this.#options.mayBeEmpty && dueAt === undefined;
    const isEmpty = mayBeEmpty && remake === undefined && !this.#remaker.goesByName(run);
    this.#runs.set(name, run);
    this.plans.push({ name, dueAt, wish, number, place, remake, isEmpty });
    if (!isEmpty) this.extras.set(name, [remake === undefined ? run : undefined, args]);
    return name;
  }

  /** Says for people what of a timer can't go, by its path in the state. */
  explain(path: string, why: string): string {
    const name = [...this.#names.values()].find((each) => path.startsWith(`${each}[`));
    if (name === undefined) return `${path} is ${why}`;
    const kind = name.replace(/ #\d+$/, "");
    if (!path.startsWith(`${name}[0]`)) return `an argument of a ${kind} is ${why}`;
    const at = placeIn(this.#options.instance, this.#runs.get(name) as Function);
    const what = `the function of a ${kind}${at}`;
    return `${what} is ${why}: give the timer a function of the top level, and what it needs as arguments`;
  }
}

function byDeadline(one: { deadline: number }, two: { deadline: number }): number {
  return one.deadline - two.deadline;
}

/** A wish whose function comes later. */
type OpenWish = { -readonly [K in keyof TimerWish]: TimerWish[K] };

/** The timers of a service whose new code has begun. */
export class ArrivingTimers {
  readonly #plans: readonly TimerPlan[];
  readonly #timers = new Map<string, ServiceTimer>();
  readonly #wishes = new Map<string, OpenWish | Timeout>();
  /** The moment of the last one. */
  #last = 0;

  /** Begins them, in their order. */
  constructor(context: Context, plans: readonly TimerPlan[]) {
    this.#plans = plans;
    for (const plan of plans) this.#begin(context, plan);
  }

  #begin(context: Context, { name, dueAt, wish, number, place }: TimerPlan): void {
    const { clock, startedAt } = context.runtime;
    const run = (): undefined => undefined;
    const deadline = this.#deadlineOf(startedAt, dueAt ?? 0, (wish?.intervalMs ?? 0) > 0);
    const leftMs = deadline - 0.5 - clock.now();
    const last = context.service.timers;
    const armer = { place, chain: undefined };
    if (wish === undefined) {
      const timeout = new Timeout(run, armer);
      startTimeout(context, leftMs, timeout);
      this.#wishes.set(name, timeout);
    } else {
      const open: OpenWish = { run, args: [], ...wish };
      const timer = startAfter(context, open, leftMs, armer);
      if (dueAt === undefined) timer.close();
      else if (number !== 0) timer.bringNumber(number);
      this.#wishes.set(name, open);
      this.#timers.set(name, timer);
    }
    const armed = context.service.timers;
    if (dueAt !== undefined && armed !== undefined && armed !== last) {
      exactMoments.set(armed, { deadline, dueAt });
    }
  }

  /**
   * The kernel counts in whole milliseconds: no timeout comes too early, no interval gets later with each move, and none of
   * them passes another one.
   */
  #deadlineOf(startedAt: number, dueAt: number, isInterval: boolean): number {
    const at = dueAt + startedAt;
    const deadline = isInterval ? Math.round(at) : Math.ceil(at - ROUNDING);
    this.#last = Math.max(this.#last, deadline);
    return this.#last;
  }

  /** The timer of a name. */
  own(name: string): ServiceTimer | undefined {
    return this.#timers.get(name);
  }

  /** Gives them what they run. */
  fill(extras: ReadonlyMap<string, unknown>, fresh: Instance): void {
    for (const { name, remake, isEmpty } of this.#plans) {
      const [named, args] = isEmpty
        ? [refuseEmpty, []]
        : (extras.get(name) as [TimerCallback, unknown[]]);
      const run = (remake && (remakeIn(fresh, remake) as TimerCallback)) ?? named;
      const wish = this.#wishes.get(name);
      if (wish instanceof Timeout) wish.run = run;
      else if (wish !== undefined) Object.assign(wish, { run, args });
    }
  }
}

/** What adding and taking away the start of the node may have changed. */
const ROUNDING = 1e-6;

/** Runs in the place of a closure that stayed behind. */
export function refuseEmpty(): never {
  throw new SnaxError(
    "ERR_RELOAD",
    "this timer was over before the reload, and its function is a closure of the old code: arm a new one",
  );
}

/** Ends what the top level has armed, where all timers come from elsewhere. */
export function endArmed(context: Context): void {
  const { service, runtime } = context;
  for (const timer of [...timersOf(context)]) {
    if (isOpenTimer(timer.subject)) runtime.kernel.removeTimer(service, timer);
  }
  // What it has begun with setImmediate and skynet.fork has been done where the service was.
  for (const timer of dueTimersOf(context)) {
    if (timer.subject === undefined || isOpenTimer(timer.subject)) timer.isCancelled = true;
  }
}
