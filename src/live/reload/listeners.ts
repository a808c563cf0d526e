/**
 * What listens to `skynet.signal` when other code takes the place of a service's code: a function goes by its name or is made again,
 * as what sockets and ports have (callbacks.ts); one that the new code has given itself is there once.
 *
 * The signal does not know who has given a listener, so a closure counts as replaced when the new code has given a function in its place.
 * Listeners of packages (`fetch`) are not the service's, and stay.
 */

import type { Context } from "../../service/context.ts";
import type { SignalListener } from "../../service/signal.ts";
import { listenersOf } from "../../service/signal.ts";
import { isSameCode } from "../../service/top-level.ts";

/** A listener of the old code. */
export class OldListener {
  readonly title = "skynet.signal";
  readonly advice = "another listener in reload()";
  readonly mayStay = false;
  readonly was: Function;
  readonly listener: SignalListener;

  constructor(listener: SignalListener) {
    this.listener = listener;
    this.was = listener.run;
  }
}

/** The listeners of one service, from before its new code ran. */
export class OldListeners {
  readonly all: readonly OldListener[];
  readonly #context: Context;
  /** Those of the new code that are in no other one's place. */
  #given: SignalListener[] | undefined;

  constructor(context: Context) {
    this.#context = context;
    this.all = listenersOf(context).map((each) => new OldListener(each));
  }

  /** What the new code has given. */
  get #fresh(): SignalListener[] {
    const old = new Set(this.all.map(({ was }) => was));
    return listenersOf(this.#context).filter(({ run }) => !old.has(run));
  }

  /** Of closures, those in whose place the new code has given nothing. */
  leftOf(closures: readonly OldListener[]): readonly OldListener[] {
    return closures.slice(this.#fresh.length);
  }

  /** A new function listens in the place of an old one, once. */
  put({ was, listener }: OldListener, next: Function): void {
    const given = (this.#given ??= this.#fresh);
    const at = given.findIndex(({ run }) => run === next || isSameCode(run, was));
    if (at >= 0) given.splice(at, 1);
    if (at < 0) listener.run = next;
    else if (listener.run === was) listener.end();
  }

  /** Only the old ones listen. */
  back(): void {
    for (const each of this.#fresh) each.end();
    for (const { was, listener } of this.all) if (listener.run !== was) listener.run = was;
  }
}
