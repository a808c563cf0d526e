/**
 * Commands about what a service waits for: its open calls, sleeps and waits, with whom, how long, and where in its code.
 */

import { SnaxError } from "../base/error.ts";
import { formatAddress } from "../kernel/address.ts";
import type { Message } from "../kernel/message.ts";
import type { PendingCall } from "../kernel/session-table.ts";
import { runInside } from "../service/job.ts";
import type { Context } from "../service/context.ts";
import { lockWaitersOf } from "../service/lock.ts";
import { waitersOf } from "../service/waiting.ts";
import { senderOf, titleOf } from "../snax/message-title.ts";
import { readService } from "./address.ts";
import type { CommandCall, CommandResult, CommandTable, Table } from "./command.ts";
import type { Operator } from "./operator.ts";
import type { Suspended, TaskStack } from "./task-stack.ts";
import { readStacks } from "./task-stack.ts";
import { toService } from "./thread-route.ts";

/** Sessions that one line of `uniqtask` names. */
const SESSIONS_SHOWN_MAX = 9;

/** Most calls that are listed; a service may have millions. */
const CALLS_SHOWN_MAX = 10_000;

function* callsOf({ service }: Context): Iterable<PendingCall> {
  let left = CALLS_SHOWN_MAX;
  for (const call of service.calls ?? []) {
    if (left === 0) return;
    left -= 1;
    yield call;
  }
}

/** Titles by handle. */
type Titles = ReadonlyMap<number, string | undefined>;

/** Finds out what those are called that the calls wait for, on whatever thread they live. */
async function titlesOf(
  { runtime, skynet }: Operator,
  calls: readonly PendingCall[],
): Promise<Titles> {
  const titles = new Map<number, string | undefined>();
  for (const { target } of calls) titles.set(target, runtime.kernel.services.get(target)?.title);
  const far = [...titles.keys()].filter(
    (handle) => titles.get(handle) === undefined && handle !== 0,
  );
  if (far.length === 0) return titles;
  const found = await skynet.call<(string | undefined)[]>(".launcher", "lua", "TITLES", far);
  for (const [index, handle] of far.entries()) titles.set(handle, found[index]);
  return titles;
}

function targetOf(titles: Titles, { target }: PendingCall): string {
  if (target === 0) return "a name that nobody has";
  const title = titles.get(target);
  return `${formatAddress(target)}${title === undefined ? "" : ` (${title})`}`;
}

/** Something that a service has begun and that is not over. */
interface Pending {
  /** As `task` names it. */
  readonly name: string;
  readonly suspended: Suspended;
  readonly waitsFor: string;
  /** Who has the lock that it waits for, if that is known. */
  readonly heldBy?: string;
  /** When it began, in milliseconds of the kernel's clock; NaN if that was forgotten. */
  readonly since: number;
  /** When it ends by itself. */
  readonly until: number | undefined;
}

/** Lists calls first, then sleeps and waits, from the oldest to the newest. */
async function pendingOf(operator: Operator, context: Context): Promise<Pending[]> {
  const calls = [...callsOf(context)];
  const titles = await titlesOf(operator, calls);
  const pending: Pending[] = [];
  for (const call of calls) {
    const waitsFor = targetOf(titles, call);
    const name = `session: ${call.session}`;
    const { since } = call;
    pending.push({ name, suspended: call, waitsFor, since, until: undefined });
  }
  const waits = waitsOf(context).slice(0, CALLS_SHOWN_MAX);
  for (const [index, { waiter, ...wait }] of waits.entries()) {
    const name = `${wait.until === undefined ? "wait" : "sleep"}: ${index + 1}`;
    pending.push({ name, suspended: waiter, since: waiter.since, ...wait });
  }
  return pending;
}

