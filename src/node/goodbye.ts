/**
 * The graceful end of a node: every service's `exit` runs before anything is killed.
 *
 * Services leave type by type, the type that was born last first, those of one type at the same time: what was started
 * early is usually what the others need in their `exit` (a database, a session table). All of it together is
 * bounded; what is not done by then is cut off and named in the log.
 */

import { PTYPE } from "../kernel/protocol.ts";
import { request } from "../service/calls.ts";
import { Context, stoppedError } from "../service/context.ts";
import { SYSTEM_METHOD } from "../snax/method-numbers.ts";
import { SnaxHost } from "../snax/snax-host.ts";

/** Milliseconds for the last lines of the log. */
const FLUSH_MS = 1000;

/**
 * Lets all services leave, then ends all but the logger, which writes what they had to say.
 *
 * @param program - who asks: the context of the program that started the node.
 * @param timeoutMs - milliseconds for all of them together.
 */
export async function sayGoodbye(program: Context, timeoutMs: number): Promise<void> {
  const { clock, kernel, logger } = program.runtime;
  const until = clock.now() + timeoutMs;
  for (const contexts of generations(program)) {
    const leftMs = until - clock.now();
    if (leftMs <= 0) break;
    await Promise.allSettled(contexts.map((context) => leave(program, context, leftMs)));
  }
  const late = generations(program).flat();
  if (late.length > 0) {
    program.runtime.log(
      program.handle,
      `cut off ${late.length} services whose exit took more than ${timeoutMs} ms: ` +
        [...new Set(late.map((context) => context.service.title))].slice(0, 10).join(", "),
    );
  }
  rejectWaits(program);
  // The youngest first: what was started early is what the others lean on.
  for (const service of [...kernel.services].reverse()) {
    if (service.handle !== logger && service !== program.service) kernel.kill(service);
  }
  if (kernel.services.get(logger) === undefined) return;
  const flush = { type: PTYPE.lua, method: 0, values: ["FLUSH"] };
  // A logger that can't write any more must not keep the node alive.
  await request(program, logger, flush, FLUSH_MS).catch(() => undefined);
}

/** Ends what is left. */
export function endEverything(program: Context): void {
  const { kernel } = program.runtime;
  program.runtime.state = "stopped";
  rejectWaits(program);
  for (const service of [...kernel.services]) kernel.kill(service);
}

/** Rejects with ERR_STOPPED whatever the program still waits for: its code goes on without the node. */
function rejectWaits({ runtime, service, held }: Context): void {
  for (const call of [...(service.calls ?? [])]) {
    runtime.kernel.settle(service, call.session)?.reject(stoppedError());
  }
  for (const reject of held ?? []) reject(stoppedError());
  held?.clear();
}

/** The snax services by type, the type whose first service is youngest first. */
function generations(program: Context): Context[][] {
  const types = new Map<string, Context[]>();
  for (const service of program.runtime.kernel.services) {
    const context = service.instance;
    if (!(context instanceof Context) || !(context.state instanceof SnaxHost)) continue;
    // What has not begun has nothing to take leave of, and its `exit` would wait for its `init`.
    if (!context.isReady) continue;
    const type = types.get(context.name);
    if (type === undefined) types.set(context.name, [context]);
    else type.push(context);
  }
  return [...types.values()].reverse();
}

async function leave(program: Context, context: Context, timeoutMs: number): Promise<void> {
  const envelope = { type: PTYPE.snax, method: SYSTEM_METHOD.exit, values: [] };
  await request(program, context.handle, envelope, timeoutMs);
}
