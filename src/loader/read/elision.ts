/**
 * Imports that a TypeScript text uses for types alone: left out, as `tsc` leaves them out.
 *
 * The types are gone by now, so an import without a reference is such a one; an import whose names are
 * all left out asks for no module, while `import "x"` does. A project whose `tsconfig.json` says
 * `verbatimModuleSyntax` (or `preserveValueImports`) keeps what does not say `type`. Whether
 * `export { T } from` means a type, one file can't tell: the linker looks at the other. Every
 * position stays.
 */

import type { AnyNode, ImportDeclaration, Program } from "acorn";
import { dirname } from "node:path";
import type { Analysis } from "./analysis.ts";
import type { Syntax } from "./syntax.ts";
import { Tsconfigs } from "../resolve/tsconfig.ts";
import { mentionsType } from "../typescript/type-name.ts";

/** The project that a text belongs to; asked only if there is something to leave out. */
export interface Home {
  /** Real path of the file that the text is, or is for. */
  readonly file: string;
  /** What has been read of configurations. */
  readonly tsconfigs?: Tsconfigs | undefined;
  /**
   * Whether an import stays that nothing mentions, not even as a type: of a patch it is probably a
   * mistake, and is to be checked.
   *
   * @defaultValue false
   */
  readonly keepsUnmentioned?: boolean;
  /**
   * Imports that stay in any case.
   *
   * @defaultValue none
   */
  readonly kept?: ReadonlySet<string> | undefined;
}

const TYPESCRIPT = /\.[mc]?tsx?$/;

type Statement = Program["body"][number];

/**
 * Takes the imports that are types alone out of a text's tree; a statement of which nothing is left
 * is an empty one then.
 *
 * @returns the analysis of what is left.
 */
export function elideTypes(syntax: Syntax, analysis: Analysis, home: Home): Analysis {
  const { ast, file } = syntax;
  if (!TYPESCRIPT.test(file)) return analysis;
  dropDefaultType(syntax, analysis);
  if (!ast.body.some(isFromElsewhere)) return analysis;
  const used = listUsed(ast, analysis);
  if (home.keepsUnmentioned === true) addUnmentioned(syntax, used);
  for (const name of home.kept ?? []) used.add(name);
  let isVerbatim: boolean | undefined;
  const gone = new Set<string>();
  for (const [index, statement] of ast.body.entries()) {
    if (!isCandidate(statement, used, syntax)) continue;
    isVerbatim ??= isVerbatimModule(home);
    if (isVerbatim) return analysis;
    const left = "specifiers" in statement ? dropUnused(statement, used, gone) : 0;
    if (left === 0) ast.body[index] = emptyOf(statement);
  }
  if (gone.size === 0) return analysis;
  const declared = new Set([...analysis.declared].filter((name) => !gone.has(name)));
  return { ...analysis, declared };
}

/** An import, or an export of what another module has. */
function isFromElsewhere(statement: Statement): boolean {
  if (statement.type === "ImportDeclaration") return true;
  return statement.type === "ExportNamedDeclaration" && Boolean(statement.source);
}

/** `export default T` of an interface or another type of the text. */
function dropDefaultType({ ast, text }: Syntax, { declared }: Analysis): void {
  for (const [index, statement] of ast.body.entries()) {
    if (statement.type !== "ExportDefaultDeclaration") continue;
    const { declaration } = statement;
    if (declaration.type !== "Identifier" || declared.has(declaration.name)) continue;
    if (mentionsType(text, declaration.name)) ast.body[index] = emptyOf(statement);
  }
}

function isVerbatimModule({ file, tsconfigs = new Tsconfigs() }: Home): boolean {
  const config = tsconfigs.find(dirname(file));
  return config?.verbatimModuleSyntax === true || config?.preserveValueImports === true;
}

/** The names that the text refers to, those that it exports included. */
function listUsed(ast: Program, { references }: Analysis): Set<string> {
  const used = new Set(references.map(({ name }) => name));
  for (const statement of ast.body) {
    if (statement.type !== "ExportNamedDeclaration" || statement.source) continue;
    for (const { local } of statement.specifiers) {
      if (local.type === "Identifier") used.add(local.name);
    }
  }
  return used;
}

/** Counts names as used that stand nowhere but in the import. */
function addUnmentioned({ ast, text, map }: Syntax, used: Set<string>): void {
  const imports = ast.body.filter((statement) => statement.type === "ImportDeclaration");
  const rest: string[] = [];
  let end = 0;
  for (const statement of imports) {
    // In a text that was printed anew the places are others, and the import itself is a mention.
    if (map !== undefined) break;
    rest.push(text.slice(end, statement.start));
    ({ end } = statement);
  }
  rest.push(text.slice(end));
  const mentioned = new Set(rest.join(" ").match(/[\p{ID_Continue}$]+/gu));
  for (const { specifiers } of imports) {
    for (const { local } of specifiers) if (!mentioned.has(local.name)) used.add(local.name);
  }
}

/**
 * An import of names of which one is unused, or the rest of a statement all of whose names said
 * `type`.
 */
function isCandidate(
  statement: Statement,
  used: ReadonlySet<string>,
  { code }: Syntax,
): statement is Statement & { specifiers: AnyNode[] } {
  if (statement.type === "ImportDeclaration") {
    if (statement.specifiers.some(({ local }) => !used.has(local.name))) return true;
    return statement.specifiers.length === 0 && hasBraces(statement, code);
  }
  if (!isFromElsewhere(statement)) return false;
  return (statement as { specifiers?: AnyNode[] }).specifiers?.length === 0;
}

const COMMENT = /\/\*[^]*?\*\/|\/\/[^\n\r]*/g;

/** `import {} from "x"`, as opposed to `import "x"`. */
function hasBraces({ start, source }: ImportDeclaration, code: string): boolean {
  return code.slice(start, source.start).replace(COMMENT, "").includes("{");
}

/** Returns how many names are left. */
function dropUnused(
  statement: { specifiers: AnyNode[] },
  used: ReadonlySet<string>,
  gone: Set<string>,
): number {
  const isUsed = (specifier: AnyNode): boolean => {
    const name =
      "local" in specifier && specifier.local.type === "Identifier" ? specifier.local.name : "";
    if (!used.has(name)) gone.add(name);
    return used.has(name);
  };
  statement.specifiers = statement.specifiers.filter(isUsed);
  return statement.specifiers.length;
}

function emptyOf({ start, end }: Statement): Statement {
  return { type: "EmptyStatement", start, end };
}
