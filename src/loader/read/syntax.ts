/**
 * A module's text -> its syntax tree.
 *
 * The one door to the parser: images of files and texts of patches go through it. TypeScript is
 * stripped first (see `strip.ts`); what that can't do is left to the compiler of the user's project
 * (see `transform-need.ts`); JavaScript is parsed as it is. What is not valid is refused with file,
 * line and column.
 *
 * `parseAsWritten` keeps every member of a class where its author wrote it. A text with enums,
 * namespaces or parameter properties is printed anew for its image, and there the initialisers of a
 * class with parameter properties are in its constructor. Code that takes a class apart needs them as
 * they were: so what blanks can't replace is blanked all the same, and the code is told which
 * parameters of constructors are properties, too.
 */

import type { SnaxError } from "../../base/error.ts";
import type { Program, AnyNode, Class } from "acorn";
import { SourceMap } from "node:module";
import type { SourceMapPayload } from "node:module";
import { dirname, isAbsolute } from "node:path";
import { readUndecorated } from "./decorators.ts";
import type { Undecorated } from "./decorators.ts";
import { findLostExport } from "./namespace-parts.ts";
import { parseTree } from "./parser.ts";
import { createPlacedError, Lines } from "../text/position.ts";
import type { Place } from "../text/position.ts";
import { findUnknown, findUnparsable, strip } from "../typescript/strip.ts";
import type { Stripped, Unblankable } from "../typescript/strip.ts";
import type { Transform, TransformNeed } from "../typescript/transform-need.ts";
import { transformElsewhere, TransformNeeded } from "../typescript/transform-need.ts";
import { hasTypeScript } from "../typescript/transform-tools.ts";
import { mentionsType } from "../typescript/type-name.ts";
import { findConstructor } from "./names.ts";
import { blankEnums } from "../typescript/enum-text.ts";

const OPTIONS = { ecmaVersion: "latest", sourceType: "module", allowHashBang: true } as const;

/** Files that have no types; the text of a JSON file has been wrapped by then. */
export const JAVASCRIPT: RegExp = /\.(?:js|mjs|json)$/;

/** A parsed module. */
export interface Syntax {
  /** Path of the file, or another name that the text goes by. */
  readonly file: string;
  /** The text as it was given. */
  readonly text: string;
  /** The JavaScript text that the tree's offsets count in. */
  readonly code: string;
  /** Source map (JSON) from `code` to the original text; undefined if positions are the same. */
  readonly map: string | undefined;
  /** Whether the compiler of the user's project has made `code`. */
  readonly isTransformed: boolean;
  /** The tree. */
  readonly ast: Program;
  /** The text as it was before decorators became blanks, if they have; see `ParseOptions`. */
  readonly decorated?: Undecorated & { readonly source: string };
  /** Returns the place of an offset of `code` in the original text. */
  locate(offset: number): Place;
}

/** How a text is read. */
export interface ParseOptions {
  /**
   * Real path of the file whose project has the compiler and the options for what can't be blanked.
   *
   * @defaultValue the file itself
   */
  readonly home?: string;
  /**
   * Whether the text is wanted as it is written: decorators, and the word `accessor`, become
   * blanks, and nothing is transformed.
   *
   * @defaultValue false
   */
  readonly isAsWritten?: boolean;
  /** @defaultValue such a text is refused with TransformNeeded */
  readonly transform?: Transform;
}

/**
 * Parses a module.
 *
 * @param text - TypeScript, or JavaScript if the file's name ends in `.js` or `.mjs`.
 * @param file - path of the file, for messages and for the choice of language.
 * @throws {ERR_SYNTAX} if the text is not valid; data: `{ file, line, column }`.
 */
