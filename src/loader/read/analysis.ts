/**
 * What the names of a module are used for.
 *
 * One walk over the tree resolves every identifier and keeps what concerns the module's own variables and the globals:
 * references with their use, the places that assign, `await` and `import()` at their positions. Names of inner scopes
 * are resolved and forgotten. The loader weaves images from it; patches are checked with it.
 */

import type { AnyNode, Function as FunctionNode, MemberExpression, Program } from "acorn";
import { nameOf, visitAssignment } from "./assignment.ts";
import type { Extent } from "../typescript/strip.ts";
import { VISITORS } from "./visitor.ts";
import { declareLexical, declareVars, Scope, visitBoundNames } from "./scope.ts";

/** How an identifier is used: called, given to `typeof`, assigned, asked for a member, or taken as a value. */
export type Use = "call" | "typeof" | "assign" | "member" | "member-call" | "value";

/** An identifier that means a variable of the module or a global. */
export interface Reference {
  readonly name: string;
  /** Offset of the identifier in the text. */
  readonly start: number;
  readonly use: Use;
  /** The member that is read or called, if it is written as a name. */
  readonly member?: string | undefined;
}

/** A place that assigns variables of the module, other than their own declarations at top level. */
export interface Write {
  /** An expression; `x++`, whose value is the old one; the head of a loop; a `var` below top level. */
  readonly kind: "expression" | "postfix" | "loop" | "declaration";
  /** The assigned variables. */
  readonly names: readonly string[];
  /** Extent of the expression or the statement; of the body for a loop. */
  readonly start: number;
  readonly end: number;
  /** Whether the loop's body is a block. */
  readonly isBlock: boolean;
}

/** An assignment to a member of `globalThis`. */
export interface GlobalWrite {
  readonly name: string;
  readonly start: number;
}

/** What one walk over a module finds. */
export interface Analysis {
  /** Names declared at top level, imports included. */
  readonly declared: ReadonlySet<string>;
  /** References to the module's own variables, in the order of the text. */
  readonly references: readonly Reference[];
  /** References to names that no scope of the module declares. */
  readonly freeReferences: readonly Reference[];
  /** The globals that the module mentions. */
  readonly freeNames: ReadonlySet<string>;
  readonly writes: readonly Write[];
  /** Offsets at which an expression stands as a statement. */
  readonly statements: ReadonlySet<number>;
  readonly globalWrites: readonly GlobalWrite[];
  /** Names of members, of whatever object, that are read and not called on the spot: a method of that name may be held. */
  readonly taken: ReadonlySet<string>;
  /** Offsets of `import` in `import(...)`. */
  readonly dynamicImports: readonly number[];
  /** Offsets of `import` in `import.meta`. */
  readonly metas: readonly number[];
  /** Fields of classes that are declared by a name and get no value. */
  readonly emptyFields: readonly Extent[];
  /** Whether there is an `await` at top level. */
  readonly isAsync: boolean;
  /** Whether a class is written anywhere. */
  readonly hasClasses: boolean;
}

/**
 * Walks a module's tree.
 *
 * @param outer - further names that count as declared at top level: for a patch, those of the module it is for.
 */
export function analyse(ast: Program, outer: Iterable<string> = []): Analysis {
  const walk = new Walk(ast);
  for (const name of outer) walk.module.names.add(name);
  walk.visitAll(ast.body);
  return {
    declared: walk.module.names,
    references: walk.references,
    freeReferences: walk.freeReferences,
    freeNames: new Set(walk.freeReferences.map((reference) => reference.name)),
    writes: walk.writes,
    statements: walk.statements,
    globalWrites: walk.globalWrites,
    taken: walk.taken,
    dynamicImports: walk.dynamicImports,
    metas: walk.metas,
    emptyFields: walk.emptyFields,
    isAsync: walk.isAsync,
    hasClasses: walk.hasClasses,
  };
}

