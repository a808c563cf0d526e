/**
 * What `snax/register` puts into Node's loader: types in `.ts` and `.mts` files become blanks, so
 * every line stays where it is.
 *
 * As with Node's own stripping, packages are left alone. It runs on the loader's own thread.
 */

import { readFile } from "node:fs/promises";
import type { LoadHook } from "node:module";
import { fileURLToPath } from "node:url";
import { strip } from "../loader/typescript/strip.ts";

/** Loads a module; Node calls it by this name. */
export const load: LoadHook = async (url, context, nextLoad) => {
  if (!/^file:.*\.m?ts$/.test(url) || url.includes("/node_modules/")) return nextLoad(url, context);
  const path = fileURLToPath(url);
  const { code, map } = strip(await readFile(path, "utf8"), path);
  const source = map === undefined ? code : `${code}\n${inline(map)}`;
  return { format: "module", source, shortCircuit: true };
};

function inline(map: string): string {
  const data = Buffer.from(map).toString("base64");
  return `//# sourceMappingURL=data:application/json;base64,${data}`;
}
