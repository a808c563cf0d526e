/**
 * What the text of a class says of its members, for whoever tells them from what the program has put there.
 */

import type { AnyNode, Class } from "acorn";
import { keyOf } from "../../loader/read/analysis.ts";
import { isWrittenOut } from "../../loader/read/written.ts";
import type { NameRef } from "./state.ts";

/** A static `#private` variable, which nothing can read from outside. */
export interface HiddenField {
  readonly name: string;
  readonly file: string;
  readonly line: number;
}

/** Whether a program has put a function that is not written as a method in the place of one that is. */
export function isReplaced(key: string, value: unknown): boolean {
  if (typeof value !== "function" || NEVER_TOLD.has(key)) return false;
  return NO_METHOD.test(Function.prototype.toString.call(value));
}

/** Methods of these names begin as functions do. */
const NEVER_TOLD: ReadonlySet<string> = new Set(["constructor", "function", "class", "async"]);

/** How functions, classes and arrows begin. */
const NO_METHOD =
  /^(?:async\s+)?(?:function\b|[\p{ID_Start}$_][\p{ID_Continue}$]*\s*=>)|^class\b|^(?:async\s*)?\(/u;

/** Properties that every function has. */
export const OWN_KEYS: ReadonlySet<string> = new Set([
  "length",
  "name",
  "prototype",
  "arguments",
  "caller",
]);

/** The names that the text of a class puts on its prototype; undefined if they can't be told. */
export function prototypeMembers({ body }: Class): Set<string> | undefined {
  const names = new Set(["constructor"]);
  for (const member of body.body) {
    if (member.type === "StaticBlock" || member.static) continue;
    const key = keyOf(member);
    if (key !== undefined) names.add(key);
    else if (member.computed) return undefined;
  }
  return names;
}

/** The static fields and accessors that the text of a class has. */
export function staticFields({ body }: Class): Set<string> {
  return new Set(
    body.body.flatMap((member) => {
      if (member.type === "StaticBlock" || !member.static) return [];
      const isField = member.type === "PropertyDefinition" || member.kind !== "method";
      return isField ? (keyOf(member) ?? []) : [];
    }),
  );
}

/** Whether all members of a class go by names that its text says, and it runs nothing that may make others. */
export function hasPlainNames({ body }: Class): boolean {
  return body.body.every((member) => member.type !== "StaticBlock" && !member.computed);
}

/** The static members of a class that are functions which its text does not give them, as far as that can be told. */
export function statedFunctions({ body }: Class, maker: Function): Set<string> {
  const members = new Map<string, AnyNode>();
  for (const member of body.body) {
    if (member.type !== "StaticBlock" && !member.static) continue;
    const key = member.type === "StaticBlock" ? undefined : keyOf(member);
    if (key === undefined) return new Set();
    members.set(key, member);
  }
  const isStated = (key: string): boolean => {
    const value: unknown = Object.getOwnPropertyDescriptor(maker, key)?.value;
    if (OWN_KEYS.has(key) || typeof value !== "function") return false;
    const member = members.get(key);
    if (member === undefined) return true;
    if (member.type !== "PropertyDefinition") return isReplaced(key, value);
    return member.value ? isWrittenOut(member.value) : true;
  };
  return new Set(Object.getOwnPropertyNames(maker).filter(isStated));
}

/** The static `#private` variables of a class. */
export function hiddenFields(
  { body }: Class,
  { file, name }: NameRef,
  line: number,
): HiddenField[] {
  return body.body.flatMap((member) =>
    member.type === "PropertyDefinition" && member.static && member.key.type === "PrivateIdentifier"
      ? [{ name: `${name}.#${member.key.name}`, file, line }]
      : [],
  );
}
