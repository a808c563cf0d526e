/**
 * A planned patch -> the text that is evaluated inside the module.
 *
 *     (function($snaxP){ let fresh names; $snaxP.begin(hook, if it adds names);
 *       $snaxP.put("helper", {helper: function       (a) { ... }}.helper);     a function, class or constant that replaces one
 *       $snaxP.put("response", { ... });                                       methods
 *       $snaxP.later(()=>{(fresh = 0)});                                       new state: runs when everything else is in place
 *     ; $snaxP.follow(set imports); $snaxP.end(read, write variables) })
 *
 * Evaluating it changes nothing of the module: a {@link PatchRun} collects what it is given, and
 * commits. A function that replaces another one must not declare the name again, or the patch's
 * functions would call each other instead of the live ones: so functions and classes lose their names
 * and get them back as keys. Lines never move; stacks show the columns of the text as it was given.
 */

import type { AnyNode, Class } from "acorn";
import type { Write } from "../../loader/read/analysis.ts";
import { replacementOf, weaveClass } from "../../loader/weave/class-weave.ts";
import { weaveCalls } from "../../loader/weave/direct-call.ts";
import type { LineShifts } from "../../loader/text/edits.ts";
import { Edits } from "../../loader/text/edits.ts";
import type { CheckableMethod } from "../../loader/weave/method-check.ts";
import { visitBoundNames } from "../../loader/read/scope.ts";
import { publicName } from "../../loader/read/record.ts";
import { decorateCall } from "./class-decorators.ts";
import { leftOut, partsHead, weaveParts } from "./class-parts-weave.ts";
import type { EnumItem, NamedItem, PlannedItem, StateItem } from "./patch-item.ts";
import type { PatchPlan, PatchTarget } from "./patch-plan.ts";

/** A woven patch. */
export interface WovenPatch {
  readonly code: string;
  readonly shifts: ReadonlyMap<number, LineShifts>;
}

/** Weaves a patch for modules of one scope. */
export function weavePatch(plan: PatchPlan, target: PatchTarget): WovenPatch {
  const { syntax } = plan.text;
  const edits = new Edits(syntax.code);
  const variables = new Variables();
  weaveUses(edits, plan, target);
  for (const item of plan.items) weaveItem(edits, syntax.code, variables, item);
  for (const { start, end } of listSpreads(plan)) edits.overwrite(start, end, "{}");
  if (plan.analysis.dynamicImports.length > 0) variables.add("$snaxI=(s,o)=>$snax.import(s,o)");
  if (plan.imports.length > 0) variables.add("$snaxS");
  for (const [index, { local }] of plan.imports.entries()) {
    variables.add(`${local}=$snaxP.imported(${index})`);
  }
  for (const name of plan.analysis.freeNames) {
    const isInjected = target.injected.has(name) && !target.image.freeNames.has(name);
    if (isInjected) variables.add(`${name}=$snax.injected(${JSON.stringify(name)})`);
  }
  // Without names of its own a patch leaves no scope behind: no hook, nothing that an instance
  // would have to keep.
  const begin = plan.fresh.size === 0 ? "" : "$snaxCode=>eval($snaxCode)";
  const prefix = `(function($snaxP){${variables.toString()}$snaxP.begin(${begin});`;
  const shifts = edits.shifts();
  shifts.set(1, [[0, prefix.length], ...(shifts.get(1) ?? [])]);
  const early = `${decorateOf(plan)}${followOf(plan)}`;
  const suffix = `${early}${accessOfChecks(plan.held)}${accessOf(plan, target)}`;
  return { code: `${prefix}${edits.toString()}\n;${suffix}})`, shifts };
}

/** What spreads repeat is in the running object, where code may have replaced it since. */
function listSpreads({ tables, classes }: PatchPlan): AnyNode[] {
  const statics = [...classes.values()].flatMap((each) => [
    ...(each.statics?.tables.values() ?? []),
  ]);
  return [...tables.values(), ...statics].flatMap(({ spreads }) => spreads);
}

