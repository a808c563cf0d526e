/**
 * Has the program of future services read before a birth waits for it.
 *
 *     every thread where such a service may live: READ -> the program is in the code cache
 *
 * The next service would read it, and so would the next patch for the type.
 */

import type { Context } from "../../service/context.ts";
import type { LiveThread } from "../rollout/live-thread.ts";
import { orderThread, takeOrder } from "../rollout/thread-order.ts";
import type { OrderState } from "../rollout/thread-order.ts";
import { loadProgram } from "../births/births.ts";

/** The command of a thread's steward: `READ(type)`. */
const READ = "READ";

/** Has a thread do it when another one asks. */
export function answerReadAhead({ runtime }: LiveThread): void {
  runtime.stewardCommands.set(READ, async (context, [state, type]) => {
    takeOrder(state as OrderState);
    await load(context, type as string);
  });
}

/** Reads the program of a type on every thread where services of it may be started; never rejects. */
export async function readAhead(context: Context, type: string): Promise<void> {
  const { threads } = context.runtime;
  const homes = threads?.homesOf(type) ?? [undefined];
  await Promise.all(
    homes.map((home) =>
      home === undefined || home === threads?.own
        ? load(context, type)
        : orderThread(context, home, READ, type).catch(() => undefined),
    ),
  );
}

async function load(context: Context, type: string): Promise<void> {
  try {
    await loadProgram(context, type);
  } catch {
    // The caller that starts one hears of it.
  }
}
