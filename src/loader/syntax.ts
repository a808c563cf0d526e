/**
 * A module's text -> its syntax tree.
 *
 * The one door to the parser: images of files and texts of patches go through it. TypeScript is stripped first (see
 * `strip.ts`); JavaScript is parsed as it is. Whatever is not valid is refused with file, line and column.
 */

import { parse } from "acorn";
import type { Program } from "acorn";
import { SourceMap } from "node:module";
import type { SourceMapPayload } from "node:module";
import { createPlacedError, Lines } from "./position.ts";
import type { Place } from "./position.ts";
import { strip } from "./strip.ts";

/** Files that have no types; the text of a JSON file has been wrapped by then. */
const JAVASCRIPT = /\.(?:js|mjs|json)$/;

/** A parsed module. */
export interface Syntax {
  /** Path of the file, or another name that the text goes by. */
  readonly file: string;
  /** The JavaScript text that the tree's offsets count in. */
  readonly code: string;
  /** Source map (JSON) from `code` to the original text; undefined if positions are the same. */
  readonly map: string | undefined;
  /** The tree. */
  readonly ast: Program;
  /** Returns the place of an offset of `code` in the original text. */
  locate(offset: number): Place;
}

/**
 * Parses a module.
 *
 * @param text - TypeScript, or JavaScript if the file's name ends in `.js` or `.mjs`.
 * @param file - path of the file, for messages and for the choice of language.
 * @throws {ERR_SYNTAX} if the text is not valid; data: `{ file, line, column }`.
 */
export function parseModule(text: string, file: string): Syntax {
  const isJavaScript = JAVASCRIPT.test(file);
  const { code, map } = isJavaScript ? { code: text, map: undefined } : strip(text, file);
  const locate = createLocator(file, code, map);
  try {
    const ast = parse(code, { ecmaVersion: "latest", sourceType: "module", allowHashBang: true });
    return { file, code, map, ast, locate };
  } catch (error) {
    if (error instanceof RangeError) {
      const place = { file, line: 1, column: 1 };
      throw createPlacedError("ERR_SYNTAX", place, "the text is nested too deeply", error);
    }
    if (!(error instanceof SyntaxError)) throw error;
    const { pos } = error as SyntaxError & { pos: number };
    const why = error.message.replace(/ \(\d+:\d+\)$/, "");
    throw createPlacedError("ERR_SYNTAX", locate(pos), why, error);
  }
}

/** Lines and the decoded map are made at the first question: most texts are never asked. */
function createLocator(
  file: string,
  code: string,
  map: string | undefined,
): (offset: number) => Place {
  let lines: Lines | undefined;
  let sourceMap: SourceMap | undefined;
  return (offset) => {
    lines ??= new Lines(code);
    const { line, column } = lines.locate(offset);
    if (map === undefined) return { file, line, column };
    sourceMap ??= new SourceMap(JSON.parse(map) as SourceMapPayload);
    const entry = sourceMap.findEntry(line - 1, column - 1);
    if (!("originalLine" in entry)) return { file, line, column };
    return { file, line: entry.originalLine + 1, column: entry.originalColumn + 1 };
  };
}