/** What an item leaves out is not woven. */
function weaveUses(edits: Edits, plan: PatchPlan, target: PatchTarget): void {
  const { items, analysis } = plan;
  const left = items.flatMap((item) =>
    item.kind === "class" && item.outline !== undefined ? leftOut(item.outline) : [],
  );
  const isKept = (at: number): boolean => !left.some(({ start, end }) => at >= start && at < end);
  const { writes, references, metas, dynamicImports } = analysis;
  for (const write of writes) if (isKept(write.start)) weaveWrite(edits, plan, target, write);
  const calls = { ...analysis, references: references.filter(({ start }) => isKept(start)) };
  weaveCalls(edits, calls, (name) => target.image.names.get(name));
  for (const start of metas.filter(isKept)) edits.overwrite(start, start + IMPORT.length, "$snax");
  for (const start of dynamicImports.filter(isKept))
    edits.overwrite(start, start + IMPORT.length, "$snaxI");
}

const IMPORT = "import";

/** The variables of the patch's own scope. */
class Variables {
  readonly #list: string[] = [];

  add(declaration: string): void {
    this.#list.push(declaration);
  }

  toString(): string {
    return this.#list.length === 0 ? "" : `let ${this.#list.join()};`;
  }
}

function weaveItem(edits: Edits, code: string, variables: Variables, item: PlannedItem): void {
  const { node } = item;
  switch (item.kind) {
    case "silent":
      edits.blankStatement(node.start, node.end);
      break;
    case "table":
      // Names in brackets are read when what they are read from is as the patch says.
      if (item.isKeyed === true) putComputed(edits, item);
      else putValue(edits, item);
      break;
    case "group":
    case "literal":
      if (item.isFresh) weaveFreshValue(edits, variables, item);
      else putValue(edits, item);
      break;
    case "computed":
      putComputed(edits, item);
      break;
    case "step":
    case "function":
      if (item.isFresh) weaveFreshFunction(edits, variables, item);
      else putNamed(edits, item);
      break;
    case "class":
      if (item.isFresh) weaveFreshClass(edits, variables, item);
      else putClass(edits, code, item);
      break;
    case "enum":
      weaveEnum(edits, variables, item);
      break;
    case "state":
      weaveState(edits, variables, item);
  }
}

/** `export const response = {` -> `$snaxP.put("response", {`. */
function putValue(edits: Edits, { node, name, value }: NamedItem): void {
  blankGap(edits, node.start, value.start);
  edits.insertBefore(value.start, `$snaxP.put("${name}",`);
  closeCall(edits, node, value);
}

/**
 * `const WAIT = 2 * SECOND` -> `$snaxP.put("WAIT",()=>(2 * SECOND))`: computed when the constants
 * in front of it are in place.
 */
function putComputed(edits: Edits, { node, name, value }: NamedItem): void {
  blankGap(edits, node.start, value.start);
  edits.insertBefore(value.start, `$snaxP.put("${name}",()=>(`);
  edits.insertBehind(value.end, ")");
  closeCall(edits, node, value);
}

/**
 * `function helper(a) {` -> `$snaxP.put("helper",{helper:function       (a) {`: the key gives it
 * its name. The name of a function expression is its own, for its body alone, and stays.
 */
function putNamed(edits: Edits, { node, name, value }: NamedItem): void {
  blankGap(edits, node.start, value.start);
  if (value.type === "FunctionDeclaration" && value.id) {
    edits.blank(value.id.start, value.id.end);
  }
  const key = publicName(name);
  edits.insertBefore(value.start, `$snaxP.put("${name}",{"${key}":`);
  edits.insertBehind(value.end, `}["${key}"]`);
  closeCall(edits, node, value);
}

/**
 * A class, whose fields and constructor are put together with those of the running one: see
 * class-parts-weave.ts.
 */
