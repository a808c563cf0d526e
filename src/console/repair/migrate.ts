/**
 * `migrate`: a running service goes to another thread of the node.
 */

import { SnaxError } from "../../base/error.ts";
import { formatAddress } from "../../kernel/service.ts";
import { migrate } from "../../live/migrate/migrate.ts";
import { readAddress } from "../operator/address.ts";
import type { CommandCall, CommandResult, CommandTable, Route } from "../operator/command.ts";
import { markInOrder } from "../operator/page.ts";

const toMoved: Route = ({ operator, args }) =>
  operator.runtime.threads?.threadOf(readAddress(operator, args[0]));

async function runMigrate({
  operator,
  args: [word, place, ...rest],
}: CommandCall): Promise<CommandResult> {
  const handle = readAddress(operator, word);
  if (place === undefined || !/^\d{1,3}$/.test(place) || rest.length > 0) {
    throw new SnaxError("ERR_ARGUMENT", "use: migrate ADDRESS THREAD, the thread by its number");
  }
  const result = await migrate(operator.context, handle, { thread: Number(place) });
  const { from, to, held, bytes, waiting, carried } = result;
  const rows = new Map<string, unknown>([["moved", formatAddress(handle)]]);
  rows.set("thread", from === to ? `${to}: it is there already` : `${from} -> ${to}`);
  rows.set("held", `${Math.round(held)} ms`);
  rows.set("state", `${bytes} bytes`);
  rows.set("waiting", waiting);
  if (carried.length > 0) rows.set("carried", carried.join(", "));
  return markInOrder(rows);
}

/** The commands by name. */
export const migrateCommands: CommandTable = {
  migrate: {
    help: "migrate address thread : moves a running service to another thread, with its state, under its address",
    isChange: true,
    hasJson: true,
    needs: toMoved,
    run: runMigrate,
  },
};
