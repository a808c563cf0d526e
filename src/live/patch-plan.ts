/**
 * What a patch wants to do to a module, and whether it may: every rule that the text alone can break is checked here,
 * before anything runs.
 */

import type { AnyNode, Class, Expression, ModuleDeclaration, Statement } from "acorn";
import { analyse } from "../loader/analysis.ts";
import type { Analysis, Reference } from "../loader/analysis.ts";
import { findConstructor, isFunction, isLiteral } from "../loader/names.ts";
import type { NameKind } from "../loader/names.ts";
import { createPlacedError } from "../loader/position.ts";
import { readRecord } from "../loader/record.ts";
import type { ModuleRecord } from "../loader/record.ts";
import { visitBoundNames } from "../loader/scope.ts";
import type { SnaxError } from "../base/error.ts";
import type { ErrorCode } from "../base/error.ts";
import { checkClass } from "./class-rules.ts";
import type { SeenName } from "./name-scope.ts";
import type { PatchTarget } from "./patch-code.ts";
import { ENUM_REFUSAL } from "./patch-text.ts";
import type { PatchText } from "./patch-text.ts";
import { reachableRanges } from "./reach.ts";
import { suggest } from "./suggestion.ts";

/** Exports of a patch that hold methods. */
export const GROUP_NAMES: ReadonlySet<string> = new Set(["response", "accept", "subscribe"]);

/** Exports of a patch that run when it is applied or undone. */
export const STEP_NAMES: ReadonlySet<string> = new Set(["hotfix", "rollback"]);

/** One statement of a patch and what becomes of it. */
export type PlannedItem =
  | { readonly kind: "import" | "declared" | "empty"; readonly node: AnyNode }
  | { readonly kind: "step" | "function" | "class" | "literal" | "group"; readonly node: AnyNode; readonly name: string; readonly value: AnyNode; readonly isFresh: boolean }
  | { readonly kind: "state"; readonly node: AnyNode; readonly declaration: AnyNode & { type: "VariableDeclaration" } };

/** What a patch wants. */
export interface PatchPlan {
  readonly text: PatchText;
  readonly analysis: Analysis;
  readonly record: ModuleRecord;
  readonly items: readonly PlannedItem[];
  readonly replaced: Map<string, "function" | "literal" | "class">;
  readonly constructed: Set<string>;
  readonly fresh: Map<string, SeenName>;
  readonly values: string[];
  readonly tracked: string[];
  /** The extents of the text whose assignments are noted, so that they can be undone. */
  readonly trackedRanges: readonly (readonly [start: number, end: number])[];
  readonly methods: Map<string, readonly string[]>;
}

/**
 * Checks a patch against the module's names.
 *
 * @throws {ERR_PATCH} if it breaks a rule.
 * @throws {ERR_PATCH_NAME} if it names something that the module does not have.
 * @throws {ERR_PATCH_CLASS} if a class can't be replaced like this.
 */
export function planPatch(text: PatchText, target: PatchTarget): PatchPlan {
  const planner = new Planner(text, target);
  for (const statement of text.syntax.ast.body) planner.add(statement);
  return planner.finish();
}

type TopLevel = Statement | ModuleDeclaration;

class Planner {
  readonly #text: PatchText;
  readonly #target: PatchTarget;
  readonly #analysis: Analysis;
  readonly #record: ModuleRecord;
  readonly #items: PlannedItem[] = [];
  readonly #replaced = new Map<string, "function" | "literal" | "class">();
  readonly #constructed = new Set<string>();
  readonly #fresh = new Map<string, SeenName>();
  readonly #methods = new Map<string, readonly string[]>();

  constructor(text: PatchText, target: PatchTarget) {
    this.#text = text;
    this.#target = target;
    this.#analysis = analyse(text.syntax.ast, target.scope.names());
    this.#record = readRecord(text.syntax, this.#analysis);
    for (const { local, specifier, name, place } of this.#record.imports) {
      const seen = target.scope.get(local);
      if (seen !== undefined && seen.origin?.specifier !== specifier) {
        throw createPlacedError("ERR_PATCH", place, `the service has ${what(seen.kind)} ${local} already: import it under another name`);
      }
      this.#fresh.set(local, { kind: "import", length: 0, origin: { specifier, name } });
    }
  }

