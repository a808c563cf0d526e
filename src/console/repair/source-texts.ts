/**
 * What services run against what their files say, for the commands `source`, `diff` and `hotfix --from-source`.
 *
 *     every thread: TEXTS -> groups of services that run the same -> diffProgram(running, disk) -> rows, and a patch
 */

import { statSync } from "node:fs";
import { relative } from "node:path";
import { SnaxError } from "../../base/error.ts";
import { deadError } from "../../kernel/refusal.ts";
import type {
  RunningGroup,
  RunningModule,
  TextQuestion,
} from "../../live/operate/running-texts.ts";
import { gatherRunning, nameServices, resolveAmong } from "../../live/operate/running-texts.ts";
import { readModule } from "../../loader/text/module-text.ts";
import { diffProgram } from "../../texts/diff.ts";
import type { DiffOptions, ModuleEdit } from "../../texts/diff.ts";
import type { Change, ModuleDiff, Verdict } from "../../texts/verdict.ts";
import { worstOf } from "../../texts/verdict.ts";
import type { Operator } from "../operator/operator.ts";

/** What the files would change in services that run the same. */
export interface GroupDiff {
  readonly group: RunningGroup;
  /** By file; modules without a difference included. */
  readonly modules: ReadonlyMap<string, ModuleDiff>;
  readonly verdict: Verdict;
}

/**
 * Asks every thread what services run.
 *
 * @throws {ERR_NO_SERVICE} if a type is asked for that has no services: an empty answer would look like "no difference".
 * @throws {ERR_SERVICE_DEAD} if no service with a text lives at the address.
 */
export async function askTexts(
  operator: Operator,
  question: TextQuestion,
): Promise<RunningGroup[]> {
  const groups = await gatherRunning(operator.context, question);
  if (groups.length === 0) refuseNobody(operator, question);
  return groups;
}

function refuseNobody({ runtime }: Operator, question: TextQuestion): void {
  if (typeof question === "string") return;
  if ("handle" in question) throw deadError(question.handle);
  // A name that is no service's is told first, with the one that was meant.
  runtime.paths.find(question.type);
  const why = `no service ${question.type} runs, so there is no text to look at`;
  const births = "clearcache has the next one start from its files as they are now";
  throw new SnaxError("ERR_NO_SERVICE", `${why}; ${births}`);
}

/** Says what a module is to run; undefined if its file is gone. */
type ReadEdited = (module: RunningModule) => string | undefined;

/**
 * Compares services that run the same with their files.
 *
 * @param read - gives the edited texts. @defaultValue the files as they are now
 * @param options - what else the comparison is told.
 * @throws {ERR_SYNTAX} if a file is not valid.
 */
export function diffGroup(
  group: RunningGroup,
  read: ReadEdited = readDisk,
  options: Omit<DiffOptions, "resolve"> = {},
): GroupDiff {
  const known = group.modules.filter(({ text }) => text !== undefined);
  const edits = known.map((module): ModuleEdit => {
    const { file, text = "", isService } = module;
    return { file, running: text, edited: read(module) ?? text, isService };
  });
  const resolve = resolveAmong(known);
  const modules = new Map(
    diffProgram(edits, { ...options, resolve }).map((each) => [each.file, each]),
  );
  for (const module of group.modules) {
    const { file, text, failure } = module;
    if (text === undefined) modules.set(file, unknown(file, failure ?? ""));
    else if (read(module) === undefined) modules.set(file, unknown(file, "the file is gone"));
  }
  return { group, modules, verdict: worstOf([...modules.values()]) };
}

function unknown(file: string, why: string): ModuleDiff {
  const change: Change = { verdict: "reload", what: "the module", why, line: undefined };
  return { file, verdict: "reload", changes: [change], patch: undefined };
}

/** Reads a file as it is now; undefined if it is gone. */
export function readDisk({ file }: Pick<RunningModule, "file">): string | undefined {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat?.isFile() === true ? readModule(file, undefined) : undefined;
}

/** A module as `diff` shows it. */
export interface DiffRow {
  readonly verdict: Verdict;
  /** How many services run the text. */
  readonly running: number;
  readonly changes: readonly Change[];
}

/**
 * Makes the rows of a diff: the services' own files, and what else differs.
 *
 * @param root - the folder that paths are shown from.
 */
export function listRows(diffs: readonly GroupDiff[], root: string): Map<string, DiffRow> {
  const rows = new Map<string, DiffRow>();
  for (const { group, modules } of diffs) {
    const isOnly = diffs.filter((each) => each.group.type === group.type).length === 1;
    for (const [index, { file }] of group.modules.entries()) {
      const found = modules.get(file);
      if (found === undefined || (index > 0 && found.changes.length === 0)) continue;
      const path = showPath(root, file);
      const whose = isOnly ? path : `${path} of ${nameServices(group.handles)}`;
      // A module that several types import is the same for all of them, or has a row for each.
      const row = { ...found, running: group.handles.length };
      const key = rows.has(whose) ? `${whose} (${group.type})` : whose;
      rows.set(key, { verdict: row.verdict, running: row.running, changes: row.changes });
    }
  }
  return rows;
}

/** A path from the configuration's folder, or what leads to it from anywhere. */
export function showPath(root: string, file: string): string {
  const path = relative(root, file);
  return path.startsWith("..") ? file : path;
}

/** One line for each change. */
export function printChanges(changes: readonly Change[]): string[] {
  return changes.map(({ verdict, what, why, line }) => {
    const place = line === undefined ? "" : `line ${line}  `;
    return `${verdict.padEnd(8)}${place}${what}: ${why}`;
  });
}