/** A sleep or a wait. */
interface Wait extends Pick<Pending, "waitsFor" | "heldBy" | "until"> {
  readonly waiter: Suspended & { readonly since: number };
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

/** What those wait for who have no target. */
const A_WAKEUP = "a wakeup";
const A_LOCK = "a lock";
const TIME = "time";

/** What is pending and where it waits, without what has ended meanwhile. */
async function stacksOf(
  context: Context,
  pending: readonly Pending[],
): Promise<[pending: Pending, stack: TaskStack][]> {
  const stacks = await readStacks(
    context,
    pending.map(({ suspended }) => suspended),
  );
  return pending
    .filter(({ suspended }) => suspended.isOpen)
    .map((one) => [one, stacks.get(one.suspended) ?? []]);
}

/** What `task` says of a call, a sleep or a wait. */
interface Task {
  readonly waitsFor: string;
  /** Who has the lock that it waits for. */
  readonly heldBy?: string;
  readonly since: string;
  /** Milliseconds that a sleep still lasts. */
  readonly leftMs?: number;
  readonly stack: TaskStack;
}

async function task({ operator, args }: CommandCall): Promise<Table> {
  const context = readService(operator, args[0]);
  const found = await stacksOf(context, await pendingOf(operator, context));
  const now = operator.runtime.clock.now();
  const rows = new Map<string, Task>();
  for (const [{ name, waitsFor, heldBy, since, until }, stack] of found) {
    // A call that the log has told of as unanswered for long keeps no time.
    const ago = Number.isNaN(since)
      ? "more than 30 s"
      : `${Math.max(0, Math.round(now - since))} ms`;
    const left = until === undefined ? {} : { leftMs: Math.max(0, Math.round(until - now)) };
    const held = heldBy === undefined ? {} : { heldBy };
    rows.set(name, { waitsFor, ...held, since: ago, ...left, stack });
  }
  return rows;
}

function heldText(heldBy: string | undefined): string {
  return heldBy === undefined ? "" : `, held by ${heldBy}`;
}

function printTask(row: unknown): string {
  const { waitsFor, heldBy, since, leftMs, stack } = row as Task;
  const what =
    leftMs === undefined
      ? `waits for ${waitsFor} since ${since}${heldText(heldBy)}`
      : `sleeps since ${since}, ${leftMs} ms to go`;
  return [what, ...stack].join("\n\t");
}

/** What `uniqtask` says of calls that wait for the same, at the same place. */
interface TaskGroup {
  readonly waitsFor: string;
  readonly heldBy?: string;
  readonly stack: TaskStack;
  /** Sessions of calls; sleeps and waits under the names that `task` gives them. */
  readonly sessions: string[];
}

async function uniqtask({ operator, args }: CommandCall): Promise<Table> {
  const context = readService(operator, args[0]);
  const groups = new Map<string, TaskGroup>();
  for (const [{ name, waitsFor, heldBy }, stack] of await stacksOf(
    context,
    await pendingOf(operator, context),
  )) {
    const session = name.replace("session: ", "").replace(": ", " ");
    const key = [waitsFor, heldBy, ...stack].join("\n");
    const group = groups.get(key);
    const held = heldBy === undefined ? {} : { heldBy };
    if (group === undefined) groups.set(key, { waitsFor, ...held, stack, sessions: [session] });
    else group.sessions.push(session);
  }
  // No session stands in two groups, so that no two have the same key.
  return new Map([...groups.values()].map((group) => [headOf(group), group]));
}

/** As skynet's: what waits stands in the lines below. */
function headOf({ sessions }: TaskGroup): string {
  const shown = sessions.slice(0, SESSIONS_SHOWN_MAX).join(",");
  const more = sessions.length > SESSIONS_SHOWN_MAX + 1 ? "..." : "";
  return `${sessions.length}\tsessions:[${shown}${more}]\n`;
}

function printGroup(row: unknown): string {
  const { waitsFor, heldBy, stack } = row as TaskGroup;
  const what = waitsFor === TIME ? "sleeps" : `waits for ${waitsFor}${heldText(heldBy)}`;
  return [what, ...stack].join("\n\t");
}

/** Ends the wait of one call with ERR_TIMEOUT, inside the service that waits. */
function killTask({ operator, args: [word, name = ""] }: CommandCall): CommandResult {
  const context = readService(operator, word);
  const session = Number(/^(?:session:)?(\d+)$/.exec(name)?.[1] ?? 0);
  if (context.service.calls?.has(session) !== true) return "Not found";
  const { kernel } = context.runtime;
  runInside(context, () => {
    const call = kernel.settle(context.service, session);
    if (call === undefined) return;
    context.runtime.log(context.handle, `Kill session ${session}`);
    call.reject(new SnaxError("ERR_TIMEOUT", `an operator ended the wait of session ${session}`));
  });
  return undefined;
}

/** The commands by name. */
export const taskCommands: CommandTable = {
  task: {
    help: "task address : show service task detail",
    route: toService,
    run: task,
    print: printTask,
  },
  uniqtask: {
    help: "task address : show service unique task detail",
    route: toService,
    run: uniqtask,
    print: printGroup,
  },
  killtask: {
    help: "killtask address threadname : threadname listed by task",
    isChange: true,
    route: toService,
    run: killTask,
  },
};
