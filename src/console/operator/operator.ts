/**
 * An operator at a console of this thread, as commands see them: in whose name they ask, and what they may ask.
 *
 * A console has one, and so has each command that the console of another thread sends here. Commands know the operator and
 * no client; commands/shell.ts runs them.
 */

import type { Runtime } from "../../service/runtime.ts";
import type { Context } from "../../service/context.ts";
import type { SkynetApi } from "../../service/skynet-api.ts";
import { createSkynet } from "../../service/skynet.ts";
import type { SnaxCaller } from "../../snax/snax-functions.ts";
import type { ConsoleThread } from "./console-thread.ts";

/** One console's hands. */
export class Operator {
  /** What all consoles of this thread have in common. */
  readonly thread: ConsoleThread;
  /** The service of the console: what commands cost, and whom they call, is under its address. */
  readonly context: Context;
  readonly runtime: Runtime;
  /** The service's own API: commands use what any service may use, where it is enough. */
  readonly skynet: SkynetApi;

  constructor(thread: ConsoleThread, context: Context) {
    this.thread = thread;
    this.context = context;
    this.runtime = context.runtime;
    this.skynet = createSkynet(context);
  }

  /** The operator as one who asks for what `snax` offers to services. */
  get caller(): SnaxCaller {
    const { context, skynet, thread } = this;
    return { snax: thread.live.snax, context, deadlineMs: 0, make: () => skynet };
  }

  /** Ends a slice of long work, so that everything goes first that waits on the thread: messages, timers, sockets. */
  rest(): Promise<void> {
    return this.thread.pacer.rest(this.context);
  }

  /** Waits inside the console's service. */
  pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.runtime.kernel.addTimer(this.context.service, ms, resolve);
    });
  }
}
