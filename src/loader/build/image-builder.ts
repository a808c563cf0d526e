/**
 * A file's text -> the data of its image: parse, analyse, check, weave.
 *
 * Checks are what the runtime can't find out later, because constants are assignable in images:
 * assignments to constants and imports are refused here, as V8 would refuse them when they run.
 */

import { dirname } from "node:path";
import { analyse } from "../read/analysis.ts";
import type { Analysis } from "../read/analysis.ts";
import { readBeginUses } from "../read/begin-uses.ts";
import { createFrame } from "../weave/frame.ts";
import { listCommonJsNames } from "../weave/commonjs-names.ts";
import { elideTypes, readRecord } from "../read/record.ts";
import type { ImageData } from "../weave/image.ts";
import { addChecks, groupVariables, listCheckable } from "../weave/method-check.ts";
import { readNames } from "../read/names.ts";
import type { Name } from "../read/names.ts";
import type { Edits, LineShifts } from "../text/edits.ts";
import { createFoldMap } from "../text/fold.ts";
import type { Fold } from "../text/fold.ts";
import { createPlacedError } from "../text/position.ts";
import type { ModuleRecord } from "../read/record.ts";
import { JAVASCRIPT, parseModule, refuseDepth } from "../read/syntax.ts";
import type { Syntax } from "../read/syntax.ts";
import type { Transform } from "../typescript/transform-need.ts";
import { transformNow } from "./transformer.ts";
import { Tsconfigs } from "../resolve/tsconfig.ts";
import { listSelfChecks } from "../weave/self-check.ts";
import { weaveTypeField } from "../weave/type-field.ts";
import { weave } from "../weave/weave.ts";

/** How an image is built. */
export interface BuildOptions {
  /**
   * Reads what can't be blanked.
   *
   * @defaultValue the caller sleeps meanwhile
   */
  readonly transform?: Transform;
  /** What has been read of the projects' configurations. */
  readonly tsconfigs?: Tsconfigs;
  /**
   * How the text was folded together from that of the file and patches.
   *
   * @defaultValue it is that of the file
   */
  readonly fold?: Fold;
  /** Imports that are there although nothing uses them any more. @defaultValue none */
  readonly kept?: ReadonlySet<string>;
}

/**
 * Builds the image of a file's text.
 *
 * @param file - real path of the file.
 * @param injected - names that the surroundings can supply in place of globals.
 * @throws {ERR_SYNTAX} if the text is not a valid module.
 * @throws {ERR_MODULE} if it uses names that the loader keeps for itself.
 */
export function buildImage(
  text: string,
  file: string,
  injected: ReadonlySet<string>,
  options: BuildOptions = {},
): ImageData {
  try {
    return build(text, file, injected, options);
  } catch (error) {
    throw error instanceof RangeError ? refuseDepth(error, file) : error;
  }
}

function build(
  text: string,
  file: string,
  injected: ReadonlySet<string>,
  { transform = transformNow, tsconfigs, fold, kept }: BuildOptions,
): ImageData {
  const syntax = parseModule(text, file, { transform });
  const analysis = elideTypes(syntax, analyse(syntax.ast), { file, tsconfigs, kept });
  const record = readRecord(syntax, analysis);
  const names = readNames(syntax, analysis, record, readWritten(text, syntax));
  check(syntax, analysis, names);
  const exported = new Set(record.exports.flatMap(({ local }) => local ?? []));
  const plan = planCells(record, names, exported);
  const cells = new Map(plan.cells.map((name, index) => [name, index]));
  const functions = new Set(plan.cells.slice(plan.cells.length - plan.functionCount));
  const selfChecks = listSelfChecks(syntax, names, functions);
  for (const name of selfChecks.keys()) {
    const known = names.get(name);
    if (known !== undefined) names.set(name, { ...known, hasCheck: true });
  }
  const edits = weave({ syntax, analysis, names, cells, exported, selfChecks });
  if (hasTypeFields(syntax, analysis, tsconfigs)) {
    for (const field of analysis.emptyFields) weaveTypeField(edits, field);
  }
  const frame = createFrame({
    plan,
    names,
    injected: [...analysis.freeNames].filter((name) => injected.has(name)),
    commonJs: listCommonJsNames(analysis.freeNames, file),
    usesDynamicImport: analysis.dynamicImports.length > 0,
  });
  const data: ImageData = {
    file,
    text,
    body: edits.toString(),
    frame,
    isShared: isSharedModule(syntax),
    names,
    ...record,
    ...plan,
    forwarded: plan.cells.flatMap((name, cell) => (names.get(name)?.isForwarded ? [cell] : [])),
    ...summariseUse(syntax, analysis, exported),
    methods: listCheckable(syntax.ast, edits, groupVariables(record.exports), isPrinted(syntax)),
    checked: new Set(),
    shifts: edits.movesCode ? edits.shifts() : undefined,
    map: syntax.map,
    isTransformed: syntax.isTransformed,
    inspectorMap: syntax.map ?? createInspectorMap(edits, file, fold),
    ...(fold !== undefined && { fold }),
  };
  return data.isShared ? addChecks(data, NOTHING) : data;
}

