/**
 * The debug message RUN: `skynet.call(address, "debug", "RUN", source, filename, ...args)`, as skynet's console sends it.
 *
 * It is answered with two values, as in skynet: whether the script ran to its end, and what it printed, with the error
 * behind it.
 */

import { SnaxError } from "../base/error.ts";
import type { DebugCommand } from "../service/debug.ts";
import { Values } from "../service/values.ts";
import { inject } from "./inject.ts";
import type { LiveNode } from "./live-node.ts";

/** What skynet calls a script without a name. */
const NAMELESS = "=(load)";

/** Makes the command for the services of one thread. */
export function createRunCommand(live: LiveNode): DebugCommand {
  return async (context, [text, file = NAMELESS, ...args]) => {
    if (typeof text !== "string" || typeof file !== "string") {
      throw new SnaxError(
        "ERR_ARGUMENT",
        "RUN needs the text of a script and the name of its file",
      );
    }
    const { ok, output, error } = await inject(live, context, { file, text }, args);
    const parts = [output, error ?? ""].filter((part) => part !== "");
    return new Values([ok, parts.join("\n")]);
  };
}
