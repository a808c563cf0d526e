/**
 * Which parts of a patch `hotfix()` may run: itself, and the functions of the patch that it reaches by name.
 *
 * What they assign has to be undone if `hotfix()` fails; what the patch's handlers assign later is the service's own
 * business. Reaching a name counts, called or not.
 */

import type { Reference } from "../loader/analysis.ts";
import type { PlannedItem } from "./patch-item.ts";

/** An extent of a text. */
export type Range = readonly [start: number, end: number];

/** Returns the extents that `hotfix()` reaches; none if the patch has no `hotfix()`. */
export function reachableRanges(
  items: readonly PlannedItem[],
  references: readonly Reference[],
): Range[] {
  const functions = new Map<string, Range>();
  let next: Range[] = [];
  for (const item of items) {
    if (item.kind === "function" || item.kind === "class" || item.kind === "table")
      functions.set(item.name, rangeOf(item.value));
    else if (item.kind === "step" && item.name === "hotfix") next.push(rangeOf(item.value));
  }
  const reached: Range[] = [];
  while (next.length > 0) {
    reached.push(...next);
    const found: Range[] = [];
    for (const [start, end] of next) {
      for (const { name, start: at } of references) {
        const range = at >= start && at < end ? functions.get(name) : undefined;
        if (range === undefined) continue;
        functions.delete(name);
        found.push(range);
      }
    }
    next = found;
  }
  return reached;
}

function rangeOf(node: { readonly start: number; readonly end: number }): Range {
  return [node.start, node.end];
}
