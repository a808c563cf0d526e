/**
 * What saved files mean for what runs: which services a patch gives them to, and which need a reload.
 *
 *     every thread: what runs -> compared with the saved files -> per type: the same, a patch, a reload, refused
 *
 * Types stand for themselves: a file that is not valid holds up those that load it, and no others.
 */

import { SnaxError, codeOf } from "../../base/error.ts";
import type { GroupDiff } from "../../console/repair/source-texts.ts";
import { diffGroup, readDisk } from "../../console/repair/source-texts.ts";
import type { ConcernedModules } from "./concerned.ts";
import type { RunningGroup, RunningModule } from "../../live/operate/running-texts.ts";
import { messageOf } from "../../service/error-text.ts";
import type { ReadText } from "../../texts/module-text.ts";
import type { Change } from "../../texts/verdict.ts";

/** A change, and the file that it is in. */
export interface FileChange extends Change {
  readonly file: string;
  /** The types whose services run the file. */
  readonly types?: readonly string[];
}

/** What is to be done. */
export interface Plan {
  /** The patches of each type, by file. */
  readonly patches: ReadonlyMap<string, Readonly<Record<string, string>>>;
  /** The patches of shared modules, by file. */
  readonly shared: ReadonlyMap<string, string>;
  /** The types that only a reload brings to what the files say. */
  readonly reloads: ReadonlySet<string>;
  /** The types of which nothing that runs changes. */
  readonly same: ReadonlySet<string>;
  /** What not even a reload can do. */
  readonly refused: readonly FileChange[];
  /** What changes, each once. */
  readonly changes: readonly FileChange[];
  /** Files that are not valid, with what is wrong. */
  readonly broken: ReadonlyMap<string, string>;
  /** The texts of the files that a service runs, by file. */
  readonly texts: ReadonlyMap<string, string>;
  /** Files that are gone, and that a service runs. */
  readonly gone: readonly string[];
}

/** Compares what runs with saved files. */
export function planSave(
  groups: readonly RunningGroup[],
  saved: ReadonlySet<string>,
  concerned: ConcernedModules,
): Plan {
  const { texts, gone, broken } = readSaved(groups, saved, concerned.read);
  const patches = new Map<string, Readonly<Record<string, string>>>();
  const shared = new Map<string, string>();
  const [reloads, same] = [new Set<string>(), new Set<string>()];
  const changes = new Map<string, FileChange>();
  const refused = new Map<string, FileChange>();
  for (const [type, all] of byType(groups)) {
    const touched = all.filter(({ modules }) => modules.some(({ file }) => texts.has(file)));
    if (touched.length === 0) continue;
    if (all.some(({ modules }) => modules.some(({ file }) => broken.has(file)))) continue;
    const diffs: GroupDiff[] = [];
    try {
      const read = ({ file, text }: RunningModule): string | undefined => texts.get(file) ?? text;
      for (const each of touched) {
        const { group, others } = concerned.of(each, texts);
        diffs.push(diffGroup(group, read, { others, read: concerned.read }));
      }
    } catch (error) {
      if (codeOf(error) !== "ERR_SYNTAX") throw error;
      broken.set(fileOf(error, texts), messageOf(error));
      continue;
    }
    const found = diffs.flatMap((each) => readDiff(each, texts));
    for (const { change } of found) {
      const key = JSON.stringify([change.file, change.what, change.why, change.line]);
      const known = changes.get(key);
      changes.set(key, { ...change, types: [...(known?.types ?? []), type] });
      if (isBeyond(change, found)) refused.set(key, change);
    }
    const own = diffs.map((each) => patchOf(each, false));
    for (const each of diffs) {
      for (const [file, text] of Object.entries(patchOf(each, true))) shared.set(file, text);
    }
    const isBlocked = found.some(({ change }) => change.verdict === "refused");
    const needsReload = found.some(
      ({ change, isShared }) => change.verdict === "reload" && !isShared,
    );
    const areAlike = own.every((each) => JSON.stringify(each) === JSON.stringify(own[0]));
    if (isBlocked) continue;
    if (needsReload || !areAlike) reloads.add(type);
    else if (Object.keys(own[0] ?? {}).length > 0) patches.set(type, own[0] ?? {});
    else same.add(type);
  }
  for (const { file } of refused.values()) shared.delete(file);
  return {
    ...{ patches, shared, reloads, same, broken, texts, gone },
    ...{ refused: [...refused.values()], changes: [...changes.values()] },
  };
}

