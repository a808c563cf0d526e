/**
 * What happens to the way to one node, for those who watch it: ups and downs in order, and the next one for those who wait.
 *
 * Everything is numbered; a reader that asks for what comes behind a number gets it, also if it is past. The last LINK_EVENTS_MAX are
 * kept. Two downs in a row are one: a node that stays away is told of once.
 */

import { LINK_EVENTS_MAX } from "../../base/limits.ts";
import type { LinkChange, LinkEvent } from "./event.ts";

/** An event with its number. */
export interface NumberedEvent {
  readonly number: number;
  readonly event: LinkEvent;
}

interface Waiter {
  readonly after: number;
  /** The service that waits. */
  readonly handle: number;
  readonly resolve: (event: NumberedEvent) => void;
}

/** The events of one node. */
export class LinkWatch {
  readonly #node: string;
  readonly #events: NumberedEvent[] = [];
  #waiters: Waiter[] = [];
  #last = 0;

  constructor(node: string) {
    this.#node = node;
  }

  /** The newest event. */
  get newest(): LinkEvent | undefined {
    return this.#events.at(-1)?.event;
  }

  /** Takes a change. @returns false if it was known */
  take(change: LinkChange): boolean {
    const before = this.newest;
    const isSame = before?.state === change.state && before.incarnation === change.incarnation;
    // An attempt to come back that fails is no second down.
    if (isSame || (before?.state === "down" && change.state === "down")) return false;
    this.#last += 1;
    this.#events.push({ number: this.#last, event: { node: this.#node, ...change } });
    if (this.#events.length > LINK_EVENTS_MAX) this.#events.shift();
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) this.#serve(waiter);
    return true;
  }

  /**
   * Gives the first event behind a number. @param after - 0: the newest one, if there is one. @param handle - the service that asks
   */
  next(after: number, handle: number): Promise<NumberedEvent> {
    return new Promise((resolve) => this.#serve({ after, handle, resolve }));
  }

  /** Says whether a living service waits. */
  isWatched(lives: (handle: number) => boolean): boolean {
    this.#waiters = this.#waiters.filter(({ handle }) => lives(handle));
    return this.#waiters.length > 0;
  }

  #serve(waiter: Waiter): void {
    const { after } = waiter;
    const found =
      after === 0 ? this.#events.at(-1) : this.#events.find(({ number }) => number > after);
    if (found === undefined) this.#waiters.push(waiter);
    else waiter.resolve(found);
  }
}
