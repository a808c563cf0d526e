/**
 * What operators do to numbers and texts: where an operand may be an object of the program, they call a method of it.
 */

import { isBuiltin } from "node:module";
import type { AnyNode, MemberExpression } from "acorn";
import type { ModuleText } from "./module-text.ts";

/** Says what a name of a module stands for. */
export interface ConstantNames {
  /** Whether a name stands for a constant that is no object. */
  isPrimitive(module: ModuleText, name: string): boolean;
}

/** Says what the name at an offset belongs to. */
export interface NamePlaces {
  /** The module. */
  isOwn(start: number): boolean;
  /** The language. */
  isGlobal(start: number): boolean;
}

/** Tells what the operators of one module convert. */
export class Conversions {
  readonly #module: ModuleText;
  readonly #names: ConstantNames;
  readonly #places: NamePlaces;

  constructor(module: ModuleText, names: ConstantNames, places: NamePlaces) {
    this.#module = module;
    this.#names = names;
    this.#places = places;
  }

  /** The methods by which an operator may make a text or a number of an object. */
  of(node: AnyNode): string[] {
    const operands: AnyNode[] = [];
    let method = "toString";
    if (node.type === "TemplateLiteral") operands.push(...node.expressions);
    else if (node.type === "UnaryExpression" && /^[-+~]$/.test(node.operator)) {
      operands.push(node.argument);
      method = "valueOf";
    } else if (node.type === "BinaryExpression" && !ASIDE.test(node.operator)) {
      operands.push(node.left, node.right);
      if (CALCULATING.test(node.operator)) method = "valueOf";
    }
    return operands.every((each) => this.isPrimitive(each)) ? [] : [`.${method}`];
  }

  /** Whether a value has no toString of the program: it is written out, a constant, or made by an operator. */
  isPrimitive(node: AnyNode): boolean {
    switch (node.type) {
      case "Literal":
        return !("regex" in node);
      case "TemplateLiteral":
      case "BinaryExpression":
      case "UnaryExpression":
      case "UpdateExpression":
        return true;
      case "ParenthesizedExpression":
        return this.isPrimitive(node.expression);
      case "ConditionalExpression":
        return this.isPrimitive(node.consequent) && this.isPrimitive(node.alternate);
      case "LogicalExpression":
        return this.isPrimitive(node.left) && this.isPrimitive(node.right);
      case "Identifier":
        return this.#places.isOwn(node.start)
          ? this.#names.isPrimitive(this.#module, node.name)
          : this.#places.isGlobal(node.start) && PRIMITIVES.has(node.name);
      case "MemberExpression":
        // What the language and Node have has no toString of the program.
        return !node.computed && (this.isOfPlatform(node.object) || isLength(node));
      case "CallExpression":
        return this.isConverter(node.callee) || this.#isCalculator(node.callee);
      default:
        return false;
    }
  }

  /** Whether a call makes a text or a number of what it is given, and calls none of it. */
  isConverter(callee: AnyNode): boolean {
    return (
      callee.type === "Identifier" &&
      CONVERTERS.has(callee.name) &&
      this.#places.isGlobal(callee.start)
    );
  }

  /** Whether a call gives a number in any case, as `Math.max()`. */
  #isCalculator(callee: AnyNode): boolean {
    if (callee.type !== "MemberExpression" || callee.object.type !== "Identifier") return false;
    const { name, start } = callee.object;
    return /^(?:Math|Date|Number|performance)$/.test(name) && this.#places.isGlobal(start);
  }

  /** Whether a part is a name of the language, or one that a module of Node has given. */
  isOfPlatform(node: AnyNode): boolean {
    if (node.type !== "Identifier") return false;
    if (this.#places.isGlobal(node.start)) return !/^global(?:This)?$/.test(node.name);
    const entry = this.#module.imports.find(({ local }) => local === node.name);
    return this.#places.isOwn(node.start) && entry !== undefined && isBuiltin(entry.specifier);
  }
}

function isLength({ property }: MemberExpression): boolean {
  return property.type === "Identifier" && property.name === "length";
}

/** Operators that convert no object. */
const ASIDE = /^(?:[!=]==|instanceof|in)$/;

/** Operators that make a number of an object, and no text. */
const CALCULATING = /^(?:\*\*?|[-/%&|^]|<<|>>>?)$/;

/** Functions of the language that make a text or a number of a value. */
const CONVERTERS: ReadonlySet<string> = new Set([
  ...["Number", "String", "Boolean", "BigInt", "Symbol"],
  ...["parseInt", "parseFloat", "isNaN", "isFinite"],
]);

/** Names of the language that stand for no object. */
const PRIMITIVES: ReadonlySet<string> = new Set([
  ...["undefined", "NaN", "Infinity", "__dirname", "__filename"],
]);
