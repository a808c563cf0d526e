/**
 * Data that a text writes out: constants, lists and objects of them, `new Set([...])`, `new Map([...])`, `new Date(...)` of
 * such, and `Object.freeze(...)` around them.
 *
 * To evaluate such an expression again gives a value of the same content. The caller knows whether `Set` and its kind
 * are those of the language: `isDeclared` says which names mean something else.
 */

import type { AnyNode } from "acorn";
import { keyOf } from "./analysis.ts";
import { isRegExp } from "./computed.ts";
import { isConstant, isLiteral } from "./names.ts";

/** Whether a name is declared, so that it means no global. */
export type IsDeclared = (name: string) => boolean;

/** What `Object.freeze(...)` is given; any other node as it is. */
export function thaw(node: AnyNode, isDeclared: IsDeclared): AnyNode {
  return isFrozen(node, isDeclared) ? (node.arguments[0] ?? node) : node;
}

/** Tells whether an expression is `Object.freeze(...)`. */
export function isFrozen(
  node: AnyNode,
  isDeclared: IsDeclared,
): node is AnyNode & { type: "CallExpression" } {
  if (node.type !== "CallExpression" || node.arguments.length !== 1) return false;
  const { callee } = node;
  if (callee.type !== "MemberExpression" || callee.computed) return false;
  const { object, property } = callee;
  if (object.type !== "Identifier" || object.name !== "Object" || isDeclared("Object"))
    return false;
  return property.type === "Identifier" && property.name === "freeze";
}

/** Tells whether an expression makes a Set, a Map or a Date of what is written out. */
export function isCollection(
  node: AnyNode,
  isDeclared: IsDeclared,
): node is AnyNode & { type: "NewExpression" } {
  if (node.type !== "NewExpression" || node.callee.type !== "Identifier") return false;
  const { name } = node.callee;
  if (isDeclared(name)) return false;
  const [first, ...more] = node.arguments;
  if (name === "Date") return first !== undefined && node.arguments.every(isConstant);
  if ((name !== "Set" && name !== "Map") || more.length > 0) return false;
  if (first === undefined) return true;
  if (first.type !== "ArrayExpression" || !isData(first, isDeclared)) return false;
  return name === "Set" || first.elements.every((entry) => entry && isEntry(entry));
}

function isEntry(node: AnyNode): boolean {
  return node.type === "ArrayExpression" && node.elements.length === 2;
}

/** Tells whether an expression is data that is written out. */
export function isData(node: AnyNode, isDeclared: IsDeclared): boolean {
  const isPart = (part: AnyNode | null): boolean => part !== null && isData(part, isDeclared);
  if (isFrozen(node, isDeclared)) return isPart(node.arguments[0] ?? null);
  if (node.type === "ArrayExpression") return node.elements.every(isPart);
  if (node.type === "NewExpression") {
    const isPattern = isRegExp(node, isDeclared) && node.arguments.every(isLiteral);
    return isPattern ? isValid(node) : isCollection(node, isDeclared);
  }
  if (node.type !== "ObjectExpression") return isConstant(node);
  return node.properties.every(
    (property) =>
      property.type === "Property" &&
      !property.computed &&
      property.kind === "init" &&
      isPart(property.value),
  );
}

/** Whether the pattern is one: V8 would refuse another when it is evaluated. */
function isValid(node: AnyNode & { type: "NewExpression" }): boolean {
  try {
    return collectionOf(node) !== undefined;
  } catch {
    return false;
  }
}

/**
 * Tells whether an expression is a constant, or a list or an object of constants, all written out:
 * no global is called for it.
 */
export function isWrittenOut(node: AnyNode): boolean {
  return isData(node, () => true);
}

/** Evaluates data that is written out (see {@link isData}); nothing of it is frozen. */
export function dataOf(node: AnyNode): unknown {
  switch (node.type) {
    case "Literal":
      return node.value;
    case "TemplateLiteral":
      return node.quasis[0]?.value.cooked;
    case "UnaryExpression": {
      const value = dataOf(node.argument) as number | bigint;
      return typeof value === "bigint" ? -value : -Number(value);
    }
    case "ArrayExpression":
      return node.elements.map((element) => (element === null ? undefined : dataOf(element)));
    case "ObjectExpression":
      return Object.fromEntries(
        node.properties.flatMap((property) =>
          property.type === "Property" ? [[keyOf(property), dataOf(property.value)]] : [],
        ),
      );
    case "CallExpression":
      return node.arguments[0] === undefined ? undefined : dataOf(node.arguments[0]);
    case "NewExpression":
      return collectionOf(node);
    default:
      return undefined;
  }
}

function collectionOf({ callee, arguments: given }: AnyNode & { type: "NewExpression" }): unknown {
  const values = given.map(dataOf);
  const name = callee.type === "Identifier" ? callee.name : "";
  if (name === "Date") return Reflect.construct(Date, values);
  if (name === "RegExp") return Reflect.construct(RegExp, values);
  return name === "Set"
    ? new Set(values[0] as Iterable<unknown> | undefined)
    : new Map(values[0] as Iterable<[unknown, unknown]> | undefined);
}
