/**
 * One service takes the place of another on the same thread.
 *
 *     successor    begun with the arguments of the old one, of the new code; the old one does not know of it
 *     takeOver     in one step: what waits and what comes goes to the new one, names too; timers of the old one end
 *     drained      the old one has ended what it had begun
 *     retired      no message has come to the old handle for a while: its `exit` runs, and the handle is dead
 */

import { SWAP_RETIRE_MS } from "../../base/limits.ts";
import { SnaxError } from "../../base/error.ts";
import { deadError } from "../../kernel/refusal.ts";
import type { Forwarder } from "../../kernel/forwarder.ts";
import { forwarderOf } from "../../kernel/forwarder.ts";
import { Message } from "../../kernel/message.ts";
import { PTYPE } from "../../kernel/protocol.ts";
import { HOLD } from "../../kernel/service.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Program } from "../../loader/run/program.ts";
import { describeStart, end, launch, tellLauncher } from "../../service/boot.ts";
import type { Context } from "../../service/context.ts";
import { endParts } from "../../service/context.ts";
import type { Runtime } from "../../service/runtime.ts";
import { SnaxHost, SYSTEM_METHOD } from "../../snax/snax-host.ts";
import { listBusy, nameBusy } from "../reload/drain.ts";
import { describe, isOpenTimer, timersOf } from "../reload/timers.ts";
import { ServiceTimer } from "../../service/timers.ts";
import { isArmedBy } from "./own-state.ts";

/** How often an old service is asked whether it is drained, in milliseconds. */
const LOOK_MS = 1;

/** The word that tells the other threads who has taken whose place. */
export const MOVED_WORD = "moved";

/** Begins a service of the new code, with the arguments of the old one. @throws what its beginning throws */
export function beginSuccessor(old: Context, program: Program): Promise<Context> {
  const { runtime, kind, name, args } = old;
  return new Promise((resolve, reject) => {
    const context = launch(runtime, {
      ...{ kind, name, args, program, replaces: old.handle },
      onReady: (error, sendable) => {
        if (error === undefined && context.service.isAlive) return resolve(context);
        tellLauncher(context, "REMOVE", context.handle, true);
        reject(sendable ?? (error as Error | undefined) ?? deadError(context.handle));
      },
    });
    tellLauncher(context, "BORN", describeStart({ kind, name, args }));
  });
}

/** By the handle of the old service, as long as that is there. */
type Successions = Map<number, Succession>;

/** The successions of each thread. */
const successions = new WeakMap<Kernel, Successions>();

function successionsOf(kernel: Kernel): Successions {
  let known = successions.get(kernel);
  if (known === undefined) successions.set(kernel, (known = new Map()));
  return known;
}

/** Lists the snax services of a thread whose places others have taken, and that are there yet. */
export function listReplaced({ kernel }: Runtime): Context[] {
  const all = [...successionsOf(kernel).values()].map(({ old }) => old);
  return all.filter(({ state }) => state instanceof SnaxHost);
}

/** Has a service leave whose place another one has taken; resolves when it is gone. */
export function dismiss({ kernel }: Runtime, handle: number): Promise<void> {
  return new Promise((resolve) => {
    const succession = successionsOf(kernel).get(handle);
    if (succession === undefined) return resolve();
    kernel.watch(handle, () => resolve());
    succession.leave();
  });
}

/** One service in the place of another. */
export class Succession {
  readonly old: Context;
  readonly fresh: Context;
  readonly #forwarder: Forwarder;
  readonly #began: number;
  /** For how many milliseconds the old one went on; undefined as long as it does. */
  drainedMs: number | undefined = undefined;
  #isHeld = false;
  /** Ends the watch of the successor. */
  #unwatch: (() => void) | undefined;
  #hasLeft = false;

