/**
 * Puts the API object `skynet` together: one table of functions by subject, bound to a service at first use.
 */

import { LET_GO } from "../kernel/service.ts";
import { answerFunctions } from "./answers.ts";
import { createCacheApi } from "./cache.ts";
import { callFunctions } from "./calls.ts";
import type { Context } from "./context.ts";
import { informationFunctions } from "./information.ts";
import { defineApi } from "./lazy-api.ts";
import { lifeFunctions } from "./life.ts";
import { defineNote } from "./part.ts";
import { createRequestSet } from "./select.ts";
import type { RequestItem, SkynetApi } from "./skynet-api.ts";
import { waitingFunctions } from "./waiting.ts";

const SIGNAL_READ =
  "it has read skynet.signal, by which what it has begun here ends: give work with a signal to a service of its own";

/** Whoever has the signal of a service waits for its end on this thread. */
const signals = defineNote<boolean>({ ties: () => SIGNAL_READ });

const make = defineApi<Context>(
  {
    ...callFunctions,
    ...answerFunctions,
    ...lifeFunctions,
    ...waitingFunctions,
    ...informationFunctions,
    request: (context: Context, ...items: RequestItem[]) => createRequestSet(context, items),
  },
  {
    cache: createCacheApi,
    signal: (context) => {
      signals.set(context, true);
      const controller = new AbortController();
      const { kernel } = context.runtime;
      const isAlive = kernel.watch(context.handle, () => controller.abort(), LET_GO) !== undefined;
      if (!isAlive) controller.abort();
      return controller.signal;
    },
  },
);

/** Makes the `skynet` of one service. */
export function createSkynet(context: Context): SkynetApi {
  return make(context) as SkynetApi;
}
