/**
 * What a patch can put in the place of a value that is written out, as `snax diff` foresees it: see live/text/table-text.ts and
 * live/text/list-text.ts, which decide when the patch comes.
 */

import type { AnyNode } from "acorn";
import { visitChildren } from "../loader/read/children.ts";
import { isFunction, isLiteral } from "../loader/read/names.ts";
import { isData, thaw } from "../loader/read/written.ts";
import { keyOf } from "../loader/read/analysis.ts";
import { wayText, wayTo } from "../loader/read/member-key.ts";
import type { EditScene } from "./edit-scene.ts";
import type { ModuleText, Piece } from "./module-text.ts";
import type { ProgramText } from "./program-text.ts";

/** What `Object.freeze(...)` is given; any other node as it is. */
export function thawIn(module: ModuleText, node: AnyNode): AnyNode {
  return thaw(node, (name) => isDeclared(module, name));
}

/** Tells whether a value is data that is written out, or a list, a Set or a Map of data and functions. */
export function isGiven({ was, now }: EditScene, node: AnyNode): boolean {
  const isKnown = (name: string): boolean => isDeclared(was, name) || isDeclared(now, name);
  const isConstant = (name: string): boolean =>
    (was.byName.get(name) ?? now.byName.get(name))?.kind === "literal";
  // In a list a name stands for a function.
  return isData(node, isKnown) || (isList(node, isKnown) && !hasName(node, isConstant));
}

function hasName(node: AnyNode, isConstant: (name: string) => boolean): boolean {
  if (node.type === "Identifier") return isConstant(node.name);
  if (isFunction(node)) return false;
  let isIt = false;
  visitChildren(node, (child) => {
    const isKey = node.type === "Property" && child === node.key && child !== node.value;
    isIt ||= !isKey && hasName(child, isConstant);
  });
  return isIt;
}

/** Whether a value is read from a constant, an enum's member or a member of something else: `MAX`, `Kind.Bow`. */
export function isRead({ was, now }: EditScene, node: AnyNode): boolean {
  const [root, ...way] = wayTo(node) ?? [];
  if (root === undefined) return false;
  const kind = (now.byName.get(root) ?? was.byName.get(root))?.kind;
  if (way.length === 0) return kind === "literal";
  // The name of a module, and of what is new, is read when the patch is in.
  return isDeclared(was, root) || isDeclared(now, root) || isEnumName(was, root);
}

function isEnumName({ types }: ModuleText, name: string): boolean {
  return types.some((type) => type.kind === "enum" && type.name === name);
}

/** Whether a new entry of a table can be given: functions, data and objects of them, spreads; see live/text/table-text.ts. */
export function isNewEntry(scene: EditScene, node: AnyNode): boolean {
  const { was, now } = scene;
  const isKnown = (name = ""): boolean => isDeclared(was, name) || isDeclared(now, name);
  if (isFunction(node) || node.type === "Identifier" || isRead(scene, node)) return true;
  if (node.type !== "ObjectExpression") return isGiven(scene, node);
  const hasSpread = node.properties.some(({ type }) => type === "SpreadElement");
  return node.properties.every((each) => {
    if (each.type === "SpreadElement") return isKnown(wayTo(each.argument)?.[0]);
    if (each.kind !== "init" || keyOf(each) === undefined) return false;
    // What stands beside a spread is evaluated with it.
    const isPlain = !hasSpread || !/^(?:Array|New)Expression$/.test(each.value.type);
    return (isPlain || isData(each.value, isKnown)) && isNewEntry(scene, each.value);
  });
}

function isDeclared({ byName, imports }: ModuleText, name: string): boolean {
  return byName.has(name) || imports.some(({ local }) => local === name);
}

type IsKnown = (name: string) => boolean;

function isList(node: AnyNode, isKnown: IsKnown): boolean {
  const isPart = (each: AnyNode | null): boolean => each !== null && isEntry(each, isKnown);
  const inner = thaw(node, isKnown);
  if (inner.type === "ArrayExpression") return inner.elements.every(isPart);
  if (inner.type !== "NewExpression" || inner.callee.type !== "Identifier") return false;
  const { name } = inner.callee;
  const [first, ...more] = inner.arguments;
  if (isKnown(name) || more.length > 0 || first?.type !== "ArrayExpression") return false;
  if (name === "Set") return first.elements.every(isPart);
  const isPair = (each: AnyNode | null): boolean =>
    each?.type === "ArrayExpression" &&
    each.elements.length === 2 &&
    each.elements.every(isPart) &&
    isLiteral(each.elements[0] as AnyNode);
  return name === "Map" && first.elements.every(isPair);
}

function isEntry(node: AnyNode, isKnown: IsKnown): boolean {
  if (isFunction(node) || node.type === "Identifier" || isData(node, isKnown)) return true;
  if (node.type !== "ObjectExpression") return isList(node, isKnown);
  return node.properties.every(
    (each) =>
      each.type === "Property" &&
      each.kind === "init" &&
      keyOf(each) !== undefined &&
      isEntry(each.value, isKnown),
  );
}

