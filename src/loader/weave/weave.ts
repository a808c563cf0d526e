/**
 * A module's text -> the body of the function that makes instances of it.
 *
 * In SystemJS manner: `export` is blanked, imports become variables of the function, and the
 * runtime is told when an exported variable changes. What a patch will need is prepared: `const`
 * becomes assignable, classes can be given another constructor. Lines never move; columns move only
 * behind an insertion (see `edits.ts`). Generated names begin with `$snax`, and what must run
 * is on the line behind the text: see `frame.ts`.
 */

import type { AnyNode, Program, VariableDeclaration } from "acorn";
import type { Analysis, Write } from "../read/analysis.ts";
import { weaveClass } from "./class-weave.ts";
import { weaveCalls } from "./direct-call.ts";
import { Edits } from "../text/edits.ts";
import type { Piece } from "./method-check.ts";
import { weaveSelfChecks } from "./self-check.ts";
import { findClassExpression } from "../read/names.ts";
import type { Name } from "../read/names.ts";
import { DEFAULT_NAME, isAlias } from "../read/record.ts";
import { visitBoundNames } from "../read/scope.ts";
import type { Syntax } from "../read/syntax.ts";

/** What the weaver needs to know about a module. */
export interface Weft {
  readonly syntax: Syntax;
  readonly analysis: Analysis;
  readonly names: ReadonlyMap<string, Name>;
  /** Cells by name: the variables that the runtime reaches by number. */
  readonly cells: ReadonlyMap<string, number>;
  /** The variables that some export names. */
  readonly exported: ReadonlySet<string>;
  /** The checks of functions: see `self-check.ts`. */
  readonly selfChecks: ReadonlyMap<string, readonly Piece[]>;
}

/** Weaves the body. */
export function weave(weft: Weft): Edits {
  const edits = new Edits(weft.syntax.code);
  if (weft.syntax.code.startsWith("#!")) edits.overwrite(0, 2, "//");
  edits.nest(
    () => {
      for (const statement of weft.syntax.ast.body) weaveStatement(weft, edits, statement);
    },
    () => {
      weaveUses(weft, edits, () => true);
      weaveSelfChecks(edits, weft.selfChecks.values());
    },
  );
  return edits;
}

/**
 * Weaves assignments, `import.meta` and `import()`, wherever they are; `isKept` leaves out what
 * becomes nothing.
 */
export function weaveUses(
  weft: Omit<Weft, "selfChecks">,
  edits: Edits,
  isKept: (offset: number) => boolean,
): void {
  const { writes, metas, dynamicImports, references } = weft.analysis;
  for (const write of writes) if (isKept(write.start)) weaveWrite(weft, edits, write);
  const calls = { ...weft.analysis, references: references.filter(({ start }) => isKept(start)) };
  weaveCalls(edits, calls, (name) => weft.names.get(name));
  for (const start of metas.filter(isKept)) edits.overwrite(start, start + IMPORT.length, "$snax");
  for (const start of dynamicImports.filter(isKept)) {
    edits.overwrite(start, start + IMPORT.length, "$snaxI");
  }
}

const IMPORT = "import";

function weaveStatement(weft: Weft, edits: Edits, node: Program["body"][number]): void {
  switch (node.type) {
    case "ImportDeclaration":
    case "ExportAllDeclaration":
    case "EmptyStatement":
      edits.blankStatement(node.start, node.end);
      break;
    case "ExportNamedDeclaration":
      if (node.declaration) {
        edits.blank(node.start, node.declaration.start);
        weaveDeclaration(weft, edits, node.declaration);
      } else edits.blankStatement(node.start, node.end);
      break;
    case "ExportDefaultDeclaration":
      weaveDefault(weft, edits, node);
      break;
    default:
      weaveDeclaration(weft, edits, node);
  }
}

/**
 * Prepares a declaration for patches and tells the runtime when its variables have their values.
 */
function weaveDeclaration(weft: Weft, edits: Edits, node: AnyNode): void {
  if (node.type === "VariableDeclaration") {
    if (node.kind === "const") edits.overwrite(node.start, node.start + "const".length, "let");
    for (const { id, init } of node.declarations) {
      const name = id.type === "Identifier" ? id.name : "";
      const isClass = weft.names.get(name)?.kind === "const-class";
      if (isClass && init?.type === "ClassExpression") weaveClass(edits, init, name);
    }
    for (const { id, init } of node.declarations) weaveMade(weft, edits, id, init);
    const last = node.declarations.at(-1);
    for (const declarator of node.declarations) {
      if (declarator === last) break;
      // The declarators behind this one may take a function as a value, or call those who import a
      // variable.
      visitBoundNames(declarator.id, (name) => {
        const cell = weft.cells.get(name);
        if (cell === undefined) return;
        edits.insertBehind(declarator.end, `,$snaxV_${name}=$snax.declared(${cell})`);
      });
    }
    announce(weft, edits, node.end, declaredBy(weft, node));
  } else if (node.type === "ClassDeclaration") {
    const name = node.id?.name ?? DEFAULT_NAME;
    weaveClass(edits, node, name);
    announce(weft, edits, node.end, weft.exported.has(name) ? [name] : []);
  }
}

