/**
 * The ledger of a node: which patch went where, when, and what came of it. Every thread has a copy of it; a thread that
 * enters something tells the others, and writes a line to the log.
 *
 * It is bounded: the oldest entries go first, and an entry of a patch for very many services keeps
 * the failures and a sample of the rest, with the full counts.
 */

import { NODE_WORD } from "../../fabric/node-memory.ts";
import {
  LEDGER_LENGTH_MAX,
  LEDGER_RESULTS_MAX,
  LEDGER_SAVES_MAX,
  LEDGER_TEXTS_MAX,
} from "../../base/limits.ts";
import { LineBudget } from "../../base/log-line.ts";
import type { Runtime } from "../../service/runtime.ts";
import type { PatchRecord, PatchResult } from "../../snax/types.ts";
import type { PatchTexts } from "../text/compile.ts";
import { hashOf } from "../text/compile.ts";

/** What became of a patch. */
export interface PatchReport {
  readonly id: number;
  readonly hash: string;
  /** What it was for, as the ledger says it. */
  readonly target: string;
  readonly results: readonly PatchResult[];
  readonly texts: PatchTexts;
  /** The number of the patch of the whole fleet that it is. */
  readonly fleet?: number | undefined;
  /** The handle of the service that asked for it. */
  readonly by: number;
  /** The numbers of the patches that it takes back. @defaultValue none */
  readonly takesBack?: readonly number[] | undefined;
  /** What each of several patches was for that went in together. @defaultValue it is one */
  readonly targets?: readonly string[] | undefined;
  /** What goes on with an old value or an old text. @defaultValue nothing, as far as the texts show */
  readonly keepsOld?: readonly string[] | undefined;
}

/** What became of patches since they were entered. */
export interface PatchMark {
  readonly ids: readonly number[];
  /** The patch that takes them back. @defaultValue none does */
  readonly rolledBackBy?: number;
  /** Why they are retired. @defaultValue they are not */
  readonly retired?: string;
}

/** Why a patch is retired that the files give by themselves. */
export const CONTAINED = "its files give all of it";

/** The head of a target whose entry is no patch. */
const RELOAD_HEAD = "reload ";

/** The word that tells other threads of an entry. */
const PATCHED_WORD = "patched";

/** The word that tells them what became of patches since. */
const MARKED_WORD = "patchmark";

/** What a ledger needs of its thread. */
export type LedgerThread = Pick<Runtime, "clock" | "threads" | "words" | "after" | "logAsked">;

/** Returns the hash of each text of a patch, by module. */
export function hashTexts(texts: PatchTexts): Record<string, string> {
  return Object.fromEntries([...texts].map(([module, text]) => [module, hashOf(text)]));
}

/** The patches of one node, newest last. */
export class Ledger {
  /** The service whose patches are not logged, by handle: it tells of them itself. @defaultValue all are logged */
  quiet = 0;
  readonly #thread: LedgerThread;
  readonly #lines: LineBudget;
  readonly #records: PatchRecord[] = [];
  readonly #words: Int32Array;
  /** Are told of each entry, whichever thread has made it. */
  readonly watchers: Set<(record: PatchRecord) => void> = new Set();
  /** By number, the oldest first. */
  readonly #texts = new Map<number, PatchTexts>();
  /** Of all texts, in UTF-16 units. */
  #length = 0;

