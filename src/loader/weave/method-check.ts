/**
 * Methods that their holders keep after a patch: `setInterval(this.tick.bind(this))`.
 *
 * A method that is taken as a value gets a check at its entry, so that all holders keep
 * the same function, with its kind, its `super` and its name, and runs the patch's text:
 *
 *     tick(n) {if($snaxM0_tick)return $snaxM0_tick.apply(this,arguments); ... }
 *
 * A patch sets the variable. Methods that are never taken have none: their names tell which these are,
 * over all texts of a program. So the places are found when a file is woven, and the checks
 * are put there when a program is built.
 */

import type { AnyNode, Class, Expression, Function as FunctionNode, Pattern, Program } from "acorn";
import type { Edits } from "../text/edits.ts";
import { createShiftMap } from "../text/edits.ts";
import type { ImageData } from "./image.ts";
import { keyOf } from "../read/analysis.ts";
import { findConstructor, isFunction } from "../read/names.ts";
import { Lines } from "../text/position.ts";

/**
 * What calling a function gives: only a method of the same kind can run in the place of another.
 */
export type MethodKind = "plain" | "async" | "generator" | "async generator";

/** A piece of text for the body of an image. */
interface Insertion {
  /** Offset in the body without checks. */
  readonly at: number;
  /** Line from 1 and column from 0, as the shifts of a line have them. */
  readonly line: number;
  readonly column: number;
  readonly text: string;
  /** Whether code follows on the line. */
  readonly movesCode: boolean;
}

/** A method that can get a check. */
export interface CheckableMethod {
  /** The class that has it, or the export that has it as a group's method. */
  readonly owner: string;
  /** For a group: the variable that holds it. */
  readonly group?: string | undefined;
  readonly name: string;
  readonly isStatic: boolean;
  readonly kind: MethodKind;
  /** For an arrow function that a field holds: how many arguments it hands on. */
  readonly fieldLength?: number;
  /** The variable through which a patch diverts it. */
  readonly variable: string;
  readonly insertions: readonly Insertion[];
}

/** The exports that hold methods; those of a class are its own. */
const GROUPS = new Set(["response", "accept", "subscribe"]);

/**
 * Lists the methods of a module that can get a check: of the classes at top level and of the groups
 * that it exports.
 *
 * @param edits - all other edits of the module's text.
 * @param groups - the variables that hold groups, with their exports.
 * @param isPrinted - whether the compiler has printed the text anew.
 */
export function listCheckable(
  ast: Program,
  edits: Edits,
  groups: ReadonlyMap<string, string>,
  isPrinted: boolean,
): CheckableMethod[] {
  const finder = new Finder(groups, edits.before, isPrinted);
  for (const statement of ast.body) {
    const node = "declaration" in statement ? statement.declaration : statement;
    if (node) finder.find(node as AnyNode);
  }
  return finder.finish(edits);
}

/** The variables that hold the groups of a module, with their exports. */
export function groupVariables(
  exports: readonly { readonly name: string; readonly local: string | undefined }[],
): Map<string, string> {
  const groups = new Map<string, string>();
  for (const { name, local } of exports) {
    if (local !== undefined && GROUPS.has(name)) groups.set(local, name);
  }
  return groups;
}

/** A piece of text and where it belongs: behind what ends at an offset of the module's text. */
export type Piece = readonly [offset: number, text: string];

type Found = Omit<CheckableMethod, "insertions"> & { readonly pieces: readonly Piece[] };

class Finder {
  readonly #groups: ReadonlyMap<string, string>;
  readonly #code: string;
  readonly #isPrinted: boolean;
  readonly #found: Found[] = [];

  constructor(groups: ReadonlyMap<string, string>, code: string, isPrinted: boolean) {
    this.#groups = groups;
    this.#code = code;
    this.#isPrinted = isPrinted;
  }

