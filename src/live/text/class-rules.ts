/**
 * Which replacements of a class live instances can follow.
 *
 * A class keeps its identity: what a patch gives is grafted onto it. Methods, fields, statics and
 * the constructor are given or added, one by one; what the patch does not mention stays. A field
 * without an initialiser is a type.
 */

import type { Class } from "acorn";
import type { ClassFacts } from "../../loader/read/names.ts";
import { isFunction, isLiteral } from "../../loader/read/names.ts";
import type { ClassOutline, FieldOutline } from "./class-outline.ts";
import { findSuperCall } from "./class-parts-weave.ts";
import type { RunningClass } from "./running-class.ts";
import { isTable } from "./running-class.ts";
import { touchesPrivate } from "../../texts/member.ts";

/** Says why a class can't be replaced by the one of a patch; undefined if it can. */
export function checkClass(node: Class, patch: ClassFacts, live: ClassFacts): string | undefined {
  if (normal(patch.heritage) !== normal(live.heritage)) {
    const was = live.heritage === undefined ? "extends nothing" : `extends ${live.heritage}`;
    return `it ${was}, and a patch can't change that; repeat it`;
  }
  if (patch.hasStaticBlock) return "a static block would run again; put it into hotfix()";
  if (patch.hasPrivate || touchesPrivate(node.body)) {
    return "live instances lack the #private members of another class body; a patched method can't touch them";
  }
  return undefined;
}

/**
 * Says whether a class changes how later instances are made: it has a constructor, or fields with
 * initialisers.
 */
export function isConstructing({ fields, maker }: ClassOutline): boolean {
  return maker !== undefined || fields.some(({ node }) => node.value);
}

/**
 * Says why fields and constructor of a patch can't be put together with those of the running class.
 */
export function checkConstruction(patch: ClassOutline, live: RunningClass): string | undefined {
  if (live.hasPrivate) {
    return "it has #private members, which instances made by a new constructor or with new fields would lack";
  }
  if (live.unstable !== undefined) {
    return `its field [${live.unstable}] would have to be computed again; set new values in a method`;
  }
  if (patch.node.superClass?.type === "Literal") return "it extends null, and has no instances";
  const { maker, properties } = patch;
  if (properties.length > 0 && patch.node.superClass && maker?.body.type === "BlockStatement") {
    if (findSuperCall(maker.body.body) === undefined)
      return "a constructor whose parameters are properties needs super(...) as a statement of its own";
  }
  const names = patch.fields.flatMap(({ node, name }) => (node.value && name) || []);
  const taken = maker === undefined ? live.running.properties : properties;
  const twice = names.find((name) => taken.includes(name));
  return twice === undefined ? undefined : propertyText(twice);
}

/** Says why a field can't be given that the constructor sets. */
export function propertyText(name: string): string {
  return `${name} is a parameter of the constructor: patch that instead`;
}

/** What becomes of a static field of a patch. */
export type StaticKind = "literal" | "function" | "table" | "value" | "type";

/**
 * Says what a static field is to the running class. One that the class has in the same words does
 * nothing, like a type; an object is read all the same, for an earlier patch may have changed it.
 */
export function kindOfStatic(
  { node: { value }, name }: FieldOutline,
  live: RunningClass | undefined,
  code: string,
): StaticKind {
  if (!value) return "type";
  if (isLiteral(value)) return "literal";
  if (isFunction(value)) return "function";
  const running = name === undefined ? undefined : live?.statics.get(name);
  if (running?.table !== undefined && isTable(value)) return "table";
  return running?.text === code.slice(value.start, value.end) ? "type" : "value";
}

/** Says why a static field can't be given. */
export function checkStatic(
  className: string,
  { name }: FieldOutline,
  kind: StaticKind,
  live: RunningClass,
): string | undefined {
  const running = name === undefined ? undefined : live.statics.get(name);
  if (name === undefined || running === undefined || kind === "type" || kind === "table")
    return undefined;
  if (
    kind === "literal" ? running.literal !== undefined : kind === "function" && running.isFunction
  )
    return undefined;
  return stateText(className, name);
}

/** Says how a static field that is state is changed. */
export function stateText(className: string, name: string): string {
  const how = `${className}.${name} = ...`;
  return `its static ${name} is state, which a patch never initialises again; write \`${how}\` in hotfix()`;
}

/** Blanks and line ends say nothing: types between them may have been blanked. */
function normal(heritage: string | undefined): string | undefined {
  return heritage?.replace(/\s+/g, "");
}
