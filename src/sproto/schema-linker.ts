/**
 * Declarations as records: every name looked up, types in the order of their names, fields and
 * protocols in the order of their tags. What is wrong with the meaning of a schema is found here,
 * and told with its line.
 */

import { SPROTO_DIGITS_MAX, SPROTO_TAG_MAX } from "../base/limits.ts";
import { schemaError } from "./schema-error.ts";
import type {
  Declarations,
  FieldDeclaration,
  ProtocolDeclaration,
  TypeDeclaration,
} from "./schema-parser.ts";
import { BINARY, BUILTIN } from "./schema-record.ts";
import type { FieldRecord, GroupRecord, ProtocolRecord, TypeRecord } from "./schema-record.ts";

/**
 * Links a schema.
 *
 * @throws {ERR_SCHEMA} for a name without a meaning, a tag or a name that is given twice, or a key
 * that can't be one.
 */
export function linkSchema(declarations: Declarations): GroupRecord {
  return new SchemaLinker(declarations).link();
}

/** A type that knows its number. */
interface NumberedType extends TypeDeclaration {
  readonly index: number;
}

class SchemaLinker {
  readonly #types: ReadonlyMap<string, NumberedType>;
  readonly #protocols: readonly ProtocolDeclaration[];

  constructor({ types, protocols }: Declarations) {
    // Sprotoparser sorts by bytes; the names are ASCII, so units are bytes.
    const sorted = [...types.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
    this.#types = new Map(sorted.map((type, index) => [type.name, { ...type, index }]));
    this.#protocols = [...protocols.values()];
  }

  link(): GroupRecord {
    const group: GroupRecord = {};
    for (const type of this.#types.values()) {
      if (type.index > SPROTO_TAG_MAX) {
        throw schemaError(`more types than SPROTO_TAG_MAX ${SPROTO_TAG_MAX} and one`, type);
      }
      (group.type ??= []).push(this.#linkType(type));
    }
    const tags = new Set<number>();
    for (const protocol of this.#protocols) {
      const { name, tag } = protocol;
      if (group.type === undefined) {
        throw schemaError(`protocol ${name}, but no type at all`, protocol);
      }
      if (tags.has(tag)) throw schemaError(`redefined protocol tag ${tag} at ${name}`, protocol);
      tags.add(tag);
      (group.protocol ??= []).push(this.#linkProtocol(protocol));
    }
    group.protocol?.sort((a, b) => (a.tag ?? 0) - (b.tag ?? 0));
    return group;
  }

  #linkType(type: TypeDeclaration): TypeRecord {
    const names = new Set<string>();
    const tags = new Set<number>();
    for (const field of type.fields) {
      const { name, tag } = field;
      if (names.has(name)) throw schemaError(`redefine ${name} in type ${type.name}`, field);
      if (tags.has(tag)) throw schemaError(`redefine tag ${tag} in type ${type.name}`, field);
      names.add(name);
      tags.add(tag);
    }
    const sorted = type.fields.toSorted((a, b) => a.tag - b.tag);
    const fields = sorted.map((field) => this.#linkField(field, type));
    return fields.length === 0 ? { name: type.name } : { name: type.name, fields };
  }

  #linkField(field: FieldDeclaration, owner: TypeDeclaration): FieldRecord {
    const { name, tag, isList, argument } = field;
    const record: FieldRecord = { name, tag };
    if (isList) record.array = true;
    const builtin = builtinOf(field.type);
    if (builtin === undefined) {
      const type = this.#resolve(field.type, owner.name);
      if (type === undefined) {
        throw schemaError(`Undefined type ${field.type} in type ${owner.name}`, field);
      }
      record.type = type.index;
      if (argument !== undefined) Object.assign(record, keyOf(field, type));
      return record;
    }
    record.buildin = builtin;
    if (field.type === "binary") record.type = BINARY;
    if (argument === undefined) return record;
    if (builtin === BUILTIN.integer) record.type = digitsOf(field);
    else throw keyMisplaced(field);
    return record;
  }

  #linkProtocol(protocol: ProtocolDeclaration): ProtocolRecord {
    const { name, tag, request, response } = protocol;
    const record: ProtocolRecord = { name, tag };
    // As in sprotoparser: `request nil` says nothing at all, `response nil` that there is an answer
    // without a body.
    for (const [part, type] of [["request", request] as const, ["response", response] as const]) {
      if (type === undefined || type === "nil") continue;
      const index = this.#types.get(type)?.index;
      if (index === undefined) {
        throw schemaError(`Undefined ${part} type ${type} in protocol ${name}`, protocol);
      }
      record[part] = index;
    }
    if (response === "nil") record.confirm = true;
    return record;
  }

  /**
   * Finds a type by a name used inside another: in that one, in the types around it, then among
   * all.
   */
  #resolve(name: string, scope: string): NumberedType | undefined {
    for (
      let outer = scope;
      outer !== "";
      outer = outer.slice(0, Math.max(outer.lastIndexOf("."), 0))
    ) {
      const type = this.#types.get(`${outer}.${name}`);
      if (type !== undefined) return type;
    }
    return this.#types.get(name);
  }
}

/** The number of a builtin type. */
function builtinOf(name: string): number | undefined {
  if (name === "binary") return BUILTIN.string;
  return Object.hasOwn(BUILTIN, name) ? BUILTIN[name as keyof typeof BUILTIN] : undefined;
}

/** The digits of `integer(n)`. */
function digitsOf(field: FieldDeclaration): number {
  const { argument = "" } = field;
  const digits = Number(argument);
  if (!/^\d+$/.test(argument)) {
    throw schemaError(`Invalid decimal digits :${argument}, of field ${field.name}`, field);
  }
  if (digits <= SPROTO_DIGITS_MAX) return digits;
  const text = `${argument} decimal digits of field ${field.name} exceed SPROTO_DIGITS_MAX`;
  throw schemaError(`${text} ${SPROTO_DIGITS_MAX}`, field);
}

/** The key of `*T(key)`, or the two fields of `*T()`. */
function keyOf(field: FieldDeclaration, type: TypeDeclaration): FieldRecord {
  const { argument = "", name } = field;
  if (!field.isList) throw keyMisplaced(field);
  if (argument === "" && type.fields.length !== 2) {
    throw schemaError(`Invalid map definition: ${name}, must only have two fields`, field);
  }
  const [first] = type.fields.toSorted((a, b) => a.tag - b.tag);
  const key = argument === "" ? first : type.fields.find((other) => other.name === argument);
  if (key === undefined || builtinOf(key.type) === undefined) {
    throw schemaError(`Invalid map index :${key?.name ?? argument}`, field);
  }
  return argument === "" ? { key: key.tag, map: true } : { key: key.tag };
}

function keyMisplaced({ argument, type, name, file, line }: FieldDeclaration): Error {
  const text = `Invalid map index :${argument}, of field ${name}: only a list of a type with fields`;
  return schemaError(`${text} has a key, and ${type} has no digits`, { file, line });
}
