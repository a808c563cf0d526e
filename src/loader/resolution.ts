/**
 * The specifier of an import -> what it stands for.
 *
 * Local modules are files, named with their extension as in Node; `./x.js` also finds `x.ts`, as TypeScript users write
 * it. `snax` is what the surroundings supply, `snax/...` the other entries of the package that runs, wherever the service
 * lies. Everything else is a package and Node's own business.
 */

import { existsSync, realpathSync, statSync } from "node:fs";
import { dirname, extname, isAbsolute, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** What a specifier stands for. */
export type Resolution =
  | { readonly kind: "file"; readonly file: string }
  | { readonly kind: "package"; readonly specifier: string }
  | { readonly kind: "api" };

/** The specifier of what the surroundings supply: this package's own name. */
export const API_SPECIFIER = "snax";

const SOURCE_EXTENSIONS = [".ts", ".tsx", ".mts", ".js", ".mjs", ".json"];
const TYPESCRIPT_OF: Readonly<Record<string, string>> = { ".js": ".ts", ".mjs": ".mts" };

/** Returns why a specifier can't be resolved, as text, or what it stands for. */
export function resolveSpecifier(specifier: string, importer: string): Resolution | string {
  if (specifier === API_SPECIFIER) return { kind: "api" };
  if (specifier.startsWith(`${API_SPECIFIER}/`)) return resolveEntry(specifier);
  const path = pathOf(specifier, importer);
  if (path === undefined) return { kind: "package", specifier };
  const found = resolveFile(path);
  if (found === undefined) return `no module ${specifier}: ${suggest(path, specifier)}`;
  if (extname(found) === ".cjs") return { kind: "package", specifier: found };
  if (!SOURCE_EXTENSIONS.includes(extname(found))) {
    return `can't import ${specifier}: modules end in ${SOURCE_EXTENSIONS.join(", ")} or .cjs`;
  }
  return { kind: "file", file: found };
}

/** Finds an entry of this package. */
function resolveEntry(specifier: string): Resolution | string {
  try {
    return { kind: "package", specifier: import.meta.resolve(specifier) };
  } catch {
    return `no module ${specifier}: the package has no such entry`;
  }
}

/** Returns the real path of a module's file; `x.js` also finds `x.ts`. */
export function resolveFile(path: string): string | undefined {
  if (isFile(path)) return realpathSync(path);
  const extension = extname(path);
  const other = TYPESCRIPT_OF[extension];
  if (other === undefined) return undefined;
  const source = path.slice(0, -extension.length) + other;
  return isFile(source) ? realpathSync(source) : undefined;
}

function pathOf(specifier: string, importer: string): string | undefined {
  if (specifier.startsWith("file:")) return fileURLToPath(specifier);
  if (/^\.\.?(?:\/|$)/.test(specifier)) return resolve(dirname(importer), specifier);
  return isAbsolute(specifier) ? specifier : undefined;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/** Says what might have been meant. */
function suggest(path: string, specifier: string): string {
  const plain = specifier.replace(/\/$/, "");
  for (const extension of SOURCE_EXTENSIONS) {
    if (isFile(path + extension)) return `did you mean ${plain}${extension}?`;
    if (isFile(resolve(path, `index${extension}`))) {
      return `it is a folder; did you mean ${plain}/index${extension}?`;
    }
  }
  return existsSync(path) ? "it is not a file" : "there is no such file";
}
