/**
 * `swap`: new services of the files as they are now in the place of all of a type.
 */

import { SnaxError } from "../../base/error.ts";
import { formatAddress } from "../../kernel/address.ts";
import { swap } from "../../live/rollout/swap.ts";
import type { CommandCall, CommandResult, CommandTable } from "../operator/command.ts";
import { markInOrder } from "../operator/command.ts";
import { readTarget } from "./hotfix-words.ts";

/** Services that are listed. */
const SHOWN_MAX = 100;

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
  const { thread, context, skynet } = operator;
  const caller = { snax: thread.live.snax, context, deadlineMs: 0, make: () => skynet };
  const result = await swap(thread.live, caller, target.type, options);
  const { id, swapped, failed, busy, drained, forwarded } = result;
  const rows = new Map<string, unknown>();
  const counts = { id, swapped: swapped.length, failed: failed.length };
  for (const [key, value] of Object.entries(counts)) rows.set(key, value);
  rows.set("drained", busy.length > 0 ? `${busy.length} not yet` : `${Math.round(drained)} ms`);
  rows.set("forwarded", forwarded);
  if (swapped.length + failed.length === 0) {
    rows.set("note", "no service of it lives: those to come run the files as they are now");
  }
  for (const each of swapped.slice(0, SHOWN_MAX)) {
    const at = busy.find(({ handle }) => handle === each.old);
    const still = at === undefined ? "" : `, and the old one goes on with ${at.what}`;
    rows.set(formatAddress(each.old), `-> ${formatAddress(each.new)}${still}`);
  }
  for (const { handle, code, message } of failed.slice(0, SHOWN_MAX)) {
    rows.set(formatAddress(handle), { code, message });
  }
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
