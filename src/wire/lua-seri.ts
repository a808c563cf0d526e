/**
 * lua-seri, skynet's own serialisation, byte for byte: what `skynet.pack` and `unpack` of a Lua node make and take.
 *
 *     undefined, null               <-> nil, read as undefined
 *     boolean                       <-> boolean
 *     a number that is a safe
 *     integer; bigint of 64 bits    <-> integer, read as a bigint only outside the safe integers
 *     other numbers, -0; LuaFloat   <-> float, read as a number
 *     string; Uint8Array            <-> string, read as bytes if it is not UTF-8
 *     LuaPointer                    <-> light userdata
 *     Array, holes as nil           <-> table with the keys 1, 2, 3..., or with none
 *     object, its keys as strings   <-> table with string keys only
 *     Map                           <-> any other table: numbers as keys, lists with gaps, list and record in one
 *
 * An empty table reads as `[]`: an empty list is looped over, and an empty record answers undefined either way. A caller
 * that wants one shape for all keys asks for Maps. What is sent back as it was read is
 * the same table to Lua; the same bytes are not promised. Leaves out checking what the values mean.
 */

import { SeriDecoder } from "./lua-seri-decoder.ts";
import type { SeriOptions } from "./lua-seri-decoder.ts";
import { writeValue } from "./lua-seri-encoder.ts";
import { explain } from "./lua-seri-refusal.ts";
import { SeriWriter } from "./lua-seri-writer.ts";

export type { SeriOptions } from "./lua-seri-decoder.ts";
export { LuaFloat, LuaPointer } from "./lua-seri-value.ts";

/** A writer that has grown past this many bytes is not kept for the next message. */
const SPARE_BYTES_MAX = 64 * 1024;

/** The writer for the next message; taken while in use, for a getter may send a message too. */
let spare: SeriWriter | undefined;

/**
 * Encodes values as skynet's `pack` does.
 *
 * The error of a getter comes as it is.
 *
 * @returns bytes in memory of their own; none for no values.
 * @throws {ERR_NOT_SENDABLE} if one of them can't be sent; the message begins `argument 1` and names the place.
 */
export function encodeSeri(values: readonly unknown[]): Uint8Array {
  const writer = spare ?? new SeriWriter();
  spare = undefined;
  let index = 0;
  try {
    for (; index < values.length; index++) writeValue(writer, values[index], 0);
  } catch (error) {
    throw explain(index, error);
  }
  const bytes = writer.finish();
  if (writer.capacity <= SPARE_BYTES_MAX) spare = writer;
  return bytes;
}

/**
 * Decodes what skynet's `pack` made.
 *
 * @returns the values, none for an empty payload; they hold nothing of its memory.
 * @throws {ERR_ARGUMENT} if it is malformed, in skynet's words; also if its tables are deeper than skynet packs them.
 */
export function decodeSeri(bytes: Uint8Array, options: SeriOptions = {}): unknown[] {
  return new SeriDecoder(bytes, options).values();
}
