/**
 * The specifier of an import -> what it stands for.
 *
 * Local modules are files, found as TypeScript finds them for a bundler (`module-file.ts`), or,
 * where the project's `tsconfig.json` says that Node's rules hold, by their names with endings. So
 * are those that `paths` of the `tsconfig.json` gives, and those of the file's own package and of
 * its workspace (`local-package.ts`). `snax` is what the surroundings supply, `snax/...` the other
 * entries of the package that runs, wherever the service is. Everything else is a package and
 * Node's own business.
 */

import { isBuiltin } from "node:module";
import { basename, dirname, extname, isAbsolute, resolve, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import {
  findOwnExport,
  findOwnImport,
  findPackageFolder,
  findWorkspaceFile,
  isModule,
} from "./local-package.ts";
import type { Project } from "./local-package.ts";
import { Folders } from "./folders.ts";
import { explainMissing, findFile, SOURCE_EXTENSIONS } from "./module-file.ts";
import type { FoundFile } from "./module-file.ts";
import { PackageJsons } from "./package-json.ts";
import { findMapped } from "./path-mapping.ts";
import { Tsconfigs } from "./tsconfig.ts";

/** What a specifier stands for. */
export type Resolution =
  | { readonly kind: "file"; readonly file: string }
  | { readonly kind: "package"; readonly specifier: string }
  | { readonly kind: "api" };

/** The specifier of what the surroundings supply: this package's own name. */
export const API_SPECIFIER = "snax";

/** Resolves specifiers; made for one load, in which nothing is asked of the disk twice. */
export class Resolver {
  readonly tsconfigs: Tsconfigs = new Tsconfigs();
  readonly #packages = new PackageJsons();
  readonly #folders = new Folders();
  /** By asking folder, then specifier. */
  readonly #known = new Map<string, Map<string, Resolution | string>>();

  /**
   * Returns why a specifier can't be resolved, as text, or what it stands for.
   *
   * @param importer - real path of the file that asks.
   * @throws {ERR_SYNTAX} if a `package.json` or `tsconfig.json` that applies is not JSON.
   * @throws {ERR_MODULE} if it can't be read, or says what can't be followed.
   */
  resolve(specifier: string, importer: string): Resolution | string {
    // Files of a folder differ in what they may ask for by their ending only.
    const asker = `${dirname(importer)}\0${extname(importer)}`;
    let known = this.#known.get(asker);
    if (known === undefined) this.#known.set(asker, (known = new Map()));
    let resolution = known.get(specifier);
    if (resolution === undefined) {
      known.set(specifier, (resolution = this.#resolve(specifier, importer)));
    }
    return resolution;
  }

  #resolve(specifier: string, importer: string): Resolution | string {
    if (specifier === API_SPECIFIER) return { kind: "api" };
    if (specifier.startsWith(`${API_SPECIFIER}/`)) return resolveEntry(specifier);
    let path: string | undefined;
    try {
      path = pathOf(specifier, importer);
    } catch (error) {
      return `no module ${specifier}: ${(error as Error).message}`;
    }
    if (path !== undefined) return this.#resolvePath(path, specifier, importer);
    return this.#resolveName(specifier, importer);
  }

  #resolvePath(path: string, specifier: string, importer: string): Resolution | string {
    const found = findFile(path, this.#packages, this.#folders);
    if (found === undefined) return `no module ${specifier}: ${explainMissing(path, specifier)}`;
    return this.#refuseImplied(found, specifier, importer) ?? acceptFile(found.file, specifier);
  }

  /** Where all imports have their endings no tsconfig is asked for. */
  #refuseImplied(
    { file, isImplied, path }: FoundFile,
    specifier: string,
    importer: string,
  ): string | undefined {
    if (!isImplied || !this.#wantsEndings(importer)) return undefined;
    const tsconfig = this.tsconfigs.find(dirname(importer))?.file;
    const named = nameWithEnding(specifier, path, file);
    return `no module ${specifier}: write ${named}; by ${tsconfig} (moduleResolution) Node's rules hold, and imports name files with their endings`;
  }

  /** A name: by the project's mapping, of the own package, of the workspace, or Node's. */
  #resolveName(specifier: string, importer: string): Resolution | string {
    if (isBuiltin(specifier)) return { kind: "package", specifier };
    const tsconfig = this.tsconfigs.find(dirname(importer));
    const conditions = tsconfig?.customConditions ?? [];
    const project = { packages: this.#packages, folders: this.#folders, conditions };
    const mapped = tsconfig === undefined ? undefined : findMapped(specifier, tsconfig, project);
    if (mapped?.found !== undefined) {
      const { found } = mapped;
      return this.#refuseImplied(found, specifier, importer) ?? this.#accept(found.file, specifier);
    }
    if (specifier.startsWith("#")) return this.#resolveOwnImport(specifier, importer, project);
    const own = findOwnExport(specifier, importer, project);
    if (own !== undefined) return typeof own === "string" ? own : this.#accept(own.file, specifier);
    const folder = findPackageFolder(specifier, importer);
    if (folder !== undefined) {
      const file = findWorkspaceFile(specifier, folder, project);
      return file === undefined ? { kind: "package", specifier } : { kind: "file", file };
    }
    const [tried] = mapped?.tried ?? [];
    if (tried === undefined) return { kind: "package", specifier };
    const why = explainMissing(tried, specifier);
    return `no module ${specifier}: by paths of ${tsconfig?.file} it is ${tried}, and ${why}`;
  }

  #resolveOwnImport(specifier: string, importer: string, project: Project): Resolution | string {
    const own = findOwnImport(specifier, importer, project);
    if (typeof own === "string") return own;
    if ("file" in own) return this.#accept(own.file, specifier);
    // Another package, as the folder of this one's package.json sees it.
    const other = this.#resolveName(own.specifier, own.importer);
    const isNodes = typeof other !== "string" && other.kind === "package";
    // Node knows from where to ask for it by this name.
    return isNodes ? { kind: "package", specifier } : other;
  }

  /** What is installed, and CommonJS, Node has to load. */
  #accept(file: string, specifier: string): Resolution | string {
    const isInstalled = file.split(sep).includes("node_modules");
    if (!isInstalled && isModule(file, this.#packages)) return acceptFile(file, specifier);
    return { kind: "package", specifier: pathToFileURL(file).href };
  }

  /** Whether a file's imports of JSON need no attribute: its project says so, and Node has no say. */
  takesPlainJson(importer: string): boolean {
    return (
      this.tsconfigs.find(dirname(importer))?.takesJson === true && !this.#wantsEndings(importer)
    );
  }

  /**
   * Node's rules hold for ES modules; TypeScript takes a .ts for one if the package's type says so.
   */
  #wantsEndings(importer: string): boolean {
    const folder = dirname(importer);
    if (this.tsconfigs.find(folder)?.isNodeNext !== true) return false;
    if (/\.m[jt]s$/.test(importer)) return true;
    return this.#packages.find(folder)?.type === "module";
  }
}

/** A specifier as Node's rules want it: with the ending of the JavaScript that the file becomes. */
function nameWithEnding(specifier: string, path: string, file: string): string {
  const plain = specifier.replace(/\/$/, "");
  const top = path.replace(/[\\/]$/, "");
  const compiled = file.replace(/\.tsx?$/, ".js");
  const rest = compiled.startsWith(top) ? compiled.slice(top.length) : `/${basename(compiled)}`;
  return plain + rest.replaceAll(sep, "/");
}

function acceptFile(file: string, specifier: string): Resolution | string {
  if (extname(file) === ".cjs") return { kind: "package", specifier: pathToFileURL(file).href };
  if (SOURCE_EXTENSIONS.includes(extname(file))) return { kind: "file", file };
  return `can't import ${specifier}: modules end in ${SOURCE_EXTENSIONS.join(", ")} or .cjs`;
}

/** Finds an entry of this package. */
function resolveEntry(specifier: string): Resolution | string {
  try {
    return { kind: "package", specifier: import.meta.resolve(specifier) };
  } catch {
    return `no module ${specifier}: the package has no such entry`;
  }
}

/** Tells whether a specifier names a file by its path, and no package. */
export function isPath(specifier: string): boolean {
  return /^(?:file:|\.\.?(?:\/|$))/.test(specifier) || isAbsolute(specifier);
}

function pathOf(specifier: string, importer: string): string | undefined {
  if (!isPath(specifier)) return undefined;
  if (specifier.startsWith("file:")) return fileURLToPath(specifier);
  if (isAbsolute(specifier)) return specifier;
  // The slash at the end says that it is a folder.
  return resolve(dirname(importer), specifier) + (specifier.endsWith("/") ? "/" : "");
}
