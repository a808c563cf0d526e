/**
 * The members of classes and objects of a module's top level, read from its text.
 *
 * They are rarely needed: the image keeps its text and not the tree, so the text is parsed again for them.
 */

import type { AnyNode, Class, ObjectExpression, Program } from "acorn";
import { parse } from "acorn";
import type { Image } from "./image.ts";
import { keyOf } from "../read/analysis.ts";
import { memberKeyOf } from "../read/member-key.ts";
import { DEFAULT_NAME } from "../read/record.ts";
import { thaw } from "../read/written.ts";

/** The names of members: of a class's instances or of an object, and of a class itself. */
export interface TextMembers {
  readonly own: Set<string>;
  readonly statics: Set<string>;
}

/**
 * Reads the members of what has one of the names; undefined if nothing has, or if they only show at
 * run time.
 */
export function readMembers(image: Image, names: readonly string[]): TextMembers | undefined {
  const members: TextMembers = { own: new Set(), statics: new Set() };
  const values = valuesOf(parseBody(image), names);
  const isComplete = values.length > 0 && values.every((node) => addMembers(node, members));
  return isComplete ? members : undefined;
}

/** Parses the woven text of a module, whose body is that of a function that may await. */
export function parseBody({ data }: Image): Program {
  return parse(data.body, {
    ecmaVersion: "latest",
    sourceType: "module",
    allowReturnOutsideFunction: true,
  });
}

/** What a text gives as the value of a name, or of a member of it. */
export type TextObject = AnyNode;

/**
 * Finds what a module's text gives as the value of a `const`; undefined if it declares none, or in
 * another way.
 */
export function findValue(image: Image, name: string): TextObject | undefined {
  for (const statement of parseBody(image).body) {
    if (statement.type === "VariableDeclaration") {
      for (const { id, init } of statement.declarations) {
        if (id.type === "Identifier" && id.name === name) return init ?? undefined;
      }
    } else if (name === DEFAULT_NAME && statement.type === "ExpressionStatement") {
      // An anonymous default export is woven into an assignment.
      const { expression } = statement;
      if (expression.type !== "AssignmentExpression" || expression.left.type !== "Identifier")
        continue;
      if (expression.left.name === name) return expression.right;
    }
  }
  return undefined;
}

/** Finds a member of an object that is written out. */
export function memberOf(given: TextObject | undefined, key: string): TextObject | undefined {
  const object = given === undefined ? undefined : thaw(given, () => false);
  if (object?.type !== "ObjectExpression") return undefined;
  const found = object.properties.findLast(
    (property) => property.type === "Property" && memberKeyOf(property)?.name === key,
  );
  return found?.type === "Property" && found.kind === "init" ? found.value : undefined;
}

function valuesOf({ body }: Program, names: readonly string[]): AnyNode[] {
  return body.flatMap((statement): AnyNode[] => {
    if (statement.type === "ClassDeclaration")
      return names.includes(statement.id.name) ? [statement] : [];
    if (statement.type !== "VariableDeclaration") return [];
    return statement.declarations.flatMap(({ id, init }) =>
      id.type === "Identifier" && names.includes(id.name) ? [init ?? id] : [],
    );
  });
}

function addMembers(node: AnyNode, members: TextMembers): boolean {
  switch (node.type) {
    case "ClassDeclaration":
    case "ClassExpression":
      return addClassMembers(node, members);
    case "ObjectExpression":
      return addProperties(node, members);
    default:
      return false;
  }
}

function addClassMembers({ body }: Class, { own, statics }: TextMembers): boolean {
  for (const member of body.body) {
    if (member.type === "StaticBlock") continue;
    const name = keyOf(member);
    if (name === undefined) return false;
    (member.static ? statics : own).add(name);
  }
  return true;
}

function addProperties({ properties }: ObjectExpression, { own }: TextMembers): boolean {
  for (const property of properties) {
    const name = property.type === "Property" ? keyOf(property) : undefined;
    if (name === undefined) return false;
    own.add(name);
  }
  return true;
}
