/**
 * `hotfix TARGET --from-source`: the patch is what the edited files would change in what runs.
 *
 * A diff that says more than "applied" is shown first: a note is what the patch does not do, and sends it only
 * with `--yes`; what needs a reload is never sent. Lines in stacks and errors are lines of the files.
 */

import { SnaxError } from "../../base/error.ts";
import type { TextQuestion } from "../../live/operate/running-texts.ts";
import { nameServices } from "../../live/operate/running-texts.ts";
import type { EditedTexts } from "../../live/text/compile.ts";
import { hashOf } from "../../live/text/compile.ts";
import type { RepairOptions } from "../../snax/types.ts";
import type { Verdict } from "../../texts/verdict.ts";
import type { Operator } from "../operator/operator.ts";
import { optionError, readRepair, REPAIR_WORDS } from "./hotfix-words.ts";
import type { HotfixTarget } from "./hotfix-words.ts";
import type { ScriptFile } from "../operator/script-file.ts";
import type { DiffRow, GroupDiff } from "./source-texts.ts";
import { askTexts, diffGroup, listRows, printChanges, readDisk, showPath } from "./source-texts.ts";

/** The options of `hotfix` that take the patch from the files. */
export interface SourceOptions {
  /** Whether notes are taken. */
  readonly isYes: boolean;
  readonly repair: RepairOptions;
}

/** The texts of a patch by the modules that they are for. */
export function partsOf({ files }: SourcePatch): ReadonlyMap<string, ScriptFile> {
  return new Map(files.map((each) => [each.file, each]));
}

/** What the files would change, and the patch that does it. */
export interface SourcePatch {
  readonly rows: ReadonlyMap<string, DiffRow>;
  /** By absolute path; empty if there is nothing to do. */
  readonly patch: Readonly<Record<string, string>>;
  /** The patches of shared modules, by absolute path, if they were asked for. */
  readonly shared: Readonly<Record<string, string>>;
  /** The same, under the names of the files. */
  readonly files: readonly ScriptFile[];
  /** Whether there are notes. */
  readonly isNoted: boolean;
  /** The files that differ in more than layout: new services are to be born from them. */
  readonly changed: readonly string[];
  /** The texts that the patch leads to. */
  readonly edited: EditedTexts;
}

const OPTIONS: ReadonlySet<string> = new Set(["--from-source", "--yes", ...REPAIR_WORDS]);

/**
 * Reads the words behind the target; undefined if the patch comes from files that they name.
 *
 * @throws {ERR_ARGUMENT} if a word can't be beside `--from-source`.
 */
export function readSourceOptions(words: readonly string[]): SourceOptions | undefined {
  const end = words.indexOf("--");
  const own = words.slice(0, end < 0 ? undefined : end);
  if (!own.includes("--from-source")) return undefined;
  const other = words.find((word) => !OPTIONS.has(word));
  if (other === undefined) {
    return { isYes: words.includes("--yes"), repair: readRepair(words) };
  }
  if (other.startsWith("--") && other !== "--") throw optionError(other);
  const why = "the patch is what the files say, and gets no arguments; a probe is in '...'";
  throw new SnaxError("ERR_ARGUMENT", `${other} does not go with --from-source: ${why}`);
}

/**
 * Compares what runs with the files, and makes the patch.
 *
 * @param takesShared - whether shared modules may be patched along.
 * @throws {ERR_PATCH} if a reload or a restart is needed, or services of the type run different texts.
 * @throws {ERR_SYNTAX} if a file is not valid.
 */
export async function patchFromSource(
  operator: Operator,
  target: HotfixTarget,
  takesShared = false,
): Promise<SourcePatch> {
  const groups = await askTexts(operator, questionOf(target));
  const { root } = operator.runtime.paths;
  const diffs = groups.map((group) => diffGroup(group));
  const rows = listRows(diffs, root);
  for (const row of rows.values()) refuse(rows, row);
  const patches = diffs.map((each) => patchOf(each, root, takesShared));
  const [first] = patches;
  const other = patches.find((each) => JSON.stringify(each) !== JSON.stringify(first));
  if (other !== undefined) {
    const whose = groups.map(({ handles }) => nameServices(handles)).join(" | ");
    const why = `the services run different texts (${whose}): patch them by their addresses`;
    throw new SnaxError("ERR_PATCH", why);
  }
  const { own: patch, shared } = first ?? { own: {}, shared: {} };
  const files = Object.entries({ ...patch, ...shared }).map(([file, text]) => {
    return { file, shown: showPath(root, file), text };
  });
  const isNoted = [...rows.values()].some(({ verdict }) => verdict === "note");
  const changed = diffs.flatMap(({ modules }) =>
    [...modules.values()].flatMap(({ file, verdict }) => (verdict === "same" ? [] : file)),
  );
  const edited = Object.fromEntries(
    Object.keys(patch).map((file) => [file, hashOf(readDisk({ file }) ?? "")]),
  );
  return { rows, patch, shared, files, isNoted, changed: [...new Set(changed)], edited };
}

/** Whose texts are meant. */
export function questionOf(target: HotfixTarget): TextQuestion {
  if (target.kind === "service") return { handle: target.handle };
  if (target.kind === "type") return { type: target.type };
  const why = `${target.path} is a shared module: give its patch as a file`;
  throw new SnaxError("ERR_ARGUMENT", why);
}

/** What no patch can do. */
function isBeyond(verdict: Verdict): boolean {
  return verdict === "reload" || verdict === "refused";
}

function refuse(rows: ReadonlyMap<string, DiffRow>, { verdict }: DiffRow): void {
  if (!isBeyond(verdict)) return;
  const lines = [...rows].flatMap(([path, row]) =>
    printChanges(row.changes.filter((each) => isBeyond(each.verdict))).map(
      (line) => `${path}: ${line}`,
    ),
  );
  throw new SnaxError("ERR_PATCH", `a patch can't do all of it:\n${lines.join("\n")}`);
}

interface Patches {
  readonly own: Record<string, string>;
  readonly shared: Record<string, string>;
}

function patchOf({ group, modules }: GroupDiff, root: string, takesShared: boolean): Patches {
  const patches: Patches = { own: {}, shared: {} };
  for (const { file, isShared } of group.modules) {
    const text = modules.get(file)?.patch;
    if (text === undefined) continue;
    if (isShared && !takesShared) {
      const path = showPath(root, file);
      const why = `${path} is shared by all services: its patch goes in by itself, hotfix ${path} FILE, or with --atomic`;
      throw new SnaxError("ERR_PATCH", why);
    }
    patches[isShared ? "shared" : "own"][file] = text;
  }
  return patches;
}