export function parseModule(text: string, file: string, options: ParseOptions = {}): Syntax {
  const { home = file, transform = transformElsewhere, isAsWritten = false } = options;
  if (isAsWritten && !JAVASCRIPT.test(file)) return parseAsIs(text, file);
  const again = (need: TransformNeed): Syntax => {
    if (!isAbsolute(home)) throw refuseHomeless(file, need);
    return createSyntax(text, file, transform({ text, file, home, need }), true);
  };
  if (JAVASCRIPT.test(file)) return createSyntax(text, file, { code: text, map: undefined });
  if (file.endsWith(".tsx")) return again({ what: "JSX needs", line: 1, column: 1 });
  const stripped = stripOr(() => again({ what: "", line: 1, column: 1 }), text, file, home);
  if ("ast" in stripped) return stripped;
  const { code, map } = stripped;
  if (map !== undefined) refuseExportEquals(text, code, file);
  const locate = createLocator(file, code, map);
  const need = ({ what, at, isExact }: Unblankable): TransformNeed => {
    const { line, column } = locate(at);
    return { what, line, column, isExact };
  };
  let syntax: Syntax;
  try {
    syntax = createSyntax(text, file, stripped);
  } catch (error) {
    const { cause } = error as { readonly cause?: unknown };
    const found =
      cause instanceof SyntaxError ? findUnparsable(code, positionOf(cause)) : undefined;
    if (found === undefined) throw error;
    return again(need(found));
  }
  const found = findUnknown(syntax) ?? (map === undefined ? undefined : findLostExport(syntax.ast));
  return found === undefined ? syntax : again(need(found));
}

/** `export = x` is printed as what only CommonJS has. */
function refuseExportEquals(text: string, code: string, file: string): void {
  if (!code.includes("module.exports =") || text.includes("module.exports")) return;
  const found = /(?<=^|[;\n}])[ \t]*export\s*=(?![=>])/.exec(text);
  if (found === null) return;
  const at = found.index + found[0].indexOf("export");
  const why =
    "`export =` is CommonJS, and a service's files are ES modules: write `export default`, or `export { ... }`";
  throw createPlacedError("ERR_SYNTAX", { file, ...new Lines(text).locate(at) }, why);
}

/** What an operator types belongs to no project. */
function refuseHomeless(file: string, { what, line, column }: TransformNeed): SnaxError {
  const why = `${what} a transformer, which only the files of a project have`;
  return createPlacedError("ERR_SYNTAX", { file, line, column }, why);
}

function parseAsIs(text: string, file: string): Syntax {
  const stripped = strip(text, file);
  try {
    return createSyntax(text, file, stripped);
  } catch (error) {
    const { cause } = error as { readonly cause?: unknown };
    if (!(cause instanceof SyntaxError)) throw error;
    if (findUnparsable(stripped.code, positionOf(cause)) === undefined) throw error;
  }
  const { map } = stripped;
  const locate = createLocator(file, stripped.code, map);
  try {
    const undeclared = new Map<string, number>();
    const decorated = { ...readUndecorated(stripped.code, undeclared), source: stripped.code };
    const { code, ast } = decorated;
    const syntax = { file, text, code, map, isTransformed: false, ast, decorated, locate };
    dropTypes(syntax, undeclared);
    return syntax;
  } catch (error) {
    throw refuseText(error, file, locate);
  }
}

/**
 * The stripper minds more than TypeScript's own transform does; what that lets pass is let pass.
 */
function stripOr(
  transform: () => Syntax,
  text: string,
  file: string,
  home: string,
): Stripped | Syntax {
  try {
    return strip(text, file);
  } catch (error) {
    if (!isAbsolute(home) || !hasTypeScript(dirname(home))) throw error;
    try {
      return transform();
    } catch (other) {
      throw other instanceof TransformNeeded ? other : error;
    }
  }
}

function createSyntax(
  text: string,
  file: string,
  { code, map }: Stripped,
  isTransformed = false,
): Syntax {
  const locate = createLocator(file, code, map);
  try {
    const undeclared = new Map<string, number>();
    const ast = parseTree(code, OPTIONS, undeclared);
    const syntax = { file, text, code, map, isTransformed, ast, locate };
    dropTypes(syntax, undeclared);
    return syntax;
  } catch (error) {
    throw refuseText(error, file, locate);
  }
}

function refuseText(error: unknown, file: string, locate: Syntax["locate"]): unknown {
  if (error instanceof RangeError) return refuseDepth(error, file);
  if (!(error instanceof SyntaxError)) return error;
  const why = error.message.replace(/ \(\d+:\d+\)$/, "");
  return createPlacedError("ERR_SYNTAX", locate(positionOf(error)), why, error);
}

/** The error of a text for which the stack is too small, in the parser or behind it. */
export function refuseDepth(error: RangeError, file: string): SnaxError {
  const place = { file, line: 1, column: 1 };
  return createPlacedError("ERR_SYNTAX", place, "the text is nested too deeply", error);
}

function positionOf(error: SyntaxError): number {
  return (error as SyntaxError & { readonly pos: number }).pos;
}

