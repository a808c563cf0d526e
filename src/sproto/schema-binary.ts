/**
 * Records as bytes and back: sproto describes its schemas in sproto, so the codec does nearly all
 * of it.
 *
 * The bytes are those of sprotoparser.lua. They differ from what the codec would write in one
 * place: two absent fields of a protocol are skipped by two words, and sproto.c counts on it.
 */

import { SnaxError } from "../base/error.ts";
import { decodeStruct } from "./decoder.ts";
import { encodeStruct } from "./encoder.ts";
import { buildSchema } from "./schema-builder.ts";
import type { Schema, StructType } from "./schema-model.ts";
import { BINARY, BUILTIN } from "./schema-record.ts";
import type { FieldRecord, GroupRecord, ProtocolRecord } from "./schema-record.ts";

const { string, integer, boolean } = BUILTIN;

/** The number of a type of sproto's own schema. */
const TYPE = { field: 0, type: 1, protocol: 2 } as const;

/** A field of sproto's own schema. */
function field(name: string, tag: number, rest: FieldRecord): FieldRecord {
  return { name, tag, ...rest };
}

const OWN_SCHEMA: Schema = buildSchema({
  type: [
    {
      name: "field",
      fields: [
        field("name", 0, { buildin: string }),
        field("buildin", 1, { buildin: integer }),
        field("type", 2, { buildin: integer }),
        field("tag", 3, { buildin: integer }),
        field("array", 4, { buildin: boolean }),
        field("key", 5, { buildin: integer }),
        field("map", 6, { buildin: boolean }),
      ],
    },
    {
      name: "type",
      fields: [
        field("name", 0, { buildin: string }),
        field("fields", 1, { type: TYPE.field, array: true }),
      ],
    },
    {
      name: "protocol",
      fields: [
        field("name", 0, { buildin: string }),
        field("tag", 1, { buildin: integer }),
        field("request", 2, { buildin: integer }),
        field("response", 3, { buildin: integer }),
        field("confirm", 4, { buildin: boolean }),
      ],
    },
    {
      name: "group",
      fields: [
        field("type", 0, { type: TYPE.type, array: true }),
        field("protocol", 1, { type: TYPE.protocol, array: true }),
      ],
    },
    {
      // The group with its protocols encoded already: a list of types and one of bytes look alike.
      name: "written",
      fields: [
        field("type", 0, { type: TYPE.type, array: true }),
        field("protocol", 1, { buildin: string, type: BINARY, array: true }),
      ],
    },
  ],
});

const GROUP = ownType("group");
const WRITTEN = ownType("written");
const PROTOCOL = ownType("protocol");

function ownType(name: string): StructType {
  const type = OWN_SCHEMA.types.get(name);
  if (type === undefined) throw new SnaxError("ERR_BUG", `sproto's own schema lacks ${name}`);
  return type;
}

/** Encodes a schema. */
export function encodeSchema(group: GroupRecord): Uint8Array {
  return encodeStruct(WRITTEN, { ...group, protocol: group.protocol?.map(encodeProtocol) });
}

/**
 * Decodes a schema.
 *
 * @throws {ERR_SCHEMA} if the bytes are not those of a schema.
 */
export function decodeSchema(bytes: Uint8Array): Schema {
  let group: GroupRecord;
  try {
    group = decodeStruct(GROUP, bytes);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SnaxError("ERR_SCHEMA", `invalid sproto schema: ${reason}`, { cause });
  }
  return buildSchema(group);
}

function encodeProtocol(record: ProtocolRecord): Uint8Array {
  const bytes = encodeStruct(PROTOCOL, record);
  if (record.confirm !== true || record.request !== undefined) return bytes;
  // name, tag, [skip 2], confirm: the third word becomes two.
  const words = [5, 0, 0, 0, bytes[4] ?? 0, bytes[5] ?? 0, 1, 0, 1, 0, 4, 0];
  return Uint8Array.from([...words, ...bytes.subarray(10)]);
}
