/** The shared tables whose files were saved: they are loaded again, as `sharetable load` of the console does. */

import type { Operator } from "../../console/operator/operator.ts";
import { CodeCache } from "../../loader/code-cache.ts";
import { messageOf } from "../../service/error-text.ts";
import type { Outcome } from "./report.ts";

/** Loads again what was made from saved files. */
export async function loadTables(
  { thread, runtime }: Operator,
  saved: ReadonlySet<string>,
  outcome: Outcome,
): Promise<void> {
  const { loader, thread: tables } = thread.tables;
  for (const { name, isCurrent } of tables.versions()) {
    const source = isCurrent ? tables.sourceOf(name) : undefined;
    if (source === undefined || !(await isMadeFrom(source.file, saved))) continue;
    const { file, args } = source;
    try {
      if (args === undefined)
        throw new Error("it was loaded with arguments that only its loader knows");
      await loader.loadFile(runtime, { name, file }, args);
      outcome.tables.push(name);
    } catch (error) {
      outcome.failures.push(`table ${name} stays as it was: ${messageOf(error)}`);
    }
  }
}

/** A module is made from those that it imports, too. */
async function isMadeFrom(file: string, saved: ReadonlySet<string>): Promise<boolean> {
  if (saved.has(file)) return true;
  if (file.endsWith(".json")) return false;
  try {
    for (const image of await new CodeCache().reach(file)) if (saved.has(image.file)) return true;
  } catch {
    // It is not valid now, which its own save has told.
  }
  return false;
}
