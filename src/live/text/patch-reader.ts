/**
 * Reads a patch statement by statement: what each one replaces or adds, or why it can't be in a
 * patch.
 */

import type { AnyNode, Class, Expression, ModuleDeclaration, Statement } from "acorn";
import type { ErrorCode, SnaxError } from "../../base/error.ts";
import { suggest } from "../../base/suggestion.ts";
import type { Analysis } from "../../loader/read/analysis.ts";
import { isClassKind, isConstant, isFunction, readClassFacts } from "../../loader/read/names.ts";
import type { NameKind } from "../../loader/read/names.ts";
import { isComputed } from "../../loader/read/computed.ts";
import type { ComputedScope } from "../../loader/read/computed.ts";
import { createPlacedError } from "../../loader/text/position.ts";
import { visitBoundNames } from "../../loader/read/scope.ts";
import type { Decorator } from "../../loader/read/decorators.ts";
import type { EnumText } from "../../loader/typescript/enum-text.ts";
import { findValue } from "../../loader/weave/text-members.ts";
import { publicName } from "../../loader/read/record.ts";
import { readClassChange } from "./class-change.ts";
import type { ClassChange } from "./class-change.ts";
import { decoratorsOf, readDecoration } from "./class-decorators.ts";
import { checkClass } from "./class-rules.ts";
import { NAMESPACE_REFUSAL } from "./patch-advice.ts";
import { readDefault, describeKind, GROUP_NAMES, STEP_NAMES } from "./patch-item.ts";
import { readClass } from "./running-class.ts";
import type { SeenName } from "./patched-module.ts";
import type { ReplacedKind } from "./compile.ts";
import type { PlannedItem } from "./patch-item.ts";
import type { PatchTarget } from "./patch-plan.ts";
import type { PatchText } from "./patch-text.ts";
import type { TableGift } from "./table-text.ts";
import { hasMembers, readTable } from "./table-text.ts";

/** A statement of a patch's top level, and whether it is behind `export`. */
interface Place {
  readonly node: AnyNode;
  readonly isExported: boolean;
}

/** Collects what the statements of a patch want. */
export class PatchReader {
  readonly items: PlannedItem[] = [];
  readonly replaced: Map<string, ReplacedKind> = new Map();
  readonly classes: Map<string, ClassChange> = new Map();
  readonly tables: Map<string, TableGift> = new Map();
  readonly fresh: Map<string, SeenName> = new Map();
  readonly methods: Map<string, readonly string[]> = new Map();
  /** The decorators that belong to what it replaces. */
  readonly decorators: Set<Decorator> = new Set();
  readonly #text: PatchText;
  readonly #analysis: Analysis;
  readonly #target: PatchTarget;

  constructor(text: PatchText, analysis: Analysis, target: PatchTarget) {
    this.#text = text;
    this.#analysis = analysis;
    this.#target = target;
  }

  /**
   * Reads a statement.
   *
   * @throws {ERR_PATCH} or {ERR_PATCH_CLASS} if it can't be in this patch.
   */
  read(node: Statement | ModuleDeclaration): void {
    const isSilent =
      this.#text.declarations.has(node) ||
      node.type === "ImportDeclaration" ||
      node.type === "EmptyStatement" ||
      this.#text.deletions.some(({ start }) => start === node.start) ||
      ("directive" in node && node.directive !== undefined) ||
      isEmptyExport(node) ||
      this.#isRepeatedExport(node);
    if (isSilent) this.items.push({ kind: "silent", node });
    else if (node.type === "ExportNamedDeclaration" && node.declaration) {
      this.#readDeclaration({ node, isExported: true }, node.declaration);
    } else if (node.type === "ExportDefaultDeclaration") {
      this.#readDefault(node);
    } else if (node.type.startsWith("Export")) {
      const allowed = "response, accept, subscribe, hotfix, rollback and new names";
      throw this.#error("ERR_PATCH", node, `a patch exports ${allowed}, each with its declaration`);
    } else this.#readDeclaration({ node, isExported: false }, node as AnyNode);
  }

