/**
 * `check`: the types of a patch against the text that runs, private declarations included.
 */

import { SnaxError } from "../../base/error.ts";
import { suggest } from "../../base/suggestion.ts";
import type { CommandCall, CommandResult, CommandTable } from "../operator/command.ts";
import { toAll } from "../threads/thread-route.ts";
import { partsOf, patchFromSource, readSourceOptions } from "./from-source.ts";
import { ownWords, readTarget, readWords, REPAIR_WORDS } from "./hotfix-words.ts";
import { checkTypes, countErrors } from "./type-check.ts";

/** Options of what is sent. */
const SENT_ONLY: ReadonlySet<string> = new Set([...REPAIR_WORDS, "--yes"]);

async function check({
  operator,
  isJson,
  args: [word, ...rest],
}: CommandCall): Promise<CommandResult> {
  const target = readTarget(operator, word);
  const unmeant = ownWords(rest).find((each) => SENT_ONLY.has(each));
  if (unmeant !== undefined) {
    throw new SnaxError("ERR_ARGUMENT", `check sends nothing, so ${unmeant} means nothing here`);
  }
  const unknown = ownWords(rest).find((each) => each.startsWith("--") && each !== "--from-source");
  if (unknown !== undefined) {
    const meant = suggest(unknown, ["--from-source", "--json"]);
    throw new SnaxError("ERR_ARGUMENT", `check has no option ${unknown}${meant}`);
  }
  const isFromSource = readSourceOptions(rest) !== undefined;
  const words = isFromSource ? undefined : readWords(operator, rest);
  if (words !== undefined && words.args.length > 0) {
    throw new SnaxError(
      "ERR_ARGUMENT",
      `check takes no arguments of hotfix(): ${words.args.join(" ")}`,
    );
  }
  const parts = words?.parts ?? partsOf(await patchFromSource(operator, target));
  if (parts.size === 0) return "nothing to do";
  const { unchecked, lines, ...found } = await checkTypes(operator, target, parts);
  const { errors, gaps, count, compiler } = found;
  if (isJson === true) {
    const said = unchecked === undefined ? { compiler, count, errors, gaps } : { unchecked };
    return new Map(Object.entries(said));
  }
  if (unchecked !== undefined) return `not checked: ${unchecked}`;
  const end = count > 0 ? countErrors(count) : `no type errors: ${compiler}`;
  return [...lines, end].join("\n");
}

/** The commands by name. */
export const checkCommands: CommandTable = {
  check: {
    help: "check address|type|shared-module [module=]file ... | --from-source [--json] : check the types of a patch",
    hasJson: true,
    needs: toAll,
    run: check,
  },
};
