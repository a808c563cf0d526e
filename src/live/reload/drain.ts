/**
 * The drain of a service: what it has begun ends, what is new waits.
 *
 *     HOLD.draining: requests and posts wait; answers, timers, jobs, debug messages and calls to itself pass
 *     drained: no handler runs or waits, no call is open, no handler sleeps, no timer is due
 *
 * A service that is held to the end of it has no handler inside its code.
 */

import { SnaxError } from "../../base/error.ts";
import { nameFirst } from "../../base/short-list.ts";
import { deadError } from "../../kernel/refusal.ts";
import {
  formatAddress,
  HOLD,
  isDeathWatch,
  unfinishedCount,
  unfinishedOf,
} from "../../kernel/service.ts";
import { OpenCall } from "../../kernel/open-calls.ts";
import { Waiting } from "../../kernel/last-words.ts";
import type { Timer } from "../../kernel/timers.ts";
import { isOfProgram } from "../../service/calls.ts";
import type { Context } from "../../service/context.ts";
import { callInside } from "../../service/context.ts";
import { dueTimersOf, isOpenTimer, timersOf } from "./timers.ts";

/** How often a service is asked whether it is drained, in milliseconds. */
const LOOK_MS = 1;

/** Most things that the error of a drain names. */
const NAMED_MAX = 5;

/** Most services that are looked at for a chain of calls. */
const SEEN_MAX = 1_000;

/** What a job has given that ran in a service at rest, and how many handlers were waited for. */
export interface AtRest<T> {
  readonly outcome: T;
  readonly drained: number;
}

/**
 * Drains a service and runs a job in a turn of it, in which it is at rest still: a timer may have begun something since it was
 * looked at last, and then it is drained again. It stays held: the caller releases HOLD.draining, also if it fails.
 *
 * @throws what the job throws, and what {@link drain} does.
 */
export async function runAtRest<T extends object>(
  context: Context,
  limitMs: number,
  job: () => T | PromiseLike<T>,
): Promise<AtRest<T>> {
  const began = context.runtime.clock.now();
  const enter = (): T | PromiseLike<T> | undefined => (isDrained(context) ? job() : undefined);
  let drained = 0;
  for (;;) {
    drained = Math.max(drained, await drain(context, limitMs, began));
    const outcome = await callInside(context, enter);
    if (outcome !== undefined) return { outcome, drained };
  }
}

/**
 * Holds new messages of a service back and waits until it is drained. It stays held: the caller releases
 * HOLD.draining, also if it fails.
 *
 * @param began - since when the limit counts. @defaultValue now
 * @returns how many handlers ran when it was called.
 * @throws {ERR_RELOAD} if it is not drained after `limitMs`, {ERR_SERVICE_DEAD} if it ends.
 */
export async function drain(
  context: Context,
  limitMs: number,
  began: number = context.runtime.clock.now(),
): Promise<number> {
  const { runtime, service } = context;
  const { clock, kernel } = runtime;
  kernel.hold(service, HOLD.draining);
  const count = unfinishedCount(service);
  for (;;) {
    if (!service.isAlive) throw deadError(context.handle);
    const busy = listBusy(context);
    if (busy.length === 0 && context.patching === undefined) return count;
    if (clock.now() - began >= limitMs) throw lateError(context, limitMs);
    await runtime.pause(LOOK_MS);
  }
}

/** Says whether no handler is inside the code. */
export function isDrained(context: Context): boolean {
  return listBusy(context).length === 0 && context.patching === undefined;
}

/**
 * Names what is under way in a service.
 *
 * @param nameCall - how a call is named that waits. @defaultValue without its target, for code that looks often
 */
export function listBusy(context: Context, nameCall?: (call: OpenCall) => string): string[] {
  const { service } = context;
  const busy: string[] = [];
  for (const [message] of unfinishedOf(service)) {
    if (!isDeathWatch(message)) busy.push(context.describe(message));
  }
  busy.push(...listWaits(context, nameCall));
  for (const timer of dueTimersOf(context)) busy.push(describeDue(timer));
  return busy;
}

/** Names what code of a service waits for. @param nameCall - see {@link listBusy} */
export function listWaits(
  context: Context,
  nameCall: (call: OpenCall) => string = () => "a call that waits for its answer",
): string[] {
  const { service, runtime } = context;
  const waits: string[] = [];
  for (const call of service.calls ?? []) if (isOfProgram(call)) waits.push(nameCall(call));
  for (const { subject } of timersOf(context)) {
    if (subject instanceof Waiting) waits.push(SLEEPS);
  }
  for (const _ of runtime.commitments.waiters(service)) {
    waits.push("code that waits (skynet.wait)");
  }
  for (let left = runtime.commitments.outsideWaits(service); left > 0; left -= 1) {
    waits.push("code that waits for a socket");
  }
  return waits;
}

/** Code that sleeps, for people. */
export const SLEEPS = "code that sleeps (skynet.sleep)";

function describeDue({ subject }: Timer): string {
  if (subject instanceof OpenCall) return "an answer that has come";
  return isOpenTimer(subject) ? "a timer that is due" : "code that goes on";
}

function lateError(context: Context, limitMs: number): SnaxError {
  const what = describeBusy(context);
  return new SnaxError(
    "ERR_RELOAD",
    `it has not come to rest within ${limitMs} ms (draintimeout): ${what || "a patch"}; nothing has changed`,
  );
}

/** Says for people what is under way in a service, and whom its calls wait for. */
export function describeBusy(context: Context): string {
  return nameBusy(listBusy(context, (call) => describeCall(context, call)));
}

/** Services of a chain of calls that are named. */
const CHAIN_MAX = 8;

/** `a call to :0000000a b, which waits for :00000009 a, which takes no new calls now: they wait for each other` */
function describeCall({ runtime, handle }: Context, { target }: OpenCall): string {
  if (target === handle) return "a call to itself";
  if (target === 0) return "a call to a name that no service has";
  const name = (each: number): string => {
    const type = runtime.contextOf(each)?.name;
    return type === undefined ? formatAddress(each) : `${formatAddress(each)} ${type}`;
  };
  // From each service to the one that called it first; only those of this thread are known.
  const before = new Map([[target, 0]]);
  for (const each of before.keys()) {
    if (before.has(handle) || before.size >= SEEN_MAX) break;
    for (const call of runtime.contextOf(each)?.service.calls ?? []) {
      if (call.target !== 0 && !before.has(call.target)) before.set(call.target, each);
    }
  }
  if (!before.has(handle)) return `a call to ${name(target)}`;
  const chain: string[] = [];
  for (let at = handle; at !== 0; at = before.get(at) ?? 0) chain.unshift(name(at));
  const shown =
    chain.length > CHAIN_MAX ? [...chain.slice(0, CHAIN_MAX - 1), "others", name(handle)] : chain;
  return `a call to ${shown.join(", which waits for ")}, which takes no new calls now: they wait for each other`;
}

/** The same for people, each thing once. */
export function nameBusy(busy: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const what of busy) counts.set(what, (counts.get(what) ?? 0) + 1);
  const named = [...counts].map(([what, count]) => (count > 1 ? `${count} times ${what}` : what));
  return nameFirst(named, NAMED_MAX);
}
