/**
 * Which services are brought back after their thread has died, how often, and when.
 *
 *     ask(key, wish)         the service's own wish, told while it begins
 *     lost(key)              -> a restart at once, then after `backoff`, twice that, ...
 *                            -> or none: `intensity` restarts within `period` were too many
 *
 * The restarts of one service are counted over all its lives; a life that outlasts `period` begins
 * with a clean slate. Intensity and period are those of Erlang's supervisors.
 */

/** How a service wants to be brought back. */
export interface Wish {
  /** The kind, the name and the arguments that it was started with. */
  readonly target: readonly [kind: string, name: string, ...args: unknown[]];
  readonly intensity: number;
  /** Milliseconds. */
  readonly period: number;
  /** Milliseconds before the second restart within a period; doubled for each further one. */
  readonly backoff: number;
}

/** What identifies a service over all its lives, or in one life: a name, or the present handle. */
export type Key = number | string;

/** What is known of a service over all its lives. */
interface Lineage {
  wish: Wish;
  /** When it was restarted, within the last period. */
  readonly restarts: number[];
  /** Which life it is: what is told of an earlier one is out of date. */
  life: number;
}

/** What the restarts need of the launcher. */
export interface RestartOptions {
  /** Milliseconds of a clock. */
  readonly now: () => number;
  readonly later: (ms: number, run: () => void) => void;
  /**
   * Starts the service again; tells its key as soon as there is one, and resolves when it is ready.
   */
  readonly launch: (wish: Wish, onKey: (key: Key) => void, before: Key) => Promise<unknown>;
  readonly log: (text: string) => void;
}

/** All services that want to be brought back. */
export class Restarts {
  readonly #options: RestartOptions;
  readonly #lineages = new Map<Key, Lineage>();

  constructor(options: RestartOptions) {
    this.#options = options;
  }

  /** A service tells its wish. */
  ask(key: Key, wish: Wish): void {
    const lineage = this.#lineages.get(key);
    if (lineage === undefined) this.#lineages.set(key, { wish, restarts: [], life: 0 });
    else lineage.wish = wish;
  }

  /** A service has ended by itself, or was ended on request: that is no accident. */
  forget(key: Key): void {
    this.#lineages.delete(key);
  }

  /** A service has gone down with its thread. */
  lost(key: Key): void {
    const lineage = this.#lineages.get(key);
    if (lineage === undefined) return;
    lineage.life += 1;
    this.#lineages.delete(key);
    this.#restart(lineage, key);
  }

  #restart(lineage: Lineage, key: Key): void {
    const { now, later, log } = this.#options;
    const { wish, restarts } = lineage;
    const at = now();
    while ((restarts[0] ?? at) <= at - wish.period) restarts.shift();
    if (restarts.length >= wish.intensity) {
      const [kind, name] = wish.target;
      const limit = `${wish.intensity} restarts within ${wish.period} ms are its limit`;
      return log(`${kind} ${name} is not brought back: ${limit}`);
    }
    restarts.push(at);
    const delay = restarts.length === 1 ? 0 : wish.backoff * 2 ** (restarts.length - 2);
    if (delay === 0) this.#launch(lineage, key);
    else later(delay, () => this.#launch(lineage, key));
  }

  #launch(lineage: Lineage, before: Key): void {
    const { launch } = this.#options;
    const life = (lineage.life += 1);
    let key = before;
    const onKey = (born: Key): void => {
      key = born;
      this.#lineages.set(born, lineage);
    };
    launch(lineage.wish, onKey, before).catch(() => {
      // Why it could not begin is in the log already. If its thread has died again, that was
      // seen to.
      if (lineage.life !== life) return;
      this.#lineages.delete(key);
      this.#restart(lineage, key);
    });
  }
}
