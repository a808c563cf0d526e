/**
 * Which saved files a text that did not go in is about: those that it imports, also by way of files that no service runs yet.
 *
 * The services that run its old text need not run them: a name may be imported before the module that has it is saved.
 */

import { readFileSync } from "node:fs";
import { dirname, extname, resolve } from "node:path";

/** Files that are read for one answer at most. */
const FILES_MAX = 100;

/** Everything that may be the path of a module nearby. */
const NEARBY = /["'`](\.{1,2}\/[^"'`\n]+)["'`]/g;

/**
 * Says whether a file imports one of some others, as far as its text on the disk tells it.
 *
 * @param file - absolute path, as are the others.
 */
export function reachesOneOf(file: string, others: ReadonlySet<string>): boolean {
  const wanted = new Set([...others].map(stem));
  const seen = new Set([file]);
  for (const each of seen) {
    if (seen.size > FILES_MAX) return false;
    for (const path of pathsIn(each)) {
      if (wanted.has(stem(path))) return true;
      seen.add(path);
    }
  }
  return false;
}

function pathsIn(file: string): string[] {
  try {
    const text = readFileSync(file, "utf8");
    return [...text.matchAll(NEARBY)].map(([, path = ""]) => resolve(dirname(file), path));
  } catch {
    return [];
  }
}

/** `shop.js` in an import may mean `shop.ts`. */
function stem(file: string): string {
  return file.slice(0, file.length - extname(file).length);
}
