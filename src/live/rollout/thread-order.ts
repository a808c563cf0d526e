/**
 * An order about a patch to another thread, and an end to the patience with a thread that hangs: whoever repairs a service must
 * not wait for ever for one that never returns.
 *
 *     orderThread  -> sent -> [steward] taken -> [just before anything changes] committed -> answer
 *                       \________________________/
 *                         given up: the thread has been in one dispatch for `hotfixtimeout`
 *
 * The state is a word in memory that both threads share, so exactly one of them has its way: what was given up never changes
 * anything, also if the thread goes on later.
 */

import { codeOf, SnaxError } from "../../base/error.ts";
import { formatAddress } from "../../kernel/address.ts";
import type { Context } from "../../service/context.ts";
import { askSteward } from "../../service/steward.ts";
import type { ThreadWork } from "../../service/threads.ts";

/** How far an order has come, in memory that both threads share. */
export type OrderState = SharedArrayBuffer;

const SENT = 0;
const TAKEN = 1;
const COMMITTED = 2;
const GIVEN_UP = 3;

/** How often the thread is looked at within the limit. */
const LOOKS = 8;

/**
 * Says that the thread has got the order.
 *
 * @throws {ERR_PATCH_TIMEOUT} if it was given up.
 */
export function takeOrder(state: OrderState): void {
  if (!advance(state, SENT, TAKEN)) throw givenUpError();
}

/**
 * Says that the order changes something from now on; an order that did before may go on.
 *
 * @throws {ERR_PATCH_TIMEOUT} if it was given up: then nothing may change.
 */
export function commitOrder(state: OrderState | undefined): void {
  if (state === undefined || advance(state, TAKEN, COMMITTED)) return;
  if (Atomics.load(new Int32Array(state), 0) !== COMMITTED) throw givenUpError();
}

/** The same at once, for an order that has something else to do if it was given up. @returns false if it was */
export function beginOrder(state: OrderState | undefined): boolean {
  return state === undefined || (advance(state, SENT, TAKEN) && advance(state, TAKEN, COMMITTED));
}

/**
 * Sends an order to another thread's steward, which hears the order's state as its first argument.
 *
 * @throws {ERR_PATCH_TIMEOUT} if the thread hangs, with `data: { thread, handle }`; handle is the service that it runs, 0 = code
 * outside any message. Unless the message says otherwise, the order has changed nothing and never will.
 */
export function orderThread(
  context: Context,
  thread: number,
  ...[command, ...args]: [command: string, ...args: unknown[]]
): Promise<unknown> {
  const state: OrderState = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  const answer = askSteward(context, thread, command, state, ...args);
  return new Promise((resolve, reject) => {
    const stop = watchThread(context, thread, { state, onStuck: reject });
    answer.then(
      (value) => {
        stop();
        resolve(value);
      },
      (error: unknown) => {
        stop();
        reject(error as Error);
      },
    );
  });
}

/** Tells which thread an order was given up for; undefined if the error is another one. */
export function stuckThread(error: unknown): number | undefined {
  if (codeOf(error) !== "ERR_PATCH_TIMEOUT") return undefined;
  const { data } = error as { data?: { thread?: unknown } };
  return typeof data?.thread === "number" ? data.thread : undefined;
}

interface Watch {
  readonly state: OrderState;
  readonly onStuck: (error: SnaxError) => void;
}

/** Looks at what a thread does until it is told to stop, or the thread is found to hang. */
function watchThread(context: Context, thread: number, { state, onStuck }: Watch): () => void {
  const { kernel, environment, threads, clock } = context.runtime;
  const limitMs = Math.max(1, Number(environment.get("hotfixtimeout")));
  const { origin } = kernel;
  const steward = threads?.steward(thread);
  let seen = threads?.workOf(thread);
  let since = clock.now();
  const look = (): void => {
    const now = threads?.workOf(thread);
    const progress = Atomics.load(new Int32Array(state), 0);
    // Once it has got the order, a thread that rests may wait for something.
    const isAtRest = now?.handle === 0 && progress !== SENT;
    // No code of services runs while the steward compiles the patch.
    const isCompiling = now?.handle === steward && progress === TAKEN;
    if (now === undefined || isAtRest || isCompiling || !isSame(seen, now)) since = clock.now();
    seen = now;
    if (seen === undefined || clock.now() - since < limitMs) return again();
    const isChanged = !advance(state, SENT, GIVEN_UP) && !advance(state, TAKEN, GIVEN_UP);
    const { handle } = seen;
    onStuck(stuckError({ thread, handle }, { limitMs, isChanged, isOther: handle === steward }));
  };
  const again = (): void => {
    timer = kernel.addTimer(context.service, limitMs / LOOKS, look);
    timer.origin = origin;
  };
  let timer: ReturnType<typeof kernel.addTimer>;
  again();
  return () => kernel.removeTimer(context.service, timer);
}

function isSame(before: ThreadWork | undefined, now: ThreadWork): boolean {
  return (
    before?.handle === now.handle && before.dispatch === now.dispatch && before.turn === now.turn
  );
}

function advance(state: OrderState, from: number, to: number): boolean {
  return Atomics.compareExchange(new Int32Array(state), 0, from, to) === from;
}

/** What is told of a thread that was given up. */
interface Stuck {
  readonly limitMs: number;
  /** The order has begun to change something. */
  readonly isChanged: boolean;
  /** The steward has not returned from another order. */
  readonly isOther: boolean;
}

function stuckError(
  data: { readonly thread: number; readonly handle: number },
  { limitMs, isChanged, isOther }: Stuck,
): SnaxError {
  const { thread, handle } = data;
  const address = formatAddress(handle);
  const [what, advice] =
    handle === 0
      ? ["code outside any message", "it can't be interrupted, only wait or restart the node"]
      : isOther
        ? ["another patch", "wait for it"]
        : [`a handler of ${address}`, `stop the handler (signal ${address} in the console)`];
  const outcome = isChanged
    ? "the patch has begun there and goes on when that returns"
    : "nothing has changed there";
  return new SnaxError(
    "ERR_PATCH_TIMEOUT",
    `thread ${thread} does not take the patch: ${what} has not returned for ${limitMs} ms (hotfixtimeout); ` +
      `${outcome}; ${advice}, and ${isChanged ? "look again" : "patch again"}`,
    { data },
  );
}

function givenUpError(): SnaxError {
  return new SnaxError(
    "ERR_PATCH_TIMEOUT",
    "the thread took too long, and whoever asked for the patch has given it up: nothing has changed",
  );
}
