/**
 * `snax types`: finds the snax services on the search path and writes the file that lets programs name them without
 * a type argument.
 *
 *   search path -> files by name -> those that export a part of a snax service -> snax.d.ts
 *
 * As at run time, the first pattern that has a file for a name wins. What a file exports is read from its syntax;
 * nothing is evaluated, so names that come through `export * from` are not seen. The order is stable, and the file is
 * written only if its text changes. The command line and its messages are not here.
 */

import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import type { ModuleDeclaration, Pattern, Statement } from "acorn";
import { parseModule } from "../loader/read/syntax.ts";
import { transformNow } from "../loader/build/transformer.ts";
import { faultOf } from "../service/search-path.ts";

/** Where to look and where to write. */
export interface TypesOptions {
  /** The folder of the configuration file; relative paths start there. */
  readonly directory: string;
  /** The search path: patterns in which `?` is the name, as an array or with `;` between them. */
  readonly services: string | readonly string[];
  /**
   * The file to write, relative to `directory`.
   *
   * @defaultValue "snax.d.ts"
   */
  readonly output?: string;
  /** Services that were found before: one of them that can't be read now is still one. */
  readonly known?: ReadonlyMap<string, string>;
}

/** A file on the search path whose exports can't be told. */
export interface UnreadableFile {
  /** The absolute path. */
  readonly path: string;
  /** Why: ERR_SYNTAX with the place in the file, or what the file system said. */
  readonly error: unknown;
}

/** What is on a search path. */
export interface FoundServices {
  /** Absolute path by service name, in the order of the names. */
  readonly services: ReadonlyMap<string, string>;
  /** The files that were left out since they can't be read. */
  readonly unreadable: readonly UnreadableFile[];
}

/** What `snax types` did. */
export interface WrittenTypes extends FoundServices {
  /** The absolute path of the file. */
  readonly path: string;
  /** Whether its text had to be written. */
  readonly changed: boolean;
}

/** A file that exports one of these is a snax service. */
const SERVICE_EXPORTS: ReadonlySet<string> = new Set(["response", "accept", "subscribe", "init"]);

/**
 * Writes the declarations of all snax services on the search path, unless the file says the same already.
 *
 * @example
 * ```ts
 * const { path, services } = writeTypes({ directory: "/srv/game", services: "./services/?.ts" });
 * ```
 */
export function writeTypes(options: TypesOptions): WrittenTypes {
  const path = outputOf(options);
  const found = findServices(options);
  const text = formatTypes(found.services, dirname(path));
  const changed = !existsSync(path) || readFileSync(path, "utf8") !== text;
  if (changed) writeFileSync(path, text);
  return { ...found, path, changed };
}

/** Returns the absolute path of the file to write. */
export function outputOf({ directory, output = "snax.d.ts" }: TypesOptions): string {
  return resolve(directory, output);
}

/** Finds the snax services on the search path, sorted by name. */
export function findServices(options: TypesOptions): FoundServices {
  const services = new Map<string, string>();
  const unreadable: UnreadableFile[] = [];
  const files = [...listServiceFiles(options)].toSorted(([a], [b]) => (a < b ? -1 : 1));
  for (const [name, path] of files) {
    try {
      const isService = exportedNames(path).some((exported) => SERVICE_EXPORTS.has(exported));
      if (isService) services.set(name, path);
    } catch (error) {
      if (options.known?.get(name) === path) services.set(name, path);
      // The other services are worth listing all the same; the caller tells of this one.
      unreadable.push({ path, error });
    }
  }
  return { services, unreadable };
}

/**
 * Makes the text of the declaration file.
 *
 * @param services - absolute path by name.
 * @param directory - where the file will be; its imports are relative to it.
 */
export function formatTypes(services: ReadonlyMap<string, string>, directory: string): string {
  const lines = [...services].map(([name, path]) => {
    const key = /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
    const specifier = relative(directory, path).replaceAll(sep, "/");
    const local = specifier.startsWith("../") ? specifier : `./${specifier}`;
    return `    ${key}: typeof import(${JSON.stringify(local)});\n`;
  });
  // Without an export the file would declare the package anew instead of adding to it.
  return `// Written by \`snax types\` from the search path of services; run it again after adding a service.

declare module "snax" {
  interface Services {
${lines.join("")}  }
}

export {};
`;
}

/** Maps each name to the file that the search path gives for it, be it a service or not. */
export function listServiceFiles(options: TypesOptions): Map<string, string> {
  const files = new Map<string, string>();
  const inside = resolve(options.directory) + sep;
  for (const given of splitPatterns(options.services)) {
    // A "?" in the path of the folder itself is no mark.
    const pattern = given.startsWith(inside) ? given.slice(inside.length) : given;
    const folder = pattern.slice(0, pattern.lastIndexOf("/", pattern.indexOf("?")) + 1);
    const root = resolve(options.directory, folder);
    const form = matcherOf(pattern.slice(folder.length));
    // As at run time, a folder that does not exist holds no service.
    if (!existsSync(root)) continue;
    for (const path of walk(root)) {
      // A file system may keep a name in its decomposed form; programs write it composed.
      const name = form.exec(relative(root, path).replaceAll(sep, "/"))?.[1]?.normalize("NFC");
      // What has no name of a service can't be started.
      if (name === undefined || faultOf(name) !== undefined) continue;
      if (!files.has(name)) files.set(name, path);
    }
  }
  return files;
}

function splitPatterns(services: string | readonly string[]): string[] {
  const patterns = typeof services === "string" ? [services] : services;
  return patterns
    .flatMap((pattern) => pattern.split(";"))
    .map((pattern) => pattern.trim())
    .filter((pattern) => pattern.includes("?"));
}

/** Turns a pattern into the form of the paths it stands for; every further `?` is the same name again. */
function matcherOf(pattern: string): RegExp {
  const [head = "", ...tail] = pattern
    .split("?")
    .map((part) => part.replace(/[\\^$.*+()[\]{}|]/g, String.raw`\$&`));
  return new RegExp(`^${head}(.+)${tail.join(String.raw`\1`)}$`, "u");
}

/** Lists the files under a folder; packages, hidden files and declarations are no services. */
function* walk(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name.startsWith(".") || entry.name === "node_modules") continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* walk(path);
    else if (!/\.d\.[cm]?ts$/.test(entry.name)) yield path;
  }
}

/** Reads the names that a file exports as values. */
function exportedNames(path: string): string[] {
  const options = { transform: transformNow };
  return parseModule(readFileSync(path, "utf8"), path, options).ast.body.flatMap(namesOf);
}

function namesOf(statement: Statement | ModuleDeclaration): string[] {
  if (statement.type !== "ExportNamedDeclaration") return [];
  const { declaration, specifiers } = statement;
  if (declaration?.type === "VariableDeclaration") {
    return declaration.declarations.flatMap(({ id }) => boundNames(id));
  }
  if (declaration) return [declaration.id.name];
  return specifiers.map(({ exported }) =>
    exported.type === "Identifier" ? exported.name : String(exported.value),
  );
}

/** Names the variables of a declarator; no program takes groups of methods from a destructured array. */
function boundNames(pattern: Pattern): string[] {
  if (pattern.type === "Identifier") return [pattern.name];
  if (pattern.type !== "ObjectPattern") return [];
  return pattern.properties.flatMap((property) =>
    boundNames(property.type === "Property" ? property.value : property.argument),
  );
}
