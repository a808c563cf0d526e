/**
 * The types of `upvalues`: what `import { upvalues } from "snax"` gives.
 */

/**
 * The variables that a closure captured, by name: reading and writing a property reads and writes
 * the variable.
 */
export type Captured = Record<string, any>;

/** A scope around a function. */
export interface UpvalueScope {
  /** "block", "closure", "module", "class", "eval" or "catch". */
  readonly kind: string;
  /** The function whose scope it is; empty if that has no name. */
  readonly name: string;
  /** Its variables, also those that an inner scope hides. */
  readonly names: readonly string[];
}

/** Live access to the variables that closures captured. */
export interface Upvalues {
  /**
   * Gives the variables that a function captured, as an object: reading a property reads the
   * variable, writing it writes the variable.
   *
   * Enumerable are those that the function uses; what else is in its scopes has a property that
   * is not. The innermost scope wins. Works for functions, methods, getters (through their
   * descriptors), generators and classes; a bound function stands for the one it was made from. The
   * function's body does not run. Writing a constant throws a TypeError.
   *
   * @throws {ERR_ARGUMENT} if the variables can't be reached: native code, a function of another
   * realm, no function.
   * @example
   * ```ts
   * const { db } = upvalues(command.GET);
   * ```
   */
  <T extends object = Captured>(fn: (...args: never[]) => unknown): T;
  <T extends object = Captured>(type: abstract new (...args: never[]) => unknown): T;
  /**
   * Lists the scopes around a function, innermost first.
   *
   * @throws {ERR_ARGUMENT} as above.
   */
  scopes(
    fn: ((...args: never[]) => unknown) | (abstract new (...args: never[]) => unknown),
  ): UpvalueScope[];
}
