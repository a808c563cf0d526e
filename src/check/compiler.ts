/**
 * What a check of types needs of a compiler.
 */

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

/** Puts a message of several lines into one. */
export function inOneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
