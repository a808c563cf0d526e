/**
 * What a service has given to its sockets and ports, when other code takes its place: each function is the new one of that name, or
 * is made again if it captures nothing (remake.ts). Any other is a closure of the old code; `reload()` has to give another one.
 */

import type { Callback } from "../../service/callback.ts";
import { callbacksOf } from "../../service/callback.ts";
import type { Context } from "../../service/context.ts";
import type { Instance } from "../../loader/run/instance.ts";
import type { LeavingOptions } from "./moving-timers.ts";
import type { RemakePlace } from "./remake.ts";
import { Remaker, placeIn, remakeIn } from "./remake.ts";

/** A function that goes over. */
interface Plan {
  readonly callback: Callback;
  readonly was: Function;
  readonly remake: RemakePlace | undefined;
}

/** The callbacks of one service, from before its new code ran. */
export class OldCallbacks {
  /** What is carried with the state, by name; those that go by a name are added. */
  readonly #extras: Map<string, unknown>;
  readonly #context: Context;
  readonly #instance: Instance;
  readonly #plans = new Map<string, Plan>();
  readonly #stuck: Pick<Plan, "callback" | "was">[] = [];
  readonly #next = new Map<Callback, Function>();

  constructor(
    context: Context,
    { instance, next, readNames }: Pick<LeavingOptions, "instance" | "next" | "readNames">,
    extras: Map<string, unknown>,
  ) {
    this.#extras = extras;
    this.#context = context;
    this.#instance = instance;
    const all = callbacksOf(context);
    if (all.size === 0) return;
    const remaker = new Remaker(instance.program, next, readNames);
    for (const callback of all) this.#add(callback, remaker);
  }

  #add(callback: Callback, remaker: Remaker): void {
    const { run, title } = callback;
    const remake = remaker.place(run);
    if (remake === undefined && !remaker.goesByName(run)) {
      this.#stuck.push({ callback, was: run });
      return;
    }
    const name = `${title} #${this.#plans.size + 1}`;
    this.#plans.set(name, { callback, was: run, remake });
    if (remake === undefined) this.#extras.set(name, [run]);
  }

  /** Says for people what of a callback can't go, by its path in the state; undefined if it is none. */
  explain(path: string, why: string): string | undefined {
    for (const [name, plan] of this.#plans) {
      if (path.startsWith(`${name}[`)) return `${this.#describe(plan)} is ${why}`;
    }
    return undefined;
  }

  /** Finds what the new code has for them. */
  fill(extras: ReadonlyMap<string, unknown>, fresh: Instance): void {
    for (const [name, { callback, remake }] of this.#plans) {
      const run =
        remake === undefined
          ? (extras.get(name) as [Function])[0]
          : (remakeIn(fresh, remake) as Function);
      this.#next.set(callback, run);
    }
  }

  /** Names for people a callback that would run the old code; undefined if there is none. */
  get stuck(): string | undefined {
    const all = callbacksOf(this.#context);
    const left = this.#stuck.find(({ callback, was }) => all.has(callback) && callback.run === was);
    if (left === undefined) return undefined;
    return `${this.#describe(left)} is a closure: give it a function of the top level, or another one in reload()`;
  }

  /** `the function of socket.start (lobby.ts:12)` */
  #describe({ callback, was }: Pick<Plan, "callback" | "was">): string {
    return `the function of ${callback.title}${placeIn(this.#instance, was)}`;
  }

  /** From now on the new ones are called, where `reload()` has not given others. */
  commit(): void {
    for (const { callback, was } of this.#plans.values()) {
      const next = this.#next.get(callback);
      if (next !== undefined && callback.run === was) callback.run = next;
    }
  }

  /** The old ones are called, whatever new code has given meanwhile. */
  back(): void {
    for (const { callback, was } of [...this.#plans.values(), ...this.#stuck]) callback.run = was;
  }
}
