/**
 * Random numbers that can be repeated from a seed.
 *
 * The generator is Bob Jenkins' small fast generator in 32 bits (sfc32): good enough to spread faults and delays, and
 * never to be used for secrets.
 */

/** A source of random numbers. */
export interface Random {
  /** Returns a number in [0, 1). */
  next(): number;
  /** Returns an integer in [0, bound). */
  below(bound: number): number;
}

/**
 * Creates a generator that yields the same numbers for the same seed.
 *
 * @param seed - any integer; only its low 32 bits count.
 */
export function createRandom(seed: number): Random {
  let a = seed | 0;
  let b = 0x9e3779b9 | 0;
  let c = 0x243f6a88 | 0;
  let counter = 1;
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return (sum >>> 0) / 4294967296;
  };
  // The first numbers still show the seed.
  for (let round = 0; round < 12; round += 1) next();
  return { next, below: (bound) => Math.floor(next() * bound) };
}
