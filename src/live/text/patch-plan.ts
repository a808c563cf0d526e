/**
 * What a patch wants to do to a module, and whether it may: every rule that the text alone can
 * break is checked here and in patch-reader.ts, before anything runs.
 */

import type { Analysis, Reference } from "../../loader/read/analysis.ts";
import { analyse } from "../../loader/read/analysis.ts";
import type { Image } from "../../loader/weave/image.ts";
import type { CheckableMethod } from "../../loader/weave/method-check.ts";
import type { NameKind } from "../../loader/read/names.ts";
import { isClassKind } from "../../loader/read/names.ts";
import { createPlacedError } from "../../loader/text/position.ts";
import type { ImportEntry, ModuleRecord, ModuleRequest } from "../../loader/read/record.ts";
import { elideTypes, readRecord } from "../../loader/read/record.ts";
import type { ClassChange } from "./class-change.ts";
import { withDecorators } from "./class-decorators.ts";
import type { AddedName, ReplacedKind } from "./compile.ts";
import type { NameScope, SeenName } from "./patched-module.ts";
import { refusalOfPrinted, USING_REFUSAL } from "./patch-advice.ts";
import type { PlannedItem } from "./patch-item.ts";
import { describeKind } from "./patch-item.ts";
import { PatchReader } from "./patch-reader.ts";
import type { PatchText } from "./patch-text.ts";
import type { Removals } from "./removal.ts";
import { readRemovals } from "./removal.ts";
import type { TableGift } from "./table-text.ts";
import { suggest } from "../../base/suggestion.ts";
import { visitBoundNames } from "../../loader/read/scope.ts";
import { findUnknown } from "../../loader/typescript/strip.ts";

/** What a patch may be told about where it goes. */
export interface PatchTarget {
  readonly image: Image;
  readonly scope: NameScope;
  /** Names of globals that services get from their surroundings. */
  readonly injected: ReadonlySet<string>;
  /** Whether the module may export groups of methods: the service's own file, of a snax service. */
  readonly hasMethods: boolean;
  /**
   * Says which other module of the service has a name, for the end of an error; nothing if none has
   * it.
   */
  readonly elsewhere: (name: string) => string;
}

/** An extent of a text. */
export type Range = readonly [start: number, end: number];

/** What a patch wants. */
export interface PatchPlan {
  readonly text: PatchText;
  readonly analysis: Analysis;
  /** The modules that it imports, also for nothing but their effects. */
  readonly requests: readonly ModuleRequest[];
  /** The imports that need a variable. */
  readonly imports: readonly ImportEntry[];
  readonly items: readonly PlannedItem[];
  /** Names of the module that it replaces. */
  readonly replaced: ReadonlyMap<string, ReplacedKind>;
  /** The members that it gives to objects and lists of the module. */
  readonly tables: ReadonlyMap<string, TableGift>;
  /** What it changes of the classes that it replaces, besides their methods. */
  readonly classes: ReadonlyMap<string, ClassChange>;
  /** Names that it adds. */
  readonly fresh: ReadonlyMap<string, SeenName>;
  /** Those of them that are no imports, by where the text declares them. */
  readonly added: ReadonlyMap<string, AddedName>;
  /** Methods by the export that holds them, as far as the text tells. */
  readonly methods: ReadonlyMap<string, readonly string[]>;
  /** Methods of the module that it gives and that code may hold as values. */
  readonly held: readonly CheckableMethod[];
  /** What it takes away; undefined if nothing. */
  readonly removals: Removals | undefined;
  /** Functions that it passes on: these must follow a later patch wherever they are. */
  readonly values: readonly string[];
  /** Variables of the module that `hotfix()`, or what it calls of the patch, assigns. */
  readonly tracked: readonly string[];
  /** The extents of the text whose assignments are noted, so that they can be undone. */
  readonly trackedRanges: readonly Range[];
}

/**
 * Checks a patch against the module's names.
 *
 * @throws {ERR_PATCH} if it breaks a rule.
 * @throws {ERR_PATCH_NAME} if it names something that the module does not have.
 * @throws {ERR_PATCH_CLASS} if a class can't be replaced like this.
 */
