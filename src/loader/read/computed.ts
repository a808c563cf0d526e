/**
 * Constants that are computed: `5 * 60 * SECOND`.
 *
 * To evaluate such an expression again gives the same value, and no object but a regular
 * expression: it is made of what is written out, of constants of the module, and of the language's
 * arithmetic. A call of anything else may change something, or give another value each time.
 */

import type { AnyNode } from "acorn";

/** What an expression may refer to. */
export interface ComputedScope {
  /** Whether a name is a constant that holds no object. */
  isConstant(name: string): boolean;
  /** Whether a name is declared, so that it means no global. */
  isDeclared(name: string): boolean;
}

/** Tells whether an expression is a constant that is computed, and no object but a regular expression. */
export function isComputed(node: AnyNode, scope: ComputedScope): boolean {
  const isPart = (part: AnyNode): boolean => isComputed(part, scope);
  switch (node.type) {
    case "Literal":
      return !("regex" in node && node.regex);
    case "Identifier":
      return VALUES.has(node.name) ? !scope.isDeclared(node.name) : scope.isConstant(node.name);
    case "TemplateLiteral":
      return node.expressions.every(isPart);
    case "UnaryExpression":
      return node.operator !== "delete" && isPart(node.argument);
    case "BinaryExpression":
      return (
        node.operator !== "in" &&
        node.operator !== "instanceof" &&
        isPart(node.left) &&
        isPart(node.right)
      );
    case "LogicalExpression":
      return isPart(node.left) && isPart(node.right);
    case "ConditionalExpression":
      return isPart(node.test) && isPart(node.consequent) && isPart(node.alternate);
    case "ParenthesizedExpression":
      return isPart(node.expression);
    case "MemberExpression":
      return isOfLanguage(node, scope) && /^[A-Z_0-9]+$/.test(nameOf(node.property));
    case "NewExpression":
      return isRegExp(node, scope.isDeclared.bind(scope)) && node.arguments.every(isPart);
    case "CallExpression": {
      const { callee } = node;
      const isName =
        callee.type === "Identifier" &&
        FUNCTIONS.has(callee.name) &&
        !scope.isDeclared(callee.name);
      return (isName || isOfLanguage(callee, scope)) && node.arguments.every(isPart);
    }
    default:
      return false;
  }
}

/** Tells whether an expression is `new RegExp(...)`. */
export function isRegExp(node: AnyNode, isDeclared: (name: string) => boolean): boolean {
  if (node.type !== "NewExpression" || node.callee.type !== "Identifier") return false;
  return node.callee.name === "RegExp" && !isDeclared("RegExp") && node.arguments.length > 0;
}

const VALUES: ReadonlySet<string> = new Set(["undefined", "NaN", "Infinity"]);
const FUNCTIONS: ReadonlySet<string> = new Set([
  "Number",
  "String",
  "Boolean",
  "BigInt",
  "parseInt",
  "parseFloat",
]);

/** A member of `Math` or `Number` other than `Math.random`. */
function isOfLanguage(node: AnyNode, scope: ComputedScope): boolean {
  if (node.type !== "MemberExpression" || node.computed || node.object.type !== "Identifier")
    return false;
  const { name } = node.object;
  if ((name !== "Math" && name !== "Number") || scope.isDeclared(name)) return false;
  return nameOf(node.property) !== "random";
}

function nameOf(node: AnyNode): string {
  return node.type === "Identifier" ? node.name : "";
}
