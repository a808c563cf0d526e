/**
 * A walk over the services that the launcher started, which lets other messages through on its way.
 *
 * A node may hold a million services: a walk rests after each slice of time (pacer.ts), no matter what a service costs it. What
 * is born or dies meanwhile may or may not be seen.
 */

import { INDEX_MASK, placeOf } from "../../kernel/service.ts";
import { Context } from "../../service/context.ts";
import type { Operator } from "../operator/operator.ts";
import { Slice } from "../operator/pacer.ts";

/** Services that are visited between two looks at the clock. */
const LOOK_LENGTH = 32;

/** So few services are visited in one go, unless each costs much: no other operator would notice the time that it takes. */
const SHORT_LENGTH = 100;

/** How services are visited. */
export interface Walk {
  /** The clock is looked at behind each service. @defaultValue false */
  readonly isHeavy?: boolean;
  /** The walk begins behind this handle. @defaultValue with the first */
  readonly after?: number;
}

/**
 * Visits the services, by rising handle, until a visit gives `false`. As in skynet the logger, the launcher, the harbor and
 * the program that embeds the node are left out.
 */
export async function visitServices(
  operator: Operator,
  visit: (context: Context) => unknown,
  { isHeavy = false, after = 0 }: Walk = {},
): Promise<void> {
  const { kernel, logger } = operator.runtime;
  const { services } = kernel;
  const hidden = new Set([logger, kernel.names.get(".launcher"), kernel.names.get(".harbor")]);
  const isShort = services.size <= SHORT_LENGTH;
  if (!isShort) await operator.rest();
  const slice = isShort && !isHeavy ? undefined : new Slice();
  let untilLook = LOOK_LENGTH;
  const [firstPage, firstPlace] = placeBehind(after);
  for (let number = firstPage; number < services.pageCount; number += 1) {
    let place = number === firstPage ? firstPlace : 0;
    for (; place < (services.page(number)?.length ?? 0); place += 1) {
      const context = services.page(number)?.[place]?.instance;
      if (!(context instanceof Context) || context.kind === "") continue;
      if (!hidden.has(context.handle) && visit(context) === false) return;
      untilLook -= 1;
      if (untilLook > 0 && !isHeavy) continue;
      untilLook = LOOK_LENGTH;
      if (slice?.isOver !== true) continue;
      await operator.rest();
      slice.begin();
    }
  }
}

/** The page and the place of the first service behind a handle. */
function placeBehind(after: number): readonly [page: number, place: number] {
  return placeOf(Math.min((after & INDEX_MASK) + 1, INDEX_MASK));
}
