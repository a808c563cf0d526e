/**
 * merge(running, patch): the text that a module would have if the patch's declarations were in it.
 *
 *     effective text = fold(base text, patches in order)
 *
 * What has a name takes the place of what has that name; classes, groups of methods and objects are merged
 * member by member, as the patch is when it is applied. What `hotfix()` does is no part of a text, but for handlers that it
 * registers again: it and `rollback()` are left out, and so is what a patch only declares to be there.
 * Pure: no module is loaded, and nothing runs.
 */

import type { AnyNode } from "acorn";
import { SnaxError } from "../base/error.ts";
import { parseModule, parseWritten } from "../loader/read/syntax.ts";
import type { Syntax, WrittenSyntax } from "../loader/read/syntax.ts";
import { DEFAULT_NAME } from "../loader/read/record.ts";
import { thaw } from "../loader/read/written.ts";
import { blankEnums } from "../loader/typescript/enum-text.ts";
import { parseDeletions } from "./deletion.ts";
import type { Deletion } from "./deletion.ts";
import { removeMember, removePiece } from "./merge-deletion.ts";
import { mergeImports } from "./merge-import.ts";
import { mergeClass, mergeTable } from "./merge-member.ts";
import type { Chunk, Merged } from "./merged.ts";
import { Merger } from "./merged.ts";
import type { ModuleText, Piece } from "./module-text.ts";
import { readModuleText, takeApart } from "./module-text.ts";
import { Places } from "./place.ts";
import { mergeRegistrations } from "./registration.ts";
import { isEnum } from "./type-text.ts";
import type { TypePiece } from "./type-text.ts";

/** How a patch is merged. */
export interface MergeOptions {
  /** @defaultValue whether the running text exports `response` or `accept` */
  readonly isService?: boolean;
  /**
   * Whether `hotfix()` and `rollback()` of the patch become a part of the text, for a check of types.
   *
   * @defaultValue false
   */
  readonly keepsSteps?: boolean;
}

/** A patch, read for one module. */
export interface PatchPieces extends ModuleText {
  readonly deletions: readonly Deletion[];
}

/** What a patch does, and is no part of a text. */
export const STEPS: ReadonlySet<string> = new Set(["hotfix", "rollback"]);

/**
 * Merges a patch into the text that runs.
 *
 * @param file - path of the module, for messages and for the choice of language.
 * @throws {ERR_SYNTAX} if one of the texts is not valid.
 * @throws {ERR_PATCH} if no text of the module can say what the patch does.
 */
export function merge(
  running: string,
  patch: string,
  file: string,
  options: MergeOptions = {},
): Merged {
  const { isService } = options;
  const module = readModuleText(running, file, isService === undefined ? {} : { isService });
  return mergeInto(module, readPatchPieces(patch, file, module), options);
}

/**
 * Folds patches into a text, the oldest first.
 *
 * @returns the text that a module runs which was made from `base` and has got the patches.
 * @throws {ERR_SYNTAX} if one of the texts is not valid.
 */
export function fold(
  base: string,
  patches: readonly string[],
  file: string,
  options: MergeOptions = {},
): string {
  return patches.reduce((text, patch) => merge(text, patch, file, options).text, base);
}

/** Takes a patch apart; names of the module count as declared. */
export function readPatchPieces(patch: string, file: string, module: ModuleText): PatchPieces {
  const name = /\.(?:[cm]?[jt]s)$/.test(file) ? `${file.replace(/\.[^.]*$/, "")}.ts` : `${file}.ts`;
  const parse = (text: string): WrittenSyntax => parsePatchText(text, name);
  const { syntax, deletions } = parseDeletions(patch, parse);
  const outer = module.byName.keys();
  // What was blanked besides types is a part of the text all the same.
  const pieces = takeApart({ ...syntax, text: patch }, { isService: module.isService, outer });
  return { ...pieces, text: patch, deletions };
}

/** Parameter properties are blanked, as the reader of patches does. */
function parsePatchText(text: string, file: string): WrittenSyntax {
  const parse = (rest: string): Syntax => parseModule(rest, file, { isAsWritten: true });
  const syntax = parseWritten(text, parse);
  if (syntax.map === undefined) return syntax;
  return parseWritten(blankEnums(text, file).text, parse);
}