function byType(groups: readonly RunningGroup[]): Map<string, RunningGroup[]> {
  const found = new Map<string, RunningGroup[]>();
  for (const group of groups) found.set(group.type, [...(found.get(group.type) ?? []), group]);
  return found;
}

interface Saved {
  readonly texts: Map<string, string>;
  readonly gone: string[];
  readonly broken: Map<string, string>;
}

/** Reads the saved files that a service runs and that differ from what runs. */
function readSaved(
  groups: readonly RunningGroup[],
  saved: ReadonlySet<string>,
  read: ReadText,
): Saved {
  const texts = new Map<string, string>();
  const gone = new Set<string>();
  const broken = new Map<string, string>();
  const disk = new Map<string, string | undefined>();
  for (const { modules } of groups) {
    for (const module of modules) {
      const { file } = module;
      if (!saved.has(file) || broken.has(file)) continue;
      try {
        if (!disk.has(file)) disk.set(file, readDisk(module));
        const text = disk.get(file);
        if (text === undefined) gone.add(file);
        // An editor that writes a file anew begins with nothing.
        else if (text.trim() === "" && module.text?.trim() !== "")
          broken.set(file, `${file}: it is empty`);
        else if (text !== module.text && !texts.has(file)) {
          requireValid(module, text, read);
          texts.set(file, text);
        }
      } catch (error) {
        broken.set(file, messageOf(error));
      }
    }
  }
  return { texts, gone: [...gone], broken };
}

/** What can't be read as it runs needs the project's compiler, and a reload finds what is wrong with it. */
function requireValid(
  { file, text = "", isService }: RunningModule,
  edited: string,
  read: ReadText,
): void {
  if (file.endsWith(".json")) return;
  try {
    read(edited, file, { isService });
  } catch (error) {
    try {
      read(text, file, { isService });
    } catch {
      return;
    }
    throw error;
  }
}

function fileOf(error: unknown, texts: ReadonlyMap<string, string>): string {
  const message = messageOf(error);
  const file = [...texts.keys()].find((each) => message.includes(each));
  if (file === undefined) throw new SnaxError("ERR_SYNTAX", message, { cause: error });
  return file;
}

interface Found {
  readonly change: FileChange;
  readonly isShared: boolean;
}

function readDiff({ group, modules }: GroupDiff, texts: ReadonlyMap<string, string>): Found[] {
  return group.modules.flatMap(({ file, isShared }) =>
    (modules.get(file)?.changes ?? []).flatMap((change) =>
      // What has not been saved now was told when it was.
      change.verdict === "same" && !texts.has(file)
        ? []
        : [{ change: { ...change, file }, isShared }],
    ),
  );
}

/** A shared module belongs to all services of a thread: it can't be reloaded. */
function isBeyond(change: FileChange, found: readonly Found[]): boolean {
  if (change.verdict === "refused") return true;
  if (change.verdict !== "reload") return false;
  return found.some((each) => each.change === change && each.isShared);
}

/** A constant that is computed from a saved one is given again, in any file. */
function patchOf({ group, modules }: GroupDiff, isShared: boolean): Record<string, string> {
  const patches: Record<string, string> = {};
  for (const { file, isShared: isIt } of group.modules) {
    const patch = modules.get(file)?.patch;
    if (patch !== undefined && isIt === isShared) patches[file] = patch;
  }
  return patches;
}
