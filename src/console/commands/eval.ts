/**
 * `eval`: an expression, or statements, inside a live service; a script of one line without a file.
 *
 *     eval ADDRESS expression     -> its value, awaited
 *     eval ADDRESS statements     -> what they print
 */

import { codeOf } from "../../base/error.ts";
import { inject } from "../../live/inspect/inject.ts";
import { parseOperatorText } from "../../live/text/patch-text.ts";
import { readService } from "../operator/address.ts";
import type { Command, CommandCall, CommandResult, CommandTable } from "../operator/command.ts";
import { textBehind } from "./methods.ts";
import { toService } from "../threads/thread-route.ts";

/** What messages and stacks call the line. */
const FILE = "eval";

async function run({ operator, args, line }: CommandCall): Promise<CommandResult> {
  const context = readService(operator, args[0]);
  const text = textBehind(line);
  // The line keeps its columns: it is in a line of its own.
  const script = isExpression(text) ? `print(await (\n${text}\n));` : `\n${text}`;
  const result = await inject(context, { file: FILE, text: script }, []);
  if (result.ok) return result.output;
  const error = result.error?.replaceAll(PLACE, `${FILE}:1:`);
  throw new Error(
    [result.output, error].filter((part) => part !== undefined && part !== "").join("\n"),
  );
}

/** Where the line is in the script. */
const PLACE = /\beval:2:/g;

function isExpression(text: string): boolean {
  try {
    parseOperatorText(`(\n${text}\n)`, FILE, "the expression is nested too deeply");
    return true;
  } catch (error) {
    if (codeOf(error) === "ERR_SYNTAX") return false;
    throw error;
  }
}

const evaluate: Command = {
  help: "eval address expression : evaluate inside a service, with its variables",
  isChange: true,
  route: toService,
  run,
};

/** The commands by name. */
export const evalCommands: CommandTable = {
  eval: evaluate,
  run: { ...evaluate, help: "run address expression : the same as eval" },
};
