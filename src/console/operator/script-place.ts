/**
 * A line of a service's code, as an operator names it (`counter.ts:12`) and as V8 knows it.
 *
 * A file is named by its path, whole or relative to the configuration, or by the end of its path if that means only one of
 * the service's files. Code that a patch brought is under the patch's own name, as in stacks: `snax-patch:1a2b.../shop.ts`.
 * A service that was born with patches has both in one script, of which V8's lines are neither's.
 */

import { SourceMap } from "node:module";
import type { SourceMapPayload } from "node:module";
import { basename, resolve } from "node:path";
import { SnaxError } from "../../base/error.ts";
import { formatAddress } from "../../kernel/service.ts";
import type { Image } from "../../loader/weave/image.ts";
import type { Program } from "../../loader/run/program.ts";
import type { Fold } from "../../loader/text/fold.ts";
import { listFoldedLines } from "../../loader/text/fold.ts";
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
  /** What V8's script is of; undefined for the text of a patch. */
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
    return findInPatch(context, file, line);
  }
  const image = findImage(context, file);
  const count = countLines(image, 0);
  if (line > count) throw invalid(`${image.file} has ${count} lines`);
  const { scriptUrl: url } = image;
  return { url, scriptLine: scriptLineOf(image, line), line, name: basename(file), image };
}

/**
 * Finds a line again in the code that a service has now: the line of that file which says the same.
 *
 * @returns undefined if the line is not there any more, or is there several times and none is where it was; or it was of a patch.
 */
export function findAgain(
  context: Context,
  { image, line, name }: ScriptPlace,
): ScriptPlace | undefined {
  const next = image && context.code?.program.nodes.get(image.file)?.image;
  if (image === undefined || next === undefined || name !== basename(image.file)) return undefined;
  const wanted = lineOf(image.text, line);
  const lines = next.text
    .split("\n")
    .flatMap((text, index) => (text.trim() === wanted ? [index + 1] : []));
  const found =
    lines.length === 1
      ? lines[0]
      : lines.find((each) => each === line && isBetweenSame(image, next, line));
  if (found === undefined) return undefined;
  const { scriptUrl: url } = next;
  return { url, scriptLine: scriptLineOf(next, found), line: found, name, image: next };
}

function lineOf(text: string, line: number): string {
  return text.split("\n")[line - 1]?.trim() ?? "";
}

/** Of a line that is there several times its neighbours tell. */
function isBetweenSame(image: Image, next: Image, line: number): boolean {
  return [line - 1, line + 1].every((each) => lineOf(image.text, each) === lineOf(next.text, each));
}

/** The text of a patch may be in that of the service's module. */
function findInPatch(context: Context, url: string, line: number): ScriptPlace {
  const name = basename(url);
  for (const { image } of context.code?.program.nodes.values() ?? []) {
    const source = image.data.fold?.sources.findIndex((each) => each.url === url) ?? -1;
    if (source < 0) continue;
    const count = countLines(image, source);
    if (line > count) throw invalid(`${url} has ${count} lines`);
    const scriptLine = scriptLineOf(image, line, source);
    return { url: image.scriptUrl, scriptLine, line, name, image };
  }
  return { url, scriptLine: line - 1, line, name, image: undefined };
}

/** The lines of an image's file, or of another text that it was folded together of. */
function countLines({ data, text }: Image, source: number): number {
  return (data.fold?.sources[source]?.text ?? text).split("\n").length;
}

/** A line of a file or a patch. */
export interface SourceLine {
  /** The file's or patch's name without its folder; undefined if only the script is known. */
  readonly name: string | undefined;
  /** From 1. */
  readonly line: number;
  readonly text: string;
  /** Whether the loader put what is there behind the text. */
  readonly isGenerated: boolean;
}

/**
 * Counts a place of V8's text back to the line of the file, or of the patch.
 *
 * @param at - as V8 tells it, from 0.
 */
export function sourceLineOf(image: Image | undefined, at: ScriptPosition): SourceLine {
  const { lineNumber, columnNumber = 0 } = at;
  if (image === undefined) {
    return { name: undefined, line: lineNumber + 1, text: "", isGenerated: false };
  }
  const { data } = image;
  const position = { line: lineNumber + 1, column: columnNumber + 1 };
  const { line, url = image.url } = originalPosition(data, position);
  const source = data.fold?.sources.find((each) => each.url === url);
  const lines = (source?.text ?? image.text).split("\n");
  const isGenerated = line > lines.length;
  const name = basename(url === image.url ? image.file : url);
  return { name, line, text: lines[line - 1]?.trim() ?? "", isGenerated };
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
function scriptLineOf(image: Image, line: number, source = 0): number {
  const { fold } = image.data;
  if (fold !== undefined) return foldedLineOf(image, fold, { line, source });
  const map = mapOf(image);
  if (map === undefined) return line - 1;
  const count = image.data.body.split("\n").length;
  for (let scriptLine = 0; scriptLine < count; scriptLine += 1) {
    const entry = map.findEntry(scriptLine, COLUMN_MAX);
    if ("originalLine" in entry && entry.originalLine >= line - 1) return scriptLine;
  }
  throw invalid(`there is no code at ${basename(image.file)}:${line} or behind it`);
}

/** What patches have replaced is not there; the line that follows is meant then. */
function foldedLineOf(
  image: Image,
  fold: Fold,
  { line, source }: { readonly line: number; readonly source: number },
): number {
  // Of a line that was replaced in part the end may be left, behind code of a patch.
  const behind = listFoldedLines(fold, image.text).filter(
    (each) =>
      each.source === source &&
      (each.origin.line === line || (each.origin.line > line && each.origin.column === 1)),
  );
  const [first] = behind.toSorted((a, b) => a.origin.line - b.origin.line);
  if (first !== undefined) return first.folded.line - 1;
  throw invalid(`there is no code at ${basename(image.file)}:${line} or behind it`);
}

function invalid(why: string): SnaxError {
  return new SnaxError("ERR_ARGUMENT", why);
}
