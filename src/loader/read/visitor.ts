/**
 * The syntax nodes that mean more than the sum of their children.
 *
 * Part of the analysis: what each of them does to scopes, and which use it makes of the identifiers in it. A node that is
 * not listed is walked child by child.
 */

import type { AnyNode } from "acorn";
import type { Walk, Write } from "./analysis.ts";
import { visitAssignment } from "./assignment.ts";
import { declareLexical, visitBoundNames } from "./scope.ts";

type Visitors = {
  [Type in AnyNode["type"]]?: (walk: Walk, node: Extract<AnyNode, { type: Type }>) => void;
};

/** The nodes that mean more than the sum of their children. */
export const VISITORS: Visitors = {
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
    else if (!node.computed && node.key.type !== "PrivateIdentifier") walk.emptyFields.push(node);
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

type NodeOf<Type extends AnyNode["type"]> = Extract<AnyNode, { type: Type }>;

function visitClass(walk: Walk, node: NodeOf<"ClassDeclaration" | "ClassExpression">): void {
  const name = node.id?.name;
  walk.hasClasses = true;
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
