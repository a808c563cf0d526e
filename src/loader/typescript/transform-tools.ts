/**
 * The compilers of a project that can do what blanking can't: `typescript` 5 or 6, else
 * `@swc/wasm`.
 *
 * Both are the user's own, found from the folder of the file as Node finds packages, and loaded
 * when the first text needs one: see `transform-worker.ts`, which is where they run. TypeScript
 * comes first: it is what the project's own build gives, to the last detail.
 */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { TransformOptions } from "./transform-options.ts";

/** What a compiler makes of a text. */
export interface Transformed {
  readonly code: string;
  /** Source map (JSON). */
  readonly map: string;
}

/** A compiler that has been loaded. */
export interface Tool {
  /** Name and version, for messages. */
  readonly title: string;
  readonly isTypeScript: boolean;
  /**
   * Transforms a text.
   *
   * @throws TextError if it is not valid; what the compiler throws where it breaks.
   */
  transform(text: string, file: string, options: TransformOptions): Transformed;
}

/** What was found instead of a compiler that can be called. */
export interface NoTool {
  /** Why packages that are installed don't do; "" if none is. */
  readonly why: string;
}

/** A text that a compiler refuses, with the place if it told one: both from 1. */
export class TextError extends Error {
  override name = "TextError";
  readonly line: number;
  readonly column: number;

  constructor(message: string, line: number, column: number) {
    super(message);
    this.line = line;
    this.column = column;
  }
}

/** Finds the compiler for the files of a folder, and loads it. */
export function findTool(folder: string): Tool | NoTool {
  const require = createRequire(join(folder, ASKER));
  const typescript = findPackage(require, "typescript");
  let why = "";
  if (typescript !== undefined) {
    const tool = loadTypeScript(require, typescript);
    if ("transform" in tool) return tool;
    ({ why } = tool);
  }
  const swc = findPackage(require, "@swc/wasm");
  return swc === undefined ? { why } : new Swc(require, swc);
}

/** A package that is installed. */
export interface Package {
  /** What a program gets that requires it. */
  readonly entry: string;
  readonly version: string;
}

/** Finds a package as the files of a folder would; undefined if they have none. */
export function findInstalled(folder: string, name: string): Package | undefined {
  return findPackage(createRequire(join(folder, ASKER)), name);
}

/**
 * Says whether the files of a folder have a TypeScript that can be called, as far as that is known
 * without loading it.
 */
export function hasTypeScript(folder: string): boolean {
  const found = findInstalled(folder, "typescript");
  const major = Number.parseInt(found?.version ?? "0");
  return major >= TYPESCRIPT_MAJOR_MIN && major <= TYPESCRIPT_MAJOR_MAX;
}

/** Names the compiler for the files of a folder without loading it. */
export function titleOfTool(folder: string): string {
  const require = createRequire(join(folder, ASKER));
  if (hasTypeScript(folder)) return `typescript ${findPackage(require, "typescript")?.version}`;
  return `@swc/wasm ${findPackage(require, "@swc/wasm")?.version}`;
}

/** In whose name packages are looked for; nothing of that name need exist. */
const ASKER = "snax.cjs";

function findPackage(require: NodeJS.Require, name: string): Package | undefined {
  try {
    // The manifest first: the entry of a package may not be there for `require`.
    const manifest = require.resolve(`${name}/package.json`);
    const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { version: string };
    return { entry: require.resolve(name), version };
  } catch {
    return undefined;
  }
}

/** The part of TypeScript's API that is used. */
interface TypeScript {
  transpileModule?(text: string, options: object): TypeScriptOutput;
  flattenDiagnosticMessageText(text: unknown, newLine: string): string;
}

interface TypeScriptOutput {
  readonly outputText: string;
  readonly sourceMapText?: string;
  readonly diagnostics?: readonly Diagnostic[];
}

interface Diagnostic {
  readonly category: number;
  readonly messageText: unknown;
  readonly start?: number;
  readonly file?: {
    getLineAndCharacterOfPosition(at: number): { line: number; character: number };
  };
}

const CATEGORY_ERROR = 1;
/** The first release that knows the decorators of the language. */
const TYPESCRIPT_MAJOR_MIN = 5;
/** The last one that is JavaScript. */
const TYPESCRIPT_MAJOR_MAX = 6;

function loadTypeScript(require: NodeJS.Require, { entry, version }: Package): Tool | NoTool {
  const title = `typescript ${version}`;
  if (Number.parseInt(version) < TYPESCRIPT_MAJOR_MIN) {
    return { why: `${title}, which is installed, is too old` };
  }
  const compiler = require(entry) as TypeScript;
  const { transpileModule } = compiler;
  if (typeof transpileModule !== "function") {
    return { why: `${title}, which is installed, has none that can be called` };
  }
  const transform = (text: string, file: string, options: TransformOptions): Transformed => {
    const output = transpileModule(text, {
      fileName: file,
      reportDiagnostics: true,
      compilerOptions: compilerOptions(options, Number.parseInt(version)),
    });
    const error = output.diagnostics?.find(({ category }) => category === CATEGORY_ERROR);
    if (error !== undefined) {
      const message = compiler.flattenDiagnosticMessageText(error.messageText, " ");
      const at = error.file?.getLineAndCharacterOfPosition(error.start ?? 0);
      throw new TextError(message, (at?.line ?? 0) + 1, (at?.character ?? 0) + 1);
    }
    return { code: withoutMapUrl(output.outputText), map: output.sourceMapText ?? "" };
  };
  return { title, isTypeScript: true, transform };
}

