/**
 * The links to nodes of snax, for services that use them.
 *
 *     LINK node                    the handle that messages for a node of snax go to (link/sender.ts)
 *     EVENT node number            the first change of that node behind that number
 */

import type { LinkNodes } from "../link/nodes.ts";
import type { NumberedEvent } from "../link/watch.ts";
import type { Commands } from "./command.ts";
import type { EngineDesk } from "./engine.ts";

/** Makes the commands. */
export function linkCommands(links: LinkNodes, engine: EngineDesk): Commands {
  /** The engine may still be about to tell of a node. */
  const isToCome = (node: string): boolean => engine.fleet !== undefined && !links.has(node);
  return {
    LINK: (_source, node: string): number | Promise<number> => {
      if (!isToCome(node)) return links.handleOf(node);
      return engine.known().then(() => links.handleOf(node));
    },
    EVENT: async (source, node: string, after: number): Promise<NumberedEvent> => {
      if (isToCome(node)) await engine.known();
      return await links.next(node, after, source);
    },
  };
}
