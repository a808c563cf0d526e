/**
 * Parses what an operator hands to a running service, a patch or a script.
 *
 * Such a text may come from anywhere: a parser that runs out of stack has met one that nobody wrote by hand, and says so
 * with the place instead of ending whoever asked.
 */

import { createPlacedError } from "../loader/position.ts";
import type { ParseOptions, Syntax } from "../loader/syntax.ts";
import { parseModule } from "../loader/syntax.ts";

/**
 * Parses a text.
 *
 * @param depthText - what the error says of a text that is nested too deeply to be parsed.
 * @throws {ERR_SYNTAX} with the place.
 */
export function parseOperatorText(
  text: string,
  file: string,
  depthText: string,
  options: ParseOptions = {},
): Syntax {
  try {
    return parseModule(text, file, options);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw createPlacedError("ERR_SYNTAX", { file, line: 1, column: 1 }, depthText, error);
  }
}
