/**
 * `inflight`: the handlers that still run a body from before a patch; waits for them, or ends them.
 */

import { SnaxError } from "../../base/error.ts";
import { suggest } from "../../base/suggestion.ts";
import { formatAddress } from "../../kernel/service.ts";
import { agoText } from "../../live/inspect/running-handlers.ts";
import { inflight } from "../../live/operate/inflight.ts";
import type {
  InflightHandler,
  InflightOptions,
  InflightResult,
} from "../../snax/types-inflight.ts";
import type { CommandCall, CommandResult, CommandTable } from "../operator/command.ts";
import { readSeconds } from "../operator/command.ts";
import { markInOrder } from "../operator/page.ts";
import type { Operator } from "../operator/operator.ts";
import { showPath } from "./source-texts.ts";

/** Longest that an operator waits, in seconds. */
const WAIT_MAX = 86_400;

interface Words extends InflightOptions {
  readonly id: number;
}

function readWords(args: readonly string[]): Words {
  let id: number | undefined;
  let wait: number | undefined;
  let end = false;
  for (let at = 0; at < args.length; at += 1) {
    const word = args[at] ?? "";
    if (word === "--end") end = true;
    else if (word === "--wait") {
      const given = args[(at += 1)] ?? "what follows --wait";
      wait = readSeconds(given, Number.NaN, WAIT_MAX);
    } else if (id === undefined && /^\d{1,10}$/.test(word)) id = Number(word);
    else
      throw new SnaxError(
        "ERR_ARGUMENT",
        `${word} is neither the number of a patch nor an option${suggest(word, ["--wait", "--end", "--json"])}`,
      );
  }
  if (id === undefined) {
    throw new SnaxError("ERR_ARGUMENT", "need the number of a patch: `patches` lists them");
  }
  if (end && wait !== undefined) {
    throw new SnaxError("ERR_ARGUMENT", "either --wait or --end: what is ended is not waited for");
  }
  return { id, end, wait: (wait ?? 0) * 1000 };
}

async function runInflight({ operator, args }: CommandCall): Promise<CommandResult> {
  const { id, wait = 0, end = false } = readWords(args);
  const found = await inflight(operator.thread.live, operator.context, id, { wait, end });
  return listRows(operator, id, found);
}

/** A handler as `inflight` shows it. */
interface Row extends InflightHandler {
  /** The patch that was asked about. */
  readonly before: number;
}

function listRows(operator: Operator, id: number, found: InflightResult): CommandResult {
  const rows = new Map<string, unknown>();
  for (const handler of found.handlers) {
    const key = `${formatAddress(handler.handle)} ${handler.task}`;
    const file = handler.file && showPath(operator.runtime.paths.root, handler.file);
    rows.set(key, { ...handler, file, before: id });
  }
  for (const { thread, reason } of found.silent) rows.set(`thread ${thread}`, reason);
  for (const note of found.notes) rows.set(`note: ${note}`, "");
  if (found.ended > 0) rows.set("ended", found.ended);
  rows.set("old", found.old);
  rows.set("can't be told", found.unknown);
  rows.set("others", found.current);
  return markInOrder(rows);
}

function print(row: Row): string {
  const { type, title, source, age, waitsFor, body, file, line, patch, before } = row;
  const from = source === 0 ? "" : ` from ${formatAddress(source)}`;
  const since = age === undefined ? "" : ` since ${agoText(age)}`;
  const head = `${type}, ${title ?? "code outside any message"}${from}${since}`;
  const whose = patch === undefined ? "the file's" : `patch ${patch}'s`;
  const what =
    body === undefined
      ? `began before patch ${before}, and no stack tells what it runs`
      : `old: ${whose} ${body} at ${file}:${line}`;
  return [head, what, `waits for ${waitsFor}`].join("\n");
}

/** The commands by name. */
export const inflightCommands: CommandTable = {
  inflight: {
    help: "inflight id [--wait seconds | --end] [--json] : handlers that still run a body from before a patch",
    isChange: true,
    hasJson: true,
    run: runInflight,
    print: (row) => (typeof row === "number" ? `${row}` : print(row as Row)),
  },
};
