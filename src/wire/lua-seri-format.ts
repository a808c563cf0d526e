/**
 * The numbers of lua-seri, skynet's own serialisation.
 *
 * A payload is one value after the other; a value begins with a byte whose low 3 bits are its type and whose high 5
 * bits, the cookie, say more about it. Numbers of several bytes are little-endian and not aligned.
 *
 *     type    nil  boolean  number   pointer  short string  long string  table
 *     cookie  -    0 or 1   NUMBER   -        its length    LENGTH       size of the array part, or TABLE_SIZED
 *     then    -    -        0-8 B    8 B      bytes         size, bytes  [integer] values, (key, value)..., nil
 */

/** What a value is: the low 3 bits of its first byte. */
export const TYPE = {
  nil: 0,
  boolean: 1,
  number: 2,
  pointer: 3,
  shortString: 4,
  longString: 5,
  table: 6,
} as const;

/** The cookie of a number: the integer 0 itself, or how the number is stored. */
export const NUMBER = { zero: 0, uint8: 1, uint16: 2, int32: 4, int64: 6, float64: 8 } as const;

/** The cookie of a long string: how many bytes its length takes. */
export const LENGTH = { uint16: 2, uint32: 4 } as const;

/** How many bits of the first byte the type takes. */
export const TYPE_BITS = 3;

/** The longest string, in bytes, whose length is its cookie. */
export const SHORT_STRING_MAX = 31;

/** The cookie of a table whose array part is this long or longer: its size follows as an integer value. */
export const TABLE_SIZED = 31;

/**
 * In how many tables a value may be; an empty table may be one deeper.
 *
 * Skynet's packer draws the line here. Its unpacker draws none, so a stream that its packer can't have made exhausts
 * the stack there; ours refuses it.
 */
export const SERI_DEPTH_MAX = 32;

/** The longest payload, in bytes: skynet counts them in a C `int`. */
export const SERI_BYTES_MAX = 0x7fff_ffff;
