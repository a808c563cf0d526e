/**
 * Calls that only put somewhere what they are given: `handlers.set("hit", f)`, `new Room({ onTick })`, a function of the program
 * that stores its argument. A function that is only stored is called later, and follows a patch.
 */

import type { AnyNode, CallExpression, MemberExpression, NewExpression } from "acorn";
import { isAnyFunction, visitChildren } from "./children.ts";
import { visitBoundNames } from "./scope.ts";

/** They keep functions that they are given, and call them later. */
const KEEPERS: ReadonlySet<string> = new Set([
  ...["setInterval", "setTimeout", "setImmediate", "queueMicrotask"],
  ...["on", "once", "addListener", "addEventListener", "subscribe", "dispatch", "register"],
  ...["timeout", "fork", "info_func", "memlimit", "register_protocol"],
]);

/** Methods of the language that put what they are given into a list, a Set or a Map. */
const PUTTERS: ReadonlySet<string> = new Set([
  ...["push", "unshift", "add", "set", "concat", "fill", "with", "bind", "resolve"],
]);

/** Methods of the language that only look for what they are given. */
const SEEKERS: ReadonlySet<string> = new Set([
  ...["includes", "indexOf", "lastIndexOf", "has", "startsWith", "endsWith", "isArray"],
]);

/** Methods of the language that are asked of a text or a number. */
const ASKERS: ReadonlySet<string> = new Set([
  ...["toLowerCase", "toUpperCase", "trim", "trimStart", "trimEnd", "padStart", "padEnd"],
  ...["slice", "substring", "charAt", "charCodeAt", "codePointAt", "split", "repeat"],
  ...["toFixed", "toString", "normalize", "localeCompare"],
]);

const FIXERS: ReadonlySet<string> = new Set(["freeze", "seal", "preventExtensions"]);

const COLLECTIONS: ReadonlySet<string> = new Set(["Map", "Set", "WeakMap", "WeakSet"]);

const COPIERS: ReadonlySet<string> = new Set(["assign", "entries", "values", "fromEntries"]);

/** Says whether a call keeps the functions that it is given, and calls them later. */
function isKeeper(callee: AnyNode): boolean {
  if (callee.type === "Identifier") return KEEPERS.has(callee.name);
  if (callee.type !== "MemberExpression" || callee.property.type !== "Identifier") return false;
  return KEEPERS.has(callee.property.name);
}

type Call = CallExpression | NewExpression;

/** Tells whether a call only puts its arguments somewhere, by the name of what it calls. */
export function isPutting({ type, callee }: Call): boolean {
  if (type === "NewExpression") return callee.type === "Identifier" && callee.name === "Proxy";
  if (isKeeper(callee)) return true;
  if (callee.type !== "MemberExpression" || callee.computed) return false;
  const { object, property } = callee;
  if (property.type !== "Identifier") return false;
  const isObject = object.type === "Identifier" && object.name === "Object";
  if (isObject) return FIXERS.has(property.name);
  return PUTTERS.has(property.name) || SEEKERS.has(property.name);
}

/**
 * Tells whether a call copies the members of its arguments and calls no function among them.
 *
 * @param isGlobal - whether the name at an offset is one of the language.
 */
export function isCopier({ type, callee }: Call, isGlobal: (start: number) => boolean): boolean {
  if (type === "NewExpression") {
    return callee.type === "Identifier" && COLLECTIONS.has(callee.name) && isGlobal(callee.start);
  }
  if (callee.type !== "MemberExpression" || callee.computed) return false;
  const { object, property } = callee;
  const isObject = object.type === "Identifier" && object.name === "Object";
  return (
    isObject &&
    isGlobal(object.start) &&
    property.type === "Identifier" &&
    COPIERS.has(property.name)
  );
}

/** Says whether a call inside a function only puts one of its arguments somewhere. */
export type IsKept = (call: Call, index: number) => boolean;

/** Tells whether a call of a function only puts its argument somewhere: it neither calls it nor gives it to what may. */
export function keepsParameter(node: AnyNode, index: number, isKept: IsKept): boolean {
  const { params, body } = node as { params?: AnyNode[]; body?: AnyNode };
  const own = params?.[index] ?? params?.at(-1);
  if (params === undefined || body === undefined) return false;
  // What a function does not name it reaches by `arguments` only.
  if (own === undefined || (index >= params.length && own.type !== "RestElement")) {
    return !mentions(body, "arguments");
  }
  const names = new Set<string>();
  visitBoundNames(own as Parameters<typeof visitBoundNames>[0], (name) => names.add(name));
  return !isEvaluated(body, true, { names, isKept });
}

