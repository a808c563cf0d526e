/**
 * What a function leaves behind that goes on with its old text: closures, generators, loops that wait.
 *
 * Code that uses a function by its name follows a patch. A closure that the function has made does not: a
 * callback that it has registered, a function that it has returned. A changed function that may have left
 * such a thing behind is never said to be applied without a note. Callbacks of an array's own methods do
 * not outlive the call, and what an `await` or a promise continues is a body that has begun.
 */

import type { AnyNode } from "acorn";
import { isFunction } from "../loader/read/names.ts";
import { visitBoundNames } from "../loader/read/scope.ts";
import { isAnyFunction } from "./moment.ts";
import { isSameTree, visitChildren } from "./same-tree.ts";

/** They call what they are given before they return, or once when a promise settles. */
const AT_ONCE: ReadonlySet<string> = new Set([
  ...["forEach", "some", "every", "find", "findIndex", "findLast", "findLastIndex"],
  ...["map", "filter", "flatMap", "reduce", "reduceRight", "sort", "toSorted"],
  ...["replace", "replaceAll", "then", "catch", "finally"],
]);
/** What these give is lazy: its `map` calls nothing yet. */
const LAZY: ReadonlySet<string> = new Set(["values", "keys", "entries", "from", "take", "drop"]);

/**
 * Says what a function may have left behind that a new text does not reach; undefined if nothing.
 *
 * @param now - the new function: a closure that is in both and uses nothing of the function around it is
 * as good as new.
 */
export function leftBehind(was: AnyNode, now: AnyNode | undefined): string | undefined {
  const { generator = false, async = false } = was as { generator?: boolean; async?: boolean };
  if (generator) return "generators that it has made go on with the old text";
  if (async && hasOpenLoop(was)) return "a call that waits in a loop goes on with the old text";
  const still = now === undefined ? [] : listEscaping(now);
  const isLost = listEscaping(was).some((each) => {
    const isThere = still.some((other) => isSameTree(each, other));
    return !isThere || captures(each, namesOf(was, each));
  });
  return isLost ? "closures that it has made keep the old text" : undefined;
}

/** Lists the functions and classes inside a function that may outlive its call. */
function listEscaping(outer: AnyNode): AnyNode[] {
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

/** Whether a function uses what belongs to a call of the one around it. */
function captures(node: AnyNode, outer: ReadonlySet<string>): boolean {
  let isCapturing = false;
  const visit = (each: AnyNode): void => {
    if (each.type === "Identifier") isCapturing ||= outer.has(each.name);
    else if (each.type === "ThisExpression" || each.type === "Super") isCapturing = true;
    else if (each.type === "MetaProperty") isCapturing = true;
    else if (each.type === "MemberExpression" && !each.computed) visit(each.object);
    else if (each.type === "Property" && !each.computed) visit(each.value);
    else visitChildren(each, visit);
  };
  visit(node);
  return isCapturing;
}

/** The names that a function declares, at any depth, outside of a part of it. */
function namesOf(outer: AnyNode, part: AnyNode): Set<string> {
  const names = new Set<string>(["arguments"]);
  const add = (name: string): void => void names.add(name);
  const visit = (node: AnyNode): void => {
    if (node === part) return;
    if ("params" in node) for (const each of node.params) visitBoundNames(each, add);
    if (node.type === "VariableDeclarator") visitBoundNames(node.id, add);
    if (node.type === "CatchClause" && node.param) visitBoundNames(node.param, add);
    if (node !== outer && "id" in node && node.id?.type === "Identifier") add(node.id.name);
    visitChildren(node, visit);
  };
  visit(outer);
  return names;
}

/** Whether a loop that need not end waits. */
function hasOpenLoop(outer: AnyNode): boolean {
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
