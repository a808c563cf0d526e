/**
 * Loads the compiler of `strip.ts` without what its package would leave behind.
 *
 * The package is one file of 3.7 MB: some glue, and the WebAssembly as a text literal in base64.
 * Required as it is, that text stays in the heap of the thread as long as the compiler does, and a
 * debugger that looks at the thread (`upvalues` is one) has V8 compute a hash over all of it first.
 * So the literal is cut out, decoded, and handed to the glue as bytes. A package that looks
 * different is simply required.
 */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { compileFunction } from "node:vm";

/** Blanks or compiles away the types of a text. */
export type TransformSync = (typeof import("@swc/wasm-typescript"))["transformSync"];

interface Compiler {
  readonly transformSync: TransformSync;
}

type Glue = (exports: object, require: NodeJS.Require, module: object, bytes: Uint8Array) => void;

const PACKAGE = "@swc/wasm-typescript";

/** How WebAssembly begins ("\0asm") in base64, and the call that decodes it. */
const BEFORE = "Buffer.from('";
const MAGIC = `${BEFORE}AGFzbQ`;
const BEHIND = "', 'base64')";

/** What is in the glue where the literal was. */
const BYTES = "$bytes";

const require = createRequire(import.meta.url);

/** Returns a new compiler, with a memory of its own. */
export function loadCompiler(): TransformSync {
  const file = require.resolve(PACKAGE);
  const content = readFileSync(file);
  const begin = content.indexOf(MAGIC);
  const end = begin < 0 ? -1 : content.indexOf(BEHIND, begin);
  if (end < 0) return requireAnew(file).transformSync;
  const bytes = Buffer.from(content.toString("latin1", begin + BEFORE.length, end), "base64");
  const glue =
    content.toString("utf8", 0, begin) + BYTES + content.toString("utf8", end + BEHIND.length);
  const run = compileFunction(glue, ["exports", "require", "module", BYTES], { filename: file });
  const module = { exports: {} };
  (run as Glue).call(module.exports, module.exports, createRequire(file), module, bytes);
  return (module.exports as Compiler).transformSync;
}

function requireAnew(file: string): Compiler {
  delete require.cache[file];
  return require(file) as Compiler;
}
