/**
 * The timers of a service that is reloaded.
 *
 * The top level of the new code arms its own, so those that the old top level armed end: a variable that held one holds the new
 * one that does the same. What the service armed later (`setTimeout` in a handler) goes on (moving-timers.ts).
 */

import type { Timer } from "../../kernel/timers.ts";
import type { Instance } from "../../loader/run/instance.ts";
import type { Context } from "../../service/context.ts";
import { ServiceTimer, startAfter } from "../../service/timers.ts";
import { isSameCode } from "../../service/top-level.ts";
import type { LeavingOptions } from "./moving-timers.ts";
import { ArrivingTimers, LeavingTimers, refuseEmpty } from "./moving-timers.ts";
import type { CodeTimer } from "./timers.ts";
import { doesTheSame, dueTimersOf, isOpenTimer, timersOf } from "./timers.ts";

/** The timers of one service, from before its new code ran. */
export class OldTimers {
  readonly #context: Context;
  readonly #before: ReadonlySet<Timer>;
  readonly #leaving: LeavingTimers;
  #arriving: ArrivingTimers | undefined;
  /** Those of the new top level, by the names of the old ones in whose place they are. */
  readonly #anew = new Map<string, ServiceTimer>();
  /** Numbers that new ones have of old ones, as long as both are there. */
  readonly #numbers: (readonly [ServiceTimer, number])[] = [];

  constructor(
    context: Context,
    { instance, next, readNames }: Pick<LeavingOptions, "instance" | "next" | "readNames">,
  ) {
    this.#context = context;
    this.#before = new Set(timersOf(context));
    this.#leaving = new LeavingTimers(context, {
      ...{ instance, next, readNames, mayBeEmpty: true },
      isArmedAnew: ({ isOfTopLevel }) => isOfTopLevel,
    });
  }

  /** What the lasting ones run, and their arguments, by name: to be carried with the state. It grows while that is taken. */
  get extras(): Map<string, unknown> {
    return this.#leaving.extras;
  }

  /** The name of a timer that the state holds; undefined if it holds something else. */
  own(value: object): string | undefined {
    return this.#leaving.own(value);
  }

  /** Says for people what of a timer can't go, by its path in the state. */
  explain(path: string, why: string): string {
    return this.#leaving.explain(path, why);
  }

  /** Begins those that last, now that the top level of the new code has armed its own. */
  begin(): void {
    const context = this.#context;
    const made = [...timersOf(context)].reverse().flatMap((timer) => {
      const { subject } = timer;
      return !this.#before.has(timer) && isOpenTimer(subject) ? [subject] : [];
    });
    const left = new Set(made);
    this.#matchAnew(left);
    const plans = this.#leaving.plans.filter(({ name }) => !this.#isArmedAnew(name, left));
    for (const { name, number } of plans) this.#noteNumber(name, number);
    this.#arriving = new ArrivingTimers(context, plans);
  }

  /** Finds for each old one of the top level the new one that does the same: in the same place of the text, or the next. */
  #matchAnew(left: Set<CodeTimer>): void {
    const old = [...this.#leaving.anew].toSorted(([, one], [, two]) => one.place - two.place);
    const steps = [
      (one: CodeTimer, two: CodeTimer) => one.place === two.place,
      () => true,
    ] as const;
    for (const isIn of steps) {
      for (const [name, timer] of old) {
        if (this.#anew.has(name)) continue;
        const next = [...left].find((each) => isIn(timer, each) && doesTheSame(timer, each));
        if (next !== undefined) this.#put(name, timer, next, left);
      }
    }
  }

  /** Says whether the new top level has armed one of those that may have been `init`'s, too. */
  #isArmedAnew(name: string, left: Set<CodeTimer>): boolean {
    const old = this.#leaving.find(name);
    if (old?.mayBeOfTopLevel !== true) return false;
    // What it gives them as arguments may be new each time.
    const next =
      [...left].find((each) => doesTheSame(old, each)) ??
      [...left].find((each) => isSameCode(old.code, each.code));
    if (next !== undefined) this.#put(name, old, next, left);
    return next !== undefined;
  }

  /** A new timer is in the place of an old one. */
  // oxlint-disable-next-line max-params -- both timers, and where they are known
  #put(name: string, old: CodeTimer, next: CodeTimer, left: Set<CodeTimer>): void {
    left.delete(next);
    if (!(old instanceof ServiceTimer && next instanceof ServiceTimer)) return;
    this.#anew.set(name, next);
    const { number } = old;
    this.#noteNumber(name, number);
    if (number !== 0) next.bringNumber(number);
  }

  #noteNumber(name: string, number: number): void {
    const subject = this.#leaving.find(name);
    if (number !== 0 && subject instanceof ServiceTimer) this.#numbers.push([subject, number]);
  }

  /** The new timer of a name; one that is over where the new top level has none. */
  find(name: string): ServiceTimer | undefined {
    const known = this.#arriving?.own(name) ?? this.#anew.get(name);
    if (known !== undefined) return known;
    const old = this.#leaving.anew.get(name);
    if (old === undefined) return undefined;
    const { ms, intervalMs } = old.wish;
    const over = startAfter(
      this.#context,
      { run: refuseEmpty, args: [], ms, intervalMs },
      ms,
      old,
    ).close();
    this.#anew.set(name, over);
    return over;
  }

  /** Gives those that last what they run. */
  fill(extras: ReadonlyMap<string, unknown>, fresh: Instance): void {
    this.#arriving?.fill(extras, fresh);
  }

  /** Ends the timers of the old code. */
  endOld(): void {
    const { kernel } = this.#context.runtime;
    const { service } = this.#context;
    for (const timer of this.#before) {
      if (timer.subject instanceof ServiceTimer) timer.subject.close();
      else if (isOpenTimer(timer.subject)) kernel.removeTimer(service, timer);
    }
  }

  /** Ends the timers that new code has armed. */
  endNew(): void {
    const { kernel } = this.#context.runtime;
    const { service } = this.#context;
    for (const timer of [...timersOf(this.#context)]) {
      if (!this.#before.has(timer)) kernel.removeTimer(service, timer);
    }
    // Nothing was due before; what is by now may be an old one, which waits.
    for (const timer of dueTimersOf(this.#context)) {
      if (!this.#before.has(timer)) timer.isCancelled = true;
    }
    for (const [subject, number] of this.#numbers) subject.bringNumber(number);
  }
}
