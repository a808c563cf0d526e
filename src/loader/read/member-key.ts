/**
 * The names of members as a text writes them: `hit`, `"hit"`, `["hit"]`, and `[Kind.Bow]`.
 *
 * A name that is read from somewhere, an enum's member, a constant, a symbol, goes by the text in its brackets, which is
 * the same in two texts that mean the same member. Its value is known when the code runs. A name that is computed in any other way
 * is not known here.
 */

import type { AnyNode } from "acorn";
import { keyOf } from "./analysis.ts";

/** A name of a member. */
export interface MemberKey {
  /** The name itself, or the text in brackets. */
  readonly name: string;
  /** Where the name is read, as `Kind` and `Bow`; undefined if it is written out. */
  readonly way?: readonly string[];
}

/** Reads the name of a property; undefined for a spread, and for what only shows when it is computed. */
export function memberKeyOf(node: AnyNode): MemberKey | undefined {
  if (node.type !== "Property" && node.type !== "PropertyDefinition") return undefined;
  const name = keyOf(node);
  if (name !== undefined) return { name };
  const { key } = node;
  if (key.type === "Literal" && !("regex" in key)) return { name: String(key.value) };
  if (key.type === "TemplateLiteral" && key.expressions.length === 0) {
    return { name: key.quasis[0]?.value.cooked ?? "" };
  }
  const way = wayTo(key);
  return way && { name: `[${way.join(".")}]`, way };
}

/** `Kind.Bow` as a way from a name. */
export function wayTo(node: AnyNode): string[] | undefined {
  if (node.type === "Identifier") return [node.name];
  if (node.type !== "MemberExpression") return undefined;
  const { computed, property } = node;
  const before = wayTo(node.object);
  if (before === undefined) return undefined;
  if (!computed) return property.type === "Identifier" ? [...before, property.name] : undefined;
  return property.type === "Literal" ? [...before, String(property.value)] : undefined;
}

/** `Kind.Bow` as one text, whichever way it is written; undefined for what is no name, and no member of one. */
export function wayText(node: AnyNode): string | undefined {
  return wayTo(node)?.join(".");
}

/** The way to a member as people write it: `Damage[Kind.Bow].roll`. */
export function showPath(path: readonly string[]): string {
  return path.map((key, at) => (at === 0 || isReadKey(key) ? key : `.${key}`)).join("");
}

/** Whether a name, as {@link memberKeyOf} gives it, is read from somewhere. */
export function isReadKey(key: string): boolean {
  return /^\[[\p{ID_Start}$_].*\]$/u.test(key);
}
