/**
 * A name that a patch takes away must not be used by what stays.
 *
 * The check reads the text that the module would run then, once for all modules with that text.
 */

import { SnaxError } from "../../base/error.ts";
import type { ModuleInstance } from "../../loader/run/module-instance.ts";
import { ByText } from "../../texts/by-text.ts";
import { listFreeNames } from "../../texts/free-name.ts";
import type { PatchCode } from "../text/compile.ts";
import type { Removals } from "../text/removal.ts";
import { textOf } from "../text/patched-module.ts";

/** What is still used, by the text in which it is. */
const used = new ByText<ReadonlyMap<string, number>>();

/**
 * Checks that nothing uses what a patch takes away.
 *
 * @throws {ERR_PATCH} with the line of the running text that uses it.
 */
export function checkUnused(
  module: ModuleInstance,
  code: PatchCode,
  { names, members }: Removals,
): void {
  const enums = members.filter(({ owner }) => owner.kind === "enum");
  if (names.size + enums.length === 0) return;
  const after = textOf(module, code.hasMethods).with(code.text);
  const free = used.get(after, () => listFreeNames(after.text, after.home.file));
  const all = [...names, ...enums.map(({ owner, name }) => `${owner.name}.${name}`)];
  for (const name of all) {
    const line = free.get(name);
    if (line === undefined) continue;
    const where = `line ${line} of what ${after.home.file} runs then`;
    throw new SnaxError("ERR_PATCH", `${name} can't be taken away: ${where} uses it`);
  }
}
