/**
 * What a service has given to its sockets and ports and to its signal, when other code takes its place: each function is the new one
 * of that name, or is made again if it captures nothing (remake.ts). Any other is a closure of the old code; `reload()` has to give
 * another one.
 */

import type { Callback } from "../../service/callback.ts";
import { callbacksOf } from "../../service/callback.ts";
import type { Context } from "../../service/context.ts";
import type { Instance } from "../../loader/run/instance.ts";
import { OldListener, OldListeners } from "./listeners.ts";
import type { LeavingOptions } from "./moving-timers.ts";
import type { RemakePlace } from "./remake.ts";
import { Remaker, placeIn, remakeIn } from "./remake.ts";

/** A function that may go over. */
interface Held {
  readonly callback: Callback | OldListener;
  readonly was: Function;
}

/** One that goes over. */
interface Plan extends Held {
  readonly remake: RemakePlace | undefined;
}

/** The callbacks of one service, from before its new code ran. */
export class OldCallbacks {
  /** What is carried with the state, by name; those that go by a name are added. */
  readonly #extras: Map<string, unknown>;
  readonly #context: Context;
  readonly #instance: Instance;
  readonly #listeners: OldListeners;
  readonly #plans = new Map<string, Plan>();
  readonly #stuck: Held[] = [];
  readonly #next = new Map<Held["callback"], Function>();

  constructor(
    context: Context,
    { instance, next, readNames }: Pick<LeavingOptions, "instance" | "next" | "readNames">,
    extras: Map<string, unknown>,
  ) {
    this.#extras = extras;
    this.#context = context;
    this.#instance = instance;
    this.#listeners = new OldListeners(context);
    const all = callbacksOf(context);
    if (all.size === 0 && this.#listeners.all.length === 0) return;
    const remaker = new Remaker(instance.program, next, readNames);
    for (const callback of all) this.#add({ callback, was: callback.run }, remaker);
    for (const callback of this.#listeners.all) {
      if (!remaker.isOwn(callback.was)) continue;
      if (callback.isOfTopLevel) this.#listeners.ended.push(callback);
      else this.#add({ callback, was: callback.was }, remaker);
    }
  }

  #add({ callback, was }: Held, remaker: Remaker): void {
    const remake = remaker.place(was);
    if (remake === undefined && !remaker.goesByName(was)) {
      this.#stuck.push({ callback, was });
      return;
    }
    const name = `${callback.title} #${this.#plans.size + 1}`;
    this.#plans.set(name, { callback, was, remake });
    if (remake === undefined) this.#extras.set(name, [was]);
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
    const left = this.#left.find(({ callback }) => !callback.mayStay);
    if (left === undefined) return undefined;
    return `${this.#describe(left)} is a closure: give it a function of the top level, or ${left.callback.advice}`;
  }

  /** Names for people those that may run the old code, and will: `the function of auth of a channel (lobby.ts:12)`. */
  get staying(): string[] {
    const staying = this.#left.filter(({ callback }) => callback.mayStay);
    return [...new Set(staying.map((each) => this.#describe(each)))];
  }

  /** The new top level has run, and nothing else of the new code. */
  noteTopLevel(): void {
    this.#listeners.noteTopLevel();
  }

  /** Names for people what the old top level has added to the signal and the new one has not: `skynet.signal (lobby.ts:12)`. */
  get leavings(): string[] {
    return this.#listeners.gone.map(({ title, was }) => `${title}${placeIn(this.#instance, was)}`);
  }

  /** Closures that neither were ended meanwhile nor have another function in their place. */
  get #left(): Held[] {
    const all = callbacksOf(this.#context);
    const listeners = this.#stuck.flatMap(({ callback }) =>
      callback instanceof OldListener ? [callback] : [],
    );
    const left = new Set(this.#listeners.leftOf(listeners));
    return this.#stuck.filter(({ callback, was }) =>
      callback instanceof OldListener
        ? left.has(callback)
        : all.has(callback) && callback.run === was,
    );
  }

  /** `the function of socket.start (lobby.ts:12)` */
  #describe({ callback, was }: Held): string {
    return `the function of ${callback.title}${placeIn(this.#instance, was)}`;
  }

  /** From now on the new ones are called, where the new code has not given others. */
  commit(): void {
    for (const { callback, was } of this.#plans.values()) {
      const next = this.#next.get(callback);
      if (next === undefined) continue;
      if (callback instanceof OldListener) this.#listeners.put(callback, next);
      else if (callback.run === was) callback.run = next;
    }
    for (const { listener, was } of this.#listeners.ended) if (listener.run === was) listener.end();
    for (const { callback, was } of this.#stuck) {
      if (callback instanceof OldListener && callback.listener.run === was) callback.listener.end();
    }
  }

  /** The old ones are called, whatever new code has given meanwhile. */
  back(): void {
    this.#listeners.back();
    for (const { callback, was } of [...this.#plans.values(), ...this.#stuck]) {
      if (!(callback instanceof OldListener)) callback.run = was;
    }
  }
}
