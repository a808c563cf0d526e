/**
 * Whether two texts do the same, as far as their trees tell.
 *
 * Layout, comments, types, parentheses and the kind of quotes make no difference to a tree; so what is
 * compared is what runs. Trees are better than tokens: `return x` over one line and over two have the
 * same tokens.
 */

/** What says where a node is and how it was written, not what it does. */
const PLACES: ReadonlySet<string> = new Set(["start", "end", "raw", "shorthand"]);

/** Tells whether two nodes, or two lists of nodes, mean the same. */
export function isSameTree(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a)) {
    if (!Array.isArray(b) || a.length !== b.length) return false;
    return a.every((item, index) => isSameTree(item, b[index]));
  }
  // The value of a regular expression; its pattern and flags are compared beside it.
  if (a instanceof RegExp && b instanceof RegExp) return a.source === b.source;
  const [left, right] = [a, b] as [Record<string, unknown>, Record<string, unknown>];
  // A quasi of a template is compared with its raw text, which a tag can see.
  if (left["type"] === "TemplateElement" && rawOf(left) !== rawOf(right)) return false;
  const keys = keysOf(left);
  if (keys.length !== keysOf(right).length) return false;
  return keys.every((key) => Object.hasOwn(right, key) && isSameTree(left[key], right[key]));
}

function keysOf(node: Record<string, unknown>): string[] {
  return Object.keys(node).filter((key) => !PLACES.has(key));
}

function rawOf(node: Record<string, unknown>): string | undefined {
  return (node["value"] as { raw?: string } | undefined)?.raw;
}
