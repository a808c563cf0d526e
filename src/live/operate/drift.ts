/**
 * `snax.drift`: which services run what, against the files on disk.
 *
 *     every thread: TEXTS -> groups of services with the same history -> diff(running, disk)
 *
 * Two texts that do the same are no drift, however they are laid out. What can't be read or compared
 * counts as drift: what it hides is not known.
 */

import { readModule } from "../../loader/text/module-text.ts";
import type { Context } from "../../service/context.ts";
import { messageOf } from "../../service/error-text.ts";
import type { DriftGroup, DriftModule, DriftReport, DriftShared } from "../../snax/types.ts";
import type { ModuleEdit } from "../../texts/diff.ts";
import { diffProgram } from "../../texts/diff.ts";
import { hashOf } from "../text/compile.ts";
import type { Ledger } from "../rollout/ledger.ts";
import type { RunningGroup, RunningModule, TextQuestion } from "./running-texts.ts";
import { gatherAnswers, resolveAmong } from "./running-texts.ts";

/** Compares what all services run with the files; see `SnaxApi.drift`. */
export async function gatherDrift(
  ledger: Ledger,
  context: Context,
  question: TextQuestion = "plain too",
): Promise<DriftReport> {
  const { groups: running, silent } = await gatherAnswers(context, question);
  const numbers = numberPatches(ledger);
  const disk = new Disk();
  const groups: DriftGroup[] = [];
  const shared = new Map<string, DriftShared>();
  for (const group of running) {
    const { type, handles } = group;
    const compared = compare(group, disk, numbers);
    const own = compared.filter(({ isShared }) => !isShared).map(({ module }) => module);
    groups.push({ type, handles, modules: own });
    const threads = threadsOf(context, handles);
    for (const { module, isShared } of compared) {
      if (isShared) shareOut(shared, { ...module, handles, threads });
    }
  }
  const modules = [...groups.flatMap((group) => group.modules), ...shared.values()];
  const drifts = silent.length > 0 || modules.some(({ differs }) => differs.length > 0);
  return {
    drifts,
    groups,
    shared: [...shared.values()],
    silent: silent.map(({ thread, error }) => ({ thread, reason: messageOf(error) })),
  };
}

/** Services of several types that run the same text of a shared module are one entry. */
function shareOut(shared: Map<string, DriftShared>, module: DriftShared): void {
  const { file, base, patches, differs } = module;
  const key = JSON.stringify([file, base, patches, differs]);
  const known = shared.get(key) ?? { ...module, handles: [], threads: [] };
  const threads = [...new Set([...known.threads, ...module.threads])].toSorted((a, b) => a - b);
  shared.set(key, { ...known, threads, handles: [...known.handles, ...module.handles] });
}

function threadsOf({ runtime }: Context, handles: readonly number[]): number[] {
  const { threads } = runtime;
  const found = handles.map((handle) => threads?.threadOf(handle) ?? 0);
  return [...new Set(found)];
}

/** The numbers of patches by the hashes of their texts; of two with the same text the last one. */
function numberPatches(ledger: Ledger): ReadonlyMap<string, number> {
  return new Map(
    ledger.list().flatMap(({ id, texts }) => Object.values(texts).map((hash) => [hash, id])),
  );
}

type Edit = Required<ModuleEdit>;

interface Compared {
  readonly module: DriftModule;
  readonly isShared: boolean;
}

function compare(
  group: RunningGroup,
  disk: Disk,
  numbers: ReadonlyMap<string, number>,
): Compared[] {
  const differences = differencesOf(group, disk);
  return group.modules.map((each) => {
    const { file, base, isShared } = each;
    const patches = each.patches.map((hash) => ({ hash, id: numbers.get(hash) }));
    const differs = differences.get(file) ?? [];
    return {
      module: { file, base, patches, disk: disk.hash(file), differs },
      isShared,
    };
  });
}

/** What differs, by file. A file that is not valid must not hide the others. */
function differencesOf(group: RunningGroup, disk: Disk): Map<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  const edits: Edit[] = [];
  for (const module of group.modules) {
    const { file, text, failure } = module;
    const { error } = disk.read(file);
    if (text === undefined) found.set(file, [`the text can't be told: ${failure ?? ""}`]);
    else if (error !== undefined) found.set(file, [error]);
    const edit = editOf(module, disk);
    const invalid = text === edit.edited ? undefined : refusal(() => diffProgram([edit]));
    if (invalid !== undefined) found.set(file, [invalid]);
    edits.push(invalid === undefined ? edit : { ...edit, edited: edit.running });
  }
  const resolve = resolveAmong(group.modules);
  for (const { file, verdict, changes } of diffProgram(edits, { resolve })) {
    if (verdict === "same" || found.has(file)) continue;
    found.set(file, [...new Set(changes.map(({ what }) => what))]);
  }
  return found;
}

function editOf({ file, text = "", isService }: RunningModule, disk: Disk): Edit {
  return { file, running: text, edited: disk.read(file).text ?? text, isService };
}

function refusal(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** The files as they are now; each is read once. */
class Disk {
  readonly #files = new Map<string, { readonly text?: string; readonly error?: string }>();

  read(file: string): { readonly text?: string; readonly error?: string } {
    let known = this.#files.get(file);
    if (known === undefined) {
      try {
        known = { text: readModule(file, undefined) };
      } catch (error) {
        known = { error: messageOf(error) };
      }
      this.#files.set(file, known);
    }
    return known;
  }

  hash(file: string): string | undefined {
    const { text } = this.read(file);
    return text === undefined ? undefined : hashOf(text);
  }
}
