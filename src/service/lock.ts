/**
 * The lock behind `skynet.queue`: functions run one after the other, in the order in which they asked.
 *
 * Whoever waits is woken by a message of the system lane that goes on in the name of its own handler, so that an interrupt
 * always finds the handler that has the lock, and frees it.
 */

import type { Message } from "../kernel/message.ts";
import type { Context } from "./context.ts";
import { extrasOf } from "./context.ts";

/** Somebody who waits for a lock. */
export class LockWaiter {
  /** When it began, in milliseconds of the kernel's clock as of that turn. */
  readonly since: number;
  /** The message whose handler waits. */
  readonly origin: Message | undefined;
  /** Settle it. An operator who asks where it waits puts others in their place, which do the same. */
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
  isOpen = true;
  /** Takes back what the kernel knows of the wait. */
  readonly #endWait: () => void;

  // oxlint-disable-next-line max-params -- one place makes them, and these are what one is
  constructor(
    since: number,
    origin: Message | undefined,
    endWait: () => void,
    resolve: (value: never) => void,
    reject: (error: unknown) => void,
  ) {
    this.since = since;
    this.origin = origin;
    this.#endWait = endWait;
    this.resolve = resolve as (value: unknown) => void;
    this.reject = reject;
  }

  /** Lets it go on. */
  go(): void {
    this.isOpen = false;
    this.#endWait();
    this.resolve(undefined);
  }
}

const kContended: unique symbol = Symbol("contended");
const createSet = (): Set<Lock> => new Set<Lock>();

/** The locks of a service that somebody waits for; a lock that is free, or taken by the only one who wants it, costs nothing here. */
const contendedOf = (context: Context): Set<Lock> => extrasOf(context, kContended, createSet);

/** Lists those that wait for a lock of a service, each with the message whose handler has the lock, as far as it is known. */
export function* lockWaitersOf(
  context: Context,
): Generator<{ readonly waiter: LockWaiter; readonly holder: Message | undefined }> {
  if (context.extras?.has(kContended) !== true) return;
  for (const lock of contendedOf(context)) {
    for (const waiter of lock.waiters) yield { waiter, holder: lock.holder };
  }
}

/** One lock of one service. */
export class Lock {
  /** The function that has the lock runs, and has not awaited yet. */
  isInside = false;
  readonly #context: Context;
  readonly #waiters: LockWaiter[] = [];
  /** The message whose handler has the lock; null = code that belongs to no message has it, undefined = it is free. */
  #holder: Message | null | undefined = undefined;

  constructor(context: Context) {
    this.#context = context;
  }

  /** Those that wait, the next one first. */
  get waiters(): readonly LockWaiter[] {
    return this.#waiters;
  }

  /** The message whose handler has the lock, if it is known. */
  get holder(): Message | undefined {
    return this.#holder ?? undefined;
  }

  /** Runs something while nobody else has the lock, and returns what it returned or its promise resolved to. */
  async hold<R>(run: () => R): Promise<Awaited<R>> {
    const { service, runtime } = this.#context;
    const { origin } = runtime.kernel;
    if (this.#holder !== undefined) await this.#wait(origin);
    this.#holder = origin ?? null;
    let isOver = false;
    // An interrupt may have taken the lock from a handler that goes on all the same.
    const end = (): void => {
      if (!isOver) this.#handOn();
      isOver = true;
    };
    const keepPromise = runtime.commitments.add(origin, service, end);
    try {
      return await this.#enter(run);
    } finally {
      keepPromise();
      end();
    }
  }

  #enter<R>(run: () => R): R {
    this.isInside = true;
    try {
      return run();
    } finally {
      this.isInside = false;
    }
  }

  #wait(origin: Message | undefined): Promise<void> {
    const { service, runtime } = this.#context;
    return new Promise((resolve, reject) => {
      const endWait = runtime.commitments.wait(origin, service);
      const { now } = runtime.kernel.scheduler;
      if (this.#waiters.length === 0) contendedOf(this.#context).add(this);
      this.#waiters.push(new LockWaiter(now, origin, endWait, resolve, reject));
    });
  }

  /** Gives the lock to whoever waits longest. It stays taken until they run, or somebody could come in between. */
  #handOn(): void {
    const { service, runtime } = this.#context;
    this.isInside = false;
    const next = this.#waiters.shift();
    if (next === undefined) {
      this.#holder = undefined;
      return;
    }
    this.#holder = next.origin ?? null;
    if (this.#waiters.length === 0) contendedOf(this.#context).delete(this);
    runtime.kernel.resume(service, next.origin, () => next.go());
  }
}
