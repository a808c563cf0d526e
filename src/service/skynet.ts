/**
 * Puts the API object `skynet` together: one table of functions by subject, bound to a service at first use.
 */

import { answerFunctions } from "./answers.ts";
import { createCacheApi } from "./cache.ts";
import { callFunctions } from "./calls.ts";
import type { Context } from "./context.ts";
import { informationFunctions } from "./information.ts";
import { defineApi } from "./lazy-api.ts";
import { lifeFunctions } from "./life.ts";
import { createRequestSet } from "./select.ts";
import { createSignal } from "./signal.ts";
import type { RequestItem, SkynetApi } from "./skynet-api.ts";
import { waitingFunctions } from "./waiting.ts";

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
    signal: createSignal,
  },
);

/** Makes the `skynet` of one service. */
export function createSkynet(context: Context): SkynetApi {
  return make(context) as SkynetApi;
}
