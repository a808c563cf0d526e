/**
 * An order about a patch to another thread, which is withdrawn if that thread hangs: a caller that
 * repairs a service must not wait for ever for a thread that never returns.
 *
 *     orderThread  -> sent -> [steward] taken -> [just before anything changes] committed -> answer
 *                       \________________________/
 *                         given up: the thread has been in one dispatch for `hotfixtimeout`
 *
 * The order is an errand (service/errand.ts); here are its words.
 */

import { codeOf, SnaxError } from "../../base/error.ts";
import { formatAddress } from "../../kernel/service.ts";
import type { Context } from "../../service/context.ts";
import type { Errand } from "../../service/errand-state.ts";
import type { Patience, Stuck } from "../../service/errand.ts";
import { beginErrand, commitErrand, takeErrand } from "../../service/errand-state.ts";
import { sendErrand, whoHangs } from "../../service/errand.ts";

/** How far an order has come, in memory that both threads share. */
export type OrderState = Errand;

/**
 * Says that the thread has got the order.
 *
 * @throws {ERR_PATCH_TIMEOUT} if it was given up.
 */
export function takeOrder(state: OrderState): void {
  if (!takeErrand(state)) throw givenUpError();
}

/**
 * Says that the order changes something from now on; an order that did before may go on.
 *
 * @throws {ERR_PATCH_TIMEOUT} if it was given up: then nothing may change.
 */
export function commitOrder(state: OrderState | undefined): void {
  if (state !== undefined && !commitErrand(state)) throw givenUpError();
}

/**
 * The same at once, for an order that has something else to do if it was given up.
 *
 * @returns false if it was
 */
export function beginOrder(state: OrderState | undefined): boolean {
  return state === undefined || beginErrand(state);
}

/**
 * Sends an order to another thread's steward, which hears the order's state as its first argument.
 *
 * @throws {ERR_PATCH_TIMEOUT} if the thread hangs, with `data: { thread, handle }`; handle is the
 * service that it runs, 0 = code outside any message. Unless the message says otherwise, the order
 * has changed nothing and never will.
 */
export function orderThread(
  context: Context,
  thread: number,
  ...order: [command: string, ...args: unknown[]]
): Promise<unknown> {
  return sendErrand(context, thread, patienceOf(context), ...order);
}

/** The same for orders that go often: the steward finds the order's state with {@link openErrand}. */
export function orderOften(
  context: Context,
  thread: number,
  ...order: [command: string, ...args: unknown[]]
): Promise<unknown> {
  return sendErrand(context, thread, { ...patienceOf(context), isFrequent: true }, ...order);
}

/**
 * The patience with a thread that hangs, in all that has to do with patches.
 *
 * @param error - what the caller is told. @defaultValue the thread does not take the patch
 */
export function patienceOf(
  { runtime }: Context,
  error: (stuck: Stuck, limitMs: number) => SnaxError = stuckError,
): Patience {
  const limitMs = runtime.environment.hotfixMs;
  return { limitMs, error: (stuck) => error(stuck, limitMs) };
}

/** Tells which thread an order was given up for; undefined if the error is another one. */
export function stuckThread(error: unknown): number | undefined {
  if (codeOf(error) !== "ERR_PATCH_TIMEOUT") return undefined;
  const { data } = error as { data?: { thread?: unknown } };
  return typeof data?.thread === "number" ? data.thread : undefined;
}

function stuckError(stuck: Stuck, limitMs: number): SnaxError {
  const { thread, handle, isSteward, isCommitted } = stuck;
  const what = handle !== 0 && isSteward ? "another patch" : whoHangs(stuck);
  const advice =
    handle === 0
      ? "it can't be interrupted, only wait or restart the node"
      : isSteward
        ? "wait for it"
        : `stop the handler (signal ${formatAddress(handle)} in the console)`;
  const outcome = isCommitted
    ? "the patch has begun there and goes on when that returns"
    : "nothing has changed there";
  return new SnaxError(
    "ERR_PATCH_TIMEOUT",
    `thread ${thread} does not take the patch: ${what} has not returned for ${limitMs} ms (hotfixtimeout); ` +
      `${outcome}; ${advice}, and ${isCommitted ? "look again" : "patch again"}`,
    { data: { thread, handle } },
  );
}

function givenUpError(): SnaxError {
  return new SnaxError(
    "ERR_PATCH_TIMEOUT",
    "the thread took too long, and the caller has given the patch up: nothing has changed",
  );
}
