/**
 * What a module imports and exports, as its text says it: the entries of ECMAScript's module
 * record.
 *
 * Names only. What they resolve to depends on the other modules and is the linker's business.
 *
 * `elideTypes` leaves out an import that a TypeScript text uses for types alone, as `tsc` does. The types are gone by then, so an import without a reference is such a one; an import whose
 * names are all left out asks for no module, while `import "x"` does. A project whose `tsconfig.json`
 * says `verbatimModuleSyntax` (or `preserveValueImports`) keeps what does not say `type`. One file
 * can't tell whether `export { T } from` means a type: the linker looks at the other. Every position
 * stays.
 */

import type {
  AnyNode,
  Identifier,
  ImportAttribute,
  Literal,
  ImportDeclaration,
  Program,
} from "acorn";
import { analyse } from "./analysis.ts";
import type { Analysis } from "./analysis.ts";
import type { Place } from "../text/position.ts";
import { visitBoundNames } from "./scope.ts";
import type { Syntax } from "./syntax.ts";
import { dirname } from "node:path";
import { Tsconfigs } from "../resolve/tsconfig.ts";
import { mentionsType } from "../typescript/type-name.ts";

/**
 * The local name of a default export that has no name of its own; with `let` it fits into `export
 * default`.
 */
export const DEFAULT_NAME = "$snaxDef";

/** What people call a name. */
export function publicName(name: string): string {
  return name === DEFAULT_NAME ? "default" : name;
}

/** A module that the text asks for. */
export interface ModuleRequest {
  readonly specifier: string;
  /** Value of the import attribute `type`, such as "json". */
  readonly type: string | undefined;
  readonly place: Place;
}

/** A variable that an import declares. */
export interface ImportEntry {
  /** Index of the module in the record's requests. */
  readonly request: number;
  readonly specifier: string;
  /** The name in the other module; "*" for its namespace. */
  readonly name: string;
  readonly local: string;
  readonly place: Place;
}

/** A name that the module exports. */
export interface ExportEntry {
  /** The exported name; "*" if all names of the other module are exported. */
  readonly name: string;
  /** The variable, or undefined for what comes from another module. */
  readonly local: string | undefined;
  /** Index of the module in the record's requests, for what comes from another module. */
  readonly request: number | undefined;
  /** The name in the other module; "*" for its namespace, or for all names. */
  readonly imported: string | undefined;
  readonly place: Place;
}

/** `export * from`, as opposed to `export * as name from`. */
export function isStar(entry: ExportEntry): boolean {
  return entry.name === "*" && entry.local === undefined;
}

/** The imports and exports of a module. */
export interface ModuleRecord {
  /** The modules that are asked for, in the order of the text, each once. */
  readonly requests: readonly ModuleRequest[];
  readonly imports: readonly ImportEntry[];
  readonly exports: readonly ExportEntry[];
}

/** Reads imports and exports from a module's tree. */
export function readRecord(syntax: Syntax, analysis: Analysis = analyse(syntax.ast)): ModuleRecord {
  const reader = new Reader(syntax, analysis);
  for (const statement of syntax.ast.body) reader.readImports(statement);
  for (const statement of syntax.ast.body) reader.readExports(statement);
  const { requests, imports, exports } = reader;
  return { requests, imports, exports };
}

class Reader {
  readonly requests: ModuleRequest[] = [];
  readonly imports: ImportEntry[] = [];
  readonly exports: ExportEntry[] = [];
  readonly #syntax: Syntax;
  readonly #analysis: Analysis;
  /** The imports by local name; they are all read before the first export. */
  #origins: ReadonlyMap<string, ImportEntry> | undefined = undefined;

  constructor(syntax: Syntax, analysis: Analysis) {
    this.#syntax = syntax;
    this.#analysis = analysis;
  }

