/** Lists that people read: the first of them, and how many more there are. */

/** Names the first ones in one phrase: `a, b and 3 more`. */
export function nameFirst(names: readonly string[], most: number, separator = ", "): string {
  const more = names.length - most;
  const shown = names.slice(0, most).join(separator);
  return more > 0 ? `${shown} and ${more} more` : shown;
}

/** Returns the first lines and, if there are more, `and 3 more` as the last one. */
export function firstLines(lines: readonly string[], most: number): string[] {
  const more = lines.length - most;
  return more > 0 ? [...lines.slice(0, most), `and ${more} more`] : [...lines];
}
