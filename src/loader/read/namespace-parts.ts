/**
 * Namespaces of several parts, as the stripper's compiler prints them: each part is a function of
 * its own, and what another part exports is not found there.
 *
 *     namespace N { export const a = 1 }        (function(N) { N.a = 1; })(N || (N = {}));
 *     namespace N { export const b = a }        (function(N) { N.b = a; })(N || (N = {}));     // a is lost
 */

import type { AnyNode, Function as FunctionNode, Program } from "acorn";
import { analyse } from "./analysis.ts";
import type { Unblankable } from "../typescript/strip.ts";

interface Part {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly exports: ReadonlySet<string>;
}

/**
 * Finds a name that means an export of another part of its namespace, in a text that was printed
 * anew.
 */
export function findLostExport(ast: Program): Unblankable | undefined {
  const parts: Part[] = [];
  collectParts(ast, parts);
  const names = parts.map(({ name }) => name);
  const merged = parts.filter(({ name }) => names.indexOf(name) !== names.lastIndexOf(name));
  if (merged.length === 0) return undefined;
  const { references, freeReferences } = analyse(ast);
  for (const { name, start } of [...references, ...freeReferences]) {
    for (const part of merged) {
      if (start < part.start || start >= part.end || part.exports.has(name)) continue;
      const isLost = merged.some((other) => other.name === part.name && other.exports.has(name));
      if (!isLost) continue;
      const what = `${name} of the namespace ${part.name}, declared in another part of it, needs`;
      return { what, at: start, isExact: true };
    }
  }
  return undefined;
}

function collectParts(node: unknown, parts: Part[]): void {
  if (typeof node !== "object" || node === null) return;
  const part = readPart(node as AnyNode);
  if (part !== undefined) parts.push(part);
  for (const child of Object.values(node)) collectParts(child, parts);
}

/**
 * Reads `(function(N) {...})(N || (N = {}))`; for one inside another it is `(N = Outer.N ||
 * (Outer.N = {}))`.
 */
function readPart(node: AnyNode): Part | undefined {
  if (node.type !== "CallExpression" || node.arguments.length !== 1) return undefined;
  const { callee } = node;
  const [argument] = node.arguments;
  const value = argument?.type === "AssignmentExpression" ? argument.right : argument;
  if (callee.type !== "FunctionExpression" || value?.type !== "LogicalExpression") return undefined;
  const [parameter] = callee.params;
  if (parameter?.type !== "Identifier") return undefined;
  const { name } = parameter;
  return { name, start: node.start, end: node.end, exports: exportsOf(callee, name) };
}

function exportsOf({ body }: FunctionNode, name: string): Set<string> {
  const found = new Set<string>();
  if (body.type !== "BlockStatement") return found;
  for (const statement of body.body) {
    if (statement.type !== "ExpressionStatement") continue;
    const { expression } = statement;
    const list = expression.type === "SequenceExpression" ? expression.expressions : [expression];
    for (const each of list) {
      const left = each.type === "AssignmentExpression" ? each.left : undefined;
      if (left?.type !== "MemberExpression" || left.object.type !== "Identifier") continue;
      if (left.object.name !== name || left.property.type !== "Identifier") continue;
      found.add(left.property.name);
    }
  }
  return found;
}
