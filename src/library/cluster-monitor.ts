/**
 * `cluster.monitor`: ups and downs of a node, told to a function of a service, in order.
 *
 *     EVENT, last number -- clusterd --> the next event -> the function that the service has at the moment -> EVENT ...
 *
 * What waits for the next event is the runtime's, not code of the service: it holds no reload up.
 */

import { LEVEL } from "../base/log-level.ts";
import type { LinkEvent } from "../cluster/link/event.ts";
import type { NumberedEvent } from "../cluster/link/watch.ts";
import { markEnder } from "../service/ender.ts";
import { Callback } from "../service/callback.ts";
import { noteOfRuntime } from "../service/calls.ts";
import type { Context, PartOptions } from "../service/context.ts";
import { definePart, EXIT_SIGNAL, requireAlive } from "../service/context.ts";
import { describeError } from "../service/error-text.ts";
import { askDaemon } from "./cluster-daemon.ts";

type OnEvent = (event: LinkEvent) => unknown;

const WATCHES: PartOptions<Set<Monitor>> = {
  ties: ({ size }) =>
    size > 0 ? "its thread has something of it: a watch of a node (cluster.monitor)" : undefined,
  ends: (all) => {
    for (const each of all) each.end();
  },
};

/** Those that last until they are taken back. */
const lasting = definePart(() => new Set<Monitor>(), WATCHES);

/** Those of the top level, which begins them again when the code begins anew. */
const ofTopLevel = definePart(() => new Set<Monitor>(), { ...WATCHES, isOfCode: true });

/** One watch. */
class Monitor {
  readonly #context: Context;
  readonly #node: string;
  readonly #all: Set<Monitor>;
  readonly #callback: Pick<Callback<OnEvent>, "run" | "end">;
  #last = 0;
  #isOver = false;

  constructor(context: Context, node: string, onEvent: OnEvent) {
    this.#context = context;
    this.#node = node;
    const isOfTopLevel = context.code === undefined;
    this.#all = isOfTopLevel ? ofTopLevel.of(context) : lasting.of(context);
    this.#all.add(this);
    this.#callback = isOfTopLevel
      ? { run: onEvent, end: () => undefined }
      : new Callback(context, "cluster.monitor", onEvent, { advice: "take it back in reload()" });
  }

  /** Begins; resolves when the first event, the state, has been told. @throws {ERR_NODE_UNKNOWN} */
  async begin(): Promise<void> {
    let first: NumberedEvent;
    try {
      // It also says that there is such a node.
      first = await this.#next();
    } catch (error) {
      this.end();
      throw error;
    }
    if (this.#isOver) return;
    this.#tell(first);
    void this.#follow().catch((error: unknown) => {
      const isOver = this.#isOver;
      this.end();
      if (!isOver && this.#context.service.isAlive) this.#report(error);
    });
  }

  end(): void {
    this.#isOver = true;
    this.#all.delete(this);
    this.#callback.end();
  }

  #next(): Promise<NumberedEvent> {
    return askDaemon(this.#context, ["EVENT", this.#node, this.#last]) as Promise<NumberedEvent>;
  }

  async #follow(): Promise<void> {
    const { service, runtime } = this.#context;
    while (!this.#isOver) {
      const item = await noteOfRuntime(this.#next());
      // Order: a service whose code is exchanged hears of it afterwards, as of all else that comes
      // from outside.
      await new Promise<void>((goOn) => {
        runtime.kernel.soon(service, () => {
          if (!this.#isOver) this.#tell(item);
          goOn();
        });
      });
    }
  }

  #tell({ number, event }: NumberedEvent): void {
    this.#last = number;
    try {
      const result = this.#callback.run(event);
      if (result instanceof Promise) result.catch((error: unknown) => this.#report(error));
    } catch (error) {
      this.#report(error);
    }
  }

  #report(error: unknown): void {
    if (error === EXIT_SIGNAL) return;
    const { runtime, handle } = this.#context;
    runtime.log(handle, `cluster.monitor error : ${describeError(error)}`, LEVEL.error);
  }
}

/**
 * Tells a service what happens to a node, in order, until it takes the watch back or ends.
 *
 * @throws {ERR_NODE_UNKNOWN} if `cluster.nodes` names no such node.
 */
export async function monitorLinked(
  context: Context,
  node: string,
  onEvent: OnEvent,
): Promise<() => void> {
  requireAlive(context);
  const monitor = new Monitor(context, node, onEvent);
  await monitor.begin();
  return markEnder(() => monitor.end());
}
