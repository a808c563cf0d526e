/**
 * What a check of types needs of a compiler, and the search for the one that the project has
 * installed.
 */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

/** An error that a compiler reports. */
export interface Diagnostic {
  /** Offset in the text of the file, in UTF-16 units. */
  readonly start: number;
  readonly code: number;
  /** In one line. */
  readonly text: string;
}

/** A compiler of the project, at work. */
export interface Compiler {
  /** Name and version. */
  readonly title: string;
  /**
   * Has texts count in place of files, and no others.
   *
   * @param changed - files on disk that are not what they were at the last call.
   */
  lay(texts: ReadonlyMap<string, string>, changed: readonly string[]): void;
  /**
   * Lists the errors in a file.
   *
   * @param file - one of those with a text.
   */
  diagnose(file: string): Promise<readonly Diagnostic[]>;
  close(): void;
}

/** A `typescript` package. */
export interface TypeScriptPackage {
  readonly version: string;
  readonly major: number;
  /** The `package.json`. */
  readonly manifest: string;
  /** What a program gets that requires it. */
  readonly entry: string;
}

/** Nothing of that name need exist: packages are looked for from its folder. */
const ASKER = "snax.cjs";

/** Finds the `typescript` that the files of a folder have installed. */
export function findTypeScript(folder: string): TypeScriptPackage | undefined {
  try {
    const { resolve } = createRequire(join(folder, ASKER));
    const manifest = resolve("typescript/package.json");
    const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { version: string };
    return { version, major: Number.parseInt(version), manifest, entry: resolve("typescript") };
  } catch {
    // Not installed, or no package: there is none to ask.
    return undefined;
  }
}

/** Puts a message of several lines into one. */
export function inOneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
