/**
 * The lock behind `skynet.queue`: functions run one after the other, in the order in which they asked.
 *
 * It is re-entrant where the stack proves it: the stack of the caller shows the functions that await it, and one of them has
 * to be the lock's own. A promise that is not awaited leaves no such trace: its function waits like any other. If a handler
 * waits for itself all the same, the log says so at once; it names any other holder that keeps the lock for half a minute.
 *
 * A handler that waits is woken by a message of the system lane that goes on in the name of its own handler, so that an interrupt
 * always finds the handler that has the lock, and frees it.
 */

import { LEVEL } from "../base/log-level.ts";
import { formatAddress } from "../kernel/service.ts";
import { Waiting } from "../kernel/last-words.ts";
import type { Message } from "../kernel/message.ts";
import { PTYPE } from "../kernel/protocol.ts";
import { SLOW_CALL_MS } from "../kernel/slow-calls.ts";
import type { Timer } from "../kernel/timers.ts";
import { takeOwnStack } from "../loader/text/own-stack.ts";
import { placesIn } from "./code-place.ts";
import type { Context } from "./context.ts";
import { definePart } from "./context.ts";

/** A handler that waits for a lock. */
export class LockWaiter extends Waiting {
  /** When it began, in milliseconds of the kernel's clock as of that turn. */
  readonly since: number;
  /** The message whose handler waits. */
  readonly origin: Message | undefined;
  /** Settle it. An operator who asks where it waits puts others in their place, which do the same. */
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
  isOpen = true;
  /** Takes back what the node knows of the wait. */
  readonly #endWait: () => void;

  // oxlint-disable-next-line max-params -- one place makes them, and these are what one is
  constructor(
    since: number,
    origin: Message | undefined,
    wait: (waiter: LockWaiter) => () => void,
    resolve: (value: never) => void,
    reject: (error: unknown) => void,
  ) {
    super();
    this.since = since;
    this.origin = origin;
    this.resolve = resolve as (value: unknown) => void;
    this.reject = reject;
    this.#endWait = wait(this);
  }

  /** Lets it go on. */
  go(): void {
    this.isOpen = false;
    this.#endWait();
    this.resolve(undefined);
  }
}

/** The locks of a service that a handler waits for; a lock that is free, or taken by the only one who wants it, costs nothing here. */
const contended = definePart(() => new Set<Lock>());

/** Lists those that wait for a lock of a service, each with the message whose handler has the lock, as far as it is known. */
export function* lockWaitersOf(
  context: Context,
): Generator<{ readonly waiter: LockWaiter; readonly holder: Message | undefined }> {
  for (const lock of contended.peek(context) ?? []) {
    for (const waiter of lock.waiters) yield { waiter, holder: lock.holder };
  }
}

/** Frames of a stack among which a lock looks for itself: at most that number of functions may await each other between two uses. */
export const LOCK_FRAMES_MAX = 200;

/** How many locks this thread has made. */
let count = 0;

/** One lock of one service. */
export class Lock {
  /** What stacks and lines of the log call it. */
  readonly name: string = `skynet.queue#${(count += 1)}`;
  /** The function that has the lock runs, and has not awaited yet. */
  isInside = false;
  readonly #context: Context;
  readonly #waiters: LockWaiter[] = [];
  /** The message whose handler has the lock; null = code that belongs to no message has it, undefined = it is free. */
  #holder: Message | null | undefined = undefined;
  /** How many have had it. */
  #tenure = 0;
  /** The log has told of this holder. */
  #isTold = false;
  /** Tells of a holder that keeps others waiting for long; undefined while no handler waits. */
  #alarm: Timer | undefined = undefined;

  constructor(context: Context) {
    this.#context = context;
  }

  /** Those that wait, the next one first. */
  get waiters(): readonly LockWaiter[] {
    return this.#waiters;
  }

  /** Whether it is free. */
  get isFree(): boolean {
    return this.#holder === undefined;
  }

  /** The message whose handler has the lock, if it is known. */
  get holder(): Message | undefined {
    return this.#holder ?? undefined;
  }

