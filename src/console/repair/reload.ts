/**
 * `reload`: the files as they are now, behind the handles of running services, with their state.
 */

import { SnaxError } from "../../base/error.ts";
import { formatAddress } from "../../kernel/service.ts";
import { reload } from "../../live/rollout/reload.ts";
import type { CommandCall, CommandResult, CommandTable, Route } from "../operator/command.ts";
import { markInOrder } from "../operator/page.ts";
import { readTarget } from "./hotfix-words.ts";
import { addFailures, addMore, countRows, SERVICES_SHOWN_MAX } from "./outcome-rows.ts";

/** A type is reloaded on all threads. */
const toReloaded: Route = ({ operator, args }) => {
  const target = readTarget(operator, args[0]);
  return target.kind === "service" ? operator.runtime.threads?.threadOf(target.handle) : "all";
};

async function runReload({
  operator,
  args: [word, ...options],
}: CommandCall): Promise<CommandResult> {
  const target = readTarget(operator, word);
  const unknown = options.find((option) => option !== "--strict");
  if (unknown !== undefined) {
    throw new SnaxError("ERR_ARGUMENT", `reload does not know ${unknown}: there is --strict`);
  }
  if (target.kind === "shared") {
    const why = "a shared module belongs to all services of the thread and can't be reloaded";
    throw new SnaxError("ERR_ARGUMENT", `${why}: patch it, \`hotfix ${target.path} FILE\``);
  }
  const whom = target.kind === "service" ? target.handle : target.type;
  const result = await reload(operator.thread.live, operator.caller, whom, {
    strict: options.length > 0,
  });
  const { id, reloaded, failed, skipped, drained } = result;
  const counts = countRows({ reloaded, failed, skipped });
  const rows = new Map<string, unknown>([["id", id], ...counts]);
  rows.set("held", `${Math.round(result.held)} ms`);
  rows.set("drained", drained);
  const lists = { carried: result.carried, new: result.new, kept: result.kept };
  for (const [key, names] of Object.entries({ ...lists, "left behind": result.leftBehind })) {
    if (names.length > 0) rows.set(key, names.join(", "));
  }
  if (reloaded.length + failed.length + skipped.length === 0) {
    rows.set("note", `no service of it lives: new ones run the files as they are now`);
  }
  addFailures(rows, failed);
  for (const { handle, reason } of skipped.slice(0, SERVICES_SHOWN_MAX)) {
    rows.set(formatAddress(handle), { skipped: reason });
  }
  addMore(rows, skipped.length - SERVICES_SHOWN_MAX, "skipped");
  return markInOrder(rows);
}

/** The commands by name. */
export const reloadCommands: CommandTable = {
  reload: {
    help: "reload address|type [--strict] : the files as they are now, behind the same handle, with the state; --strict: nothing may be left behind",
    isChange: true,
    hasJson: true,
    needs: toReloaded,
    run: runReload,
  },
};
