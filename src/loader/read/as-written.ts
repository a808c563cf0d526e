/**
 * A module's text -> its tree with every member of a class where its author wrote it.
 *
 * A text with enums, namespaces or parameter properties is printed anew for its image, and there
 * the initialisers of a class with parameter properties stand in its constructor. Code that takes a class
 * apart needs them as they were: so what blanks can't replace is blanked all the same, and it is
 * told which parameters of constructors are properties, too.
 */

import type { AnyNode, Class, Program } from "acorn";
import { findConstructor } from "./names.ts";
import { blankEnums } from "../typescript/enum-text.ts";
import type { Syntax } from "./syntax.ts";
import { parseModule } from "./syntax.ts";

/** A parsed text, with what was blanked beyond types. */
export interface WrittenSyntax extends Syntax {
  /** Offsets of the parameters of constructors that are properties. */
  readonly parameterProperties: ReadonlySet<number>;
}

/** One or more modifiers, and what follows: the name of a parameter, or of a member. */
const MODIFIERS = /\b(?:(?:public|private|protected|readonly|override)\s+)+(?=[\p{L}_$])/gu;

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
    // The words may stand in a text or before a member, where they are none of ours: then the text
    // is read again with them.
    if (real.length === modifiers.length) {
      return { ...syntax, parameterProperties: new Set(real.map(({ end }) => end)) };
    }
    modifiers = real;
  }
  return undefined;
}

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