  /**
   * @param words - where the number of the last patch is, under NODE_WORD.patch; shared by a
   * node's threads.
   */
  constructor(thread: LedgerThread, words: Int32Array) {
    this.#thread = thread;
    this.#words = words;
    thread.words.set(PATCHED_WORD, (record) => this.add(record as PatchRecord));
    thread.words.set(MARKED_WORD, (mark) => this.note(mark as PatchMark));
    this.#lines = new LineBudget({
      now: () => thread.clock.now(),
      later: (ms, run) => void thread.after(ms, run),
      tell: (count) => thread.logAsked(0, `${count} lines about patches were left out in a second`),
    });
  }

  /** Hands out the number of a new patch, the first of several. */
  next(count = 1): number {
    return Atomics.add(this.#words, NODE_WORD.patch, count) + 1;
  }

  /** Hands out no number up to this one: an earlier process has given them. */
  goOn(last: number): void {
    const next = Math.max(last, Atomics.load(this.#words, NODE_WORD.patch));
    Atomics.store(this.#words, NODE_WORD.patch, next);
  }

  /**
   * Enters a patch whose outcome is known, and logs it under the address of the service that asked, unless very many
   * come in a second.
   *
   * @param said - the end of the line in the log.
   */
  enter({ said, ...report }: PatchReport & { readonly said: string }): void {
    const { id, hash, target, texts, by, takesBack } = report;
    const record = this.#record(report);
    this.add(record);
    this.keepTexts(id, texts);
    this.#thread.threads?.tellAll(PATCHED_WORD, record);
    if (by !== this.quiet && this.#lines.allow())
      this.#thread.logAsked(by, `patch ${id} ${hash} of ${target} ${said}`);
    if (takesBack !== undefined && record.applied > 0) {
      this.mark({ ids: takesBack, rolledBackBy: id });
    }
  }

  #record(report: PatchReport): PatchRecord {
    const { id, hash, target, results, texts, fleet, by, takesBack, targets } = report;
    const { keepsOld = [] } = report;
    const failed = results.filter((result) => !result.ok);
    const applied = results.filter((result) => result.ok);
    const room = Math.max(LEDGER_RESULTS_MAX - failed.length, 0);
    const kept = [...failed.slice(0, LEDGER_RESULTS_MAX), ...applied.slice(0, room)];
    return {
      id,
      hash,
      target,
      texts: hashTexts(texts),
      time: this.#thread.clock.wall(),
      applied: applied.length,
      failed: failed.length,
      ...(fleet !== undefined && { fleet }),
      results: kept,
      by,
      ...(takesBack !== undefined && { takesBack }),
      ...(targets !== undefined && { targets }),
      ...(keepsOld.length > 0 && { keepsOld }),
    };
  }

  /** Keeps the texts of a patch, so that it can be taken back; on the thread that led it. */
  keepTexts(id: number, texts: PatchTexts): void {
    this.#texts.set(id, texts);
    for (const text of texts.values()) this.#length += text.length;
    for (const oldest of this.#texts.keys()) {
      if (this.#texts.size <= LEDGER_LENGTH_MAX && this.#length <= LEDGER_TEXTS_MAX) break;
      this.#forgetTexts(oldest);
    }
  }

  #forgetTexts(id: number): void {
    for (const text of this.#texts.get(id)?.values() ?? []) this.#length -= text.length;
    this.#texts.delete(id);
  }

  /**
   * Says that the files give all that the patches of one service give, so these are not taken back: their
   * texts go, and all but the last LEDGER_SAVES_MAX of the entries.
   *
   * @param by - who asked for them, by handle.
   */
  settleSaves(by: number): void {
    let left = LEDGER_SAVES_MAX;
    for (let index = this.#records.length - 1; index >= 0; index -= 1) {
      const record = this.#records[index];
      if (record?.by !== by) continue;
      this.#forgetTexts(record.id);
      if (left === 0) this.#records.splice(index, 1);
      else {
        left -= 1;
        const isIn = record.applied > 0 && !record.target.startsWith(RELOAD_HEAD);
        if (isIn) this.#records[index] = { ...record, retired: CONTAINED };
      }
    }
  }

  /** Returns the texts of a patch; undefined if this thread has not led it, or not lately. */
  textsOf(id: number): PatchTexts | undefined {
    return this.#texts.get(id);
  }

  /** Returns the entry of a patch. */
  find(id: number): PatchRecord | undefined {
    return this.#records.find((record) => record.id === id);
  }

  /** Notes what became of patches, in the ledger of every thread. */
  mark(mark: PatchMark): void {
    if (mark.ids.length === 0) return;
    this.note(mark);
    this.#thread.threads?.tellAll(MARKED_WORD, mark);
  }

  /** Notes it in this ledger alone. */
  note({ ids, ...said }: PatchMark): void {
    for (const [index, record] of this.#records.entries()) {
      if (ids.includes(record.id)) this.#records[index] = { ...record, ...said };
    }
  }

  /** Returns the last entry of a target. */
  lastOf(target: string): PatchRecord | undefined {
    return this.#records.findLast((record) => record.target === target);
  }

  /** Adds an entry that another thread has made. */
  add(record: PatchRecord): void {
    this.#records.push(record);
    for (const watcher of this.watchers) watcher(record);
    if (this.#records.length > LEDGER_LENGTH_MAX) this.#records.shift();
  }

  /** The entries themselves, newest last. */
  list(): readonly PatchRecord[] {
    return this.#records;
  }

  /** Returns the entries, newest last. */
  records(): readonly PatchRecord[] {
    return structuredClone(this.#records);
  }
}
