/** A service with three faults that real ones have had. */

const seen = new Map<number, object>();

export const response = {
  /** A loop whose end condition is never met. */
  loop() {
    let turns = 0;
    while (seen.size === 0) turns += 1;
    return turns;
  },
  /** A cache that is never emptied. */
  async leak() {
    for (let i = 0; ; i += 1) {
      seen.set(i, { name: `player ${i}`, bag: Array.from({ length: 100 }, () => i) });
      if (i % 1000 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  },
  /** A library that takes the process for its own. */
  exit() {
    process.exit(1);
  },
};
