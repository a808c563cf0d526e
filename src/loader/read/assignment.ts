/**
 * Targets of assignments: `x = `, `[x, o.y] = `, `for (x of ...)`, and the patterns of parameters and declarations.
 *
 * Part of the analysis: the walk comes here wherever a pattern can stand.
 */

import type { AnyNode, AssignmentProperty } from "acorn";
import type { Walk } from "./analysis.ts";

/**
 * Visits a pattern.
 *
 * @param assigned - collects the variables of the module that are assigned; undefined where the pattern declares its
 * names itself, so that they are no references.
 */
export function visitAssignment(walk: Walk, target: AnyNode, assigned: string[] | undefined): void {
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
export function nameOf(property: AnyNode, computed: boolean): string | undefined {
  if (!computed && property.type === "Identifier") return property.name;
  return property.type === "Literal" ? String(property.value) : undefined;
}

const GLOBAL_OBJECTS = new Set(["globalThis", "global"]);