interface Search {
  readonly names: Set<string>;
  readonly isKept: IsKept;
}

/** Whether a name is called, or given to what may call it; functions that are made here are called later. */
function isEvaluated(node: AnyNode, isData: boolean, search: Search): boolean {
  const { names, isKept } = search;
  const any = (nodes: readonly (AnyNode | null | undefined)[], isPut: boolean): boolean =>
    nodes.some((each) => each !== null && each !== undefined && isEvaluated(each, isPut, search));
  switch (node.type) {
    case "Identifier":
      return !isData && names.has(node.name);
    case "MemberExpression":
      return any([node.object], isData) || (node.computed && any([node.property], true));
    case "VariableDeclarator": {
      // Another name for it.
      if (node.init && isNamed(node.init, names)) {
        visitBoundNames(node.id, (name) => names.add(name));
      }
      return any([node.init], true);
    }
    case "Property":
      return (node.computed && any([node.key], true)) || any([node.value], true);
    case "ArrayExpression":
    case "ObjectExpression":
    case "VariableDeclaration":
    case "AssignmentExpression":
    case "ConditionalExpression":
    case "LogicalExpression":
    case "BinaryExpression":
    case "UnaryExpression":
    case "TemplateLiteral":
    case "ReturnStatement":
    case "IfStatement":
    case "BlockStatement":
    case "ExpressionStatement":
    case "ParenthesizedExpression":
    case "SpreadElement":
      return any(childrenOf(node), node.type !== "SpreadElement" || isData);
    case "CallExpression":
    case "NewExpression": {
      const { callee } = node;
      // A method of the language that is asked of it, such as `f.bind(x)`, calls nothing.
      const isOwn = callee.type === "MemberExpression" && isNamed(callee.object, names);
      const isBound = isOwn && (isPutting(node) || isAsking(callee));
      if (!isBound && any([callee], false)) return true;
      const isPut = isPutting(node);
      return node.arguments.some((each, index) => {
        if (isAnyFunction(each)) return isEvaluatedIn(each, search);
        return isEvaluated(each, isPut || isKept(node, index), search);
      });
    }
    default:
      if (isAnyFunction(node)) return isResultKept(node, search);
      return any(childrenOf(node), false);
  }
}

/** `text.trim()`; what `replace` is given it may call, and that is looked at. */
function isAsking({ computed, property }: MemberExpression): boolean {
  if (computed || property.type !== "Identifier") return false;
  return ASKERS.has(property.name) || /^replace(?:All)?$/.test(property.name);
}

/** Whether a function that is called later keeps what a call gave, as a cache does. */
function isResultKept(node: AnyNode, search: Search, isPut = false): boolean {
  const { names } = search;
  if (node.type === "CallExpression" && isPut && isNamed(node.callee, names)) return true;
  if (node.type === "VariableDeclarator" && node.init) return isResultKept(node.init, search, true);
  if (node.type === "AssignmentExpression") return isResultKept(node.right, search, true);
  const isGiven = node.type === "CallExpression" || node.type === "NewExpression";
  const given = isGiven ? new Set<AnyNode>(node.arguments) : undefined;
  return childrenOf(node).some((child) => isResultKept(child, search, given?.has(child) === true));
}

function mentions(node: AnyNode, name: string): boolean {
  if (node.type === "Identifier") return node.name === name;
  return childrenOf(node).some((child) => mentions(child, name));
}

/** A function that a call is given may run at once. */
function isEvaluatedIn(node: AnyNode, search: Search): boolean {
  const { body } = node as { body?: AnyNode };
  return body !== undefined && isEvaluated(body, true, search);
}

function isNamed(node: AnyNode, names: ReadonlySet<string>): boolean {
  if (node.type === "MemberExpression") return isNamed(node.object, names);
  return node.type === "Identifier" && names.has(node.name);
}

function childrenOf(node: AnyNode): AnyNode[] {
  const found: AnyNode[] = [];
  visitChildren(node, (child) => found.push(child));
  return found;
}