  add(node: TopLevel): void {
    if (this.#text.declarations.has(node)) this.#items.push({ kind: "declared", node });
    else if (node.type === "ImportDeclaration") this.#items.push({ kind: "import", node });
    else if (node.type === "EmptyStatement") this.#items.push({ kind: "empty", node });
    else if (node.type === "ExportNamedDeclaration" && node.declaration) {
      this.#addDeclaration(node, node.declaration, true);
    } else if (node.type === "ExportNamedDeclaration" && node.specifiers.length === 0 && !node.source) {
      // What `export type { ... }` leaves behind.
      this.#items.push({ kind: "declared", node });
    } else if (node.type.startsWith("Export")) {
      throw this.#error("ERR_PATCH", node, "a patch exports response, accept, subscribe, hotfix, rollback and new names, each with its declaration");
    } else this.#addDeclaration(node, node as AnyNode, false);
  }

  finish(): PatchPlan {
    const { syntax, declared } = this.#text;
    if (this.#analysis.isAsync) {
      throw createPlacedError("ERR_PATCH", syntax.locate(0), "a patch can't await at top level: put it into an async hotfix()");
    }
    for (const [name, place] of declared) {
      if (this.#target.scope.get(name) === undefined) {
        throw createPlacedError("ERR_PATCH_NAME", place, `the service has no ${name}${suggest(name, this.#target.scope.names())}`);
      }
    }
    this.#checkFreeNames();
    const trackedRanges = reachableRanges(this.#items, this.#analysis.references);
    const isTracked = (start: number): boolean => trackedRanges.some(([from, to]) => start >= from && start < to);
    const tracked = new Set<string>();
    for (const write of this.#analysis.writes) {
      for (const name of write.names) if (this.#isLive(name) && isTracked(write.start)) tracked.add(name);
    }
    return {
      text: this.#text,
      analysis: this.#analysis,
      record: this.#record,
      items: this.#items,
      replaced: this.#replaced,
      constructed: this.#constructed,
      fresh: this.#fresh,
      values: this.#usedAsValues(),
      tracked: [...tracked],
      trackedRanges,
      methods: this.#methods,
    };
  }

  #addDeclaration(node: TopLevel, declaration: AnyNode, isExported: boolean): void {
    switch (declaration.type) {
      case "FunctionDeclaration":
        this.#addFunction(node, declaration.id?.name ?? "", declaration, isExported);
        break;
      case "ClassDeclaration":
        this.#addClass(node, declaration, isExported);
        break;
      case "VariableDeclaration":
        this.#addVariables(node, declaration, isExported);
        break;
      default: {
        const why = this.#text.syntax.map === undefined ? "a loose statement at top level can't stand in a patch: put it into hotfix()" : ENUM_REFUSAL;
        throw this.#error("ERR_PATCH", node, why);
      }
    }
  }

  #addFunction(node: AnyNode, name: string, value: AnyNode, isExported: boolean): void {
    if (name === "__proto__") throw this.#error("ERR_PATCH", node, "no function can be named __proto__");
    if (name === "init") {
      throw this.#error("ERR_PATCH", node, "a patch has no init of its own: the service has begun already; use hotfix()");
    }
    if (STEP_NAMES.has(name)) {
      if (!isExported) throw this.#error("ERR_PATCH", node, `${name} must be exported, or it would never run`);
      this.#items.push({ kind: "step", node, name, value, isFresh: false });
      return;
    }
    const seen = this.#target.scope.get(name);
    const isFresh = seen === undefined;
    if (!isFresh && seen.kind !== "function" && seen.kind !== "const-function") throw this.#clash(node, name, seen);
    if (isFresh) {
      const kind = value.type === "FunctionDeclaration" ? "function" : "const-function";
      this.#fresh.set(name, { kind, length: lengthOf(value), isExported });
    }
    else this.#replaced.set(name, "function");
    this.#items.push({ kind: "function", node, name, value, isFresh });
  }

  #addClass(node: AnyNode, value: Class, isExported: boolean): void {
    const name = value.id?.name ?? "";
    const seen = this.#target.scope.get(name);
    const facts = {
      heritage: value.superClass ? this.#text.syntax.code.slice(value.superClass.start, value.superClass.end) : undefined,
      hasPrivate: value.body.body.some((member) => "key" in member && member.key.type === "PrivateIdentifier"),
      hasConstructor: findConstructor(value) !== undefined,
      hasStaticBlock: value.body.body.some((member) => member.type === "StaticBlock"),
    };
    if (seen === undefined) {
      this.#fresh.set(name, { kind: "class", length: 0, facts, isExported });
      this.#items.push({ kind: "class", node, name, value: value as AnyNode, isFresh: true });
      return;
    }
    if (seen.kind !== "class" || seen.facts === undefined) throw this.#clash(node, name, seen);
    const refusal = checkClass(value, facts, seen.facts);
    if (refusal !== undefined) throw this.#error("ERR_PATCH_CLASS", node, `class ${name}: ${refusal}`);
    if (facts.hasConstructor || hasFields(value)) this.#constructed.add(name);
    this.#replaced.set(name, "class");
    this.#items.push({ kind: "class", node, name, value: value as AnyNode, isFresh: false });
  }

