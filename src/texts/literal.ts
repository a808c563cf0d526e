/**
 * The arguments of `call` as an operator types them: literals, separated by commas.
 *
 * What Lua and JavaScript write alike works (`"get", "hello", 1.5, true`), and JavaScript's objects and lists; Lua's `nil`
 * is undefined. The text is read, never run.
 */

import { parseExpressionAt } from "acorn";
import type { AnyNode, ObjectExpression } from "acorn";
import { SnaxError } from "../base/error.ts";

/** Names that stand for values. */
const NAMES: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ["nil", undefined],
  ["undefined", undefined],
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
]);

/**
 * Reads the arguments.
 *
 * @throws {ERR_ARGUMENT} if the text is not a list of literals.
 */
export function parseLiterals(text: string): unknown[] {
  const source = `[${text}\n]`;
  let list: AnyNode;
  try {
    list = parseExpressionAt(source, 0, { ecmaVersion: "latest" });
  } catch (error) {
    throw new SnaxError("ERR_ARGUMENT", "Invalid arguments", { cause: error });
  }
  if (list.type !== "ArrayExpression" || list.end !== source.length) throw invalid("an operator");
  return list.elements.map((element) => (element === null ? undefined : read(element)));
}

function read(node: AnyNode): unknown {
  switch (node.type) {
    case "Literal":
      if (node.regex === undefined || node.regex === null) return node.value;
      throw invalid("a regular expression");
    case "Identifier":
      if (NAMES.has(node.name)) return NAMES.get(node.name);
      throw invalid(node.name, "; a text needs quotes");
    case "UnaryExpression": {
      const value = read(node.argument);
      if (node.operator === "-" && typeof value === "number") return -value;
      throw invalid(`the operator ${node.operator}`);
    }
    case "TemplateLiteral":
      if (node.expressions.length === 0) return node.quasis[0]?.value.cooked;
      throw invalid("an expression");
    case "ArrayExpression":
      return node.elements.map((element) => (element === null ? undefined : read(element)));
    case "ObjectExpression":
      return readObject(node);
    default:
      throw invalid("an expression");
  }
}

function readObject({ properties }: ObjectExpression): object {
  const entries = properties.map((property) => {
    if (property.type !== "Property" || property.computed) throw invalid("an expression");
    const { key, value } = property;
    const name = key.type === "Identifier" ? key.name : String(read(key));
    return [name, read(value)] as const;
  });
  return Object.fromEntries(entries);
}

function invalid(what: string, advice = ""): SnaxError {
  return new SnaxError("ERR_ARGUMENT", `Invalid arguments: ${what} is no value${advice}`);
}
