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
const LAZILY: ReadonlySet<string> = new Set(["map", "filter", "flatMap"]);

/** Lists the functions and classes inside a function that may outlive its call. */
export function listEscaping(outer: AnyNode): AnyNode[] {
  const found: AnyNode[] = [];
  const local = new LocalFunctions(outer);
  const visit = (node: AnyNode): void => {
    if (node !== outer && local.has(node)) visitChildren(node, visit);
    else if (node.type === "CallExpression" && isAtOnce(node.callee)) {
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

/**
 * The functions inside a function that are called there and nowhere else: `const isNear = (a) => ...` that is given to
 * `filter`. A name that means something else in some place counts as that function, too.
 */
class LocalFunctions {
  readonly #names = new Map<AnyNode, string>();
  /** The names that are used otherwise. */
  readonly #taken = new Set<string>();

  constructor(outer: AnyNode) {
    const visit = (node: AnyNode): void => this.#declare(node, outer, visit);
    visitChildren(outer, visit);
    if (this.#names.size > 0) this.#findTaken(outer);
  }

  has(node: AnyNode): boolean {
    const name = this.#names.get(node);
    return name !== undefined && !this.#taken.has(name);
  }

  #declare(node: AnyNode, outer: AnyNode, visit: (node: AnyNode) => void): void {
    const isDeclared = node.type === "FunctionDeclaration";
    const value = node.type === "VariableDeclarator" ? node.init : isDeclared ? node : undefined;
    if (value && isAnyFunction(value) && "id" in node && node.id?.type === "Identifier") {
      const { async = false, generator = false } = value as {
        async?: boolean;
        generator?: boolean;
      };
      // What waits, or goes on later, outlives the call.
      if (!generator && !(async && hasOpenLoop(value))) this.#names.set(value, node.id.name);
    }
    if (node !== outer) visitChildren(node, visit);
  }

  #findTaken(node: AnyNode): void {
    if (node.type === "Identifier") this.#taken.add(node.name);
    else if (node.type === "CallExpression") {
      if (node.callee.type !== "Identifier") this.#findTaken(node.callee);
      const isCalled = isAtOnce(node.callee);
      for (const each of node.arguments) {
        if (!(isCalled && each.type === "Identifier")) this.#findTaken(each);
      }
    } else if (node.type === "MemberExpression") {
      this.#findTaken(node.object);
      if (node.computed) this.#findTaken(node.property);
    } else if (node.type === "Property") {
      if (node.computed) this.#findTaken(node.key);
      this.#findTaken(node.value);
    } else if (node.type === "VariableDeclarator" && node.id.type === "Identifier") {
      if (node.init) this.#findTaken(node.init);
    } else if (node.type === "FunctionDeclaration") {
      for (const each of node.params) this.#findTaken(each);
      this.#findTaken(node.body);
    } else visitChildren(node, (child) => this.#findTaken(child));
  }
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
  if (!LAZILY.has(callee.property.name)) return true;
  if (object.type !== "CallExpression" || object.callee.type !== "MemberExpression") return true;
  const { object: owner, property } = object.callee;
  // `Object.keys(x)` and `Array.from(x)` are lists.
  if (owner.type === "Identifier" && /^(?:Object|Array)$/.test(owner.name)) return true;
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
