/**
 * Lists, Sets and Maps that a text writes out with functions in them: `[{ id: 1, reward() { ... } }]`, `new Map([["hit", (n) => n]])`.
 *
 * A patch gives one whole, as it gives a list of data. So that nothing is lost that the program has put there, the text's
 * own one is read as well: it tells what the running one has to look like.
 */

import type { AnyNode } from "acorn";
import { keyOf } from "../../loader/read/analysis.ts";
import { isFunction, isLiteral } from "../../loader/read/names.ts";
import type { IsDeclared } from "../../loader/read/written.ts";
import { dataOf, isData, isFrozen, thaw } from "../../loader/read/written.ts";

/** What a text writes at one place. */
export type Shape =
  | {
      readonly kind: "function";
      /** Its text; undefined for a name. */
      readonly source?: string;
    }
  | { readonly kind: "data"; readonly value: unknown }
  | { readonly kind: "object"; readonly members: ReadonlyMap<string, Shape> }
  | ListShape;

/** A list, a Set or a Map. */
export type ListShape =
  | { readonly kind: "list" | "set"; readonly items: readonly Shape[] }
  | { readonly kind: "map"; readonly entries: ReadonlyMap<unknown, Shape> };

/** A list of a patch. */
export interface ListGift {
  readonly shape: ListShape;
  /** What the module's text has there; undefined if it writes no such list. */
  readonly base: ListShape | undefined;
}

/** The texts that expressions are in. */
export interface ListTexts {
  readonly patch: string;
  readonly module: string;
}

/** Reads a list that has functions in it, or gets some; undefined if it is anything else. */
export function readList(
  given: AnyNode,
  text: AnyNode | undefined,
  isDeclared: IsDeclared,
  texts: ListTexts,
): ListGift | undefined {
  const isFrozenBoth =
    text !== undefined && isFrozen(given, isDeclared) && isFrozen(text, isDeclared);
  // A frozen list stays, and the objects in it get what the patch gives them.
  const [value, live] = isFrozenBoth
    ? [thaw(given, isDeclared), thaw(text, isDeclared)]
    : [given, text];
  const shape = listOf(value, { isDeclared, isText: false, code: texts.patch });
  if (shape === undefined) return undefined;
  const own = { isDeclared, isText: true, code: texts.module };
  const found = live === undefined ? undefined : listOf(live, own);
  const base = found?.kind === shape.kind ? found : undefined;
  return hasFunction(shape) || (base !== undefined && hasFunction(base))
    ? { shape, base }
    : undefined;
}

interface Place {
  readonly isDeclared: IsDeclared;
  /** Whether it is the module's own: what a name stands for there shows in what runs. */
  readonly isText: boolean;
  readonly code: string;
}

function listOf(node: AnyNode, place: Place): ListShape | undefined {
  const shape = shapeOf(node, place);
  return shape?.kind === "list" || shape?.kind === "set" || shape?.kind === "map"
    ? shape
    : undefined;
}

function shapeOf(node: AnyNode, place: Place): Shape | undefined {
  const { isDeclared, isText, code } = place;
  if (isFunction(node)) return { kind: "function", source: code.slice(node.start, node.end) };
  if (node.type === "ArrayExpression") {
    const items = itemsOf(node.elements, place);
    return items && { kind: "list", items };
  }
  if (node.type === "NewExpression") return collectionOf(node, place);
  if (isData(node, isDeclared)) return { kind: "data", value: dataOf(node) };
  if (node.type === "ObjectExpression") return objectOf(node, place);
  // In a woven text a function may go by another name; that it is one is asked of what runs.
  if (node.type === "Identifier" || isText) return { kind: "function" };
  return undefined;
}

function itemsOf(nodes: readonly (AnyNode | null)[], place: Place): Shape[] | undefined {
  const items: Shape[] = [];
  for (const node of nodes) {
    if (node === null || node.type === "SpreadElement") return undefined;
    const item = shapeOf(node, place);
    if (item === undefined) return undefined;
    items.push(item);
  }
  return items;
}

function objectOf(
  { properties }: AnyNode & { type: "ObjectExpression" },
  place: Place,
): Shape | undefined {
  const members = new Map<string, Shape>();
  for (const property of properties) {
    if (property.type !== "Property" || property.computed || property.kind !== "init")
      return undefined;
    const key = keyOf(property);
    // A method's text begins with its name.
    const method = {
      kind: "function",
      source: place.code.slice(property.start, property.end),
    } as const;
    const member = property.method ? method : shapeOf(property.value, place);
    if (key === undefined || key === "__proto__" || member === undefined) return undefined;
    members.set(key, member);
  }
  return { kind: "object", members };
}

function collectionOf(node: AnyNode & { type: "NewExpression" }, place: Place): Shape | undefined {
  const { callee } = node;
  const { isDeclared } = place;
  const [first, ...more] = node.arguments;
  if (callee.type !== "Identifier" || isDeclared(callee.name) || more.length > 0) return undefined;
  if (callee.name !== "Set" && callee.name !== "Map") {
    return isData(node, isDeclared) ? { kind: "data", value: dataOf(node) } : undefined;
  }
  if (first !== undefined && first.type !== "ArrayExpression") return undefined;
  const elements = first?.elements ?? [];
  if (callee.name === "Set") {
    const items = itemsOf(elements, place);
    return items && { kind: "set", items };
  }
  const entries = new Map<unknown, Shape>();
  for (const entry of elements) {
    if (entry?.type !== "ArrayExpression" || entry.elements.length !== 2) return undefined;
    const [key, value] = entry.elements;
    if (!key || !value || !isLiteral(key) || value.type === "SpreadElement") return undefined;
    const shape = shapeOf(value, place);
    if (shape === undefined) return undefined;
    entries.set(dataOf(key), shape);
  }
  return { kind: "map", entries };
}

function hasFunction(shape: Shape): boolean {
  switch (shape.kind) {
    case "function":
      return true;
    case "data":
      return false;
    case "object":
      return [...shape.members.values()].some(hasFunction);
    case "map":
      return [...shape.entries.values()].some(hasFunction);
    default:
      return shape.items.some(hasFunction);
  }
}
