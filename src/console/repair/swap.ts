/**
 * `swap`: new services of the files as they are now in the place of all of a type.
 */

import { SnaxError } from "../../base/error.ts";
import { formatAddress } from "../../kernel/service.ts";
import { swap } from "../../live/rollout/swap.ts";
import type { CommandCall, CommandResult, CommandTable } from "../operator/command.ts";
import { markInOrder } from "../operator/page.ts";
import { readTarget } from "./hotfix-words.ts";
import { addFailures, addMore, countRows, SERVICES_SHOWN_MAX } from "./outcome-rows.ts";

/** Reads `--retire SECONDS` and `--stateless`. */
function readOptions(words: readonly string[]): { stateless: boolean; retire?: number } {
  let options: { stateless: boolean; retire?: number } = { stateless: false };
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index];
    if (word === "--stateless") options = { ...options, stateless: true };
    else if (word === "--retire") {
      const seconds = words[(index += 1)] ?? "";
      if (!/^\d+(\.\d+)?$/.test(seconds)) {
        throw new SnaxError("ERR_ARGUMENT", "--retire needs a number of seconds");
      }
      options = { ...options, retire: Math.round(Number(seconds) * 1000) };
    } else {
      const why = `swap does not know ${word}: there are --stateless and --retire SECONDS`;
      throw new SnaxError("ERR_ARGUMENT", why);
    }
  }
  return options;
}

async function runSwap({ operator, args: [word, ...words] }: CommandCall): Promise<CommandResult> {
  const target = readTarget(operator, word);
  if (target.kind !== "type") {
    const advice =
      target.kind === "service"
        ? "one service keeps its address: `reload ADDRESS`"
        : `\`hotfix ${target.path} FILE\``;
    throw new SnaxError("ERR_ARGUMENT", `swap is of all services of a type; ${advice}`);
  }
  const options = readOptions(words);
  const result = await swap(operator.thread.live, operator.caller, target.type, options);
  const { id, swapped, failed, busy, drained, forwarded } = result;
  const rows = new Map<string, unknown>([["id", id], ...countRows({ swapped, failed })]);
  rows.set("drained", busy.length > 0 ? `${busy.length} not yet` : `${Math.round(drained)} ms`);
  rows.set("forwarded", forwarded);
  if (swapped.length + failed.length === 0) {
    rows.set("note", "no service of it lives: new ones run the files as they are now");
  }
  for (const each of swapped.slice(0, SERVICES_SHOWN_MAX)) {
    const at = busy.find(({ handle }) => handle === each.old);
    const still = at === undefined ? "" : `, and the old one goes on with ${at.what}`;
    rows.set(formatAddress(each.old), `-> ${formatAddress(each.new)}${still}`);
  }
  addMore(rows, swapped.length - SERVICES_SHOWN_MAX, "swapped");
  addFailures(rows, failed);
  return markInOrder(rows);
}

/** The commands by name. */
export const swapCommands: CommandTable = {
  swap: {
    help: "swap type [--stateless] [--retire SECONDS] : new services of the files as they are now in the place of the running ones; --stateless: what these have of their own goes",
    isChange: true,
    hasJson: true,
    needs: () => "all",
    run: runSwap,
  },
};
