/**
 * The function around a module's body.
 *
 * In front of the body, on its first line: the variables of the imports, the injected names that
 * the module mentions, and the call that hands over the module's closures. Behind it, on a line of
 * its own: the scope hook and the cell function. The hook is a strict direct `eval` inside the
 * module's scope, so that code given to it later sees every variable by name. The cell function
 * reaches imports, exports and functions by number, in a few nanoseconds.
 *
 *     write i: case i            i < n          (n cells: imports first, functions last)
 *     read i:  case n + i
 *     for function j (cell n - f + j):
 *       forward: 2n + j          implementation: read 2n + f + j, write 2n + 2f + j
 *
 * A forwarder is a function that stays the same while the function behind it may be replaced. It is
 * for those who hold the function; calls by name go past it where that can be told from the text:
 * see `direct-call.ts`.
 */

import { isClassKind } from "../read/names.ts";
import type { Name } from "../read/names.ts";
import { replacementOf } from "./class-weave.ts";
import { COMMONJS_NAMES } from "./commonjs-names.ts";
import { DEFAULT_NAME } from "../read/record.ts";

/** The order of a module's cells. */
export interface CellPlan {
  /** Name of the variable in each cell. */
  readonly cells: readonly string[];
  /** Number of cells that hold functions; they are the last ones. */
  readonly functionCount: number;
}

/** What the frame is made from. */
export interface FrameParts {
  readonly plan: CellPlan;
  readonly names: ReadonlyMap<string, Name>;
  /** Injected names that the module mentions. */
  readonly injected: readonly string[];
  /** Names of CommonJS that the module mentions and may use. */
  readonly commonJs: readonly string[];
  readonly usesDynamicImport: boolean;
}

/**
 * What is around a body, as plain data: the parts that do not depend on how the module is
 * entered.
 */
export interface Frame {
  /**
   * Declarations of the variables that are not imports, and the name of a hoisted default export.
   */
  readonly declarations: string;
  /** The call that hands over hook and cell function. */
  readonly begin: string;
  /** Hook and cell function. */
  readonly suffix: string;
}

/** In which order the imports of a module come alive. */
export interface ImportPlan {
  /** Names the plan among others of the same module. */
  readonly key: string;
  /** Their cells. */
  readonly cells: readonly number[];
  /** How many of them have a value when the modules of the cycle have been entered. */
  readonly readyCount: number;
  /** How many of them come from modules that run before this one. */
  readonly earlyCount: number;
}

/**
 * How a module is entered: its function runs to its end, it can wait, or it stops in front of the
 * imports of a plan because the module belongs to a cycle.
 */
export type Entry = "sync" | "async" | ImportPlan;

/** Creates the frame of a module. */
export function createFrame(parts: FrameParts): Frame {
  const variables: string[] = [];
  const { cells, functionCount } = parts.plan;
  for (const name of cells.slice(cells.length - functionCount)) {
    variables.push(forwardedOf(name));
    const { isDirect, kind, hasCheck } = parts.names.get(name) ?? {};
    if (hasCheck === true) variables.push(heldOf(name));
    // A declared function is there from the start, no matter what calls it first.
    if (isDirect === true) variables.push(directOf(name) + (kind === "function" ? `=${name}` : ""));
  }
  for (const [name, { kind }] of parts.names) {
    if (isClassKind(kind)) variables.push(replacementOf(name));
  }
  for (const name of parts.commonJs) variables.push(`${name}=${COMMONJS_NAMES[name]}`);
  for (const name of parts.injected) variables.push(`${name}=$snax.injected("${name}")`);
  if (parts.usesDynamicImport) variables.push("$snaxI=(s,o)=>$snax.import(s,o)");
  const isDefaultHoisted = parts.names.get(DEFAULT_NAME)?.kind === "function";
  const rename = isDefaultHoisted ? `$snax.nameDefault(${DEFAULT_NAME});` : "";
  const hook = "function $snaxHook($snaxCode){return eval($snaxCode)}";
  return {
    declarations: `${declare(variables)}${rename}`,
    begin: `$snax.begin($snaxHook${cells.length > 0 ? ",$snaxCell" : ""});`,
    suffix: `${hook}${createCellFunction(parts)}`,
  };
}

