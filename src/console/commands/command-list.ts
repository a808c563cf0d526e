/**
 * All commands of the debug console, by name.
 */

import { changeCommands } from "./change.ts";
import { checkCommands } from "../repair/check.ts";
import { clusterCommands } from "./cluster.ts";
import type { Command, CommandTable } from "../operator/command.ts";
import { debugCommands } from "./debug.ts";
import { driftCommands } from "../repair/drift.ts";
import { evalCommands } from "./eval.ts";
import { hotfixCommands } from "../repair/hotfix.ts";
import { inflightCommands } from "../repair/inflight.ts";
import { logLevelCommands } from "./log-level.ts";
import { logpointCommands } from "./logpoint.ts";
import { memoryCommands } from "./memory.ts";
import { methodCommands } from "./methods.ts";
import { migrateCommands } from "../repair/migrate.ts";
import { nodeCommands } from "./node.ts";
import { patchCommands } from "../repair/patches.ts";
import { profileCommands } from "./profile.ts";
import { recordCommands } from "./record.ts";
import { reloadCommands } from "../repair/reload.ts";
import { serviceCommands } from "./services.ts";
import { swapCommands } from "../repair/swap.ts";
import { tableCommands } from "./tables.ts";
import { taskCommands } from "./tasks.ts";
import { textCommands } from "../repair/texts.ts";
import { watchCommands } from "./watch.ts";

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
    ...patchCommands,
    ...evalCommands,
    ...hotfixCommands,
    ...reloadCommands,
    ...swapCommands,
    ...migrateCommands,
    ...checkCommands,
    ...inflightCommands,
    ...textCommands,
    ...driftCommands,
    ...debugCommands,
    ...logpointCommands,
    ...logLevelCommands,
    ...tableCommands,
    ...memoryCommands,
    ...watchCommands,
    ...nodeCommands,
    ...clusterCommands,
  }),
);
