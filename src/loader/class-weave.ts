/**
 * Classes whose constructor can be replaced while the class keeps its identity.
 *
 * The constructor first asks a variable whether a patch has put another class in its place, and lets that one
 * construct. A class without `extends` would have run its field initialisers by then; so it extends a root without effect,
 * and its fields wait for `super()`. Measured: a construction costs the same with and without it.
 */

import type { Class } from "acorn";
import type { Edits } from "./edits.ts";
import { findConstructor } from "./names.ts";

/** Returns the name of the variable that holds the class which constructs in the place of a class, if there is one. */
export function replacementOf(className: string): string {
  return `$snaxC_${className}`;
}

/** Prepares a class of the module's top level. */
export function weaveClass(edits: Edits, node: Class, name: string): void {
  const replacement = replacementOf(name);
  const divert = `if(${replacement})return $snax.construct(${replacement},arguments,new.target);`;
  const isBase = !node.superClass;
  if (isBase) {
    const headEnd = node.id?.end ?? node.start + "class".length;
    edits.insertBehind(headEnd, " extends $snax.Root");
  }
  const own = findConstructor(node);
  if (own?.body.type === "BlockStatement") {
    edits.insertBehind(own.body.start + 1, `${divert}${isBase ? "super();" : ""}`);
  } else {
    const rest = isBase ? "super();" : "super(...arguments);";
    edits.insertBefore(node.body.end - 1, `;constructor(){${divert}${rest}}`);
  }
}