const NOTHING: ReadonlySet<string> = new Set();

/** Whether the text is not the author's: blanks were not enough. */
function isPrinted({ map }: Syntax): boolean {
  return map !== undefined;
}

/** The map (JSON) for debuggers; undefined if positions are those of the file. */
function createInspectorMap(edits: Edits, file: string, fold?: Fold): string | undefined {
  if (fold === undefined) return edits.movesCode ? edits.createMap(file) : undefined;
  const shifts = edits.shifts();
  return createFoldMap(fold, edits.before, ({ line, column }) =>
    shiftColumn(shifts.get(line), column),
  );
}

function shiftColumn(shifts: LineShifts | undefined, column: number): number {
  const before = (shifts ?? []).filter(([at]) => at < column);
  return before.reduce((moved, [, length]) => moved + length, column);
}

/** Orders the cells: imports, then variables, then functions. */
function planCells(
  record: ModuleRecord,
  names: ReadonlyMap<string, Name>,
  exported: ReadonlySet<string>,
): { cells: string[]; functionCount: number } {
  const imports = record.imports.map(({ local }) => local);
  const variables: string[] = [];
  const functions: string[] = [];
  for (const [name, { kind, isForwarded }] of names) {
    if (kind === "import") continue;
    const isFunction = kind === "function" || kind === "const-function";
    if (isFunction && (isForwarded || exported.has(name))) functions.push(name);
    else if (exported.has(name)) variables.push(name);
  }
  return { cells: [...imports, ...variables, ...functions], functionCount: functions.length };
}

/** What the text does, as far as the walk through its tree has told. */
type Uses = Pick<
  ImageData,
  | ("values" | "assigned" | "referenced" | "taken" | "begins")
  | ("isAsync" | "hasClasses" | "makerCount" | "freeNames" | "globalWrites")
>;

function summariseUse(syntax: Syntax, analysis: Analysis, exported: ReadonlySet<string>): Uses {
  const values = new Set<string>();
  const referenced = new Set<string>();
  for (const { name, use, member } of analysis.references) {
    referenced.add(name);
    if (use === "value") values.add(name);
    else if (use === "member") values.add(`${name}()`).add(`${name}.${member}`);
    else if (use === "member-call") values.add(`${name}()`);
  }
  const assigned = new Set(analysis.writes.flatMap(({ names }) => names));
  const { taken, isAsync, hasClasses, makerCount, freeNames, globalWrites } = analysis;
  return {
    ...{ taken, isAsync, hasClasses, makerCount, freeNames },
    globalWrites: globalWrites.map(({ name, start }) => ({ name, place: syntax.locate(start) })),
    begins: readBeginUses(syntax.ast, analysis, syntax.code),
    values,
    referenced,
    assigned: new Set([...assigned].filter((name) => exported.has(name))),
  };
}

/**
 * Whether a field without a value is nothing but a type, as `useDefineForClassFields: false` has
 * it.
 */
function hasTypeFields(
  { isTransformed, file }: Syntax,
  { emptyFields }: Analysis,
  tsconfigs = new Tsconfigs(),
): boolean {
  if (emptyFields.length === 0 || isTransformed || JAVASCRIPT.test(file)) return false;
  return tsconfigs.find(dirname(file))?.definesFields === false;
}

/** The text as it was written, if another one was made of it; JSX can't be read. */
function readWritten(text: string, { isTransformed, file }: Syntax): Syntax | undefined {
  if (!isTransformed) return undefined;
  try {
    return parseModule(text, file, { isAsWritten: true });
  } catch {
    return undefined;
  }
}

function isSharedModule(syntax: Syntax): boolean {
  for (const statement of syntax.ast.body) {
    if (statement.type !== "ExpressionStatement" || statement.directive === undefined) return false;
    if (statement.directive === "use shared") return true;
  }
  return false;
}

function check(syntax: Syntax, analysis: Analysis, names: ReadonlyMap<string, Name>): void {
  for (const { name, use, start } of analysis.references) {
    if (use !== "assign") continue;
    const kind = names.get(name)?.kind;
    if (kind === undefined || !CONSTANT_KINDS.has(kind)) continue;
    const place = syntax.locate(start);
    throw createPlacedError("ERR_SYNTAX", place, "Assignment to constant variable.");
  }
  if (syntax.code.includes("$snax")) {
    const own = [...analysis.declared].find((name) => name.startsWith("$snax"));
    const reference = analysis.freeReferences.find(({ name }) => name.startsWith("$snax"));
    const offset = reference?.start ?? (own === undefined ? -1 : syntax.code.indexOf(own));
    const why = "names that begin with $snax are kept for the loader";
    if (offset >= 0) throw createPlacedError("ERR_MODULE", syntax.locate(offset), why);
  }
  for (const { name, start } of analysis.freeReferences) {
    if (name !== "arguments") continue;
    throw createPlacedError("ERR_SYNTAX", syntax.locate(start), "arguments is not defined");
  }
}

const CONSTANT_KINDS = new Set(["const", "const-function", "const-class", "literal", "import"]);
