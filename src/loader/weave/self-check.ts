/**
 * Held functions that are async or generators: they stay of their kind.
 *
 * A forwarder would be a plain function, and one that is async itself would end its promise later.
 * So such a function has a check at its entry, as a method that code holds as a value has one: all code
 * holds the function itself, and a patch sets the variable.
 *
 *     async function load(id) {if($snaxF_load)return await $snaxF_load.apply(this,arguments); ... }
 *
 * Where a parameter is a pattern the check would come too late: these have a forwarder of the
 * kind's prototype.
 */

import type { AnyNode, Function as FunctionNode } from "acorn";
import type { Edits } from "../text/edits.ts";
import { forwardedOf } from "./frame.ts";
import { piecesOf } from "./method-check.ts";
import type { Piece } from "./method-check.ts";
import { isFunction } from "../read/names.ts";
import type { Name } from "../read/names.ts";
import { DEFAULT_NAME } from "../read/record.ts";
import type { Syntax } from "../read/syntax.ts";

/**
 * Lists the checks of functions, by name.
 *
 * @param functions - the functions that code may hold as values.
 */
export function listSelfChecks(
  { ast, code }: Syntax,
  names: ReadonlyMap<string, Name>,
  functions: ReadonlySet<string>,
): Map<string, readonly Piece[]> {
  const found = new Map<string, readonly Piece[]>();
  const add = (name: string, node: FunctionNode): void => {
    const { kind } = names.get(name) ?? {};
    const isFixed = kind === "function" || kind === "const-function";
    if (!isFixed || !functions.has(name) || (!node.async && !node.generator)) return;
    const pieces = piecesOf(node, forwardedOf(name), code);
    if (pieces !== undefined) found.set(name, pieces);
  };
  for (const statement of ast.body) {
    const node = "declaration" in statement ? statement.declaration : statement;
    if (node) visit(node as AnyNode, add);
  }
  return found;
}

function visit(node: AnyNode, add: (name: string, node: FunctionNode) => void): void {
  if (node.type === "FunctionDeclaration") add(node.id?.name ?? DEFAULT_NAME, node);
  else if (isFunction(node)) add(DEFAULT_NAME, node);
  else if (node.type === "VariableDeclaration") {
    for (const { id, init } of node.declarations) {
      if (id.type === "Identifier" && init && isFunction(init)) add(id.name, init);
    }
  }
}

/** Puts the checks into the text; they belong behind every other edit. */
export function weaveSelfChecks(edits: Edits, checks: Iterable<readonly Piece[]>): void {
  for (const pieces of checks) {
    for (const [offset, text] of pieces) edits.insertBehind(offset, text);
  }
}
