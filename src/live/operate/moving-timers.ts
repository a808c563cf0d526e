/**
 * The timers of a service that goes to another thread: each is there what it was here, with its moment, its phase and its number,
 * and the variables that hold it hold it there.
 *
 * What one runs goes by its name, or is made again if it captures nothing (reload/remake.ts); a closure that captures something
 * refuses the move. So those of the top level go like all others, and those that the top level arms on the other thread end.
 * One that is over goes too if something holds it: `refresh` begins it anew.
 */

import type { MessageList } from "../../kernel/message.ts";
import { PTYPE } from "../../kernel/protocol.ts";
import type { Timer } from "../../kernel/timer-wheel.ts";
import type { Instance } from "../../loader/run/instance.ts";
import { Lines } from "../../loader/text/position.ts";
import type { Context } from "../../service/context.ts";
import type { TimerCallback, TimerWish } from "../../service/timers.ts";
import { ServiceTimer, startAfter } from "../../service/timers.ts";
import { startTimeout, Timeout } from "../../service/waiting.ts";
import type { RemakePlace } from "../reload/remake.ts";
import { Remaker, remakeIn } from "../reload/remake.ts";
import type { CodeTimer } from "../reload/timers.ts";
import { describe, isOpenTimer, timersOf } from "../reload/timers.ts";
import { StateNames } from "../state/names.ts";

/** A timer on its way. */
export interface TimerPlan {
  /** By which the state knows it, and what it runs. */
  readonly name: string;
  /** The moment in milliseconds since the node began; undefined if it is over. */
  readonly dueAt: number | undefined;
  /** Of setTimeout and setInterval; undefined = skynet.timeout. */
  readonly wish: Pick<TimerWish, "ms" | "intervalMs"> | undefined;
  readonly number: number;
  readonly isOfTopLevel: boolean;
  /** How what it runs is made again, if that has no name. */
  readonly remake: RemakePlace | undefined;
}

/** The timers of a service that is at rest, and goes. */
export class LeavingTimers {
  /** What they run, and their arguments, by name: to be carried with the state. */
  readonly extras: Map<string, unknown> = new Map();
  readonly plans: TimerPlan[] = [];
  readonly #names = new Map<CodeTimer, string>();
  readonly #runs = new Map<string, Function>();
  readonly #instance: Instance;
  readonly #remaker: Remaker;

  constructor(context: Context, instance: Instance, isService: boolean) {
    this.#instance = instance;
    const { program } = instance;
    this.#remaker = new Remaker(program, program, () => new StateNames(instance, isService));
    const { startedAt } = context.runtime;
    // The youngest is the first; of two that are due in one moment the older one runs first.
    for (const { subject, bucket } of [...timersOf(context)].reverse()) {
      if (!isOpenTimer(subject) || bucket === undefined) continue;
      this.#add(subject, bucket.deadline - startedAt);
    }
  }

  /** The name of a timer that a variable holds; undefined if it is none. */
  own(value: object): string | undefined {
    if (!(value instanceof ServiceTimer)) return undefined;
    return this.#names.get(value) ?? this.#add(value, undefined);
  }

