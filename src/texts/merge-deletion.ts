/**
 * What a patch takes away, in the merged text.
 */

import type { Class } from "acorn";
import { listMembers, listProperties } from "./member.ts";
import type { Merger } from "./merged.ts";
import type { ModuleText, Piece } from "./module-text.ts";

/** Takes a declaration away. */
export function removePiece(merger: Merger, module: ModuleText, piece: Piece): void {
  removeExports(merger, module, piece);
  if (piece.isAlone) {
    merger.remove(piece.start, piece.end);
    return;
  }
  // With its comma: the one behind it, or the one before the last declarator.
  const { code } = module.syntax;
  const behind = /^\s*,/.exec(code.slice(piece.end))?.[0].length;
  if (behind !== undefined) merger.remove(piece.start, piece.end + behind);
  else merger.remove(code.lastIndexOf(",", piece.start), piece.end);
}

/** `export { name }`. */
function removeExports(merger: Merger, { syntax }: ModuleText, { names }: Piece): void {
  for (const statement of syntax.ast.body) {
    if (statement.type !== "ExportNamedDeclaration" || statement.source) continue;
    for (const { local, start, end } of statement.specifiers) {
      if (local.type !== "Identifier" || !names.includes(local.name)) continue;
      const behind = /^\s*,/.exec(syntax.code.slice(end))?.[0].length ?? 0;
      merger.remove(start, end + behind);
    }
  }
}

/**
 * Takes a member away: of a group or another object by its name, of a class by `prototype` and its name,
 * or, for a static one, by its name alone.
 */
export function removeMember(
  merger: Merger,
  module: ModuleText,
  { value }: Piece,
  path: readonly string[],
): void {
  if (value?.type === "ClassDeclaration" || value?.type === "ClassExpression") {
    removeClassMember(merger, module, value, path);
    return;
  }
  const [name, ...rest] = path;
  if (value?.type !== "ObjectExpression") return;
  for (const { name: each, node } of listProperties(value)) {
    if (each !== name || node.type !== "Property") continue;
    if (rest.length > 0) {
      removeMember(merger, module, { value: node.value } as Piece, rest);
      continue;
    }
    const behind = /^\s*,/.exec(module.syntax.code.slice(node.end))?.[0].length ?? 0;
    merger.remove(node.start, node.end + behind);
  }
}

function removeClassMember(
  merger: Merger,
  { syntax }: ModuleText,
  node: Class,
  path: readonly string[],
): void {
  const isStatic = path.length === 1;
  if (!isStatic && path[0] !== "prototype") return;
  for (const member of listMembers(node, syntax.code, syntax.decorated?.decorators)) {
    if (member.isStatic !== isStatic || member.name !== path.at(-1)) continue;
    if (member.kind !== "constructor") merger.remove(member.start, member.end);
  }
}
