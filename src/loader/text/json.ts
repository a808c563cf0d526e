/**
 * JSON of files and texts: parsed by V8; a text that is not JSON is refused with the place and the reason.
 *
 * V8 does not say the place, or only in some releases and for some faults; so a text that it
 * refuses is read once more here.
 */

import { createPlacedError, Lines } from "./position.ts";

/** Says why a text is no JSON, and the offset at which it stops to be JSON. */
export class JsonFault extends Error {
  readonly at: number;

  constructor(at: number, message: string) {
    super(message);
    this.at = at;
  }
}

/**
 * Parses JSON; a byte order mark in front does not count.
 *
 * @param file - what the error calls the text.
 * @throws {ERR_SYNTAX} if it is not JSON, with the place.
 */
export function parseJson(text: string, file: string): unknown {
  const plain = text.startsWith("\uFEFF") ? text.slice(1) : text;
  try {
    return JSON.parse(plain) as unknown;
  } catch (error) {
    const fault = findJsonFault(plain) ?? new JsonFault(0, (error as Error).message);
    const place = { file, ...new Lines(plain).locate(fault.at) };
    throw createPlacedError("ERR_SYNTAX", place, `no JSON: ${fault.message}`, error);
  }
}

/** Finds the first fault of a text; undefined if it is JSON, or is nested deeper than the stack. */
export function findJsonFault(text: string): JsonFault | undefined {
  return new Reader(text).findFault();
}

const BLANKS = /[ \t\n\r]*/y;
const WORD = /[\p{ID_Start}$_][\p{ID_Continue}$]*/uy;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?/y;
const LOOSE_NUMBER = /[-+.\w]+/y;
const PLAIN_TEXT = /[ !#-[\]-\u{10ffff}]*/uy;
const ESCAPE = /\\(?:["\\/bfnrt]|u[\da-fA-F]{4})/y;

/** Reads a text as JSON, up to the first thing that is not. */
class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  findFault(): JsonFault | undefined {
    try {
      this.#document();
      return undefined;
    } catch (fault) {
      // Anything else means that it nests deeper than the stack: V8's own words are all there is to
      // say.
      return fault instanceof JsonFault ? fault : undefined;
    }
  }

  #document(): void {
    this.#blanks();
    this.#value();
    this.#blanks();
    if (this.#at < this.#text.length) throw this.#fault("there is something behind the value");
  }

  #value(): void {
    const first = this.#text[this.#at];
    if (first === "{") return this.#entries("}", () => this.#pair());
    if (first === "[") return this.#entries("]", () => this.#value());
    if (first === '"') return this.#string();
    if (this.#take(WORD, (word) => ["true", "false", "null"].includes(word))) return;
    if (first !== undefined && /[-+.\d]/.test(first)) return this.#number();
    throw this.#fault(first === "'" ? "a text needs double quotes" : "a value is expected");
  }

  #entries(end: string, entry: () => void): void {
    this.#at += 1;
    this.#blanks();
    if (this.#sees(end)) return;
    for (;;) {
      entry();
      this.#blanks();
      if (this.#sees(end)) return;
      if (!this.#sees(",")) throw this.#fault(`"," or "${end}" is expected`);
      this.#blanks();
      if (this.#text[this.#at] === end)
        throw this.#fault(`nothing follows the "," before "${end}"`);
    }
  }

  #pair(): void {
    if (this.#text[this.#at] !== '"') throw this.#fault("a key in double quotes is expected");
    this.#string();
    this.#blanks();
    if (!this.#sees(":")) throw this.#fault('":" is expected');
    this.#blanks();
    this.#value();
  }

  #string(): void {
    const start = this.#at;
    this.#at += 1;
    for (;;) {
      this.#take(PLAIN_TEXT);
      if (this.#sees('"')) return;
      const next = this.#text[this.#at];
      if (next === undefined || next === "\n" || next === "\r") {
        throw new JsonFault(start, "this text has no end");
      }
      if (next !== "\\") throw this.#fault("a control character is in a text");
      if (!this.#take(ESCAPE)) throw this.#fault("JSON has no such escape");
    }
  }

  #number(): void {
    const start = this.#at;
    this.#take(NUMBER);
    const end = this.#at;
    this.#at = start;
    this.#take(LOOSE_NUMBER);
    if (this.#at === end) return;
    this.#at = start;
    throw this.#fault("JSON has no such number");
  }

  /** Goes behind what matches here; false if nothing does. */
  #take(form: RegExp, fits: (word: string) => boolean = () => true): boolean {
    form.lastIndex = this.#at;
    const found = form.exec(this.#text)?.[0];
    if (found === undefined || !fits(found)) return false;
    this.#at += found.length;
    return true;
  }

  #sees(mark: string): boolean {
    if (this.#text[this.#at] !== mark) return false;
    this.#at += 1;
    return true;
  }

  #blanks(): void {
    this.#take(BLANKS);
  }

  /** The fault at this place, with what is there. */
  #fault(why: string): JsonFault {
    const rest = this.#text.slice(this.#at, this.#at + 20);
    const found = /^(?:[\p{L}\p{N}_$.+-]+|[^])/u.exec(rest)?.[0];
    if (found === undefined) return new JsonFault(this.#at, `${why}, and the text ends`);
    if (rest.startsWith("//") || rest.startsWith("/*")) {
      return new JsonFault(this.#at, "JSON has no comments");
    }
    return new JsonFault(this.#at, `${why}, not ${JSON.stringify(found)}`);
  }
}
