/**
 * Commands that an operator runs at the console of the main thread, on the thread whose services they are about.
 */

import { codeOf } from "../base/error.ts";
import type { Errand } from "../service/errand-state.ts";
import { beginErrand } from "../service/errand-state.ts";
import { messageOf } from "../service/error-text.ts";
import { deadError } from "../kernel/refusal.ts";
import type { CommandCall } from "./operator/command.ts";
import { COMMANDS } from "./commands/command-list.ts";
import type { ConsoleThread } from "./operator/console-thread.ts";
import { DESK } from "./commands/debug.ts";
import { putUpDesk } from "./debugger/desk.ts";
import type { Part } from "./operator/page.ts";
import { Operator } from "./operator/operator.ts";
import { PROBE } from "./threads/silent-thread.ts";
import type { Collector } from "./threads/rows.ts";
import { addRowsCommand, sendPieces } from "./threads/rows.ts";
import type { Ran } from "./threads/thread-route.ts";
import { RUN } from "./threads/thread-route.ts";

/** Lets the steward of a thread run commands for consoles of other threads. */
export function addConsoleCommand(thread: ConsoleThread): void {
  const { stewardCommands } = thread.live.runtime;
  addDeskCommand(thread);
  addRowsCommand(thread);
  stewardCommands.set(PROBE, () => true);
  stewardCommands.set(RUN, async (context, given): Promise<Ran> => {
    const [line, errand, collector, part] = given as RunOrder;
    if (errand !== undefined && !beginErrand(errand)) return WITHDRAWN;
    const text = String(line);
    const [name = "", ...args] = text.trim().split(/\s+/);
    const operator = new Operator(thread, context);
    const call: CommandCall = { operator, args, line: text, terminal: undefined, part };
    try {
      const result = await COMMANDS.get(name)?.run(call, []);
      if (collector === undefined) return { ok: true, result };
      return { ok: true, result: await sendPieces(operator, result, collector) };
    } catch (error) {
      return { ok: false, code: codeOf(error), message: messageOf(error) };
    }
  });
}

/** A line, the state of a command that may be withdrawn, where a large table goes, and which rows are asked for. */
type RunOrder = [line: string, errand?: Errand, collector?: Collector, part?: Part];

/** What is no longer awaited. */
const WITHDRAWN: Ran = { ok: false, code: "ERR_TIMEOUT", message: "the command was withdrawn" };

/** Lets the console of another thread put up a desk for a debugger here, and take it away. */
function addDeskCommand({ live }: ConsoleThread): void {
  const { runtime } = live;
  const desks = new Map<unknown, () => void>();
  runtime.stewardCommands.set(DESK, (_context, [verb, handle, token]) => {
    if (verb === "down") {
      desks.get(token)?.();
      desks.delete(token);
      return undefined;
    }
    const target = runtime.contextOf(Number(handle));
    if (target === undefined) throw deadError(Number(handle));
    desks.set(token, putUpDesk(target, String(token)));
    return target.service.title;
  });
}