  find(node: AnyNode): void {
    if (node.type === "ClassDeclaration" && node.id) this.#findInClass(node, node.id.name);
    if (node.type !== "VariableDeclaration") return;
    for (const { id, init } of node.declarations) {
      if (id.type !== "Identifier") continue;
      if (init?.type === "ClassExpression") this.#findInClass(init, id.name);
      const owner = this.#groups.get(id.name);
      if (owner === undefined || init?.type !== "ObjectExpression") continue;
      for (const property of init.properties) {
        if (property.type !== "Property" || property.kind !== "init") continue;
        const name = keyOf(property);
        if (name === undefined || !isFunction(property.value)) continue;
        this.#add({ owner, group: id.name, name, isStatic: false }, property.value);
      }
    }
  }

  #findInClass(node: Class, owner: string): void {
    const { body } = node;
    for (const member of body.body) {
      const name = member.type === "StaticBlock" ? undefined : keyOf(member);
      if (name === undefined) continue;
      if (member.type === "PropertyDefinition" && !member.static) {
        const moved = this.#isPrinted && !member.value ? findInitialiser(node, name) : undefined;
        this.#addField(name, member.value ?? moved, owner);
      }
      if (member.type !== "MethodDefinition" || member.kind !== "method") continue;
      this.#add({ owner, name, isStatic: member.static }, member.value);
    }
  }

  /** Each instance holds a function of its own, which closes over `this` and the module alone. */
  #addField(name: string, node: AnyNode | undefined, owner: string): void {
    if (node?.type !== "ArrowFunctionExpression") return;
    const names = node.params.flatMap((each) => (each.type === "Identifier" ? [each.name] : []));
    if (names.length < node.params.length) return;
    const variable = this.#variableOf(name);
    const call = `${handing(node.async, false)} ${variable}.call(${["this", ...names].join()})`;
    const pieces: Piece[] =
      node.body.type === "BlockStatement"
        ? [[node.body.start + 1, `if(${variable})return${call};`]]
        : [
            [node.body.start, `${variable}?${call}:(`],
            [node.body.end, ")"],
          ];
    const field = { owner, name, isStatic: false, kind: kindOf(node), fieldLength: names.length };
    this.#found.push({ ...field, variable, pieces });
  }

  #variableOf(name: string): string {
    return `$snaxM${this.#found.length}_${name.replace(/\W/g, "_")}`;
  }

  #add(
    of: Pick<CheckableMethod, "owner" | "group" | "name" | "isStatic">,
    node: FunctionNode,
  ): void {
    const variable = this.#variableOf(of.name);
    const pieces = piecesOf(node, variable, this.#code);
    if (pieces !== undefined) this.#found.push({ ...of, kind: kindOf(node), variable, pieces });
  }

  finish(edits: Edits): CheckableMethod[] {
    if (this.#found.length === 0) return [];
    const lines = new Lines(edits.before);
    const offsets = this.#found.flatMap(({ pieces }) => pieces.map(([offset]) => offset));
    const places = edits.placesBehind(offsets);
    let next = 0;
    return this.#found.map(({ pieces, ...method }) => {
      const insertions = pieces.map(([offset, text]): Insertion => {
        const { line, column } = lines.locate(offset);
        const at = places[next++] ?? offset;
        return {
          at,
          line,
          column: column - 1,
          text,
          movesCode: edits.movesCode || edits.hasCodeBehind(offset),
        };
      });
      return { ...method, insertions };
    });
  }
}

/**
 * Where parameters are properties, the compiler has written the fields into the constructor, in front
 * of what was there: the first `this.name = ...`. Whether it was a field, and not the author's own
 * statement, shows in the text as it is written; the author of a patch looks there.
 */
function findInitialiser(node: Class, name: string): AnyNode | undefined {
  const body = findConstructor(node)?.body;
  for (const statement of body?.type === "BlockStatement" ? body.body : []) {
    if (statement.type !== "ExpressionStatement") continue;
    const { expression } = statement;
    const parts = expression.type === "SequenceExpression" ? expression.expressions : [expression];
    for (const part of parts) {
      if (part.type !== "AssignmentExpression" || part.left.type !== "MemberExpression") continue;
      const { object, property, computed } = part.left;
      if (object.type !== "ThisExpression") continue;
      const isPlain = property.type === "Identifier" && !computed;
      const key = isPlain ? property.name : property.type === "Literal" && property.value;
      if (key === name) return part.operator === "=" ? part.right : undefined;
    }
  }
  return undefined;
}

