/**
 * True positions in stacks of images whose text moves columns or was printed anew.
 *
 * Most images need nothing of this. With the first one that does, `Error.prepareStackTrace` is
 * installed on the thread: it prints what V8 prints, with the positions of such files counted back.
 * A function that was installed before is asked first for everything that concerns no such file.
 * Node's own source map support is no help: it reads maps only of what Node's loaders load, and is
 * all or nothing for a thread.
 */

import { createHash } from "node:crypto";
import { SourceMap } from "node:module";
import type { SourceMapPayload } from "node:module";
import type { LineShifts } from "./edits.ts";
import type { Fold } from "./fold.ts";
import { unfoldPosition } from "./fold.ts";
import type { Position } from "./position.ts";

/** What is needed to count a position back. */
export interface StackFacts {
  readonly shifts: ReadonlyMap<number, LineShifts> | undefined;
  readonly map: string | undefined;
  /**
   * With a map: the text of the file, and the one that runs without what the loader puts behind it.
   */
  readonly text?: string;
  readonly body?: string;
  /** How the text was folded together, if it is not that of the file. */
  readonly fold?: Fold | undefined;
}

/** A position in what a script was made of. */
export interface OriginalPosition extends Position {
  /** What stacks call the text that it is in, where the script was folded together. */
  readonly url?: string | undefined;
}

/** One script of a file: services may still run an older text of it. */
interface MappedScript {
  readonly facts: StackFacts;
  /** The whole script; undefined if the URL alone names it. */
  readonly text: string | undefined;
  /** As V8 tells it of a frame: SHA-256 of the text, made when the first stack needs it. */
  hash: string | undefined;
}

/** V8's frames tell the hash of their script; the types of Node do not say so. */
type Frame = NodeJS.CallSite & { getScriptHash?(): string };

type Prepare = (error: Error, frames: NodeJS.CallSite[]) => unknown;

/** By URL, newest first. */
const scripts = new Map<string, { deref(): MappedScript | undefined }[]>();
/** Keeps the scripts as long as the image that owns the facts. */
const owned = new WeakMap<StackFacts, MappedScript[]>();
const sourceMaps = new WeakMap<StackFacts, { readonly map: SourceMap; readonly lines: number }>();
/** URLs before those are looked for whose scripts are gone. */
const SWEEP_MIN = 256;
let sweepAt = SWEEP_MIN;
let isInstalled = false;

/**
 * Maps the frames of a script from now on.
 *
 * @param text - the whole script, which tells it from others of the same URL; the facts are then
 * held weakly. Without it the URL names one script, and the facts are held until `forgetStacks`.
 */
export function mapStacks(url: string, facts: StackFacts, text?: string): void {
  const script: MappedScript = { facts, text, hash: undefined };
  if (text === undefined) scripts.set(url, [{ deref: () => script }]);
  else {
    const alive = (scripts.get(url) ?? []).filter((known) => known.deref() !== undefined);
    scripts.set(url, [new WeakRef(script), ...alive]);
    if (scripts.size > sweepAt) sweep();
    owned.set(facts, [script, ...(owned.get(facts) ?? [])]);
  }
  if (isInstalled) return;
  isInstalled = true;
  const previous = Error.prepareStackTrace as Prepare | undefined;
  const prepare: Prepare = (error, frames) => {
    const concerned = frames.some((frame) => scripts.has(urlOf(frame)));
    if (!concerned && previous !== undefined) return previous(error, frames);
    return [headOf(error), ...frames.map((frame) => `    at ${printFrame(frame)}`)].join("\n");
  };
  // Where the intrinsics are frozen an assignment would throw: the lines are those of the code as
  // it runs then.
  Reflect.set(Error, "prepareStackTrace", prepare);
}

/** Scripts that patches make have a URL for each text. */
function sweep(): void {
  for (const [url, known] of scripts) {
    if (known.every((each) => each.deref() === undefined)) scripts.delete(url);
  }
  sweepAt = Math.max(SWEEP_MIN, 2 * scripts.size);
}

