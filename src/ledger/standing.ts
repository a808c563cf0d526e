/**
 * Which patches of an earlier start the files give, as they are now.
 *
 *     contained   the file, or a later patch, gives all of it: it can be retired
 *     apply       the file lacks it, and has not changed what it changes
 *     conflict    the file and the patch both change the same declaration, or that can't be told
 *
 * Pure: texts in, verdicts out.
 */

import { messageOf } from "../service/error-text.ts";
import { contains, diff } from "../texts/diff.ts";
import { merge } from "../texts/merge.ts";
import type { PatchedModule } from "./entry.ts";

/** A patch to be judged. */
export interface StandingPatch {
  readonly id: number;
  readonly modules: readonly PatchedModule[];
}

/** The state of a patch. */
export type Standing =
  | { readonly state: "contained" }
  | { readonly state: "apply" }
  | { readonly state: "conflict"; readonly why: string };

/** Where the texts come from. */
export interface StandingTexts {
  /** The text of a file as it is now; undefined if it is gone. */
  now(file: string): string | undefined;
  /** The text with that SHA-256; undefined if it was not kept. */
  base(hash: string): string | undefined;
  /** The SHA-256 of a text. */
  hash(text: string): string;
}

/** Judges patches in the order of their numbers. */
export function judge(
  patches: readonly StandingPatch[],
  texts: StandingTexts,
): Map<number, Standing> {
  const verdicts = new Map<number, Standing>();
  /** By file, the patches after the one that is judged, the oldest first. */
  const later = new Map<string, string[]>();
  const first = firstByFile(patches);
  for (const patch of patches.toReversed()) {
    const standings = patch.modules.map((module) =>
      judgeModule(module, texts, later, first.get(module.file) === patch),
    );
    const standing = worst(standings);
    verdicts.set(patch.id, standing);
    if (standing.state === "conflict") continue;
    for (const { file, patch: text } of patch.modules) {
      later.set(file, [text, ...(later.get(file) ?? [])]);
    }
  }
  return verdicts;
}

/** The oldest patch of each file. */
function firstByFile(patches: readonly StandingPatch[]): Map<string, StandingPatch> {
  const first = new Map<string, StandingPatch>();
  for (const patch of patches.toReversed()) {
    for (const { file } of patch.modules) first.set(file, patch);
  }
  return first;
}

/** A patch is one whole: contained if it is in every module, in conflict if it is in one. */
function worst(standings: readonly Standing[]): Standing {
  return (
    standings.find(({ state }) => state === "conflict") ??
    standings.find(({ state }) => state === "apply") ?? { state: "contained" }
  );
}

function judgeModule(
  { file, base: hash, patch, isService }: PatchedModule,
  texts: StandingTexts,
  later: ReadonlyMap<string, readonly string[]>,
  isFirst: boolean,
): Standing {
  const disk = texts.now(file);
  if (disk === undefined) return { state: "conflict", why: `${file} is gone` };
  const options = { isService };
  try {
    // The file is what was patched. What later patches give all of has been retired with them. A
    // rollback gives what the file has, letter by letter; nothing needs it if nothing is below it.
    if (texts.hash(disk) === hash) {
      const isSame = isFirst && merge(disk, patch, file, options).text === disk;
      return { state: isSame ? "contained" : "apply" };
    }
    const after = later.get(file) ?? [];
    if (contains(disk, [patch, ...after], file, options)) return { state: "contained" };
    const base = texts.base(hash);
    if (base === undefined) {
      return { state: "conflict", why: `${file} has changed, and the text before is not kept` };
    }
    const moved = namesOf(base, disk, file);
    const both = namesOf(base, merge(base, patch, file, options).text, file).filter((name) =>
      moved.includes(name),
    );
    if (both.length === 0) return { state: "apply" };
    return { state: "conflict", why: `${file} and the patch both change ${both.join(", ")}` };
  } catch (error) {
    return { state: "conflict", why: `${file} can't be compared: ${messageOf(error)}` };
  }
}

/** The declarations and members that differ. */
function namesOf(before: string, after: string, file: string): string[] {
  return diff(before, after, file).changes.map(({ what }) => what);
}
