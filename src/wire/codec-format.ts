/**
 * The bytes of the thread codec: what one thread of a process writes into shared memory for another.
 *
 * A value begins with a tag. Small integers are their own tag; tags of scalars follow, then those of objects, which
 * have one bit to say that something further on refers to them. Both sides number the objects of a message in the
 * order of their tags. Numbers of several bytes are little-endian and not aligned. Nothing here is kept or leaves the
 * process, so the format has no version.
 *
 *     message  count value...            (the arguments of a call)   |  value   (a result)
 *     fields   (key value)... end
 *     shape    number value...           the keys are known from an announcement before
 *     announce number count key... value...
 */

/** Integers from 0 up to this, exclusive, are their own tag. */
export const SMALL_COUNT = 0x80;

/** Tags of what is no object; `end` and `hole` are where a value or a key is expected. */
export const TAG = {
  undefined: 0x80,
  null: 0x81,
  false: 0x82,
  true: 0x83,
  /** int32. */
  int: 0x84,
  /** float64. */
  double: 0x85,
  /** int64. */
  bigint: 0x86,
  /** A text: the sign and the hexadecimal digits. */
  hugeBigint: 0x87,
  /** uint8 length, one byte a unit. */
  text8: 0x88,
  /** uint8 length, two bytes a unit. */
  text16: 0x89,
  /** uint32 length, one byte a unit. */
  longText8: 0x8a,
  /** uint32 length, two bytes a unit. */
  longText16: 0x8b,
  /** uint32 number of an object that came before. */
  reference: 0x8c,
  /** No further key or value. */
  end: 0x8d,
  /** An element that does not exist. */
  hole: 0x8e,
} as const;

/** Tags from this one on are those of {@link OBJECT}. */
export const OBJECT_FIRST = 0xc0;

/** The bit of an object's tag that says that a reference to it follows. */
export const KEPT = 0x20;

/** Tags of objects, without {@link KEPT}. */
export const OBJECT = {
  /** uint16 number of a shape, values. */
  shape: 0xc0,
  /** uint16 number, uint16 count, keys; then as a shape of that number. */
  announce: 0xc1,
  fields: 0xc2,
  /** uint32 length, values and holes. */
  array: 0xc3,
  /** uint32 length, int32 each. */
  ints: 0xc4,
  /** uint32 length, float64 each. */
  doubles: 0xc5,
  /** Length as a value, fields. */
  sparse: 0xc6,
  /** Keys and values in turn, end. */
  map: 0xc7,
  /** Values, end. */
  set: 0xc8,
  /** float64 of milliseconds. */
  date: 0xc9,
  /** Two texts: source and flags. */
  regexp: 0xca,
  /** A primitive. */
  boxed: 0xcb,
  /** See codec-error.ts. */
  error: 0xcc,
  /** uint32 length, bytes. */
  memory: 0xcd,
  /** float64 greatest length, uint32 length, bytes. */
  resizable: 0xce,
  /** uint32 place in the list that travels beside the bytes. */
  sharedMemory: 0xcf,
  /** uint8 class, float64 offset, float64 length, the memory as a value. */
  view: 0xd0,
  /** uint32 length, bytes: a Buffer of Node. */
  buffer: 0xd1,
  /** The name of its kind as a text, what it was packed into. */
  portable: 0xd2,
  /** What a portable object without a kind gave for an unknown receiver. */
  ported: 0xd3,
} as const;

/** Most bytes that a tag takes with the numbers of fixed size behind it; a writer leaves that number free at the end. */
export const HEAD_BYTES_MAX = 24;

/** The longest text, in UTF-16 units, that is written and measured unit by unit, and whose length is one byte. */
export const SHORT_TEXT_MAX = 64;

/** Numbers of shapes: twice as many as base/copy-shape.ts keeps, so that no two of its shapes have the same one. */
export const SHAPE_NUMBER_COUNT = 1024;