  /**
   * Reads an enum, which is no statement of the tree.
   *
   * @throws {ERR_PATCH} if it can't be in this patch.
   */
  readEnum({ name, members, isConst, isExported, start, end }: EnumText): void {
    const node = { type: "EmptyStatement", start, end } as AnyNode;
    if (name === "") throw this.#error("ERR_PATCH", node, NAMESPACE_REFUSAL);
    this.#checkOwnName(node, name);
    if (members === undefined) {
      const why = `the members of enum ${name} are written out, or computed from such`;
      throw this.#error("ERR_PATCH", node, why);
    }
    if (members.has("__proto__")) {
      throw this.#error("ERR_PATCH", node, "no member can be named __proto__");
    }
    if (this.fresh.has(name) || this.replaced.has(name)) {
      throw this.#error("ERR_PATCH", node, `enum ${name} has to be in one piece in a patch`);
    }
    const seen = this.#target.scope.get(name);
    const isFresh = seen === undefined;
    if (isFresh) {
      this.#checkExport(node, name, isExported);
      this.fresh.set(name, { kind: "const", length: 0, isExported, isEnum: true });
    } else {
      const known = seen.isEnum ? "enum" : findEnum(this.#target.image.text, name);
      if (known === undefined) throw this.#clash(node, name, seen);
      this.replaced.set(name, isConst && known === "enum" ? "enum" : known);
    }
    this.items.push({ kind: "enum", node, name, members, isFresh });
  }

  /** `export { price };` as the module's own text has it. */
  #isRepeatedExport(node: AnyNode): boolean {
    if (node.type !== "ExportNamedDeclaration" || node.declaration || node.source) return false;
    return node.specifiers.every(({ local, exported }) => {
      if (local.type !== "Identifier" || exported.type !== "Identifier") return false;
      return this.#target.image.exportOf(exported.name)?.local === local.name;
    });
  }

