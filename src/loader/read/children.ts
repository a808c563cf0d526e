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

const data = new WeakMap<AnyNode, boolean>();

/** Whether a part writes out an object or a list of texts and numbers, at any depth, in which nothing runs and no name is read. */
export function isPlainData(node: AnyNode): boolean {
  if (node.type === "Literal") return true;
  if (node.type === "UnaryExpression") return node.argument.type === "Literal";
  if (node.type !== "ObjectExpression" && node.type !== "ArrayExpression") return false;
  const known = data.get(node);
  if (known !== undefined) return known;
  const isData =
    node.type === "ArrayExpression"
      ? node.elements.every((each) => each === null || isPlainData(each))
      : node.properties.every(
          (each) => each.type === "Property" && !each.computed && isPlainData(each.value),
        );
  data.set(node, isData);
  return isData;
}
