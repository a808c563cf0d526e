/**
 * The text of a script -> the text that is evaluated inside the module.
 *
 *     (function($snaxR){ let print=$snaxR.print, ...;          what every script is given
 *       return async()=>{ let imports;                          so the script may declare such names itself
 *         body
 *     ;}})
 *
 * The script is a function inside the module's scope: names of the module mean its variables, what
 * the script declares is its own, and `await` may be anywhere. Lines never move; columns are
 * counted back in stacks.
 */

import type { AnyNode } from "acorn";
import { SnaxError } from "../../base/error.ts";
import { PATCH_LENGTH_MAX } from "../../base/limits.ts";
import type { Analysis, Write } from "../../loader/read/analysis.ts";
import { analyse } from "../../loader/read/analysis.ts";
import { Edits } from "../../loader/text/edits.ts";
import { directOf } from "../../loader/weave/frame.ts";
import type { Image } from "../../loader/weave/image.ts";
import { createPlacedError } from "../../loader/text/position.ts";
import type { ImportEntry, ModuleRequest } from "../../loader/read/record.ts";
import { elideTypes, readRecord } from "../../loader/read/record.ts";
import type { StackFacts } from "../../loader/text/stack.ts";
import type { Syntax } from "../../loader/read/syntax.ts";
import { transformNow } from "../../loader/build/transformer.ts";
import { INJECTED_NAMES } from "../../service/surroundings.ts";
import type { NameScope } from "../text/patched-module.ts";
import { parseOperatorText } from "../text/patch-text.ts";

/** A script as an operator gives it. */
export interface Script {
  /**
   * Where it is, for messages and stacks; its ending tells the language, TypeScript if it is
   * none of JavaScript.
   */
  readonly file: string;
  readonly text: string;
}

/** A script that can run in a module. */
export interface CompiledScript {
  /** Evaluated in the module's scope it gives a function of a {@link ScriptRun}. */
  readonly code: string;
  /** What stacks call the script. */
  readonly url: string;
  readonly facts: StackFacts;
  readonly requests: readonly ModuleRequest[];
  /** The imports that the script uses. */
  readonly imports: readonly ImportEntry[];
  /** Functions of the module that it takes as values: they need a forwarder first. */
  readonly values: readonly string[];
}

/** What every script is given, by name. */
export const GIVEN_NAMES = ["print", "args", "upvalues", "_U", "_P"] as const;

/**
 * Compiles a script for a module.
 *
 * @throws {ERR_ARGUMENT} if name or text is no text.
 * @throws {ERR_PATCH_SIZE} if it is longer than PATCH_LENGTH_MAX.
 * @throws {ERR_SYNTAX} if it is not valid.
 * @throws {ERR_PATCH} if it exports something from elsewhere.
 */
export function compileScript({ file, text }: Script, scope: NameScope): CompiledScript {
  checkText(file, text);
  const syntax = parseOperatorText(text, file, "the script is nested too deeply", {
    transform: transformNow,
  });
  const own = elideTypes(syntax, analyse(syntax.ast), {
    file: scope.image.file,
    keepsUnmentioned: true,
  });
  const analysis = analyse(syntax.ast, scope.names());
  const { requests, imports } = readRecord(syntax, own);
  const used = imports.filter(({ local }) => own.references.some(({ name }) => name === local));
  const isLive = (name: string): boolean =>
    !own.declared.has(name) && scope.get(name) !== undefined;
  const edits = new Edits(syntax.code);
  for (const statement of syntax.ast.body) weaveStatement(edits, syntax, statement as AnyNode);
  for (const write of analysis.writes) weaveWrite(edits, scope.image, write, isLive);
  const { prefix, suffix } = createFrame(edits, analysis, used, scope.image);
  const shifts = edits.shifts();
  shifts.set(1, [[0, prefix.length], ...(shifts.get(1) ?? [])]);
  const url = urlOf(file);
  return {
    code: `${prefix}${edits.toString()}\n${suffix}\n//# sourceURL=${url}`,
    ...{ url, requests, imports: used },
    facts: { shifts, map: syntax.map },
    values: functionsTaken(analysis, scope).filter(isLive),
  };
}

function checkText(file: string, text: string): void {
  if (typeof file !== "string" || typeof text !== "string") {
    throw new SnaxError("ERR_ARGUMENT", "a script is a text, with the name of its file");
  }
  if (text.length <= PATCH_LENGTH_MAX) return;
  const why = `${file}: ${text.length} characters exceed the limit of ${PATCH_LENGTH_MAX}`;
  throw new SnaxError("ERR_PATCH_SIZE", why);
}

