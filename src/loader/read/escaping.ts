/**
 * What a function makes that may outlive its call: closures, and classes with their methods.
 *
 * Callbacks of an array's own methods do not, and what a promise continues is a body that has begun.
 */

import type { AnyNode } from "acorn";
import { isAnyFunction, visitChildren } from "./children.ts";
import { isFunction } from "./names.ts";

/** They call what they are given before they return, or once when a promise settles. */
const AT_ONCE: ReadonlySet<string> = new Set([
  ...["forEach", "some", "every", "find", "findIndex", "findLast", "findLastIndex"],
  ...["map", "filter", "flatMap", "reduce", "reduceRight", "sort", "toSorted"],
  ...["replace", "replaceAll", "then", "catch", "finally"],
]);
/** What these give is lazy: its `map` calls nothing yet. */
const LAZY: ReadonlySet<string> = new Set(["values", "keys", "entries", "from", "take", "drop"]);

/** Lists the functions and classes inside a function that may outlive its call. */
export function listEscaping(outer: AnyNode): AnyNode[] {
  const found: AnyNode[] = [];
  const visit = (node: AnyNode): void => {
    if (node.type === "CallExpression" && isAtOnce(node.callee)) {
      visit(node.callee);
      for (const argument of node.arguments) {
        if (isFunction(argument)) visitChildren(argument, visit);
        else visit(argument);
      }
    } else if (node.type === "NewExpression" && isPromise(node.callee)) {
      // The executor runs at once; what it makes is looked at.
      for (const argument of node.arguments) visitChildren(argument, visit);
    } else if (node !== outer && isMade(node)) found.push(node);
    else visitChildren(node, visit);
  };
  visit(outer);
  return found;
}

/** Tells whether a node makes a function or a class. */
function isMade(node: AnyNode): boolean {
  return isAnyFunction(node) || /^Class(?:Declaration|Expression)$/.test(node.type);
}

function isPromise(callee: AnyNode): boolean {
  return callee.type === "Identifier" && callee.name === "Promise";
}

function isAtOnce(callee: AnyNode): boolean {
  if (isFunction(callee)) return false;
  if (callee.type !== "MemberExpression" || callee.computed) return false;
  if (callee.property.type !== "Identifier" || !AT_ONCE.has(callee.property.name)) return false;
  const { object } = callee;
  if (object.type !== "CallExpression" || object.callee.type !== "MemberExpression") return true;
  const { property } = object.callee;
  return property.type !== "Identifier" || !LAZY.has(property.name);
}

/** Whether a loop that need not end waits. */
export function hasOpenLoop(outer: AnyNode): boolean {
  let isOpen = false;
  const visit = (node: AnyNode): void => {
    if (node !== outer && isMade(node)) return;
    const isLoop =
      node.type === "WhileStatement" ||
      node.type === "DoWhileStatement" ||
      (node.type === "ForStatement" && !node.test) ||
      (node.type === "ForOfStatement" && node.await);
    if (isLoop && hasAwait(node)) isOpen = true;
    visitChildren(node, visit);
  };
  visit(outer);
  return isOpen;
}

function hasAwait(node: AnyNode): boolean {
  let isFound = node.type === "AwaitExpression" || (node.type === "ForOfStatement" && node.await);
  visitChildren(node, (child) => (isFound ||= !isMade(child) && hasAwait(child)));
  return isFound;
}
