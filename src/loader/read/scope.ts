/**
 * Which names a block, a function or a module declares.
 *
 * A scope is filled when it is entered, from its statements, so that a reference met later resolves
 * at once, also to a declaration that is below it. Types and positions are not its business.
 */

import type { AnyNode, Pattern } from "acorn";

/** The names declared in one block, function or module, and the scope around it. */
export class Scope {
  /** Names declared here. */
  readonly names: Set<string> = new Set();
  /** The scope around; undefined for the module's own. */
  readonly parent: Scope | undefined;

  constructor(parent: Scope | undefined) {
    this.parent = parent;
  }

  /** Returns the scope that declares the name, or undefined for a global. */
  find(name: string): Scope | undefined {
    if (this.names.has(name)) return this;
    return this.parent?.find(name);
  }
}

/** Calls `visit` for every name that a pattern binds. */
export function visitBoundNames(
  pattern: Pattern,
  visit: (name: string, node: AnyNode) => void,
): void {
  switch (pattern.type) {
    case "Identifier":
      visit(pattern.name, pattern);
      break;
    case "ObjectPattern":
      for (const property of pattern.properties) {
        visitBoundNames(property.type === "RestElement" ? property : property.value, visit);
      }
      break;
    case "ArrayPattern":
      for (const element of pattern.elements) if (element !== null) visitBoundNames(element, visit);
      break;
    case "AssignmentPattern":
      visitBoundNames(pattern.left, visit);
      break;
    case "RestElement":
      visitBoundNames(pattern.argument, visit);
      break;
    case "MemberExpression":
      break;
  }
}

/**
 * Declares what a list of statements declares for its own block: `let`, `const`, `using`, classes
 * and functions.
 */
export function declareLexical(statements: readonly AnyNode[], scope: Scope): void {
  for (const statement of statements) {
    if (statement.type === "VariableDeclaration" && statement.kind !== "var") {
      declarePatterns(statement.declarations, scope);
    } else if (statement.type === "ClassDeclaration" || statement.type === "FunctionDeclaration") {
      if (statement.id) scope.names.add(statement.id.name);
    }
  }
}

function declarePatterns(declarations: readonly { id: Pattern }[], scope: Scope): void {
  for (const { id } of declarations) visitBoundNames(id, (name) => scope.names.add(name));
}

/** Declares every `var` below a node that belongs to the same function. */
export function declareVars(node: AnyNode, scope: Scope): void {
  switch (node.type) {
    case "VariableDeclaration":
      if (node.kind === "var") declarePatterns(node.declarations, scope);
      break;
    case "ExportNamedDeclaration":
      if (node.declaration) declareVars(node.declaration, scope);
      break;
    default:
      for (const child of statementsBelow(node)) declareVars(child, scope);
  }
}

/** The statements directly inside a statement; nothing for functions, classes and expressions. */
function statementsBelow(node: AnyNode): AnyNode[] {
  switch (node.type) {
    case "Program":
    case "BlockStatement":
      return node.body;
    case "IfStatement":
      return node.alternate ? [node.consequent, node.alternate] : [node.consequent];
    case "ForStatement":
      return node.init ? [node.init, node.body] : [node.body];
    case "ForInStatement":
    case "ForOfStatement":
      return [node.left, node.body];
    case "WhileStatement":
    case "DoWhileStatement":
    case "LabeledStatement":
      return [node.body];
    case "TryStatement":
      return [
        node.block,
        ...(node.handler ? [node.handler.body] : []),
        ...(node.finalizer ? [node.finalizer] : []),
      ];
    case "SwitchStatement":
      return node.cases.flatMap((branch) => branch.consequent);
    default:
      return [];
  }
}
