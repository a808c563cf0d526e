/**
 * The keys of members in classes and objects, as far as the text tells them.
 */

import type { AnyNode } from "acorn";

/** Returns the key of a member; undefined if it is computed or private. */
export function keyOf({
  computed,
  key,
}: {
  readonly computed: boolean;
  readonly key: AnyNode;
}): string | undefined {
  if (computed) return undefined;
  if (key.type === "Identifier") return key.name;
  return key.type === "Literal" ? String(key.value) : undefined;
}
