/**
 * Imports of a patch in the merged text: those that the module has already are not repeated.
 */

import type { ImportDeclaration } from "acorn";
import type { Merger } from "./merged.ts";
import type { ImportPiece, ModuleText } from "./module-text.ts";
import type { Places } from "./place.ts";

/** Merges the imports of a patch. */
export function mergeImports(
  merger: Merger,
  module: ModuleText,
  patch: ModuleText,
  { head }: Places,
): void {
  for (const type of patch.types) {
    if (type.kind !== "import") continue;
    if (!module.types.some(({ words }) => words === type.words)) merger.insert(head, "\n", type);
  }
  for (const node of patch.syntax.ast.body) {
    if (node.type !== "ImportDeclaration") continue;
    const own = patch.imports.filter((each) => each.node === node);
    const fresh = own.filter((each) => !isKnown(module, each));
    if (own.length > 0 && fresh.length === own.length) merger.insert(head, "\n", node);
    else if (fresh.length > 0) mergeSome(merger, head, node, fresh);
    else if (own.length === 0 && !asksFor(module, node)) merger.insert(head, "\n", node);
  }
}

/** Only names that the module does not have; a default import is outside of the braces. */
function mergeSome(
  merger: Merger,
  head: number,
  { source }: ImportDeclaration,
  fresh: readonly ImportPiece[],
): void {
  for (const each of fresh) {
    const isNamed = each.imported !== "*" && !isDefault(each);
    const [open, close] = isNamed ? ["{ ", " }"] : ["", ""];
    merger.insert(head, `\nimport ${open}`, each, `${close} from ${source.raw ?? ""};`);
  }
}

/** `import name from`, as opposed to `import { default as name } from`. */
function isDefault({ node, start }: ImportPiece): boolean {
  return node.specifiers.find((each) => each.start === start)?.type === "ImportDefaultSpecifier";
}

function isKnown({ imports, byName }: ModuleText, { local }: ImportPiece): boolean {
  return byName.has(local) || imports.some((each) => each.local === local);
}

/** `import "x"`. */
function asksFor({ syntax }: ModuleText, { source }: ImportDeclaration): boolean {
  return syntax.ast.body.some(
    (node) =>
      node.type === "ImportDeclaration" &&
      node.specifiers.length === 0 &&
      node.source.value === source.value,
  );
}
