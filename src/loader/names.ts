/**
 * The names that a module declares at top level, with what a patch needs to know about each.
 *
 * Everything is read from the text: no code of the module runs for it.
 */

import type {
  AnyNode,
  Class,
  Expression,
  Function as FunctionNode,
  VariableDeclaration,
} from "acorn";
import type { Analysis } from "./analysis.ts";
import { DEFAULT_NAME, isAlias } from "./record.ts";
import type { ModuleRecord } from "./record.ts";
import { visitBoundNames } from "./scope.ts";
import type { Syntax } from "./syntax.ts";

/** What a name of a module stands for. */
export type NameKind =
  | "function"
  | "const-function"
  | "class"
  | "const-class"
  | "literal"
  | "const"
  | "let"
  | "var"
  | "import";

/** What is known of a class from its text. */
export interface ClassFacts {
  /** Text of the expression behind `extends`, if there is one. */
  readonly heritage: string | undefined;
  /** Whether the body declares `#private` members. */
  readonly hasPrivate: boolean;
  readonly hasConstructor: boolean;
  readonly hasStaticBlock: boolean;
}

/** A name that a module declares at top level. */
export interface Name {
  readonly kind: NameKind;
  /** Line of the declaration, from 1. */
  readonly line: number;
  /** Offset of the declaration in the JavaScript text. */
  readonly start: number;
  /** Whether it is a function that the module uses as a value, so that it stands behind a forwarder from the start. */
  readonly isForwarded: boolean;
  /** Whether calls by its name do not pass the forwarder: they go to a variable of their own, {@link directOf}. */
  readonly isDirect: boolean;
  readonly isAsync: boolean;
  readonly isGenerator: boolean;
  /** Number of parameters as a function's `length` tells it; 0 for other kinds. */
  readonly length: number;
  /** For a class. */
  readonly facts?: ClassFacts;
  /** For an import: the module and the name there, "*" for its namespace. */
  readonly origin?: { readonly specifier: string; readonly name: string };
}

/** Lists the names that a module declares at top level, in the order of the text, imports first. */
export function readNames(
  syntax: Syntax,
  analysis: Analysis,
  record: ModuleRecord,
): Map<string, Name> {
  const collector = new Collector(syntax, analysis);
  for (const { local, specifier, name, place } of record.imports) {
    const origin = { specifier, name };
    collector.names.set(local, { ...PLAIN, kind: "import", line: place.line, start: -1, origin });
  }
  for (const statement of syntax.ast.body) {
    const isDefault = statement.type === "ExportDefaultDeclaration";
    const node = "declaration" in statement ? statement.declaration : statement;
    if (node) collector.collect(node as AnyNode, isDefault);
  }
  for (const name of analysis.declared) {
    if (!collector.names.has(name))
      collector.names.set(name, { ...PLAIN, kind: "var", line: 1, start: -1 });
  }
  return collector.names;
}

const PLAIN = {
  isForwarded: false,
  isDirect: false,
  isAsync: false,
  isGenerator: false,
  length: 0,
};

class Collector {
  readonly names = new Map<string, Name>();
  readonly #syntax: Syntax;
  readonly #analysis: Analysis;
  readonly #values = new Set<string>();
  readonly #called = new Set<string>();
  readonly #assigned = new Set<string>();

  constructor(syntax: Syntax, analysis: Analysis) {
    this.#syntax = syntax;
    this.#analysis = analysis;
    for (const { name, use } of analysis.references) {
      if (use === "value" || use === "member" || use === "member-call") this.#values.add(name);
      else if (use === "call") this.#called.add(name);
      else if (use === "assign") this.#assigned.add(name);
    }
  }

