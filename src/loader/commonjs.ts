/**
 * `require`, `__dirname` and `__filename` for TypeScript that is written for CommonJS.
 *
 * Where the `package.json` does not say `"type": "module"`, `tsc` makes CommonJS of a file, and its author may use these three.
 * `require` gives a module of the program its instance in the service, at once: one that waits at top level is refused, as
 * Node refuses it. Everything else Node requires.
 */

import { createRequire, isBuiltin } from "node:module";
import { dirname, extname } from "node:path";
import { fileURLToPath } from "node:url";
import { types } from "node:util";
import { isModule } from "./local-package.ts";
import type { ModuleInstance } from "./module-instance.ts";
import { PackageJsons } from "./package-json.ts";
import { Resolver } from "./resolution.ts";

/** The names, each with what stands for it in a woven module. */
export const COMMONJS_NAMES: Readonly<Record<string, string>> = {
  require: "$snax.require",
  __dirname: "$snax.meta.dirname",
  __filename: "$snax.meta.filename",
};

/** Lists the names that a text mentions, if its file is CommonJS for Node and `tsc`, as far as its package says. */
export function listCommonJsNames(freeNames: ReadonlySet<string>, file: string): string[] {
  const names = Object.keys(COMMONJS_NAMES).filter((name) => freeNames.has(name));
  if (names.length === 0 || ![".ts", ".tsx", ".js"].includes(extname(file))) return [];
  return new PackageJsons().find(dirname(file))?.type === "module" ? [] : names;
}

/** Creates the `require` of a module. */
export function createModuleRequire(module: ModuleInstance): NodeJS.Require {
  const { file } = module.image;
  const native = createRequire(file);
  const require = (specifier: string): unknown => {
    const found = find(specifier, file);
    if (found.kind === "api") return module.instance.surroundings.api;
    if (found.kind === "package") return native(pathOf(found.specifier));
    const value = module.instance.requireNow(module.node, found.file);
    return found.file.endsWith(".json") ? value["default"] : value;
  };
  const resolve = (specifier: string, options?: { paths?: string[] }): string => {
    const found = find(specifier, file);
    return found.kind === "file" ? found.file : native.resolve(specifier, options);
  };
  return Object.assign(require, native, {
    resolve: Object.assign(resolve, native.resolve),
    main: undefined,
  });
}

type Found =
  | { readonly kind: "api" }
  | { readonly kind: "package"; readonly specifier: string }
  | { readonly kind: "file"; readonly file: string };

function find(specifier: string, file: string): Found {
  if (isBuiltin(specifier)) return { kind: "package", specifier };
  const found = new Resolver().resolve(specifier, file);
  // Node's own error has the code that callers look at.
  if (typeof found === "string") {
    throw Object.assign(new Error(found), { code: "MODULE_NOT_FOUND" });
  }
  if (found.kind !== "file" || isModule(found.file, new PackageJsons())) return found;
  return { kind: "package", specifier: found.file };
}

/** Requires a package for those who import it, as a namespace. */
export function requireNamespace(specifier: string, importer: string): object {
  const value = createRequire(importer)(pathOf(specifier)) as unknown;
  if (types.isModuleNamespaceObject(value)) return value as object;
  return { ...(value as object), default: value };
}

function pathOf(specifier: string): string {
  return specifier.startsWith("file:") ? fileURLToPath(specifier) : specifier;
}
