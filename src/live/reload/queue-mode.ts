/**
 * Queue mode is what `init` returns, and a reload does not run it again. So the mode of an edited text is read from the text,
 * where that says it: a return of "queue" that is reached in any case, or none at all.
 */

import type { AnyNode } from "acorn";
import { isAnyFunction, visitChildren } from "../../loader/read/children.ts";
import type { Piece } from "../../texts/module-text.ts";

/** Whether a service of this text begins in queue mode; undefined if that is known only when `init` runs. */
export function asksForQueue(init: Piece | undefined): boolean | undefined {
  if (init === undefined) return false;
  const { value } = init;
  if (value === undefined || !isAnyFunction(value)) return undefined;
  const { body } = value as unknown as { readonly body: AnyNode };
  if (body.type !== "BlockStatement") return isQueue(body);
  const returns = listReturns(body);
  const answers = returns.map(({ argument }) => (argument ? isQueue(argument) : false));
  if (answers.every((each) => each === false)) return false;
  const isReached = body.body.some((each) => each.type === "ReturnStatement");
  return isReached && answers.every((each) => each === true) ? true : undefined;
}

type Return = AnyNode & { type: "ReturnStatement" };

function listReturns(body: AnyNode): Return[] {
  const found: Return[] = [];
  const visit = (node: AnyNode): void => {
    if (node.type === "ReturnStatement") found.push(node);
    if (!isAnyFunction(node)) visitChildren(node, visit);
  };
  visitChildren(body, visit);
  return found;
}

function isQueue(node: AnyNode): boolean | undefined {
  return node.type === "Literal" ? node.value === "queue" : undefined;
}
