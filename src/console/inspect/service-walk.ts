/**
 * A walk over the services that the launcher started, which lets other messages through on its way.
 *
 * A node may hold a million services: a walk rests after each slice of time (pacer.ts), whatever a service costs it. What
 * is born or dies meanwhile may or may not be seen.
 */

import { Context } from "../../service/context.ts";
import type { Operator } from "../operator/operator.ts";
import { Slice } from "../operator/pacer.ts";

/** Services that are visited between two looks at the clock. */
const LOOK_LENGTH = 32;

/** As many services are no walk: nobody waits long for what has seen them all at once. */
const SHORT_LENGTH = 100;

/**
 * Visits the services, by rising handle. The logger, the launcher, the harbor and the program that embeds the node are no
 * one's to list, as in skynet.
 *
 * @param isHeavy - the clock is looked at behind each service.
 */
export async function visitServices(
  operator: Operator,
  visit: (context: Context) => void,
  isHeavy = false,
): Promise<void> {
  const { kernel, logger } = operator.runtime;
  const { services } = kernel;
  const hidden = new Set([logger, kernel.names.get(".launcher"), kernel.names.get(".harbor")]);
  const slice = new Slice();
  if (services.size > SHORT_LENGTH) await operator.rest();
  slice.begin();
  let untilLook = LOOK_LENGTH;
  for (let number = 0; number < services.pageCount; number += 1) {
    for (let place = 0; place < (services.page(number)?.length ?? 0); place += 1) {
      const context = services.page(number)?.[place]?.instance;
      if (!(context instanceof Context) || context.kind === "") continue;
      if (!hidden.has(context.handle)) visit(context);
      untilLook -= 1;
      if (untilLook > 0 && !isHeavy) continue;
      untilLook = LOOK_LENGTH;
      if (!slice.isOver) continue;
      await operator.rest();
      slice.begin();
    }
  }
}
