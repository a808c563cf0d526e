/**
 * Which patches can be a part of a text that services are born from.
 *
 * A patch that is applied evaluates what it gives when the module has run; in a text it is evaluated where it is. So that
 * both mean the same, what a patch evaluates must not depend on when that is: functions, classes of methods, constants,
 * objects that are written out. Everything else is applied in its turn, after the module has run, at every birth.
 */

import type { AnyNode, Class, ObjectExpression } from "acorn";
import type { Reference } from "../loader/read/analysis.ts";
import { isFrozen } from "../loader/read/written.ts";
import { isAnyFunction } from "../loader/read/children.ts";
import { keepImmediate, listDeferred } from "./moment.ts";
import { findPiece } from "./merge.ts";
import type { PatchPieces } from "./merge.ts";
import { listMembers } from "./member.ts";
import type { ModuleText, Piece } from "./module-text.ts";

/** Objects of the language that are new and empty, whenever they are made. */
const CONTAINERS: ReadonlySet<string> = new Set(["Map", "Set", "WeakMap", "WeakSet"]);

const VALUES: ReadonlySet<string> = new Set(["undefined", "NaN", "Infinity"]);

/**
 * Says why a patch has to be applied in its turn.
 *
 * @returns undefined if a text may have it.
 */
export function whyInTurn(module: ModuleText, patch: PatchPieces): string | undefined {
  if (patch.syntax.decorated !== undefined) return "it has decorators";
  const scene = new Scene(module, patch);
  for (const piece of patch.pieces) {
    const why = scene.refuse(piece);
    if (why !== undefined) return why;
  }
  return undefined;
}

class Scene {
  readonly #module: ModuleText;
  readonly #patch: PatchPieces;
  #touched: ReadonlySet<string> | undefined;

  constructor(module: ModuleText, patch: PatchPieces) {
    this.#module = module;
    this.#patch = patch;
  }

