/**
 * What the text of a class says of construction: its fields, its constructor, and the parameters
 * that are properties.
 */

import type { Class, Function as FunctionNode, PropertyDefinition } from "acorn";
import { findConstructor } from "../../loader/read/names.ts";
import { keyOf } from "../../loader/read/analysis.ts";

/** A field as it is written. */
export interface FieldOutline {
  readonly node: PropertyDefinition;
  /** Its name; undefined for one that has to be computed, and for a private one. */
  readonly name: string | undefined;
}

/** The members of a class that are no methods. */
export interface ClassOutline {
  readonly node: Class;
  readonly fields: readonly FieldOutline[];
  readonly statics: readonly FieldOutline[];
  readonly maker: FunctionNode | undefined;
  /** Names of the constructor's parameters that are properties. */
  readonly properties: readonly string[];
}

/**
 * Reads a class.
 *
 * @param parameterProperties - offsets of the parameters that are properties.
 */
export function readOutline(node: Class, parameterProperties: ReadonlySet<number>): ClassOutline {
  const fields: FieldOutline[] = [];
  const statics: FieldOutline[] = [];
  for (const member of node.body.body) {
    if (member.type !== "PropertyDefinition") continue;
    (member.static ? statics : fields).push({ node: member, name: nameOf(member) });
  }
  const maker = findConstructor(node);
  const properties: string[] = [];
  for (const parameter of maker?.params ?? []) {
    if (!parameterProperties.has(parameter.start)) continue;
    const bound = parameter.type === "AssignmentPattern" ? parameter.left : parameter;
    if (bound.type === "Identifier") properties.push(bound.name);
  }
  return { node, fields, statics, maker, properties };
}

function nameOf(field: PropertyDefinition): string | undefined {
  return field.key.type === "Literal" ? String(field.key.value) : keyOf(field);
}
