/**
 * What a function leaves behind that goes on with its old text: closures, generators, loops that wait.
 *
 * Code that uses a function by its name follows a patch. A closure that the function has made does not: a
 * callback that it has registered, a function that it has returned. A changed function that may have left
 * such a thing behind is never said to be applied without a note. Callbacks of an array's own methods do
 * not outlive the call, and what an `await` or a promise continues is a body that has begun.
 */

import type { AnyNode } from "acorn";
import { visitChildren } from "../loader/read/children.ts";
import { hasOpenLoop, listEscaping } from "../loader/read/escaping.ts";
import { visitBoundNames } from "../loader/read/scope.ts";
import { isSameTree } from "./same-tree.ts";

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