export function planPatch(text: PatchText, target: PatchTarget): PatchPlan {
  const { syntax } = text;
  const ownEnums = text.enums.map(({ name }) => name);
  const { ast, decorated } = syntax;
  const tree = decorated === undefined ? ast : withDecorators(ast, decorated);
  const whole = analyse(tree, [...target.scope.names(), ...ownEnums]);
  const analysis = elideTypes(syntax, whole, {
    file: target.image.file,
    keepsUnmentioned: true,
  });
  const record = readRecord(syntax, analysis);
  if (syntax.map !== undefined)
    throw createPlacedError("ERR_PATCH", syntax.locate(0), refusalOfPrinted(syntax.text));
  const unknown = findUnknown(syntax);
  if (unknown !== undefined)
    throw createPlacedError("ERR_PATCH", syntax.locate(unknown.at), USING_REFUSAL);
  if (analysis.isAsync) {
    const why = "a patch can't await at top level: put it into an async hotfix()";
    throw createPlacedError("ERR_PATCH", syntax.locate(0), why);
  }
  checkReserved(analysis, text);
  const reader = new PatchReader(text, analysis, target);
  const imports = newImports(record, target, reader);
  for (const each of text.enums) reader.readEnum(each);
  for (const statement of syntax.ast.body) reader.read(statement);
  checkDecorators(reader, text);
  const { items, replaced, tables, classes, fresh, methods } = reader;
  checkDeclared(text, target);
  checkFreeNames(analysis, text, target, fresh);
  checkWrites(analysis, text, target, fresh);
  const trackedRanges = reachableRanges(items, analysis.references);
  const values = usedAsValues(analysis, target, fresh);
  const isLive = (name: string): boolean =>
    !fresh.has(name) && target.scope.get(name) !== undefined;
  const tracked = writtenIn(trackedRanges, analysis).filter(isLive);
  return {
    text,
    analysis,
    requests: record.requests,
    imports,
    items,
    replaced,
    tables,
    classes,
    fresh,
    added: addedBy(reader, analysis, text),
    methods,
    held: listHeld(target.image, replaced, methods),
    removals: text.deletions.length === 0 ? undefined : readRemovals(text, target, reader),
    values,
    tracked,
    trackedRanges,
  };
}

/**
 * Lists the imports that need a variable of the patch's own. What the module imports already, from
 * the same place under the same name, is used as it is; any other clash of names is refused.
 */
function newImports(
  record: ModuleRecord,
  { scope }: PatchTarget,
  { fresh }: PatchReader,
): ImportEntry[] {
  const entries: ImportEntry[] = [];
  for (const entry of record.imports) {
    const { local, specifier, name, place } = entry;
    const seen = scope.get(local);
    if (seen?.origin?.specifier === specifier && seen.origin.name === name) continue;
    if (seen !== undefined) {
      const why = `the service has ${describeKind(seen.kind)} ${local} already: import it under another name`;
      throw createPlacedError("ERR_PATCH", place, why);
    }
    fresh.set(local, { kind: "import", length: 0, origin: { specifier, name } });
    entries.push(entry);
  }
  return entries;
}

/** What is made anew each time that it is evaluated would have to be transformed. */
function checkDecorators({ decorators }: PatchReader, { syntax }: PatchText): void {
  const stray = syntax.decorated?.decorators.find((each) => !decorators.has(each));
  if (stray === undefined) return;
  const why = "decorators in a patch are at the classes that the module has, and at their members";
  throw createPlacedError("ERR_PATCH", syntax.locate(stray.start), why);
}

function checkReserved({ declared, freeReferences }: Analysis, { syntax }: PatchText): void {
  if (!syntax.code.includes("$snax")) return;
  const own = [...declared].find((name) => name.startsWith("$snax"));
  const reference = freeReferences.find(({ name }) => name.startsWith("$snax"));
  const offset = reference?.start ?? (own === undefined ? -1 : syntax.code.indexOf(own));
  const why = "names that begin with $snax are kept for the loader";
  if (offset >= 0) throw createPlacedError("ERR_PATCH", syntax.locate(offset), why);
}

function checkDeclared({ declared, syntax }: PatchText, { scope, elsewhere }: PatchTarget): void {
  for (const [name, start] of declared) {
    if (scope.get(name) !== undefined) continue;
    const hint = elsewhere(name) || suggest(name, scope.names());
    const why = `the service has no ${name}${hint}`;
    throw createPlacedError("ERR_PATCH_NAME", syntax.locate(start), why);
  }
}

function checkFreeNames(
  { freeReferences }: Analysis,
  { syntax }: PatchText,
  { image, scope, injected, elsewhere }: PatchTarget,
  fresh: ReadonlyMap<string, SeenName>,
): void {
  // Code that asks with `typeof` whether there is a global may use it after that.
  const asked = new Set(freeReferences.flatMap(({ name, use }) => (use === "typeof" ? name : [])));
  for (const { name, start } of freeReferences) {
    const isOptional = asked.has(name) || image.freeNames.has(name);
    const isKnown = name in globalThis || injected.has(name) || name === "arguments";
    if (isOptional || isKnown) continue;
    const known = [...scope.names(), ...fresh.keys()];
    const hint = elsewhere(name) || suggest(name, known);
    const why = `neither the service nor the patch has a ${name}${hint}`;
    throw createPlacedError("ERR_PATCH_NAME", syntax.locate(start), why);
  }
}

