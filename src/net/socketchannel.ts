/**
 * Puts the API object `socketchannel` together.
 */

import { SnaxError } from "../base/error.ts";
import { Callback } from "../service/callback.ts";
import type { Context } from "../service/context.ts";
import { requireAlive } from "../service/context.ts";
import { defineApi } from "../service/lazy-api.ts";
import { markInterchangeable } from "../service/interchangeable.ts";
import { createSkynet } from "../service/skynet.ts";
import type { Channel, ChannelOptions, SocketChannelApi } from "./channel-api.ts";
import { ServiceChannel } from "./channel.ts";
import { requireCount } from "./count.ts";
import { ownByRuntime } from "./reading.ts";
import { createSocketApi } from "./socket.ts";
import { keepTls } from "./tls-callbacks.ts";

function channel(context: Context, options: ChannelOptions): Channel {
  requireAlive(context);
  const { host, port } = options ?? {};
  if (typeof host !== "string" || typeof port !== "number") {
    throw new SnaxError("ERR_ARGUMENT", "a channel needs a host and a port");
  }
  requireCount("deadlineMs", options.deadlineMs ?? 0);
  const skynet = createSkynet(context);
  const { kernel } = context.runtime;
  const made = new ServiceChannel(
    {
      socket: createSocketApi(context),
      own: (id) => ownByRuntime(context, id),
      keep: (title, run) => new Callback(context, title, run, { mayStay: true }),
      sleep: (ms) => skynet.sleep(ms),
      after: (ms, run) => {
        const timer = kernel.addTimer(context.service, ms, run);
        return () => kernel.removeTimer(context.service, timer);
      },
      log: (text) => context.runtime.log(context.handle, text),
    },
    keepFunctions(context, options),
  );
  return markInterchangeable(made);
}

/** The functions among its options for TLS are the service's, also when it has other code. */
function keepFunctions(context: Context, options: ChannelOptions): ChannelOptions {
  const { tls } = options;
  if (tls === undefined) return options;
  return { ...options, tls: keepTls(context, "a channel", tls, { mayStay: true }).tls };
}

const make = defineApi<Context>({ channel });

/** Makes the `socketchannel` of one service. */
export function createSocketChannelApi(context: Context): SocketChannelApi {
  return make(context) as SocketChannelApi;
}