  readImports(node: AnyNode): void {
    if (node.type === "ImportDeclaration") {
      const request = this.#request(node.source, node.attributes);
      const specifier = String(node.source.value);
      for (const item of node.specifiers) {
        const place = this.#syntax.locate(item.start);
        let name = "*";
        if (item.type === "ImportDefaultSpecifier") name = "default";
        else if (item.type === "ImportSpecifier") name = nameOf(item.imported);
        this.imports.push({ request, specifier, name, local: item.local.name, place });
      }
    } else if (node.type === "ExportAllDeclaration") {
      this.#request(node.source, node.attributes);
    } else if (node.type === "ExportNamedDeclaration" && node.source) {
      this.#request(node.source, node.attributes);
    }
  }

  readExports(node: AnyNode): void {
    const place = this.#syntax.locate(node.start);
    if (node.type === "ExportAllDeclaration") {
      const request = this.#request(node.source, node.attributes);
      const name = node.exported ? nameOf(node.exported) : "*";
      this.exports.push({ name, local: undefined, request, imported: "*", place });
    } else if (node.type === "ExportDefaultDeclaration") {
      this.#addLocal("default", localOfDefault(node.declaration, this.#analysis), place);
    } else if (node.type === "ExportNamedDeclaration") {
      if (node.declaration) {
        for (const name of namesOf(node.declaration)) this.#addLocal(name, name, place);
      }
      const request = node.source ? this.#request(node.source, node.attributes) : undefined;
      for (const item of node.specifiers) {
        const name = nameOf(item.exported);
        const imported = nameOf(item.local);
        const itemPlace = this.#syntax.locate(item.start);
        if (request === undefined) this.#addLocal(name, imported, itemPlace);
        else this.exports.push({ name, local: undefined, request, imported, place: itemPlace });
      }
    }
  }

  /** An exported import is an export of the other module's variable. */
  #addLocal(name: string, local: string, place: Place): void {
    this.#origins ??= new Map(this.imports.map((entry) => [entry.local, entry]));
    const origin = this.#origins.get(local);
    this.exports.push(
      origin === undefined
        ? { name, local, request: undefined, imported: undefined, place }
        : { name, local: undefined, request: origin.request, imported: origin.name, place },
    );
  }

  #request(source: Literal, attributes: readonly ImportAttribute[]): number {
    const specifier = String(source.value);
    const type = attributes.find((attribute) => nameOf(attribute.key) === "type")?.value.value;
    const index = this.requests.findIndex((request) => request.specifier === specifier);
    if (index >= 0) return index;
    const place = this.#syntax.locate(source.start);
    return this.requests.push({ specifier, type: type as string | undefined, place }) - 1;
  }
}

function nameOf(node: Identifier | Literal): string {
  return node.type === "Identifier" ? node.name : String(node.value);
}

function namesOf(declaration: AnyNode): string[] {
  const names: string[] = [];
  if (declaration.type === "VariableDeclaration") {
    for (const { id } of declaration.declarations) visitBoundNames(id, (name) => names.push(name));
  } else if ("id" in declaration && declaration.id?.type === "Identifier") {
    names.push(declaration.id.name);
  }
  return names;
}

/** Returns the variable behind `export default`. */
function localOfDefault(declaration: AnyNode, analysis: Analysis): string {
  if (declaration.type === "Identifier") {
    return isAlias(declaration, analysis) ? declaration.name : DEFAULT_NAME;
  }
  if (declaration.type === "FunctionDeclaration" || declaration.type === "ClassDeclaration") {
    return declaration.id?.name ?? DEFAULT_NAME;
  }
  return DEFAULT_NAME;
}

/**
 * Tells whether `export default x` can export the variable itself: its value must not change
 * afterwards.
 */
export function isAlias(node: AnyNode, analysis: Analysis): boolean {
  if (node.type !== "Identifier" || !analysis.declared.has(node.name)) return false;
  return !analysis.references.some(({ name, use }) => name === node.name && use === "assign");
}

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

/** Counts names as used that are nowhere but in the import. */
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
