/** The hands of the program that started a node, for the command line; no part of what a node is to others. */

import type { Operator } from "../console/operator/operator.ts";

const operators = new WeakMap<object, Operator>();

/** Says whose hands a node's program has. */
export function setOperator(node: object, operator: Operator): void {
  operators.set(node, operator);
}

/** Returns the hands of the program that started a node. */
export function operatorOf(node: object): Operator {
  return operators.get(node) as Operator;
}
