/**
 * The thread on which texts are compiled, so that no service waits for it.
 *
 *     TransformOrder -> find the project's compiler, read the options -> transform  -> JavaScript and map
 *     ImageOrder     -> build the image, transform if need be, keep it on disk      -> image with V8's cached code
 *
 * It answers one order after the other. The images that an image imports will be asked for next, so it
 * builds them meanwhile, and sends them without being asked. Compilers stay loaded as long as the thread lives;
 * see `transformer.ts`.
 */

/* oxlint-disable no-restricted-globals -- no service runs on this thread: its time is its own */

import { dirname } from "node:path";
import { workerData } from "node:worker_threads";
import type { MessagePort } from "node:worker_threads";
import type { ErrorCode, SnaxError } from "../../base/error.ts";
import { buildImage } from "./image-builder.ts";
import { findImage, keepImage } from "./image-store.ts";
import type { ImageSource } from "./image-store.ts";
import { Image } from "../weave/image.ts";
import type { ImageData } from "../weave/image.ts";
import { readModule } from "../text/module-text.ts";
import { createPlacedError } from "../text/position.ts";
import { Resolver } from "../resolve/resolution.ts";
import type { TransformNeed, TransformOrder } from "../typescript/transform-need.ts";
import { readTransformOptions } from "../typescript/transform-options.ts";
import { findTool, TextError } from "../typescript/transform-tools.ts";
import type { NoTool, Tool, Transformed } from "../typescript/transform-tools.ts";

/** A text of which the image is wanted. */
export interface ImageOrder extends ImageSource {
  /** Whether it is written to disk for the next start. */
  readonly isKept: boolean;
  /** Files whose images are there already. */
  readonly known: readonly string[];
}

/** Why there is no result; the parts of an error. */
export interface CompileFailure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly data: unknown;
  /**
   * Whether a compiler has to be installed; Node remembers what it did not find as long as the
   * thread lives.
   */
  readonly isMissing: boolean;
}

/** The result, or why there is none. */
export type CompileAnswer<Result extends Transformed | ImageData = Transformed | ImageData> =
  | { readonly result: Result; readonly failure?: undefined }
  | { readonly failure: CompileFailure };

/** What the thread says: an answer to the order, or an image that will be asked for. */
export type CompileMessage = { readonly answer: CompileAnswer } | { readonly early: ImageData };

/** What the thread is given. */
export interface CompileThreadData {
  readonly port: MessagePort;
  /** Counts the answers: a thread that can't hear the port sleeps on it. */
  readonly answered: Int32Array;
}

const tools = new Map<string, Tool>();
let isMissing = false;

function transform({ text, file, home, need }: TransformOrder): Transformed {
  const refuse = (why: string, { line, column } = need): SnaxError =>
    createPlacedError("ERR_SYNTAX", { file, line, column }, why);
  const folder = dirname(home);
  let tool: Tool | NoTool | undefined = tools.get(folder);
  try {
    tool ??= findTool(folder);
  } catch (error) {
    throw refuse(`the project's compiler can't be loaded: ${textOf(error)}`);
  }
  isMissing = !("transform" in tool) || (need.isExact === true && !tool.isTypeScript);
  if (isMissing || !("transform" in tool)) throw refuse(adviceOf(need, tool));
  tools.set(folder, tool);
  const options = readTransformOptions(home);
  try {
    return tool.transform(text, file, options);
  } catch (error) {
    if (error instanceof TextError) throw refuse(error.message, { ...need, ...placeOf(error) });
    const why = `${tool.title} gave up, as compilers do where a text is nested too deeply`;
    throw refuse(`${why}: ${textOf(error)}`, { ...need, line: 1, column: 1 });
  }
}

function placeOf({ line, column }: TextError): { line: number; column: number } {
  return { line, column };
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

function build(order: ImageOrder): ImageData {
  const { text, file, injected } = order;
  const { tsconfigs } = resolver;
  const made = new Image(buildImage(text, file, new Set(injected), { transform, tsconfigs }));
  made.warm();
  const image = made.toData();
  if (order.isKept) keepImage(order, image);
  for (const known of order.known) seen.add(known);
  seen.add(file);
  look(order, image);
  return image;
}

/** For as long as there is something to do. */
let resolver = new Resolver();

/** Files that the caller has, or has been given. */
const seen = new Set<string>();

/** What will be asked for next, because an image imports it. */
const ahead: Omit<ImageOrder, "text">[] = [];

/** What can't be resolved is told to the caller that asks for it. */
function look(order: Omit<ImageOrder, "text">, { file, requests }: ImageData): void {
  for (const { specifier } of requests) {
    try {
      const found = resolver.resolve(specifier, file);
      if (typeof found === "string" || found.kind !== "file" || seen.has(found.file)) continue;
      seen.add(found.file);
      ahead.push({ ...order, file: found.file, known: [] });
    } catch {
      continue;
    }
  }
}

/** Builds one image that has not been asked for yet; an error is told to the caller that does. */
function buildAhead(): void {
  const order = ahead.shift();
  if (order === undefined) return;
  try {
    const source = { ...order, text: readModule(order.file, undefined) };
    // What is kept already is found by the caller that needs it.
    const kept = order.isKept ? findImage(source, resolver.tsconfigs) : undefined;
    if (kept !== undefined) look(order, kept);
    else port.postMessage({ early: build(source) } satisfies CompileMessage);
  } catch {
    // It will be asked for.
  }
  if (ahead.length > 0) setImmediate(buildAhead);
}

function answer(order: TransformOrder | ImageOrder): CompileAnswer {
  isMissing = false;
  try {
    return { result: "injected" in order ? build(order) : transform(order) };
  } catch (error) {
    const { code = "ERR_BUG", data } = error as Partial<SnaxError>;
    return { failure: { code, message: textOf(error), data, isMissing } };
  }
}

const { port, answered } = workerData as CompileThreadData;
port.on("message", (order: TransformOrder | ImageOrder) => {
  const isIdle = ahead.length === 0;
  if (isIdle) resolver = new Resolver();
  port.postMessage({ answer: answer(order) } satisfies CompileMessage);
  Atomics.add(answered, 0, 1);
  Atomics.notify(answered, 0);
  if (isIdle && ahead.length > 0) setImmediate(buildAhead);
});
