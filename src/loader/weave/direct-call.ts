/**
 * Calls by name of a function that is behind a forwarder: they go to the function itself.
 *
 *     fib(n - 1)      ->  $snaxD_fib(n - 1)          a declared function, which is there from the start
 *     tick(n)         ->  ($snaxD_tick||tick)(n)     a constant: before its declaration the name itself meets the dead zone
 *
 * A forwarder costs a third of a small function, and half of the stack. Code that replaces the
 * function sets the variable too.
 */

import type { Analysis } from "../read/analysis.ts";
import type { Edits } from "../text/edits.ts";
import { directOf } from "./frame.ts";
import type { Name } from "../read/names.ts";

/**
 * Leads calls past the forwarders.
 *
 * @param find - what the module knows of a name; undefined for a name that is not its own.
 */
export function weaveCalls(
  edits: Edits,
  { references, statements }: Analysis,
  find: (name: string) => Name | undefined,
): void {
  for (const { name, use, start } of references) {
    if (use !== "call") continue;
    const known = find(name);
    if (known?.isDirect !== true) continue;
    if (known.kind === "function") edits.insertBefore(start, DIRECT);
    else {
      // A statement that begins with a parenthesis would go on with the line before, if that has no
      // semicolon.
      const head = statements.has(start) ? "0,(" : "(";
      edits.insertBefore(start, `${head}${directOf(name)}||`);
      edits.insertBehind(start + name.length, ")");
    }
  }
}

const DIRECT = directOf("");
