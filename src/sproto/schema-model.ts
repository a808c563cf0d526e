/**
 * A schema as the codec uses it: types and protocols that know each other.
 *
 * Made from records, the form in which a schema travels (schema-record.ts), by schema-builder.ts
 * alone, which has checked it: code that holds a model may rely on the remarks below. Nothing
 * changes a model.
 */

/** What a value is on the wire. */
export const KIND = { integer: 0, boolean: 1, string: 2, double: 3, binary: 4, struct: 5 } as const;

/** One of {@link KIND}. */
export type Kind = (typeof KIND)[keyof typeof KIND];

/** A field of a type. */
export interface Field {
  readonly name: string;
  /** The name of its type. */
  readonly owner: string;
  readonly tag: number;
  readonly kind: Kind;
  /**
   * For `integer(n)`: 10^n, by which the value is multiplied on the wire; 0 for a plain integer.
   */
  readonly factor: number;
  /** Of what type the value is, or each value of a list; given exactly for {@link KIND}.struct. */
  readonly struct: StructType | undefined;
  readonly isList: boolean;
  /** For a list `*T(key)` or `*T()`: the field of T that is the key. */
  readonly key: Field | undefined;
  /** For a map `*T()`: the other field of T. */
  readonly value: Field | undefined;
  /**
   * Whether every object inherits something of this name, so that it must be read and written as an
   * own property.
   */
  readonly isInherited: boolean;
}

/** A type: fields in the order of their tags. */
export interface StructType {
  readonly name: string;
  readonly fields: readonly Field[];
  /**
   * The most words that the head of a message of this type can have: one a field, one a gap between
   * tags.
   */
  readonly wordsMax: number;
}

/** A protocol. */
export interface Protocol {
  readonly name: string;
  readonly tag: number;
  readonly request: StructType | undefined;
  readonly response: StructType | undefined;
  /** Whether it says `response nil`: an answer without a body. */
  readonly isConfirmed: boolean;
}

/** All of a schema. */
export interface Schema {
  readonly types: ReadonlyMap<string, StructType>;
  readonly protocols: ReadonlyMap<string, Protocol>;
  readonly protocolsByTag: ReadonlyMap<number, Protocol>;
}
