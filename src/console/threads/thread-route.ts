/**
 * On which threads a command runs, and how their answers become one.
 *
 *     line -> route: here | the thread of a service | every thread -> the stewards run it -> merge
 *
 * A thread that hangs keeps no answer back: one that all threads give comes without it, and a command that needs it is
 * refused, or given up (silent-thread.ts).
 *
 * A command is written for the services of the thread that it runs on; what it returns is data, which travels.
 */

import type { ErrorCode } from "../../base/error.ts";
import { codeOf, SnaxError } from "../../base/error.ts";
import { CONSOLE_ANSWER_MS, CONSOLE_SILENCE_MS } from "../../base/limits.ts";
import { formatAddress } from "../../kernel/service.ts";
import { deadError } from "../../kernel/refusal.ts";
import { createErrand, withdrawErrand } from "../../service/errand-state.ts";
import { askSteward } from "../../service/steward.ts";
import { readAddress } from "../operator/address.ts";
import type { Command, CommandCall, CommandResult, Route, Table } from "../operator/command.ts";
import type { Operator } from "../operator/operator.ts";
import { collect, mergeInOrder } from "./rows.ts";
import type { Fate, Watched } from "./silent-thread.ts";
import {
  askThread,
  FATE,
  patienceMs,
  probe,
  PROBE,
  waitWatching,
  whoRuns,
} from "./silent-thread.ts";

/** The command of a thread's steward. */
export const RUN = "CONSOLE";

/** What came of a command on another thread. A failure travels as what an operator reads of it. */
export type Ran =
  | { readonly ok: true; readonly result: CommandResult }
  | { readonly ok: false; readonly code: ErrorCode | undefined; readonly message: string };

function resultOf(answer: unknown): CommandResult {
  const ran = answer as Ran;
  if (ran.ok) return ran.result;
  throw ran.code === undefined ? new Error(ran.message) : new SnaxError(ran.code, ran.message);
}

/** The route of commands whose first word is the address of a service. */
export const toService: Route = ({ operator, args }) => {
  const { threads } = operator.runtime;
  return threads?.threadOf(readAddress(operator, args[0]));
};

/** The route of commands about all services. */
export const toAll: Route = () => "all";

/** The route of commands about a thread, which one of their words names: by its number, or by a service of it. */
export const toThread =
  (index: number): Route =>
  ({ operator, args }) => {
    const { threads } = operator.runtime;
    const word = args[index];
    if (word === undefined) return undefined;
    const number = /^\d{1,3}$/.test(word) ? Number(word) : undefined;
    if (number === 0 || threads?.hosts.includes(number ?? -1) === true) return number;
    const handle = readAddress(operator, word);
    const { kernel } = operator.runtime;
    const thread = threads === undefined && kernel.lives(handle) ? 0 : threads?.threadOf(handle);
    if (thread !== undefined) return thread;
    if (number === undefined) throw deadError(handle);
    const why = `no thread ${word}, and no service lives under ${formatAddress(handle)}`;
    throw new SnaxError("ERR_ARGUMENT", why);
  };

/** Runs a command where it belongs. */
export async function runRouted(command: Command, call: CommandCall): Promise<CommandResult> {
  const { threads } = call.operator.runtime;
  // A word that names no thread and no service is refused on a node of one thread too.
  const route = command.route?.(call);
  const place = threads === undefined ? undefined : route;
  if (place === "all") return await runEverywhere(command, call);
  const needed = neededThreads(command, call, place);
  if (needed.length > 0) {
    const ms = call.isChange === true ? patienceMs(call.operator) : CONSOLE_ANSWER_MS;
    await probe(call.operator, needed, ms);
  }
  if (place === undefined || place === threads?.own) {
    const work = (async () => command.run(call, needed))();
    return await waitFor(call, { threads: needed, work, giveUp: () => FATE.sent });
  }
  const errand = createErrand();
  const work = askSteward(
    call.operator.context,
    place,
    RUN,
    call.line,
    errand,
    undefined,
    call.part,
  ).then(resultOf);
  const giveUp = (): Fate => (withdrawErrand(errand) ? FATE.none : FATE.begun);
  return await waitFor(call, { threads: needed, work, giveUp });
}

/** Waits for a command whose threads answer; of one that was given up and may be done all the same the operator hears later. */
function waitFor(call: CommandCall, watched: Watched<CommandResult>): Promise<CommandResult> {
  const { work, threads } = watched;
  if (threads.length === 0) return work;
  const giveUp = (): Fate => {
    const fate = watched.giveUp();
    if (fate !== FATE.none) call.onLate?.(work);
    return fate;
  };
  return waitWatching(call.operator, { threads, work, giveUp });
}

