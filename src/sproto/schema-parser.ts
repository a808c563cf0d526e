/**
 * The text of a schema as declarations: what is called what, and where it is. Names are not
 * looked up here.
 *
 *     schema     {type | protocol}
 *     type       .name { {field | type} }
 *     field      name tag : [*]type[(argument)]
 *     protocol   name tag { {request type | request { fields } | response ...} }
 *
 * The grammar is that of sprotoparser.lua, blanks included, so that what is taken here is taken
 * there.
 */

import { SPROTO_DEPTH_MAX, SPROTO_TAG_MAX } from "../base/limits.ts";
import { schemaError } from "./schema-error.ts";
import type { Place } from "./schema-error.ts";
import { SchemaScanner } from "./schema-scanner.ts";

/** A field, as it is written. */
export interface FieldDeclaration extends Place {
  readonly name: string;
  readonly tag: number;
  readonly isList: boolean;
  /** The name of its type. */
  readonly type: string;
  /** What is in parentheses behind the type, "" for an empty pair; undefined without them. */
  readonly argument: string | undefined;
}

/** A type, by its full name: `Outer.Inner`. */
export interface TypeDeclaration extends Place {
  readonly name: string;
  readonly fields: readonly FieldDeclaration[];
}

/** A protocol, with the names of its types; "nil" for `response nil`. */
export interface ProtocolDeclaration extends Place {
  readonly name: string;
  readonly tag: number;
  readonly request: string | undefined;
  readonly response: string | undefined;
}

/** A schema. */
export interface Declarations {
  readonly types: ReadonlyMap<string, TypeDeclaration>;
  readonly protocols: ReadonlyMap<string, ProtocolDeclaration>;
}

/**
 * Parses a schema.
 *
 * @param file - what errors call the text.
 * @throws {ERR_SCHEMA} if it is no schema, or says something twice.
 */
export function parseDeclarations(text: string, file: string): Declarations {
  const parser = new SchemaParser(new SchemaScanner(text, file));
  parser.parse();
  return parser;
}

class SchemaParser implements Declarations {
  readonly types: Map<string, TypeDeclaration> = new Map();
  readonly protocols: Map<string, ProtocolDeclaration> = new Map();
  readonly #scanner: SchemaScanner;

  constructor(scanner: SchemaScanner) {
    this.#scanner = scanner;
  }

  parse(): void {
    const scanner = this.#scanner;
    this.#items(
      () => scanner.token.kind === "end",
      () => (scanner.sees(".") ? this.#type("", 1) : this.#protocol()),
    );
  }

