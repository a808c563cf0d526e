/**
 * What blanking can't turn into JavaScript: why a text needs the compiler of its project, and what
 * asks for that.
 *
 * The code that reads a text does not know what transforms it. Its caller hands in a function, which
 * may refuse.
 */

import type { Stripped } from "./strip.ts";

/** Why a text has to be transformed, and where that shows first. */
export interface TransformNeed {
  /** What there is no other way for, for example "decorators need". */
  readonly what: string;
  readonly line: number;
  readonly column: number;
  /** Whether only TypeScript itself gets it right. */
  readonly isExact?: boolean | undefined;
}

/** A text to transform. */
export interface TransformOrder {
  readonly text: string;
  /** Name of the file, for messages and the choice of language. */
  readonly file: string;
  /** Real path of the file whose project has the compiler and the options. */
  readonly home: string;
  readonly need: TransformNeed;
}

/** Has the compiler of a project transform a text. */
export type Transform = (order: TransformOrder) => Stripped;

/** Thrown where a text can't be read here and now: another thread has to transform it. */
export class TransformNeeded extends Error {
  override name = "TransformNeeded";
}

/**
 * Transforms nothing.
 *
 * @throws TransformNeeded
 */
export function transformElsewhere(): never {
  throw new TransformNeeded("the text has to be transformed");
}