function putClass(edits: Edits, code: string, { node, name, value, outline }: NamedItem): void {
  if (outline === undefined) return;
  const own = JSON.stringify(name);
  const key = JSON.stringify(publicName(name));
  blankGap(edits, node.start, value.start);
  edits.insertBefore(value.start, `$snaxP.put(${own},(${partsHead(outline.node, name)}({${key}:`);
  weaveParts(edits, code, outline, { keepsEmpty: false, keepsMethods: true });
  edits.insertBehind(value.end, `}[${key}]))($snaxP.parts(${own}))`);
  closeCall(edits, node, value);
}

/**
 * Closes the call behind a value; the rest of the statement is a semicolon, or what a declarator
 * leaves.
 */
function closeCall(edits: Edits, node: AnyNode, value: AnyNode): void {
  edits.insertBehind(value.end, ")");
  endStatement(edits, node, value);
}

function blankGap(edits: Edits, start: number, end: number): void {
  if (end > start) edits.blankStatement(start, end);
}

/** A new function declaration stays one; what is in front of it (`export`) goes. */
function weaveFreshFunction(edits: Edits, variables: Variables, item: NamedItem): void {
  const { node, value } = item;
  if (value.type !== "FunctionDeclaration") {
    weaveFreshValue(edits, variables, item);
    edits.insertBehind(node.end, `$snaxP.forwardFresh("${item.name}");`);
  } else if (value.start > node.start) edits.blank(node.start, value.start);
}

/** `const RATE = 2` -> `RATE = 2` with the variable declared in front of the patch. */
function weaveFreshValue(
  edits: Edits,
  variables: Variables,
  { node, name, value }: NamedItem,
): void {
  variables.add(name);
  blankGap(edits, node.start, value.start);
  edits.insertBefore(value.start, `${name}=`);
  endStatement(edits, node, value);
}

function endStatement(edits: Edits, node: AnyNode, value: AnyNode): void {
  edits.insertBehind(value.end, ";");
  blankGap(edits, value.end, node.end);
}

/**
 * A new class is prepared like those of an image, so that a later patch can replace its
 * constructor.
 */
function weaveFreshClass(edits: Edits, variables: Variables, item: NamedItem): void {
  const { node, name, value } = item;
  variables.add(replacementOf(name));
  if (value.type !== "ClassDeclaration" && value.type !== "ClassExpression") return;
  if (value.type === "ClassExpression") weaveFreshValue(edits, variables, item);
  else if (value.start > node.start) edits.blank(node.start, value.start);
  weaveClass(edits, value as Class, name);
}

/** The object that an enum is, in front of the blanks where its text was. */
function weaveEnum(edits: Edits, variables: Variables, item: EnumItem): void {
  const { node, name, members, isFresh } = item;
  const properties = [...members].flatMap(([key, value]) => {
    const own = `${JSON.stringify(key)}:${JSON.stringify(value)}`;
    return typeof value === "number"
      ? [own, `${JSON.stringify(String(value))}:${JSON.stringify(key)}`]
      : [own];
  });
  const object = `{${properties.join()}}`;
  if (isFresh) variables.add(name);
  edits.insertBefore(
    node.start,
    isFresh ? `;${name}=${object};` : `;$snaxP.put("${name}",${object});`,
  );
}

/** `let a = 1, {b} = f()` -> `$snaxP.later(()=>{(a = 1, {b} = f())})`. */
function weaveState(edits: Edits, variables: Variables, { node, declaration }: StateItem): void {
  const [first] = declaration.declarations;
  const last = declaration.declarations.at(-1);
  if (first === undefined || last === undefined) return;
  for (const { id } of declaration.declarations) {
    visitBoundNames(id, (name) => variables.add(name));
  }
  edits.blankStatement(node.start, first.start);
  edits.insertBefore(first.start, "$snaxP.later(()=>{(");
  edits.insertBehind(last.end, ")});");
  blankGap(edits, last.end, node.end);
}

