/**
 * The compiler of a project that has TypeScript 5 or 6: its language service, called in this
 * process.
 *
 * Files are read from disk except those with a text of their own. A project (`tsconfig.json`)
 * keeps its program, so that the second check only looks at what has changed.
 */

import { statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, resolve } from "node:path";
import type { Package } from "../loader/typescript/transform-tools.ts";
import type { Compiler, Diagnostic } from "./compiler.ts";
import { inOneLine } from "./compiler.ts";

/** The part of TypeScript's API that is used. */
interface TypeScript {
  readonly sys: TypeScriptSystem;
  readonly ScriptSnapshot: { fromString(text: string): object };
  getParsedCommandLineOfConfigFile(file: string, options: object, host: object): Parsed | undefined;
  createLanguageService(host: object): LanguageService;
  getDefaultLibFilePath(options: object): string;
  flattenDiagnosticMessageText(text: unknown, newLine: string): string;
}

interface TypeScriptSystem {
  fileExists(file: string): boolean;
  readFile(file: string): string | undefined;
  readonly [name: string]: unknown;
}

interface Parsed {
  readonly options: object;
  readonly fileNames: readonly string[];
  readonly projectReferences?: readonly { readonly path: string }[];
}

interface LanguageService {
  getSyntacticDiagnostics(file: string): readonly Reported[];
  getSemanticDiagnostics(file: string): readonly Reported[];
  getProgram(): { getSourceFile(file: string): object | undefined } | undefined;
}

interface Reported {
  readonly category: number;
  readonly code: number;
  readonly start?: number;
  readonly messageText: unknown;
}

/** A `tsconfig.json` with its program. */
interface Project {
  readonly service: LanguageService;
  readonly files: Set<string>;
}

const CATEGORY_ERROR = 1;

/** The language service of a project's TypeScript. */
export class ClassicCompiler implements Compiler {
  readonly title: string;
  readonly #typescript: TypeScript;
  readonly #configOf: (file: string) => string | undefined;
  readonly #projects = new Map<string, Project>();
  #texts: ReadonlyMap<string, string> = new Map();
  /** Texts by file, counted: the service reads anew what has another number. */
  readonly #versions = new Map<string, { readonly text: string; readonly version: number }>();
  readonly #stamps = new Map<string, string>();
  #count = 0;

  /** @param configOf - the `tsconfig.json` that is nearest to a file. */
  constructor({ entry, version }: Package, configOf: (file: string) => string | undefined) {
    this.title = `typescript ${version}`;
    this.#typescript = createRequire(entry)(entry) as TypeScript;
    this.#configOf = configOf;
  }

  lay(texts: ReadonlyMap<string, string>, changed: readonly string[]): void {
    this.#texts = texts;
    if (changed.length === 0) return;
    this.#stamps.clear();
    // Files that came or went, and options, are read with the project.
    const isListed = (file: string): boolean =>
      [...this.#projects.values()].some(({ files }) => files.has(file));
    if (!changed.every(isListed)) this.#projects.clear();
  }

  async diagnose(file: string): Promise<readonly Diagnostic[]> {
    const { service, files } = this.#projectOf(file);
    files.add(file);
    // Without `allowJs` the compiler takes no JavaScript.
    if (service.getProgram()?.getSourceFile(file) === undefined) return [];
    const found = [
      ...service.getSyntacticDiagnostics(file),
      ...service.getSemanticDiagnostics(file),
    ];
    return found.flatMap(({ category, code, start = 0, messageText }) => {
      if (category !== CATEGORY_ERROR) return [];
      const text = this.#typescript.flattenDiagnosticMessageText(messageText, "\n");
      return [{ start, code, text: inOneLine(text) }];
    });
  }

  close(): void {
    this.#projects.clear();
  }

  #projectOf(file: string): Project {
    const config = this.#configOf(file) ?? "";
    let project = this.#projects.get(config);
    if (project === undefined) this.#projects.set(config, (project = this.#open(config, file)));
    return project;
  }

  #open(config: string, file: string): Project {
    const ts = this.#typescript;
    const { options, fileNames } = this.#read(config, file);
    const files = new Set(fileNames);
    const host = {
      getCompilationSettings: () => options,
      getScriptFileNames: () => [...files],
      getScriptVersion: (name: string) => this.#versionOf(name),
      getScriptSnapshot: (name: string) => {
        const text = this.#texts.get(name) ?? ts.sys.readFile(name);
        return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
      },
      getCurrentDirectory: () => dirname(config),
      getDefaultLibFileName: (given: object) => ts.getDefaultLibFilePath(given),
      fileExists: (name: string) => this.#texts.has(name) || ts.sys.fileExists(name),
      readFile: (name: string) => this.#texts.get(name) ?? ts.sys.readFile(name),
      readDirectory: ts.sys["readDirectory"],
      directoryExists: ts.sys["directoryExists"],
      getDirectories: ts.sys["getDirectories"],
      realpath: ts.sys["realpath"],
    };
    return { service: ts.createLanguageService(host), files };
  }

  /** A file that only lists others stands for the first of them that has the file. */
  #read(config: string, file: string): Parsed {
    const own = this.#parse(config);
    if (own.fileNames.includes(file)) return own;
    for (const { path } of own.projectReferences ?? []) {
      const full = resolve(dirname(config), path);
      const other = this.#parse(full.endsWith(".json") ? full : resolve(full, "tsconfig.json"));
      if (other.fileNames.includes(file)) return other;
    }
    return own;
  }

  #parse(config: string): Parsed {
    const ts = this.#typescript;
    const host = { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => {} };
    const parsed = ts.getParsedCommandLineOfConfigFile(config, { noEmit: true }, host);
    return parsed ?? { options: {}, fileNames: [] };
  }

  #versionOf(file: string): string {
    const text = this.#texts.get(file);
    if (text !== undefined) {
      const known = this.#versions.get(file);
      if (known?.text === text) return `text ${known.version}`;
      this.#count += 1;
      this.#versions.set(file, { text, version: this.#count });
      return `text ${this.#count}`;
    }
    let stamp = this.#stamps.get(file);
    if (stamp === undefined) {
      const stat = statSync(file, { throwIfNoEntry: false });
      stamp = `file ${stat?.mtimeMs} ${stat?.size}`;
      this.#stamps.set(file, stamp);
    }
    return stamp;
  }
}
