/**
 * `import.meta` of a service's module: the fields that Node gives its own modules.
 *
 * `resolve` follows the loader's rules, and as Node's it does not ask whether a file exists.
 */

import { createRequire, isBuiltin } from "node:module";
import { dirname } from "node:path";
import { pathToFileURL } from "node:url";
import { SnaxError } from "../../base/error.ts";
import type { Image } from "../weave/image.ts";
import { findPackageFolder, splitSpecifier } from "../resolve/local-package.ts";
import { PackageJsons } from "../resolve/package-json.ts";
import { findExport, NODE_CONDITIONS } from "../resolve/package-target.ts";
import { isPath, Resolver } from "../resolve/resolution.ts";

/** What `import.meta` yields. */
export interface ImportMeta {
  readonly url: string;
  readonly dirname: string;
  readonly filename: string;
  /** Returns the URL that a specifier stands for. */
  resolve(specifier: string): string;
}

/** Creates the `import.meta` of a module of an image. */
export function createImportMeta(image: Image): ImportMeta {
  const { file, url } = image;
  return {
    url,
    dirname: dirname(file),
    filename: file,
    resolve: (specifier) => resolveUrl(`${specifier}`, image),
  };
}

function resolveUrl(specifier: string, { file, url }: Image): string {
  const resolution = new Resolver().resolve(specifier, file);
  if (typeof resolution !== "string") {
    if (resolution.kind === "file") return pathToFileURL(resolution.file).href;
    return resolvePackage(resolution.kind === "api" ? specifier : resolution.specifier, file);
  }
  if (isPath(specifier)) return new URL(specifier, url).href;
  throw new SnaxError("ERR_MODULE", resolution);
}

function resolvePackage(specifier: string, file: string): string {
  if (isBuiltin(specifier)) return specifier.startsWith("node:") ? specifier : `node:${specifier}`;
  if (/^\w+:/.test(specifier)) return new URL(specifier).href;
  const folder = findPackageFolder(specifier, file);
  const pack = folder === undefined ? undefined : new PackageJsons().read(folder);
  // Without a table Node's import and its require find the same.
  if (pack?.exports === undefined || pack.exports === null) {
    return pathToFileURL(createRequire(file).resolve(specifier)).href;
  }
  const target = findExport(pack, splitSpecifier(specifier).subpath, NODE_CONDITIONS);
  if (target?.kind === "file") return pathToFileURL(target.path).href;
  throw new SnaxError("ERR_MODULE", `no module ${specifier}: ${pack.file} does not export it`);
}
