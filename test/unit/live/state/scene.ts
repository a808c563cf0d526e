/** A live instance with a state, another of the same or of an edited text, and the state carried over. */

import type { TestContext } from "node:test";
import type { Instance } from "../../../../src/loader/run/instance.ts";
import { readModuleText } from "../../../../src/texts/module-text.ts";
import { restoreState } from "../../../../src/live/state/restore.ts";
import type { Restored } from "../../../../src/live/state/restore.ts";
import type { State } from "../../../../src/live/state/state.ts";
import { takeState } from "../../../../src/live/state/take.ts";
import type { Files } from "../../loader/harness.ts";
import { call, Modules } from "../../loader/harness.ts";

export { call };

export interface Carried {
  readonly old: Instance;
  readonly next: Instance;
  readonly state: State;
  readonly restored: Restored;
}

/** Runs `work` of the old text, then carries its state to an instance of the new one. */
export async function carry(
  t: TestContext,
  files: Files,
  edited: Files = files,
  foreign: "reference" | "missing" = "reference",
): Promise<Carried> {
  const old = await new Modules(t, files).run();
  if (typeof old.entry.get("work") === "function") call(old, "work");
  const next = await new Modules(t, edited).run();
  const texts = Object.entries(edited).map(([name, text]) => readModuleText(text, name));
  // As a reload does it, and as a dry run does.
  const isGivenAway = foreign === "reference";
  const state = renamed(takeState(old, { isService: false, foreign, isGivenAway }), old, next);
  const isEdited = (file: string, name: string): boolean => {
    const base = file.slice(file.lastIndexOf("/") + 1);
    const before = readModuleText(files[base] ?? "", base).byName.get(name);
    const after = texts.find((text) => text.file === base)?.byName.get(name);
    const cut = (text: string | undefined, piece = before): string | undefined =>
      piece && text?.slice(piece.start, piece.end);
    return cut(files[base]) !== cut(edited[base], after);
  };
  const restored = restoreState(state, next, { isService: false, isEdited });
  return { old, next, state, restored };
}

/** The two instances stand in two folders here; in a service they are of one. */
function renamed(state: State, old: Instance, next: Instance): State {
  const folder = (instance: Instance): string =>
    instance.entry.image.file.slice(0, instance.entry.image.file.lastIndexOf("/"));
  const [from, to] = [folder(old), folder(next)];
  const move = (file: string): string => file.replace(from, to);
  const odd = new Map(
    [...state.odd].map(([mirror, each]) => {
      const named = each.named && { ...each.named, file: move(each.named.file) };
      const ofClass = each.ofClass && { ...each.ofClass, file: move(each.ofClass.file) };
      return [mirror, { ...each, ...(named && { named }), ...(ofClass && { ofClass }) }];
    }),
  );
  const roots = state.roots.map((root) => ({ ...root, file: move(root.file) }));
  return { ...state, odd, roots };
}
