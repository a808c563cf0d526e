/**
 * The function around a module's body.
 *
 * In front of the body, on its first line: the variables of the imports, the injected names that the module mentions, and
 * the call that evaluates what this module depends on. Behind it, on a line of its own: the scope hook and the cell
 * function. The hook is a strict direct `eval` inside the module's scope, so that code given to it later sees every
 * variable by name. The cell function reaches imports, exports and functions by number, in a few nanoseconds.
 *
 *     write i: case i            i < n          (n cells: imports first, functions last)
 *     read i:  case n + i
 *     for function j (cell n - f + j):
 *       forward: 2n + j          implementation: read 2n + f + j, write 2n + 2f + j
 *
 * A forwarder is a function that stays the same while the function behind it may be replaced.
 */

import type { Name } from "./names.ts";
import { replacementOf } from "./class-weave.ts";
import { DEFAULT_NAME } from "./record.ts";

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
  /** Local names of imports. */
  readonly imports: readonly string[];
  readonly usesDynamicImport: boolean;
  /** Whether the default export needs a variable of its own. */
  readonly declaresDefault: boolean;
}

/**
 * The module's function is an arrow inside a strict function that runs once per image: so `this` is undefined as in a
 * module, and no instance has to keep an `arguments` object for the sake of the hook's `eval`.
 */
const FACTORY_HEAD = "(function(){'use strict';return ";

/** Returns the text in front of the body. */
export function createPrefix(parts: FrameParts, isAsync: boolean): string {
  const variables = [...parts.imports];
  const { cells, functionCount } = parts.plan;
  for (const name of cells.slice(cells.length - functionCount)) variables.push(forwardedOf(name));
  for (const [name, { kind }] of parts.names) {
    if (kind === "class") variables.push(replacementOf(name));
  }
  for (const name of parts.injected) variables.push(`${name}=$snax.injected("${name}")`);
  if (parts.usesDynamicImport) variables.push("$snaxI=(s,o)=>$snax.import(s,o)");
  if (parts.declaresDefault) variables.push(DEFAULT_NAME);
  const begin = `$snax.begin($snaxHook${cells.length > 0 ? ",$snaxCell" : ""})`;
  const isDefaultHoisted = parts.names.get(DEFAULT_NAME)?.kind === "function";
  const rename = isDefaultHoisted ? `$snax.nameDefault(${DEFAULT_NAME});` : "";
  const call = isAsync ? `let $snaxB=${begin};if($snaxB)await $snaxB;` : `${begin};`;
  const declarations = variables.length > 0 ? `let ${variables.join()};` : "";
  return `${FACTORY_HEAD}${isAsync ? "async" : ""}($snax)=>{${declarations}${rename}${call}`;
}

/** Returns the text behind the body, which stands on a line of its own. */
export function createSuffix(parts: FrameParts): string {
  const hook = "function $snaxHook($snaxCode){return eval($snaxCode)}";
  return `\n;${hook}${createCellFunction(parts)}}})()`;
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
    const forwarder = createForwarder(behind, names.get(name)?.length ?? 0);
    const named = name === DEFAULT_NAME ? `$snax.nameDefault(${name})` : name;
    cases.push(
      `case ${forward}:if(!${behind}){${behind}=${name};${name}=${forwarder};${named}}return ${name};`,
      `case ${get}:return ${behind}||${name};`,
      `case ${set}:if(${behind})${behind}=$snaxValue;else ${name}=$snaxValue;return;`,
    );
  }
  return `function $snaxCell($snaxOperation,$snaxValue){switch($snaxOperation){${cases.join("")}}}`;
}

/** The text of a forwarder to the function in a variable; `length` counts its parameters. */
export function createForwarder(variable: string, length: number): string {
  const parameters = Array.from({ length }, (_, index) => `$${index}`).join();
  const construct = `$snax.construct(${variable},arguments,new.target)`;
  return `function(${parameters}){return new.target?${construct}:${variable}.apply(this,arguments)}`;
}

const FORWARDER = /^function\(([$\d,]*)\)\{return new\.target\?\$snax\.construct\((.+?),/u;

/** Returns the variable that a forwarder with this text forwards to; undefined for the text of any other function. */
export function readForwarder(text: string): string | undefined {
  const [, parameters = "", variable] = FORWARDER.exec(text) ?? [];
  if (variable === undefined) return undefined;
  const length = parameters === "" ? 0 : parameters.split(",").length;
  return text === createForwarder(variable, length) ? variable : undefined;
}

function forwardedOf(name: string): string {
  return `$snaxF_${name}`;
}
