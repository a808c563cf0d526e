/**
 * Records as a model, and nothing that the codec could trip over: what a schema in binary form
 * claims is checked here.
 *
 * Stricter than sproto.c, which takes fields of one name, keys of what is no list, and maps of
 * types with three fields.
 */

import { SnaxError } from "../base/error.ts";
import { SPROTO_DIGITS_MAX, SPROTO_TAG_MAX } from "../base/limits.ts";
import { KIND } from "./schema-model.ts";
import type { Field, Kind, Protocol, Schema, StructType } from "./schema-model.ts";
import { BINARY } from "./schema-record.ts";
import type { FieldRecord, GroupRecord, ProtocolRecord, TypeRecord } from "./schema-record.ts";

/** A type whose fields are still to come: fields may lead back to it. */
interface OpenType extends StructType {
  fields: Field[];
  wordsMax: number;
}

/** A field whose key is still to come. */
type OpenField = { -readonly [K in keyof Field]: Field[K] };

const BUILTIN_KINDS: readonly Kind[] = [KIND.integer, KIND.boolean, KIND.string, KIND.double];

/**
 * Builds a model.
 *
 * @throws {ERR_SCHEMA} if the records are not those of a schema.
 */
export function buildSchema(group: GroupRecord): Schema {
  const records = group.type ?? [];
  const types: OpenType[] = records.map(({ name }) => {
    return { name: nameOf(name, "a type"), fields: [], wordsMax: 0 };
  });
  types.forEach((type, index) => fillType(type, records[index] ?? {}, types));
  // A key is found among the fields of another type, so it comes when all have theirs.
  types.forEach((type, index) => linkKeys(type, records[index] ?? {}));
  const protocols = (group.protocol ?? []).map((record) => buildProtocol(record, types));
  return {
    types: mapOf(types, (type) => type.name, "types of the name"),
    protocols: mapOf(protocols, (protocol) => protocol.name, "protocols of the name"),
    protocolsByTag: mapOf(protocols, (protocol) => protocol.tag, "protocols of the tag"),
  };
}

function fillType(type: OpenType, record: TypeRecord, types: readonly StructType[]): void {
  let last = -1;
  for (const fieldRecord of record.fields ?? []) {
    const field = buildField(fieldRecord, type.name, types);
    if (field.tag <= last) throw invalid(`tag ${field.tag} of type ${type.name} is out of order`);
    type.wordsMax += field.tag > last + 1 ? 2 : 1;
    last = field.tag;
    type.fields.push(field);
  }
  mapOf(type.fields, (field) => field.name, `fields of type ${type.name} of the name`);
}

function buildField(record: FieldRecord, owner: string, types: readonly StructType[]): Field {
  const name = nameOf(record.name, `a field of type ${owner}`);
  const where = `field ${name} of type ${owner}`;
  const tag = tagOf(record.tag, where);
  const common = {
    name,
    owner,
    tag,
    isList: record.array === true,
    key: undefined,
    value: undefined,
    isInherited: name in Object.prototype,
  };
  const { buildin, type } = record;
  if (buildin === undefined) {
    const struct = types[type ?? -1];
    if (struct === undefined) throw invalid(`${where} is of type number ${type}`);
    return { ...common, kind: KIND.struct, factor: 0, struct };
  }
  const builtin = BUILTIN_KINDS[buildin];
  if (builtin === undefined) throw invalid(`${where} is of builtin type ${buildin}`);
  const kind = builtin === KIND.string && type === BINARY ? KIND.binary : builtin;
  return { ...common, kind, factor: factorOf(builtin, type, where), struct: undefined };
}

/** What the digits of a decimal field multiply it by. */
function factorOf(builtin: Kind, type: number | undefined, where: string): number {
  if (type === undefined || builtin === KIND.string) return 0;
  if (builtin !== KIND.integer) throw invalid(`${where} has two types`);
  if (type >= 0 && type <= SPROTO_DIGITS_MAX) return 10 ** type;
  throw invalid(`${where} has ${type} digits, SPROTO_DIGITS_MAX is ${SPROTO_DIGITS_MAX}`);
}

function linkKeys(type: OpenType, record: TypeRecord): void {
  type.fields.forEach((field: OpenField, index) => {
    const { key, map } = record.fields?.[index] ?? {};
    if (key === undefined && map !== true) return;
    const where = `field ${field.name} of type ${type.name}`;
    const fields = field.isList ? field.struct?.fields : undefined;
    const found = fields?.find((other) => other.tag === key && other.kind !== KIND.struct);
    if (fields === undefined || found === undefined) throw invalid(`${where} has the key ${key}`);
    field.key = found;
    if (map !== true) return;
    if (fields.length !== 2) throw invalid(`${where} is a map of ${fields.length} fields`);
    // As sproto.c has it: the lower tag is the key, whatever tag the record names.
    [field.key, field.value] = fields as readonly [Field, Field];
  });
}

function buildProtocol(record: ProtocolRecord, types: readonly StructType[]): Protocol {
  const name = nameOf(record.name, "a protocol");
  const find = (index: number | undefined): StructType | undefined => {
    if (index === undefined) return undefined;
    const type = types[index];
    if (type === undefined) throw invalid(`protocol ${name} has type number ${index}`);
    return type;
  };
  return {
    name,
    tag: tagOf(record.tag, `protocol ${name}`),
    request: find(record.request),
    response: find(record.response),
    isConfirmed: record.confirm === true,
  };
}

function nameOf(name: string | undefined, what: string): string {
  if (name === undefined) throw invalid(`${what} has no name`);
  return name;
}

function tagOf(tag: number | undefined, what: string): number {
  if (tag !== undefined && tag >= 0 && tag <= SPROTO_TAG_MAX) return tag;
  throw invalid(`${what} has the tag ${tag}`);
}

function mapOf<K extends string | number, V>(
  list: readonly V[],
  keyOf: (item: V) => K,
  what: string,
): Map<K, V> {
  const map = new Map<K, V>();
  for (const item of list) {
    const key = keyOf(item);
    if (map.has(key)) throw invalid(`two ${what} ${key}`);
    map.set(key, item);
  }
  return map;
}

function invalid(reason: string): SnaxError {
  return new SnaxError("ERR_SCHEMA", `invalid sproto schema: ${reason}`);
}
