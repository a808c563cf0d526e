/**
 * Several requests at once, whose answers are taken as they come: `skynet.request(...).select(timeoutMs)`.
 */

import { SnaxError } from "../base/error.ts";
import { call } from "./calls.ts";
import type { Context } from "./context.ts";
import type { RequestItem, RequestSet, Selected } from "./skynet-api.ts";

/** Makes an empty or filled selection. */
export function createRequestSet(context: Context, items: readonly RequestItem[]): RequestSet {
  const waiting = [...items];
  let isUsed = false;
  let isOver = false;
  const set: RequestSet = {
    get timeout() {
      return isOver;
    },
    add: (...item) => {
      waiting.push(item);
      return set;
    },
    select: (timeoutMs) => {
      if (isUsed) throw new SnaxError("ERR_ARGUMENT", "a selection may be used once");
      isUsed = true;
      return select(context, waiting, timeoutMs, () => {
        isOver = true;
      });
    },
  };
  return set;
}

async function* select(
  context: Context,
  items: readonly RequestItem[],
  timeoutMs: number | undefined,
  onTimeout: () => void,
): AsyncIterableIterator<Selected> {
  const done: Selected[] = [];
  let wake = (): void => {};
  let isLate = false;
  for (const request of items) {
    const [address, type, ...values] = request;
    const settle = (selected: Selected): void => {
      done.push(selected);
      wake();
    };
    call(context, address, type, ...values).then(
      (value) => settle({ request, value }),
      (error: unknown) => settle({ request, error }),
    );
  }
  const { kernel } = context.runtime;
  const timer =
    timeoutMs === undefined
      ? undefined
      : kernel.addTimer(context.service, timeoutMs, () => {
          isLate = true;
          wake();
        });
  try {
    for (let left = items.length; left > 0; left -= 1) {
      while (done.length === 0 && !isLate) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      const next = done.shift();
      if (next === undefined) return onTimeout();
      yield next;
    }
  } finally {
    if (timer !== undefined) kernel.removeTimer(context.service, timer);
  }
}
