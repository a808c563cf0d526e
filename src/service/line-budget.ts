/**
 * A bound on log lines that come with each event of a kind: at most LINES_PER_SECOND_MAX of them in a second, and then one
 * line that says how many were left out.
 *
 * A node starts 80,000 services in a second; their LAUNCH lines would cost more than the services.
 */

/** Most lines in one second. */
export const LINES_PER_SECOND_MAX = 100;

/** What a budget needs to know. */
export interface LineBudgetOptions {
  /** Milliseconds of any steady clock. */
  readonly now: () => number;
  /** Runs something once, later. */
  readonly later: (ms: number, run: () => void) => void;
  /** Is told how many lines were left out in a second; never 0. */
  readonly tell: (count: number) => void;
}

/** The budget of one kind of lines. */
export class LineBudget {
  readonly #options: LineBudgetOptions;
  #since = Number.NEGATIVE_INFINITY;
  #written = 0;
  #leftOut = 0;

  constructor(options: LineBudgetOptions) {
    this.#options = options;
  }

  /** Says whether the next line may be written, and counts it either way. */
  allow(): boolean {
    const now = this.#options.now();
    const age = now - this.#since;
    if (age >= 1000) {
      this.#since = now;
      this.#written = 0;
    }
    if (this.#written < LINES_PER_SECOND_MAX) {
      this.#written += 1;
      return true;
    }
    if (this.#leftOut === 0) this.#options.later(1000 - age, () => this.#sumUp());
    this.#leftOut += 1;
    return false;
  }

  #sumUp(): void {
    const count = this.#leftOut;
    this.#leftOut = 0;
    this.#options.tell(count);
  }
}