/** Tells the kind of a function from its text. */
export function kindOf({
  async,
  generator,
}: Pick<FunctionNode, "async" | "generator">): MethodKind {
  if (generator === true) return async ? "async generator" : "generator";
  return async ? "async" : "plain";
}

/**
 * The check of a method or a function: it hands the call to the function in the variable, if there
 * is one.
 *
 * @returns undefined if its parameters do what can't be left out.
 */
export function piecesOf(node: FunctionNode, variable: string, code: string): Piece[] | undefined {
  return node.type === "ArrowFunctionExpression"
    ? piecesOfArrow(node, variable, code)
    : piecesOfFunction(node, variable);
}

function piecesOfFunction(
  { body, params, async, generator }: FunctionNode,
  variable: string,
): Piece[] | undefined {
  const guards = guardDefaults(params, variable);
  if (guards === undefined) return undefined;
  const call = `${variable}.apply(this,arguments)`;
  return [
    ...guards,
    [body.start + 1, `if(${variable})return${handing(async, generator)} ${call};`],
  ];
}

/**
 * The check of an arrow function, which has no `arguments`: what is given beyond its parameters is
 * collected.
 */
/** A promise that is only returned would be followed two turns later than one that is awaited. */
function handing(isAsync: boolean, isGenerator: boolean | undefined): string {
  if (isGenerator === true) return " yield*";
  return isAsync ? " await" : "";
}

function piecesOfArrow(
  { start, body, params, async }: FunctionNode,
  variable: string,
  code: string,
): Piece[] | undefined {
  const names = params.flatMap((each) => (each.type === "Identifier" ? [each.name] : []));
  if (names.length < params.length) return undefined;
  const first = params[0]?.start ?? body.start;
  const last = params.at(-1)?.end ?? start;
  const pieces: Piece[] = [];
  if (params.length === 1 && !code.slice(start, first).includes("(")) {
    pieces.push([first, "("], [last, ",...$snaxR)"]);
  } else {
    const [, gap, comma] = BEFORE_CLOSE.exec(code.slice(last, body.start)) ?? [];
    // A comment is there, or a type that was.
    if (gap === undefined) return undefined;
    const needsComma = params.length > 0 && comma === "";
    pieces.push([last + gap.length, `${needsComma ? "," : ""}...$snaxR`]);
  }
  const call = `${handing(async, false)} ${variable}.apply(this,$snax.given([${names.join()}],$snaxR))`;
  return body.type === "BlockStatement"
    ? [...pieces, [body.start + 1, `if(${variable})return${call};`]]
    : [...pieces, [body.start, `${variable}?${call}:(`], [body.end, ")"]];
}

/** What is between the last parameter, or the beginning, and where one more can be put. */
const BEFORE_CLOSE = /^((?:async\b)?\s*\(?\s*(,?))\s*\)/;

/**
 * Parameters run before the check does. Defaults that run code are left out where a patch has the
 * say; undefined if that can't be done: a pattern reads what it is given.
 */
function guardDefaults(params: readonly Pattern[], variable: string): Piece[] | undefined {
  const pieces: Piece[] = [];
  for (const parameter of params) {
    const node = parameter.type === "RestElement" ? parameter.argument : parameter;
    if (node.type === "Identifier") continue;
    if (node.type !== "AssignmentPattern" || node.left.type !== "Identifier") return undefined;
    const { right } = node;
    if (isHarmless(right)) continue;
    // It would lose the name that it gets from its parameter.
    if (right.type === "ClassExpression") return undefined;
    pieces.push([right.start, `${variable}?void 0:(`], [right.end, ")"]);
  }
  return pieces;
}

/** Says whether an expression changes nothing, runs no code and can't throw. */
function isHarmless(node: Expression): boolean {
  switch (node.type) {
    case "Literal":
    case "ArrowFunctionExpression":
    case "FunctionExpression":
      return true;
    case "TemplateLiteral":
      return node.expressions.length === 0;
    case "UnaryExpression":
      return node.argument.type === "Literal";
    case "ArrayExpression":
      return node.elements.length === 0;
    case "ObjectExpression":
      return node.properties.length === 0;
    default:
      return false;
  }
}

