/**
 * The graceful end of a node: every service's `exit` runs before anything is killed.
 *
 * Services leave type by type, the type that was born last first, those of one type at the same time, on whatever thread:
 * what was started early is usually what the others need in their `exit` (a database, a session table). All of it together
 * is bounded; what is not done by then is cut off and named in the log.
 */

import { PTYPE } from "../kernel/protocol.ts";
import { request } from "../service/calls.ts";
import { Context, stoppedError } from "../service/context.ts";
import type { Runtime } from "../service/runtime.ts";
import { SYSTEM_METHOD } from "../snax/method-numbers.ts";
import { SnaxHost } from "../snax/snax-host.ts";

/** Milliseconds for the last lines of the log, and for a thread to end its services. */
const FLUSH_MS = 1000;

/** A service that may leave. */
type Guest = readonly [handle: number, type: string, title: string];

/** Lets a thread's steward say who has to leave, and end its services. */
export function addGoodbyeCommands(runtime: Runtime): void {
  runtime.stewardCommands.set("GUESTS", () => guestsOf(runtime));
  runtime.stewardCommands.set("END", (context) => {
    runtime.state = "stopping";
    killAllBut(runtime, [context.handle]);
  });
}

/**
 * Lets all services leave, then ends all but the logger, which writes what they had to say.
 *
 * @param program - who asks: the context of the program that started the node.
 * @param timeoutMs - milliseconds for all of them together.
 * @param settled - resolves when nobody else has anything left to say in the log.
 */
export async function sayGoodbye(
  program: Context,
  timeoutMs: number,
  settled: () => Promise<void>,
): Promise<void> {
  const { clock, kernel, logger } = program.runtime;
  const until = clock.now() + timeoutMs;
  const guests = await allGuests(program, timeoutMs);
  for (const handles of generations(guests)) {
    const leftMs = until - clock.now();
    if (leftMs <= 0) break;
    await Promise.allSettled(handles.map((handle) => leave(program, handle, leftMs)));
  }
  const late = guests.filter(([handle]) => kernel.lives(handle));
  if (late.length > 0) {
    program.runtime.log(
      program.handle,
      `cut off ${late.length} services whose exit took more than ${timeoutMs} ms: ` +
        [...new Set(late.map(([, , title]) => title))].slice(0, 10).join(", "),
    );
  }
  rejectWaits(program);
  await askThreads(program, "END", FLUSH_MS);
  await settled();
  killAllBut(program.runtime, [logger, program.handle]);
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

/** The youngest first: what was started early is what the others lean on. */
function killAllBut({ kernel }: Runtime, kept: readonly number[]): void {
  for (const service of [...kernel.services].reverse()) {
    if (!kept.includes(service.handle)) kernel.kill(service);
  }
}

/** Rejects with ERR_STOPPED whatever the program still waits for: its code goes on without the node. */
function rejectWaits({ runtime, service, held }: Context): void {
  for (const call of [...(service.calls ?? [])]) {
    runtime.kernel.settle(service, call.session)?.reject(stoppedError());
  }
  for (const reject of held ?? []) reject(stoppedError());
  held?.clear();
}

/** Asks the other threads; one that does not answer in time, or is dead, has nothing to say. */
async function askThreads(program: Context, command: string, ms: number): Promise<unknown[]> {
  const { threads } = program.runtime;
  if (threads === undefined) return [];
  const answers = threads.hosts.map((thread) => {
    const envelope = { type: PTYPE.system, method: 0, values: [command] };
    return request(program, threads.steward(thread), envelope, ms).catch(() => undefined);
  });
  return await Promise.all(answers);
}

/** The snax services of all threads, the oldest first. */
async function allGuests(program: Context, timeoutMs: number): Promise<readonly Guest[]> {
  const { threads } = program.runtime;
  const own = guestsOf(program.runtime);
  if (threads === undefined) return own;
  const others = (await askThreads(program, "GUESTS", Math.max(timeoutMs, 1))) as Guest[][];
  const all = [...own, ...others.flatMap((list) => list ?? [])];
  return all.sort(([a], [b]) => a - b);
}

/** The snax services of a thread. */
function guestsOf({ kernel }: Runtime): Guest[] {
  const guests: Guest[] = [];
  for (const service of kernel.services) {
    const context = service.instance;
    if (!(context instanceof Context) || !(context.state instanceof SnaxHost)) continue;
    // What has not begun has nothing to take leave of, and its `exit` would wait for its `init`.
    if (context.isReady) guests.push([service.handle, context.name, service.title]);
  }
  return guests;
}

/** The handles by type, the type whose first service is youngest first. */
function generations(guests: readonly Guest[]): number[][] {
  const types = new Map<string, number[]>();
  for (const [handle, type] of guests) {
    const handles = types.get(type);
    if (handles === undefined) types.set(type, [handle]);
    else handles.push(handle);
  }
  return [...types.values()].reverse();
}

async function leave(program: Context, handle: number, timeoutMs: number): Promise<void> {
  const envelope = { type: PTYPE.snax, method: SYSTEM_METHOD.exit, values: [] };
  await request(program, handle, envelope, timeoutMs);
}
