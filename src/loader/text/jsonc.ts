/**
 * JSON as people write it into configuration files: with comments, and with a comma behind the last
 * entry.
 *
 * Both become blanks of the same width, and what is left is JSON, so that the places in messages
 * are those of the file.
 */

import { parseJson } from "./json.ts";

/**
 * A text (which may lack its end), a comment, or any other unit that the search passes over by
 * itself.
 */
const TEXT_OR_COMMENT = /"(?:\\[^]|[^"\\\n])*"?|\/\/[^\n\r]*|\/\*[^]*?(?:\*\/|$)/g;

const TEXT_OR_LAST_COMMA = /"(?:\\[^]|[^"\\\n])*"?|,(?=\s*[}\]])/g;

/**
 * Parses JSON with comments and with commas behind the last entries; a byte order mark in front
 * does not count.
 *
 * @param file - what the error calls the text.
 * @throws {ERR_SYNTAX} if it is not valid, with the place.
 */
export function parseJsonc(text: string, file: string): unknown {
  const plain = text.replace(TEXT_OR_COMMENT, keepText).replace(TEXT_OR_LAST_COMMA, keepText);
  return parseJson(plain, file);
}

function keepText(found: string): string {
  return found.startsWith('"') ? found : found.replace(/[^\n\r]/g, " ");
}
