/**
 * Two threads that run by turns: only the one that holds the baton runs, and a seed says where it is handed over.
 *
 * Every access to shared memory by Atomics is a place where it may change hands, so the code under test runs as it is, cut
 * anywhere between two accesses, and a run can be repeated from its seed. A thread that sleeps hands the baton on; if
 * both sleep, a wake-up was lost.
 */

const WORD = { holder: 0, random: 1, states: 2, wakes: 4 } as const;
const STATE = { running: 0, asleep: 1, done: 2, failed: 3 } as const;

/** A hand-over takes microseconds; one that takes so long never comes. */
const PATIENCE_MS = 10_000;

const real = {
  load: Atomics.load,
  store: Atomics.store,
  exchange: Atomics.exchange,
  compareExchange: Atomics.compareExchange,
};

/** Creates the baton for one run. */
export function createBaton(seed: number): SharedArrayBuffer {
  const memory = new SharedArrayBuffer(64);
  const words = new Int32Array(memory);
  words[WORD.holder] = seed & 1;
  words[WORD.random] = Math.imul(seed + 1, 0x9e3779b9) | 1;
  return memory;
}

/** The baton as one of the two threads, 0 or 1, sees it. */
export class Baton {
  readonly #words: Int32Array;
  readonly #side: number;
  readonly #other: number;
  /** In how many of 16 places the baton is handed over. */
  readonly #restlessness: number;

  constructor(memory: SharedArrayBuffer, side: number, restlessness: number) {
    this.#words = new Int32Array(memory);
    this.#side = side;
    this.#other = 1 - side;
    this.#restlessness = restlessness;
  }

  /** Runs something with all its accesses to shared memory as steps; sets the state that it ends in. */
  run(body: () => void): void {
    this.#await();
    const step = (): void => this.step();
    const { load, store, exchange } = real;
    Atomics.load = ((...args: [never, never]) => (step(), load(...args))) as typeof load;
    Atomics.store = ((...args: [never, never, never]) => (step(), store(...args))) as typeof store;
    Atomics.exchange = ((...args: [never, never, never]) => (
      step(),
      exchange(...args)
    )) as typeof exchange;
    let state: number = STATE.failed;
    try {
      body();
      state = STATE.done;
    } finally {
      Object.assign(Atomics, real);
      this.#words[WORD.states + this.#side] = state;
      this.#handOver();
    }
  }

  /** Draws a number in [0, bound); both threads draw from one sequence. */
  below(bound: number): number {
    let x = this.#words[WORD.random] as number;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#words[WORD.random] = x;
    return (x >>> 0) % bound;
  }

  /** A place where the other thread may run. */
  step(): void {
    if (this.below(16) < this.#restlessness) this.#pass();
  }

  /** Sleeps until the other thread wakes this one; a wake that came before counts, as a posted message does. */
  sleep(): void {
    const words = this.#words;
    const wakes = WORD.wakes + this.#side;
    words[WORD.states + this.#side] = STATE.asleep;
    while (words[wakes] === 0) {
      if (words[WORD.states + this.#other] !== STATE.running) {
        throw new Error("a thread sleeps and no other is left to wake it");
      }
      this.#pass();
    }
    words[wakes] = 0;
    words[WORD.states + this.#side] = STATE.running;
  }

  /** Wakes the other thread. */
  wake(): void {
    this.#words[WORD.wakes + this.#other] = 1;
    const other = WORD.states + this.#other;
    if (this.#words[other] === STATE.asleep) this.#words[other] = STATE.running;
  }

  #pass(): void {
    const state = this.#words[WORD.states + this.#other];
    if (state === STATE.done) return;
    if (state !== STATE.failed) {
      this.#handOver();
      this.#await();
    }
    if (this.#words[WORD.states + this.#other] === STATE.failed) {
      throw new Error("the other thread failed");
    }
  }

  #handOver(): void {
    real.store(this.#words, WORD.holder, this.#other);
    Atomics.notify(this.#words, WORD.holder);
  }

  #await(): void {
    while (real.load(this.#words, WORD.holder) !== this.#side) {
      const result = Atomics.wait(this.#words, WORD.holder, this.#other, PATIENCE_MS);
      if (result === "timed-out") throw new Error("the baton was lost");
    }
  }
}
