/**
 * How a thread that sleeps in its event loop is woken, and one that doesn't sleep is left alone.
 *
 *     the sleeper                          a thread that has published something for it
 *     stores ASLEEP                        stores the ring's word
 *     looks at its rings once more         ring(): finds ASLEEP, makes it AWAKE, and wakes
 *
 * One doorbell per thread, whatever the number of its rings: it is rung once per sleep. What wakes is a MessagePort of
 * the sleeper's, or Atomics.notify where it waits by Atomics.waitAsync.
 */

const AWAKE = 0;
const ASLEEP = 1;
const STATE = 0;
/** The owner was woken for something that is still to come. */
const ROUSED = 1;

/** A page of its own cache lines. */
const DOORBELL_BYTES = 256;

/** Creates the memory of one thread's doorbell. */
export function createDoorbell(): SharedArrayBuffer {
  return new SharedArrayBuffer(DOORBELL_BYTES);
}

/** A doorbell, as its owner and as the other threads see it. */
export class Doorbell {
  readonly #words: Int32Array;
  /** A wait by waitAsync is under way. Only the owner's. */
  #isWaiting = false;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory);
  }

  /**
   * The owner says that it has to be woken from now on. It looks at its rings once more before it relies on that.
   */
  fallAsleep(): void {
    // Race: without the look that follows, what is published between the last look and this store would wait until the
    // next message. Both sides store first and look then, sequentially consistent: one of them sees the other's.
    // test/sim/ring.test.ts
    Atomics.store(this.#words, STATE, ASLEEP);
  }

  /** The owner is up, whatever woke it, and needs no waking until it sleeps again. */
  wakeUp(): void {
    if (Atomics.load(this.#words, STATE) !== AWAKE) Atomics.store(this.#words, STATE, AWAKE);
  }

  /**
   * Called by others after they published something for the owner.
   *
   * @returns true if the owner sleeps and the caller is the one who has to wake it.
   */
  ring(): boolean {
    // The load keeps the line shared while the owner is up; the exchange makes one of several ringers the one.
    const words = this.#words;
    return (
      Atomics.load(words, STATE) === ASLEEP && Atomics.exchange(words, STATE, AWAKE) === ASLEEP
    );
  }

  /**
   * The same before something is published: the owner wakes while the caller still makes it.
   *
   * @returns as ring() does.
   */
  rouse(): boolean {
    if (!this.ring()) return false;
    Atomics.store(this.#words, ROUSED, 1);
    return true;
  }

  /** Whether the owner was roused, and has not asked since. */
  takeRoused(): boolean {
    return (
      Atomics.load(this.#words, ROUSED) === 1 && Atomics.exchange(this.#words, ROUSED, 0) === 1
    );
  }

  /** Wakes an owner that waits by {@link Doorbell.wait}; called after ring() returned true. */
  notify(): void {
    Atomics.notify(this.#words, STATE);
  }

  /**
   * Lets the owner wait by Atomics.waitAsync, after it has fallen asleep, in place of a port.
   *
   * Such a wait does not keep the process alive, and it ends in a microtask, not in a message callback: let `onWake` ask
   * the event loop for a turn. The owner may wake for other reasons meanwhile, sleep and wait again: one wait at a time
   * is under way, and it serves for the next ring as well.
   */
  wait(onWake: () => void): void {
    if (this.#isWaiting) return;
    const result = waitAsync(this.#words, STATE, ASLEEP);
    if (!result.async) return queueMicrotask(onWake);
    this.#isWaiting = true;
    void result.value.then(() => {
      this.#isWaiting = false;
      onWake();
    });
  }
}

/** Part of ES2024, and of every Node since 16. */
const { waitAsync } = Atomics as unknown as {
  waitAsync(
    words: Int32Array,
    index: number,
    value: number,
  ): { async: false; value: string } | { async: true; value: Promise<string> };
};
