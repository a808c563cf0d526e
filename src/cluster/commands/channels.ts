/**
 * Multicast channels of all nodes: what clusterd does for the service multicastd, here and there.
 *
 *     CHANNELS                     numbers for channels (fleet/channels.ts)
 *     CHANNELOF channel            the node that a channel is of
 */

import { SnaxError } from "../../base/error.ts";
import type { SkynetApi } from "../../service/skynet-api.ts";
import type { Asker, Exposure } from "../hub/exposure.ts";
import type { Hub } from "../hub/hub.ts";
import type { Commands } from "./command.ts";
import type { EngineDesk } from "./engine.ts";

/** The way to multicastd. */
export class ChannelDesk {
  readonly #hub: Hub;
  readonly #skynet: SkynetApi;
  readonly commands: Commands;

  constructor(hub: Hub, skynet: SkynetApi, engine: EngineDesk) {
    this.#hub = hub;
    this.#skynet = skynet;
    this.commands = {
      CHANNELS: () => engine.use(({ channels }) => channels.reserve()),
      CHANNELOF: (_source, channel: unknown) =>
        engine.use(({ channels }) => channels.nodeOf(Number(channel))),
    };
  }

  /** Lets other nodes ask for what concerns the channels of this one. */
  offer({ offers }: Exposure): void {
    offers.set("%multicast", (values, asker) => this.#answer(values, asker));
  }

  /** A node is there, with this process; undefined = it is not. */
  tell(node: string, incarnation: string | undefined): void {
    const handle = this.#daemon;
    if (handle !== undefined) this.#skynet.send(handle, "lua", "MEMBER", node, incarnation);
  }

  /** Without multicastd no service has channels. */
  get #daemon(): number | undefined {
    return this.#hub.context.runtime.kernel.names.get(".multicastd");
  }

  async #answer(values: readonly unknown[], { node, incarnation }: Asker): Promise<unknown> {
    const handle = this.#daemon;
    if (handle === undefined) {
      // As with a channel that was deleted: publishing reaches no service, listening is refused.
      if (values[0] === "PUB") return 0;
      if (values[0] === "HEARD") return (values[1] as [number, number][]).map(([id]) => id);
      if (values[0] !== "SUB") return undefined;
      throw new SnaxError("ERR_ARGUMENT", "there is no such channel: this node has none");
    }
    const call = this.#skynet.within(Infinity);
    return await call.call(handle, "lua", "FAR", { node, incarnation }, ...values);
  }
}
