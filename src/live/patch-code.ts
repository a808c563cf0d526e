/**
 * A compiled patch of one module: what it changes, and the text that does it.
 *
 *     text -> parsePatch -> planPatch (what may it do?) -> weavePatch (how?) -> PatchCode
 *
 * It belongs to a {@link NameScope}: for modules with other names the same text is compiled again.
 */

import { createHash } from "node:crypto";
import { PATCH_CACHE_MAX } from "../base/limits.ts";
import type { Image } from "../loader/image.ts";
import { createPlacedError } from "../loader/position.ts";
import { forgetStacks, mapStacks } from "../loader/stack.ts";
import type { PatchCode } from "./name-scope.ts";
import { listGifts } from "./patch-gifts.ts";
import { outlinePatch } from "./patch-outline.ts";
import type { PatchPlan } from "./patch-plan.ts";
import { planPatch } from "./patch-plan.ts";
import type { PatchTarget } from "./patch-target.ts";
import { parsePatch } from "./patch-text.ts";
import type { WovenPatch } from "./patch-weave.ts";
import { weavePatch } from "./patch-weave.ts";

/** The ending tells the stripper the language. */
const FILE_ENDING = ".ts";

/** Compiles a patch text for modules of one scope, at most once. */
export function compilePatch(text: string, target: PatchTarget): PatchCode {
  return target.scope.code(`${target.hasMethods ? "+" : "-"}${text}`, () => compile(text, target));
}

function compile(text: string, target: PatchTarget): PatchCode {
  const file = `snax-patch:${hashOf(text)}/${nameOf(target.image)}`;
  const { plan, woven } = planAndWeave(text, target, file);
  const { replaced, tables, classes, fresh, values, tracked, methods } = plan;
  const code: PatchCode = {
    code: `${woven.code}\n//# sourceURL=${file}`,
    url: file,
    outline: outlinePatch(plan, target),
    replaced,
    tables,
    classes,
    fresh,
    added: plan.added,
    values,
    requests: plan.requests,
    imports: plan.imports,
    tracked,
    methods,
    held: plan.held,
    taken: plan.analysis.taken,
    ...listGifts(plan.items, plan, fresh.size > 0),
    scopeAfter: target.scope.extend(text, fresh),
  };
  mapStacks(file, { shifts: woven.shifts, map: undefined });
  gone.register(code, file);
  return code;
}

function planAndWeave(
  text: string,
  target: PatchTarget,
  file: string,
): { plan: PatchPlan; woven: WovenPatch } {
  try {
    const plan = planPatch(parsePatch(text, file), target);
    return { plan, woven: weavePatch(plan, target) };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const place = { file, line: 1, column: 1 };
    throw createPlacedError("ERR_PATCH", place, "the patch is nested too deeply", error);
  }
}

/** Positions are counted back as long as somebody may still apply the patch or undo it. */
const gone = new FinalizationRegistry<string>((file) => forgetStacks(file));

/** Hashes of the last texts: a patch that goes to many services one by one is hashed once. */
const hashes = new Map<string, string>();

/** Returns the hash by which logs and the ledger know a text. */
export function hashOf(text: string): string {
  let hash = hashes.get(text);
  if (hash !== undefined) return hash;
  hash = createHash("sha256").update(text).digest("hex").slice(0, 12);
  if (hashes.size >= PATCH_CACHE_MAX) hashes.clear();
  hashes.set(text, hash);
  return hash;
}

function nameOf(image: Image): string {
  const base = image.file.slice(image.file.lastIndexOf("/") + 1);
  return base.endsWith(FILE_ENDING) ? base : `${base}${FILE_ENDING}`;
}
