/**
 * The two modules of skynet that a program asks for by name: `sproto` and `sprotoparser`.
 */

import { pack, unpack } from "./pack.ts";
import { Sproto, compileSchema } from "./sproto.ts";
import type { ParseOptions } from "./sproto.ts";
import type { DecodeOptions } from "./decoder.ts";
import type { AnySchema, SchemaTypes } from "./types.ts";

/** Makes schemas, and packs. */
export const sproto: {
  parse<S extends SchemaTypes = AnySchema>(text: string, options?: ParseOptions): Sproto<S>;
  new: <S extends SchemaTypes = AnySchema>(
    binary: Uint8Array,
    options?: DecodeOptions,
  ) => Sproto<S>;
  pack(bytes: Uint8Array): Uint8Array;
  unpack(bytes: Uint8Array): Uint8Array;
} = {
  /**
   * Makes a schema from its text.
   *
   * @throws {ERR_SCHEMA} if it is not one; the message ends with the place.
   */
  parse: (text, options = {}) => new Sproto(compileSchema(text, options.file), options),
  /**
   * Makes a schema from its binary form.
   *
   * @throws {ERR_SCHEMA} if it is not that of a schema.
   */
  new: (binary, options) => new Sproto(binary, options),
  pack,
  unpack,
};

/** Turns the text of a schema into its binary form: `sprotoparser.parse(text, file)`. */
export const sprotoparser: { parse(text: string, file?: string): Uint8Array } = {
  parse: compileSchema,
};