/**
 * Imports become variables; `export` in front of a declaration means nothing, and often is there to
 * please an editor.
 */
function weaveStatement(edits: Edits, syntax: Syntax, node: AnyNode): void {
  const { start, end } = node;
  if (node.type === "ImportDeclaration" || node.type === "EmptyStatement")
    edits.blankStatement(start, end);
  else if (node.type === "ExportNamedDeclaration" && node.declaration) {
    edits.blank(start, node.declaration.start);
  } else if (node.type === "ExportNamedDeclaration" && !node.source) {
    edits.blankStatement(start, end);
  } else if (node.type.startsWith("Export")) {
    throw createPlacedError(
      "ERR_PATCH",
      syntax.locate(start),
      "a script exports nothing: no module imports it",
    );
  }
}

/**
 * Wraps an assignment of variables of the module, so that the importers get the new value of an
 * exported one, and those who call a function by its name the new function.
 */
function weaveWrite(
  edits: Edits,
  image: Image,
  { names, kind, start, end, isBlock }: Write,
  isLive: (name: string) => boolean,
): void {
  const cells = names.flatMap((name) => {
    const isDirect = image.names.get(name)?.isDirect === true;
    const isWanted = isDirect || image.exports.some(({ local }) => local === name);
    if (!isWanted || !isLive(name)) return [];
    const value = isDirect ? `${directOf(name)}=${name}` : name;
    return [`${image.data.cells.indexOf(name)},${value}`];
  });
  if (cells.length === 0) return;
  if (kind !== "loop") {
    edits.insertBefore(start, "$snax.after(");
    edits.insertBehind(end, `,${cells.join()})`);
    return;
  }
  const after = `$snax.after(0,${cells.join()});`;
  if (isBlock) {
    edits.insertBehind(start + 1, after);
    return;
  }
  edits.insertBefore(start, `{${after}`);
  edits.insertBehind(end, "}");
}

function createFrame(
  edits: Edits,
  analysis: Analysis,
  imports: readonly ImportEntry[],
  image: Image,
): { prefix: string; suffix: string } {
  const mentioned = new Set([...analysis.freeNames, ...analysis.references.map(nameOf)]);
  const given: string[] = GIVEN_NAMES.filter((name) => mentioned.has(name)).map(
    (name) => `${name}=$snaxR.${name}`,
  );
  for (const name of INJECTED_NAMES) {
    if (!analysis.freeNames.has(name) || image.freeNames.has(name)) continue;
    given.push(`${name}=$snax.injected("${name}")`);
  }
  for (const start of analysis.metas) edits.overwrite(start, start + "import".length, "$snax");
  for (const start of analysis.dynamicImports) {
    edits.overwrite(start, start + "import".length, "$snaxI");
  }
  if (analysis.dynamicImports.length > 0) given.push("$snaxI=(s,o)=>$snax.import(s,o)");
  const variables = imports.map(({ local }, index) => `${local}=$snaxR.imported(${index})`);
  return {
    prefix: `(function($snaxR){${declare(given)}return async()=>{${declare(variables)}${followOf(imports)}`,
    suffix: "}})",
  };
}

const nameOf = ({ name }: { readonly name: string }): string => name;

function declare(variables: readonly string[]): string {
  return variables.length === 0 ? "" : `let ${variables.join()};`;
}

/**
 * Lets the modules that the script imports from set its import variables, for as long as its scope
 * lives.
 */
function followOf(imports: readonly ImportEntry[]): string {
  if (imports.length === 0) return "$snaxR.begin();";
  const sets = imports.map(({ local }, index) => `case ${index}:${local}=$snaxW;return;`).join("");
  return `$snaxR.begin(($snaxK,$snaxW)=>{switch($snaxK){${sets}}});`;
}

function functionsTaken({ references }: Analysis, scope: NameScope): string[] {
  const isValue = (use: string): boolean =>
    use === "value" || use === "member" || use === "member-call";
  const taken = references.filter(({ use }) => isValue(use)).map(nameOf);
  return [...new Set(taken)].filter((name) => {
    const kind = scope.get(name)?.kind;
    return kind === "function" || kind === "const-function";
  });
}

/** V8 ignores a name with blanks or quotes. */
function urlOf(file: string): string {
  const hex = (unit: string): string => `%${unit.charCodeAt(0).toString(16).padStart(2, "0")}`;
  return file.replace(/[\s'"]/g, hex) || "script";
}
