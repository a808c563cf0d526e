/**
 * What a patch that is no valid text, or has syntax that only a file may have, is told: what to write instead.
 */

import { codeOf } from "../../base/error.ts";
import { createPlacedError } from "../../loader/text/position.ts";
import type { Place } from "../../loader/text/position.ts";

/** Why a namespace is refused. */
export const NAMESPACE_REFUSAL = "a namespace can't be in a patch: write a plain object";

/** `import x = require("x")` and `import area = Geo.area`; `export = x`. */
const IMPORT_EQUALS =
  /(?:^|[;\n}])\s*(?:export\s+)?import\s+[\p{ID_Start}$_][\p{ID_Continue}$]*\s*=/u;
const EXPORT_EQUALS = /(?:^|[;\n}])\s*export\s*=/u;

/** Says why a text can't be a patch that would have to be printed anew: what blanks can't replace. */
export function refusalOfPrinted(text: string): string {
  if (IMPORT_EQUALS.test(text)) {
    return 'a patch has no `import x = ...`: write `import x from "x"`, or `import * as x from "x"`';
  }
  if (EXPORT_EQUALS.test(text)) return "a patch has no `export =`: give what changes by its name";
  return NAMESPACE_REFUSAL;
}

/** Why `using` is refused by a release of Node that does not have it. */
export const USING_REFUSAL =
  "this release of Node has no `using`, and a patch is not transformed: write try and finally, or put it into a module and import that";

/** Adds to what the parser says how the same is done in a patch. */
export function adviseOnSyntax(error: unknown, file: string): unknown {
  if (codeOf(error) !== "ERR_SYNTAX") return error;
  const { message, data } = error as { message: string; data: Place };
  const member = /Private field '(#[^']+)' must be declared/.exec(message)?.[1];
  if (member !== undefined) {
    const why = `only the text of the class that has ${member} reaches it, and a patch can't: edit the file and \`reload\``;
    return createPlacedError("ERR_PATCH_CLASS", data, why, error);
  }
  if (/\.tsx(?:\.ts)?$/.test(file)) {
    const why = message.slice(`${data.file}:${data.line}:${data.column}: `.length);
    const advice =
      "a patch has no JSX: write the calls that it stands for, or edit the file and `reload`";
    return createPlacedError("ERR_SYNTAX", data, `${why}; ${advice}`, error);
  }
  return error;
}
