/**
 * Which replacements of a class live instances can follow.
 *
 * A class keeps its identity: what a patch gives is grafted onto it. Methods are given or added, what the patch does not
 * mention stays. A constructor or a field means that later instances are made by the patch's class.
 */

import type { Class } from "acorn";
import type { ClassFacts } from "../loader/names.ts";

/** Says why a class can't be replaced by the one of a patch; undefined if it can. */
export function checkClass(node: Class, patch: ClassFacts, live: ClassFacts): string | undefined {
  if (normal(patch.heritage) !== normal(live.heritage)) {
    const was = live.heritage === undefined ? "extends nothing" : `extends ${live.heritage}`;
    return `it ${was}, and a patch can't change that; repeat it`;
  }
  if (patch.hasStaticBlock) return "a static block would run again; put it into hotfix()";
  if (patch.hasPrivate || usesPrivate(node.body)) {
    return "live instances lack the #private members of another class body; a patched method can't touch them";
  }
  if (isConstructing(node, patch) && live.hasPrivate) {
    return "it has #private members, which instances made by a new constructor or with new fields would lack";
  }
  return undefined;
}

/** Says whether later instances are made by the patch's class: it has a constructor, or fields. */
export function isConstructing(node: Class, patch: ClassFacts): boolean {
  const isField = (member: { type: string; static?: boolean }): boolean =>
    member.type === "PropertyDefinition" && member.static !== true;
  return patch.hasConstructor || node.body.body.some(isField);
}

function normal(heritage: string | undefined): string | undefined {
  return heritage?.replace(/\s+/g, " ");
}

/** Looks for `this.#x` anywhere below a node; inner classes with privates of their own are refused with the rest. */
function usesPrivate(node: unknown): boolean {
  if (typeof node !== "object" || node === null) return false;
  if ((node as { type?: unknown }).type === "PrivateIdentifier") return true;
  return Object.values(node).some((child) => usesPrivate(child));
}
