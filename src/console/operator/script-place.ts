/**
 * A line of a service's code, as an operator names it (`counter.ts:12`) and as V8 knows it.
 *
 * A file is named by its path, whole or relative to the configuration, or by the end of its path if that means only one of
 * the service's files. Code that a patch brought stands under the patch's own name, as in stacks: `snax-patch:1a2b.../shop.ts`.
 */

import { SourceMap } from "node:module";
import type { SourceMapPayload } from "node:module";
import { basename, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { SnaxError } from "../../base/error.ts";
import { formatAddress } from "../../kernel/address.ts";
import type { Image } from "../../loader/weave/image.ts";
import type { Program } from "../../loader/run/program.ts";
import { originalPosition } from "../../loader/text/stack.ts";
import type { Context } from "../../service/context.ts";

/** A line of a script. */
export interface ScriptPlace {
  /** V8's name of the script. */
  readonly url: string;
  /** The line in V8's text of the script, from 0. */
  readonly scriptLine: number;
  /** The line as people count, from 1. */
  readonly line: number;
  /** The file's name without its folder. */
  readonly name: string;
  /** The file; undefined for the text of a patch. */
  readonly image: Image | undefined;
}

/** Files that an error names. */
const FILES_SHOWN_MAX = 8;

/**
 * Finds the line that a word means.
 *
 * @throws {ERR_ARGUMENT} if it means none of the service's.
 */
export function findPlace(context: Context, word: string | undefined): ScriptPlace {
  const [, file = "", digits = ""] = /^(.+):(\d+)$/.exec(word ?? "") ?? [];
  const line = Number(digits);
  if (line === 0) throw invalid("need a place: file:line");
  if (file.startsWith("snax-patch:")) {
    return { url: file, scriptLine: line - 1, line, name: basename(file), image: undefined };
  }
  const image = findImage(context, file);
  const count = image.text.split("\n").length;
  if (line > count) throw invalid(`${image.file} has ${count} lines`);
  const url = pathToFileURL(image.file).href;
  return { url, scriptLine: scriptLineOf(image, line), line, name: basename(file), image };
}

/**
 * Counts a place of V8's text back to the line of the file.
 *
 * @param at - as V8 tells it, from 0.
 * @returns the line, from 1.
 */
export function fileLineOf(image: Image | undefined, at: ScriptPosition): number {
  const { lineNumber, columnNumber = 0 } = at;
  if (image === undefined) return lineNumber + 1;
  return originalPosition(image.data, { line: lineNumber + 1, column: columnNumber + 1 }).line;
}

/** A place in V8's text of a script, from 0. */
export interface ScriptPosition {
  readonly lineNumber: number;
  readonly columnNumber?: number;
}

function findImage(context: Context, word: string): Image {
  const program = context.code?.program;
  if (program === undefined) throw invalid(`${formatAddress(context.handle)} has no code`);
  const files = [...program.files];
  const path = resolve(context.runtime.paths.root, word);
  const found = files.includes(path) ? [path] : files.filter((file) => file.endsWith(`/${word}`));
  const [file] = found;
  const image = file === undefined ? undefined : program.node(file)?.image;
  if (image !== undefined && found.length === 1) return image;
  throw invalid(found.length > 1 ? several(word, found) : none(program, context, word));
}

function several(word: string, files: readonly string[]): string {
  return `${word} may be ${files.slice(0, FILES_SHOWN_MAX).join(" or ")}`;
}

function none({ files }: Program, { handle }: Context, word: string): string {
  const names = [...files].slice(0, FILES_SHOWN_MAX).map((file) => basename(file));
  const more = files.size > FILES_SHOWN_MAX ? ", ..." : "";
  return `${formatAddress(handle)} has no file ${word}; it has ${names.join(", ")}${more}`;
}

/** Past every column. */
const COLUMN_MAX = 1 << 20;

/** Only files with enums and the like are printed anew; everywhere else lines are the file's own. */
function mapOf({ data }: Image): SourceMap | undefined {
  if (data.map === undefined) return undefined;
  return new SourceMap(JSON.parse(data.map) as SourceMapPayload);
}

/** The first line of V8's text that comes from a line of the file, or from one behind it. */
function scriptLineOf(image: Image, line: number): number {
  const map = mapOf(image);
  if (map === undefined) return line - 1;
  const count = image.data.body.split("\n").length;
  for (let scriptLine = 0; scriptLine < count; scriptLine += 1) {
    const entry = map.findEntry(scriptLine, COLUMN_MAX);
    if ("originalLine" in entry && entry.originalLine >= line - 1) return scriptLine;
  }
  throw invalid(`no code stands at ${basename(image.file)}:${line} or behind it`);
}

function invalid(why: string): SnaxError {
  return new SnaxError("ERR_ARGUMENT", why);
}
