/**
 * How a node leaves its cluster.
 *
 *     DRAIN ms                     waits until no call of another node is open, but not longer, and leaves
 *     LEAVE                        says goodbye to all who call this node
 */

import { LEVEL } from "../../base/log-level.ts";
import { CLUSTER_DRAIN_LOOK_MS } from "../../base/limits.ts";
import type { Hub } from "../hub/hub.ts";
import type { LinkNodes } from "../link/nodes.ts";
import type { Commands } from "./command.ts";
import type { EngineDesk } from "./engine.ts";
import type { SkynetWire } from "./skynet-wire.ts";

/** Whom it says goodbye to. */
interface Ties {
  readonly hub: Hub;
  readonly links: LinkNodes;
  readonly wire: SkynetWire;
  readonly engine: EngineDesk;
}

/** Makes the commands. */
export function departureCommands({ hub, links, wire, engine }: Ties): Commands {
  let leaving: Promise<void> | undefined;

  function leave(): Promise<void> {
    return (leaving ??= (async () => {
      links.leave("the node is stopping");
      wire.leave();
      await engine.leave();
    })());
  }

  async function drain(ms: number): Promise<void> {
    const { clock } = hub.context.runtime;
    const until = clock.now() + ms;
    const count = (): number => links.openCalls + wire.openCalls;
    for (let open = count(); open > 0; open = count()) {
      if (clock.now() >= until) {
        hub.log(
          `${open} calls of other nodes are cut off: they took more than ${ms} ms, drain`,
          LEVEL.warn,
        );
        break;
      }
      await hub.pause(CLUSTER_DRAIN_LOOK_MS);
    }
    await leave();
  }

  return { DRAIN: (_source, ms: number) => drain(ms), LEAVE: leave };
}
