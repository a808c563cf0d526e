/**
 * The `require` of a module that is written for CommonJS: see commonjs-names.ts.
 *
 * It gives a module of the program its instance in the service, at once: one that waits at top
 * level is refused, as Node refuses it. Everything else Node requires.
 */

import { createRequire, isBuiltin } from "node:module";
import { fileURLToPath } from "node:url";
import { types } from "node:util";
import { isModule } from "../resolve/local-package.ts";
import type { ModuleInstance } from "./module-instance.ts";
import { PackageJsons } from "../resolve/package-json.ts";
import { Resolver } from "../resolve/resolution.ts";

/** Creates the `require` of a module. */
export function createModuleRequire(module: ModuleInstance): NodeJS.Require {
  const { file } = module.image;
  const native = createRequire(file);
  const require = (specifier: string): unknown => {
    const found = find(specifier, file);
    if (found.kind === "api") return module.instance.surroundings.api;
    if (found.kind === "package") {
      const own = module.instance.surroundings.builtin?.(found.specifier);
      return own?.["default"] ?? native(pathOf(found.specifier));
    }
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
