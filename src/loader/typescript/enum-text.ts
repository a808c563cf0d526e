/**
 * The enums of a text that stays as it is: a patch, or a text that is taken apart.
 *
 * An enum needs code of its own, which would move every position behind it. So enums and namespaces
 * are blanked, and what an enum has is read apart: each member with its value, as the compiler
 * computes it.
 */

import { parse } from "acorn";
import type { AnyNode } from "acorn";
import { findUnblankable, strip } from "./strip.ts";
import type { Extent } from "./strip.ts";

/** The members of an enum, in the order of the text. */
export type EnumMembers = ReadonlyMap<string, number | string>;

/** An enum of a text, or a namespace. */
export interface EnumText extends Extent {
  /** "" for a namespace. */
  readonly name: string;
  readonly isConst: boolean;
  readonly isExported: boolean;
  /** Undefined for a namespace, and for an enum of which some value only shows when it runs. */
  readonly members: EnumMembers | undefined;
}

/** What may be in front. */
const EXPORT = /\bexport\s+(?:declare\s+)?$/;

/** The words in front of a parameter that is a property. */
const MODIFIERS = /(?:\b(?:public|private|protected|readonly|override)\s+)+$/;

const ENUM = /^(const\s+)?enum\s+([\p{ID_Start}$_][\p{ID_Continue}$]*)/u;

/**
 * Blanks enums and namespaces.
 *
 * @param file - the name of the text, for messages.
 * @throws {ERR_SYNTAX} if the text is not TypeScript.
 */
export function blankEnums(text: string, file: string): { text: string; enums: EnumText[] } {
  const enums: EnumText[] = [];
  let rest = text;
  // The same without the words that make properties of parameters, which hide what is behind them.
  let probe = text;
  for (;;) {
    const found = findUnblankable(probe, file);
    if (found === undefined) return { text: rest, enums };
    if (found.isParameter) {
      const words = MODIFIERS.exec(probe.slice(0, found.start))?.[0] ?? "";
      // Something else is between them: the parser says what.
      if (words === "") return { text: rest, enums };
      probe = blankExtent(probe, found.start - words.length, found.start);
      continue;
    }
    const head = EXPORT.exec(rest.slice(0, found.start))?.[0] ?? "";
    const start = found.start - head.length;
    enums.push(readEnum(text.slice(found.start, found.end), { ...found, start }, head !== ""));
    rest = blankExtent(rest, start, found.end);
    probe = blankExtent(probe, start, found.end);
  }
}

function blankExtent(text: string, start: number, end: number): string {
  const blanks = text.slice(start, end).replace(/[^\n\r\u2028\u2029]/g, " ");
  return text.slice(0, start) + blanks + text.slice(end);
}

function readEnum(text: string, extent: Extent, isExported: boolean): EnumText {
  const head = ENUM.exec(text);
  const name = head?.[2] ?? "";
  const isConst = head?.[1] !== undefined;
  return { ...extent, name, isConst, isExported, members: readMembers(text, name) };
}

/** Reads the members of a declaration that begins with `enum` or `const enum`. */
export function readMembers(text: string, name: string): EnumMembers | undefined {
  if (!ENUM.test(text)) return undefined;
  // Alone, an enum is a function that sets one member after another.
  const { code } = strip(text, "enum.ts");
  const members = new Map<string, number | string>();
  const body = bodyOf(parse(code, { ecmaVersion: "latest", sourceType: "module" }).body[0]);
  for (const statement of body ?? []) {
    if (statement.type === "ReturnStatement") continue;
    const set = statement.type === "ExpressionStatement" ? statement.expression : undefined;
    if (set?.type !== "AssignmentExpression") return undefined;
    const inner = readNumber(set.left) ?? { left: set.left, right: set.right };
    const key = keyOfMember(inner.left, name);
    const value = valueOf(inner.right);
    if (key === undefined || value === undefined) return undefined;
    members.set(key, value);
  }
  return body === undefined ? undefined : members;
}

function bodyOf(statement: AnyNode | undefined): readonly AnyNode[] | undefined {
  if (statement?.type !== "VariableDeclaration") return undefined;
  const call = statement.declarations[0]?.init;
  if (call?.type !== "CallExpression" || call.callee.type !== "FunctionExpression") {
    return undefined;
  }
  return call.callee.body.body;
}

/** `E[E["A"] = 0]`, whose value is the name. */
function readNumber(node: AnyNode): { left: AnyNode; right: AnyNode } | undefined {
  if (node.type !== "MemberExpression" || node.property.type !== "AssignmentExpression") {
    return undefined;
  }
  return { left: node.property.left, right: node.property.right };
}

function keyOfMember(node: AnyNode, name: string): string | undefined {
  if (node.type !== "MemberExpression" || node.property.type !== "Literal") return undefined;
  const isOwn = node.object.type === "Identifier" && node.object.name === name;
  return isOwn ? String(node.property.value) : undefined;
}

function valueOf(node: AnyNode): number | string | undefined {
  if (node.type === "Literal" && typeof node.value === "string") return node.value;
  if (node.type === "Literal" && typeof node.value === "number") return node.value;
  if (node.type !== "UnaryExpression" || node.operator !== "-") return undefined;
  const value = valueOf(node.argument);
  return typeof value === "number" ? -value : undefined;
}
