/** Accounts of players, in memory. */

const gold = new Map<string, number>();

export const response = {
  add(player: string, amount: number) {
    const sum = (gold.get(player) ?? 0) + amount;
    if (sum < 0) throw new RangeError(`${player} has ${gold.get(player) ?? 0}, not ${-amount}`);
    gold.set(player, sum);
    return sum;
  },
};

export const accept = {
  /** A crash, for the example. */
  crash() {
    process.kill(process.pid, "SIGKILL");
  },
};
