/** A module that is no snax service. */

export function round(value: number): number {
  return Math.round(value);
}
