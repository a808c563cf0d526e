/**
 * What a service has begun and that is not over: calls, sleeps, waits, and handlers that wait for something else; with
 * whom they wait for, where in its code, and what came in.
 */

import { formatAddress, unfinishedOf } from "../../kernel/service.ts";
import type { Message } from "../../kernel/message.ts";
import type { OpenCall } from "../../kernel/open-calls.ts";
import type { Context } from "../../service/context.ts";
import { lockWaitersOf } from "../../service/lock.ts";
import { waitersOf } from "../../service/waiting.ts";
import type { Runtime } from "../../service/runtime.ts";
import type { SkynetApi } from "../../service/skynet-api.ts";
import { senderOf, titleOf } from "../../snax/message-title.ts";
import type { Handled, HandledRow } from "./running-handlers.ts";
import { describeMessage, loneHandlersOf, toRow } from "./running-handlers.ts";
import type { Suspended, TaskStack } from "./task-stack.ts";
import { readStacks } from "./task-stack.ts";

/** Who asks: names of services of other threads are asked for in that one's name. */
export interface Asker {
  readonly runtime: Runtime;
  readonly skynet: Pick<SkynetApi, "call">;
}

/** Most calls that are listed; a service may have millions. */
export const CALLS_SHOWN_MAX = 10_000;

function* callsOf({ service }: Context): Iterable<OpenCall> {
  let left = CALLS_SHOWN_MAX;
  for (const call of service.calls ?? []) {
    if (left === 0) return;
    left -= 1;
    yield call;
  }
}

/** Titles by handle. */
type Titles = ReadonlyMap<number, string | undefined>;

/** Finds out the names of services on any thread. */
export async function titlesOf(
  { runtime, skynet }: Asker,
  handles: readonly number[],
): Promise<Titles> {
  const titles = new Map<number, string | undefined>();
  for (const handle of handles) titles.set(handle, runtime.kernel.services.get(handle)?.title);
  const far = [...titles.keys()].filter(
    (handle) => titles.get(handle) === undefined && handle !== 0,
  );
  if (far.length === 0) return titles;
  const found = await skynet.call<(string | undefined)[]>(".launcher", "lua", "TITLES", far);
  for (const [index, handle] of far.entries()) titles.set(handle, found[index]);
  return titles;
}

function targetOf(titles: Titles, { target }: OpenCall): string {
  if (target === 0) return "a name that no service has";
  const title = titles.get(target);
  return `${formatAddress(target)}${title === undefined ? "" : ` (${title})`}`;
}

/** Something that a service has begun and that is not over. */
export interface Pending {
  /** As `task` names it. */
  readonly name: string;
  /** Undefined for a handler that waits for nothing that is known. */
  readonly suspended: Suspended | undefined;
  readonly waitsFor: string;
  /** The message whose handler it is. */
  readonly origin: Message | undefined;
  /** The holder of the lock that it waits for, if that is known. */
  readonly heldBy?: string;
  /** When it began, in milliseconds of the kernel's clock; NaN if that was forgotten. */
  readonly since: number;
  /** When it ends by itself. */
  readonly until: number | undefined;
}

/** Lists calls first, then sleeps and waits, then handlers that wait for something else, each from the oldest to the newest. */
async function pendingOf(asker: Asker, context: Context): Promise<Pending[]> {
  const calls = [...callsOf(context)];
  const titles = await titlesOf(
    asker,
    calls.map(({ target }) => target),
  );
  const pending: Pending[] = [];
  for (const call of calls) {
    const waitsFor = targetOf(titles, call);
    const name = `session: ${call.session}`;
    const { since, origin } = call;
    pending.push({ name, suspended: call, waitsFor, origin, since, until: undefined });
  }
  const waits = waitsOf(context).slice(0, CALLS_SHOWN_MAX);
  for (const [index, { waiter, ...wait }] of waits.entries()) {
    const name = `${wait.until === undefined ? "wait" : "sleep"}: ${index + 1}`;
    const { since, origin } = waiter;
    pending.push({ name, suspended: waiter, origin, since, ...wait });
  }
  const known = knownOrigins(context, pending);
  const unfinished = new Map(unfinishedOf(context.service));
  const lone = loneHandlersOf(unfinished, known).slice(0, CALLS_SHOWN_MAX);
  for (const { message, ...handler } of lone) {
    const rest = { suspended: undefined, since: Number.NaN, until: undefined };
    pending.push({ ...handler, origin: message, ...rest });
  }
  return pending;
}

