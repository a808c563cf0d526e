/**
 * Commands about the node: its configuration, and its end.
 */

import { SnaxError } from "../../base/error.ts";
import type { CommandCall, CommandResult, CommandTable } from "../operator/command.ts";

/** Keys of the configuration whose value must not be shown. */
const SECRETS: ReadonlySet<string> = new Set(["consoletoken", "cluster"]);

function getEnv({ operator, args: [name] }: CommandCall): CommandResult {
  if (name === undefined) throw new SnaxError("ERR_ARGUMENT", "need a name");
  const value = SECRETS.has(name) ? "(secret)" : operator.runtime.environment.get(name);
  return new Map([[name, value]]);
}

function setEnv({ operator, args: [name, value] }: CommandCall): CommandResult {
  if (name === undefined || value === undefined) {
    throw new SnaxError("ERR_ARGUMENT", "need a name and a value");
  }
  operator.runtime.environment.set(name, value);
  return undefined;
}

/** The commands by name. */
export const nodeCommands: CommandTable = {
  drain: {
    help: "drain : take no more work, let open calls of other nodes end, say goodbye and stop",
    isChange: true,
    run: ({ operator }) => {
      operator.runtime.drain?.();
      return undefined;
    },
  },
  getenv: {
    help: "getenv name : skynet.getenv(name)",
    // Passwords of databases are in configurations.
    isConfidential: true,
    run: getEnv,
  },
  setenv: {
    help: "setenv name value: skynet.setenv(name,value)",
    isChange: true,
    run: setEnv,
    // Values are tokens and passwords as often as not, and many read the log.
    conceal: (line) => line.replace(/^(\s*\S+\s+\S+\s+).*$/s, "$1..."),
  },
};