/** What a frame is put around. */
export interface Framed {
  readonly frame: Frame;
  /** Names of the variables that the runtime reaches by number, imports first. */
  readonly cells: readonly string[];
  readonly imports: readonly unknown[];
  /** Whether there is an `await` at top level. */
  readonly isAsync: boolean;
}

/**
 * Returns the texts in front of the body and behind it; the latter is on a line of its own.
 *
 * The module's function is made by a strict function that runs once per image, so that `this` is
 * undefined as in a module. It is an arrow, or in a cycle a generator, so that no instance has to
 * keep an `arguments` object for the sake of the hook's `eval`.
 */
export function enclose(framed: Framed, entry: Entry): { prefix: string; suffix: string } {
  const { frame, cells } = framed;
  const { declarations, begin } = frame;
  if (typeof entry !== "string") return encloseStops(framed, entry);
  const imports = declare(cells.slice(0, framed.imports.length));
  const head = entry === "async" ? "async($snax)=>{" : "($snax)=>{";
  const prefix = `${FACTORY_HEAD}${head}${imports}${declarations}${begin}`;
  return { prefix, suffix: `\n;${frame.suffix}}})()` };
}

const FACTORY_HEAD = "(function(){'use strict';return ";

/**
 * A module of a cycle: see `cycle.ts`. If it waits, its body is a function of its own, which waits
 * first to be run.
 */
function encloseStops(
  { frame, cells, isAsync }: Framed,
  plan: ImportPlan,
): { prefix: string; suffix: string } {
  const { declarations, begin } = frame;
  const names = plan.cells.map((cell) => `${cells[cell]}=yield`);
  const early = `${declare(names.slice(0, plan.earlyCount))}yield;`;
  const late = declare(names.slice(plan.earlyCount));
  const head = `${FACTORY_HEAD}function*($snax){`;
  if (!isAsync) {
    const prefix = `${head}${declarations}${begin}${early}`;
    return { prefix, suffix: `\n;${late}${frame.suffix}}})()` };
  }
  const prefix = `${head}$snax.wait((async()=>{${declarations}await ${begin}`;
  return { prefix, suffix: `\n;${frame.suffix}})());${early}${late}}})()` };
}

function declare(variables: readonly string[]): string {
  return variables.length > 0 ? `let ${variables.join()};` : "";
}

function createCellFunction({ plan, names }: FrameParts): string {
  const { cells, functionCount } = plan;
  const count = cells.length;
  if (count === 0) return "";
  const cases: string[] = [];
  for (const [index, name] of cells.entries()) {
    cases.push(`case ${index}:${name}=$snaxValue;return;case ${count + index}:return ${name};`);
  }
  for (const [index, name] of cells.slice(count - functionCount).entries()) {
    const behind = forwardedOf(name);
    const forward = 2 * count + index;
    const get = forward + functionCount;
    const set = get + functionCount;
    const known = names.get(name);
    const direct = known?.isDirect === true ? `${directOf(name)}=` : "";
    const forwarder = createKindForwarder(behind, name, known);
    const named = name === DEFAULT_NAME ? `$snax.nameDefault(${name})` : name;
    const put = `${behind}=${direct}${name};${name}=${forwarder};${named}`;
    if (known?.hasCheck !== true) {
      cases.push(
        `case ${forward}:if(!${behind}){${put}}return ${name};`,
        `case ${get}:return ${behind}||${name};`,
        `case ${set}:if(${behind})${behind}=${direct}$snaxValue;else ${name}=$snaxValue;return;`,
      );
      continue;
    }
    cases.push(
      `case ${forward}:if(!${heldOf(name)}){if($snaxValue){${put}}${heldOf(name)}=${name}}return ${name};`,
      `case ${get}:return ${behind}||${name};`,
      `case ${set}:${setChecked(name, direct)}return;`,
    );
  }
  return `function $snaxCell($snaxOperation,$snaxValue){switch($snaxOperation){${cases.join("")}}}`;
}