/** The messages of whose handlers it is known what they wait for, also of those that are too many to be listed. */
function knownOrigins({ service }: Context, pending: readonly Pending[]): Set<Message | undefined> {
  const origins = new Set(pending.map(({ origin }) => origin));
  for (const { origin } of service.calls ?? []) origins.add(origin);
  for (let timer = service.timers; timer !== undefined; timer = timer.following) {
    origins.add(timer.origin);
  }
  return origins;
}

/** A sleep or a wait. */
interface Wait extends Pick<Pending, "waitsFor" | "heldBy" | "until"> {
  readonly waiter: Suspended & { readonly since: number; readonly origin: Message | undefined };
}

/** Lists sleeps and waits, from the oldest to the newest. */
function waitsOf(context: Context): Wait[] {
  const waits: Wait[] = [];
  for (const { waiter, until } of waitersOf(context)) {
    waits.push({ waiter, until, waitsFor: until === undefined ? A_WAKEUP : TIME });
  }
  // A service lists its timers from the newest on.
  waits.reverse();
  for (const { waiter, holder } of lockWaitersOf(context)) {
    const held = holder === undefined ? {} : { heldBy: holderText(context, holder) };
    waits.push({ waiter, until: undefined, waitsFor: A_LOCK, ...held });
  }
  return waits.toSorted((one, two) => one.waiter.since - two.waiter.since);
}

/** Says who has a lock, and in which session that handler waits itself: `killtask` ends such a wait. */
function holderText({ service, runtime }: Context, holder: Message): string {
  const title = titleOf(holder, service.instance, runtime.protocolName);
  const sender = holder.source === 0 ? "" : ` from ${senderOf(runtime, holder)}`;
  for (const { origin, session } of service.calls ?? []) {
    if (origin === holder) return `${title}${sender}, which waits in session ${session}`;
  }
  return `${title}${sender}`;
}

/** What the calls wait for that have no target. */
const A_WAKEUP = "a wakeup";
const A_LOCK = "a lock";
export const TIME = "time";

/** What is pending, where it waits and in whose handling, without what has ended meanwhile. */
export async function findPending(asker: Asker, context: Context): Promise<Found[]> {
  const pending = await pendingOf(asker, context);
  const suspended = pending.map((one) => one.suspended).filter((one) => one !== undefined);
  const stacks = await readStacks(context, suspended);
  const unfinished = new Map(unfinishedOf(context.service));
  const open = pending.filter(({ suspended: wait, origin }) =>
    wait === undefined ? origin !== undefined && unfinished.has(origin) : wait.isOpen,
  );
  const handled = open.map(({ origin }) =>
    origin === undefined ? undefined : describeMessage(context, origin, unfinished),
  );
  const senders = await titlesOf(
    asker,
    handled.map((one) => one?.source ?? 0),
  );
  return open.map((one, index) => {
    const known = handled[index];
    return {
      pending: one,
      stack: one.suspended === undefined ? [] : (stacks.get(one.suspended) ?? []),
      handled: known,
      handler: known === undefined ? undefined : toRow(known, senders, context.runtime),
    };
  });
}

/** What was found out about something pending. */
export interface Found {
  readonly pending: Pending;
  readonly stack: TaskStack;
  /** What came in, in whose handling it waits. */
  readonly handled: Handled | undefined;
  /** The same as operators read it. */
  readonly handler: HandledRow | undefined;
}
