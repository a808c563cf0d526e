/**
 * The static types of `sprotoloader`: slots for sproto schemas that all services of the node share.
 */

import type { DecodeOptions } from "../sproto/decoder.ts";
import type { Sproto } from "../sproto/sproto.ts";
import type { AnySchema, SchemaTypes } from "../sproto/types.ts";

/** Everything under `import { sprotoloader } from "snax"`. */
export interface SprotoloaderApi {
  /**
   * Reads the text of a schema from a file and saves it.
   *
   * @param file - relative to the configuration's folder.
   * @throws {ERR_SCHEMA} if it is no schema; then the slot stays as it was. What reading a file
   * throws comes as it is.
   */
  register(file: string, slot: number): Promise<void>;
  /**
   * Reads the text of a schema from a file.
   *
   * @returns its binary form.
   * @throws {ERR_SCHEMA} if it is no schema.
   */
  compile(file: string): Uint8Array;
  /**
   * Puts a schema into a slot, 0 to SPROTO_SLOTS_MAX - 1.
   *
   * @param binary - as `sprotoparser.parse` makes it.
   * @throws {ERR_SCHEMA} if it is not a schema; then the slot stays as it was.
   * @throws {ERR_ARGUMENT} if there is no such slot.
   */
  save(binary: Uint8Array, slot: number): Promise<void>;
  /**
   * Resolves to the schema in a slot.
   *
   * @throws {ERR_ARGUMENT} if nothing was saved there, or there is no such slot.
   */
  load: <S extends SchemaTypes = AnySchema>(
    slot: number,
    options?: DecodeOptions,
  ) => Promise<Sproto<S>>;
}
