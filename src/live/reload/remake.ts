/**
 * Closures that capture nothing: `() => tick(3)` in a handler reaches names of the top level only, so it can be made again from the
 * same text, in the new instance.
 *
 * Its text has to be in the old module and in the new one, and wherever it is there, each name in it that is not its
 * own has to mean the same thing as at top level. What can't be told counts as capturing.
 */

import { basename } from "node:path";
import { analyse } from "../../loader/read/analysis.ts";
import type { Analysis } from "../../loader/read/analysis.ts";
import type { Instance } from "../../loader/run/instance.ts";
import type { Program } from "../../loader/run/program.ts";
import { Lines } from "../../loader/text/position.ts";
import { giverOf, globalPathOf } from "../state/giver.ts";
import { isOwnText } from "../state/own-code.ts";
import { readBody } from "../text/body.ts";
import type { StateNames } from "../state/names.ts";

/** What is made again, and in which module. */
export interface RemakePlace {
  /** Real path of the file. */
  readonly file: string;
  readonly text: string;
}

/** Makes a function again. @returns undefined if the instance has no such module */
export function remakeIn(fresh: Instance, { file, text }: RemakePlace): Function | undefined {
  const node = fresh.program.nodes.get(file);
  return (node && fresh.find(node))?.evaluate(`(${text})`) as Function | undefined;
}

/** Says for people where a function of an instance is written, ` (room.ts:12)`; nothing if it can't be told. */
export function placeIn({ program }: Instance, run: Function): string {
  const text = Function.prototype.toString.call(run);
  for (const { image } of program.nodes.values()) {
    const { body, isTransformed } = image.data;
    const at = isTransformed ? -1 : body.indexOf(text);
    if (at < 0) continue;
    return ` (${basename(image.file)}:${new Lines(body).locate(at).line})`;
  }
  return "";
}

/** Names that mean something else in each function; in an arrow they are those of the function around it. */
const OF_FUNCTIONS = /\b(?:this|super|arguments|new\.target)\b/;

const OWN_KEYS: ReadonlySet<string | symbol> = new Set(["length", "name", "prototype"]);

/** What is made again of one service. */
export class Remaker {
  readonly #old: Program;
  readonly #next: Program;
  readonly #readNames: () => StateNames;
  #names: StateNames | undefined;
  /** By text: a handler arms many timers with one. */
  readonly #plans = new Map<string, RemakePlace | undefined>();

  /** @param readNames - tells what goes by a name in the old instance: that is not made again. */
  constructor(old: Program, next: Program, readNames: () => StateNames) {
    this.#old = old;
    this.#next = next;
    this.#readNames = readNames;
  }

  /** Says whether a function is the service's own, by a name or by its text. */
  isOwn(run: Function): boolean {
    this.#names ??= this.#readNames();
    return this.#names.byValue.has(run) || isOwnText(this.#names, run);
  }

  /** Says whether a function is there under its name in the new instance, or is not the service's own. */
  goesByName(run: Function): boolean {
    this.#names ??= this.#readNames();
    if (this.#names.byValue.has(run)) return true;
    return giverOf(this.#names, run) !== undefined || globalPathOf(run) !== undefined;
  }

  /** Tells where a function is made again; undefined if it has a name, captures something, or is not in the new text. */
  place(run: unknown): RemakePlace | undefined {
    if (typeof run !== "function") return undefined;
    this.#names ??= this.#readNames();
    if (this.#names.byValue.has(run)) return undefined;
    if (Reflect.ownKeys(run).some((key) => !OWN_KEYS.has(key))) return undefined;
    const text = Function.prototype.toString.call(run);
    if (!this.#plans.has(text)) this.#plans.set(text, this.#planText(text));
    return this.#plans.get(text);
  }

  #planText(text: string): RemakePlace | undefined {
    if (OF_FUNCTIONS.test(text)) return undefined;
    const files = [...this.#old.nodes.keys()].filter((file) =>
      bodyOf(this.#old, file).includes(text),
    );
    const [file] = files;
    if (file === undefined || files.length > 1) return undefined;
    const names = namesIn(text);
    if (names === undefined) return undefined;
    for (const program of new Set([this.#old, this.#next])) {
      if (!capturesNothing(bodyOf(program, file), text, names)) return undefined;
    }
    return { file, text };
  }
}

function bodyOf({ nodes }: Program, file: string): string {
  const node = nodes.get(file);
  return node === undefined || node.isShared ? "" : node.image.data.body;
}

/** Where an expression names what is not its own; undefined if it is no expression. */
function namesIn(text: string): string | undefined {
  try {
    // An open parenthesis in front of it: it counts from 1.
    return listNames(analyse(readBody(`(${text})`)), 1, text.length);
  } catch {
    return undefined;
  }
}

/** Whether all that is in a module as this text names things of the top level, and of nothing between. */
function capturesNothing(body: string, text: string, names: string): boolean {
  let analysis: Analysis;
  try {
    analysis = analyse(readBody(body));
  } catch {
    return false;
  }
  let at = body.indexOf(text);
  if (at < 0) return false;
  for (; at >= 0; at = body.indexOf(text, at + 1)) {
    if (listNames(analysis, at, text.length) !== names) return false;
  }
  return true;
}

function listNames(
  { references, freeReferences }: Analysis,
  start: number,
  length: number,
): string {
  return [...references, ...freeReferences]
    .filter((each) => each.start >= start && each.start < start + length)
    .map((each) => `${each.start - start} ${each.name}`)
    .toSorted()
    .join();
}