  #addVariables(node: AnyNode, declaration: AnyNode & { type: "VariableDeclaration" }, isExported: boolean): void {
    const [first] = declaration.declarations;
    if (declaration.declarations.length === 1 && first?.id.type === "Identifier") {
      if (this.#addConstant(node, first.id.name, first.init ?? undefined, declaration, isExported)) return;
    }
    for (const { id } of declaration.declarations) {
      visitBoundNames(id, (name) => {
        const seen = this.#target.scope.get(name);
        if (seen !== undefined) throw this.#clash(node, name, seen);
        this.#fresh.set(name, { kind: declaration.kind === "const" ? "const" : "let", length: 0, isExported });
      });
    }
    this.#items.push({ kind: "state", node, declaration });
  }

  /** Adds what a single declarator may be besides state: a group of methods, a function, a literal. */
  #addConstant(node: AnyNode, name: string, value: Expression | undefined, declaration: { kind: string }, isExported: boolean): boolean {
    if (value === undefined) return false;
    if (GROUP_NAMES.has(name) && (isExported || this.#target.scope.get(name) === undefined)) {
      this.#addGroup(node, name, value, isExported);
      return true;
    }
    if (STEP_NAMES.has(name) || name === "init") {
      throw this.#error("ERR_PATCH", node, `write \`export function ${name}\`, not a variable that holds a function`);
    }
    if (declaration.kind !== "const") return false;
    if (isFunction(value)) {
      this.#addFunction(node, name, value, isExported);
      return true;
    }
    const seen = this.#target.scope.get(name);
    if (!isLiteral(value) || (seen !== undefined && seen.kind !== "literal")) return false;
    if (seen === undefined) this.#fresh.set(name, { kind: "literal", length: 0, isExported });
    else this.#replaced.set(name, "literal");
    this.#items.push({ kind: "literal", node, name, value, isFresh: seen === undefined });
    return true;
  }

  #addGroup(node: AnyNode, name: string, value: Expression, isExported: boolean): void {
    if (!isExported) throw this.#error("ERR_PATCH", node, `${name} must be exported: export const ${name} = { ... }`);
    if (!this.#target.hasMethods) {
      throw this.#error("ERR_PATCH", node, `only the file of a snax service has methods under ${name}`);
    }
    if (value.type !== "ObjectExpression") throw this.#error("ERR_PATCH", node, `${name} must be an object of functions`);
    const methods: string[] = [];
    for (const property of value.properties) {
      if (property.type !== "Property" || property.computed) continue;
      methods.push(property.key.type === "Identifier" ? property.key.name : String((property.key as { value?: unknown }).value));
    }
    this.#methods.set(name, methods);
    this.#items.push({ kind: "group", node, name, value, isFresh: false });
  }

  #checkFreeNames(): void {
    const { freeReferences } = this.#analysis;
    for (const { name, use, start } of freeReferences) {
      if (use === "typeof" || name === "arguments" || name in globalThis || this.#target.injected.has(name)) continue;
      const known = [...this.#target.scope.names(), ...this.#fresh.keys()];
      throw createPlacedError(
        "ERR_PATCH_NAME",
        this.#text.syntax.locate(start),
        `neither the service nor the patch has a ${name}${suggest(name, known)}`,
      );
    }
  }

  /** Live functions, and fresh ones, that the patch passes on: whoever gets one must follow a later patch. */
  #usedAsValues(): string[] {
    const isValue = ({ use }: Reference): boolean => use === "value" || use === "member" || use === "member-call";
    const names = new Set(this.#analysis.references.filter(isValue).map(({ name }) => name));
    return [...names].filter((name) => {
      const kind = (this.#fresh.get(name) ?? this.#target.scope.get(name))?.kind;
      return kind === "function" || kind === "const-function" || (kind === "import" && !this.#fresh.has(name));
    });
  }

  #isLive(name: string): boolean {
    return !this.#fresh.has(name) && this.#target.scope.get(name) !== undefined;
  }

  #clash(node: AnyNode, name: string, seen: SeenName): SnaxError {
    const advice =
      seen.kind === "let" || seen.kind === "var" || seen.kind === "const"
        ? `it is state, which a patch never initialises again; write \`declare let ${name}\` and change it in hotfix()`
        : `a patch can replace it only by ${what(seen.kind)} of the same kind`;
    return this.#error("ERR_PATCH", node, `the service has ${what(seen.kind)} ${name} already: ${advice}`);
  }

  #error(code: ErrorCode, node: AnyNode, why: string): SnaxError {
    return createPlacedError(code, this.#text.syntax.locate(node.start), why);
  }
}

function hasFields(node: Class): boolean {
  return node.body.body.some((member) => member.type === "PropertyDefinition" && !member.static);
}

function lengthOf(node: AnyNode): number {
  return "params" in node && Array.isArray(node.params) ? node.params.length : 0;
}

function what(kind: NameKind): string {
  switch (kind) {
    case "function":
    case "const-function":
      return "a function";
    case "class":
      return "a class";
    case "literal":
      return "a constant";
    case "import":
      return "an import";
    default:
      return "a variable";
  }
}
