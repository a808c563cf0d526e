/**
 * `require`, `__dirname` and `__filename` for TypeScript that is written for CommonJS.
 *
 * Where the `package.json` does not say `"type": "module"`, `tsc` makes CommonJS of a file, and its
 * author may use these three.
 */

import { dirname, extname } from "node:path";
import { PackageJsons } from "../resolve/package-json.ts";

/** The names, each with what stands for it in a woven module. */
export const COMMONJS_NAMES: Readonly<Record<string, string>> = {
  require: "$snax.require",
  __dirname: "$snax.meta.dirname",
  __filename: "$snax.meta.filename",
};

/**
 * Lists the names that a text mentions, if its file is CommonJS for Node and `tsc`, as far as its
 * package says.
 */
export function listCommonJsNames(freeNames: ReadonlySet<string>, file: string): string[] {
  const names = Object.keys(COMMONJS_NAMES).filter((name) => freeNames.has(name));
  if (names.length === 0 || ![".ts", ".tsx", ".js"].includes(extname(file))) return [];
  return new PackageJsons().find(dirname(file))?.type === "module" ? [] : names;
}
