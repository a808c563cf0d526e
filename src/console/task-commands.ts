/**
 * Commands about what a service waits for: its open calls, sleeps and waits, with whom, how long, and where in its code.
 */

import { SnaxError } from "../base/error.ts";
import { formatAddress } from "../kernel/address.ts";
import type { PendingCall } from "../kernel/session-table.ts";
import { runInside } from "../service/job.ts";
import type { Context } from "../service/context.ts";
import { waitersOf } from "../service/waiting.ts";
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
  // A service lists its timers from the newest on.
  const waiters = [...waitersOf(context)]
    .reverse()
    .toSorted((one, two) => one.waiter.since - two.waiter.since);
  for (const [index, { waiter, until }] of waiters.slice(0, CALLS_SHOWN_MAX).entries()) {
    const name = `${until === undefined ? "wait" : "sleep"}: ${index + 1}`;
    const waitsFor = until === undefined ? A_WAKEUP : TIME;
    pending.push({ name, suspended: waiter, waitsFor, since: waiter.since, until });
  }
  return pending;
}

/** What those wait for who have no target. */
const A_WAKEUP = "a wakeup";
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
  for (const [{ name, waitsFor, since, until }, stack] of found) {
    // A call that the log has told of as unanswered for long keeps no time.
    const ago = Number.isNaN(since)
      ? "more than 30 s"
      : `${Math.max(0, Math.round(now - since))} ms`;
    const left = until === undefined ? {} : { leftMs: Math.max(0, Math.round(until - now)) };
    rows.set(name, { waitsFor, since: ago, ...left, stack });
  }
  return rows;
}

function printTask(row: unknown): string {
  const { waitsFor, since, leftMs, stack } = row as Task;
  const what =
    leftMs === undefined
      ? `waits for ${waitsFor} since ${since}`
      : `sleeps since ${since}, ${leftMs} ms to go`;
  return [what, ...stack].join("\n\t");
}

/** What `uniqtask` says of calls that wait for the same, at the same place. */
interface TaskGroup {
  readonly waitsFor: string;
  readonly stack: TaskStack;
  /** Sessions of calls; sleeps and waits under the names that `task` gives them. */
  readonly sessions: string[];
}

async function uniqtask({ operator, args }: CommandCall): Promise<Table> {
  const context = readService(operator, args[0]);
  const groups = new Map<string, TaskGroup>();
  for (const [{ name, waitsFor }, stack] of await stacksOf(
    context,
    await pendingOf(operator, context),
  )) {
    const session = name.replace("session: ", "").replace(": ", " ");
    const key = [waitsFor, ...stack].join("\n");
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { waitsFor, stack, sessions: [session] });
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
  const { waitsFor, stack } = row as TaskGroup;
  return [waitsFor === TIME ? "sleeps" : `waits for ${waitsFor}`, ...stack].join("\n\t");
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
