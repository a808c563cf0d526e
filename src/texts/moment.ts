/**
 * What a part of a text evaluates at once, and what only when it is called.
 */

import type { AnyNode } from "acorn";
import type { Reference } from "../loader/read/analysis.ts";
import { isFunction } from "../loader/read/names.ts";
import { isAnyFunction, visitChildren } from "../loader/read/children.ts";

/** An extent of a text. */
export interface Extent {
  readonly start: number;
  readonly end: number;
}

/** Lists the parts below a node that only run later: bodies of functions, methods, fields of instances. */
export function listDeferred(node: AnyNode): Extent[] {
  const found: Extent[] = [];
  const visit = (each: AnyNode): void => {
    if (each.type === "CallExpression" || each.type === "NewExpression") {
      // What a call is given it may call, and a function may be called on the spot.
      for (const part of [each.callee, ...each.arguments]) {
        if (isFunction(part)) visitChildren(part, visit);
        else visit(part);
      }
    } else if (isAnyFunction(each)) found.push(each);
    else if (each.type === "PropertyDefinition" && !each.static) {
      if (each.computed) visit(each.key);
      if (each.value) found.push(each.value);
    } else visitChildren(each, visit);
  };
  visit(node);
  return found;
}

/** Keeps the references that are in an extent and in none of those that run later. */
export function keepImmediate(
  references: readonly Reference[],
  { start, end }: Extent,
  deferred: readonly Extent[],
): Reference[] {
  return references.filter(
    (each) =>
      each.start >= start &&
      each.start < end &&
      !deferred.some((part) => each.start >= part.start && each.start < part.end),
  );
}
