/**
 * The names that a text uses and does not declare.
 */

import { readModuleText } from "./module-text.ts";
import { isEnum } from "./type-text.ts";

/**
 * Lists the free names of a text, each with the first line that uses it; members of enums as `E.A`.
 *
 * @throws {ERR_SYNTAX} if the text is not valid.
 */
export function listFreeNames(text: string, file: string): Map<string, number> {
  const { analysis, syntax, types } = readModuleText(text, file);
  const enums = new Set(types.flatMap((type) => (isEnum(type) ? [type.name] : [])));
  const lines = new Map<string, number>();
  const note = (name: string, start: number): void => {
    if (!lines.has(name)) lines.set(name, syntax.locate(start).line);
  };
  for (const { name, start, use, member } of analysis.freeReferences) {
    if (use !== "typeof") note(name, start);
    // Enums are blanked, so what reads them is free; so is what reads the platform, of which nothing goes.
    if (member !== undefined && enums.has(name)) note(`${name}.${member}`, start);
  }
  return lines;
}
