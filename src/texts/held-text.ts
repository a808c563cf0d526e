/** Whether code that has taken a method as a value follows when its text is replaced. */

import type { AnyNode } from "acorn";
import type { EditScene } from "./edit-scene.ts";

/**
 * Says why code that has taken a method as a value would not follow; undefined if all code follows, or
 * nothing takes methods of that name.
 */
export function heldText(
  { uses }: EditScene,
  name: string,
  was: AnyNode,
  now: AnyNode,
): string | undefined {
  if (!uses.taken.has(name)) return undefined;
  const [before, after] = [was, now] as { params?: AnyNode[]; generator?: boolean }[];
  const isPattern = (each: AnyNode): boolean =>
    each.type === "ObjectPattern" ||
    each.type === "ArrayPattern" ||
    (each.type === "AssignmentPattern" && isPattern(each.left)) ||
    (each.type === "RestElement" && isPattern(each.argument));
  const hasPattern = [...(before?.params ?? []), ...(after?.params ?? [])].some(isPattern);
  const isOther = Boolean(before?.generator) !== Boolean(after?.generator);
  return hasPattern || isOther ? "code that has taken it as a value keeps the old one" : undefined;
}