/**
 * Tells whether a value is a function whose text has the check of a variable: no other text says
 * its name.
 */
export function hasCheck(value: unknown, variable: string): boolean {
  if (typeof value !== "function") return false;
  return Function.prototype.toString.call(value).includes(variable);
}

/**
 * Says how a function does in the place of one of a kind: exactly what it does for those who call
 * it; `converted` where an async method hands on the result of one that is not; undefined where it
 * can't.
 */
export function standsFor(value: unknown, kind: MethodKind): "exact" | "converted" | undefined {
  return canStand(kindOfValue(value), kind);
}

/** The same of a function whose kind is known from its text. */
export function canStand(given: MethodKind, kind: MethodKind): "exact" | "converted" | undefined {
  // Such a method returns what the other one does.
  if (kind === "plain" || given === kind) return "exact";
  if (kind === "async") return given === "plain" ? "converted" : undefined;
  return kind === "async generator" && given === "generator" ? "converted" : undefined;
}

/** Tells the kind of a function that runs already. */
export function kindOfValue(value: unknown): MethodKind {
  const tag = Object.prototype.toString.call(value);
  const kinds = Object.keys(TAGS) as MethodKind[];
  return kinds.find((kind) => TAGS[kind] === tag) ?? "plain";
}

const TAGS: Readonly<Record<MethodKind, string>> = {
  plain: "[object Function]",
  async: "[object AsyncFunction]",
  generator: "[object GeneratorFunction]",
  "async generator": "[object AsyncGeneratorFunction]",
};

/**
 * Returns an image's data with checks in the methods that code may hold as values.
 *
 * @param taken - the names of members that the texts of a program read without calling them.
 * @returns the data itself if nothing is missing.
 */
export function addChecks(data: ImageData, taken: ReadonlySet<string>): ImageData {
  const wanted = data.methods.filter(
    ({ variable, name, group, fieldLength }) =>
      !data.checked.has(variable) &&
      (data.isShared ||
        fieldLength !== undefined ||
        taken.has(name) ||
        (group !== undefined && data.values.has(group))),
  );
  if (wanted.length === 0) return data;
  const before = data.methods.filter(({ variable }) => data.checked.has(variable));
  const insertions = [...before, ...wanted].flatMap((method) =>
    method.insertions.map((insertion) => ({ ...insertion, isNew: !before.includes(method) })),
  );
  const fresh = insertions.filter(({ isNew }) => isNew);
  const body = insert(data.body, insertions);
  const shifts = new Map(data.shifts);
  for (const { line, column, text } of fresh) {
    const ofLine = [...(shifts.get(line) ?? []), [column, text.length] as const];
    shifts.set(
      line,
      ofLine.sort((a, b) => a[0] - b[0]),
    );
  }
  const movesCode = data.shifts !== undefined || fresh.some((insertion) => insertion.movesCode);
  const isMapped = movesCode && data.map === undefined && data.fold === undefined;
  const variables = wanted.map(({ variable }) => variable);
  // V8's code was compiled from another text.
  const { cachedData: _, ...rest } = data;
  return {
    ...rest,
    body,
    // Hoisted, because in a cycle a method may be called before the module has run.
    frame: { ...data.frame, suffix: `var ${variables.join()};${data.frame.suffix}` },
    checked: new Set([...data.checked, ...variables]),
    shifts: movesCode ? shifts : undefined,
    inspectorMap: isMapped ? createShiftMap(body, shifts, data.file) : data.inspectorMap,
  };
}

type Placed = Insertion & { readonly isNew: boolean };

/** Puts what is new into a body that has the rest. */
function insert(body: string, insertions: readonly Placed[]): string {
  let result = "";
  let from = 0;
  let moved = 0;
  for (const { at, text, isNew } of insertions.toSorted((a, b) => a.at - b.at)) {
    if (isNew) {
      result += body.slice(from, at + moved) + text;
      from = at + moved;
    } else moved += text.length;
  }
  return result + body.slice(from);
}
