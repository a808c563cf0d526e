/**
 * The text that a copy of a service is made from: its declarations, without what runs at top level.
 *
 *     const stock = new Map(load());   ->   let stock;
 *     setInterval(tick, 1000);         ->   ;
 *
 * Functions, classes, methods and what is written out stay. So making the copy runs nothing of the service, and its state
 * is given to it afterwards. Lines stay where they were.
 */

import type { AnyNode, Program } from "acorn";
import { isFunction } from "../../loader/read/names.ts";
import { isWrittenOut } from "../../loader/read/written.ts";
import type { ModuleText, Piece } from "../../texts/module-text.ts";
import { readModuleText } from "../../texts/module-text.ts";

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** A text for copies, and the variables that have no value in it. */
export interface ForkText {
  readonly text: string;
  readonly emptied: readonly string[];
}

/**
 * Makes the text.
 *
 * @throws {ERR_SYNTAX} if the text can't be taken apart.
 */
export function forkText(text: string, file: string, isService: boolean): ForkText {
  if (file.endsWith(".json")) return { text, emptied: [] };
  const module = readModuleText(text, file, { isService });
  const edits: Edit[] = module.loose.flatMap(({ kind, start, end }) =>
    kind === "statement" ? [{ start, end, text: ";" }] : [],
  );
  const emptied: string[] = [];
  const done = new Set<Program["body"][number]>();
  for (const { statement } of module.pieces) {
    if (done.has(statement)) continue;
    done.add(statement);
    const pieces = module.pieces.filter((piece) => piece.statement === statement);
    const empty = pieces.filter((piece) => piece.kind === "state" && !isKept(piece));
    if (empty.length === 0 || !isVariables(statement)) continue;
    for (const { names } of empty) emptied.push(...names);
    edits.push(emptyStatement(module, pieces, new Set(empty)));
  }
  return { text: applyEdits(text, edits), emptied };
}

/** Whether an initialiser runs nothing: it is written out, functions and names of others among it. */
function isKept({ value }: Piece): boolean {
  return value === undefined || isInert(value);
}

function isInert(node: AnyNode): boolean {
  if (isFunction(node) || isWrittenOut(node)) return true;
  if (node.type === "ArrayExpression") {
    return node.elements.every((element) => element !== null && isInert(element));
  }
  return (
    node.type === "ObjectExpression" &&
    node.properties.every(
      (property) =>
        property.type === "Property" &&
        !property.computed &&
        (property.value.type === "Identifier" || isInert(property.value)),
    )
  );
}

/** `let a = 1, b;` and `export const a = f();`, not `export default f();` */
function isVariables(statement: AnyNode): boolean {
  if (statement.type === "VariableDeclaration") return true;
  if (statement.type !== "ExportNamedDeclaration") return false;
  return statement.declaration?.type === "VariableDeclaration";
}

function emptyStatement(
  { text }: ModuleText,
  pieces: readonly Piece[],
  empty: ReadonlySet<Piece>,
): Edit {
  const [{ statement }] = pieces as [Piece];
  const { start, end } = statement;
  const parts = pieces.flatMap((piece) => {
    const { declaration, names } = piece;
    return empty.has(piece) ? names : [text.slice(declaration.start, declaration.end)];
  });
  const head = statement.type === "ExportNamedDeclaration" ? "export let" : "let";
  return { start, end, text: parts.length === 0 ? ";" : `${head} ${parts.join(", ")};` };
}

function applyEdits(text: string, edits: readonly Edit[]): string {
  let result = text;
  for (const { start, end, text: given } of edits.toSorted((a, b) => b.start - a.start)) {
    const lines = countLines(result.slice(start, end)) - countLines(given);
    result = result.slice(0, start) + given + "\n".repeat(Math.max(0, lines)) + result.slice(end);
  }
  return result;
}

function countLines(text: string): number {
  return text.split("\n").length - 1;
}
