/**
 * Commands about what a service waits for: its open calls, with whom, how long, and where in its code.
 */

import { SnaxError } from "../base/error.ts";
import { formatAddress } from "../kernel/address.ts";
import type { PendingCall } from "../kernel/session-table.ts";
import { runInside } from "../service/job.ts";
import type { Context } from "../service/context.ts";
import { readService } from "./address.ts";
import type { CommandCall, CommandResult, CommandTable, Table } from "./command.ts";
import type { Operator } from "./operator.ts";
import type { TaskStack } from "./task-stack.ts";
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

/** What `task` says of a call. */
interface Task {
  readonly waitsFor: string;
  readonly since: string;
  readonly stack: TaskStack;
}

async function task({ operator, args }: CommandCall): Promise<Table> {
  const context = readService(operator, args[0]);
  const calls = [...callsOf(context)];
  const titles = await titlesOf(operator, calls);
  const stacks = await readStacks(context, calls);
  const now = operator.runtime.clock.now();
  const rows = new Map<string, Task>();
  for (const call of calls) {
    // What was answered meanwhile is no task any more.
    if (call.session === 0) continue;
    // A call that the log has told of as unanswered for long keeps no time.
    const since = Number.isNaN(call.since)
      ? "more than 30 s"
      : `${Math.max(0, Math.round(now - call.since))} ms`;
    const stack = stacks.get(call) ?? [];
    rows.set(`session: ${call.session}`, { waitsFor: targetOf(titles, call), since, stack });
  }
  return rows;
}

function printTask(row: unknown): string {
  const { waitsFor, since, stack } = row as Task;
  return [`waits for ${waitsFor} since ${since}`, ...stack].join("\n\t");
}

/** What `uniqtask` says of calls that wait for the same, at the same place. */
interface TaskGroup {
  readonly waitsFor: string;
  readonly stack: TaskStack;
  readonly sessions: number[];
}

async function uniqtask({ operator, args }: CommandCall): Promise<Table> {
  const context = readService(operator, args[0]);
  const calls = [...callsOf(context)];
  const titles = await titlesOf(operator, calls);
  const stacks = await readStacks(context, calls);
  const groups = new Map<string, TaskGroup>();
  for (const call of calls) {
    if (call.session === 0) continue;
    const [waitsFor, stack] = [targetOf(titles, call), stacks.get(call) ?? []];
    const key = [waitsFor, ...stack].join("\n");
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { waitsFor, stack, sessions: [call.session] });
    else group.sessions.push(call.session);
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
  return [`waits for ${waitsFor}`, ...stack].join("\n\t");
}

/** Ends the wait of one call with ERR_TIMEOUT, inside the service that waits. */
function killTask({ operator, args: [word, name = ""] }: CommandCall): CommandResult {
  const context = readService(operator, word);
  const session = Number(/(\d+)$/.exec(name)?.[1] ?? 0);
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