/** The other threads without which a command can't be done. */
function neededThreads(
  command: Command,
  call: CommandCall,
  place: number | undefined,
): readonly number[] {
  const { threads } = call.operator.runtime;
  if (threads === undefined) return [];
  const needed = place ?? command.needs?.(call);
  if (needed === "all") return threads.hosts.filter((thread) => thread !== threads.own);
  return needed === undefined || needed === threads.own ? [] : [needed];
}

async function runEverywhere(command: Command, call: CommandCall): Promise<CommandResult> {
  const { operator } = call;
  const hosts = operator.runtime.threads?.hosts ?? [];
  const own = Promise.resolve().then(() => command.run(call, []));
  const others = hosts.map((thread) => runThere(call, thread));
  const answers = await Promise.allSettled([own, ...others]);
  const results: CommandResult[] = [];
  const silent = new Map<string, unknown>();
  const refusals: [thread: number, reason: unknown][] = [];
  for (const [index, answer] of answers.entries()) {
    if (answer.status === "fulfilled") {
      results.push(answer.value);
      continue;
    }
    const { reason } = answer;
    const thread = index === 0 ? (operator.runtime.threads?.own ?? 0) : (hosts[index - 1] ?? 0);
    if (index > 0 && isSilence(reason)) silent.set(...(await silence(operator, thread, reason)));
    else refusals.push([thread, reason]);
  }
  // A thread without rows has nothing to refuse: a wrong word is known by those that have some.
  const [first] = refusals;
  if (first !== undefined && !results.some(saysSomething)) throw first[1];
  for (const [thread, reason] of refusals) silent.set(`thread ${thread}`, messageOf(reason));
  return await merge(command, { operator, results, silent });
}

function saysSomething(result: CommandResult): boolean {
  return result instanceof Map ? result.size > 0 : result !== undefined;
}

/** A thread that was silent for so long. */
class SilentThread {
  readonly ms: number;

  constructor(ms: number) {
    this.ms = ms;
  }
}

/**
 * Runs a line on another thread; a large table comes in pieces.
 *
 * @throws {SilentThread} if the thread does not answer, at first or later.
 */
async function runThere(
  { operator, line, part }: CommandCall,
  thread: number,
): Promise<CommandResult> {
  const silentFor =
    (ms: number) =>
    (error: unknown): never => {
      throw codeOf(error) === "ERR_TIMEOUT" ? new SilentThread(ms) : error;
    };
  await askThread(operator, thread, [PROBE], CONSOLE_ANSWER_MS).catch(silentFor(CONSOLE_ANSWER_MS));
  const { table, collector, end } = collect(operator);
  try {
    const asked = askSteward(operator.context, thread, RUN, line, undefined, collector, part);
    const work = asked.then(resultOf);
    const giveUp = (): Fate => FATE.sent;
    const last = await waitWatching(operator, { threads: [thread], work, giveUp }).catch(
      silentFor(CONSOLE_SILENCE_MS),
    );
    if (table.size === 0 || !(last instanceof Map)) return last;
    for (const [key, row] of last as Table) table.set(key, row);
    return table;
  } finally {
    end();
  }
}

/** The row of a thread that does not answer; it names the service that runs there, and perhaps never returns. */
async function silence(
  operator: Operator,
  thread: number,
  reason: unknown,
): Promise<[key: string, row: string]> {
  const { handle, text } = await whoRuns(operator, thread);
  const why =
    reason instanceof SilentThread ? `no answer within ${reason.ms} ms` : messageOf(reason);
  return [`thread ${thread}`, handle === 0 ? why : `${why}; ${text} runs`];
}

function isSilence(reason: unknown): boolean {
  return reason instanceof SilentThread || codeOf(reason) === "ERR_SERVICE_DEAD";
}

function messageOf(reason: unknown): string {
  return reason instanceof SnaxError ? reason.message : String(reason);
}

/** What the threads have answered, and who has not. */
interface Answers {
  readonly operator: Operator;
  readonly results: readonly CommandResult[];
  /** The rows of those who have not, in order of their keys. */
  readonly silent: Table;
}

/** Puts the tables of several threads together; of other results it takes the first that says something. */
async function merge(
  command: Command,
  { operator, results, silent }: Answers,
): Promise<CommandResult> {
  const tables = results.filter((result): result is Table => result instanceof Map);
  if (tables.length === 0) return results.find((result) => result !== undefined);
  if (command.order === undefined) return await mergeInOrder(operator, [...tables, silent]);
  const rows = new Map(tables.flatMap((table) => [...table]));
  return new Map([...command.order(rows), ...silent]);
}
