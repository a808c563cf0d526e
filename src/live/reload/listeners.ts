/**
 * What listens to `skynet.signal` when other code takes the place of a service's code. What the top level has added ends, and the new
 * one adds its own. Of what other code has added a function goes by its name or is made again, as what sockets and ports have
 * (callbacks.ts); one that the new code has given itself is there once.
 *
 * The signal does not know who has given a listener, so a closure counts as replaced when the new code has given a function in its place.
 * Listeners of packages (`fetch`) are not the service's, and stay.
 */

import type { Context } from "../../service/context.ts";
import type { SignalListener } from "../../service/signal.ts";
import { listenersOf, listenersOfTopLevel, noteListenersOfTopLevel } from "../../service/signal.ts";
import { isSameCode } from "../../service/top-level.ts";

/** A listener of the old code. */
export class OldListener {
  readonly title = "skynet.signal";
  readonly advice = "another listener in reload()";
  readonly mayStay = false;
  readonly was: Function;
  readonly listener: SignalListener;
  readonly isOfTopLevel: boolean;

  constructor(listener: SignalListener, isOfTopLevel: boolean) {
    this.listener = listener;
    this.was = listener.run;
    this.isOfTopLevel = isOfTopLevel;
  }
}

/** The listeners of one service, from before its new code ran. */
export class OldListeners {
  readonly all: readonly OldListener[];
  /** Of these, those that the old top level has added: they end. */
  readonly ended: OldListener[] = [];
  readonly #context: Context;
  /** What the new code has given, in no other one's place. */
  #given: SignalListener[] | undefined;

  constructor(context: Context) {
    this.#context = context;
    const ofTopLevel = listenersOfTopLevel(context);
    this.all = listenersOf(context).map((each) => new OldListener(each, ofTopLevel.has(each.run)));
  }

  /** The new top level has run. */
  noteTopLevel(): void {
    noteListenersOfTopLevel(this.#context, new Set(this.all.map(({ was }) => was)));
  }

  /** What the new code has given. */
  get #fresh(): SignalListener[] {
    const old = new Set(this.all.map(({ was }) => was));
    return listenersOf(this.#context).filter(({ run }) => !old.has(run));
  }

  /** Of closures, those in whose place the new code has given nothing. */
  leftOf(closures: readonly OldListener[]): readonly OldListener[] {
    const news = listenersOfTopLevel(this.#context).size;
    const others = this.#fresh.length - news;
    return closures.slice(others + Math.max(0, news - this.ended.length));
  }

  /** Of those of the old top level, those in whose place the new one has added nothing. */
  get gone(): readonly OldListener[] {
    const { gone, news } = this.#compare();
    return gone.slice(news.length);
  }

  /** Those of the old top level that the new one has not, and the other way round. */
  #compare(): { gone: OldListener[]; news: Function[] } {
    const news = [...listenersOfTopLevel(this.#context)];
    const gone = this.ended.filter(({ was }) => {
      const at = news.findIndex((each) => isSameCode(each, was));
      if (at >= 0) news.splice(at, 1);
      return at < 0;
    });
    return { gone, news };
  }

  /** What the new code has given beside what its top level gives again. */
  get #more(): SignalListener[] {
    const ofTopLevel = listenersOfTopLevel(this.#context);
    const { news } = this.#compare();
    return this.#fresh.filter(({ run }) => !ofTopLevel.has(run) || news.includes(run));
  }

  /** A new function listens in the place of an old one, once. */
  put({ was, listener }: OldListener, next: Function): void {
    const given = (this.#given ??= this.#more);
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