/** The state of one walk; `visitor.ts` and `assignment.ts` say what each kind of node means. */
export class Walk {
  readonly module: Scope = new Scope(undefined);
  readonly references: Reference[] = [];
  readonly freeReferences: Reference[] = [];
  readonly writes: Write[] = [];
  readonly statements: Set<number> = new Set();
  readonly globalWrites: GlobalWrite[] = [];
  readonly taken: Set<string> = new Set();
  readonly dynamicImports: number[] = [];
  readonly metas: number[] = [];
  readonly emptyFields: Extent[] = [];
  isAsync = false;
  hasClasses = false;
  scope: Scope = this.module;
  #functionDepth = 0;

  constructor(ast: Program) {
    for (const statement of ast.body) {
      if (statement.type === "ImportDeclaration") {
        for (const { local } of statement.specifiers) this.module.names.add(local.name);
      }
      const inner = "declaration" in statement ? statement.declaration : statement;
      if (inner) declareLexical([inner as AnyNode], this.module);
    }
    declareVars(ast, this.module);
  }

  visitAll(nodes: readonly (AnyNode | null)[]): void {
    for (const node of nodes) if (node !== null) this.visit(node);
  }

  /** Visits an expression or a statement. */
  visit(node: AnyNode): void {
    const handle = VISITORS[node.type] as ((walk: Walk, node: AnyNode) => void) | undefined;
    if (handle === undefined) this.visitChildren(node);
    else handle(this, node);
  }

  visitChildren(node: AnyNode): void {
    const children = node as unknown as Record<string, unknown>;
    for (const key in children) {
      const child = children[key];
      if (Array.isArray(child)) for (const item of child) this.#visitUnknown(item);
      else this.#visitUnknown(child);
    }
  }

  #visitUnknown(child: unknown): void {
    if (typeof child === "object" && child !== null && "type" in child)
      this.visit(child as AnyNode);
  }

  /** Notes a reference, if the name means a variable of the module or a global. */
  refer(name: string, start: number, use: Use, member?: string): Scope | undefined {
    const scope = this.scope.find(name);
    if (scope === undefined) this.freeReferences.push({ name, start, use, member });
    else if (scope === this.module) this.references.push({ name, start, use, member });
    return scope;
  }

  /** Visits `object.member`; where a value is assigned nothing is taken. */
  visitMember(node: MemberExpression, use: "member" | "member-call" | "assign"): void {
    const { object, property, computed } = node;
    if (computed) this.visit(property);
    const member = nameOf(property, computed);
    if (use === "member" && member !== undefined) this.taken.add(member);
    if (object.type !== "Identifier") this.visit(object);
    else if (computed || property.type !== "Identifier")
      this.refer(object.name, object.start, "value");
    else this.refer(object.name, object.start, use === "assign" ? "member" : use, property.name);
  }

  /** Visits what stands inside a scope of its own. */
  within(declare: (scope: Scope) => void, visit: () => void): void {
    const outer = this.scope;
    this.scope = new Scope(outer);
    declare(this.scope);
    visit();
    this.scope = outer;
  }

  /** Visits code that runs only when it is called. */
  inFunction(visit: () => void): void {
    this.#functionDepth += 1;
    visit();
    this.#functionDepth -= 1;
  }

  noteAwait(): void {
    if (this.#functionDepth === 0) this.isAsync = true;
  }

  visitFunction(node: FunctionNode): void {
    const ownName = node.type === "FunctionExpression" ? node.id?.name : undefined;
    const declareParameters = (scope: Scope): void => {
      if (node.type !== "ArrowFunctionExpression") scope.names.add("arguments");
      if (ownName !== undefined) scope.names.add(ownName);
      for (const parameter of node.params) {
        visitBoundNames(parameter, (name) => scope.names.add(name));
      }
    };
    this.within(declareParameters, () =>
      this.inFunction(() => {
        for (const parameter of node.params) visitAssignment(this, parameter, undefined);
        if (node.body.type === "BlockStatement") this.visitBody(node.body.body);
        else this.visit(node.body);
      }),
    );
  }

  /** Visits the statements of a function or a static block, to which every `var` below belongs. */
  visitBody(statements: readonly AnyNode[]): void {
    const declare = (scope: Scope): void => {
      declareLexical(statements, scope);
      for (const statement of statements) declareVars(statement, scope);
    };
    this.within(declare, () => this.visitAll(statements));
  }
}
