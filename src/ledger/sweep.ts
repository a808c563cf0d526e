/**
 * What processes that died have left beside a ledger: files that were to take the place of
 * others, and texts that no patch names any more.
 *
 * Only the process that holds the lock sweeps, and a writer takes it first, so no process is in the
 * midst of a file then. A folder that has other files may be that of another ledger, too,
 * the texts of which are in the same place: there texts stay.
 */

import { readdirSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** A text, and what one was to be written with. */
const TEXT = /^([0-9a-f]{64})(\.\d+\.new)?$/;

/**
 * Removes what is not needed. What can't be removed stays until the next start.
 *
 * @param path - the ledger.
 * @param named - the texts that its patches name, by SHA-256.
 */
export function sweepFolder(path: string, named: ReadonlySet<string>): void {
  const [folder, name] = [dirname(path), basename(path)];
  const own = new Set([name, `${name}.lock`, "texts"]);
  let isAlone = true;
  for (const entry of list(folder)) {
    if (entry.startsWith(name) && /^\.\d+\.new$/.test(entry.slice(name.length))) {
      remove(join(folder, entry));
    } else if (!own.has(entry)) isAlone = false;
  }
  if (!isAlone) return;
  for (const entry of list(join(folder, "texts"))) {
    const [, hash, isFresh] = TEXT.exec(entry) ?? [];
    if (hash === undefined) continue;
    if (isFresh !== undefined || !named.has(hash)) remove(join(folder, "texts", entry));
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // There is none.
    return [];
  }
}

function remove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // It is no file, or the folder can't be written: the first line says so.
  }
}
