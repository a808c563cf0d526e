/**
 * Packages whose files belong to the program: the one that a file is in, by `#name` and by its
 * own name, and those of the workspace that are TypeScript.
 *
 * Node would load them once for all services of a thread, out of reach of patches, and TypeScript
 * not at all on older releases. So what `imports` and `exports` of the `package.json` give is found
 * here, with Node's conditions. What is JavaScript of a workspace's other package stays a package:
 * Node loads it, as it loads what is installed.
 */

import { readFileSync, realpathSync } from "node:fs";
import { dirname, extname, join, sep } from "node:path";
import { suggest } from "../../base/suggestion.ts";
import { isFolder } from "./config-file.ts";
import type { Folders } from "./folders.ts";
import { DECLARATION, findFile, findNamedFile } from "./module-file.ts";
import type { PackageJson, PackageJsons } from "./package-json.ts";
import { findExport, findImport, NODE_CONDITIONS } from "./package-target.ts";

/** What is known about the project of a file that imports. */
export interface Project {
  readonly packages: PackageJsons;
  readonly folders: Folders;
  /** Conditions of its `tsconfig.json`, besides Node's. */
  readonly conditions: readonly string[];
}

/** A file of the package. */
interface OwnFile {
  readonly file: string;
}

/** Another package, and the file that it is to be looked for from. */
interface OtherPackage {
  readonly specifier: string;
  readonly importer: string;
}

const TYPESCRIPT = /\.(?:ts|mts|tsx)$/;

/** A statement by which Node, too, takes a text for a module whose package says nothing. */
const MODULE_STATEMENT = /^\s*(?:import\b(?!\s*\()|export\b)/m;

/** Finds what `#name` stands for in the package of a file; a text says why there is nothing. */
export function findOwnImport(
  specifier: string,
  importer: string,
  { packages, folders, conditions }: Project,
): OwnFile | OtherPackage | string {
  const pack = packages.find(dirname(importer));
  if (pack === undefined) return `no module ${specifier}: no package.json above has imports`;
  const target = findImport(pack, specifier, [...conditions, ...NODE_CONDITIONS]);
  if (target?.kind === "specifier") return { specifier: target.specifier, importer: pack.file };
  if (target !== undefined) return locate(target.path, folders, { specifier, pack });
  const keys = Object.keys((pack.imports ?? {}) as object);
  return `no module ${specifier}: ${pack.file} has nothing for it in imports${suggest(specifier, keys)}`;
}

/**
 * Finds what a package's own name stands for in its files; a text says why there is nothing.
 *
 * @returns undefined if it is another name.
 */
export function findOwnExport(
  specifier: string,
  importer: string,
  { packages, folders, conditions }: Project,
): OwnFile | string | undefined {
  const pack = packages.find(dirname(importer));
  if (pack?.name === undefined || pack.exports === undefined || pack.exports === null) {
    return undefined;
  }
  const { name, subpath } = splitSpecifier(specifier);
  if (name !== pack.name) return undefined;
  const target = findExport(pack, subpath, [...conditions, ...NODE_CONDITIONS]);
  if (target?.kind === "file") return locate(target.path, folders, { specifier, pack });
  return `no module ${specifier}: ${pack.file} has nothing for it in exports`;
}

function locate(
  path: string,
  folders: Folders,
  { specifier, pack: { file } }: { readonly specifier: string; readonly pack: PackageJson },
): OwnFile | string {
  const found = findNamedFile(path, folders);
  return found === undefined
    ? `no module ${specifier}: by ${file} it is ${path}, and there is no such file`
    : { file: found };
}

/** Tells whether a JavaScript file of a package is a module, as Node tells it. */
export function isModule(file: string, packages: PackageJsons): boolean {
  if (extname(file) !== ".js") return true;
  const { type } = packages.find(dirname(file)) ?? {};
  if (type === "module" || type === "commonjs") return type === "module";
  return MODULE_STATEMENT.test(readFileSync(file, "utf8"));
}

/** Finds the folder of a package that a file may import, by its real path. */
export function findPackageFolder(specifier: string, importer: string): string | undefined {
  const { name } = splitSpecifier(specifier);
  if (name === "" || name.startsWith(".") || /[\\%]/.test(name)) return undefined;
  for (let folder = dirname(importer); ; folder = dirname(folder)) {
    const path = join(folder, "node_modules", name);
    if (isFolder(path)) return realpathSync(path);
    if (dirname(folder) === folder) return undefined;
  }
}

/**
 * Finds the TypeScript file that an import of a package of the workspace means; undefined if Node
 * has to load it.
 */
export function findWorkspaceFile(
  specifier: string,
  folder: string,
  { packages, folders, conditions }: Project,
): string | undefined {
  if (folder.split(sep).includes("node_modules")) return undefined;
  const { subpath } = splitSpecifier(specifier);
  const pack = packages.read(folder);
  if (pack?.exports === undefined || pack.exports === null) {
    const path = join(folder, subpath) + (subpath === "." ? sep : "");
    return sourceOf(findFile(path, packages, folders)?.file);
  }
  // A condition of the project may lead to declarations, which do not run.
  for (const set of [[...conditions, ...NODE_CONDITIONS], NODE_CONDITIONS]) {
    const target = findExport(pack, subpath, set);
    const file =
      target?.kind === "file" ? sourceOf(findNamedFile(target.path, folders)) : undefined;
    if (file !== undefined) return file;
  }
  return undefined;
}

function sourceOf(file: string | undefined): string | undefined {
  const isSource = file !== undefined && TYPESCRIPT.test(file) && !DECLARATION.test(file);
  return isSource ? file : undefined;
}

/** `@scope/name/path` -> `@scope/name` and `./path`. */
export function splitSpecifier(specifier: string): { name: string; subpath: string } {
  const [, name = "", rest = ""] = /^((?:@[^/]*\/)?[^/]*)(.*)$/s.exec(specifier) ?? [];
  return { name, subpath: `.${rest}` };
}