/** Stops mapping the frames of a file. */
export function forgetStacks(url: string): void {
  scripts.delete(url);
}

function factsOf(frame: Frame): StackFacts | undefined {
  for (const each of scripts.get(urlOf(frame)) ?? []) {
    const script = each.deref();
    if (script !== undefined && isOf(frame, script)) return script.facts;
  }
  return undefined;
}

function isOf(frame: Frame, script: MappedScript): boolean {
  const { text } = script;
  if (text === undefined) return true;
  script.hash ??= createHash("sha256").update(text).digest("hex");
  return script.hash === frame.getScriptHash?.();
}

/** Counts a position in a script back to the file that it was made of. */
export function originalPosition(facts: StackFacts, at: Position): OriginalPosition {
  const { shifts, map, fold, text } = facts;
  const plain = { line: at.line, column: unshift(shifts?.get(at.line), at.column) };
  if (fold !== undefined && text !== undefined) return unfold(fold, text, plain);
  if (map === undefined) return plain;
  let known = sourceMaps.get(facts);
  if (known === undefined) {
    const lines = facts.body === undefined ? Infinity : countLines(facts.body);
    known = { map: new SourceMap(JSON.parse(map) as SourceMapPayload), lines };
    sourceMaps.set(facts, known);
  }
  if (plain.line > known.lines) return { ...plain, line: countLines(facts.text ?? "") + 1 };
  const found = known.map.findEntry(plain.line - 1, plain.column - 1);
  if (!("originalLine" in found)) return plain;
  return { line: found.originalLine + 1, column: found.originalColumn + 1 };
}

/** What the loader puts behind the text is said to be behind that of the file. */
function unfold(fold: Fold, text: string, at: Position): OriginalPosition {
  if (at.line <= countLines(text)) return unfoldPosition(fold, text, at);
  const { url = "", text: base = "" } = fold.sources[0] ?? {};
  return { ...at, url, line: countLines(base) + 1 };
}

function unshift(shifts: LineShifts | undefined, column: number): number {
  let moved = 0;
  for (const [start, length] of shifts ?? []) {
    if (column - 1 <= start + moved) break;
    if (column - 1 <= start + moved + length) return start + 1;
    moved += length;
  }
  return column - moved;
}

function urlOf(frame: NodeJS.CallSite): string {
  return frame.getFileName() ?? frame.getScriptNameOrSourceURL() ?? "";
}

/** Prints a frame as V8 does, with the position in the file. */
export function printFrame(frame: NodeJS.CallSite): string {
  const text = String(frame as unknown);
  const facts = factsOf(frame);
  const line = frame.getLineNumber();
  const column = frame.getColumnNumber();
  if (facts === undefined || line === null || column === null) return text;
  const url = urlOf(frame);
  const at = originalPosition(facts, { line, column });
  return text.replace(`${url}:${line}:${column}`, () => `${at.url ?? url}:${at.line}:${at.column}`);
}

function headOf(error: unknown): string {
  try {
    return Error.prototype.toString.call(error);
  } catch {
    // Name or message is an accessor that throws: V8 prints such errors like this.
    return "<error>";
  }
}

/**
 * Number of lines of each module's file: the loader's own code is said to be behind the last
 * one.
 */
const lineCounts = new Map<string, number>();

/**
 * Notes the length of a module's text, so that frames of generated code can be told.
 *
 * @param text - the text of the file, which may have more lines or fewer than the one that runs.
 */
export function noteLines(url: string, text: string): void {
  lineCounts.set(url, countLines(text));
}

function countLines(text: string): number {
  let count = 1;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) count += 1;
  return count;
}

/** Says whether a printed frame is in code that the loader generated, such as a forwarder. */
export function isGeneratedFrame(line: string): boolean {
  const match = /\(?(file:[^()\s]+):(\d+):\d+\)?$/.exec(line);
  const count = lineCounts.get(match?.[1] ?? "");
  return count !== undefined && Number(match?.[2]) > count;
}