  refuse(piece: Piece): string | undefined {
    const { kind, name, value } = piece;
    const isStep = piece.isExported && (name === "hotfix" || name === "rollback");
    if (isStep || kind === "function") return undefined;
    const old = findPiece(this.#module, piece);
    const isGood =
      kind === "class"
        ? this.#isPlainClass(value as Class, old === undefined)
        : this.#isPlainValue(piece, old);
    return isGood ? undefined : `when ${name} is evaluated may matter`;
  }

  #isPlainValue({ value, kind, declaration, name }: Piece, old: Piece | undefined): boolean {
    if (declaration.type === "VariableDeclarator" && declaration.id.type !== "Identifier") {
      return false;
    }
    if (old === undefined) return value === undefined || this.#isStable(value);
    if (kind === "literal" && old.kind === "literal") return true;
    const isTable =
      /^(?:Object|Array|New)Expression$/.test(value?.type ?? "") ||
      (value !== undefined && isFrozen(value, (each) => this.#isDeclared(each)));
    if (kind !== "group" && !isTable) return this.#isBehind(old, immediateOf(value, this.#patch));
    // What the module itself puts there when it is loaded would come after the patch.
    const isWritten = value !== undefined && old.value?.type === value.type;
    return isWritten && this.#isStable(value) && !this.#isTouched(name, old.name);
  }

  /** Whether a place comes after the constants that are evaluated there. */
  #isBehind(old: Piece, names: readonly string[]): boolean {
    return names.every((name) => {
      const other = this.#module.byName.get(name);
      if (other !== undefined) return other.isConst && other.end <= old.start;
      return this.#patch.byName.get(name)?.kind === "literal";
    });
  }

  #isPlainClass(node: Class, isFresh: boolean): boolean {
    if (isFresh && node.superClass && node.superClass.type !== "Identifier") return false;
    for (const { node: member, isStatic, kind } of listMembers(node, this.#patch.syntax.code)) {
      if (member.type === "StaticBlock") return false;
      if (member.computed) return false;
      if (kind === "field" && isStatic && member.type === "PropertyDefinition") {
        if (member.value && !this.#isStable(member.value)) return false;
        // Its members go into the object that is there, with what the module has put into it.
        if (!isFresh && member.value?.type === "ObjectExpression") return false;
      }
    }
    return true;
  }

  /** Whether an expression gives the same whenever it is evaluated. */
  #isStable(node: AnyNode): boolean {
    const isStable = (part: AnyNode | null | undefined): boolean => !!part && this.#isStable(part);
    if (isAnyFunction(node)) return true;
    switch (node.type) {
      case "Literal":
        return true;
      case "TemplateLiteral":
        return node.expressions.length === 0;
      case "Identifier":
        return this.#isConstant(node.name);
      case "ParenthesizedExpression":
        return isStable(node.expression);
      case "UnaryExpression":
        return node.operator !== "delete" && isStable(node.argument);
      case "BinaryExpression":
        return (
          /^[-+*/%<>=!&|^]+$/.test(node.operator) && isStable(node.left) && isStable(node.right)
        );
      case "ArrayExpression":
        return node.elements.every((each) => each?.type !== "SpreadElement" && isStable(each));
      case "ObjectExpression":
        return this.#isStableObject(node);
      case "NewExpression": {
        const { callee } = node;
        if (callee.type !== "Identifier" || !CONTAINERS.has(callee.name)) return false;
        return !this.#isDeclared(callee.name) && node.arguments.every(isStable);
      }
      case "ClassExpression":
        return this.#isPlainClass(node, true);
      case "CallExpression":
        return isFrozen(node, (name) => this.#isDeclared(name)) && isStable(node.arguments[0]);
      default:
        return false;
    }
  }

  #isStableObject({ properties }: ObjectExpression): boolean {
    return properties.every(
      (each) => each.type === "Property" && !each.computed && this.#isStable(each.value),
    );
  }

  #isConstant(name: string): boolean {
    const piece = this.#patch.byName.get(name) ?? this.#module.byName.get(name);
    if (piece === undefined) return VALUES.has(name) && !this.#isDeclared(name);
    return piece.kind === "literal";
  }

  #isDeclared(name: string): boolean {
    const isImported = (text: ModuleText): boolean =>
      text.imports.some(({ local }) => local === name);
    const texts = [this.#module, this.#patch];
    return texts.some((text) => text.byName.has(name) || isImported(text));
  }

  #isTouched(...names: readonly string[]): boolean {
    this.#touched ??= listTouched(this.#module);
    return names.some((name) => this.#touched?.has(name));
  }
}

function immediateOf(value: AnyNode | undefined, { analysis }: ModuleText): string[] {
  if (value === undefined) return [];
  return keepImmediate(analysis.references, value, listDeferred(value)).map(({ name }) => name);
}

/**
 * The names whose objects a module may change while it is loaded: by its statements, its initialisers, and what these call. A
 * member that is only called is not changed by that.
 */
function listTouched(module: ModuleText): Set<string> {
  const { references } = module.analysis;
  const touched = new Set<string>();
  const reached = new Set<string>();
  const visit = ({ name, use }: Reference): void => {
    const piece = module.byName.get(name);
    const isList = /^(?:Array|New)Expression$/.test(piece?.value?.type ?? "");
    if (use !== "member-call" || isList) touched.add(name);
    if (reached.has(name)) return;
    reached.add(name);
    if (piece === undefined) return;
    const { start, end } = piece.declaration;
    for (const each of references) if (each.start >= start && each.start < end) visit(each);
  };
  const evaluate = (node: AnyNode): void => {
    keepImmediate(references, node, listDeferred(node)).forEach(visit);
  };
  for (const { node } of module.loose) evaluate(node);
  for (const { kind, value } of module.pieces) {
    if (kind !== "function" && value !== undefined) evaluate(value);
  }
  return touched;
}
