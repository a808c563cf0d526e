/**
 * All commands of the debug console, by name.
 */

import { changeCommands } from "./change-commands.ts";
import type { Command, CommandTable } from "./command.ts";
import { debugCommands } from "./debug-commands.ts";
import { evalCommands } from "./eval-command.ts";
import { hotfixCommands } from "./hotfix-command.ts";
import { logpointCommands } from "./logpoint-commands.ts";
import { memoryCommands } from "./memory-commands.ts";
import { methodCommands } from "./method-commands.ts";
import { nodeCommands } from "./node-commands.ts";
import { profileCommands } from "./profile-commands.ts";
import { recordCommands } from "./record-commands.ts";
import { serviceCommands } from "./service-commands.ts";
import { tableCommands } from "./table-commands.ts";
import { taskCommands } from "./task-commands.ts";
import { watchCommands } from "./watch-commands.ts";

const help: CommandTable = {
  help: {
    help: "This help message",
    run: () => new Map([...COMMANDS].map(([name, command]) => [name, command.help])),
  },
};

/** The commands; a Map, because names come from outside. */
export const COMMANDS: ReadonlyMap<string, Command> = new Map(
  Object.entries({
    ...help,
    ...serviceCommands,
    ...methodCommands,
    ...taskCommands,
    ...profileCommands,
    ...recordCommands,
    ...changeCommands,
    ...evalCommands,
    ...hotfixCommands,
    ...debugCommands,
    ...logpointCommands,
    ...tableCommands,
    ...memoryCommands,
    ...watchCommands,
    ...nodeCommands,
  }),
);
