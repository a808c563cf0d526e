/**
 * What the hot-fixes of one thread have in common: the ledger, the patches for services yet to be born, and the
 * order of patches to one service.
 */

import { LineBudget } from "../../service/line-budget.ts";
import type { SnaxThread } from "../../snax/snax-thread.ts";
import type { PatchRecord, PatchResult } from "../../snax/types.ts";
import { Births } from "./births.ts";
import { Ledger } from "./ledger.ts";
import type { Campaign } from "./campaign.ts";
import type { BirthOrder } from "./hotfix-all-thread.ts";
import type { SharedPatch } from "./hotfix-shared-thread.ts";
import { LateShared } from "./late-shared.ts";

/** The word that tells other threads of an entry of the ledger. */
const PATCHED_WORD = "patched";

/** What became of a patch. */
export interface PatchReport {
  readonly id: number;
  readonly hash: string;
  /** What it was for, as the ledger says it. */
  readonly target: string;
  readonly results: readonly PatchResult[];
  /** The end of the line in the log. */
  readonly said: string;
}

/** The live side of a runtime. */
export class LiveNode {
  readonly node: SnaxThread;
  readonly ledger: Ledger;
  /** The single numbers that the threads of a node share. */
  readonly words: Int32Array;
  /** Patches for all services of a type that are compiled and not applied to the end yet, by number. */
  readonly campaigns: Map<number, Campaign> = new Map();
  /** The numbers of those that this thread was born with, in the place of another one. */
  readonly inherited: Set<number> = new Set();
  /** The numbers of those that are being compiled; what is given up meanwhile is taken out, and then kept by nobody. */
  readonly compiling: Set<number> = new Set();
  /** Patches of shared modules that are compiled and not kept yet, by number. */
  readonly sharedPatches: Map<number, SharedPatch> = new Map();
  /**
   * The patches for services yet to be born, for threads yet to be started: the main thread's, where the node has several.
   */
  readonly bornPatches: BirthOrder[] = [];
  /** The patches of shared modules for threads that load the module later, and for those yet to be started. */
  readonly lateShared: LateShared;
  /** What services of this thread are born with. */
  readonly births: Births;
  readonly #lines: LineBudget;
  /** What is under way, by key: see {@link LiveNode.inTurn}. */
  readonly #turns = new Map<string, Promise<unknown>>();

  /** @param words - the single numbers that the threads of a node share. @defaultValue there is one thread */
  constructor(node: SnaxThread, words: Int32Array = new Int32Array(16)) {
    this.node = node;
    this.words = words;
    const { runtime } = node;
    this.ledger = new Ledger(runtime.clock, words);
    this.lateShared = new LateShared(this);
    this.births = new Births(node);
    runtime.onClear = (file) => this.#forget(file);
    runtime.words.set(PATCHED_WORD, (record) => this.ledger.add(record as PatchRecord));
    this.#lines = new LineBudget({
      now: () => runtime.clock.now(),
      later: (ms, run) => void runtime.after(ms, run),
      tell: (count) => runtime.log(0, `${count} lines about patches were left out in a second`),
    });
  }

  /** Enters a patch into the ledger, and logs it under the address of who asked, unless very many come in a second. */
  enter(caller: number, { id, hash, target, results, said }: PatchReport): void {
    const record = this.ledger.enter(id, hash, target, results);
    this.node.runtime.threads?.tellAll(PATCHED_WORD, record);
    if (this.#lines.allow())
      this.node.runtime.log(caller, `patch ${id} ${hash} of ${target} ${said}`);
  }

  /** Keeps a patch for the threads yet to be started; for the main thread. */
  keepForThreads({ id, type, texts }: BirthOrder): void {
    if (this.node.runtime.threads !== undefined) this.bornPatches.push({ id, type, texts });
  }

  /** Forgets patches of which later ones leave nothing; for the main thread. */
  dropForThreads(ids: ReadonlySet<number>): void {
    const kept = this.bornPatches.filter(({ id }) => !ids.has(id));
    this.bornPatches.splice(0, this.bornPatches.length, ...kept);
  }

  /** Does one thing after the other among those of one key. */
  inTurn<T>(key: string, run: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(key);
    const mine = before === undefined ? run() : before.then(run, run);
    this.#turns.set(key, mine);
    const forget = (): void => {
      if (this.#turns.get(key) === mine) this.#turns.delete(key);
    };
    mine.then(forget, forget);
    return mine;
  }

  /** A patch for services yet to be born is for the text that they would be born from; where that goes, it goes too. */
  #forget(file: string | undefined): void {
    const { cache, paths, threads } = this.node.runtime;
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
    this.lateShared.forget((order) => file !== undefined && !uses(() => order.file));
    const kept = this.bornPatches.filter(
      ({ type }) => file !== undefined && !uses(() => paths.find(type)),
    );
    this.bornPatches.splice(0, this.bornPatches.length, ...kept);
  }
}
