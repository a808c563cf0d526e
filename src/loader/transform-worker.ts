/**
 * The thread on which texts are transformed, so that nobody's services wait for a compiler.
 *
 *     TransformOrder -> find the compiler, read the options -> transform -> TransformAnswer
 *
 * It answers one order after the other. Compilers stay loaded as long as the thread lives; see `transformer.ts`.
 */

import { dirname } from "node:path";
import { workerData } from "node:worker_threads";
import type { MessagePort } from "node:worker_threads";
import { readTransformOptions } from "./transform-options.ts";
import { findTool, TextError } from "./transform-tools.ts";
import type { NoTool, Tool } from "./transform-tools.ts";

/** Why a text has to be transformed, and where that shows first. */
export interface TransformNeed {
  /** What there is no other way for: "decorators need", for one. */
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

/** The text, or why there is none. */
export type TransformAnswer =
  | { readonly code: string; readonly map: string; readonly why?: undefined }
  | {
      readonly why: string;
      readonly line: number;
      readonly column: number;
      /** Whether a compiler has to be installed; Node remembers what it did not find as long as the thread lives. */
      readonly isMissing?: boolean;
    };

/** What the thread is given. */
export interface TransformThreadData {
  readonly port: MessagePort;
  /** Counts the answers: whoever can't hear the port sleeps on it. */
  readonly answered: Int32Array;
}

const tools = new Map<string, Tool>();

function transform({ text, file, home, need }: TransformOrder): TransformAnswer {
  const { line, column } = need;
  const folder = dirname(home);
  let tool: Tool | NoTool | undefined = tools.get(folder);
  try {
    tool ??= findTool(folder);
  } catch (error) {
    return { why: `the project's compiler can't be loaded: ${textOf(error)}`, line, column };
  }
  const isMissing = !("transform" in tool) || (need.isExact === true && !tool.isTypeScript);
  if (isMissing || !("transform" in tool)) {
    return { why: adviceOf(need, tool), line, column, isMissing: true };
  }
  tools.set(folder, tool);
  try {
    return tool.transform(text, file, readTransformOptions(home));
  } catch (error) {
    if (error instanceof TextError) {
      return { why: error.message, line: error.line, column: error.column };
    }
    const why = `${tool.title} gave up, as compilers do where a text is nested too deeply`;
    return { why: `${why}: ${textOf(error)}`, line: 1, column: 1 };
  }
}

function adviceOf({ what, isExact }: TransformNeed, tool: Tool | NoTool): string {
  const advice =
    isExact === true
      ? "typescript: npm install --save-dev typescript@6"
      : "a transformer: npm install --save-dev typescript@6 (or @swc/wasm)";
  const why = "why" in tool ? tool.why : "";
  return `${what} ${advice}${why === "" ? "" : `; ${why}`}`;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const { port, answered } = workerData as TransformThreadData;
port.on("message", (order: TransformOrder) => {
  port.postMessage(transform(order));
  Atomics.add(answered, 0, 1);
  Atomics.notify(answered, 0);
});