  /**
   * Reads a list. As in sprotoparser, what is in it is apart; only at its end the last ones may
   * adjoin.
   */
  #items(isEnd: () => boolean, read: () => void): void {
    let areAdjoined = false;
    for (let count = 0; !isEnd(); count++) {
      const { isApart } = this.#scanner.token;
      if (count > 0 && areAdjoined && isApart)
        throw this.#scanner.wrong("a blank is missing before");
      areAdjoined ||= count > 0 && !isApart;
      read();
    }
  }

  /** Reads a type that is in the type `outer`, or in none. */
  #type(outer: string, depth: number): void {
    const scanner = this.#scanner;
    const { file, line } = scanner.take();
    const word = this.#attached("word", "the name of a type");
    const name = outer === "" ? word.text : `${outer}.${word.text}`;
    this.#struct(name, { file, line }, depth);
  }

  /** Reads the fields of a type, and the types in it. */
  #struct(name: string, place: Place, depth: number): void {
    const scanner = this.#scanner;
    if (depth > SPROTO_DEPTH_MAX) {
      throw schemaError(
        `type ${name} is nested deeper than SPROTO_DEPTH_MAX ${SPROTO_DEPTH_MAX}`,
        place,
      );
    }
    scanner.expect("{", `"{" of type ${name}`);
    const fields: FieldDeclaration[] = [];
    this.#items(
      () => scanner.sees("}"),
      () => {
        if (scanner.sees(".")) this.#type(name, depth + 1);
        else fields.push(this.#field(name));
      },
    );
    scanner.take();
    if (this.types.has(name)) throw schemaError(`redefined ${name}`, place);
    this.types.set(name, { name, fields, ...place });
  }

  #field(owner: string): FieldDeclaration {
    const scanner = this.#scanner;
    const { text: name, file, line } = scanner.expect("word", `a field or "}" of type ${owner}`);
    const tag = this.#tag(`the tag of field ${name}`);
    scanner.expect(":", `":" of field ${name}`);
    const isList = scanner.sees("*");
    if (isList) scanner.take();
    const type = this.#typeName(`the type of field ${name}`, isList);
    return { name, tag, isList, type, argument: this.#argument(isList), file, line };
  }

  /** Reads a name with dots in it. @param isAttached - whether no blank may be before it. */
  #typeName(what: string, isAttached: boolean): string {
    const scanner = this.#scanner;
    let name = (isAttached ? this.#attached("word", what) : scanner.expect("word", what)).text;
    while (scanner.sees(".") && !scanner.token.isApart) {
      scanner.take();
      name += `.${this.#attached("word", what).text}`;
    }
    return name;
  }

  /**
   * Reads the arguments behind a type.
   *
   * Sprotoparser takes any number of them and looks at one place among its captures, of which a
   * number makes two: so a list heeds its first argument, and anything else a number at the first
   * place, or what is at the second.
   */
  #argument(isList: boolean): string | undefined {
    const scanner = this.#scanner;
    const captures: string[] = [];
    while (scanner.sees("(") && !scanner.token.isApart) {
      scanner.take();
      const { kind, text } = scanner.token;
      if (kind === "word" || kind === "number") scanner.take();
      captures.push(...(kind === "number" ? [text, text] : [kind === "word" ? text : ""]));
      scanner.expect(")", `")"`);
    }
    return captures[isList ? 0 : 1];
  }

  #protocol(): void {
    const scanner = this.#scanner;
    const { text: name, file, line } = scanner.expect("word", "a type or a protocol");
    const tag = this.#tag(`the tag of protocol ${name}`);
    scanner.expect("{", `"{" of protocol ${name}`);
    const parts: { request?: string; response?: string } = {};
    this.#items(
      () => scanner.sees("}"),
      () => this.#protocolPart(name, parts),
    );
    scanner.take();
    if (this.protocols.has(name)) throw schemaError(`redefined ${name}`, { file, line });
    const { request, response } = parts;
    this.protocols.set(name, { name, tag, request, response, file, line });
  }

  #protocolPart(name: string, parts: { request?: string; response?: string }): void {
    const scanner = this.#scanner;
    const { text: part, file, line } = scanner.token;
    if (part !== "request" && part !== "response") {
      throw scanner.wrong(`request, response or "}" of protocol ${name} expected`);
    }
    scanner.take();
    if (!scanner.token.isApart) throw scanner.wrong(`a blank behind ${part} expected`);
    const type = this.#protocolType(`${name}.${part}`, { file, line });
    if (parts[part] !== undefined) {
      throw schemaError(`redefine ${part} in protocol ${name}`, { file, line });
    }
    parts[part] = type;
  }

  /** Reads the type of a request or a response: a name, or fields of a type that gets this one. */
  #protocolType(inner: string, place: Place): string {
    if (!this.#scanner.sees("{")) return this.#typeName("a type", false);
    this.#struct(inner, place, 1);
    return inner;
  }

  #tag(what: string): number {
    const scanner = this.#scanner;
    if (!scanner.token.isApart) throw scanner.wrong(`${what} expected`);
    const token = scanner.expect("number", what);
    const tag = Number(token.text);
    if (tag <= SPROTO_TAG_MAX) return tag;
    throw schemaError(`${what}, ${token.text}, exceeds SPROTO_TAG_MAX ${SPROTO_TAG_MAX}`, token);
  }

  /** Takes a token that must follow without a blank. */
  #attached(what: string, name: string): { readonly text: string } {
    if (this.#scanner.token.isApart) throw this.#scanner.wrong(`${name} without a blank expected`);
    return this.#scanner.expect(what, name);
  }
}
