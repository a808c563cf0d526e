/**
 * `import.meta` of a service's module: the fields that Node gives its own modules.
 *
 * `resolve` follows the loader's rules for local files. For packages Node offers no synchronous resolution with the
 * import condition from another file's place, so that of `require` is used: a package with two faces shows the other one.
 */

import { createRequire, isBuiltin } from "node:module";
import { dirname } from "node:path";
import { pathToFileURL } from "node:url";
import { SnaxError } from "../base/error.ts";
import type { Image } from "./image.ts";
import { resolveSpecifier } from "./resolution.ts";

/** What `import.meta` yields. */
export interface ImportMeta {
  readonly url: string;
  readonly dirname: string;
  readonly filename: string;
  /** Returns the URL that a specifier stands for; for packages by the rules of `require`. */
  resolve(specifier: string): string;
}

/** Creates the `import.meta` of a module of an image. */
export function createImportMeta(image: Image): ImportMeta {
  const { file, url } = image;
  return {
    url,
    dirname: dirname(file),
    filename: file,
    resolve: (specifier) => resolveUrl(specifier, file),
  };
}

function resolveUrl(specifier: string, file: string): string {
  const resolution = resolveSpecifier(specifier, file);
  if (typeof resolution === "string") throw new SnaxError("ERR_MODULE", resolution);
  if (resolution.kind === "file") return pathToFileURL(resolution.file).href;
  if (isBuiltin(specifier)) return specifier.startsWith("node:") ? specifier : `node:${specifier}`;
  return pathToFileURL(createRequire(file).resolve(specifier)).href;
}
