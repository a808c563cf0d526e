/**
 * The small service of the bench: one variable, two requests, one post, an `init`.
 *
 * The sections that start, call, count, weigh or hot-fix many small services all use this one, and `skynet/counter.lua`
 * is the same service in Lua, so that the figures of different sections can be held against each other.
 */

let total = 0;

export const response = {
  /** Returns what it was given. */
  echo(value: number) {
    return value;
  },
  /** Returns the sum of all additions so far. */
  total() {
    return total;
  },
};

export const accept = {
  /** Adds to the total. */
  add(amount: number) {
    total += amount;
  },
};

export function init(start = 0) {
  total = start;
}
