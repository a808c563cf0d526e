/**
 * The text of a schema as words, numbers and marks, one after the other.
 *
 * Blanks and comments are not tokens, but each token knows whether one was before it: the
 * language wants them in some places and forbids them in others.
 */

import { SnaxError } from "../base/error.ts";
import { SPROTO_TEXT_MAX } from "../base/limits.ts";
import { schemaError } from "./schema-error.ts";
import type { Place } from "./schema-error.ts";

/** A piece of the text. */
export interface Token extends Place {
  readonly kind: "word" | "number" | "mark" | "end";
  readonly text: string;
  /** Whether a blank, a new line or a comment is before it. */
  readonly isApart: boolean;
}

const COMMENT = /[^\n]*/y;
const TOKEN = /([A-Za-z_][A-Za-z0-9_]*)|([0-9]+)|([.{}()*:])/y;

/** Reads a text. */
export class SchemaScanner {
  readonly #text: string;
  readonly #file: string;
  /** Where the text after {@link SchemaScanner.token} begins. */
  #at = 0;
  /** The line of that place. */
  #line = 1;
  #token: Token;

  /**
   * @param file - what the errors call the text.
   * @throws {ERR_SCHEMA} if it is too long, or doesn't begin with a token.
   */
  constructor(text: string, file: string) {
    if (text.length > SPROTO_TEXT_MAX) {
      const message = `schema ${file} of ${text.length} characters exceeds SPROTO_TEXT_MAX`;
      throw new SnaxError("ERR_SCHEMA", `${message} ${SPROTO_TEXT_MAX}`);
    }
    this.#text = text;
    this.#file = file;
    // Editors put a byte order mark in front of a file; it is no part of the schema.
    if (text.startsWith("\uFEFF")) this.#at = 1;
    this.#token = this.#read();
  }

  /** The token that is next. */
  get token(): Token {
    return this.#token;
  }

  /** Says whether the next token has this text. */
  sees(text: string): boolean {
    return this.#token.text === text;
  }

  /**
   * Takes the next token.
   *
   * @throws {ERR_SCHEMA} if what follows is no token.
   */
  take(): Token {
    const taken = this.#token;
    this.#token = this.#read();
    return taken;
  }

  /**
   * Takes the next token if it is a word, a number, or this mark.
   *
   * @param what - "word", "number" or the text of a mark.
   * @param name - how an error calls what is missing.
   * @throws {ERR_SCHEMA} if it is something else.
   */
  expect(what: string, name: string): Token {
    const { kind, text } = this.#token;
    if (kind !== what && (kind !== "mark" || text !== what)) throw this.wrong(`${name} expected`);
    return this.take();
  }

  /** Makes the error for the next token. */
  wrong(reason: string): SnaxError {
    const { kind, text } = this.#token;
    const found = kind === "end" ? "the end of the text" : JSON.stringify(text);
    return this.#error(`${reason}, found ${found}`, this.#token.line);
  }

  #error(reason: string, line: number): SnaxError {
    const { message, ...rest } = schemaError("syntax error", { file: this.#file, line });
    return new SnaxError("ERR_SCHEMA", `${message}: ${reason}`, { data: rest.data });
  }

  #read(): Token {
    const text = this.#text;
    const start = this.#at;
    this.#skipBlanks();
    const common = { file: this.#file, line: this.#line, isApart: this.#at > start };
    if (this.#at === text.length) return { kind: "end", text: "", ...common };
    TOKEN.lastIndex = this.#at;
    const [token, word, number] = TOKEN.exec(text) ?? [];
    if (token === undefined) {
      const found = String.fromCodePoint(text.codePointAt(this.#at) ?? 0);
      throw this.#error(`${JSON.stringify(found)} has no meaning here`, this.#line);
    }
    this.#at += token.length;
    const kind = word !== undefined ? "word" : number !== undefined ? "number" : "mark";
    return { kind, text: token, ...common };
  }

  #skipBlanks(): void {
    const text = this.#text;
    for (;;) {
      const unit = text[this.#at];
      if (unit === "\n" || unit === " " || unit === "\t") this.#at += 1;
      else if (unit === "\r" && text[this.#at + 1] === "\n") this.#at += 1;
      else if (unit === "#") {
        COMMENT.lastIndex = this.#at;
        this.#at += COMMENT.exec(text)?.[0].length ?? 0;
      } else return;
      if (unit === "\n") this.#line += 1;
    }
  }
}
