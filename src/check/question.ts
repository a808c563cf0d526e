/**
 * What a check of types is asked, and what it answers: plain data, for it crosses to another
 * process.
 */

/** A text and the file that it stands for. */
export interface CheckText {
  /** Absolute path. */
  readonly file: string;
  readonly text: string;
}

/** A module as services run it. */
export interface CheckModule extends CheckText {
  /** Whether it is the own file of a snax service. */
  readonly isService: boolean;
}

/** A patch for one module. */
export interface CheckPatch extends CheckText {
  /** Name of the patch's own file, for the reader of the answer. */
  readonly shown: string;
  /** Where that file is. @defaultValue nowhere */
  readonly source?: string;
}

/** Patches, and what runs. */
export interface CheckQuestion {
  /** The modules that are patched, as they run. */
  readonly modules: readonly CheckModule[];
  readonly patches: readonly CheckPatch[];
  /** Other texts that run. */
  readonly running: readonly CheckText[];
}

/** What the compiler found. */
export interface CheckError {
  /** In a text of the patch, in code that runs, or in a file that no service runs. */
  readonly where: "patch" | "running" | "other";
  /** For a patch the name that the question gives it, else an absolute path. */
  readonly file: string;
  /** From 1; 0 if the error has no place. */
  readonly line: number;
  /** From 1, in UTF-16 units; 0 if the error has no place. */
  readonly column: number;
  /** As `TS2339`, or a code of this package. */
  readonly code: string;
  readonly text: string;
}

/** What came of a check; `why` says why there was none. */
export type CheckAnswer =
  | {
      readonly kind: "checked";
      /** Name and version of the compiler. */
      readonly compiler: string;
      /** The first ones; see `more`. */
      readonly errors: readonly CheckError[];
      /** How many others there are. */
      readonly more: number;
      /** What was not looked at. */
      readonly gaps: readonly string[];
    }
  | { readonly kind: "unchecked"; readonly why: string };