/**
 * Wraps an assignment of live variables: importers hear of exported ones, and what `hotfix()`
 * writes can be undone.
 */
function weaveWrite(edits: Edits, plan: PatchPlan, target: PatchTarget, write: Write): void {
  const exported = exportedNames(target);
  const cells = write.names.flatMap((name) => {
    const cell = target.image.data.cells.indexOf(name);
    return exported.has(name) && cell >= 0 && !plan.fresh.has(name) ? [`${cell},${name}`] : [];
  });
  const isTracked = plan.trackedRanges.some(
    ([from, to]) => write.start >= from && write.start < to,
  );
  const notes = write.names.flatMap((name) => {
    const index = isTracked ? plan.tracked.indexOf(name) : -1;
    return index < 0 ? [] : [`${index},${name}`];
  });
  if (cells.length === 0 && notes.length === 0) return;
  const after = cells.length === 0 ? ["", ""] : ["$snax.after(", `,${cells.join()})`];
  const wrote = notes.length === 0 ? ["", ""] : ["$snaxP.wrote(", `,${notes.join()})`];
  const head = `${wrote[0]}${after[0]}`;
  const tail = `${after[1]}${wrote[1]}`;
  const { start, end, kind } = write;
  if (kind === "expression" || kind === "postfix") {
    edits.insertBefore(start, head);
    edits.insertBehind(end, tail);
  } else if (kind === "loop" && write.isBlock) edits.insertBehind(start + 1, `${head}0${tail};`);
  else if (kind === "loop") {
    edits.insertBefore(start, `{${head}0${tail};`);
    edits.insertBehind(end, "}");
  }
}

function exportedNames({ image }: PatchTarget): Set<string> {
  return new Set(image.exports.flatMap(({ local }) => (local === undefined ? [] : [local])));
}

/** Evaluates the decorators of methods; they are behind the text, so that its lines stay. */
function decorateOf({ items }: PatchPlan): string {
  return items
    .map((item) =>
      item.kind === "class" && item.decoration !== undefined
        ? decorateCall(item.name, item.decoration)
        : "",
    )
    .join("");
}

/** Lets the modules that the patch imports from set its import variables. */
function followOf({ imports }: PatchPlan): string {
  if (imports.length === 0) return "";
  const sets = imports.map(({ local }, index) => `case ${index}:${local}=$snaxW;return;`);
  // The setter stays in the patch's scope, for as long as a function of the patch is in use.
  return `$snaxS=($snaxK,$snaxW)=>{switch($snaxK){${sets.join("")}}};$snaxP.follow($snaxS);`;
}

/**
 * Gives access to the variables that `hotfix()` may write; importers hear of one that is restored.
 */
function accessOf({ tracked }: PatchPlan, target: PatchTarget): string {
  if (tracked.length === 0) return "$snaxP.end();";
  const exported = exportedNames(target);
  const reads = tracked.map((name, index) => `case ${index}:return ${name};`).join("");
  const writes = tracked.map((name, index) => {
    const cell = exported.has(name) ? target.image.data.cells.indexOf(name) : -1;
    return `case ${index}:${name}=$snaxW;${cell < 0 ? "" : `$snax.after(0,${cell},${name});`}return;`;
  });
  const read = `$snaxK=>{switch($snaxK){${reads}}}`;
  return `$snaxP.end(${read},($snaxK,$snaxW)=>{switch($snaxK){${writes.join("")}}});`;
}

/** The text that gives access to the variables of these checks; nothing if there are none. */
function accessOfChecks(held: readonly CheckableMethod[]): string {
  if (held.length === 0) return "";
  const cases = held.map(
    ({ variable }, index) => `case ${index}:return $snaxS?${variable}=$snaxW:${variable};`,
  );
  return `$snaxP.checks(($snaxK,$snaxS,$snaxW)=>{switch($snaxK){${cases.join("")}}});`;
}
