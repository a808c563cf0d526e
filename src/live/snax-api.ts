/**
 * Puts the API object `snax` together: starting and finding services (snax/), and changing what runs (live/).
 */

import { defineApi } from "../service/lazy-api.ts";
import type { SnaxCaller } from "../snax/snax-functions.ts";
import { snaxFunctions } from "../snax/snax-functions.ts";
import type { SnaxApi } from "../snax/types.ts";

const make = defineApi<SnaxCaller>({ ...snaxFunctions });

/** Makes the `snax` of one service. */
export function createSnax(caller: Omit<SnaxCaller, "make">): SnaxApi {
  return make({ ...caller, make }) as SnaxApi;
}
