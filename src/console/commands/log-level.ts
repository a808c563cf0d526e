/**
 * The command `loglevel`: from which level on the log has lines, on all threads of the node at once.
 *
 *     loglevel         shows it
 *     loglevel warn    changes it until the node ends; the configuration's key `loglevel` is what it begins with
 */

import { SnaxError } from "../../base/error.ts";
import { isLevelName, LEVEL, LEVEL_NAMES } from "../../base/log-level.ts";
import type { CommandCall, CommandResult, CommandTable } from "../operator/command.ts";

function loglevel({ operator, args }: CommandCall): CommandResult {
  const { logFloor } = operator.runtime;
  const [word, ...rest] = args;
  if (rest.length > 0) throw new SnaxError("ERR_ARGUMENT", "loglevel takes one level");
  if (word !== undefined) {
    if (!isLevelName(word)) {
      const known = LEVEL_NAMES.join(", ");
      throw new SnaxError("ERR_ARGUMENT", `${word} is no level of the log: use ${known}`);
    }
    logFloor.level = LEVEL[word];
  }
  return LEVEL_NAMES[logFloor.level];
}

/** The commands by name. */
export const logLevelCommands: CommandTable = {
  loglevel: {
    help: "loglevel [debug|info|warn|error] : show, or change, from which level on the log has lines",
    isChange: (words) => words.length > 0,
    run: loglevel,
  },
};
