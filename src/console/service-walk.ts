/**
 * A walk over the services that the launcher started, which lets other messages through on its way.
 *
 * A node may hold a million services; a walk looks at one page of the table (up to 4096) and rests before the next. What
 * is born or dies meanwhile may or may not be seen.
 */

import { Context } from "../service/context.ts";
import type { Operator } from "./operator.ts";

/**
 * Visits the services, by rising handle. The logger, the launcher, the harbor and the program that embeds the node are no
 * one's to list, as in skynet.
 */
export async function visitServices(
  operator: Operator,
  visit: (context: Context) => void,
): Promise<void> {
  const { kernel, logger } = operator.runtime;
  const { services } = kernel;
  const hidden = new Set([logger, kernel.names.get(".launcher"), kernel.names.get(".harbor")]);
  for (let number = 0; number < services.pageCount; number += 1) {
    const page = services.page(number);
    if (page === undefined) continue;
    if (number > 0) await operator.rest();
    for (const service of page) {
      const context = service?.instance;
      if (!(context instanceof Context) || context.kind === "") continue;
      if (!hidden.has(context.handle)) visit(context);
    }
  }
}
