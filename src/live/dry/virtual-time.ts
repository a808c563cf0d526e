/**
 * The clock and the random numbers of the copies: both copies begin with the same ones, or every difference would be noise.
 *
 * The clock shows the time of the service and stops there; only a sleep moves it. The whole process has it.
 */

/** A clock that has stopped. */
export class VirtualTime {
  readonly #start: { readonly now: number; readonly wall: number };
  #passed = 0;
  #seed = 1;

  constructor(start: { readonly now: number; readonly wall: number }) {
    this.#start = start;
  }

  /** Milliseconds since the node's start. */
  get now(): number {
    return this.#start.now + this.#passed;
  }

  /** Milliseconds since 1970. */
  get wall(): number {
    return this.#start.wall + this.#passed;
  }

  /** Lets time pass. */
  pass(ms: number): void {
    if (ms > 0) this.#passed += ms;
  }

  /** Begins again, for the next copy. */
  reset(): void {
    this.#passed = 0;
    this.#seed = 1;
  }

  /** A number from 0 to 1, the same for both copies. */
  random(): number {
    this.#seed = (Math.imul(this.#seed, 1_664_525) + 1_013_904_223) >>> 0;
    return this.#seed / 2 ** 32;
  }

  /** Puts it in the place of the process's own. */
  install(): void {
    const now = (): number => Math.floor(this.wall);
    const Real = Date;
    globalThis.Date = new Proxy(Real, {
      construct: (target, args, maker) =>
        Reflect.construct(target, args.length === 0 ? [now()] : args, maker as Function) as object,
      apply: () => new Real(now()).toString(),
      get: (target, key) => (key === "now" ? now : (Reflect.get(target, key) as unknown)),
    });
    Math.random = () => this.random();
    Object.defineProperty(performance, "now", { value: () => this.now, configurable: true });
  }
}
