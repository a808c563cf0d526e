/**
 * Puts the API object `socketchannel` together.
 */

import { SnaxError } from "../base/error.ts";
import type { Context } from "../service/context.ts";
import { requireAlive } from "../service/context.ts";
import { defineApi } from "../service/lazy-api.ts";
import { createSkynet } from "../service/skynet.ts";
import type { Channel, ChannelOptions, SocketChannelApi } from "./channel-api.ts";
import { ServiceChannel } from "./channel.ts";
import { requireCount } from "./count.ts";
import { ownByRuntime } from "./reading.ts";
import { createSocketApi } from "./socket.ts";

function channel(context: Context, options: ChannelOptions): Channel {
  requireAlive(context);
  const { host, port } = options ?? {};
  if (typeof host !== "string" || typeof port !== "number") {
    throw new SnaxError("ERR_ARGUMENT", "a channel needs a host and a port");
  }
  requireCount("deadlineMs", options.deadlineMs ?? 0);
  const skynet = createSkynet(context);
  const { kernel } = context.runtime;
  return new ServiceChannel(
    {
      socket: createSocketApi(context),
      own: (id) => ownByRuntime(context, id),
      sleep: (ms) => skynet.sleep(ms),
      after: (ms, run) => {
        const timer = kernel.addTimer(context.service, ms, run);
        return () => kernel.removeTimer(context.service, timer);
      },
      log: (text) => context.runtime.log(context.handle, text),
    },
    options,
  );
}

const make = defineApi<Context>({ channel });

/** Makes the `socketchannel` of one service. */
export function createSocketChannelApi(context: Context): SocketChannelApi {
  return make(context) as SocketChannelApi;
}
