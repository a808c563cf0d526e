/**
 * The functions of a text as they run: `Function.prototype.toString` of each.
 *
 * The loader writes into functions (assignments that other modules hear of, direct calls), so what runs is not always what is
 * written. The woven body is read at the first function that is not as written; that is once for each image.
 */

import type { AnyNode } from "acorn";
import { keyOf } from "../../loader/read/analysis.ts";
import { isFunction } from "../../loader/read/names.ts";
import type { ImageData } from "../../loader/weave/image.ts";
import { readBody } from "../text/body.ts";
import { HANDLER, TARGET } from "./proxies.ts";

/** The functions of one body, by their sources. */
export interface WovenFunctions {
  /** Members of tables at the top level, by the way there: `handlers.hit`. */
  readonly members: ReadonlyMap<string, string>;
  /** All that are in no other function. */
  readonly outer: ReadonlySet<string>;
  /** All that are in another function or in a method: what makes them may make many. */
  readonly inner: ReadonlySet<string>;
}

const NONE: WovenFunctions = { members: new Map(), outer: new Set(), inner: new Set() };

const known = new WeakMap<ImageData, WovenFunctions>();

/** Finds the functions of an image's body. */
export function wovenFunctions(data: ImageData): WovenFunctions {
  let found = known.get(data);
  if (found === undefined) known.set(data, (found = findAll(data.body)));
  return found;
}

function findAll(body: string): WovenFunctions {
  let program: AnyNode;
  try {
    program = readBody(body);
  } catch {
    return NONE;
  }
  return findFunctions(program, body);
}

/** Finds the functions of a parsed text. */
export function findFunctions(program: AnyNode, code: string): WovenFunctions {
  const members = new Map<string, string>();
  const outer = new Set<string>();
  const inner = new Set<string>();
  const pending: { node: unknown; isInner: boolean; path?: string }[] = [
    { node: program, isInner: false },
  ];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { node, path } = next;
    let { isInner } = next;
    if (Array.isArray(node)) {
      for (const each of node) pending.push({ node: each, isInner });
      continue;
    }
    if (!isNode(node)) continue;
    if (isFunction(node)) {
      const source = code.slice(node.start, node.end);
      (isInner ? inner : outer).add(source);
      if (path !== undefined && !members.has(path)) members.set(path, source);
      isInner = true;
    }
    if (node.type === "VariableDeclarator" && node.id.type === "Identifier" && !isInner) {
      pending.push({ node: node.init, isInner, path: node.id.name });
      continue;
    }
    if (node.type === "Property") {
      const key = keyOf(node);
      const way = path === undefined || key === undefined ? {} : { path: `${path}.${key}` };
      // The source of a method begins with its name.
      if (node.method) {
        const source = code.slice(node.start, node.end);
        (isInner ? inner : outer).add(source);
        if (way.path !== undefined) members.set(way.path, source);
      }
      pending.push({ node: node.value, isInner, ...way });
      continue;
    }
    if (node.type === "NewExpression" && path !== undefined) {
      for (const [index, each] of node.arguments.entries()) {
        pending.push({ node: each, isInner, path: `${path}.${index === 0 ? TARGET : HANDLER}` });
      }
      continue;
    }
    // `Object.freeze` around a table, and what the loader puts around it, leave it the table of that name.
    const isTable = node.type === "ObjectExpression" || node.type === "CallExpression";
    const way = isTable && path !== undefined ? { path } : {};
    for (const each of Object.values(node)) {
      if (!Array.isArray(each)) pending.push({ node: each, isInner });
      else for (const item of each) pending.push({ node: item, isInner, ...way });
    }
  }
  return { members, outer, inner };
}

function isNode(value: unknown): value is AnyNode {
  return typeof value === "object" && value !== null && "type" in value;
}
