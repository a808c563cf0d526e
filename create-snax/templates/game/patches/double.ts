// Coins count double from now on, in the middle of every round. In the console:
// hotfix room patches/double.ts
function worth(coin: { value: number }): number {
  return coin.value * 2;
}
