/**
 * What the loose statements of a module's top level put on its functions, classes and prototypes:
 *
 *     Item.prototype.use = function () { ... };
 *     Object.assign(Item.prototype, { weight: 5, walk() { ... } });
 *
 * Such a thing is the text's: a programmer who takes the statement away wants it to be gone, and one who edits it wants the new one.
 */

import { isDeepStrictEqual } from "node:util";
import type { AnyNode } from "acorn";
import { wayText } from "../../loader/read/member-key.ts";
import { isFunction } from "../../loader/read/names.ts";
import { dataOf, isWrittenOut } from "../../loader/read/written.ts";
import type { ModuleText } from "../../texts/module-text.ts";
import type { NameRef } from "./state.ts";

/** What the top level of a text gives. */
export interface TopGifts {
  /** The sources of the functions that are in loose statements, and in no other function. */
  readonly functions: ReadonlySet<string>;
  /** Says whether a source that the loader has written into is in no function of the text; see woven-functions.ts. */
  isOuter?(source: string): boolean;
  /** What is assigned, by the way there: `Item.prototype.use`. */
  readonly assigned: ReadonlyMap<string, AnyNode>;
}

/** What the loader writes into functions begins so. */
const WOVEN = "$snax";

const known = new WeakMap<ModuleText, TopGifts>();

/** Finds what the loose statements of a text give. */
export function topGifts(text: ModuleText): TopGifts {
  let gifts = known.get(text);
  if (gifts === undefined) known.set(text, (gifts = findGifts(text)));
  return gifts;
}

/**
 * Says whether a value that is on a function, a class or a prototype is what the top level has put there.
 *
 * @param path - the way to it from the name of the function or class.
 * @param nameOf - tells what goes by a name.
 */
export function isTopGift(
  gifts: TopGifts,
  path: readonly string[],
  value: unknown,
  nameOf: (value: unknown) => NameRef | undefined,
): boolean {
  const { functions, assigned } = gifts;
  const node = assigned.get(path.join("."));
  if (typeof value === "function") {
    const source = Function.prototype.toString.call(value);
    if (functions.has(source)) return true;
    if (source.includes(WOVEN) && gifts.isOuter?.(source) === true) return true;
    if (node?.type !== "Identifier") return false;
    const named = nameOf(value);
    return named?.name === node.name && named.path === undefined;
  }
  return node !== undefined && isWrittenOut(node) && isDeepStrictEqual(dataOf(node), value);
}

function findGifts({ loose, syntax }: ModuleText): TopGifts {
  const functions = new Set<string>();
  const assigned = new Map<string, AnyNode>();
  const { code } = syntax;
  const pending: unknown[] = loose.map(({ node }) => node).toReversed();
  while (pending.length > 0) {
    const node = pending.pop();
    if (Array.isArray(node)) pending.push(...node.toReversed());
    if (!isNode(node)) continue;
    if (isFunction(node)) {
      functions.add(code.slice(node.start, node.end));
      continue;
    }
    // The source of a method begins with its name.
    if (node.type === "Property" && node.method) functions.add(code.slice(node.start, node.end));
    noteAssigned(node, assigned);
    pending.push(...Object.values(node).toReversed());
  }
  return { functions, assigned };
}

function noteAssigned(node: AnyNode, assigned: Map<string, AnyNode>): void {
  if (node.type === "AssignmentExpression") {
    const path = node.operator === "=" ? wayText(node.left) : undefined;
    if (path !== undefined) assigned.set(path, node.right);
  }
  if (node.type !== "CallExpression" || wayText(node.callee) !== "Object.assign") return;
  const [target, ...sources] = node.arguments;
  const path = target && wayText(target);
  if (path === undefined) return;
  for (const source of sources) {
    if (source.type !== "ObjectExpression") continue;
    for (const property of source.properties) {
      if (property.type !== "Property" || property.computed) continue;
      const { key, value } = property;
      if (key.type === "Identifier") assigned.set(`${path}.${key.name}`, value);
      else if (key.type === "Literal") assigned.set(`${path}.${String(key.value)}`, value);
    }
  }
}

function isNode(value: unknown): value is AnyNode {
  return typeof value === "object" && value !== null && "type" in value;
}
