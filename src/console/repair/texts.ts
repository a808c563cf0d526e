/**
 * `source` and `diff`: the texts that really run, and what the files on disk would change in them.
 */

import { SnaxError } from "../../base/error.ts";
import type { TextQuestion } from "../../live/operate/running-texts.ts";
import { nameServices } from "../../live/operate/running-texts.ts";
import type { CommandCall, CommandResult, CommandTable } from "../operator/command.ts";
import type { Operator } from "../operator/operator.ts";
import { toAll } from "../threads/thread-route.ts";
import { readTarget } from "./hotfix-words.ts";
import type { DiffRow } from "./source-texts.ts";
import { askTexts, diffGroup, listRows, printChanges, showPath } from "./source-texts.ts";

/** A module as `source` shows it. */
interface SourceRow {
  readonly running: number;
  readonly patches: readonly string[];
  readonly text: string;
}

function readQuestion(operator: Operator, word: string | undefined): TextQuestion {
  const target = readTarget(operator, word);
  if (target.kind === "service") return { handle: target.handle };
  if (target.kind === "type") return { type: target.type };
  throw new SnaxError("ERR_ARGUMENT", "Need an address or a type");
}

/** The text of each module, one for each history that differs. */
async function source({ operator, args: [word] }: CommandCall): Promise<CommandResult> {
  const { root } = operator.runtime.paths;
  const groups = await askTexts(operator, readQuestion(operator, word));
  const rows = new Map<string, SourceRow>();
  for (const { handles, modules } of groups) {
    for (const { file, text, failure, patches } of modules) {
      const path = showPath(root, file);
      const key = groups.length === 1 ? path : `${path} of ${nameServices(handles)}`;
      const shown = text ?? `the text can't be told: ${failure ?? ""}`;
      rows.set(key, { running: handles.length, patches, text: shown });
    }
  }
  return rows;
}

/** What the files would change, module by module. */
async function diff({ operator, args: [word] }: CommandCall): Promise<CommandResult> {
  const question = word === undefined ? "all" : readQuestion(operator, word);
  const groups = await askTexts(operator, question);
  return listRows(
    groups.map((group) => diffGroup(group)),
    operator.runtime.paths.root,
  );
}

/** The commands by name. */
export const textCommands: CommandTable = {
  source: {
    help: "source address|type [--json] : show the text that runs, with its patches",
    needs: toAll,
    isOrdered: true,
    hasJson: true,
    words: { options: [], most: 1 },
    run: source,
    print: (row) => {
      const { running, patches, text } = row as SourceRow;
      const had = patches.length === 0 ? "none" : patches.join(",");
      // Every line alike: what is indented already would be to the left of what is not.
      return `running:${running}\tpatches:${had}\n${text.replace(/^/gm, "\t")}`;
    },
  },
  diff: {
    help: "diff [address|type] [--json] : show what the files on disk would change in what runs",
    needs: toAll,
    isOrdered: true,
    hasJson: true,
    words: { options: [], most: 1 },
    run: diff,
    print: (row) => {
      const { verdict, running, changes } = row as DiffRow;
      return [`${verdict}\trunning:${running}`, ...printChanges(changes)].join("\n");
    },
  },
};
