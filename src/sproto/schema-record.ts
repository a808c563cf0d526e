/**
 * A schema in the form in which it travels: what sproto's own schema calls `group`, with the names
 * from there.
 *
 *     text -> schema-parser.ts -> declarations -> schema-linker.ts -> records <-> schema-binary.ts <-> bytes
 *                                                                        |
 *                                                                schema-builder.ts -> model
 *
 * Records that come from bytes hold what any program wrote there; the builder judges them.
 */

/** The number of a builtin type on the wire. */
export const BUILTIN = { integer: 0, boolean: 1, string: 2, double: 3 } as const;

/** What the `type` of a `string` says if it is `binary`. */
export const BINARY = 1;

/** A field of a type. */
export interface FieldRecord {
  name?: string;
  /** One of {@link BUILTIN}; absent for a field of a type. */
  buildin?: number;
  /**
   * The index of the type; for an integer its decimal digits, for a string {@link BINARY} or
   * nothing.
   */
  type?: number;
  tag?: number;
  array?: boolean;
  /** The tag of the field of the list's type that is the key. */
  key?: number;
  map?: boolean;
}

/** A type. */
export interface TypeRecord {
  name?: string;
  fields?: FieldRecord[];
}

/** A protocol; request and response are indices of types. */
export interface ProtocolRecord {
  name?: string;
  tag?: number;
  request?: number;
  response?: number;
  /** Whether it says `response nil`. */
  confirm?: boolean;
}

/** A schema. */
export interface GroupRecord {
  type?: TypeRecord[];
  protocol?: ProtocolRecord[];
}
