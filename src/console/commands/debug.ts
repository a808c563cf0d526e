/**
 * The command `debug`: attaches a debugger to a service.
 *
 *     a worker's service    its steward puts up a desk (debugger/desk.ts); this thread reads the client and drives the worker
 *     one of this thread    a desk here; a helper thread reads the client and drives this thread (debugger/helper.ts), for a
 *                           thread that stands still can do neither
 */

import { randomUUID } from "node:crypto";
import { DEBUG_SECONDS, DEBUG_SECONDS_MAX } from "../../base/limits.ts";
import { codeOf, SnaxError } from "../../base/error.ts";
import { formatAddress } from "../../kernel/service.ts";
import { findWorker } from "../../inspector/link.ts";
import { deadError } from "../../kernel/refusal.ts";
import { askSteward } from "../../service/steward.ts";
import { readAddress, readService } from "../operator/address.ts";
import type { CommandCall, CommandResult, CommandTable, Terminal } from "../operator/command.ts";
import { readSeconds } from "../operator/command.ts";
import { DebugDriver } from "../debugger/driver.ts";
import { debugHere } from "../debugger/helper.ts";
import { DESK_NAME } from "../debugger/desk.ts";
import type { Operator } from "../operator/operator.ts";
import type { Fate } from "../threads/silent-thread.ts";
import { debugged, FATE, probe, waitWatching } from "../threads/silent-thread.ts";

async function debug({ operator, args, terminal }: CommandCall): Promise<CommandResult> {
  const handle = readAddress(operator, args[0]);
  const { threads } = operator.runtime;
  const own = threads?.own ?? 0;
  const thread = threads === undefined ? own : threads.threadOf(handle);
  if (thread === undefined) throw deadError(handle);
  const seconds = readSeconds(args[1], DEBUG_SECONDS, DEBUG_SECONDS_MAX);
  if (handle === operator.context.handle) throw refuse("the console can't debug itself");
  if (terminal === undefined)
    throw refuse("debug needs a connection that talks in lines, not HTTP");
  refuseSecond(thread);
  if (thread !== own) {
    await probe(operator, [thread]);
    refuseSecond(thread);
  }
  const address = formatAddress(handle);
  const target: Target = { operator, terminal, handle, thread, deadlineMs: seconds * 1000 };
  debugged.set(thread, address);
  try {
    const converse = thread === own ? converseHere : converseElsewhere;
    const why = await converse(target, () =>
      operator.runtime.logAsked(handle, `Attach to ${address}: Enter debug mode`),
    );
    operator.runtime.logAsked(handle, `Leave debug mode : ${why}`);
    return why;
  } finally {
    debugged.delete(thread);
  }
}

function refuseSecond(thread: number): void {
  const other = debugged.get(thread);
  if (other !== undefined) throw refuse(`${other} is being debugged on this thread`);
}

interface Target {
  readonly operator: Operator;
  readonly terminal: Terminal;
  readonly handle: number;
  readonly thread: number;
  readonly deadlineMs: number;
}

function converseHere(target: Target, tell: () => void): Promise<string> {
  const { operator, handle, terminal, deadlineMs } = target;
  return debugHere(readService(operator, formatAddress(handle)), { terminal, deadlineMs, tell });
}

/** The verbs that stewards understand. */
export const DESK = "DEBUG";

async function converseElsewhere(target: Target, tell: () => void): Promise<string> {
  const { operator, terminal, handle, thread, deadlineMs } = target;
  const token = randomUUID();
  const ask = (verb: "up" | "down"): Promise<unknown> =>
    askSteward(operator.context, thread, DESK, verb, handle, token);
  const inTime = (verb: "up" | "down"): Promise<unknown> => {
    const giveUp = (): Fate => FATE.sent;
    return waitWatching(operator, { threads: [thread], work: ask(verb), giveUp });
  };
  // A desk that is no longer awaited is not to be there when the thread goes on.
  const withdraw = (error: unknown): never => {
    ask("down").catch(() => {}); // It goes with the thread.
    throw error;
  };
  const title = String(await inTime("up").catch(withdraw));
  try {
    const link = await findWorker(`globalThis.${DESK_NAME}?.token === ${JSON.stringify(token)}`);
    if (link === undefined) throw new Error("the thread does not answer");
    tell();
    return await new DebugDriver({ link, terminal, handle, title, deadlineMs }).run();
  } finally {
    // A thread that hangs by then takes the desk down when it goes on.
    await inTime("down").catch((error: unknown) => {
      if (codeOf(error) !== "ERR_TIMEOUT") throw error;
    });
  }
}

function refuse(why: string): SnaxError {
  return new SnaxError("ERR_ARGUMENT", why);
}

/** The commands by name. */
export const debugCommands: CommandTable = {
  debug: {
    help: "debug address [seconds] : debug a lua service",
    isChange: true,
    run: debug,
  },
};
