/**
 * TypeScript -> JavaScript, by the compiler that Node's own type stripping uses (swc, as
 * WebAssembly).
 *
 * Types become blanks, so that every line and column stays. Only a text with syntax that needs code
 * of its own (enums, namespaces, parameter properties) goes through its transform, which prints the
 * text anew and gives a source map. It is loaded at the first TypeScript text: a thread that gets
 * its images from another one never pays for it.
 *
 * When the types are gone, some syntax may be left that V8 does not know, or does not know yet. It is
 * recognised where the parser stops, or in the tree, so that a word in a comment or a string means
 * nothing.
 */

import { Script } from "node:vm";
import type { AnyNode, Program } from "acorn";
import { loadCompiler } from "./compiler.ts";
import type { TransformSync } from "./compiler.ts";
import { createPlacedError } from "../text/position.ts";

/** JavaScript made from a TypeScript text. */
export interface Stripped {
  /** The JavaScript text; without a map every position is that of the original. */
  readonly code: string;
  /** Source map (JSON) back to the original, if the text had to be printed anew. */
  readonly map: string | undefined;
}

interface StripError {
  readonly code: string;
  readonly message: string;
  readonly startLine: number;
  readonly startColumn: number;
  readonly endLine: number;
  readonly endColumn: number;
}

/** An extent of a text. */
export interface Extent {
  readonly start: number;
  readonly end: number;
}

const NON_ASCII_OR_TAB = /[^\n\r\x20-\x7e]/g;

let loaded: TransformSync | undefined;

function transform(text: string, file: string, mode: "strip-only" | "transform"): Stripped {
  loaded ??= loadCompiler();
  try {
    const output = loaded(text, {
      mode,
      filename: file,
      sourceMap: mode === "transform",
      // An import is kept for its effects, whether its names are used or not. A member of an enum is
      // read where it is used, so that a patch can change it.
      transform: { verbatimModuleSyntax: true, tsEnumIsMutable: true },
    });
    return { code: output.code, map: output.map };
  } catch (error) {
    if (error instanceof RangeError || (error as Error).name === "RuntimeError") {
      // Out of its stack it has left its memory in disorder, and would fail at every later text:
      // the next gets a new one.
      loaded = undefined;
    }
    throw error;
  }
}

/**
 * Blanks the types of a TypeScript text.
 *
 * @param file - path of the file, for messages.
 * @throws {ERR_SYNTAX} if the text is not TypeScript.
 */
export function strip(text: string, file: string): Stripped {
  try {
    return transform(text, file, "strip-only");
  } catch (error) {
    if ((error as StripError).code !== "UnsupportedSyntax") throw refuse(error, text, file);
  }
  try {
    return transform(text, file, "transform");
  } catch (error) {
    throw refuse(error, text, file);
  }
}

/** What blanks can't replace. */
export interface UnblankableExtent extends Extent {
  /** Whether it is a parameter that is a property, of which the words in front do not belong to the extent. */
  readonly isParameter: boolean;
}

/**
 * Returns the extent of the first enum, namespace or parameter that is a property; undefined if
 * there is none.
 *
 * @throws {ERR_SYNTAX} if the text is not TypeScript.
 */
export function findUnblankable(text: string, file: string): UnblankableExtent | undefined {
  const plain = withoutWide(text);
  try {
    transform(plain, file, "strip-only");
    return undefined;
  } catch (error) {
    const { code, message, startLine, startColumn, endLine, endColumn } = error as StripError;
    if (code !== "UnsupportedSyntax") throw refuse(error, text, file);
    const isParameter = message.includes("parameter property");
    if (!isParameter && !/enum|namespace|module/.test(message)) throw refuse(error, text, file);
    const starts = [
      0,
      ...[...plain.matchAll(/\r\n|[\n\r]/g)].map((end) => end.index + end[0].length),
    ];
    const offsetOf = (line: number, column: number): number => (starts[line - 1] ?? 0) + column;
    const [start, end] = [offsetOf(startLine, startColumn), offsetOf(endLine, endColumn)];
    return { start, end, isParameter };
  }
}

function refuse(error: unknown, text: string, file: string): unknown {
  const { startLine, message } = error as Partial<StripError>;
  if (startLine === undefined || message === undefined) {
    const why = `the compiler gave up, as it does where a text is nested too deeply: ${String(error)}`;
    return createPlacedError("ERR_SYNTAX", { file, line: 1, column: 1 }, why, error);
  }
  const place = { file, line: startLine, column: columnOf(error as StripError, text) };
  return createPlacedError("ERR_SYNTAX", place, message, error);
}

/**
 * It counts columns as a terminal shows them, so wide characters and tabs move the column. The same
 * text with every such unit replaced by an ordinary one fails at the same place, with the true
 * column.
 */
function columnOf(error: StripError, text: string): number {
  const plain = withoutWide(text);
  if (plain !== text) {
    try {
      transform(plain, "", "strip-only");
    } catch (again) {
      const { startLine, startColumn } = again as StripError;
      if (startLine === error.startLine) return startColumn + 1;
    }
  }
  return error.startColumn + 1;
}

function withoutWide(text: string): string {
  return text.replace(NON_ASCII_OR_TAB, (unit) => (unit.trim() === "" ? " " : "x"));
}

/** Syntax that a text has, and that has to be transformed. */
export interface Unblankable {
  /** With a verb: "decorators need". */
  readonly what: string;
  /** Offset in the JavaScript text. */
  readonly at: number;
  /** Whether only TypeScript itself gets it right. */
  readonly isExact?: boolean;
}

/** Says what the parser stopped at; undefined if it is plainly wrong. */
export function findUnparsable(code: string, at: number): Unblankable | undefined {
  if (code[at] === "@") return { what: "decorators need", at };
  const accessor = /\baccessor\s+$/.exec(code.slice(Math.max(0, at - WORD_GAP_MAX), at));
  if (accessor === null) return undefined;
  return { what: "accessor needs", at: at - accessor[0].length };
}

/** How far in front of what follows it the word `accessor` is looked for. */
const WORD_GAP_MAX = 100;

/** Finds syntax that the parser knows and this release of V8 does not: `using`. */
export function findUnknown(syntax: {
  readonly code: string;
  readonly ast: Program;
}): Unblankable | undefined {
  if (!USING.test(syntax.code)) return undefined;
  knowsUsing ??= canCompile("{using a=null}");
  const at = knowsUsing ? undefined : findUsing(syntax.ast);
  return at === undefined ? undefined : { what: "using needs", at };
}

const USING = /\busing\s+[\p{L}_$]/u;

let knowsUsing: boolean | undefined;

function canCompile(text: string): boolean {
  try {
    new Script(text);
    return true;
  } catch {
    return false;
  }
}

function findUsing(node: AnyNode): number | undefined {
  if (node.type === "VariableDeclaration" && node.kind.endsWith("using")) return node.start;
  for (const child of Object.values(node) as unknown[]) {
    const children = Array.isArray(child) ? (child as unknown[]) : [child];
    for (const inner of children) {
      if (typeof inner !== "object" || inner === null || !("type" in inner)) continue;
      const found = findUsing(inner as AnyNode);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}