/** Methods of lists, Sets, Maps and Dates that change nothing. */
const READERS: ReadonlySet<string> = new Set([
  ...["at", "concat", "entries", "every", "filter", "find", "findIndex", "findLast", "flat"],
  ...["flatMap", "forEach", "get", "getTime", "has", "includes", "indexOf", "join", "keys"],
  ...["lastIndexOf", "map", "reduce", "reduceRight", "slice", "some", "toISOString", "toSorted"],
  ...["toString", "values", "with"],
]);

/**
 * Tells whether the module only reads a list that it writes out, as far as its text shows. A patch that comes when the list
 * has been changed all the same is refused.
 */
export function isOnlyRead(scene: EditScene, piece: Piece): boolean {
  const { value } = piece;
  if (value === undefined) return false;
  return !hasAssigned(value, scene.uses.assigned) && !isHandedOut(scene, piece, false);
}

/** Whether the value of a name gets where it may be changed, as far as the texts of the program show. */
export function isHandedOut({ was, program }: EditScene, piece: Piece, isTable = true): boolean {
  const { name } = piece;
  if (isPassed(was.syntax.ast, [], { name, isTable })) return true;
  return piece.isExported && !was.isService && isHandedOutElsewhere(was, program, name, isTable);
}

// oxlint-disable-next-line max-params -- a name of a module of a program
function isHandedOutElsewhere(
  was: ModuleText,
  program: ProgramText,
  name: string,
  isTable: boolean,
): boolean {
  // Others may import a shared module, and one that is imported at run time.
  if (was.loose.some(({ kind }) => kind === "directive")) return true;
  for (const module of program.modules.values()) {
    if (module.syntax.code.includes("import(")) return true;
    for (const { local, imported } of module.imports) {
      const origin = program.originOf(module, local);
      if (origin?.module !== was) continue;
      if (imported === "*" || origin.name === "*") return true;
      if (origin.name !== name) continue;
      if (isPassed(module.syntax.ast, [], { name: local, isTable })) return true;
    }
  }
  return false;
}

function hasAssigned(node: AnyNode, assigned: ReadonlySet<string>): boolean {
  const key = node.type === "Property" ? keyOf(node) : undefined;
  if (key !== undefined && assigned.has(key)) return true;
  let isIt = false;
  visitChildren(node, (child) => {
    isIt ||= !isFunction(child) && hasAssigned(child, assigned);
  });
  return isIt;
}

interface Wanted {
  readonly name: string;
  /** Whether it is an object, whose own functions may be called. */
  readonly isTable: boolean;
}

/** Whether a name is where its value may be changed, or get into other hands; one that means something else counts, too. */
function isPassed(node: AnyNode, above: readonly AnyNode[], what: Wanted): boolean {
  const { name, isTable } = what;
  if (node.type === "Identifier" && node.name === name) return !isReading(node, above, isTable);
  let isIt = false;
  visitChildren(node, (child) => {
    isIt ||= isPassed(child, [node, ...above.slice(0, 1)], what);
  });
  return isIt;
}

/** Functions of the language that look at an object and change nothing. */
function isLooking(callee: AnyNode): boolean {
  return LOOKERS.has(wayText(callee) ?? "");
}

const LOOKERS: ReadonlySet<string> = new Set([
  ...["Object.keys", "Object.entries", "Object.values", "JSON.stringify", "Object.hasOwn"],
]);

function isReading(node: AnyNode, [parent, grand]: readonly AnyNode[], isTable: boolean): boolean {
  if (parent?.type === "SpreadElement" || parent?.type === "BinaryExpression") return true;
  if (parent?.type === "NewExpression") return parent.callee === node;
  if (parent?.type === "ClassDeclaration" || parent?.type === "ClassExpression") return true;
  if (parent?.type === "VariableDeclarator") return parent.id === node;
  if (parent?.type === "ImportSpecifier" || parent?.type === "ExportSpecifier") return true;
  if (parent?.type === "Property") return parent.value !== node;
  if (parent?.type === "MethodDefinition" || parent?.type === "PropertyDefinition")
    return parent.value !== node;
  if (parent?.type === "ForOfStatement" || parent?.type === "ForInStatement")
    return parent.right === node;
  if (parent?.type === "CallExpression" && parent.callee !== node) return isLooking(parent.callee);
  if (parent?.type !== "MemberExpression") return false;
  if (parent.object !== node) return !parent.computed;
  const { computed, property } = parent;
  if (grand?.type === "AssignmentExpression") return grand.left !== parent;
  if (grand?.type === "UpdateExpression") return false;
  if (grand?.type === "UnaryExpression") return grand.operator !== "delete";
  const isCall = grand?.type === "CallExpression" && grand.callee === parent;
  const isPlain = !isCall || computed || isTable;
  return isPlain || (property.type === "Identifier" && READERS.has(property.name));
}
