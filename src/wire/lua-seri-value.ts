/**
 * The Lua values that JavaScript has no value of its own for, and what becomes of a number as a key.
 *
 * Lua tells the integer 1 from the float 1.0, and lua-seri shows the difference; a JavaScript number does not have it.
 */

/** A number that is a float in Lua, even if it is integral. */
export class LuaFloat {
  /** The number itself. */
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }

  /** Lets a float take part in arithmetic and comparisons. */
  valueOf(): number {
    return this.value;
  }
}

/** A light userdata: an address inside the process that made it, of use only to hand it back. */
export class LuaPointer {
  /** The address, 0..2^64-1. */
  readonly address: bigint;

  constructor(address: bigint) {
    this.address = BigInt.asUintN(64, address);
  }
}

/**
 * Turns a key into what Lua makes of it: as a key, a float that is an integer is that integer.
 *
 * @returns a number for the safe integers, a bigint for the others of 64 bits, anything else as it is.
 */
export function keyOf(key: unknown): unknown {
  const number = key instanceof LuaFloat ? key.value : key;
  if (typeof number !== "number" || !Number.isInteger(number)) return number;
  // The sum turns -0 into 0.
  if (Number.isSafeInteger(number)) return number + 0;
  return number >= -(2 ** 63) && number < 2 ** 63 ? BigInt(number) : number;
}
