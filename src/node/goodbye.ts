/**
 * The graceful end of a node: every service's `exit` runs before anything is killed.
 *
 * Services leave type by type, the type that was born last first, those of one type at the same time, on all threads:
 * what was started early is usually what the others need in their `exit` (a database, a session table). All of it together
 * is bounded; what is not done by then is cut off and named in the log.
 *
 *     who is there?  -> the youngest type: exit -> the next type: exit -> ... -> all that are late -> END -> the log
 *        |                    |
 *        +- a thread that does not answer is left out;  an exit that does not end is waited for as long as something is left
 *           a handler that hangs is cut off              for the others, and goes on beside them (holdup-watch.ts)
 *
 * So no service keeps another one from its `exit`.
 */

import { LEVEL } from "../base/log-level.ts";
import { codeOf } from "../base/error.ts";
import { formatAddress } from "../kernel/service.ts";
import { PTYPE } from "../kernel/protocol.ts";
import { request } from "../service/calls.ts";
import type { Context } from "../service/context.ts";
import { stoppedError } from "../service/context.ts";
import type { Runtime } from "../service/runtime.ts";
import { dismiss, listReplaced } from "../live/swap/one.ts";
import { SnaxHost, SYSTEM_METHOD } from "../snax/snax-host.ts";
import { HoldupWatch } from "./holdup-watch.ts";

/** Milliseconds for the last lines of the log, and for a thread to end its services. */
const FLUSH_MS = 1000;

/** The part of the time that is left for which one step is waited for, if others follow. */
const STEP_SHARE = 3 / 4;

/** A service that may leave. */
type Guest = readonly [handle: number, type: string, title: string, isReplaced: boolean];

/** Lets a thread's steward say who has to leave, and end its services. */
export function addGoodbyeCommands(runtime: Runtime): void {
  runtime.stewardCommands.set("GUESTS", () => guestsOf(runtime));
  runtime.stewardCommands.set("DISMISS", (_context, [handle]) =>
    dismiss(runtime, handle as number),
  );
  runtime.stewardCommands.set("END", (context) => {
    runtime.beginStop();
    killAllBut(runtime, [context.handle]);
  });
}

/**
 * Lets all services leave, then ends all but the logger, which writes what they had to say.
 *
 * @param program - who asks: the context of the program that started the node.
 * @param timeoutMs - milliseconds for all of them together.
 * @param settled - resolves when no service has anything left to say in the log.
 * @returns what was cut off, for people; empty if every service has left in order.
 */
export async function sayGoodbye(
  program: Context,
  timeoutMs: number,
  settled: () => Promise<void>,
): Promise<readonly string[]> {
  const { kernel, logger } = program.runtime;
  const departure = new Departure(program, timeoutMs);
  await departure.run();
  // Order: a caller that waits for another node hears that this one stops, not that its links have ended.
  rejectWaits(program);
  await leaveCluster(program);
  await askThreads(program, departure.answering, "END", FLUSH_MS);
  await settled();
  killAllBut(program.runtime, [logger, program.handle]);
  if (kernel.services.get(logger) !== undefined) {
    const flush = { type: PTYPE.lua, method: 0, values: ["FLUSH"] };
    // A logger that can't write any more must not keep the node alive.
    await request(program, logger, flush, FLUSH_MS).catch(() => undefined);
  }
  return [...departure.cutOff];
}

/** The other nodes hear that this one ends; until here services could call them. */
async function leaveCluster(program: Context): Promise<void> {
  const daemon = program.runtime.kernel.names.get(".clusterd");
  if (daemon === undefined) return;
  const envelope = { type: PTYPE.lua, method: 0, values: ["LEAVE"] };
  // One that does not answer has no right to keep the node alive.
  await request(program, daemon, envelope, FLUSH_MS).catch(() => undefined);
}

/** The `exit` of every service. */
class Departure {
  /** What was cut off, for people. */
  readonly cutOff: Set<string>;
  /** The threads that answer. */
  answering: readonly number[];
  readonly #program: Context;
  readonly #timeoutMs: number;
  readonly #until: number;
  readonly #watch: HoldupWatch;
  /** Those whose `exit` is done; this thread may hear of their end later than of that. */
  readonly #gone = new Set<number>();

  constructor(program: Context, timeoutMs: number) {
    const { runtime } = program;
    this.#program = program;
    this.#timeoutMs = timeoutMs;
    this.#until = runtime.clock.now() + timeoutMs;
    this.#watch = new HoldupWatch(runtime, timeoutMs);
    this.cutOff = this.#watch.culprits;
    this.answering = runtime.threads?.hosts ?? [];
  }

  async run(): Promise<void> {
    const guests = await this.#allGuests();
    await this.#leaveInOrder(guests);
    this.#watch.end();
    this.#tellLate(guests);
  }

  /** The snax services of all threads that answer, the oldest first. */
  async #allGuests(): Promise<readonly Guest[]> {
    const { runtime } = this.#program;
    const own = guestsOf(runtime);
    const { threads } = runtime;
    if (threads === undefined) return own;
    const { hosts } = threads;
    const waitMs = Math.max(this.#timeoutMs * STEP_SHARE, 1);
    const answers = await askThreads(this.#program, hosts, "GUESTS", waitMs);
    this.answering = hosts.filter((_thread, index) => answers[index] !== undefined);
    for (const thread of hosts) if (!this.answering.includes(thread)) this.#tellSilent(thread);
    const others = answers as (Guest[] | undefined)[];
    const all = [...own, ...others.flatMap((list) => list ?? [])];
    return all.sort(([a], [b]) => a - b);
  }

  /** One that is not up yet has no services, and one that has died has told of it. */
  #tellSilent(thread: number): void {
    const { runtime } = this.#program;
    const { kernel, threads } = runtime;
    if (threads === undefined || !kernel.lives(threads.steward(thread))) return;
    const work = threads.workOf(thread);
    if (work === undefined || work.turn === 0) return;
    const what = work.handle === 0 ? "" : `, ${formatAddress(work.handle)} runs there`;
    const text = `thread ${thread} does not answer${what}: its services end without their exit`;
    runtime.log(0, text, LEVEL.error);
    this.cutOff.add(`thread ${thread}`);
  }

