/**
 * What the text of a class says of its members, for code that tells them from what the program has put there.
 */

import type { AnyNode, Class } from "acorn";
import { keyOf } from "../../loader/read/analysis.ts";
import { isWrittenOut } from "../../loader/read/written.ts";

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

/** What the text of a class says of its members. */
export interface ClassText {
  /** The names that it puts on the prototype; undefined if they can't be told. */
  readonly prototype: ReadonlySet<string> | undefined;
  /** The static fields and accessors. */
  readonly statics: ReadonlySet<string>;
  /** Whether all members go by names that the text says, and it runs nothing that may make others. */
  readonly isPlain: boolean;
  /** The names of the static `#private` variables. */
  readonly hidden: readonly string[];
}

/** What a class without a text says. */
export const NO_TEXT: ClassText = {
  prototype: undefined,
  statics: new Set(),
  isPlain: false,
  hidden: [],
};

const known = new WeakMap<Class, ClassText>();

/** Reads what the text of a class says of its members. It is read once: each move and each reload of a service asks. */
export function readClass(node: Class): ClassText {
  let text = known.get(node);
  if (text === undefined) {
    const { body } = node.body;
    text = {
      prototype: prototypeNames(body),
      statics: new Set(body.flatMap(staticNames)),
      isPlain: body.every((member) => member.type !== "StaticBlock" && !member.computed),
      hidden: body.flatMap(hiddenNames),
    };
    known.set(node, text);
  }
  return text;
}

type ClassMember = Class["body"]["body"][number];

function prototypeNames(body: readonly ClassMember[]): Set<string> | undefined {
  const names = new Set(["constructor"]);
  for (const member of body) {
    if (member.type === "StaticBlock" || member.static) continue;
    const key = keyOf(member);
    if (key !== undefined) names.add(key);
    else if (member.computed) return undefined;
  }
  return names;
}

function staticNames(member: ClassMember): string | [] {
  if (member.type === "StaticBlock" || !member.static) return [];
  const isField = member.type === "PropertyDefinition" || member.kind !== "method";
  return isField ? (keyOf(member) ?? []) : [];
}

function hiddenNames(member: ClassMember): string | [] {
  const isHidden =
    member.type === "PropertyDefinition" &&
    member.static &&
    member.key.type === "PrivateIdentifier";
  return isHidden ? (member.key as { readonly name: string }).name : [];
}

/** The static members of a class that are functions which its text does not give them, as far as that can be told. */
export function statedFunctions({ body }: Class, maker: Function): Set<string> {
  const names = Object.getOwnPropertyNames(maker).filter(
    (key) => !OWN_KEYS.has(key) && isFunctionAt(maker, key),
  );
  if (names.length === 0) return new Set();
  const members = new Map<string, AnyNode>();
  for (const member of body.body) {
    if (member.type !== "StaticBlock" && !member.static) continue;
    const key = member.type === "StaticBlock" ? undefined : keyOf(member);
    if (key === undefined) return new Set();
    members.set(key, member);
  }
  const isStated = (key: string): boolean => {
    const value: unknown = Object.getOwnPropertyDescriptor(maker, key)?.value;
    const member = members.get(key);
    if (member === undefined) return true;
    if (member.type !== "PropertyDefinition") return isReplaced(key, value);
    return member.value ? isWrittenOut(member.value) : true;
  };
  return new Set(names.filter(isStated));
}

function isFunctionAt(holder: object, key: string): boolean {
  return typeof Object.getOwnPropertyDescriptor(holder, key)?.value === "function";
}
