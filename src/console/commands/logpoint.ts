/**
 * The command `logpoint`: values that are logged as lines of a service run.
 *
 *     logpoint 6 counter.ts:12 "count + 1"      sets one; its number is the answer
 *     logpoint                                  lists them
 *     logpoint off 2                            ends one; `off all` ends every one
 */

import { SnaxError } from "../../base/error.ts";
import { readService } from "../operator/address.ts";
import type { CommandCall, CommandResult, CommandTable } from "../operator/command.ts";
import type { LogpointRow, LogpointTable } from "../operator/logpoint-table.ts";
import { toService } from "../threads/thread-route.ts";
import { findPlace } from "../operator/script-place.ts";

function logpoint({ operator, args, line }: CommandCall): CommandResult {
  const { logpoints } = operator.thread;
  const [word, place] = args;
  if (word === undefined) return logpoints.rows();
  if (word === "off") return turnOff(logpoints, place);
  const context = readService(operator, word);
  const found = findPlace(context, place);
  const text = /^\s*\S+\s+\S+\s+\S+\s+(.+?)\s*$/.exec(line)?.[1];
  if (text === undefined) throw new SnaxError("ERR_ARGUMENT", "need an expression");
  const number = logpoints.add(context, found, /^"(.+)"$/.exec(text)?.[1] ?? text);
  const rows = logpoints.rows();
  return new Map([...rows].filter(([key]) => key === String(number)));
}

/** Without an address the logpoints of all threads are meant. */
function isAddress(word: string | undefined): boolean {
  return word !== undefined && word !== "off";
}

function turnOff(logpoints: LogpointTable, word = ""): undefined {
  if (word === "all") {
    for (const number of logpoints.numbers()) logpoints.remove(number);
    return;
  }
  if (word === "") throw new SnaxError("ERR_ARGUMENT", "need the number of a logpoint, or all");
  if (logpoints.remove(Number(word))) return;
  throw new SnaxError("ERR_ARGUMENT", `no logpoint has the number ${word}`);
}

function printRow(row: unknown): string {
  const { address, place, expression, hits, last } = row as LogpointRow;
  const end = last === undefined ? "" : `\tlast:${last}`;
  return `${address} ${place}\t${expression}\thits:${hits}${end}`;
}

/** The commands by name. */
export const logpointCommands: CommandTable = {
  logpoint: {
    help: 'logpoint [address file:line "expression" | off n|all] : log a value whenever a line runs',
    isChange: (words) => words.length > 0,
    isOrdered: true,
    route: (use) => (isAddress(use.args[0]) ? toService(use) : "all"),
    run: logpoint,
    print: printRow,
  },
};
