/**
 * The nearest `package.json` of a file: what of it the loader has to know.
 *
 * As with `tsconfig.ts`, nothing is kept longer than the object that read it, which is made for one
 * load.
 */

import { basename, dirname, join } from "node:path";
import { PACKAGE_JSON_SIZE_MAX } from "../../base/limits.ts";
import { isFile, readConfigFile, recordOf } from "./config-file.ts";
import { parseJson } from "../text/json.ts";

/** What a `package.json` says. */
export interface PackageJson {
  readonly file: string;
  readonly folder: string;
  /** Undefined where the file has another kind of value, as Node takes it; the next two too. */
  readonly name: string | undefined;
  readonly main: string | undefined;
  readonly type: string | undefined;
  /** As they are there. */
  readonly exports: unknown;
  readonly imports: unknown;
}

/** Reads the `package.json` of folders, each at most once. */
export class PackageJsons {
  readonly #byFolder = new Map<string, PackageJson | undefined>();

  /**
   * Finds the package that the files of a folder belong to: the folder's own `package.json`, or
   * that of the nearest folder above, up to a `node_modules`.
   *
   * @param folder - absolute path.
   * @throws {ERR_SYNTAX} if the file that is found is no JSON.
   * @throws {ERR_MODULE} if it can't be read, or is no object.
   */
  find(folder: string): PackageJson | undefined {
    if (basename(folder) === "node_modules") return undefined;
    const above = dirname(folder);
    return this.read(folder) ?? (above === folder ? undefined : this.find(above));
  }

  /**
   * Reads the `package.json` of a folder, if it has one; throws what {@link PackageJsons.find}
   * throws.
   */
  read(folder: string): PackageJson | undefined {
    if (this.#byFolder.has(folder)) return this.#byFolder.get(folder);
    const file = join(folder, "package.json");
    const found = isFile(file) ? readPackageJson(file) : undefined;
    this.#byFolder.set(folder, found);
    return found;
  }
}

function readPackageJson(file: string): PackageJson {
  const text = readConfigFile(file, PACKAGE_JSON_SIZE_MAX);
  const { name, main, type, exports, imports } = recordOf(parseJson(text, file), file, "it");
  return {
    file,
    folder: dirname(file),
    name: textOf(name),
    main: textOf(main),
    type: textOf(type),
    exports,
    imports,
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
