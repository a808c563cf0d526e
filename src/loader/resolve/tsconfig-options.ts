/**
 * The options of a `tsconfig.json` that say how a text runs or what its imports find, each with its
 * reader.
 *
 * A value of another kind is refused with the file in which it is. Options that are not listed
 * do not matter here.
 */

import { resolve } from "node:path";
import { listOf, recordOf, refuseValue } from "./config-file.ts";

/** Where specifiers that match a pattern are looked for. */
export interface PathPattern {
  /** A specifier, with at most one `*`. */
  readonly pattern: string;
  /** Paths to try in turn, each with at most one `*`; absolute once they are placed. */
  readonly targets: readonly string[];
}

/** The options as they are given; what is missing is not given. */
export interface TsconfigOptions {
  readonly experimentalDecorators?: boolean;
  readonly emitDecoratorMetadata?: boolean;
  readonly useDefineForClassFields?: boolean;
  readonly verbatimModuleSyntax?: boolean;
  readonly isolatedModules?: boolean;
  readonly preserveValueImports?: boolean;
  /** In small letters, as the next ones. */
  readonly target?: string;
  readonly module?: string;
  readonly moduleResolution?: string;
  readonly resolveJsonModule?: boolean;
  readonly jsx?: string;
  readonly jsxFactory?: string;
  readonly jsxFragmentFactory?: string;
  readonly jsxImportSource?: string;
  /** Absolute. */
  readonly baseUrl?: string;
  /** Conditions for `exports` and `imports` besides Node's. */
  readonly customConditions?: readonly string[];
  /**
   * In the order of the text; relative targets count from `baseUrl`, else from the file that has
   * them.
   */
  readonly paths?: readonly PathPattern[];
  /** Folder of the file that has `paths`. */
  readonly pathsFolder?: string;
}

/** Where a value is, for what counts from there and for errors. */
export interface OptionPlace {
  readonly file: string;
  /** Folder of the file. */
  readonly folder: string;
  /** Folder that `${configDir}` stands for. */
  readonly leaf: string;
  /** The option. */
  readonly name: string;
}

type OptionReader = (value: unknown, place: OptionPlace) => Partial<TsconfigOptions>;

/** How each option is read. */
export const OPTION_READERS: Readonly<Record<keyof TsconfigOptions, OptionReader>> = {
  experimentalDecorators: (value, place) => ({ experimentalDecorators: readFlag(value, place) }),
  emitDecoratorMetadata: (value, place) => ({ emitDecoratorMetadata: readFlag(value, place) }),
  useDefineForClassFields: (value, place) => ({ useDefineForClassFields: readFlag(value, place) }),
  verbatimModuleSyntax: (value, place) => ({ verbatimModuleSyntax: readFlag(value, place) }),
  isolatedModules: (value, place) => ({ isolatedModules: readFlag(value, place) }),
  preserveValueImports: (value, place) => ({ preserveValueImports: readFlag(value, place) }),
  target: (value, place) => ({ target: readWord(value, place) }),
  module: (value, place) => ({ module: readWord(value, place) }),
  moduleResolution: (value, place) => ({ moduleResolution: readWord(value, place) }),
  resolveJsonModule: (value, place) => ({ resolveJsonModule: readFlag(value, place) }),
  jsx: (value, place) => ({ jsx: readWord(value, place) }),
  jsxFactory: (value, place) => ({ jsxFactory: readText(value, place) }),
  jsxFragmentFactory: (value, place) => ({ jsxFragmentFactory: readText(value, place) }),
  jsxImportSource: (value, place) => ({ jsxImportSource: readText(value, place) }),
  baseUrl: (value, place) => ({ baseUrl: resolve(place.folder, readPath(value, place)) }),
  customConditions: (value, { file, name }) => ({ customConditions: listOf(value, file, name) }),
  paths: (value, place) => ({ paths: readPatterns(value, place), pathsFolder: place.folder }),
  pathsFolder: () => ({}),
};

/** Makes the targets of `paths` absolute, once all files have been read. */
export function placePatterns(options: TsconfigOptions): TsconfigOptions {
  const { paths, baseUrl, pathsFolder = "" } = options;
  if (paths === undefined) return options;
  const place = (target: string): string => resolve(baseUrl ?? pathsFolder, target);
  const placed = paths.map(({ pattern, targets }) => ({ pattern, targets: targets.map(place) }));
  return { ...options, paths: placed };
}

function readFlag(value: unknown, { file, name }: OptionPlace): boolean {
  if (typeof value === "boolean") return value;
  throw refuseValue(file, name, "true or false");
}

function readText(value: unknown, { file, name }: OptionPlace): string {
  if (typeof value === "string") return value;
  throw refuseValue(file, name, "a text");
}

function readWord(value: unknown, place: OptionPlace): string {
  return readText(value, place).toLowerCase();
}

function readPath(value: unknown, place: OptionPlace): string {
  return readText(value, place).replace(/^\$\{configDir\}/, () => place.leaf);
}

function readPatterns(value: unknown, place: OptionPlace): PathPattern[] {
  const { file, name } = place;
  return Object.entries(recordOf(value, file, name)).map(([pattern, list]) => {
    const inside = `${name}["${pattern}"]`;
    const targets = listOf(list, file, inside).map((target) => readPath(target, place));
    if (targets.length === 0) throw refuseValue(file, inside, "a list that is not empty");
    for (const text of [pattern, ...targets]) {
      if (text.split("*").length > 2)
        throw refuseValue(file, inside, `without a second * in ${text}`);
    }
    return { pattern, targets };
  });
}
