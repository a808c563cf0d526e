/**
 * The rules. All services of all threads read this one table. Change the file while the server
 * runs, then load it in the console: `sharetable load rules`. A round that goes on has the new
 * rules from its next tick.
 */

export interface Rules {
  /** Fields of the board. */
  readonly width: number;
  readonly height: number;
  /** Players of one room. */
  readonly seats: number;
  /** Coins that lie on the board. */
  readonly coins: number;
  /** What a coin may be worth; each is as likely as the others. */
  readonly values: readonly number[];
  readonly roundMs: number;
  readonly tickMs: number;
}

const rules: Rules = {
  width: 20,
  height: 12,
  seats: 4,
  coins: 6,
  values: [1, 1, 1, 5],
  roundMs: 60_000,
  tickMs: 100,
};

export default rules;

/** Runs at each load; what it returns refuses the table, and the one before stays. */
export function check({ width, height, coins, values }: Rules): string | undefined {
  if (values.length === 0) return "there must be a value for coins";
  return coins < width * height ? undefined : `${coins} coins leave no field free`;
}

declare module "snax" {
  interface Tables {
    rules: Rules;
  }
}
