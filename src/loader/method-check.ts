/**
 * Methods that whoever holds them keeps after a patch: `setInterval(this.tick.bind(this))`.
 *
 * A method that is taken as a value gets a check at its entry, so that what everybody holds stays the same function,
 * with its kind, its `super` and its name, and runs the patch's text:
 *
 *     tick(n) {if($snaxM0_tick)return $snaxM0_tick.apply(this,arguments); ... }
 *
 * A patch sets the variable. Methods that nobody takes have none: which these are is told by their names, over all texts of
 * a program. So the places are found when a file is woven, and the checks are put there when a program is built.
 */

import type { AnyNode, Class, Function as FunctionNode, Program } from "acorn";
import type { Edits } from "./edits.ts";
import { createShiftMap } from "./edits.ts";
import type { ImageData } from "./image.ts";
import { Lines } from "./position.ts";

/** What calling a function gives: only a method of the same kind can run in the place of another. */
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
  /** The variable through which a patch diverts it. */
  readonly variable: string;
  readonly insertions: readonly Insertion[];
}

/** The exports that hold methods; those of a class are its own. */
const GROUPS = new Set(["response", "accept", "subscribe"]);

/**
 * Lists the methods of a module that can get a check: of the classes at top level and of the groups that it exports.
 *
 * @param edits - all other edits of the module's text.
 * @param groups - the variables that hold groups, with their exports.
 */
export function listCheckable(
  ast: Program,
  edits: Edits,
  groups: ReadonlyMap<string, string>,
): CheckableMethod[] {
  const finder = new Finder(groups);
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

type Found = Omit<CheckableMethod, "insertions"> & { readonly offset: number };

class Finder {
  readonly #groups: ReadonlyMap<string, string>;
  readonly #found: Found[] = [];

  constructor(groups: ReadonlyMap<string, string>) {
    this.#groups = groups;
  }

  find(node: AnyNode): void {
    if (node.type === "ClassDeclaration" && node.id) this.#findInClass(node, node.id.name);
    if (node.type !== "VariableDeclaration") return;
    for (const { id, init } of node.declarations) {
      const owner = id.type === "Identifier" ? this.#groups.get(id.name) : undefined;
      if (id.type !== "Identifier" || owner === undefined || init?.type !== "ObjectExpression")
        continue;
      for (const property of init.properties) {
        if (property.type !== "Property" || property.kind !== "init") continue;
        const name = keyOf(property);
        if (name === undefined || property.value.type !== "FunctionExpression") continue;
        this.#add({ owner, group: id.name, name, isStatic: false }, property.value);
      }
    }
  }

  #findInClass({ body }: Class, owner: string): void {
    for (const member of body.body) {
      if (member.type !== "MethodDefinition" || member.kind !== "method") continue;
      const name = keyOf(member);
      if (name === undefined) continue;
      this.#add({ owner, name, isStatic: member.static }, member.value);
    }
  }

  #add(
    of: Pick<CheckableMethod, "owner" | "group" | "name" | "isStatic">,
    { body, params, async, generator }: FunctionNode,
  ): void {
    if (body.type !== "BlockStatement" || !params.every(isHarmless)) return;
    const kind = `${async ? "async" : ""}${async && generator ? " " : ""}${generator ? "generator" : ""}`;
    const variable = `$snaxM${this.#found.length}_${of.name.replace(/\W/g, "_")}`;
    this.#found.push({
      ...of,
      kind: kind === "" ? "plain" : (kind as MethodKind),
      variable,
      offset: body.start + 1,
    });
  }

  finish(edits: Edits): CheckableMethod[] {
    if (this.#found.length === 0) return [];
    const lines = new Lines(edits.before);
    const places = edits.placesBehind(this.#found.map(({ offset }) => offset));
    return this.#found.map(({ offset, ...method }, index) => {
      const { line, column } = lines.locate(offset);
      const insertion = {
        at: places[index] ?? offset,
        line,
        column: column - 1,
        text: checkOf(method),
        movesCode: edits.movesCode || edits.hasCodeBehind(offset),
      };
      return { ...method, insertions: [insertion] };
    });
  }
}

function keyOf({ computed, key }: { computed: boolean; key: AnyNode }): string | undefined {
  if (computed) return undefined;
  if (key.type === "Identifier") return key.name;
  return key.type === "Literal" ? String(key.value) : undefined;
}

/** Parameters run before the check does: only those may that change nothing and can't throw. */
function isHarmless(node: AnyNode): boolean {
  if (node.type === "Identifier") return true;
  if (node.type === "RestElement") return node.argument.type === "Identifier";
  if (node.type !== "AssignmentPattern" || node.left.type !== "Identifier") return false;
  const { right } = node;
  switch (right.type) {
    case "Literal":
    case "ArrowFunctionExpression":
    case "FunctionExpression":
      return true;
    case "TemplateLiteral":
      return right.expressions.length === 0;
    case "UnaryExpression":
      return right.argument.type === "Literal";
    case "ArrayExpression":
      return right.elements.length === 0;
    case "ObjectExpression":
      return right.properties.length === 0;
    default:
      return false;
  }
}

/** The text of a check; `wovenCheck` finds it again. */
function checkOf({ variable, kind }: Pick<CheckableMethod, "variable" | "kind">): string {
  const isGenerator = kind === "generator" || kind === "async generator";
  return `${headOf(variable)}${isGenerator ? "yield*" : ""} ${variable}.apply(this,arguments);`;
}

function headOf(variable: string): string {
  return `if(${variable})return `;
}

/** Tells whether a value is a function whose text has the check of a variable. */
export function hasCheck(value: unknown, variable: string): boolean {
  if (typeof value !== "function") return false;
  return Function.prototype.toString.call(value).includes(headOf(variable));
}

/** Says whether a function gives what one of that kind does. */
export function isOfKind(value: unknown, kind: MethodKind): boolean {
  return Object.prototype.toString.call(value) === TAGS[kind];
}

const TAGS: Readonly<Record<MethodKind, string>> = {
  plain: "[object Function]",
  async: "[object AsyncFunction]",
  generator: "[object GeneratorFunction]",
  "async generator": "[object AsyncGeneratorFunction]",
};

/**
 * Returns an image's data with checks in the methods that somebody may hold.
 *
 * @param taken - the names of members that the texts of a program read without calling them.
 * @returns the data itself if nothing is missing.
 */
export function addChecks(data: ImageData, taken: ReadonlySet<string>): ImageData {
  const wanted = data.methods.filter(
    ({ variable, name, group }) =>
      !data.checked.has(variable) &&
      (data.isShared || taken.has(name) || (group !== undefined && data.values.has(group))),
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
  const isMapped = movesCode && data.map === undefined;
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
