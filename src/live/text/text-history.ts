/**
 * What each module of this thread really runs: the text of its image, and the patches that it has got.
 *
 * A module that nobody has patched has no entry; those with the same patches share one text.
 */

import type { ModuleInstance } from "../../loader/run/module-instance.ts";
import type { Image } from "../../loader/weave/image.ts";
import { EffectiveText } from "../../texts/effective-text.ts";
import type { PatchCode } from "./patch-code.ts";

const roots = new WeakMap<Image, Map<boolean, EffectiveText>>();
const patched = new WeakMap<ModuleInstance, EffectiveText>();

/** Notes that a module has got a patch, and keeps it. */
export function noteText(module: ModuleInstance, { text, hasMethods }: PatchCode): void {
  patched.set(module, textOf(module, hasMethods).with(text));
}

/** Says that a module runs this text, and forgets how it came to that. */
export function setText(module: ModuleInstance, text: EffectiveText): void {
  patched.set(module, text);
}

/**
 * Returns the text that a module runs.
 *
 * @param isService - whether it is the own file of a snax service.
 */
export function textOf(module: ModuleInstance, isService: boolean): EffectiveText {
  return patched.get(module) ?? rootOf(module.image, isService);
}

/** Returns the text that a module runs, if it is another one than its image was made of. */
export function changedTextOf(module: ModuleInstance): EffectiveText | undefined {
  return patched.get(module);
}

/** Says that an image is of a text that patches made. */
export function setRoot(image: Image, text: EffectiveText): void {
  roots.set(image, new Map([[text.home.isService, text]]));
}

/** Returns the text that an image is of. */
export function rootOf(image: Image, isService: boolean): EffectiveText {
  let texts = roots.get(image);
  if (texts === undefined) roots.set(image, (texts = new Map()));
  let text = texts.get(isService);
  if (text === undefined) {
    text = EffectiveText.of(image.text, { file: image.file, isService });
    texts.set(isService, text);
  }
  return text;
}
