/**
 * A module's text, taken apart into its declarations.
 *
 * What a patch, an edit and a rollback speak of are declarations by name: functions, classes, constants,
 * state, groups of methods. Each piece knows its extent in the text as it was written, with overloads and
 * decorators, so that one text's piece can be put in the place of another's.
 * Kinds are those of the loader's names, so that a piece is here what it is to a patch.
 */

import type { AnyNode, ImportDeclaration, Program } from "acorn";
import { analyse } from "../loader/read/analysis.ts";
import type { Analysis } from "../loader/read/analysis.ts";
import { parseAsWritten } from "../loader/read/syntax.ts";
import type { WrittenSyntax } from "../loader/read/syntax.ts";
import type { NameKind } from "../loader/read/names.ts";
import { isClassKind, readNames } from "../loader/read/names.ts";
import { DEFAULT_NAME, isAlias, readRecord } from "../loader/read/record.ts";
import type { ExportEntry, ModuleRequest } from "../loader/read/record.ts";
import { visitBoundNames } from "../loader/read/scope.ts";
import { readTypes } from "./type-text.ts";
import type { TypePiece } from "./type-text.ts";

/** Exports of a service's own file that hold methods. */
const GROUPS: ReadonlySet<string> = new Set(["response", "accept", "subscribe"]);

/** What a piece is. */
export type PieceKind = "function" | "class" | "literal" | "group" | "state";

/** A statement of a module's top level. */
export type Statement = Program["body"][number];

/** A declaration of a module's top level. */
export interface Piece {
  readonly kind: PieceKind;
  /** The first name; DEFAULT_NAME for a default export that has none. */
  readonly name: string;
  /** All names: a pattern may bind several, or none. */
  readonly names: readonly string[];
  readonly statement: Statement;
  /** A function, a class, a declarator, or the expression of a default export. */
  readonly declaration: AnyNode;
  /** The function, the class, or the initialiser. */
  readonly value: AnyNode | undefined;
  /** Extent of the whole statement, with overloads and decorators; of the declarator if it has siblings. */
  readonly start: number;
  readonly end: number;
  /** Whether its statement declares nothing else. */
  readonly isAlone: boolean;
  readonly isConst: boolean;
  readonly isExported: boolean;
  /** For a group of methods: the name under which it is exported. */
  readonly group: string | undefined;
}

/** A statement that declares nothing. */
export interface LoosePiece {
  readonly kind: "statement" | "directive";
  readonly node: Statement;
  readonly start: number;
  readonly end: number;
}

/** A name that a module imports. */
export interface ImportPiece {
  readonly local: string;
  readonly specifier: string;
  /** The name there; "*" for the namespace. */
  readonly imported: string;
  readonly node: ImportDeclaration;
  readonly start: number;
  readonly end: number;
  /** Whether code refers to it; if none does, it stands for a type. */
  readonly isUsed: boolean;
}

/** A module's text with its pieces. */
export interface ModuleText {
  readonly file: string;
  readonly text: string;
  readonly syntax: WrittenSyntax;
  readonly analysis: Analysis;
  readonly pieces: readonly Piece[];
  /** The pieces by each of their names. */
  readonly byName: ReadonlyMap<string, Piece>;
  readonly kinds: ReadonlyMap<string, NameKind>;
  readonly imports: readonly ImportPiece[];
  readonly exports: readonly ExportEntry[];
  /** The modules that the text asks for; exports that are passed on say which by its number. */
  readonly requests: readonly ModuleRequest[];
  readonly loose: readonly LoosePiece[];
  readonly types: readonly TypePiece[];
  /** Whether it is the own file of a snax service. */
  readonly isService: boolean;
}

/** How a text is read. */
export interface ReadOptions {
  /**
   * Whether `response`, `accept` and `subscribe` hold methods.
   *
   * @defaultValue true if the text exports `response` or `accept`
   */
  readonly isService?: boolean;
  /** Names that count as declared: those of the module that a patch is for. */
  readonly outer?: Iterable<string>;
}

