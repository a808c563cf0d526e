/**
 * What the statements of a patch may be, and how each says no.
 */

import type { AnyNode } from "acorn";
import type { Decoration } from "./class-decorators.ts";
import type { NameKind } from "../../loader/read/names.ts";
import type { ClassOutline } from "./class-outline.ts";

/** Exports of a patch that hold methods. */
export const GROUP_NAMES: ReadonlySet<string> = new Set(["response", "accept", "subscribe"]);

/** Exports of a patch that run when it is applied or undone. */
export const STEP_NAMES: ReadonlySet<string> = new Set(["hotfix", "rollback"]);

/** A statement without effect: an import, a declaration of the service's own names, a lone semicolon. */
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
}

/** A statement that declares new state. */
export interface StateItem {
  readonly kind: "state";
  readonly node: AnyNode;
  readonly declaration: AnyNode & { type: "VariableDeclaration" };
}

/** One statement of a patch and what becomes of it. */
export type PlannedItem = SilentItem | NamedItem | StateItem;

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