/** Merges a patch that has been taken apart. */
export function mergeInto(
  module: ModuleText,
  patch: PatchPieces,
  { keepsSteps = false }: MergeOptions = {},
): Merged {
  const merger = new Merger(module.text, patch.text);
  const places = new Places(module, patch);
  mergeImports(merger, module, patch, places);
  for (const type of patch.types) {
    if (type.kind !== "type" && !isEnum(type)) continue;
    const old = module.types.find(({ kind, name }) => kind === type.kind && name === type.name);
    if (old === undefined) merger.insert(places.head, "\n", type);
    else replaceType(merger, module, patch, { old, type });
  }
  for (const piece of patch.pieces) {
    if (STEPS.has(piece.name) && piece.isExported) {
      if (keepsSteps) merger.insert(module.text.length, "\n", piece);
      else if (piece.name === "hotfix")
        mergeRegistrations(merger, { module, patch, places }, piece.declaration);
      continue;
    }
    const old = findPiece(module, piece);
    if (old === undefined) merger.insert(places.placeOf(piece), "\n", ...wholeOf(piece), "\n");
    else mergePiece(merger, module, patch, { old, piece });
  }
  for (const { path } of patch.deletions) {
    const [name = "", ...rest] = path;
    const old = module.byName.get(name);
    if (old === undefined) continue;
    if (rest.length === 0) removePiece(merger, module, old);
    else removeMember(merger, module, old, rest);
  }
  return merger.finish();
}

/** An enum that the running module exports stays exported. */
function replaceType(
  merger: Merger,
  { text }: ModuleText,
  patch: PatchPieces,
  { old, type }: { readonly old: TypePiece; readonly type: TypePiece },
): void {
  const headOfEnum = (all: string, { start, end }: TypePiece): string =>
    (isEnum(type) && /^export\s+/.exec(all.slice(start, end))?.[0]) || "";
  const start = type.start + headOfEnum(patch.text, type).length;
  merger.replace(old.start, old.end, headOfEnum(text, old), { start, end: type.end });
}

/** `export default` means what the module exports as its default, under the name that it has there. */
export function findPiece(module: ModuleText, piece: Piece): Piece | undefined {
  const { byName, exports } = module;
  if (piece.group !== undefined) return findGroup(module, piece);
  const own = exports.find(({ name }) => name === "default")?.local;
  const isDefault = piece.statement.type === "ExportDefaultDeclaration";
  return byName.get(isDefault && own !== undefined ? own : piece.name);
}

/** A group of methods may be exported under another name than it is declared with. */
function findGroup({ byName, exports, file }: ModuleText, { group }: Piece): Piece | undefined {
  const entry = exports.find(({ name }) => name === group);
  if (entry === undefined) return undefined;
  const own = byName.get(entry.local ?? "");
  if (own !== undefined) return own;
  const why = `${String(group)} comes from another module: the text of ${file} can't say what a patch gives it`;
  throw new SnaxError("ERR_PATCH", why);
}

/** A piece of a patch, and the one whose place it takes. */
export interface Pair {
  readonly old: Piece;
  readonly piece: Piece;
}

function mergePiece(merger: Merger, module: ModuleText, patch: PatchPieces, pair: Pair): void {
  const { old, piece } = pair;
  if (piece.kind === "class" && old.kind === "class") mergeClass(merger, module, patch, pair);
  else if (isTable(piece) && !isLiteralKind(old)) mergeTable(merger, module, patch, pair);
  else replacePiece(merger, module, pair);
}

function isTable({ value, kind }: Piece): boolean {
  if (kind === "group") return true;
  const type = value === undefined ? undefined : thaw(value, () => false).type;
  return type === "ObjectExpression" || type === "ArrayExpression";
}

/** A declaration as a statement: one that has siblings gets its own. */
function wholeOf(piece: Piece): Chunk[] {
  if (piece.isAlone) return [piece];
  return [piece.isConst ? "const " : "let ", { start: piece.start, end: piece.end }, ";"];
}

function isLiteralKind({ kind }: Piece): boolean {
  return kind === "function" || kind === "literal";
}

/** Puts a whole declaration in the place of another; what the running one exports stays exported. */
function replacePiece(merger: Merger, { text }: ModuleText, { old, piece }: Pair): void {
  const { declaration } = piece;
  if (!old.isAlone) {
    const value = piece.value ?? declaration;
    const { id } = old.declaration as { id?: AnyNode };
    merger.replace(old.start, old.end, `${text.slice(id?.start, id?.end)} = `, value);
    return;
  }
  const [head, from] = [headOf(old, text), ownStart(piece)];
  if (!piece.isAlone) {
    merger.replace(old.start, old.end, head, ...wholeOf(piece));
    return;
  }
  if (old.name === DEFAULT_NAME || piece.name === DEFAULT_NAME) {
    merger.replace(old.start, old.end, piece);
    return;
  }
  const before =
    piece.start < piece.statement.start ? { ...piece, end: piece.statement.start } : "";
  merger.replace(old.start, old.end, before, head, { start: from, end: piece.end });
}

/** `export ` or `export default ` of a statement, as it is written. */
function headOf({ statement }: Piece, text: string): string {
  const { declaration } = statement as { declaration?: AnyNode | null };
  return declaration ? text.slice(statement.start, declaration.start) : "";
}

/** Where a declaration begins behind `export`. */
function ownStart({ statement }: Piece): number {
  const { declaration } = statement as { declaration?: AnyNode | null };
  return declaration ? declaration.start : statement.start;
}