  async #leaveInOrder(guests: readonly Guest[]): Promise<void> {
    const { clock } = this.#program.runtime;
    const leaving: Promise<unknown>[] = [];
    for (const group of generations(guests)) {
      const leftMs = this.#until - clock.now();
      if (leftMs <= 0) break;
      const all = Promise.all(group.map((guest) => this.#leave(guest, leftMs)));
      leaving.push(all);
      await this.#atMost(leftMs * STEP_SHARE, all);
    }
    await Promise.all(leaving);
  }

  async #leave([handle, , title, isReplaced]: Guest, timeoutMs: number): Promise<void> {
    const envelope = { type: PTYPE.snax, method: SYSTEM_METHOD.exit, values: [] };
    try {
      if (isReplaced) await this.#dismiss(handle, timeoutMs);
      else await request(this.#program, handle, envelope, timeoutMs);
      this.#gone.add(handle);
    } catch (error) {
      if (codeOf(error) !== "ERR_TIMEOUT") this.#gone.add(handle);
      // The code that cut it off has told where it was.
      if (codeOf(error) === "ERR_INTERRUPTED") this.cutOff.add(title);
    }
  }

  /** What is sent to the handle of a service that was swapped goes to the new one, which leaves by itself. */
  async #dismiss(handle: number, timeoutMs: number): Promise<void> {
    const { runtime } = this.#program;
    const thread = runtime.threads?.threadOf(handle);
    if (thread === undefined || thread === runtime.threads?.own) {
      return await this.#atMost(timeoutMs, dismiss(runtime, handle));
    }
    const envelope = { type: PTYPE.system, method: 0, values: ["DISMISS", handle] };
    await request(this.#program, runtime.threads?.steward(thread) ?? 0, envelope, timeoutMs);
  }

  /** Waits for something, but not longer than `ms` milliseconds. */
  #atMost(ms: number, promise: Promise<unknown>): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#program.runtime.after(ms, resolve);
      void promise.then(() => {
        cancel();
        resolve();
      });
    });
  }

  #tellLate(guests: readonly Guest[]): void {
    const { runtime, handle: own } = this.#program;
    const late = guests.filter(
      ([handle]) => !this.#gone.has(handle) && runtime.kernel.lives(handle),
    );
    if (late.length === 0) return;
    const titles = [...new Set(late.map(([, , title]) => title))];
    for (const title of titles) this.cutOff.add(title);
    const text =
      `cut off ${late.length} services whose exit took more than ${this.#timeoutMs} ms: ` +
      titles.slice(0, 10).join(", ");
    runtime.log(own, text, LEVEL.error);
  }
}

/** Ends what is left. */
export function endEverything(program: Context): void {
  const { kernel } = program.runtime;
  program.runtime.state = "stopped";
  rejectWaits(program);
  kernel.hasLastTurns = false;
  for (const service of [...kernel.services]) kernel.kill(service);
}

/** The youngest first: what was started early is what the others lean on. */
function killAllBut({ kernel }: Runtime, kept: readonly number[]): void {
  for (const service of [...kernel.services].reverse()) {
    if (!kept.includes(service.handle)) kernel.kill(service);
  }
}

/** Rejects with ERR_STOPPED all that the program still waits for: its code goes on without the node. */
function rejectWaits({ runtime, service, held }: Context): void {
  for (const call of [...(service.calls ?? [])]) {
    runtime.kernel.settle(service, call.session)?.reject(stoppedError());
  }
  for (const reject of held ?? []) reject(stoppedError());
  held?.clear();
}

/** Asks threads; one that does not answer in time, or is dead, has nothing to say. */
// oxlint-disable-next-line max-params -- who asks whom, what and for how long
async function askThreads(
  program: Context,
  hosts: readonly number[],
  command: string,
  ms: number,
): Promise<unknown[]> {
  const { threads } = program.runtime;
  if (threads === undefined) return [];
  const answers = hosts.map((thread) => {
    const envelope = { type: PTYPE.system, method: 0, values: [command] };
    return request(program, threads.steward(thread), envelope, ms).catch(() => undefined);
  });
  return await Promise.all(answers);
}

/** The snax services of a thread. */
function guestsOf(runtime: Runtime): Guest[] {
  const guests: Guest[] = [];
  for (const { handle, isReady, name, service, state } of runtime.contexts()) {
    // What has not begun has nothing to take leave of, and its `exit` would wait for its `init`.
    if (isReady && state instanceof SnaxHost) guests.push([handle, name, service.title, false]);
  }
  for (const { handle, name, service } of listReplaced(runtime)) {
    guests.push([handle, name, service.title, true]);
  }
  return guests.sort(([one], [two]) => one - two);
}

/** The services by type, the type whose first service is youngest first. */
function generations(guests: readonly Guest[]): Guest[][] {
  const types = new Map<string, Guest[]>();
  for (const guest of guests) {
    const [, type] = guest;
    const group = types.get(type);
    if (group === undefined) types.set(type, [guest]);
    else group.push(guest);
  }
  return [...types.values()].reverse();
}