/** Takes out what is exported and not declared, if it is a type: nothing of that is left. */
function dropTypes(
  { ast, text, file, locate }: Syntax,
  undeclared: ReadonlyMap<string, number>,
): void {
  for (const [name, offset] of undeclared) {
    if (!JAVASCRIPT.test(file) && mentionsType(text, name)) continue;
    const why = `Export '${name}' is not defined`;
    throw createPlacedError("ERR_SYNTAX", locate(offset), why);
  }
  if (undeclared.size === 0) return;
  for (const statement of ast.body) {
    if (statement.type !== "ExportNamedDeclaration" || statement.source) continue;
    statement.specifiers = statement.specifiers.filter(
      ({ local }) => local.type !== "Identifier" || !undeclared.has(local.name),
    );
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

/** A parsed text, with what was blanked beyond types. */
export interface WrittenSyntax extends Syntax {
  /** Offsets of the parameters of constructors that are properties. */
  readonly parameterProperties: ReadonlySet<number>;
}

/** One or more modifiers, and what follows: the name of a parameter, or of a member. */
const MODIFIERS = /\b(?:(?:public|private|protected|readonly|override)\s+)+(?=[\p{L}_$])/gu;

/**
 * Parses a text, with parameter properties as plain parameters where nothing else has to be printed
 * anew. The positions are then those of the text.
 *
 * @param parse - reads a text.
 */
export function parseWritten(text: string, parse: (text: string) => Syntax): WrittenSyntax {
  const syntax = parse(text);
  const written = syntax.map === undefined ? undefined : parseParameterProperties(text, parse);
  return written ?? { ...syntax, parameterProperties: new Set() };
}

/**
 * Parses the text of a module, with enums and namespaces blanked and parameter properties as plain
 * parameters.
 *
 * @throws {ERR_SYNTAX} if the text is not valid, or has other syntax that blanks can't replace.
 */
export function parseAsWritten(text: string, file: string): WrittenSyntax {
  const parse = (rest: string): Syntax => parseWithoutEnums(rest, file);
  const syntax = parseModule(text, file, { isAsWritten: true });
  if (syntax.map === undefined) return { ...syntax, parameterProperties: new Set() };
  return (
    parseParameterProperties(text, parse) ?? { ...parse(text), parameterProperties: new Set() }
  );
}

function parseWithoutEnums(text: string, file: string): Syntax {
  return parseModule(blankEnums(text, file).text, file, { isAsWritten: true });
}

/**
 * Parses a text, with parameter properties as plain parameters.
 *
 * @param parse - reads the text that is left.
 * @returns undefined if the text has none, or is not valid without them either.
 */
function parseParameterProperties(
  text: string,
  parse: (text: string) => Syntax,
): WrittenSyntax | undefined {
  let modifiers = [...text.matchAll(MODIFIERS)].map(({ index, 0: { length } }) => ({
    start: index,
    end: index + length,
  }));
  while (modifiers.length > 0) {
    let syntax: Syntax;
    try {
      syntax = parse(blank(text, modifiers));
    } catch {
      return undefined;
    }
    const parameters = findParameters(syntax.ast);
    const real = modifiers.filter(({ end }) => parameters.has(end));
    // The words may be in a text or before a member, where they are none of ours: then the text
    // is read again with them.
    if (real.length === modifiers.length) {
      return { ...syntax, parameterProperties: new Set(real.map(({ end }) => end)) };
    }
    modifiers = real;
  }
  return undefined;
}

function blank(
  text: string,
  extents: readonly { readonly start: number; readonly end: number }[],
): string {
  let result = text;
  for (const { start, end } of extents) {
    const blanks = text.slice(start, end).replace(/[^\n\r\u2028\u2029]/g, " ");
    result = result.slice(0, start) + blanks + result.slice(end);
  }
  return result;
}

/** Where the parameters of all constructors begin. */
function findParameters(ast: Program): Set<number> {
  const starts = new Set<number>();
  const visit = (node: AnyNode): void => {
    if (node.type === "ClassBody") {
      const own = findConstructor({ body: node } as unknown as Class);
      for (const parameter of own?.params ?? []) starts.add(parameter.start);
    }
    for (const child of Object.values(node)) visitUnknown(child);
  };
  const visitUnknown = (child: unknown): void => {
    if (Array.isArray(child)) for (const item of child) visitUnknown(item);
    else if (typeof child === "object" && child !== null && "type" in child)
      visit(child as AnyNode);
  };
  visit(ast);
  return starts;
}