  collect(node: AnyNode, isDefault: boolean): void {
    switch (node.type) {
      case "FunctionDeclaration":
        this.#addFunction(node.id?.name ?? DEFAULT_NAME, "function", node);
        break;
      case "ClassDeclaration":
        this.#addClass(node.id?.name ?? DEFAULT_NAME, "class", node);
        break;
      case "VariableDeclaration":
        this.#addVariables(node);
        break;
      default:
        if (isDefault && !isAlias(node, this.#analysis)) this.#addDefault(node as Expression);
    }
  }

  #addVariables(node: VariableDeclaration): void {
    for (const { id, init } of node.declarations) {
      const isConst = node.kind === "const" && id.type === "Identifier";
      if (isConst && init && isFunction(init)) {
        this.#addFunction(id.name, "const-function", init);
        continue;
      }
      if (isConst && init?.type === "ClassExpression") {
        this.#addClass(id.name, "const-class", init);
        continue;
      }
      let kind: NameKind = node.kind === "let" || node.kind === "var" ? node.kind : "const";
      if (isConst && init && isLiteral(init)) kind = "literal";
      visitBoundNames(id, (name, bound) => {
        this.names.set(name, { ...PLAIN, kind, ...this.#at(bound) });
      });
    }
  }

  #addDefault(node: Expression): void {
    if (isFunction(node)) this.#addFunction(DEFAULT_NAME, "const-function", node);
    else {
      const kind = isLiteral(node) ? "literal" : "const";
      this.names.set(DEFAULT_NAME, { ...PLAIN, kind, ...this.#at(node) });
    }
  }

  #addFunction(name: string, kind: "function" | "const-function", node: FunctionNode): void {
    const isForwarded = this.#values.has(name);
    this.names.set(name, {
      kind,
      ...this.#at(node),
      isForwarded,
      // What is assigned is called as the variable says.
      isDirect: isForwarded && this.#called.has(name) && !this.#assigned.has(name),
      isAsync: node.async,
      isGenerator: node.generator,
      length: lengthOf(node),
    });
  }

  #addClass(name: string, kind: "class" | "const-class", node: Class): void {
    const facts = readClassFacts(node, this.#syntax.code);
    this.names.set(name, { ...PLAIN, kind, ...this.#at(node), facts });
  }

  #at(node: { readonly start: number }): { line: number; start: number } {
    return { line: this.#syntax.locate(node.start).line, start: node.start };
  }
}

/** Reads what a patch must know of a class from its text. */
export function readClassFacts(node: Class, code: string): ClassFacts {
  const { superClass, body } = node;
  return {
    heritage: superClass ? code.slice(superClass.start, superClass.end) : undefined,
    hasPrivate: body.body.some(
      (member) => "key" in member && member.key.type === "PrivateIdentifier",
    ),
    hasConstructor: findConstructor(node) !== undefined,
    hasStaticBlock: body.body.some((member) => member.type === "StaticBlock"),
  };
}

/** Returns the function of a class's constructor, if its text has one. */
export function findConstructor(node: Class): FunctionNode | undefined {
  for (const member of node.body.body) {
    if (member.type === "MethodDefinition" && member.kind === "constructor") return member.value;
  }
  return undefined;
}

/** Tells whether a name stands for a class, declared or written out in a constant. */
export function isClassKind(kind: NameKind | undefined): kind is "class" | "const-class" {
  return kind === "class" || kind === "const-class";
}

/** Tells whether an expression is a function written out on the spot. */
export function isFunction(node: AnyNode): node is AnyNode & FunctionNode {
  return node.type === "ArrowFunctionExpression" || node.type === "FunctionExpression";
}

/** Tells whether an expression is a constant written out: it can be evaluated again without changing anything. */
export function isLiteral(node: AnyNode): boolean {
  if (node.type === "Literal") return !("regex" in node && node.regex);
  if (node.type === "TemplateLiteral") return node.expressions.length === 0;
  return node.type === "UnaryExpression" && node.operator === "-" && isLiteral(node.argument);
}

function lengthOf(node: FunctionNode): number {
  const end = node.params.findIndex(
    (parameter) => parameter.type === "AssignmentPattern" || parameter.type === "RestElement",
  );
  return end < 0 ? node.params.length : end;
}