/** What code of a patch may assign; all else that the service has is replaced by a declaration. */
const ASSIGNABLE: ReadonlySet<NameKind> = new Set<NameKind>(["let", "var", "const", "literal"]);

/**
 * What replaces a function or a class must go through the patch's own means, or a later patch would
 * not reach it.
 */
function checkWrites(
  { writes }: Analysis,
  { syntax }: PatchText,
  { scope, elsewhere }: PatchTarget,
  fresh: ReadonlyMap<string, SeenName>,
): void {
  for (const { names, start } of writes) {
    for (const name of names) {
      const kind = fresh.has(name) ? undefined : scope.get(name)?.kind;
      if (kind === undefined || ASSIGNABLE.has(kind)) continue;
      const advice =
        kind === "import"
          ? `patch the module that has it${elsewhere(name)}`
          : `write \`${isClassKind(kind) ? "class" : "function"} ${name}\` in the patch`;
      const why = `${name} is ${describeKind(kind)} of the service and can't be assigned: ${advice}`;
      throw createPlacedError("ERR_PATCH", syntax.locate(start), why);
    }
  }
}

/** The names that a patch declares and the module does not have. */
function addedBy(
  { fresh, items }: PatchReader,
  { references }: Analysis,
  { syntax }: PatchText,
): Map<string, AddedName> {
  const used = new Set(references.map(({ name }) => name));
  const added = new Map<string, AddedName>();
  const add = (name: string, start: number): void => {
    if (!fresh.has(name)) return;
    added.set(name, { place: syntax.locate(start), isUsed: used.has(name) });
  };
  for (const item of items) {
    if ("name" in item) add(item.name, item.node.start);
    if (item.kind !== "state") continue;
    for (const { id } of item.declaration.declarations) {
      visitBoundNames(id, (name, node) => add(name, node.start));
    }
  }
  return added;
}

function usedAsValues(
  { references }: Analysis,
  { scope }: PatchTarget,
  fresh: ReadonlyMap<string, SeenName>,
): string[] {
  const isValue = ({ use }: Reference): boolean =>
    use === "value" || use === "member" || use === "member-call";
  const names = new Set(references.filter(isValue).map(({ name }) => name));
  return [...names].filter((name) => {
    const kind = (fresh.get(name) ?? scope.get(name))?.kind;
    if (kind === "import") return !fresh.has(name);
    return kind === "function" || kind === "const-function";
  });
}

function writtenIn(ranges: readonly Range[], { writes }: Analysis): string[] {
  const names = new Set<string>();
  for (const write of writes) {
    const isInside = ranges.some(([from, to]) => write.start >= from && write.start < to);
    if (isInside) for (const name of write.names) names.add(name);
  }
  return [...names];
}

/**
 * Lists the methods with a check that a patch may divert.
 *
 * @param classes - the classes that it replaces.
 * @param groups - the exports that it gives methods under.
 */
function listHeld(
  { data }: Image,
  classes: ReadonlyMap<string, string>,
  groups: ReadonlyMap<string, unknown>,
): CheckableMethod[] {
  // One group may have two names, and the patch use the other one.
  const hasAccept = groups.has("accept") || groups.has("subscribe");
  return data.methods.filter(({ variable, owner, group }) => {
    if (!data.checked.has(variable)) return false;
    if (group === undefined) return classes.get(owner) === "class";
    return owner === "response" ? groups.has(owner) : hasAccept;
  });
}

/**
 * Returns the extents that `hotfix()` may run: its own, and those of the functions of the patch
 * that it reaches by name. What they assign has to be undone if `hotfix()` fails; what the patch's
 * handlers assign later is the service's own business. Reaching a name counts, called or not. None
 * if the patch has no `hotfix()`.
 */
function reachableRanges(items: readonly PlannedItem[], references: readonly Reference[]): Range[] {
  const functions = new Map<string, Range>();
  let next: Range[] = [];
  for (const item of items) {
    if (item.kind === "function" || item.kind === "class" || item.kind === "table")
      functions.set(item.name, rangeOf(item.value));
    else if (item.kind === "step" && item.name === "hotfix") next.push(rangeOf(item.value));
  }
  const reached: Range[] = [];
  while (next.length > 0) {
    reached.push(...next);
    const found: Range[] = [];
    for (const [start, end] of next) {
      for (const { name, start: at } of references) {
        const range = at >= start && at < end ? functions.get(name) : undefined;
        if (range === undefined) continue;
        functions.delete(name);
        found.push(range);
      }
    }
    next = found;
  }
  return reached;
}

function rangeOf(node: { readonly start: number; readonly end: number }): Range {
  return [node.start, node.end];
}
