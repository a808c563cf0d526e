/**
 * Whether a thread that has nothing to do looks at its rings for a while before it sleeps.
 *
 *     mail -> turn -> nothing to do: the wait begins ... mail          a short wait: the thread looks during the next one
 *                                    |--- window ---| sleep             no mail came in it: it closed in vain
 *
 * Waking a thread takes 10 to 40 us; a thread that still looks finds its mail in one. To look pays only where mail comes in
 * quick succession and the other thread has a core of its own. So the window opens only after a short wait, and stays shut for a
 * while when many in a row have closed in vain. The wait is measured, not the time from mail to mail: the longer the turns, the
 * more mail is in each, and the more a wake would cost.
 * KVM's halt polling opens and shuts its window by the same measures.
 */

/** How long a thread polls. */
export interface PollingOptions {
  /** Milliseconds after a turn that had mail during which the thread looks again before it sleeps; 0 = never. @defaultValue 0.1 */
  readonly windowMs?: number;
  /** Most milliseconds that a thread waited for mail which still count as fresh traffic. @defaultValue 0.2 */
  readonly freshMs?: number;
}

/**
 * How many windows in a row may close in vain before polling pauses: the mail comes in bursts too short for it, or the
 * other thread waits for the core that this one holds.
 */
const VAIN_MAX = 4;
/**
 * Arrivals until polling is tried again. Measured with two threads that call one at a time: on one core the tries make a
 * call 4 us slower than without; on two cores, more arrivals found the way back to polling later.
 */
const PAUSE_ARRIVALS = 256;

/** The polling of one thread. It reads no clock: the caller says what time it is. */
export class Polling {
  readonly #windowMs: number;
  readonly #freshMs: number;
  /** Since when the thread waits for mail; undefined while it has some. */
  #waitsSince: number | undefined = Number.NEGATIVE_INFINITY;
  /** The next look finds the window open, unless its time is over. */
  #isFresh = false;
  /** What has come says that more follows. */
  #isExpecting = false;
  /** The thread has looked again since mail came last. */
  #isPolling = false;
  /** How many windows in a row closed without mail. */
  #vain = 0;
  /** Arrivals to let pass before the next window. */
  #pause = 0;

  constructor(options: PollingOptions = {}) {
    this.#windowMs = options.windowMs ?? 0.1;
    this.#freshMs = options.freshMs ?? 0.2;
  }

  /** Whether this thread ever polls. */
  get isOn(): boolean {
    return this.#windowMs > 0;
  }

  /** Notes that mail came. @param now - milliseconds. */
  arrived(now: number): void {
    if (this.#isPolling) this.#vain = 0;
    this.#isPolling = false;
    const waitedMs = now - (this.#waitsSince ?? now);
    this.#isFresh = this.#isExpecting || (this.#pause === 0 && waitedMs <= this.#freshMs);
    this.#isExpecting = false;
    this.#waitsSince = undefined;
    if (this.#pause > 0) this.#pause -= 1;
  }

  /** Notes that the mail which comes now says that more follows: it opens the window, however long it was quiet before. */
  expect(): void {
    this.#isExpecting = true;
  }

  /** Whether to look again instead of sleeping; asked when there is nothing else to do. @param now - milliseconds. */
  isOpen(now: number): boolean {
    this.#waitsSince ??= now;
    if (!this.#isFresh) return false;
    if (now - this.#waitsSince < this.#windowMs) {
      this.#isPolling = true;
      return true;
    }
    this.#isFresh = false;
    this.#isPolling = false;
    this.#vain += 1;
    if (this.#vain < VAIN_MAX) return false;
    this.#vain = 0;
    this.#pause = PAUSE_ARRIVALS;
    return false;
  }
}
