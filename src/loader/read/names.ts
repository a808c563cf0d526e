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
  Program,
  VariableDeclaration,
} from "acorn";
import { analyse } from "./analysis.ts";
import type { Analysis } from "./analysis.ts";
import { DEFAULT_NAME, isAlias } from "./record.ts";
import type { ModuleRecord } from "./record.ts";
import { visitBoundNames } from "./scope.ts";
import { isComputed } from "./computed.ts";
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
  /**
   * Whether it is a function that the module uses as a value, so that it is behind a forwarder
   * from the start.
   */
  readonly isForwarded: boolean;
  /**
   * Whether calls by its name do not pass the forwarder: they go to a variable of their own, {@link
   * directOf}.
   */
  readonly isDirect: boolean;
  readonly isAsync: boolean;
  readonly isGenerator: boolean;
  /** An async function or a generator that all code holds as it is: see self-check.ts. */
  readonly hasCheck?: true;
  /** An arrow function, which is no constructor. */
  readonly isArrow?: true;
  /** Number of parameters as a function's `length` tells it; 0 for other kinds. */
  readonly length: number;
  /** A `let` that holds a function and is never assigned. */
  readonly isLet?: true;
  /** For a class. */
  readonly facts?: ClassFacts;
  /** For an import: the module and the name there, "*" for its namespace. */
  readonly origin?: { readonly specifier: string; readonly name: string };
}

/**
 * Lists the names that a module declares at top level, in the order of the text, imports first.
 *
 * @param written - the text as its author wrote it, if the project's compiler has made another one
 * of it: what that one adds has no name for a patch, and what it turned into variables are the
 * classes that they were.
 */
export function readNames(
  syntax: Syntax,
  analysis: Analysis,
  record: ModuleRecord,
  written?: Syntax,
): Map<string, Name> {
  const collector = new Collector(syntax, analysis, written);
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
  if (written !== undefined) hideMade(collector.names, record, written);
  return collector.names;
}

/** Helpers of a compiler, and its own variables. */
function hideMade(names: Map<string, Name>, { exports }: ModuleRecord, written: Syntax): void {
  const { declared } = analyse(written.ast);
  const exported = new Set(exports.map(({ local }) => local));
  for (const [name, { kind }] of names) {
    const isOwn = declared.has(name) || exported.has(name) || name === DEFAULT_NAME;
    if (!isOwn && kind !== "import") names.delete(name);
  }
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
  /** The classes of the text as it was written, and that text. */
  readonly #classes = new Map<string, Class>();
  readonly #written: string;

  constructor(syntax: Syntax, analysis: Analysis, written: Syntax = syntax) {
    this.#syntax = syntax;
    this.#analysis = analysis;
    this.#written = written.code;
    if (written !== syntax) {
      for (const [name, node] of classesOf(written.ast)) this.#classes.set(name, node);
    }
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
      const made = id.type === "Identifier" ? this.#findMade(id.name, init) : undefined;
      if (made !== undefined && id.type === "Identifier") {
        this.#addClass(id.name, "class", made);
        continue;
      }
      const isConst = node.kind === "const" && id.type === "Identifier";
      // A `let` that is never assigned is as good as a `const`, and people write functions so.
      const isLet = node.kind === "let" && id.type === "Identifier" && !this.#assigned.has(id.name);
      if ((isConst || isLet) && init && isFunction(init)) {
        this.#addFunction(id.name, "const-function", init);
        if (isLet) this.#markLet(id.name);
        continue;
      }
      if (isConst && init?.type === "ClassExpression") {
        this.#addClass(id.name, "const-class", init);
        continue;
      }
      let kind: NameKind = node.kind === "let" || node.kind === "var" ? node.kind : "const";
      if (isConst && init && this.#isConstant(init)) kind = "literal";
      visitBoundNames(id, (name, bound) => {
        this.names.set(name, { ...PLAIN, kind, ...this.#at(bound) });
      });
    }
  }

  #markLet(name: string): void {
    const known = this.names.get(name);
    if (known !== undefined) this.names.set(name, { ...known, isLet: true });
  }

  #isConstant(node: AnyNode): boolean {
    const { declared } = this.#analysis;
    const isKnown = (name: string): boolean => this.names.get(name)?.kind === "literal";
    return (
      isConstant(node) ||
      isComputed(node, { isConstant: isKnown, isDeclared: (name) => declared.has(name) })
    );
  }

  #addDefault(node: Expression): void {
    if (isFunction(node)) this.#addFunction(DEFAULT_NAME, "const-function", node);
    else {
      const kind = isConstant(node) ? "literal" : "const";
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
      ...(node.type === "ArrowFunctionExpression" && { isArrow: true }),
      length: lengthOf(node),
    });
  }

  /** A class of the text that has become a variable with a class expression. */
  #findMade(name: string, init: AnyNode | null | undefined): Class | undefined {
    return this.#classes.has(name) && init ? findClassExpression(init, name) : undefined;
  }

  #addClass(name: string, kind: "class" | "const-class", node: Class): void {
    const { hasPrivate } = readClassFacts(node, this.#syntax.code);
    // What was written counts; but accessors have become private members, whatever they were.
    const written = readClassFacts(this.#classes.get(name) ?? node, this.#written);
    const facts = { ...written, hasPrivate: written.hasPrivate || hasPrivate };
    this.names.set(name, { ...PLAIN, kind, ...this.#at(node), facts });
  }

  #at(node: { readonly start: number }): { line: number; start: number } {
    return { line: this.#syntax.locate(node.start).line, start: node.start };
  }
}

/** Lists the classes that a text declares at top level. */
export function* classesOf({ body }: Program): Generator<[name: string, node: Class]> {
  for (const statement of body) {
    const node = "declaration" in statement ? statement.declaration : statement;
    if (node?.type === "ClassDeclaration") yield [node.id?.name ?? DEFAULT_NAME, node];
  }
}

/**
 * Finds the class in what a compiler makes of a declaration with decorators: `class A {}`, another
 * variable that is set to it, or a function that is called on the spot and has `return class A {}`
 * or `var A = class {}` in it.
 */
export function findClassExpression(init: AnyNode, name: string): Class | undefined {
  if (init.type === "ClassExpression") return init;
  if (init.type === "AssignmentExpression") return findClassExpression(init.right, name);
  if (init.type !== "CallExpression" || !isFunction(init.callee)) return undefined;
  const { body } = init.callee;
  for (const statement of body.type === "BlockStatement" ? body.body : []) {
    if (statement.type === "ReturnStatement" && statement.argument?.type === "ClassExpression") {
      return statement.argument;
    }
    if (statement.type !== "VariableDeclaration") continue;
    for (const { id, init: inner } of statement.declarations) {
      const isIt = id.type === "Identifier" && id.name === name;
      if (isIt && inner?.type === "ClassExpression") return inner;
    }
  }
  return undefined;
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

/**
 * Tells whether an expression is a constant written out: it can be evaluated again without changing
 * anything.
 */
export function isConstant(node: AnyNode): boolean {
  return (node.type === "Literal" && "regex" in node) || isLiteral(node);
}

/** Tells whether an expression is a constant written out that is no object. */
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