/**
 * Takes a module's text apart.
 *
 * @param file - its path, for messages and for the choice of language.
 * @throws {ERR_SYNTAX} if the text is not valid, or needs the compiler of a project.
 */
export function readModuleText(text: string, file: string, options: ReadOptions = {}): ModuleText {
  // What was blanked besides types is a part of the text all the same.
  return takeApart({ ...parseAsWritten(text, file), text }, options);
}

/** Takes texts apart, as {@link readModuleText} does. */
export type ReadText = typeof readModuleText;

/** Takes a parsed text apart. */
export function takeApart(syntax: WrittenSyntax, options: ReadOptions = {}): ModuleText {
  const { file, text, ast } = syntax;
  const analysis = analyse(ast, options.outer ?? []);
  const record = readRecord(syntax, analysis);
  const names = readNames(syntax, analysis, record);
  const kinds = new Map([...names].map(([name, { kind }]) => [name, kind]));
  const exported = new Set(record.exports.flatMap(({ local }) => local ?? []));
  const hasGroup = record.exports.some(({ name }) => name === "response" || name === "accept");
  const isService = options.isService ?? hasGroup;
  const types = listGaps(ast, text);
  const groups = isService ? listGroups(record.exports) : new Map<string, string>();
  const collector = new Collector({ syntax, analysis, kinds, exported, groups, types });
  for (const statement of ast.body) collector.collect(statement);
  const { pieces, loose } = collector;
  const byName = new Map(pieces.flatMap((piece) => piece.names.map((name) => [name, piece])));
  const imports = listImports(ast, analysis);
  const { exports, requests } = record;
  return {
    ...{ file, text, syntax, analysis, pieces, byName, kinds },
    ...{ imports, exports, requests, loose, types, isService },
  };
}

/** The groups of methods: the exported names by the variables behind them. */
function listGroups(exports: readonly ExportEntry[]): Map<string, string> {
  return new Map(
    exports.flatMap(({ name, local }) =>
      GROUPS.has(name) && local !== undefined ? [[local, name]] : [],
    ),
  );
}

/** The declarations that left no code, in front of each statement and behind the last one. */
function listGaps(ast: Program, text: string): TypePiece[] {
  const types: TypePiece[] = [];
  let end = 0;
  for (const statement of ast.body) {
    types.push(...readTypes(text, end, statement.start));
    ({ end } = statement);
  }
  types.push(...readTypes(text, end, text.length));
  return types;
}

function listImports({ body }: Program, { references }: Analysis): ImportPiece[] {
  const used = new Set(references.map(({ name }) => name));
  for (const statement of body) {
    if (statement.type !== "ExportNamedDeclaration" || statement.source) continue;
    for (const { local } of statement.specifiers) {
      if (local.type === "Identifier") used.add(local.name);
    }
  }
  const imports: ImportPiece[] = [];
  for (const node of body) {
    if (node.type !== "ImportDeclaration") continue;
    const specifier = String(node.source.value);
    for (const item of node.specifiers) {
      const local = item.local.name;
      let imported = item.type === "ImportDefaultSpecifier" ? "default" : "*";
      if (item.type === "ImportSpecifier") {
        const { imported: key } = item;
        imported = key.type === "Identifier" ? key.name : String(key.value);
      }
      const { start, end } = item;
      imports.push({ local, specifier, imported, node, start, end, isUsed: used.has(local) });
    }
  }
  return imports;
}

/** What the collector of a text knows beforehand. */
interface Known {
  readonly syntax: WrittenSyntax;
  readonly analysis: Analysis;
  readonly kinds: ReadonlyMap<string, NameKind>;
  readonly exported: ReadonlySet<string>;
  readonly groups: ReadonlyMap<string, string>;
  readonly types: readonly TypePiece[];
}

