/**
 * What the hot-fixes of one thread have in common: the ledger, the patches on their way, those for
 * services yet to be born, and those for shared modules yet to be loaded.
 */

import type { Runtime } from "../../service/runtime.ts";
import type { SnaxThread } from "../../snax/snax-thread.ts";
import { MOVED_WORD } from "../swap/one.ts";
import { ALL_OF_TYPE } from "./all-of-type.ts";
import type { BirthOrder } from "../births/births.ts";
import { Births } from "../births/births.ts";
import { LatePatches } from "./late-patches.ts";
import { Ledger } from "./ledger.ts";
import { Crossing } from "./crossing.ts";
import { FleetMarks } from "./fleet-marks.ts";
import { ONE_SERVICE } from "./one-service.ts";
import { RELOAD } from "./reload.ts";
import { Rollouts } from "./rollout.ts";
import { hearSticky, StickyPatches } from "./sticky.ts";
import { SHARED_MODULE } from "./shared-module.ts";
import { SWAP } from "./swap.ts";
import { TOGETHER } from "./together.ts";

/** Why a patch is retired of which later ones give all. */
export const REPLACED = "later patches give all of it";

/** The live side of a thread. */
export class LiveThread {
  readonly runtime: Runtime;
  readonly snax: SnaxThread;
  readonly ledger: Ledger;
  /** The single numbers that the threads of a node share. */
  readonly words: Int32Array;
  /** The patches on their way. */
  readonly rollouts: Rollouts;
  /** Whether patches are under way, or services move. */
  readonly crossing: Crossing;
  /** What services of this thread are born with. */
  readonly births: Births;
  /**
   * The patches of shared modules for threads that load the module later, and for those yet to be
   * started.
   */
  readonly latePatches: LatePatches;
  /** What outlives the process; undefined without a ledger on disk, and on worker threads. */
  sticky: StickyPatches | undefined = undefined;
  /** The patches of the whole fleet that are in here; on the main thread. */
  readonly fleet: FleetMarks = new FleetMarks();
  /** What is under way, by key: see {@link LiveThread.inTurn}. */
  readonly #turns = new Map<string, Promise<unknown>>();

  /**
   * @param words - the single numbers that the threads of a node share.
   * @defaultValue there is one thread
   */
  constructor(snax: SnaxThread, words: Int32Array = new Int32Array(16)) {
    const { runtime } = snax;
    threads.set(runtime, this);
    this.runtime = runtime;
    this.snax = snax;
    this.words = words;
    this.ledger = new Ledger(runtime, words);
    const kinds = [ALL_OF_TYPE, SHARED_MODULE, RELOAD, SWAP, TOGETHER];
    this.crossing = new Crossing(runtime);
    this.rollouts = new Rollouts(this, kinds, ONE_SERVICE);
    this.births = new Births(snax, (file) => this.latePatches.textsOf(file));
    this.latePatches = new LatePatches(this);
    hearSticky(this);
    runtime.onClear = (file) => this.#forget(file);
    runtime.words.set(MOVED_WORD, (handle, successor) =>
      runtime.kernel.successors.note(handle as number, successor as number),
    );
  }

  /**
   * Takes up a ledger on disk; before the first service is born, on the main thread.
   *
   * @throws {ERR_LEDGER} if there is one that can't be read.
   */
  openLedger(path: string): void {
    this.sticky = new StickyPatches(this, path);
    this.sticky.begin();
  }

  /**
   * Says that nothing is left of patches for new services: later ones give all of them. On the
   * main thread.
   *
   * @param isOnce - the later ones go with the code cache, and those of before are back then
   */
  retire(ids: ReadonlySet<number>, isOnce: boolean): void {
    const why = REPLACED;
    this.births.dropForThreads(ids);
    for (const id of ids) this.fleet.retire(id);
    if (isOnce) return;
    this.ledger.mark({ ids: [...ids], retired: why });
    this.sticky?.retire(ids, why);
  }

  /** Does one thing after the other among those that have a key in common. */
  inTurn<T>(keys: readonly string[], run: () => Promise<T>): Promise<T> {
    // Order: all take their keys in the same order, so no two wait for each other.
    const sorted = [...new Set(keys)].toSorted();
    return sorted.reduceRight((inner, key) => () => this.#inTurnOf(key, inner), run)();
  }

  #inTurnOf<T>(key: string, run: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(key);
    const mine = before === undefined ? run() : before.then(run, run);
    this.#turns.set(key, mine);
    const forget = (): void => {
      if (this.#turns.get(key) === mine) this.#turns.delete(key);
    };
    mine.then(forget, forget);
    return mine;
  }

  /**
   * A patch for services yet to be born is for the text that they would be born from; where that
   * goes, it goes too.
   */
  #forget(file: string | undefined): void {
    const { cache, paths, threads } = this.runtime;
    // The others hear of it from the main thread.
    if (threads !== undefined && threads.own !== 0) return;
    const uses = (find: () => string): boolean => {
      try {
        return cache.uses(find(), file);
      } catch {
        // Its files are not what they were, so it is not the patch's either.
        return true;
      }
    };
    this.latePatches.forget(({ file: shared }) => file !== undefined && !uses(() => shared));
    const isLeft = ({ type }: BirthOrder): boolean =>
      file !== undefined && !uses(() => paths.find(type));
    this.sticky?.reread(file);
    this.sticky?.forgetOnce(isLeft);
    this.births.forget(isLeft);
  }
}

const threads = new WeakMap<Runtime, LiveThread>();

/** The live side of the thread that a runtime is of; for layers above. */
export function liveOf(runtime: Runtime): LiveThread {
  return threads.get(runtime) as LiveThread;
}
