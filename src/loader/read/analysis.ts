/**
 * What the names of a module are used for.
 *
 * One walk over the tree resolves every identifier and keeps what concerns the module's own
 * variables and the globals: references with their use, the places that assign, `await` and
 * `import()` at their positions. Names of inner scopes are resolved and forgotten. The loader
 * weaves images from it; patches are checked with it.
 */

import type {
  AnyNode,
  Function as FunctionNode,
  MemberExpression,
  Program,
  PropertyDefinition,
  AssignmentProperty,
} from "acorn";
import { declareLexical, declareVars, Scope, visitBoundNames } from "./scope.ts";

/**
 * How an identifier is used: called, given to `typeof`, assigned, asked for a member, or taken as a
 * value.
 */
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
  /**
   * An expression; `x++`, whose value is the old one; the head of a loop; a `var` below top level.
   */
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
  /** Offsets of the expressions that are statements. */
  readonly statements: ReadonlySet<number>;
  readonly globalWrites: readonly GlobalWrite[];
  /**
   * Names of members, of any object, that are read and not called on the spot: a method of
   * that name may be held.
   */
  readonly taken: ReadonlySet<string>;
  /** Offsets of the functions and classes that are inside functions, those in one that comes first, first. */
  readonly inner: readonly number[];
  /** Offsets of `import` in `import(...)`. */
  readonly dynamicImports: readonly number[];
  /** Offsets of `import` in `import.meta`. */
  readonly metas: readonly number[];
  /** Fields of classes that get no value. */
  readonly emptyFields: readonly PropertyDefinition[];
  /** Whether there is an `await` at top level. */
  readonly isAsync: boolean;
  /** Whether a class is written anywhere. */
  readonly hasClasses: boolean;
  /** How many functions return one that is written on the spot. */
  readonly makerCount: number;
}

/**
 * Walks a module's tree.
 *
 * @param outer - further names that count as declared at top level: for a patch, those of the
 * module it is for.
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
    inner: walk.inner,
    dynamicImports: walk.dynamicImports,
    metas: walk.metas,
    emptyFields: walk.emptyFields,
    isAsync: walk.isAsync,
    hasClasses: walk.hasClasses,
    makerCount: walk.makerCount,
  };
}

/** The state of one walk; {@link VISITORS} says what each kind of node means. */
export class Walk {
  readonly module: Scope = new Scope(undefined);
  readonly references: Reference[] = [];
  readonly freeReferences: Reference[] = [];
  readonly writes: Write[] = [];
  readonly statements: Set<number> = new Set();
  readonly globalWrites: GlobalWrite[] = [];
  readonly taken: Set<string> = new Set();
  readonly inner: number[] = [];
  readonly dynamicImports: number[] = [];
  readonly metas: number[] = [];
  readonly emptyFields: PropertyDefinition[] = [];
  isAsync = false;
  hasClasses = false;
  makerCount = 0;
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

  /** Visits what is inside a scope of its own. */
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

