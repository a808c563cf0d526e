/** What a patch gives and needs, as far as its text alone tells: for messages. */

import { keyOf } from "../loader/read/analysis.ts";
import { readPatchPieces, STEPS } from "./merge.ts";
import { readModuleText } from "./module-text.ts";
import type { Piece } from "./module-text.ts";

/** What a patch gives and needs. */
export interface PatchUses {
  /** The declarations, and members of groups, classes and objects, that it sets or takes away. */
  readonly given: ReadonlySet<string>;
  /** The names that it uses and does not declare. */
  readonly needs: ReadonlySet<string>;
}

/** Reads it; of a text that can't be read nothing is known. */
export function listUses(patch: string, path: string): PatchUses {
  try {
    const file = path === "" ? "patch.ts" : path;
    const module = readModuleText("", file, { isService: path === "" });
    const { pieces, deletions, analysis } = readPatchPieces(patch, file, module);
    const given = new Set(deletions.map(({ path: names }) => names.join(".")));
    for (const piece of pieces) {
      if (STEPS.has(piece.name) && piece.isExported) continue;
      const members = membersOf(piece);
      for (const name of members ?? piece.names) given.add(name);
    }
    const needs = analysis.freeReferences.filter(({ use }) => use !== "typeof");
    return { given, needs: new Set(needs.map(({ name }) => name)) };
  } catch {
    return { given: new Set(), needs: new Set() };
  }
}

/** `response.buy`, `Order.text`; undefined of what is set as a whole. */
function membersOf({ value, name, group }: Piece): string[] | undefined {
  const owner = group ?? name;
  if (value?.type === "ObjectExpression") {
    return value.properties.flatMap((property) => {
      const key = property.type === "Property" ? keyOf(property) : undefined;
      return key === undefined ? [] : `${owner}.${key}`;
    });
  }
  if (value?.type !== "ClassDeclaration" && value?.type !== "ClassExpression") return undefined;
  return value.body.body.flatMap((member) => {
    if (member.type === "StaticBlock") return [];
    const key = keyOf(member);
    return key === undefined ? [] : `${owner}.${key}`;
  });
}
