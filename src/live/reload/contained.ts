/**
 * Whether a file has what patches have given: a reload takes the file, and must take no patch back without saying so.
 */

import { contains } from "../../texts/diff.ts";
import { SnaxError } from "../../base/error.ts";
import type { Instance } from "../../loader/run/instance.ts";
import type { Program } from "../../loader/run/program.ts";
import type { EffectiveText } from "../../texts/effective-text.ts";
import { hashOf } from "../text/compile.ts";
import { textOf } from "../text/patched-module.ts";

/** Lists what each module of an instance runs. */
export function listTexts(instance: Instance, isService: boolean): EffectiveText[] {
  return [...instance.program.nodes.values()].flatMap((node) => {
    const module = instance.find(node);
    return module === undefined
      ? []
      : [textOf(module, isService && node === instance.program.entry)];
  });
}

/**
 * Refuses if the instance runs patches that the new texts do not contain.
 *
 * @returns what each module runs: as long as that is so, nothing need be asked again.
 * @throws {ERR_RELOAD} that names them.
 */
export function requireContained(
  instance: Instance,
  program: Program,
  isService: boolean,
): EffectiveText[] {
  const missing: string[] = [];
  for (const node of instance.program.nodes.values()) {
    const module = instance.find(node);
    if (module === undefined) continue;
    const { file } = node.image;
    const isOwn = isService && node === instance.program.entry;
    const { patches } = textOf(module, isOwn);
    if (patches.length === 0) continue;
    const text = program.nodes.get(file)?.image.text;
    for (const [index, patch] of patches.entries()) {
      const later = patches.slice(index + 1);
      if (text === undefined || !isIn(text, [patch, ...later], { file, isService: isOwn })) {
        missing.push(`patch ${hashOf(patch)} of ${file}`);
      }
    }
  }
  if (missing.length === 0) return listTexts(instance, isService);
  throw new SnaxError(
    "ERR_RELOAD",
    `the files do not have what ${missing.join(", ")} gave, and a reload would take it back: ` +
      "write it into the file, or roll the patch back first",
  );
}

/** What can't be compared is not in the text. */
function isIn(
  text: string,
  patches: readonly [string, ...string[]],
  { file, isService }: { readonly file: string; readonly isService: boolean },
): boolean {
  try {
    return contains(text, patches, file, { isService });
  } catch {
    return false;
  }
}
