/**
 * Classes whose constructor can be replaced while the class keeps its identity.
 *
 * The constructor first asks a variable whether a patch has put another class in its place, and
 * lets that one construct. A class without `extends` has run its field initialisers by then, which
 * must not have effects for an object that is thrown away. So there are three ways, and an ordinary
 * construction costs the same with each:
 *
 * - nothing to be done, if no initialiser does more than write a value down;
 * - otherwise it extends a root without effect, and its fields wait for `super()`. That is what `toString()` shows, too;
 * - where that could be noticed in the constructor (it returns something, its parameters do more than take arguments),
 *   each such initialiser asks the variable. That moves columns, so it is not done everywhere.
 */

import type {
  AnyNode,
  Class,
  Expression,
  Function as FunctionNode,
  PropertyDefinition,
} from "acorn";
import type { Edits } from "../text/edits.ts";
import { keyOf } from "../read/analysis.ts";
import { findConstructor, isFunction, isLiteral } from "../read/names.ts";

/**
 * Returns the name of the variable that holds the class which constructs in the place of a class,
 * if there is one.
 */
export function replacementOf(className: string): string {
  return `$snaxC_${className}`;
}

/** Prepares a class of the module's top level. */
export function weaveClass(edits: Edits, node: Class, name: string): void {
  const replacement = replacementOf(name);
  const divert = `if(${replacement})return $snax.construct(${replacement},arguments,new.target);`;
  const own = findConstructor(node);
  const busy = node.superClass ? [] : findBusyFields(node);
  const isRooted = busy.length > 0 && !isSensitive(own);
  if (isRooted) {
    const headEnd = node.id?.end ?? node.start + "class".length;
    edits.insertBehind(headEnd, " extends $snax.Root");
  } else {
    for (const field of busy) {
      const [before, behind] = keepName(field);
      edits.insertBefore(field.value.start, `${replacement}?void 0:(${before}`);
      edits.insertBehind(field.value.end, `${behind})`);
    }
  }
  if (own?.body.type === "BlockStatement") {
    edits.insertBehind(own.body.start + 1, `${divert}${isRooted ? "super();" : ""}`);
  } else {
    let rest = "";
    if (node.superClass) rest = "super(...arguments);";
    else if (isRooted) rest = "super();";
    edits.insertBefore(node.body.end - 1, `;constructor(){${divert}${rest}}`);
  }
}

/** A field with an initialiser. */
type Field = PropertyDefinition & { readonly value: Expression };

/** Returns the fields of an object whose initialisers do more than write a value down. */
function findBusyFields(node: Class): Field[] {
  return node.body.body.filter(
    (member): member is Field =>
      member.type === "PropertyDefinition" &&
      !member.static &&
      Boolean(member.value) &&
      !isQuiet(member.value as Expression),
  );
}

/**
 * What keeps the name of a class expression without one: its field names it, and does not if
 * something is between them. A computed key would be computed twice for it, so there the name
 * is lost.
 */
function keepName(field: Field): [before: string, behind: string] {
  const { key, value } = field;
  const name = key.type === "PrivateIdentifier" ? `#${key.name}` : keyOf(field);
  if (value.type !== "ClassExpression" || value.id || name === undefined) return ["", ""];
  const place = `[${JSON.stringify(name)}]`;
  return [`{${place}:`, `}${place}`];
}

function isQuiet(node: AnyNode): boolean {
  if (isLiteral(node) || isFunction(node)) return true;
  switch (node.type) {
    case "Identifier":
      return node.name === "undefined";
    case "ArrayExpression":
      return node.elements.every((element) => element === null || isQuiet(element));
    case "ObjectExpression":
      return node.properties.every(
        (property) => property.type === "Property" && !property.computed && isQuiet(property.value),
      );
    case "ClassExpression":
      return !node.superClass && node.body.body.every(isQuietMember);
    default:
      return false;
  }
}

/** Says whether a member does nothing while its class is made. */
function isQuietMember(member: Class["body"]["body"][number]): boolean {
  if (member.type === "StaticBlock" || member.computed) return false;
  if (member.type !== "PropertyDefinition" || !member.static || !member.value) return true;
  return isQuiet(member.value);
}

/** Tells whether a constructor would notice that it belongs to a class that extends another. */
function isSensitive(own: FunctionNode | undefined): boolean {
  if (own === undefined) return false;
  const takesMore = own.params.some((parameter) => {
    const target = parameter.type === "RestElement" ? parameter.argument : parameter;
    return target.type !== "Identifier";
  });
  return takesMore || returnsValue(own.body);
}

function returnsValue(node: AnyNode): boolean {
  if (node.type === "ReturnStatement") return Boolean(node.argument);
  if (node.type === "FunctionDeclaration" || isFunction(node)) return false;
  if (node.type === "ClassDeclaration" || node.type === "ClassExpression") return false;
  return Object.values(node).some((child: unknown) =>
    (Array.isArray(child) ? child : [child]).some(
      (each) => typeof each === "object" && each !== null && "type" in each && returnsValue(each),
    ),
  );
}
