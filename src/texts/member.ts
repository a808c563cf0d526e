/**
 * The members of a class and of an object, by what makes one of them the same as another.
 */

import type { AnyNode, Class, ObjectExpression } from "acorn";
import { keyOf } from "../loader/read/analysis.ts";
import { visitChildren } from "../loader/read/children.ts";
import { memberKeyOf } from "../loader/read/member-key.ts";

/** What a member of a class is. */
export type MemberKind = "method" | "accessor" | "field" | "constructor" | "static block";

/** A member of a class. */
export interface Member {
  /** Equal for members of which one takes the other's place. */
  readonly key: string;
  /** Its name; undefined for one that has to be computed, and for a private one. */
  readonly name: string | undefined;
  readonly kind: MemberKind;
  readonly isStatic: boolean;
  readonly node: Class["body"]["body"][number];
  /** Extent with its decorators. */
  readonly start: number;
  readonly end: number;
}

/** A part of a text, such as a decorator. */
interface Extent {
  readonly start: number;
  readonly end: number;
}

/**
 * Lists the members of a class, in the order of the text.
 *
 * @param code - the text that positions count in.
 * @param decorators - those of the text; a member's own belong to its extent.
 */
export function listMembers(
  { body }: Class,
  code: string,
  decorators: readonly Extent[] = [],
): Member[] {
  let before = body.start + 1;
  return body.body.map((node, index) => {
    const from = before;
    before = node.end;
    const own = decorators.find(({ start }) => start >= from && start < node.start);
    const start = own?.start ?? node.start;
    if (node.type === "StaticBlock") {
      const key = `static block ${index}`;
      return {
        key,
        name: undefined,
        kind: "static block",
        isStatic: true,
        node,
        start,
        end: node.end,
      };
    }
    const kind = kindOf(node);
    const role = node.type === "MethodDefinition" && kind === "accessor" ? `${node.kind} ` : "";
    const text = code.slice(node.key.start, node.key.end);
    const name = keyOf(node) ?? writtenName(node.key);
    const shown = name ?? (node.computed ? `[${text}]` : text);
    const key = `${node.static ? "static " : ""}${role}${shown}`;
    return { key, name, kind, isStatic: node.static, node, start, end: node.end };
  });
}

/** The name in `["hit"]`. */
function writtenName(key: AnyNode): string | undefined {
  return key.type === "Literal" && typeof key.value === "string" ? key.value : undefined;
}

function kindOf(node: AnyNode): MemberKind {
  if (node.type !== "MethodDefinition") return "field";
  if (node.kind === "constructor") return "constructor";
  return node.kind === "method" ? "method" : "accessor";
}

/** A property of an object that is written out. */
export interface ObjectProperty {
  /** Its name; undefined for a spread, and for one in brackets. */
  readonly name: string | undefined;
  /** A name in brackets counts by its text (see loader/read/member-key.ts). A getter and its setter are two. */
  readonly key: string | undefined;
  /** What people call it. */
  readonly label: string | undefined;
  readonly node: ObjectExpression["properties"][number];
}

/** Lists the properties of an object, in the order of the text. */
export function listProperties({ properties }: ObjectExpression): ObjectProperty[] {
  return properties.map((node) => {
    const name = node.type === "Property" ? keyOf(node) : undefined;
    const label = memberKeyOf(node)?.name;
    if (node.type !== "Property" || label === undefined) {
      return { name, key: undefined, label: undefined, node };
    }
    return { name, key: node.kind === "init" ? label : `${node.kind} ${label}`, label, node };
  });
}

/** Whether a part of a text has a `#private` name; those of classes inside it count as well. */
export function touchesPrivate(node: AnyNode): boolean {
  if (node.type === "PrivateIdentifier") return true;
  let isFound = false;
  visitChildren(node, (child) => (isFound ||= touchesPrivate(child)));
  return isFound;
}
