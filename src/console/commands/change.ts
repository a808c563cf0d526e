/**
 * Commands that change what runs: the code that new services get, and that of running ones.
 */

import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { SnaxError } from "../../base/error.ts";
import { inject } from "../../live/inspect/inject.ts";
import { clearCache } from "../../service/cache.ts";
import { readService } from "../operator/address.ts";
import type { CommandCall, CommandResult, CommandTable } from "../operator/command.ts";
import { readScript } from "../operator/script-file.ts";
import { toService } from "../threads/thread-route.ts";

/** Runs a script inside a service. What it printed is the result; before an error comes what it printed until then. */
async function runInject({ operator, args }: CommandCall): Promise<CommandResult> {
  const [word, name, ...rest] = args;
  const context = readService(operator, word);
  const script = readScript(operator, name);
  const { ok, output, error } = await inject(context, script, rest);
  if (ok) return output;
  throw new Error([output, error].filter((text) => text !== undefined && text !== "").join("\n"));
}

/** Forgets the code of all files, or of the one that is named. */
function clear({ operator, args: [name] }: CommandCall): CommandResult {
  const { paths, cache } = operator.runtime;
  const path = name === undefined ? undefined : resolve(paths.root, name);
  // A file that is gone may still be in the cache; what is in neither place is a slip of the hand.
  if (path !== undefined && !existsSync(path) && !cache.images.has(path)) {
    throw new SnaxError("ERR_ARGUMENT", `Can't open ${name}`);
  }
  clearCache(operator.runtime, path);
  return undefined;
}

/** The commands by name. */
export const changeCommands: CommandTable = {
  clearcache: {
    help: "clear lua code cache",
    isChange: true,
    words: { options: [], most: 1 },
    run: clear,
  },
  inject: {
    help: "inject address luascript.lua",
    isChange: true,
    route: toService,
    run: runInject,
  },
};
