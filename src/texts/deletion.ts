/**
 * `delete report;`, `delete response.buy;`, `delete Order.prototype.text;`, `delete Order.make;`: what a
 * patch takes away.
 *
 * No module may say that of its own names, so no parser lets it pass. The word is replaced by `void`
 * first, which has no effect, and what remains is parsed with the same positions; inside functions and
 * texts `delete` is the language's own and stays.
 */

import type { AnyNode } from "acorn";
import type { Syntax } from "../loader/read/syntax.ts";

/** What a patch takes away. */
export interface Deletion {
  /** The name, or the names with a member behind it. */
  readonly path: readonly string[];
  /** Extent of the statement. */
  readonly start: number;
  readonly end: number;
}

const CANDIDATE = /\bdelete(?=\s+[\p{ID_Start}$_][\p{ID_Continue}$.]*\s*(?:;|[\n\r]|$))/gu;
const WORD = "delete";
const STAND_IN = "void  ";

/**
 * Replaces what takes something away by statements without effect.
 *
 * @param parse - reads the text that is left; asked only if there is something that may be meant.
 */
export function replaceDeletions(
  text: string,
  parse: (text: string) => Syntax,
): { text: string; deletions: Deletion[] } {
  if (text.search(CANDIDATE) < 0) return { text, deletions: [] };
  const { deletions } = parseDeletions(text, parse);
  return {
    text: replaceAt(
      text,
      deletions.map(({ start }) => start),
    ),
    deletions,
  };
}

/**
 * Parses a text that may have statements that take something away.
 *
 * @param parse - reads the text that is left.
 */
export function parseDeletions<Parsed extends Syntax>(
  text: string,
  parse: (text: string) => Parsed,
): { syntax: Parsed; deletions: Deletion[] } {
  let starts = [...text.matchAll(CANDIDATE)].map(({ index }) => index);
  for (;;) {
    const syntax = parse(replaceAt(text, starts));
    const deletions = findDeletions(syntax, starts);
    if (deletions.length === starts.length) return { syntax, deletions };
    const real = new Set(deletions.map(({ start }) => start));
    starts = starts.filter((start) => real.has(start));
  }
}

function replaceAt(text: string, starts: readonly number[]): string {
  let result = text;
  for (const start of starts) {
    result = result.slice(0, start) + STAND_IN + result.slice(start + WORD.length);
  }
  return result;
}

function findDeletions({ ast }: Syntax, starts: readonly number[]): Deletion[] {
  if (starts.length === 0) return [];
  const known = new Set(starts);
  return ast.body.flatMap((statement) => {
    if (statement.type !== "ExpressionStatement" || !known.has(statement.start)) return [];
    const { expression, start, end } = statement;
    const path = expression.type === "UnaryExpression" ? pathOf(expression.argument) : undefined;
    return path === undefined ? [] : [{ path, start, end }];
  });
}

function pathOf(node: AnyNode): string[] | undefined {
  if (node.type === "Identifier") return [node.name];
  if (node.type !== "MemberExpression" || node.computed) return undefined;
  if (node.property.type !== "Identifier") return undefined;
  const before = pathOf(node.object);
  return before === undefined ? undefined : [...before, node.property.name];
}
