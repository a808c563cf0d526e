/**
 * The woven body of a module, parsed: what runs, where the text that is written does not tell enough.
 */

import type { Program } from "acorn";
import { parse } from "acorn";

/** Parses a body, or an expression of one. Throws a SyntaxError if it is neither. */
export function readBody(text: string): Program {
  return parse(text, {
    ecmaVersion: "latest",
    sourceType: "script",
    allowReturnOutsideFunction: true,
    allowAwaitOutsideFunction: true,
  });
}