  #add(subject: CodeTimer, dueAt: number | undefined): string {
    const name = `${describe(subject)} #${this.plans.length + 1}`;
    const isTimer = subject instanceof ServiceTimer;
    const [run, args] = isTimer ? [subject.wish.run, subject.wish.args] : [subject.run, []];
    const remake = this.#remaker.place(run);
    const { isOfTopLevel } = subject;
    const wish = isTimer ? { ms: subject.wish.ms, intervalMs: subject.wish.intervalMs } : undefined;
    const number = isTimer ? subject.number : 0;
    this.#names.set(subject, name);
    this.#runs.set(name, run);
    this.plans.push({ name, dueAt, wish, number, isOfTopLevel, remake });
    this.extras.set(name, [remake === undefined ? run : undefined, args]);
    return name;
  }

  /** Says for people what of a timer can't go, by its path in the state. */
  explain(path: string, why: string): string {
    const name = [...this.#names.values()].find((each) => path.startsWith(`${each}[`));
    if (name === undefined) return `${path} is ${why}`;
    const kind = name.replace(/ #\d+$/, "");
    if (!path.startsWith(`${name}[0]`)) return `an argument of a ${kind} is ${why}`;
    const what = `the function of a ${kind}${this.#placeOf(this.#runs.get(name) as Function)}`;
    return `${what} is ${why}: give the timer a function of the top level, and what it needs as arguments`;
  }

  /** ` (room.ts:12)`; nothing if it can't be told. */
  #placeOf(run: Function): string {
    const text = Function.prototype.toString.call(run);
    for (const { image } of this.#instance.program.nodes.values()) {
      const { body, isTransformed } = image.data;
      const at = isTransformed ? -1 : body.indexOf(text);
      if (at < 0) continue;
      return ` (${image.file.replace(/^.*[/\\]/, "")}:${new Lines(body).locate(at).line})`;
    }
    return "";
  }
}

/** A wish whose function comes later. */
type OpenWish = { -readonly [K in keyof TimerWish]: TimerWish[K] };

/** The timers of a service that has come. */
export class ArrivingTimers {
  readonly #plans: readonly TimerPlan[];
  readonly #timers = new Map<string, ServiceTimer>();
  readonly #wishes = new Map<string, OpenWish | Timeout>();

  /** Begins them in the place of those that the top level has armed here. */
  constructor(context: Context, plans: readonly TimerPlan[]) {
    const { service, runtime } = context;
    this.#plans = plans;
    for (const timer of [...timersOf(context)]) {
      if (isOpenTimer(timer.subject)) runtime.kernel.removeTimer(service, timer);
    }
    for (const mail of [service.mail, service.deferred, service.systemMail]) cancelDue(mail);
    for (const plan of plans) this.#begin(context, plan);
  }

  #begin(context: Context, { name, dueAt, wish, number, isOfTopLevel }: TimerPlan): void {
    const { clock, startedAt } = context.runtime;
    const run = (): undefined => undefined;
    const at = (dueAt ?? 0) + startedAt;
    // The kernel counts in whole milliseconds: no timeout comes too early, and no interval gets later with each move.
    const whole = (wish?.intervalMs ?? 0) > 0 ? Math.round(at) : Math.ceil(at);
    const leftMs = whole - 0.5 - clock.now();
    if (wish === undefined) {
      const timeout = new Timeout(run, isOfTopLevel);
      startTimeout(context, leftMs, timeout);
      this.#wishes.set(name, timeout);
      return;
    }
    const open: OpenWish = { run, args: [], ...wish };
    const timer = startAfter(context, open, leftMs, isOfTopLevel);
    if (dueAt === undefined) timer.close();
    else if (number !== 0) timer.bringNumber(number);
    this.#wishes.set(name, open);
    this.#timers.set(name, timer);
  }

  /** The timer of a name. */
  own(name: string): ServiceTimer | undefined {
    return this.#timers.get(name);
  }

  /** Gives them what they run. */
  fill(extras: ReadonlyMap<string, unknown>, fresh: Instance): void {
    for (const { name, remake } of this.#plans) {
      const [named, args] = extras.get(name) as [TimerCallback, unknown[]];
      const run = (remake && (remakeIn(fresh, remake) as TimerCallback)) ?? named;
      const wish = this.#wishes.get(name);
      if (wish instanceof Timeout) wish.run = run;
      else if (wish !== undefined) Object.assign(wish, { run, args });
    }
  }
}

/** What the top level has begun with setImmediate and skynet.fork has been done where the service was. */
function cancelDue(mail: MessageList | undefined): void {
  for (let message = mail?.head; message !== undefined; message = message.next) {
    if (message.type !== PTYPE.timer) continue;
    const timer = message.payload as Timer;
    if (timer.subject === undefined || isOpenTimer(timer.subject)) timer.isCancelled = true;
  }
}
