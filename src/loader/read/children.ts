/** Walking over a tree without knowing its kinds of nodes. */

import type { AnyNode } from "acorn";

/** Calls `visit` for each child of a node. */
export function visitChildren(node: AnyNode, visit: (child: AnyNode) => void): void {
  for (const child of Object.values(node) as unknown[]) {
    if (Array.isArray(child)) {
      for (const item of child as unknown[]) if (isNode(item)) visit(item);
    } else if (isNode(child)) visit(child);
  }
}

function isNode(value: unknown): value is AnyNode {
  return typeof value === "object" && value !== null && "type" in value;
}

/** Tells whether a node is a function of any kind. */
export function isAnyFunction({ type }: AnyNode): boolean {
  return (
    type === "ArrowFunctionExpression" ||
    type === "FunctionExpression" ||
    type === "FunctionDeclaration"
  );
}
