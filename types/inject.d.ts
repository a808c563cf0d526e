/**
 * What a script of `inject` is given, for an editor and the compiler. A script names it in its first line:
 *
 *     /// <reference types="snax/inject" />
 *     export {};
 *
 * The service's own variables are in reach as well; `declare let count: number;` tells their types.
 */

import type { upvalues as liveUpvalues } from "snax";

declare global {
  /** Prints a line for the operator who waits for the script, values joined by tabs; after the script's end into the log. */
  function print(...values: unknown[]): void;
  /** The arguments of the script, copied; from the console they are texts. */
  const args: readonly any[];
  /** Live access to the variables that a function captured. */
  const upvalues: typeof liveUpvalues;
  /** By protocol, the objects and functions that its handler uses, by the names of their variables. */
  const _P: Readonly<{ lua: any; snax: any; client: any; [protocol: string]: any }>;
  /** All of them in one, and `proto`, the protocols with their handlers. */
  const _U: Readonly<{
    proto: Record<string, { name: string; dispatch: unknown }>;
    [name: string]: any;
  }>;
}
