/**
 * Whether a thread that has nothing to do looks at its rings for a while before it sleeps.
 *
 * Waking a thread costs about 20 us; a thread that still looks finds its mail in one. It pays where mail comes in quick
 * succession and nowhere else, so only fresh traffic opens the window: mail that came soon after other mail. The rule
 * is a plainer form of KVM's halt polling, which grows and shrinks its window by the same measure.
 */

/** How long a thread polls. */
export interface PollingOptions {
  /** Milliseconds after the last mail during which the thread looks again before it sleeps; 0 = never. @defaultValue 0.05 */
  readonly windowMs?: number;
  /** Most milliseconds between two arrivals of mail that still count as fresh traffic. @defaultValue 0.2 */
  readonly freshMs?: number;
}

/** The polling of one thread. It reads no clock: the caller says what time it is. */
export class Polling {
  readonly #windowMs: number;
  readonly #freshMs: number;
  /** When mail came last. */
  #lastAt = Number.NEGATIVE_INFINITY;
  /** The last two arrivals were close to each other. */
  #isFresh = false;

  constructor(options: PollingOptions = {}) {
    this.#windowMs = options.windowMs ?? 0.05;
    this.#freshMs = options.freshMs ?? 0.2;
  }

  /** Whether this thread ever polls. */
  get isOn(): boolean {
    return this.#windowMs > 0;
  }

  /** Notes that mail came. @param now - milliseconds. */
  arrived(now: number): void {
    this.#isFresh = now - this.#lastAt <= this.#freshMs;
    this.#lastAt = now;
  }

  /** Whether to look again instead of sleeping. @param now - milliseconds. */
  isOpen(now: number): boolean {
    return this.#isFresh && now - this.#lastAt < this.#windowMs;
  }
}
