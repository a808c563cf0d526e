/**
 * Where a call or a sleep waits: the `await` that goes on when its end comes, and the functions that wait for that one.
 *
 * JavaScript gives no stack of a function that is suspended. But V8 gives one of the function that a microtask is about to
 * resume, by walking from promise to promise. So the call's promise is made to follow another one, whose reaction is ours:
 *
 *     reply -> later -> step.then(peek) -> the call's promise -> await in f -> await in g
 *                            `-- runs once, now: its stack ends with "at async f", "at async g"
 *
 * What waits goes on waiting: `peek` returns `later`, which the answer settles from then on. Calls cost nothing for it;
 * one that was looked at has two promises more on its way. All of it happens within one job of the service.
 */

import { TASK_STACKS_MAX } from "../../base/limits.ts";
import { takeOwnStack } from "../../loader/text/own-stack.ts";
import { isInnard } from "../../service/error-text.ts";
import { runInside } from "../../service/context.ts";
import type { Context } from "../../service/context.ts";

/** A call that waits, or a sleep. */
export interface Suspended {
  readonly isOpen: boolean;
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
}

/** Calls that one job looks at: a few milliseconds. */
const BATCH_LENGTH = 100;

/** How often a call is looked at that no function awaits yet; each look lengthens its way a little. */
const LOOKS_MAX = 8;

/** Where a call waits: V8's lines, innermost first; empty if no function awaits it. */
export type TaskStack = readonly string[];

/** What was found; a call that is awaited stays where it is. */
interface Look {
  count: number;
  stack: TaskStack;
}

const looks = new WeakMap<Suspended, Look>();

/** Looks up where calls of a service wait, at most {@link TASK_STACKS_MAX} of them; those of a dead service nowhere. */
export async function readStacks(
  context: Context,
  calls: readonly Suspended[],
): Promise<ReadonlyMap<Suspended, TaskStack>> {
  const chosen = calls.slice(0, TASK_STACKS_MAX);
  const news = chosen.filter((call) => {
    const look = looks.get(call);
    return look === undefined || (look.stack.length === 0 && look.count < LOOKS_MAX);
  });
  for (let at = 0; at < news.length; at += BATCH_LENGTH) {
    await lookInside(context, news.slice(at, at + BATCH_LENGTH));
  }
  return new Map(chosen.map((call) => [call, looks.get(call)?.stack ?? []]));
}

/** Looks at calls in a job of the service that waits for them. */
function lookInside(context: Context, calls: readonly Suspended[]): Promise<void> {
  return new Promise((resolve) => {
    const unwatch = context.runtime.kernel.watch(context.handle, resolve);
    if (unwatch === undefined) return resolve();
    runInside(context, () => {
      void lookAt(calls.filter(({ isOpen }) => isOpen)).then(() => {
        unwatch();
        resolve();
      });
    });
  });
}

/** Awaited, it lets the microtasks run that wait already. */
const microtask = Promise.resolve();

async function lookAt(calls: readonly Suspended[]): Promise<void> {
  let begin = (): void => {};
  const start = new Promise<void>((resolve) => (begin = resolve));
  for (const call of calls) redirect(call, start);
  // A promise follows another one a microtask after it was told to.
  await microtask;
  await microtask;
  begin();
  await start;
  await microtask;
}

/** Lets a call's promise follow one of ours, which is looked at from inside when `start` settles. */
function redirect(call: Suspended, start: Promise<void>): void {
  const { resolve } = call;
  const later = new Promise<unknown>((settle, fail) => {
    call.resolve = settle;
    call.reject = fail;
  });
  const look: Look = looks.get(call) ?? { count: 0, stack: [] };
  looks.set(call, look);
  look.count += 1;
  const step = start.then(function peek() {
    look.stack = asyncFrames();
    return later;
  });
  resolve(step);
}

/** Frames that V8 is asked for: those of the turn that runs, and then what is wanted. */
const FRAMES_MAX = 60;

/** The suspended functions that go on when the microtask that runs has ended; nothing that the loader generated. */
function asyncFrames(): TaskStack {
  const lines = takeOwnStack(FRAMES_MAX).map((line) => line.trim());
  return lines.filter((line) => line.startsWith("at async ") && !isInnard(line));
}
