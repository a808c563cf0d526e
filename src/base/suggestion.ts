/**
 * Guesses which name was meant by one that does not exist.
 */

/** Returns `; did you mean "count"?` for the closest name, or nothing if none is close. */
export function suggest(name: string, known: Iterable<string>): string {
  const best = findNearest(name, known);
  return best === undefined ? "" : `; did you mean "${best}"?`;
}

/**
 * Returns the closest name; undefined if none is close.
 *
 * @param distanceMax - letters that may be missing, added or different.
 */
export function findNearest(
  name: string,
  known: Iterable<string>,
  distanceMax = 3,
): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.min(distanceMax, Math.ceil(name.length / 2)) + 1;
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase(), bestDistance);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Levenshtein's distance, or `limit` if it is not below it. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replace = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replace, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return Math.min(row[b.length] ?? limit, limit);
}