  #readDefault(node: AnyNode & { type: "ExportDefaultDeclaration" }): void {
    const { image, elsewhere } = this.#target;
    const given = readDefault(node, image, elsewhere);
    if (given.refusal !== undefined) throw this.#error("ERR_PATCH", node, given.refusal);
    const place = { node, isExported: true };
    const { name, value } = given;
    if (value.type === "ClassDeclaration") this.#readClass(place, name, value);
    else if (value.type === "FunctionDeclaration") this.#readFunction(place, name, value);
    else if (!this.#readValue(place, name, value as Expression, true)) {
      const why =
        "the default export is a variable already: it is state, which a patch never initialises again";
      throw this.#error("ERR_PATCH", node, why);
    }
  }

  #readDeclaration(place: Place, declaration: AnyNode): void {
    switch (declaration.type) {
      case "FunctionDeclaration":
        this.#readFunction(place, declaration.id?.name ?? "", declaration);
        break;
      case "ClassDeclaration":
        this.#readClass(place, declaration.id?.name ?? "", declaration);
        break;
      case "VariableDeclaration":
        this.#readVariables(place, declaration);
        break;
      default: {
        const why = "a loose statement at top level can't be in a patch: put it into hotfix()";
        throw this.#error("ERR_PATCH", place.node, why);
      }
    }
  }

  #readFunction({ node, isExported }: Place, name: string, value: AnyNode): void {
    this.#checkOwnName(node, name);
    if (name === "init" && this.#target.hasMethods) {
      const why = "a patch has no init of its own: the service has begun already; use hotfix()";
      throw this.#error("ERR_PATCH", node, why);
    }
    if (STEP_NAMES.has(name)) {
      if (!isExported)
        throw this.#error("ERR_PATCH", node, `${name} must be exported, or it would never run`);
      this.items.push({ kind: "step", node, name, value, isFresh: false });
      return;
    }
    const seen = this.#target.scope.get(name);
    const isFresh = seen === undefined;
    if (isFresh) {
      this.#checkExport(node, name, isExported);
      const kind = value.type === "FunctionDeclaration" ? "function" : "const-function";
      this.fresh.set(name, { kind, length: lengthOf(value), isExported });
    } else if (seen.kind === "function" || seen.kind === "const-function") {
      this.replaced.set(name, "function");
    } else throw this.#clash(node, name, seen);
    this.items.push({ kind: "function", node, name, value, isFresh });
  }

  #readClass({ node, isExported }: Place, name: string, value: Class): void {
    this.#checkOwnName(node, name);
    const seen = this.#target.scope.get(name);
    const { syntax, parameterProperties } = this.#text;
    const facts = readClassFacts(value, syntax.code);
    const item = { kind: "class", node, name, value: value as AnyNode } as const;
    if (seen === undefined) {
      this.#checkExport(node, name, isExported);
      const { image, scope } = this.#target;
      const kindOf = (local: string): NameKind | undefined =>
        (this.fresh.get(local) ?? scope.get(local))?.kind;
      const place = { analysis: this.#analysis, image, url: syntax.file, isOwn: false, kindOf };
      const running = readClass({ syntax, parameterProperties, ...place }, name, value);
      const kind = value.type === "ClassDeclaration" ? "class" : "const-class";
      this.fresh.set(name, { kind, length: 0, facts, isExported, running });
      this.items.push({ ...item, isFresh: true });
      return;
    }
    if (!isClassKind(seen.kind) || seen.facts === undefined) throw this.#clash(node, name, seen);
    const refuse = (why: string): SnaxError =>
      this.#error("ERR_PATCH_CLASS", node, `class ${publicName(name)}: ${why}`);
    const refusal = checkClass(value, facts, seen.facts);
    if (refusal !== undefined) throw refuse(refusal);
    const scope = this.#computedScope();
    const live = { name, image: this.#target.image, running: seen.running, scope, refuse };
    const { outline, change } = readClassChange(value, this.#text, live);
    const isConstructing = change.construction !== undefined;
    const decoration = readDecoration(value, syntax, { ...live, isConstructing });
    for (const each of decoratorsOf(value, syntax)) this.decorators.add(each);
    this.classes.set(name, change);
    this.replaced.set(name, "class");
    this.items.push({ ...item, outline, decoration, isFresh: false });
  }

  #readVariables(place: Place, declaration: AnyNode & { type: "VariableDeclaration" }): void {
    const [first, ...more] = declaration.declarations;
    if (first !== undefined && more.length > 0) {
      // Each is a statement of its own, and the comma in front of it a part of that.
      let { start } = place.node;
      for (const each of declaration.declarations) {
        const end = each === more.at(-1) ? place.node.end : each.end;
        const node = { ...place.node, start, end };
        this.#readVariables({ ...place, node }, { ...declaration, declarations: [each] });
        start = end;
      }
      return;
    }
    if (declaration.declarations.length === 1 && first?.id.type === "Identifier" && first.init) {
      const isLet = declaration.kind === "let" && isFunction(first.init);
      const isConst =
        declaration.kind === "const" ||
        (isLet && this.#target.scope.get(first.id.name)?.isLet === true);
      if (this.#readValue(place, first.id.name, first.init, isConst)) return;
    }
    if (declaration.kind !== "const" && declaration.kind !== "let" && declaration.kind !== "var") {
      throw this.#error(
        "ERR_PATCH",
        place.node,
        `${declaration.kind} can't be at the top level of a patch`,
      );
    }
    const kind = declaration.kind === "const" ? "const" : "let";
    for (const { id } of declaration.declarations) {
      visitBoundNames(id, (name) => {
        const seen = this.#target.scope.get(name);
        if (seen !== undefined) throw this.#clash(place.node, name, seen);
        this.#checkExport(place.node, name, place.isExported);
        this.fresh.set(name, { kind, length: 0, isExported: place.isExported });
      });
    }
    this.items.push({ kind: "state", node: place.node, declaration });
  }

  /**
   * Reads what a single declarator may be besides state: a group of methods, a function, a literal.
   */
  #readValue(place: Place, name: string, value: Expression, isConst: boolean): boolean {
    const { node, isExported } = place;
    this.#checkOwnName(node, name);
    const seen = this.#target.scope.get(name);
    const { hasMethods } = this.#target;
    if (GROUP_NAMES.has(name) && (hasMethods || (isExported && seen === undefined))) {
      this.#readGroup(place, name, value);
      return true;
    }
    const isStep = STEP_NAMES.has(name) || (name === "init" && hasMethods);
    if (isStep && !(isConst && isFunction(value))) {
      const why = `write \`export function ${name}\`, not a variable that holds a function`;
      throw this.#error("ERR_PATCH", node, why);
    }
    if (!isConst) return false;
    if (isFunction(value)) {
      this.#readFunction(place, name, value);
      return true;
    }
    if (value.type === "ClassExpression") {
      this.#readClass(place, name, value);
      return true;
    }
    if (isConstant(value)) return this.#readLiteral(place, name, value);
    if (seen?.kind === "literal" && isComputed(value, this.#computedScope())) {
      this.replaced.set(name, "computed");
      this.items.push({ kind: "computed", node, name, value, isFresh: false });
      return true;
    }
    return seen?.kind === "const" && this.#readTable(place, name, value);
  }

  #computedScope(): ComputedScope {
    const { scope } = this.#target;
    const kindOf = (name: string): string | undefined =>
      (this.fresh.get(name) ?? scope.get(name))?.kind;
    return {
      isConstant: (name) => kindOf(name) === "literal",
      isDeclared: (name) => kindOf(name) !== undefined,
    };
  }

  /** Reads the members that an object or a list of the module gets; it keeps the others. */
  #readTable({ node }: Place, name: string, value: AnyNode): boolean {
    const { image } = this.#target;
    const text = findValue(image, name);
    const scope = this.#computedScope();
    const { isDeclared } = scope;
    const texts = { patch: this.#text.syntax.code, module: image.data.body };
    if (!hasMembers(value, text, isDeclared, texts)) return false;
    const gift = readTable(publicName(name), { value, text, texts }, scope, (at, why) =>
      this.#error("ERR_PATCH", at, why),
    );
    this.tables.set(name, gift);
    this.replaced.set(name, "table");
    const isKeyed = gift.isLate;
    this.items.push({ kind: "table", node, name, value, isKeyed, isFresh: false });
    return true;
  }

  #readLiteral({ node, isExported }: Place, name: string, value: AnyNode): boolean {
    const seen = this.#target.scope.get(name);
    if (seen !== undefined && seen.kind !== "literal") return false;
    if (seen === undefined) this.fresh.set(name, { kind: "literal", length: 0, isExported });
    else this.replaced.set(name, "literal");
    this.items.push({ kind: "literal", node, name, value, isFresh: seen === undefined });
    return true;
  }

  #readGroup({ node, isExported }: Place, name: string, value: Expression): void {
    const refuse = (why: string): SnaxError => this.#error("ERR_PATCH", node, why);
    if (!isExported) throw refuse(`${name} must be exported: export const ${name} = { ... }`);
    if (!this.#target.hasMethods)
      throw refuse(`only the file of a snax service has methods under ${name}`);
    if (value.type !== "ObjectExpression") throw refuse(`${name} must be an object of functions`);
    const methods: string[] = [];
    for (const property of value.properties) {
      if (property.type !== "Property")
        throw refuse(`the methods of ${name} are written out, without a spread`);
      if (property.computed) continue;
      const { key } = property;
      const method =
        key.type === "Identifier" ? key.name : String((key as { value?: unknown }).value);
      // It would replace the prototype of the object, or of the one that the service exports.
      if (method === "__proto__") throw refuse("no method can be named __proto__");
      methods.push(method);
    }
    this.methods.set(name, methods);
    this.items.push({ kind: "group", node, name, value, isFresh: false });
  }

  /** What a patch gives is kept in objects, by name. */
  #checkOwnName(node: AnyNode, name: string): void {
    if (name !== "__proto__") return;
    throw this.#error("ERR_PATCH", node, "nothing that a patch gives can be named __proto__");
  }

  /** No module imports from a service's own file: an export that means nothing there is a mistake. */
  #checkExport(node: AnyNode, name: string, isExported: boolean): void {
    if (!isExported || !this.#target.hasMethods || name === "exit") return;
    const known = [...GROUP_NAMES, ...STEP_NAMES, "exit"];
    const advice =
      this.#target.elsewhere(name) ||
      suggest(name, known) ||
      "; methods are in response or accept, helpers need no export";
    throw this.#error(
      "ERR_PATCH",
      node,
      `an export named ${name} means nothing in a service's own file${advice}`,
    );
  }

  #clash(node: AnyNode, name: string, seen: SeenName): SnaxError {
    const { origin } = seen;
    if (origin !== undefined) {
      const why = `${name} is imported from ${origin.specifier}, and a patch replaces it where it is declared`;
      return this.#error("ERR_PATCH", node, why + this.#target.elsewhere(name));
    }
    const isState = seen.kind === "let" || seen.kind === "var" || seen.kind === "const";
    const kind = describeKind(seen.kind);
    const advice = isState
      ? `it is state, which a patch never initialises again; write \`declare let ${name}\` and change it in hotfix(); a file that was edited goes in by hotfix --from-source`
      : `a patch can replace it only by ${kind} of the same kind${seen.kind === "literal" ? ", written out or computed from such; else assign it in hotfix()" : ""}`;
    const what = `${kind} ${publicName(name)}`;
    return this.#error("ERR_PATCH", node, `the service has ${what} already: ${advice}`);
  }

  #error(code: ErrorCode, node: AnyNode, why: string): SnaxError {
    return createPlacedError(code, this.#text.syntax.locate(node.start), why);
  }
}

/** Tells whether a text may have an enum of that name, and of which kind. */
function findEnum(text: string, name: string): "enum" | "const enum" | undefined {
  const letter = "[\\p{ID_Continue}$]";
  const found = new RegExp(
    `(?<!${letter}|\\.)(const\\s+)?enum\\s+${name.replaceAll("$", "\\$&")}(?!${letter})`,
    "u",
  ).exec(text);
  if (found === null) return undefined;
  return found[1] === undefined ? "enum" : "const enum";
}

/** What `export type { ... }` leaves behind. */
function isEmptyExport(node: AnyNode): boolean {
  return (
    node.type === "ExportNamedDeclaration" &&
    !node.declaration &&
    node.specifiers.length === 0 &&
    !node.source
  );
}

function lengthOf(node: AnyNode): number {
  return "params" in node && Array.isArray(node.params) ? node.params.length : 0;
}
