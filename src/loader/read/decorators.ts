/**
 * A text with decorators, read without them: they become blanks, and are kept with their places.
 *
 * For what a patch must know of classes, and for patches themselves: names, kinds and members are
 * in the text as it was written, and not in what a compiler makes of it. The parser skips a
 * decorator as it skips a comment; so every position stays. The word `accessor` is blanked too:
 * what follows it reads as a field.
 */

import { tokTypes } from "acorn";
import type { Options, Program, TokenType } from "acorn";
import { NameListParser } from "./parser.ts";
import type { ModuleParser, ModuleParserClass } from "./parser.ts";

/** A decorator of a text. */
export interface Decorator {
  /** Offset of the `@`. */
  readonly start: number;
  readonly end: number;
}

/** A text without its decorators. */
export interface Undecorated {
  /** The text with blanks in their places. */
  readonly code: string;
  readonly ast: Program;
  /** In the order of the text. */
  readonly decorators: readonly Decorator[];
  /** Offsets of `accessor`. */
  readonly accessors: readonly number[];
}

const OPTIONS: Options = { ecmaVersion: "latest", sourceType: "module", allowHashBang: true };

/** What the types of acorn don't say of its parser. */
interface Internals extends ModuleParser {
  readonly input: string;
  pos: number;
  skipSpace(): void;
  getToken(): Token;
}

const Base = NameListParser as new (...args: ConstructorParameters<ModuleParserClass>) => Internals;

class DecoratorParser extends Base {
  readonly decorators: Decorator[] = [];

  override skipSpace(): void {
    super.skipSpace();
    while (this.input[this.pos] === "@") {
      const start = this.pos;
      const end = findEnd(this.input, start + 1);
      if (end === undefined) return;
      // After a failed guess of its own the parser reads a place again.
      if (this.decorators.every((known) => known.start !== start)) {
        this.decorators.push({ start, end });
      }
      this.pos = end;
      super.skipSpace();
    }
  }
}

/**
 * Reads a text without its decorators.
 *
 * @param undeclared - takes what is exported and not declared, by name, with the offset.
 * @throws SyntaxError if it is not valid without them either.
 */
export function readUndecorated(text: string, undeclared: Map<string, number>): Undecorated {
  let input = text;
  const accessors: number[] = [];
  for (;;) {
    const parser = new DecoratorParser(OPTIONS, input);
    undeclared.clear();
    parser.undeclared = undeclared;
    try {
      const ast = parser.parse();
      const decorators = parser.decorators.toSorted((a, b) => a.start - b.start);
      return { code: blankAll(input, decorators), ast, decorators, accessors };
    } catch (error) {
      const { pos } = error as { readonly pos?: number };
      const found = pos === undefined ? null : /\baccessor\s+$/.exec(input.slice(0, pos));
      if (found === null) throw error;
      accessors.push(found.index);
      input = `${input.slice(0, found.index)}${BLANK_ACCESSOR}${input.slice(found.index + BLANK_ACCESSOR.length)}`;
    }
  }
}

const BLANK_ACCESSOR = " ".repeat("accessor".length);

function blankAll(text: string, decorators: readonly Decorator[]): string {
  let code = "";
  let done = 0;
  for (const { start, end } of decorators) {
    code += text.slice(done, start) + text.slice(start, end).replace(/[^\n\r\u2028\u2029]/g, " ");
    done = end;
  }
  return code + text.slice(done);
}

const NAME = /[\p{ID_Start}$_][\p{ID_Continue}$\u200C\u200D]*/uy;
const SPACE = /\s*/y;

/**
 * Finds the end of a decorator's expression: names, members and calls, or anything in parentheses.
 */
function findEnd(text: string, start: number): number | undefined {
  let at = text[start] === "(" ? findClosing(text, start) : matchAt(NAME, text, start);
  for (let end = at; end !== undefined;) {
    const next = matchAt(SPACE, text, end) ?? end;
    at = end;
    if (text[next] === ".") end = matchAt(NAME, text, matchAt(SPACE, text, next + 1) ?? next + 1);
    else if (text[next] === "(") end = findClosing(text, next);
    else break;
  }
  return at;
}

function matchAt(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}

/** Finds the end of what an opening parenthesis begins. */
function findClosing(text: string, start: number): number | undefined {
  let depth = 0;
  for (const { type, end } of tokensFrom(text, start)) {
    if (OPENING.has(type)) depth += 1;
    else if (CLOSING.has(type)) depth -= 1;
    if (depth === 0) return end;
  }
  return undefined;
}

const OPENING: ReadonlySet<TokenType> = new Set([
  tokTypes.parenL,
  tokTypes.braceL,
  tokTypes.bracketL,
  tokTypes.dollarBraceL,
]);
const CLOSING: ReadonlySet<TokenType> = new Set([
  tokTypes.parenR,
  tokTypes.braceR,
  tokTypes.bracketR,
]);

interface Token {
  readonly type: TokenType;
  readonly value?: unknown;
  readonly end: number;
}

/** Reads tokens until the text makes no sense. */
function* tokensFrom(text: string, start: number): Generator<Token> {
  const tokenizer = new DecoratorParser(OPTIONS, text, start);
  for (;;) {
    let token: Token;
    try {
      token = tokenizer.getToken();
    } catch {
      return;
    }
    if (token.type === tokTypes.eof) return;
    yield token;
  }
}

/** Returns a text as one in which only blanks, comments and kinds of quotes may be different. */
export function normalise(expression: string): string {
  const words: string[] = [];
  for (const { type, value } of tokensFrom(expression, 0)) {
    words.push(
      value === undefined ? type.label : `${type.label} ${JSON.stringify(valueOf(value))}`,
    );
  }
  return words.join(" ");
}

/** A number that is too large for JSON, or a regular expression, is told by its text. */
function valueOf(value: unknown): unknown {
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "object" && value !== null && "pattern" in value) {
    const { pattern, flags } = value as { readonly pattern: string; readonly flags: string };
    return [pattern, flags];
  }
  return value;
}
