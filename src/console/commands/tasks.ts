/**
 * Commands about what a service waits for: its open calls, sleeps and waits, with whom, how long, and where in its code; and
 * the handlers that wait, with what came in and from whom.
 */

import { SnaxError } from "../../base/error.ts";
import { giveUp } from "../../kernel/interrupt.ts";
import { runInside } from "../../service/context.ts";
import type { Context } from "../../service/context.ts";
import { readService } from "../operator/address.ts";
import type { CommandCall, CommandResult, CommandTable, Table } from "../operator/command.ts";
import { findPending, TIME } from "../../live/inspect/pending.ts";
import type { HandledRow } from "../../live/inspect/running-handlers.ts";
import {
  agoText,
  describeMessage,
  findHandler,
  printHandled,
} from "../../live/inspect/running-handlers.ts";
import type { TaskStack } from "../../live/inspect/task-stack.ts";
import { toService } from "../threads/thread-route.ts";

/** Sessions that one line of `uniqtask` names. */
const SESSIONS_SHOWN_MAX = 9;

/** What `task` says of a call, a sleep, a wait or a handler. */
interface Task {
  readonly waitsFor: string;
  /** Who has the lock that it waits for. */
  readonly heldBy?: string;
  /** For a handler that waits for something else it is not known. */
  readonly since?: string;
  /** Milliseconds that a sleep still lasts. */
  readonly leftMs?: number;
  readonly stack: TaskStack;
  /** What came in, in whose handling it waits. */
  readonly handler?: HandledRow;
}

async function task({ operator, args }: CommandCall): Promise<Table> {
  const context = readService(operator, args[0]);
  const found = await findPending(operator, context);
  const now = operator.runtime.clock.now();
  const rows = new Map<string, Task>();
  for (const { pending, stack, handler } of found) {
    const { name, suspended, waitsFor, heldBy, since, until } = pending;
    // A call that the log has told of as unanswered for long keeps no time.
    const ago = Number.isNaN(since) ? "more than 30 s" : agoText(now - since);
    rows.set(name, {
      waitsFor,
      ...(heldBy === undefined ? {} : { heldBy }),
      ...(suspended === undefined ? {} : { since: ago }),
      ...(until === undefined ? {} : { leftMs: Math.max(0, Math.round(until - now)) }),
      stack,
      ...(handler === undefined ? {} : { handler }),
    });
  }
  return rows;
}

function heldText(heldBy: string | undefined): string {
  return heldBy === undefined ? "" : `, held by ${heldBy}`;
}

function printTask(row: unknown): string {
  const { waitsFor, heldBy, since, leftMs, stack, handler } = row as Task;
  const ago = since === undefined ? "" : ` since ${since}`;
  const what =
    leftMs === undefined
      ? `waits for ${waitsFor}${ago}${heldText(heldBy)}`
      : `sleeps${ago}, ${leftMs} ms to go`;
  return [what, ...stack, ...(handler === undefined ? [] : [printHandled(handler)])].join("\n\t");
}

/** What `uniqtask` says of calls that wait for the same, at the same place, in handlers of the same. */
interface TaskGroup {
  readonly waitsFor: string;
  readonly heldBy?: string;
  readonly stack: TaskStack;
  /** What came in. */
  readonly handler?: string;
  /** Sessions of calls; sleeps, waits and handlers under the names that `task` gives them. */
  readonly sessions: string[];
}

async function uniqtask({ operator, args }: CommandCall): Promise<Table> {
  const context = readService(operator, args[0]);
  const groups = new Map<string, TaskGroup>();
  for (const { pending, stack, handler } of await findPending(operator, context)) {
    const { name, waitsFor, heldBy } = pending;
    const session = name.replace("session: ", "").replace(": ", " ");
    const key = [waitsFor, heldBy, handler?.title, ...stack].join("\n");
    const group = groups.get(key);
    if (group !== undefined) {
      group.sessions.push(session);
      continue;
    }
    const held = heldBy === undefined ? {} : { heldBy };
    const handled = handler === undefined ? {} : { handler: handler.title };
    groups.set(key, { waitsFor, ...held, stack, ...handled, sessions: [session] });
  }
  // No session is in two groups, so that no two have the same key.
  return new Map([...groups.values()].map((group) => [headOf(group), group]));
}

/** As skynet's: what waits is in the lines below. */
function headOf({ sessions }: TaskGroup): string {
  const shown = sessions.slice(0, SESSIONS_SHOWN_MAX).join(",");
  const more = sessions.length > SESSIONS_SHOWN_MAX + 1 ? "..." : "";
  return `${sessions.length}\tsessions:[${shown}${more}]\n`;
}

function printGroup(row: unknown): string {
  const { waitsFor, heldBy, stack, handler } = row as TaskGroup;
  const what = waitsFor === TIME ? "sleeps" : `waits for ${waitsFor}${heldText(heldBy)}`;
  return [what, ...stack, ...(handler === undefined ? [] : [`in ${handler}`])].join("\n\t");
}

/**
 * Ends the wait of one call with ERR_TIMEOUT, inside the service that waits; or gives a handler up: its caller gets
 * ERR_TIMEOUT, and the locks and the queue that it holds go on.
 */
function killTask({ operator, args: [word, ...names] }: CommandCall): CommandResult {
  const context = readService(operator, word);
  // As `task` prints it, with or without the blank.
  const found = /^(session:|handler:)?(\d+)$/.exec(names.join(""));
  const number = Number(found?.[2] ?? 0);
  if (found?.[1] === "handler:") return killHandler(context, number);
  if (context.service.calls?.has(number) !== true) return "Not found";
  const { kernel } = context.runtime;
  runInside(context, () => {
    const call = kernel.settle(context.service, number);
    if (call === undefined) return;
    context.runtime.log(context.handle, `Kill session ${number}`);
    call.reject(new SnaxError("ERR_TIMEOUT", `an operator ended the wait of session ${number}`));
  });
  return undefined;
}

function killHandler(context: Context, number: number): CommandResult {
  const { kernel } = context.runtime;
  const message = findHandler(context, number);
  if (message === undefined) return "Not found";
  const { title } = describeMessage(context, message);
  context.runtime.log(context.handle, `Kill handler ${number}, ${title}`);
  const why = `an operator gave up ${title}, which had not ended`;
  giveUp(kernel, context.service, { message, error: () => new SnaxError("ERR_TIMEOUT", why) });
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