  /** Takes over: everything from here on is for the new one. */
  constructor(old: Context, fresh: Context) {
    const { kernel, clock } = old.runtime;
    this.old = old;
    this.fresh = fresh;
    this.#began = clock.now();
    for (const timer of [...timersOf(old)]) {
      const { subject } = timer;
      if (!isOpenTimer(subject)) continue;
      const isInterval = subject instanceof ServiceTimer && subject.wish.intervalMs > 0;
      if (isInterval || isArmedBy(fresh, subject)) kernel.removeTimer(old.service, timer);
    }
    // Listeners of shared tables and watches of nodes: the new one has its own.
    endParts(old.parts, undefined);
    // One at a time: what the old one handles at the moment goes before all else.
    if (old.state instanceof SnaxHost && old.state.isQueue && this.#isBusy) {
      this.#isHeld = true;
      kernel.hold(fresh.service, HOLD.following);
    }
    this.#forwarder = kernel.forward(old.service, fresh.service);
    this.#watchSuccessor(fresh);
    const all = successionsOf(kernel);
    all.set(old.handle, this);
    kernel.watch(old.handle, () => {
      all.delete(old.handle);
      // No service is watched for the sake of one that has ended: the new one may go to another thread.
      this.#unwatch?.();
    });
  }

  /** How many messages have come to the new one by the old handle. */
  get forwarded(): number {
    return this.#forwarder.count;
  }

  /** What the old one has not ended, for people; empty if nothing. */
  get busy(): string {
    return nameBusy(busyOf(this.old));
  }

  get #isBusy(): boolean {
    return busyOf(this.old).length > 0;
  }

  /** Waits until the old one is drained, but not longer than some milliseconds; a successor that waited for that goes on. */
  async drain(limitMs: number): Promise<void> {
    const { clock } = this.old.runtime;
    while (this.old.service.isAlive && this.#isBusy && clock.now() - this.#began < limitMs) {
      await this.old.runtime.pause(LOOK_MS);
    }
    this.#release();
    if (this.old.service.isAlive && this.#isBusy) return;
    this.drainedMs = clock.now() - this.#began;
  }

  #release(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    const { service, runtime } = this.fresh;
    if (service.isAlive) runtime.kernel.release(service, HOLD.following);
  }

  /** Ends the old service as soon as it is drained and nothing has been sent to it for a while. */
  async retire(quietMs: number = SWAP_RETIRE_MS): Promise<void> {
    const { service, runtime, handle } = this.old;
    for (;;) {
      const seen = this.forwarded;
      await this.old.runtime.pause(Math.max(1, quietMs));
      if (!service.isAlive || runtime.state !== "running") return;
      if (seen === this.forwarded && !this.#isBusy) break;
    }
    const { to } = this.#forwarder;
    runtime.kernel.successors.note(handle, to.handle);
    runtime.threads?.tellAll(MOVED_WORD, handle, to.handle);
    this.leave();
  }

  /** Ends the old service: its `exit` runs, once. */
  leave(): void {
    if (this.#hasLeft || !this.old.service.isAlive) return;
    this.#hasLeft = true;
    leave(this.old);
  }

  /** A service that waits for the death of the old one hears of the new one's: they are one to those outside. */
  #watchSuccessor(successor: Context): void {
    const { kernel } = this.old.runtime;
    this.#unwatch = kernel.watch(successor.handle, () => {
      const { to } = this.#forwarder;
      // It was retired itself, and another one is in its place.
      const next = to === successor.service ? undefined : this.old.runtime.contextOf(to.handle);
      if (next === undefined) void this.#endWithSuccessor();
      else this.#watchSuccessor(next);
    });
  }

  async #endWithSuccessor(): Promise<void> {
    while (this.old.service.isAlive && this.#isBusy) await this.old.runtime.pause(LOOK_MS);
    this.leave();
  }
}

/** What a service has begun, its timers included: nothing of it may come once it is drained. */
function busyOf(context: Context): string[] {
  const busy = listBusy(context);
  for (const { subject, isCancelled } of timersOf(context)) {
    if (!isCancelled && isOpenTimer(subject)) busy.push(`a ${describe(subject)}`);
  }
  return busy;
}

/** Runs the `exit` of a service, if it has one, and ends it. */
function leave(context: Context): void {
  if (!(context.state instanceof SnaxHost)) return end(context);
  const message = new Message(PTYPE.snax, 0, 0, SYSTEM_METHOD.exit, []);
  context.runtime.kernel.sendUrgent(context.service, message);
}

/** Refuses to swap a service, and says which one. */
export function swapError(why: string, cause?: unknown): SnaxError {
  return new SnaxError("ERR_SWAP", why, cause === undefined ? {} : { cause });
}

/** Whether another service has taken the place of this one. */
export function isSucceeded({ service }: Context): boolean {
  return forwarderOf(service) !== undefined;
}