class Collector {
  readonly pieces: Piece[] = [];
  readonly loose: LoosePiece[] = [];
  readonly #known: Known;

  constructor(known: Known) {
    this.#known = known;
  }

  collect(statement: Statement): void {
    if (statement.type === "ImportDeclaration" || statement.type === "EmptyStatement") return;
    if (statement.type.startsWith("Export")) this.#collectExport(statement);
    else if (statement.type === "VariableDeclaration" || "id" in statement) {
      this.#declare(statement, statement as AnyNode);
    } else {
      const isDirective = "directive" in statement && statement.directive !== undefined;
      const { start, end } = statement;
      const kind = isDirective ? "directive" : "statement";
      this.loose.push({ kind, node: statement, start, end });
    }
  }

  #collectExport(statement: Statement): void {
    if (!("declaration" in statement) || !statement.declaration) return;
    const declaration = statement.declaration as AnyNode;
    const isAliased =
      statement.type === "ExportDefaultDeclaration" && isAlias(declaration, this.#known.analysis);
    if (!isAliased) this.#declare(statement, declaration);
  }

  #declare(statement: Statement, declaration: AnyNode): void {
    if (declaration.type !== "VariableDeclaration") {
      const id = "id" in declaration ? (declaration.id as AnyNode | null | undefined) : undefined;
      const name = id?.type === "Identifier" ? id.name : DEFAULT_NAME;
      this.#add(statement, declaration, { names: [name], value: declaration, isConst: true });
      return;
    }
    const isConst = declaration.kind === "const";
    for (const declarator of declaration.declarations) {
      const names: string[] = [];
      visitBoundNames(declarator.id, (name) => names.push(name));
      const isAlone = declaration.declarations.length === 1;
      const value = declarator.init ?? undefined;
      const isPattern = declarator.id.type !== "Identifier";
      this.#add(statement, declarator, { names, value, isConst, isAlone, isPattern });
    }
  }

  #add(
    statement: Statement,
    declaration: AnyNode,
    found: {
      readonly names: readonly string[];
      readonly value: AnyNode | undefined;
      readonly isConst: boolean;
      readonly isAlone?: boolean;
      readonly isPattern?: boolean;
    },
  ): void {
    const { names, value, isConst, isAlone = true, isPattern = false } = found;
    const { exported } = this.#known;
    const [name = ""] = names;
    const kind = isPattern ? "state" : this.#kindOf(name);
    const start = isAlone ? this.#startOf(statement, kind, name) : declaration.start;
    const { end } = isAlone ? statement : declaration;
    const isExported = names.some((each) => exported.has(each));
    this.pieces.push({
      ...{ kind, name, names, statement, declaration, value, start, end },
      ...{ isAlone, isConst, isExported, group: this.#known.groups.get(name) },
    });
  }

  #kindOf(name: string): PieceKind {
    const { kinds, groups } = this.#known;
    if (groups.has(name)) return "group";
    const kind = kinds.get(name);
    if (kind === "function" || kind === "const-function") return "function";
    if (isClassKind(kind)) return "class";
    return kind === "literal" ? "literal" : "state";
  }

  /** Overloads of a function, `abstract` and the decorators of a class are in front of the statement. */
  #startOf(statement: Statement, kind: PieceKind, name: string): number {
    const { syntax, types } = this.#known;
    let { start } = statement;
    if (kind === "function") {
      for (const type of types) {
        if (type.kind !== "overload" || type.name !== name || type.end > start) continue;
        return type.start;
      }
    }
    if (kind !== "class") return start;
    for (const each of syntax.decorated?.decorators.toReversed() ?? []) {
      if (each.end <= start && isBlank(syntax.code, each.end, start)) start = each.start;
    }
    return (
      start - (/\b(?:abstract|declare)\s+$/.exec(syntax.text.slice(0, start))?.[0].length ?? 0)
    );
  }
}

function isBlank(code: string, start: number, end: number): boolean {
  return code.slice(start, end).trim() === "";
}