  /**
   * Says whether the caller runs inside the function that has the lock.
   *
   * @param door - the function through which it is asked for, which bears the lock's name.
   */
  isHeldAround(door: (...args: never[]) => unknown): boolean {
    if (this.#holder === undefined) return false;
    // A handler that has not awaited yet is inside nothing that has.
    if (this.#context.runtime.kernel.dispatching !== undefined) return false;
    const stack = takeOwnStack(LOCK_FRAMES_MAX, door);
    const frame = `at async ${this.name} (`;
    if (stack.some((line) => line.includes(frame))) return true;
    this.#suspect(stack);
    return false;
  }

  /** Runs something while it has the lock, and returns what it returned or its promise resolved to. */
  async hold<R>(run: () => R): Promise<Awaited<R>> {
    const { service, runtime } = this.#context;
    const { origin } = runtime.kernel;
    if (this.#holder !== undefined) await this.#wait(origin);
    this.#take(origin);
    let isOver = false;
    // An interrupt may have taken the lock from a handler that goes on all the same.
    const end = (): void => {
      if (!isOver) this.#handOn();
      isOver = true;
    };
    const endCommitment = runtime.commitments.add(origin, service, end);
    try {
      return await this.enter(run);
    } finally {
      endCommitment();
      end();
    }
  }

  #take(origin: Message | undefined): void {
    this.#holder = origin ?? null;
    this.#tenure += 1;
    this.#isTold = false;
  }

  /** Runs something inside what has the lock; until it first awaits there is no need to look at the stack. */
  enter<R>(run: () => R): R {
    this.isInside = true;
    try {
      return run();
    } finally {
      this.isInside = false;
    }
  }

  #wait(origin: Message | undefined): Promise<void> {
    const { service, runtime } = this.#context;
    this.#alarm ??= this.#watch();
    return new Promise((resolve, reject) => {
      const note = (waiter: LockWaiter): (() => void) =>
        runtime.commitments.wait(origin, service, waiter);
      const { now } = runtime.kernel.scheduler;
      if (this.#waiters.length === 0) contended.of(this.#context).add(this);
      this.#waiters.push(new LockWaiter(now, origin, note, resolve, reject));
    });
  }

  /** Gives the lock to the handler that waits longest. It stays taken until that one runs: no other may come in between. */
  #handOn(): void {
    const { service, runtime } = this.#context;
    this.isInside = false;
    const next = this.#waiters.shift();
    if (next === undefined) {
      this.#holder = undefined;
      return;
    }
    this.#take(next.origin);
    if (this.#waiters.length === 0) {
      contended.of(this.#context).delete(this);
      if (this.#alarm !== undefined) runtime.kernel.removeTimer(service, this.#alarm);
      this.#alarm = undefined;
    }
    runtime.kernel.resume(service, next.origin, () => next.go()).subject = next;
  }

  /** A handler asks for a lock that it has, and is at nothing else that the kernel knows: it may wait for itself. */
  #suspect(stack: readonly string[]): void {
    const { runtime } = this.#context;
    const { origin } = runtime.kernel;
    if (origin === undefined || origin !== this.#holder || this.#isTold) return;
    if (isWaiting(this.#context, origin)) return;
    this.#isTold = true;
    const places = placesIn(stack, runtime);
    const text = `a handler asks for a lock that it has itself, and may wait for ever: ${this.#text()}`;
    const line = places === "" ? text : `${text}, asked for at ${places}`;
    runtime.log(this.#context.handle, line, LEVEL.warn);
  }

  /** Looks again after half a minute: a handler that had the lock then, and has it still, is reported once. */
  #watch(): Timer {
    const { service, runtime } = this.#context;
    const tenure = this.#tenure;
    return runtime.kernel.addTimer(service, SLOW_CALL_MS, () => {
      this.#alarm = this.#watch();
      if (this.#isTold || tenure !== this.#tenure) return;
      this.#isTold = true;
      const who = `${this.#waiters.length} wait for a lock that has been held for ${SLOW_CALL_MS / 1000} s`;
      runtime.log(this.#context.handle, `${who}: ${this.#text()}`, LEVEL.warn);
    });
  }

  /** Names the lock and its holder. */
  #text(): string {
    const { runtime, handle } = this.#context;
    const holder = this.#holder ?? undefined;
    if (holder === undefined) return `${this.name}, held by code that belongs to no message`;
    if (holder.type === PTYPE.timer) return `${this.name}, held by a timer`;
    const type = runtime.protocolName(holder.type);
    const way = `${formatAddress(holder.source)} to ${formatAddress(handle)} : ${holder.session}`;
    return `${this.name}, held by the ${type} call [${way}]`;
  }
}

/** Says whether a handler waits for something that the kernel knows: it is not the lock that keeps it. */
function isWaiting({ service, runtime }: Context, origin: Message): boolean {
  for (const call of service.calls ?? []) if (call.origin === origin) return true;
  for (let timer = service.timers; timer !== undefined; timer = timer.following) {
    if (timer.origin === origin) return true;
  }
  return runtime.commitments.waiting(service).includes(origin);
}