/** A class with decorators has become a variable. */
function weaveMade(weft: Weft, edits: Edits, id: AnyNode, init: AnyNode | null | undefined): void {
  if (id.type !== "Identifier" || weft.names.get(id.name)?.kind !== "class" || !init) return;
  const node = findClassExpression(init, id.name);
  if (node !== undefined) weaveClass(edits, node, id.name);
}

/**
 * The names with a cell that a `let`, `const` or `var` statement declares and the runtime must hear
 * of.
 */
function declaredBy({ names, exported }: Weft, node: VariableDeclaration): Set<string> {
  const wanted = new Set<string>();
  for (const { id } of node.declarations) {
    visitBoundNames(id, (name) => {
      if (exported.has(name) || names.get(name)?.isForwarded === true) wanted.add(name);
    });
  }
  return wanted;
}

function announce(weft: Weft, edits: Edits, offset: number, names: Iterable<string>): void {
  const calls = Array.from(names, (name) => `;$snax.declared(${weft.cells.get(name)})`);
  if (calls.length > 0) edits.insertBehind(offset, `${calls.join("")};`);
}

function weaveDefault(
  weft: Weft,
  edits: Edits,
  node: Extract<AnyNode, { type: "ExportDefaultDeclaration" }>,
): void {
  const { declaration, start, end } = node;
  if (isAlias(declaration, weft.analysis)) edits.blankStatement(start, end);
  else if (declaration.type === "FunctionDeclaration") {
    if (declaration.id) edits.blank(start, declaration.start);
    else nameFunction(weft, edits, start, declaration);
  } else if (declaration.type === "ClassDeclaration") {
    if (declaration.id) edits.blank(start, declaration.start);
    else {
      const nameEnd = declaration.start + "class".length;
      edits.overwrite(start, nameEnd, `class ${DEFAULT_NAME}`);
    }
    weaveDeclaration(weft, edits, declaration);
    if (!declaration.id) edits.insertBehind(end, NAME_DEFAULT);
  } else {
    // The keyword's extent ends where it is written to end: what follows may be a parenthesis of
    // the expression.
    const keywordEnd = endOf(DEFAULT_KEYWORDS, weft.syntax.code, start);
    edits.overwrite(start, keywordEnd, `let ${DEFAULT_NAME}=`);
    const isAnonymous = isAnonymousDefinition(declaration);
    edits.insertBehind(end, `;${isAnonymous ? NAME_DEFAULT : ""}`);
    announce(weft, edits, end, [DEFAULT_NAME]);
  }
}

/** What may be between two keywords; comments may hold anything. */
const BETWEEN = String.raw`(?:\s|/\*[^]*?\*/|//[^\n\r\u2028\u2029]*)*`;

const DEFAULT_KEYWORDS = new RegExp(`export${BETWEEN}default`, "y");

const FUNCTION_KEYWORDS = new RegExp(
  `(?:async${BETWEEN})?function${BETWEEN}(?:\\*${BETWEEN})?`,
  "y",
);

/** Returns the offset behind what is at another one. */
function endOf(form: RegExp, text: string, start: number): number {
  form.lastIndex = start;
  form.exec(text);
  return form.lastIndex;
}

const NAME_DEFAULT = `;$snax.nameDefault(${DEFAULT_NAME});`;

/** `export default function (` -> `function $snaxDef (`, which is shorter. */
function nameFunction(
  weft: Weft,
  edits: Edits,
  start: number,
  node: { readonly start: number; readonly async: boolean; readonly generator: boolean },
): void {
  const open = endOf(FUNCTION_KEYWORDS, weft.syntax.code, node.start);
  const keyword = `${node.async ? "async " : ""}function${node.generator ? "*" : " "}`;
  edits.overwrite(start, open, keyword + DEFAULT_NAME);
}

export function isAnonymousDefinition(node: AnyNode): boolean {
  if (node.type === "ArrowFunctionExpression") return true;
  const isDefinition = node.type === "FunctionExpression" || node.type === "ClassExpression";
  return isDefinition && !node.id;
}

/** Wraps an assignment of exported variables, so that the importers get the new value. */
function weaveWrite(weft: Omit<Weft, "selfChecks">, edits: Edits, write: Write): void {
  const names = write.names.filter((name) => weft.exported.has(name));
  if (names.length === 0) return;
  const pairs = names.map((name) => `${weft.cells.get(name)},${name}`).join();
  const { start, end } = write;
  switch (write.kind) {
    case "expression":
    case "postfix":
      edits.insertBefore(start, "$snax.after(");
      edits.insertBehind(end, `,${pairs})`);
      break;
    case "loop":
      if (write.isBlock) edits.insertBehind(start + 1, `$snax.after(0,${pairs});`);
      else {
        edits.insertBefore(start, `{$snax.after(0,${pairs});`);
        edits.insertBehind(end, "}");
      }
      break;
    case "declaration":
      weaveHoisted(weft, edits, end, pairs);
  }
}

/**
 * A `var` below top level: in the head of a loop another declarator tells the news, elsewhere a
 * statement.
 */
function weaveHoisted(weft: Pick<Weft, "syntax">, edits: Edits, end: number, pairs: string): void {
  const { code } = weft.syntax;
  const isStatement = code[end - 1] === ";";
  if (isStatement) edits.insertBehind(end - 1, `,$snaxV=$snax.after(0,${pairs})`);
  else edits.insertBehind(end, `,$snaxV=$snax.after(0,${pairs})`);
}
