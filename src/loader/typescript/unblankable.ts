/**
 * What can't be had by taking the types out of a text: syntax that V8 does not know, or does not
 * know yet.
 *
 * It is recognised where the parser stops, or in the tree, so that a word in a comment or a string
 * means nothing.
 */

import { Script } from "node:vm";
import type { AnyNode, Program } from "acorn";

/** Syntax that a text has, and that has to be transformed. */
export interface Unblankable {
  /** With a verb: "decorators need". */
  readonly what: string;
  /** Offset in the JavaScript text. */
  readonly at: number;
  /** Whether only TypeScript itself gets it right. */
  readonly isExact?: boolean;
}

/** Says what stands where the parser stopped; undefined if it is plainly wrong. */
export function findUnparsable(code: string, at: number): Unblankable | undefined {
  if (code[at] === "@") return { what: "decorators need", at };
  const accessor = /\baccessor\s+$/.exec(code.slice(Math.max(0, at - WORD_GAP_MAX), at));
  if (accessor === null) return undefined;
  return { what: "accessor needs", at: at - accessor[0].length };
}

/** How far in front of what follows it the word `accessor` is looked for. */
const WORD_GAP_MAX = 100;

/** Finds syntax that the parser knows and this release of V8 does not: `using`. */
export function findUnknown(syntax: {
  readonly code: string;
  readonly ast: Program;
}): Unblankable | undefined {
  if (!USING.test(syntax.code)) return undefined;
  knowsUsing ??= canCompile("{using a=null}");
  const at = knowsUsing ? undefined : findUsing(syntax.ast);
  return at === undefined ? undefined : { what: "using needs", at };
}

const USING = /\busing\s+[\p{L}_$]/u;

let knowsUsing: boolean | undefined;

function canCompile(text: string): boolean {
  try {
    new Script(text);
    return true;
  } catch {
    return false;
  }
}

function findUsing(node: AnyNode): number | undefined {
  if (node.type === "VariableDeclaration" && node.kind.endsWith("using")) return node.start;
  for (const child of Object.values(node) as unknown[]) {
    const children = Array.isArray(child) ? (child as unknown[]) : [child];
    for (const inner of children) {
      if (typeof inner !== "object" || inner === null || !("type" in inner)) continue;
      const found = findUsing(inner as AnyNode);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}
