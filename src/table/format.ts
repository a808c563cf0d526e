/**
 * The layout of a version of a table in shared memory.
 *
 * Everything but texts is made of slots of 8 bytes. A slot holds a double, or a tag that no double
 * has (a NaN of another kind) with a kind and 32 bits: `high word = TAG | kind`, `low word =
 * payload`. Positions count slots from the start.
 *
 *     version     magic | number of slots | ... | the root's slot
 *     record      shape, count | a slot for each field
 *     shape       count | a text slot for each key
 *     list        count, width | slots, or integers of 1, 2 or 4 bytes
 *     dictionary  count, log2 of the hash's size | fingerprint of the keys | keys | values | hash: places of keys plus 1
 *     link        position of the value, length | the path on which it was met first, a slot a step
 *     texts       after the slots: length * 2 + isWide, units of 1 or 2 bytes, aligned to 4; payload = offset / 4
 *
 * An object that is met a second time is not written again: the slot has SHARED in its kind and
 * leads to a link. The memory never changes once it is published, so it is read without any lock.
 */

/** The bits of a high word that tell a tag from a double. */
export const TAG_MASK = 0x7fff0000;

/** What those bits are in a tag: a NaN that no arithmetic makes. */
export const TAG = 0x7ff90000;

/** What a tagged slot holds; the low bits of its high word. */
export const KIND = {
  undefined: 0,
  null: 1,
  false: 2,
  true: 3,
  text: 4,
  /** Payload: a slot with an int64. */
  bigint: 5,
  /** Payload: the hexadecimal digits as a text, with a sign. */
  hugeBigint: 6,
  /** Payload: a slot with milliseconds. */
  date: 7,
  record: 8,
  list: 9,
  dictionary: 10,
} as const;

/** The bit of a kind that says: met before; the payload leads to a link. */
export const SHARED = 0x10;

/** The bits of a high word that are the kind, without {@link SHARED}. */
export const KIND_MASK = 0x0f;

/** The first slots of a version; the root's slot is the last of them. */
export const HEADER_SLOTS = 4;

/** Where the root's slot is. */
export const ROOT_AT = 3;

/** The first word of a version. */
export const MAGIC = 0x736e7874;

/** Bits of a list's second word beside the width of its integers in bytes, which is 0 for slots. */
export const LIST_FLAG = { hasDates: 0x100, width: 0x0f } as const;

/** An object with more keys is a dictionary: its keys are looked up, not made into properties. */
export const RECORD_KEYS_MAX = 64;

/** Mixes the bits of an integer key. */
export function hashInteger(key: number): number {
  let hash = Math.imul(key ^ (key >>> 16), 0x45d9f3b);
  hash = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Mixes the units of a text key; different seeds give independent numbers. */
export function hashText(key: string, seed = 0x811c9dc5): number {
  let hash = seed;
  for (let at = 0; at < key.length; at++) {
    hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  }
  return hashInteger(hash);
}

/**
 * Reads a key as the index of an element, as JavaScript does.
 *
 * @returns -1 if it is not an index, as `"01"`.
 */
export function indexOfKey(key: string): number {
  const { length } = key;
  if (length === 0 || length > 10) return -1;
  let index = 0;
  for (let at = 0; at < length; at++) {
    const digit = key.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9 || (digit === 0 && at === 0 && length > 1)) return -1;
    index = index * 10 + digit;
  }
  return index < 0xffffffff ? index : -1;
}

/** A step of a path: a key, or the index of an element. */
export type Step = string | number;

/**
 * Prints a path behind the name of its table: `items[42].attr`; without a name it begins with one.
 */
export function formatPath(name: string, steps: readonly Step[]): string {
  const [first, ...rest] = steps;
  if (name === "" && typeof first === "string") return formatPath(first, rest);
  return name + steps.map(formatStep).join("");
}

function formatStep(step: Step): string {
  if (typeof step === "number" || indexOfKey(step) >= 0) return `[${step}]`;
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(step)
    ? `.${step}`
    : `[${JSON.stringify(step)}]`;
}
