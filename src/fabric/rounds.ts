/**
 * The rounds that the main thread makes over its workers: one timer for all parts that look after them.
 *
 *     timer -> every visitor whose moment has come looks, and says when it wants to look again -> timer for the earliest
 *
 * Visitors that are nearly due are called early, so the timer fires only as often as the shortest period requires. The
 * timer does not keep the process alive.
 */

/* oxlint-disable no-restricted-globals -- who watches keeps its own time: no service's, and no kernel's */

/** Milliseconds by which a visitor may come too early. */
const EARLY_MS = 20;

/** A part of the node that looks after the threads. */
export interface Visitor {
  /**
   * Looks.
   *
   * @param now - milliseconds of `performance.now()`.
   * @returns the moment at which it wants to look again; it may be called a little earlier, and any time later.
   */
  round(now: number): number;
}

/** Begins the rounds. @returns what ends them. */
export function beginRounds(visitors: readonly Visitor[]): () => void {
  const due = new Map(visitors.map((visitor) => [visitor, 0]));
  let timer: NodeJS.Timeout | undefined;
  const schedule = (): void => {
    const next = Math.min(...due.values()) - performance.now();
    timer = setTimeout(round, Math.max(1, Math.ceil(next)));
    timer.unref();
  };
  const round = (): void => {
    const now = performance.now();
    for (const [visitor, at] of due) {
      if (at <= now + EARLY_MS) due.set(visitor, visitor.round(now));
    }
    schedule();
  };
  if (visitors.length > 0) schedule();
  return () => clearTimeout(timer);
}