/**
 * The text that replaces a function that has a check, which code may hold as a value: it gets the new one
 * if that can take the place of the old. One of another kind is given itself to those who call
 * it by name, also to importers.
 */
function setChecked(name: string, direct: string): string {
  const [held, behind] = [heldOf(name), forwardedOf(name)];
  const stands = `const $snaxS=$snax.standsFor($snaxValue,${held});`;
  const put = `${behind}=$snaxS>0&&$snaxValue!==${held}?$snaxValue:void 0;`;
  const call = `${name}=$snaxS>1?${held}:$snaxValue;`;
  return `if(${held}){${stands}${put}${call}${direct}$snaxValue}else ${name}=$snaxValue;`;
}

/** The text of a forwarder to the function in a variable; `length` counts its parameters. */
export function createForwarder(variable: string, length: number): string {
  const parameters = Array.from({ length }, (_, index) => `$${index}`).join();
  const construct = `$snax.construct(${variable},arguments,new.target)`;
  return `function(${parameters}){return new.target?${construct}:${variable}.apply(this,arguments)}`;
}

/**
 * The text of a forwarder to a function of the module. What is no constructor gets one that is no constructor either,
 * either; it is so short that V8 puts it into its callers.
 */
export function createKindForwarder(
  variable: string,
  name: string,
  known: Name | undefined,
): string {
  const length = known?.length ?? 0;
  const hasKind = known?.isAsync === true || known?.isGenerator === true;
  if (!hasKind && known?.isArrow !== true) return createForwarder(variable, length);
  const bare = `({${createBareForwarder(variable, name, length)}}).${name}`;
  return hasKind ? `$snax.ofKind(${bare},${variable})` : bare;
}

/** The text of a method that forwards: it is no constructor, and has no `prototype`. */
function createBareForwarder(variable: string, name: string, length: number): string {
  const parameters = Array.from({ length }, (_, index) => `$${index}`).join();
  return `${name}(${parameters}){return ${variable}.apply(this,arguments)}`;
}

const BARE = /^([\p{ID_Continue}$]+)\(([$\d,]*)\)\{return ([\p{ID_Continue}$]+)\.apply\(/u;

const FORWARDER = /^function\(([$\d,]*)\)\{return new\.target\?\$snax\.construct\((.+?),/u;

/**
 * Returns the variable that a forwarder with this text forwards to; undefined for the text of any
 * other function.
 */
export function readForwarder(text: string): string | undefined {
  const [, parameters = "", variable] = FORWARDER.exec(text) ?? [];
  if (variable !== undefined)
    return text === createForwarder(variable, countOf(parameters)) ? variable : undefined;
  const [, name = "", ofBare = "", behind] = BARE.exec(text) ?? [];
  const isBare = behind !== undefined && behind.startsWith("$snax");
  return isBare && text === createBareForwarder(behind, name, countOf(ofBare)) ? behind : undefined;
}

function countOf(parameters: string): number {
  return parameters === "" ? 0 : parameters.split(",").length;
}

/**
 * Returns the name of the variable that calls by a function's name go to, if they do not pass its
 * forwarder.
 */
export function directOf(name: string): string {
  return `$snaxD_${name}`;
}

/** Returns the function's name for such a variable; any other name as it is. */
export function nameBehind(variable: string): string {
  const prefix = directOf("");
  return variable.startsWith(prefix) ? variable.slice(prefix.length) : variable;
}

/** Returns the name of the variable for the function that runs in the place of another. */
export function forwardedOf(name: string): string {
  return `$snaxF_${name}`;
}

/** Returns the name of the variable for a function that code holds as a value, and that has a check. */
function heldOf(name: string): string {
  return `$snaxK_${name}`;
}
