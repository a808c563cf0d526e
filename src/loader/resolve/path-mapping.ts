/**
 * `paths` and `baseUrl` of a `tsconfig.json`: where a specifier that is no path is looked for
 * first.
 */

import { join } from "node:path";
import { DECLARATION, findFile } from "./module-file.ts";
import type { FoundFile } from "./module-file.ts";
import type { Project } from "./local-package.ts";
import { matchKey } from "./package-target.ts";
import type { Tsconfig } from "./tsconfig.ts";

/** What a mapping gives for a specifier. */
export interface Mapped {
  readonly found: FoundFile | undefined;
  /** The paths that were tried by `paths`. */
  readonly tried: readonly string[];
}

/** Looks for a specifier by the mapping of a configuration. */
export function findMapped(
  specifier: string,
  { paths = [], baseUrl }: Pick<Tsconfig, "paths" | "baseUrl">,
  { packages, folders }: Project,
): Mapped {
  const { key, star = "" } =
    matchKey(
      paths.map(({ pattern }) => pattern),
      specifier,
    ) ?? {};
  const targets = paths.findLast(({ pattern }) => pattern === key)?.targets ?? [];
  const tried = targets.map((target) => target.replace("*", () => star));
  const places = baseUrl === undefined ? tried : [...tried, join(baseUrl, specifier)];
  for (const path of places) {
    // What a declaration describes is found elsewhere.
    const found = DECLARATION.test(path) ? undefined : findFile(path, packages, folders);
    if (found !== undefined && !DECLARATION.test(found.file)) return { found, tried };
  }
  return { found: undefined, tried };
}
