/**
 * The path that an import or an operator writes -> the file that it means.
 *
 * As TypeScript finds files under `moduleResolution: bundler`: the file itself, the TypeScript
 * source of a `.js` that is not there, the path with an ending, and of a folder the `main` of its
 * `package.json` or its `index`.
 */

import { readdirSync, statSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { suggest } from "../../base/suggestion.ts";
import { Folders } from "./folders.ts";
import { PackageJsons } from "./package-json.ts";

/** The endings of modules. */
export const SOURCE_EXTENSIONS: readonly string[] = [".ts", ".tsx", ".mts", ".js", ".mjs", ".json"];

/** The endings that a specifier may leave out, in the order in which they are tried. */
const IMPLIED_EXTENSIONS = [".ts", ".tsx", ".js", ".jsx"];

/** Files that only declare: nothing of them runs. */
export const DECLARATION: RegExp = /\.d\.[cm]?ts$/;

/** What a file that does not exist may have been compiled from. */
const TYPESCRIPT_OF: Readonly<Record<string, readonly string[]>> = {
  ".js": [".ts", ".tsx"],
  ".mjs": [".mts"],
  ".jsx": [".tsx"],
};

/** A file that was found. */
export interface FoundFile {
  /** Its real path. */
  readonly file: string;
  /** Whether the path lacked its ending, or named a folder. */
  readonly isImplied: boolean;
  /** The path that was looked for. */
  readonly path: string;
}

/** Returns the real path of the file that a path means, if there is one. */
export function findModuleFile(path: string): string | undefined {
  return findFile(path, new PackageJsons(), new Folders())?.file;
}

/** Finds the file that a path means; a slash at its end says that it is a folder. */
export function findFile(
  path: string,
  packages: PackageJsons,
  folders: Folders,
): FoundFile | undefined {
  const found = /[\\/]$/.test(path) ? undefined : findPlain(path, folders);
  if (found !== undefined) return found;
  const file = findInFolder(path, packages, folders);
  return file === undefined ? undefined : { file, isImplied: true, path };
}

function findPlain(path: string, folders: Folders): FoundFile | undefined {
  const extension = extname(path);
  const named = extension === "" ? undefined : findNamed(path, extension, folders);
  const implied = named ?? findWithEnding(path, IMPLIED_EXTENSIONS, folders);
  if (implied !== undefined) return { file: implied, isImplied: named === undefined, path };
  // Last: of server.ts and a program `server` beside it, ./server means the module.
  const file = extension === "" ? folders.fileAt(path) : undefined;
  return file === undefined ? undefined : { file, isImplied: false, path };
}

/** Returns the real path of a file that is written with its ending; `x.js` also finds `x.ts`. */
export function findNamedFile(path: string, folders: Folders): string | undefined {
  return findNamed(path, extname(path), folders);
}

function findNamed(path: string, extension: string, folders: Folders): string | undefined {
  const found = folders.fileAt(path);
  if (found !== undefined) return found;
  const stem = path.slice(0, path.length - extension.length);
  return findWithEnding(stem, TYPESCRIPT_OF[extension] ?? [], folders);
}

function findWithEnding(
  path: string,
  extensions: readonly string[],
  folders: Folders,
): string | undefined {
  for (const extension of extensions) {
    const file = folders.fileAt(path + extension);
    if (file !== undefined) return file;
  }
  return undefined;
}

function findInFolder(
  folder: string,
  packages: PackageJsons,
  folders: Folders,
): string | undefined {
  const main = packages.read(folder)?.main;
  const path = main === undefined ? undefined : join(folder, main);
  const found =
    path === undefined ? undefined : (findPlain(path, folders)?.file ?? findIndex(path, folders));
  return found ?? findIndex(folder, folders);
}

function findIndex(folder: string, folders: Folders): string | undefined {
  return findWithEnding(join(folder, "index"), IMPLIED_EXTENSIONS, folders);
}

/** Says what might have been meant by a path that leads to no module. */
export function explainMissing(path: string, specifier: string): string {
  const fault = faultOf(path);
  if (fault !== undefined) return fault;
  const plain = specifier.replace(/\/$/, "");
  const known = listFolder(path);
  const other = known?.find((name) => /^index\.\w+$/.test(name));
  if (other !== undefined) return `it is a folder; did you mean ${plain}/${other}?`;
  if (known !== undefined) return "it is a folder without an index";
  const beside = listFolder(dirname(path)) ?? [];
  const name = basename(path);
  const longer = beside.find((each) => SOURCE_EXTENSIONS.some((ending) => each === name + ending));
  if (longer !== undefined) return `did you mean ${plain}${extname(longer)}?`;
  if (extname(name) !== "") return `there is no such file${suggest(name, beside)}`;
  const isImplied = (each: string): boolean => ["", ...IMPLIED_EXTENSIONS].includes(extname(each));
  const stems = beside.filter(isImplied).map((each) => basename(each, extname(each)));
  return `there is no such file${suggest(name, stems)}`;
}

/**
 * What else than that there is nothing the system has against a path: too long, a circle of links,
 * no permission.
 */
function faultOf(path: string): string | undefined {
  try {
    statSync(path, { throwIfNoEntry: false });
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function listFolder(path: string): string[] | undefined {
  try {
    return readdirSync(path);
  } catch {
    return undefined;
  }
}
