/**
 * The declarations of a TypeScript text of which nothing is left when its types are gone.
 *
 * They are between the statements of the tree: interfaces, types, overloads, enums that were blanked,
 * imports of types. Nothing that runs depends on what is found here; so the text is read word by word
 * and not parsed: brackets are counted, and a declaration ends at its brace, at a semicolon, or where a
 * line begins that can't go on with it.
 */

/** What has been blanked. */
export type TypeKind = "type" | "overload" | "enum" | "declare" | "import";

/** A declaration that leaves no code. */
export interface TypePiece {
  readonly kind: TypeKind;
  /** Its name; for an import the whole text. */
  readonly name: string;
  readonly start: number;
  readonly end: number;
  /** The text without layout and comments. */
  readonly words: string;
}

/** Whether a declaration is an enum of the module itself: no namespace, and not only declared. */
export function isEnum({ kind, words }: TypePiece): boolean {
  return kind === "enum" && /^(?:export )?(?:const )?enum /.test(words);
}

interface Word {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** Whether it is the first one of its line. */
  readonly isFirst: boolean;
}

const WORD =
  /\s+|\/\/[^\n\r]*|\/\*[^]*?\*\/|"(?:[^"\\\n]|\\[^])*"|'(?:[^'\\\n]|\\[^])*'|`(?:[^`\\]|\\[^])*`|[\p{ID_Start}$_][\p{ID_Continue}$]*|=>|\d[\w.]*|[^]/uy;

const MODIFIERS: ReadonlySet<string> = new Set([
  "export",
  "declare",
  "default",
  "async",
  "abstract",
]);
const BRACED: Readonly<Record<string, TypeKind>> = {
  interface: "type",
  enum: "enum",
  namespace: "enum",
  module: "enum",
  global: "declare",
  class: "declare",
};
const LINED: Readonly<Record<string, TypeKind>> = {
  type: "type",
  function: "overload",
  let: "declare",
  var: "declare",
  import: "import",
};

/** Behind these a declaration goes on in the next line. */
const OPEN: ReadonlySet<string> = new Set([
  ...["=", "|", "&", "?", ":", ",", "=>", "<", "(", "[", "{", "."],
  ...["extends", "keyof", "typeof", "infer", "is", "in", "readonly", "from", "type", "as"],
]);
/** With these a line goes on with the declaration before it. */
const GOES_ON: ReadonlySet<string> = new Set([
  ...["=", "|", "&", "?", ":", ",", "=>", ">", ")", "]", "}", ".", "["],
  ...["extends", "from", "is", "in", "as"],
]);

/** Lists the declarations in a part of a text that holds no code. */
export function readTypes(text: string, start: number, end: number): TypePiece[] {
  if (!/[\p{L}$_]/u.test(text.slice(start, end))) return [];
  return new GapReader([...wordsOf(text, start, end)]).read();
}

function* wordsOf(text: string, start: number, end: number): Generator<Word> {
  WORD.lastIndex = start;
  let isFirst = true;
  while (WORD.lastIndex < end) {
    const at = WORD.lastIndex;
    const found = WORD.exec(text)?.[0];
    if (found === undefined) return;
    const isSilent = /^(?:\s|\/[/*])/.test(found);
    if (isSilent) isFirst ||= /[\n\r]/.test(found);
    else {
      yield { text: found, start: at, end: at + found.length, isFirst };
      isFirst = false;
    }
    WORD.lastIndex = at + found.length;
  }
}

class GapReader {
  readonly #words: readonly Word[];
  #at = 0;

  constructor(words: readonly Word[]) {
    this.#words = words;
  }

  read(): TypePiece[] {
    const found: TypePiece[] = [];
    while (this.#at < this.#words.length) {
      const piece = this.#readOne();
      if (piece !== undefined) found.push(piece);
    }
    return found;
  }

  #readOne(): TypePiece | undefined {
    const first = this.#at;
    while (MODIFIERS.has(this.#word(this.#at))) this.#at += 1;
    const isConstEnum = this.#word(this.#at) === "const" && this.#word(this.#at + 1) === "enum";
    if (isConstEnum) this.#at += 1;
    const key = this.#word(this.#at);
    const isDeclared = this.#at > first && key === "const";
    const braced = Object.hasOwn(BRACED, key) ? BRACED[key] : undefined;
    const lined = isDeclared ? "declare" : Object.hasOwn(LINED, key) ? LINED[key] : undefined;
    const isList = key === "{" && this.#at > first;
    const kind = braced ?? lined ?? (isList ? "import" : undefined);
    if (kind === undefined) {
      this.#at = first + 1;
      return undefined;
    }
    const name = this.#word(this.#at + 1);
    this.#at = braced === undefined ? this.#findEnd(first) : this.#findBrace();
    return this.#pieceOf(kind, name, first);
  }

  #pieceOf(kind: TypeKind, name: string, first: number): TypePiece {
    const own = this.#words.slice(first, this.#at);
    const start = own[0]?.start ?? 0;
    const end = own.at(-1)?.end ?? start;
    const words = own.map(({ text }) => text).join(" ");
    return { kind, name: kind === "import" ? words : name, start, end, words };
  }

  /** Returns the number of the word behind the braces. */
  #findBrace(): number {
    let depth = 0;
    let angles = 0;
    for (let at = this.#at; at < this.#words.length; at += 1) {
      const word = this.#word(at);
      if (word === "<") angles += 1;
      else if (word === ">") angles -= 1;
      else if (word === "{") depth += 1;
      else if (word === "}") {
        depth -= 1;
        if (depth === 0 && angles <= 0) return at + 1;
      }
    }
    return this.#words.length;
  }

  /** Returns the number of the word behind the declaration. */
  #findEnd(first: number): number {
    let depth = 0;
    for (let at = first; at < this.#words.length; at += 1) {
      const word = this.#word(at);
      const before = this.#word(at - 1);
      const isNew = at > this.#at + 1 && depth === 0 && this.#words[at]?.isFirst === true;
      if (isNew && !OPEN.has(before) && !GOES_ON.has(word)) return at;
      if ("{([<".includes(word)) depth += 1;
      else if ("})]>".includes(word)) depth -= 1;
      else if (word === ";" && depth === 0) return at + 1;
    }
    return this.#words.length;
  }

  #word(at: number): string {
    return this.#words[at]?.text ?? "";
  }
}
