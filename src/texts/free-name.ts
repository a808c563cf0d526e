/**
 * The names that a text uses and does not declare.
 */

import { readModuleText } from "./module-text.ts";

/**
 * Lists the free names of a text, each with the first line that uses it.
 *
 * @throws {ERR_SYNTAX} if the text is not valid.
 */
export function listFreeNames(text: string, file: string): Map<string, number> {
  const { analysis, syntax } = readModuleText(text, file);
  const lines = new Map<string, number>();
  for (const { name, start, use } of analysis.freeReferences) {
    if (use !== "typeof" && !lines.has(name)) lines.set(name, syntax.locate(start).line);
  }
  return lines;
}
