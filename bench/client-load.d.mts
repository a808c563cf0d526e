/** One round of the section `clients` against a server in this process. */
export function playAgainst(
  port: number,
  size: Record<string, number>,
): Promise<Record<string, number>>;
