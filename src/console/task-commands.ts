/**
 * Commands about what a service waits for: its open calls.
 *
 * JavaScript tells no stack of what waits in an `await`; what a call says instead is whom it waits for, and how long.
 */

import { SnaxError } from "../base/error.ts";
import { formatAddress } from "../kernel/address.ts";
import type { PendingCall } from "../kernel/session-table.ts";
import { runInside } from "../service/job.ts";
import type { Context } from "../service/context.ts";
import { readService } from "./address.ts";
import type { CommandCall, CommandResult, CommandTable, Table } from "./command.ts";

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

function targetOf({ runtime }: Context, { target }: PendingCall): string {
  if (target === 0) return "a name that nobody has";
  const title = runtime.kernel.services.get(target)?.title;
  return `${formatAddress(target)}${title === undefined ? "" : ` (${title})`}`;
}

function task({ operator, args }: CommandCall): Table {
  const context = readService(operator, args[0]);
  const now = operator.runtime.clock.now();
  const rows = new Map<string, string>();
  for (const call of callsOf(context)) {
    // A call that the log has told of as unanswered for long keeps no time.
    const age = Number.isNaN(call.since)
      ? "more than 30 s"
      : `${Math.max(0, Math.round(now - call.since))} ms`;
    rows.set(`session: ${call.session}`, `waits for ${targetOf(context, call)} since ${age}`);
  }
  return rows;
}

function uniqtask({ operator, args }: CommandCall): Table {
  const context = readService(operator, args[0]);
  const groups = new Map<string, number[]>();
  for (const call of callsOf(context)) {
    const key = `waits for ${targetOf(context, call)}`;
    const sessions = groups.get(key);
    if (sessions === undefined) groups.set(key, [call.session]);
    else sessions.push(call.session);
  }
  const rows = new Map<string, string>();
  for (const [text, sessions] of groups) {
    const shown = sessions.slice(0, SESSIONS_SHOWN_MAX).join(",");
    const more = sessions.length > SESSIONS_SHOWN_MAX + 1 ? "..." : "";
    // Two groups may have a head line in common only if they share a session, which no two do.
    rows.set(`${sessions.length}\tsessions:[${shown}${more}]\n`, text);
  }
  return rows;
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
  task: { help: "task address : show service task detail", run: task },
  uniqtask: { help: "task address : show service unique task detail", run: uniqtask },
  killtask: {
    help: "killtask address threadname : threadname listed by task",
    isChange: true,
    run: killTask,
  },
};
