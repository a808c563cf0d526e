/**
 * What the statements of a patch may be, and the error of each that may not be.
 *
 * `export default` means what the module exports as its default, under the name that it has
 * there.
 */

import type { AnyNode } from "acorn";
import type { NameKind } from "../../loader/read/names.ts";
import { isFunction, isConstant } from "../../loader/read/names.ts";
import { DEFAULT_NAME } from "../../loader/read/record.ts";
import type { EnumMembers } from "../../loader/typescript/enum-text.ts";
import type { Image } from "../../loader/weave/image.ts";
import type { Decoration } from "./class-decorators.ts";
import type { ClassOutline } from "./class-outline.ts";

/** Exports of a patch that hold methods. */
export const GROUP_NAMES: ReadonlySet<string> = new Set(["response", "accept", "subscribe"]);

/** Exports of a patch that run when it is applied or undone. */
export const STEP_NAMES: ReadonlySet<string> = new Set(["hotfix", "rollback"]);

/**
 * A statement without effect: an import, a declaration of the service's own names, a lone
 * semicolon.
 */
export interface SilentItem {
  readonly kind: "silent";
  readonly node: AnyNode;
}

/** A statement that gives one name a value that can be made without changing anything. */
export interface NamedItem {
  readonly kind: "step" | "function" | "class" | "literal" | "computed" | "group" | "table";
  readonly node: AnyNode;
  readonly name: string;
  readonly value: AnyNode;
  /** What a class decorates; undefined if it decorates no method. */
  readonly decoration?: Decoration | undefined;
  /** Whether the module has no such name yet. */
  readonly isFresh: boolean;
  /** For a class that replaces one; the static fields that do nothing are left out. */
  readonly outline?: ClassOutline;
  /** Whether members of a table have names in brackets, which are read. */
  readonly isKeyed?: boolean;
}

/** A statement that declares new state. */
export interface StateItem {
  readonly kind: "state";
  readonly node: AnyNode;
  readonly declaration: AnyNode & { type: "VariableDeclaration" };
}

/** An enum; its text is blanked. */
export interface EnumItem {
  readonly kind: "enum";
  /** Its extent. */
  readonly node: AnyNode;
  readonly name: string;
  readonly members: EnumMembers;
  readonly isFresh: boolean;
}

/** One statement of a patch and what becomes of it. */
export type PlannedItem = SilentItem | NamedItem | StateItem | EnumItem;

/** Names a kind of name for people. */
export function describeKind(kind: NameKind): string {
  switch (kind) {
    case "function":
    case "const-function":
      return "a function";
    case "class":
    case "const-class":
      return "a class";
    case "literal":
      return "a constant";
    case "import":
      return "an import";
    default:
      return "a variable";
  }
}

/** What a patch gives as default export, or why it can't. */
export type DefaultExport =
  | { readonly name: string; readonly value: AnyNode; readonly refusal?: undefined }
  | { readonly refusal: string };

/**
 * Reads a default export.
 *
 * @param elsewhere - says where a name comes from that the module does not declare, for the end of
 * a message.
 */
export function readDefault(
  node: AnyNode & { type: "ExportDefaultDeclaration" },
  image: Image,
  elsewhere: (name: string) => string,
): DefaultExport {
  const value = node.declaration as AnyNode;
  const own = image.exports.find(({ name }) => name === "default")?.local;
  if (own === undefined) {
    const advice = elsewhere("default") || ", and a patch can't give it one";
    return { refusal: `the module has no default export of its own${advice}` };
  }
  const isDeclaration = value.type === "FunctionDeclaration" || value.type === "ClassDeclaration";
  const given = isDeclaration ? value.id?.name : undefined;
  if (given !== undefined && given !== own) {
    const called =
      own === DEFAULT_NAME ? "has no name: write it without one" : `is ${own}: write it as ${own}`;
    return { refusal: `the module's default export ${called}` };
  }
  const isObject = value.type === "ObjectExpression" || value.type === "ArrayExpression";
  if (isDeclaration || isFunction(value) || isConstant(value) || isObject) {
    return { name: own, value };
  }
  const kinds = "a function, a class, a literal, or members of an object";
  return { refusal: `a patch can export ${kinds} as default, written out on the spot` };
}