  /** Notes a function or a class that a function makes. */
  noteInner({ start }: AnyNode | FunctionNode): void {
    if (this.#functionDepth > 0) this.inner.push(start);
  }

  visitFunction(node: FunctionNode): void {
    this.noteInner(node);
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
        else {
          if (isWritten(node.body)) this.makerCount += 1;
          this.visit(node.body);
        }
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

type Visitors = {
  [Type in AnyNode["type"]]?: (walk: Walk, node: Extract<AnyNode, { type: Type }>) => void;
};

/** The nodes that mean more than the sum of their children. */
const VISITORS: Visitors = {
  Identifier: (walk, node) => void walk.refer(node.name, node.start, "value"),
  FunctionDeclaration: (walk, node) => walk.visitFunction(node),
  FunctionExpression: (walk, node) => walk.visitFunction(node),
  ArrowFunctionExpression: (walk, node) => walk.visitFunction(node),
  ClassDeclaration: visitClass,
  ClassExpression: visitClass,
  StaticBlock: (walk, node) => walk.inFunction(() => walk.visitBody(node.body)),
  PropertyDefinition: (walk, node) => {
    if (node.computed) walk.visit(node.key);
    const { value } = node;
    if (value) walk.inFunction(() => walk.visit(value));
    else if (node.key.type !== "PrivateIdentifier") walk.emptyFields.push(node);
  },
  MethodDefinition: visitMember,
  Property: visitMember,
  BlockStatement: (walk, node) =>
    walk.within(
      (scope) => declareLexical(node.body, scope),
      () => walk.visitAll(node.body),
    ),
  SwitchStatement: (walk, node) => {
    walk.visit(node.discriminant);
    const body = node.cases.flatMap((branch) => branch.consequent);
    walk.within(
      (scope) => declareLexical(body, scope),
      () => walk.visitAll(node.cases),
    );
  },
  CatchClause: (walk, node) => {
    const { param, body } = node;
    walk.within(
      (scope) => param && visitBoundNames(param, (name) => scope.names.add(name)),
      () => {
        if (param) visitAssignment(walk, param, undefined);
        walk.visit(body);
      },
    );
  },
  ForStatement: (walk, node) => visitLoop(walk, node.init, () => walk.visitChildren(node)),
  ForInStatement: (walk, node) => visitLoop(walk, node.left, () => visitForEach(walk, node)),
  ForOfStatement: (walk, node) => {
    if (node.await) walk.noteAwait();
    visitLoop(walk, node.left, () => visitForEach(walk, node));
  },
  VariableDeclaration: (walk, node) => {
    if ((node.kind as string) === "await using") walk.noteAwait();
    const assigned: string[] = [];
    for (const { id, init } of node.declarations) {
      visitAssignment(walk, id, undefined);
      if (init) walk.visit(init);
      const isHoisted = node.kind === "var" && walk.scope !== walk.module;
      if (init && isHoisted) collectModuleNames(walk, id, assigned);
    }
    if (assigned.length > 0) note(walk, "declaration", assigned, node);
  },
  AssignmentExpression: (walk, node) => {
    const assigned: string[] = [];
    visitAssignment(walk, node.left, assigned);
    walk.visit(node.right);
    if (assigned.length > 0) note(walk, "expression", assigned, node);
  },
  UpdateExpression: (walk, node) => {
    const assigned: string[] = [];
    visitAssignment(walk, node.argument, assigned);
    if (assigned.length > 0) note(walk, node.prefix ? "expression" : "postfix", assigned, node);
  },
  ExpressionStatement: (walk, node) => {
    walk.statements.add(node.start);
    walk.visit(node.expression);
  },
  CallExpression: (walk, node) => {
    visitCallee(walk, node.callee);
    walk.visitAll(node.arguments);
  },
  TaggedTemplateExpression: (walk, node) => {
    visitCallee(walk, node.tag);
    walk.visit(node.quasi);
  },
  UnaryExpression: (walk, node) => {
    const { argument } = node;
    if (node.operator === "typeof" && argument.type === "Identifier") {
      walk.refer(argument.name, argument.start, "typeof");
    } else walk.visit(argument);
  },
  MemberExpression: (walk, node) => walk.visitMember(node, "member"),
  MetaProperty: (walk, node) => {
    if (node.meta.name === "import") walk.metas.push(node.start);
  },
  ImportExpression: (walk, node) => {
    walk.dynamicImports.push(node.start);
    walk.visit(node.source);
    if (node.options) walk.visit(node.options);
  },
  ReturnStatement: (walk, { argument }) => {
    if (!argument) return;
    if (isWritten(argument)) walk.makerCount += 1;
    walk.visit(argument);
  },
  AwaitExpression: (walk, node) => {
    walk.noteAwait();
    walk.visit(node.argument);
  },
  LabeledStatement: (walk, node) => walk.visit(node.body),
  BreakStatement: () => {},
  ContinueStatement: () => {},
  ImportDeclaration: () => {},
  ExportAllDeclaration: () => {},
  ExportNamedDeclaration: (walk, node) => {
    if (node.declaration) walk.visit(node.declaration);
  },
  ExportDefaultDeclaration: (walk, node) => {
    // An export by itself does not take the function as a value.
    if (node.declaration.type !== "Identifier") walk.visit(node.declaration);
    else walk.refer(node.declaration.name, node.declaration.start, "typeof");
  },
};

/** Whether an expression is a function that is written on the spot. */
function isWritten({ type }: AnyNode): boolean {
  return type === "ArrowFunctionExpression" || type === "FunctionExpression";
}

type NodeOf<Type extends AnyNode["type"]> = Extract<AnyNode, { type: Type }>;

function visitClass(walk: Walk, node: NodeOf<"ClassDeclaration" | "ClassExpression">): void {
  const name = node.id?.name;
  walk.hasClasses = true;
  walk.noteInner(node);
  walk.within(
    (scope) => name !== undefined && scope.names.add(name),
    () => {
      if (node.superClass) walk.visit(node.superClass);
      walk.visit(node.body);
    },
  );
}

function visitMember(walk: Walk, node: NodeOf<"MethodDefinition" | "Property">): void {
  if (node.computed) walk.visit(node.key);
  walk.visit(node.value);
}

function visitCallee(walk: Walk, callee: AnyNode): void {
  if (callee.type === "Identifier") walk.refer(callee.name, callee.start, "call");
  else if (callee.type === "MemberExpression") walk.visitMember(callee, "member-call");
  else walk.visit(callee);
}

function visitLoop(walk: Walk, head: AnyNode | null | undefined, visit: () => void): void {
  walk.within((scope) => head && declareLexical([head], scope), visit);
}

function visitForEach(walk: Walk, node: NodeOf<"ForInStatement" | "ForOfStatement">): void {
  const assigned: string[] = [];
  const { left, right, body } = node;
  if (left.type === "VariableDeclaration") {
    for (const { id } of left.declarations) {
      visitAssignment(walk, id, undefined);
      if (left.kind === "var") collectModuleNames(walk, id, assigned);
    }
  } else visitAssignment(walk, left, assigned);
  walk.visit(right);
  if (assigned.length > 0) note(walk, "loop", assigned, body);
  walk.visit(body);
}

function collectModuleNames(
  walk: Walk,
  pattern: Parameters<typeof visitBoundNames>[0],
  into: string[],
): void {
  visitBoundNames(pattern, (name) => {
    if (walk.scope.find(name) === walk.module) into.push(name);
  });
}

function note(walk: Walk, kind: Write["kind"], names: readonly string[], node: AnyNode): void {
  const isBlock = node.type === "BlockStatement";
  walk.writes.push({ kind, names, start: node.start, end: node.end, isBlock });
}

/**
 * Visits a pattern.
 *
 * @param assigned - collects the variables of the module that are assigned; undefined where the
 * pattern declares its names itself, so that they are no references.
 */
function visitAssignment(walk: Walk, target: AnyNode, assigned: string[] | undefined): void {
  switch (target.type) {
    case "Identifier":
      if (assigned === undefined) return;
      if (walk.refer(target.name, target.start, "assign") === walk.module)
        assigned.push(target.name);
      return;
    case "ObjectPattern":
      for (const property of target.properties) {
        if (property.type === "Property") noteTaken(walk, property);
        visitAssignment(walk, property.type === "Property" ? property.value : property, assigned);
      }
      return;
    case "ArrayPattern":
      for (const element of target.elements) {
        if (element !== null) visitAssignment(walk, element, assigned);
      }
      return;
    case "AssignmentPattern":
      visitAssignment(walk, target.left, assigned);
      walk.visit(target.right);
      return;
    case "RestElement":
      visitAssignment(walk, target.argument, assigned);
      return;
    case "MemberExpression":
      noteGlobalWrite(walk, target);
      walk.visitMember(target, "assign");
      return;
    default:
      walk.visit(target);
  }
}

function noteGlobalWrite(walk: Walk, target: AnyNode & { type: "MemberExpression" }): void {
  const { object, property, computed } = target;
  if (object.type !== "Identifier" || !GLOBAL_OBJECTS.has(object.name)) return;
  if (walk.scope.find(object.name) !== undefined) return;
  const name = nameOf(property, computed);
  if (name !== undefined) walk.globalWrites.push({ name, start: target.start });
}

function noteTaken(walk: Walk, { key, computed }: AssignmentProperty): void {
  if (computed) walk.visit(key);
  const name = nameOf(key, computed);
  if (name !== undefined) walk.taken.add(name);
}

/** Returns the name of a member, if the text says it. */
function nameOf(property: AnyNode, computed: boolean): string | undefined {
  if (!computed && property.type === "Identifier") return property.name;
  return property.type === "Literal" ? String(property.value) : undefined;
}

const GLOBAL_OBJECTS = new Set(["globalThis", "global"]);

/** Returns the key of a member; undefined if it is computed or private. */
export function keyOf({
  computed,
  key,
}: {
  readonly computed: boolean;
  readonly key: AnyNode;
}): string | undefined {
  if (computed) return undefined;
  if (key.type === "Identifier") return key.name;
  return key.type === "Literal" ? String(key.value) : undefined;
}
