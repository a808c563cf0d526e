/**
 * Fields without a value where the project says that class fields are not defined: they are types.
 *
 *     [key]?: number;      ->  nothing
 *     [next()]?: number;   ->  static{next()}      as tsc does it: what the name evaluates may have effects
 */

import type { PropertyDefinition } from "acorn";
import { isLiteral } from "../read/names.ts";
import type { Edits } from "../text/edits.ts";

/** Takes such a field out of a class. */
export function weaveTypeField(
  edits: Edits,
  { start, end, computed, key }: PropertyDefinition,
): void {
  if (!computed || key.type === "Identifier" || isLiteral(key)) {
    edits.blank(start, end);
    return;
  }
  edits.blank(start, key.start);
  edits.blank(key.end, end);
  edits.insertBehind(key.start, "static{");
  edits.insertBefore(key.end, "}");
}
