/**
 * The text of a patch -> its tree, with the names that it declares to be the service's.
 *
 * `declare let i: number` is a type to the stripper and would vanish. So the word `declare` in
 * front of a variable is blanked first: what remains is parsed like any statement, with the same
 * positions, and remembered as declared. `declare function`, `declare class` and `declare enum`
 * have no body to keep; their names are read from the text.
 */

import type { Program } from "acorn";
import { codeOf, SnaxError } from "../../base/error.ts";
import { PATCH_LENGTH_MAX } from "../../base/limits.ts";
import type { Deletion } from "../../texts/deletion.ts";
import { replaceDeletions } from "../../texts/deletion.ts";
import { adviseOnSyntax, refusalOfPrinted } from "./patch-advice.ts";
import { blankEnums } from "../../loader/typescript/enum-text.ts";
import type { EnumText } from "../../loader/typescript/enum-text.ts";
import { parseModule, parseWritten } from "../../loader/read/syntax.ts";
import type { ParseOptions, Syntax, WrittenSyntax } from "../../loader/read/syntax.ts";
import { createPlacedError } from "../../loader/text/position.ts";
import { visitBoundNames } from "../../loader/read/scope.ts";

/** A parsed patch. */
export interface PatchText {
  readonly syntax: Syntax;
  /** Offsets of the constructors' parameters that are properties. */
  readonly parameterProperties: ReadonlySet<number>;
  /** The names that the patch declares to be the service's, with the offset of each. */
  readonly declared: ReadonlyMap<string, number>;
  /** The statements that only declare such names. */
  readonly declarations: ReadonlySet<Program["body"][number]>;
  /** What it takes away. */
  readonly deletions: readonly Deletion[];
  /** Its enums, which are blanked. */
  readonly enums: readonly EnumText[];
}

const VARIABLE = /\bdeclare(?=\s+(let|const(?!\s+enum\b)|var)\b)/g;
const DEFINITION =
  /\bdeclare\s+(?:abstract\s+)?(?:async\s+)?(?:function\s*\*?|class|(?:const\s+)?enum)\s+([\p{L}_$][\p{L}\p{N}_$]*)/gu;

/**
 * Parses a patch.
 *
 * @param file - the name that the patch goes by in messages and stacks; its ending tells the
 * language.
 * @throws {ERR_PATCH_SIZE} if it is longer than PATCH_LENGTH_MAX.
 * @throws {ERR_SYNTAX} if it is not valid.
 */
export function parsePatch(given: string, file: string): PatchText {
  checkText(given);
  try {
    return parseText(given, file);
  } catch (error) {
    throw adviseOnSyntax(error, file);
  }
}

function parseText(given: string, file: string): PatchText {
  const { text: whole, deletions } = takeDeletions(given, file);
  const { text, enums } = takeEnums(whole, file);
  let starts = [...text.matchAll(VARIABLE)].map((match) => match.index);
  for (;;) {
    const syntax = parse(blank(text, starts), file);
    const found = findDeclarations(syntax, text, starts);
    // The word may be in a text or a comment: then it was none of ours, and the patch is read again with it.
    if (found.size < starts.length) starts = starts.filter((start) => found.has(start));
    else return { ...collect(syntax, text, new Set(found.values())), deletions, enums };
  }
}

/** Blanks the statements that take something away. */
function takeDeletions(text: string, file: string): ReturnType<typeof replaceDeletions> {
  if (!text.includes("delete")) return { text, deletions: [] };
  return replaceDeletions(text, (rest) => parse(rest, file));
}

function checkText(text: unknown): asserts text is string {
  if (typeof text !== "string") {
    throw new SnaxError(
      "ERR_ARGUMENT",
      `a patch is a text, or a record of texts, not ${typeof text}`,
    );
  }
  if (text.length > PATCH_LENGTH_MAX) {
    throw new SnaxError(
      "ERR_PATCH_SIZE",
      `a patch of ${text.length} characters exceeds the limit of ${PATCH_LENGTH_MAX}`,
    );
  }
}

/**
 * What needs code of its own is printed anew, with other positions; parameter properties need not.
 */
function parse(given: string, file: string): WrittenSyntax {
  const { text } = takeEnums(given, file);
  return parseWritten(text, (rest) =>
    parseOperatorText(rest, file, "the patch is nested too deep", { isAsWritten: true }),
  );
}

/** Blanks the enums of a text that the stripper can read. */
function takeEnums(text: string, file: string): ReturnType<typeof blankEnums> {
  if (!/\b(?:enum|namespace|module)\b/.test(text)) return { text, enums: [] };
  try {
    return blankEnums(text, file);
  } catch (error) {
    // The parser says what is wrong with it, and where.
    if (codeOf(error) === "ERR_SYNTAX") return { text, enums: [] };
    throw error;
  }
}

/**
 * Parses what an operator hands to a running service, a patch or a script. Such a text may come
 * from anywhere: where the parser runs out of stack, it was not written by hand, and the error says so
 * with the place instead of ending the caller.
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

type Statement = Program["body"][number];

/** Blanks `declare`; `const` behind it becomes `let`, which needs no value. */
function blank(text: string, starts: readonly number[]): string {
  let result = text;
  for (const start of starts) {
    const keyword = keywordAt(text, start);
    const word = text.startsWith("const", keyword) ? "let  " : text.slice(keyword, keyword + 3);
    result =
      result.slice(0, start) +
      " ".repeat("declare".length) +
      result.slice(start + "declare".length, keyword) +
      word +
      result.slice(keyword + word.length);
  }
  return result;
}

function keywordAt(text: string, start: number): number {
  return start + text.slice(start).search(/(?<=^declare\s+)\S/);
}

/** Finds the statements that begin where a `declare` was blanked. */
function findDeclarations(
  syntax: Syntax,
  text: string,
  starts: readonly number[],
): Map<number, Statement> {
  const byOffset = new Map(starts.map((start) => [keywordAt(text, start), start]));
  const found = new Map<number, Statement>();
  if (syntax.map !== undefined && starts.length > 0) {
    const [first] = starts;
    throw createPlacedError("ERR_PATCH", syntax.locate(first ?? 0), refusalOfPrinted(text));
  }
  for (const statement of syntax.ast.body) {
    const start = byOffset.get(statement.start);
    if (start !== undefined && statement.type === "VariableDeclaration")
      found.set(start, statement);
  }
  return found;
}

function collect(
  syntax: WrittenSyntax,
  text: string,
  declarations: ReadonlySet<Statement>,
): Omit<PatchText, "deletions" | "enums"> {
  const declared = new Map<string, number>();
  for (const statement of declarations) {
    if (statement.type !== "VariableDeclaration") continue;
    for (const { id } of statement.declarations) {
      visitBoundNames(id, (name, node) => declared.set(name, node.start));
    }
  }
  for (const match of text.matchAll(DEFINITION)) {
    // Erased by the stripper, so it was code and no comment.
    const isErased = syntax.map === undefined && syntax.code.startsWith("       ", match.index);
    if (isErased && match[1] !== undefined) declared.set(match[1], match.index);
  }
  return { syntax, parameterProperties: syntax.parameterProperties, declared, declarations };
}

const HOTFIX = /\bexport\s+(?:async\s+)?function\s+hotfix\b/;

/** Whether a patch has something to run once. */
export function hasHotfix(text: string): boolean {
  return HOTFIX.test(text);
}