/** Numbers of TypeScript's own enums, the same in all releases: ES2022, ESNext. */
const TARGET_ES2022 = 9;
const MODULE_ESNEXT = 99;
const JSX_MODES: Readonly<Record<string, number>> = { react: 2, "react-jsx": 4, "react-jsxdev": 5 };
/**
 * Its default is that of the newest releases: React's, which every project has overridden or means.
 */
const JSX_DEFAULT = "react-jsx";

function compilerOptions(options: TransformOptions, major: number): object {
  const { jsx, ...same } = options;
  return {
    ...same,
    target: TARGET_ES2022,
    module: MODULE_ESNEXT,
    moduleResolution: major < 6 ? 2 : 100,
    isolatedModules: true,
    sourceMap: true,
    newLine: 1,
    jsx: JSX_MODES[jsx ?? JSX_DEFAULT] ?? JSX_MODES[JSX_DEFAULT],
  };
}

/** The part of swc's API that is used. */
interface SwcModule {
  transformSync(text: string, options: object): { readonly code: string; readonly map?: string };
}

class Swc implements Tool {
  readonly title: string;
  readonly isTypeScript = false;
  readonly #require: NodeJS.Require;
  readonly #entry: string;
  #compiler: SwcModule | undefined;

  constructor(require: NodeJS.Require, { entry, version }: Package) {
    this.title = `@swc/wasm ${version}`;
    this.#require = require;
    this.#entry = entry;
  }

  transform(text: string, file: string, options: TransformOptions): Transformed {
    this.#compiler ??= this.#require(this.#entry) as SwcModule;
    try {
      const { code, map = "" } = this.#compiler.transformSync(text, swcOptions(file, options));
      return { code: withoutMapUrl(code), map };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (error instanceof RangeError || (error as Error).name === "RuntimeError") {
        // Out of its stack it has left its memory in disorder, and would fail at every later text.
        this.#compiler = undefined;
        delete this.#require.cache[this.#entry];
        throw error;
      }
      throw readSwcError(message, text);
    }
  }
}

function swcOptions(file: string, options: TransformOptions): object {
  const { experimentalDecorators: legacy = false, emitDecoratorMetadata = false } = options;
  return {
    filename: file,
    configFile: false,
    swcrc: false,
    sourceMaps: true,
    module: { type: "es6" },
    jsc: {
      target: "es2022",
      externalHelpers: false,
      parser: {
        syntax: "typescript",
        tsx: file.endsWith("x"),
        decorators: true,
        explicitResourceManagement: true,
      },
      transform: {
        legacyDecorator: legacy,
        decoratorMetadata: emitDecoratorMetadata,
        ...(legacy ? {} : { decoratorVersion: "2023-11" }),
        useDefineForClassFields: options.useDefineForClassFields,
        verbatimModuleSyntax: options.verbatimModuleSyntax ?? false,
        tsEnumIsMutable: true,
        react: {
          runtime: options.jsx === "react" ? "classic" : "automatic",
          development: options.jsx === "react-jsxdev",
          ...(options.jsxImportSource === undefined
            ? {}
            : { importSource: options.jsxImportSource }),
          ...(options.jsxFactory === undefined ? {} : { pragma: options.jsxFactory }),
          ...(options.jsxFragmentFactory === undefined
            ? {}
            : { pragmaFrag: options.jsxFragmentFactory }),
        },
      },
    },
  };
}

/**
 * swc tells the line in words, and the column in a picture of the text, where a tab is as wide as
 * four blanks:
 *
 *     x Expected ';', '}' or <eof>
 *       ,-[room.ts:3:1]
 *     3 |   @D x: = 1;
 *       :         ^
 */
function readSwcError(picture: string, text: string): TextError {
  const message = /^\s*[x\u00D7]\s+(.*(?:\n\s*\|.*)*)/mu.exec(picture)?.[1] ?? picture;
  const line = Number(/\[[^\]\n]*:(\d+):\d+\]/.exec(picture)?.[1] ?? 1);
  const rows = picture.split("\n");
  const under = rows.findIndex((row) => /^\s*[:\u00B7]\s*\^/u.test(row));
  const margin = (rows[under - 1] ?? "").search(/[|\u2502]/u) + 2;
  const shown = (rows[under] ?? "").indexOf("^") - margin;
  const plain = message.replace(/\n\s*\|\s*/g, " ").trim();
  return new TextError(plain, line, columnOf(text.split("\n")[line - 1] ?? "", shown));
}

const TAB_WIDTH = 4;

/** The column, from 1, of what a picture shows a number of places behind the beginning of a row. */
function columnOf(row: string, shown: number): number {
  let column = 0;
  for (let place = 0; place < shown && column < row.length; column += 1) {
    place += row[column] === "\t" ? TAB_WIDTH : 1;
  }
  return column + 1;
}

function withoutMapUrl(code: string): string {
  return code.replace(/\n?\/\/# sourceMappingURL=[^\n]*\s*$/, "\n");
}
