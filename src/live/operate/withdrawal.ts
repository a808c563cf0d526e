/**
 * Which patches of a target are in, and which are not, once some of them are taken back.
 *
 * A patch that was taken back stays out when others are taken back later: what it gave, and a later
 * one has replaced, must not come back. So a text without some patches is folded without those
 * from before as well, and without the patches that took them back: all that these do is said by
 * leaving the others out. A rollback that is taken back brings its patches in again.
 */

import type { Context } from "../../service/context.ts";
import type { PatchRecord } from "../../snax/types.ts";
import { listUses } from "../../texts/patch-uses.ts";
import type { PatchUses } from "../../texts/patch-uses.ts";
import type { LiveThread } from "../rollout/live-thread.ts";
import { REPLACED } from "../rollout/live-thread.ts";
import { hashOf } from "../text/compile.ts";
import { askPatchTexts } from "./patch-texts.ts";

/** What is taken back from texts, as threads tell each other of it. */
export interface Withdrawal {
  /** The texts of the patches that are meant. */
  readonly texts: readonly string[];
  /**
   * By the hash of a text: for each time that it came, the newest first, whether it is out. What
   * came before these is in.
   */
  readonly out: Readonly<Record<string, readonly boolean[]>>;
}

/** How the patches of a target stand when some are taken back. */
export interface Standings {
  readonly out: Withdrawal["out"];
  /** Whether all that are meant had been taken back before. */
  readonly isDone: boolean;
  /** Those that stay in and came after the first one that is meant, the newest first. */
  readonly later: readonly PatchRecord[];
  /**
   * Those that stay in, came before the last one that is meant, and that births have no more, for
   * later ones gave all of them; the newest first.
   */
  readonly replaced: readonly PatchRecord[];
}

/** Says how the patches of a target stand when these, all of them of that target, are taken back. */
export function standWithout({ ledger }: LiveThread, meant: readonly PatchRecord[]): Standings {
  const target = meant[0]?.target;
  const all = ledger
    .list()
    .filter((record) => record.target === target && (record.applied > 0 || record.failed === 0));
  const byId = new Map(all.map((record) => [record.id, record]));
  const isRollback = ({ takesBack, applied }: PatchRecord): boolean =>
    takesBack !== undefined && applied > 0 && takesBack.every((id) => byId.has(id));
  const ids = new Set(meant.map(({ id }) => id));
  const wasTakenBack = (record: PatchRecord, gone: ReadonlySet<number>): boolean => {
    const by = byId.get(record.rolledBackBy ?? 0);
    return by !== undefined && isRollback(by) && !gone.has(by.id) && !wasTakenBack(by, gone);
  };
  const isOut = (record: PatchRecord): boolean =>
    ids.has(record.id) || isRollback(record) || wasTakenBack(record, ids);
  const [first, last] = [Math.min(...ids), Math.max(...ids)];
  const isReplaced = ({ id, retired }: PatchRecord): boolean => id < last && retired === REPLACED;
  return {
    out: listOut(all, isOut),
    isDone: meant.every((record) => wasTakenBack(record, new Set())),
    later: all.filter((record) => record.id > first && !isOut(record)).toReversed(),
    replaced: all.filter((record) => isReplaced(record) && !isOut(record)).toReversed(),
  };
}

function listOut(
  all: readonly PatchRecord[],
  isOut: (record: PatchRecord) => boolean,
): Record<string, boolean[]> {
  const out: Record<string, boolean[]> = {};
  let before: ReadonlySet<string> = new Set();
  for (const record of all) {
    const hashes = new Set(Object.values(record.texts));
    for (const hash of hashes) {
      const known = (out[hash] ??= []);
      // The same text twice in a row is one patch of the module.
      if (before.has(hash)) known[0] &&= isOut(record);
      else known.unshift(isOut(record));
    }
    before = hashes;
  }
  return out;
}

/** Asks for each patch of a module, the newest first, whether it is out. */
export function outOf({ out }: Withdrawal): (patch: string) => boolean {
  const counts = new Map<string, number>();
  return (patch) => {
    const hash = hashOf(patch);
    const count = counts.get(hash) ?? 0;
    counts.set(hash, count + 1);
    return out[hash]?.[count] === true;
  };
}

/** What patches give and need, by module. */
export type Uses = ReadonlyMap<string, PatchUses>;

/** Patches that were asked for what they give and need. */
export class UseTable {
  readonly #live: LiveThread;
  readonly #context: Context;
  readonly #known = new Map<number, Uses>();

  constructor(live: LiveThread, context: Context) {
    this.#live = live;
    this.#context = context;
  }

  /** Nothing is known of a patch whose text is no longer kept. */
  async of(record: PatchRecord): Promise<Uses> {
    let uses = this.#known.get(record.id);
    if (uses === undefined) {
      const texts = await askPatchTexts(this.#live, this.#context, record).catch(() => new Map());
      uses = new Map([...texts].map(([path, text]) => [path, listUses(text, path)]));
      this.#known.set(record.id, uses);
    }
    return uses;
  }

  /** Says which names of patches stay as others have them: `price stays as patch 3 has it`. */
  async listKept(meant: readonly PatchRecord[], later: readonly PatchRecord[]): Promise<string[]> {
    /** The names that no later patch has given so far, by module and number. */
    const left = new Map<string, Set<string>>();
    for (const record of meant) {
      for (const [path, { given }] of await this.of(record)) {
        const key = `${record.id} ${path}`;
        left.set(key, new Set([...(left.get(key) ?? []), ...given]));
      }
    }
    const lines: string[] = [];
    for (const record of later) {
      const kept = new Set<string>();
      for (const [path, { given }] of await this.of(record)) {
        for (const { id } of meant.filter((each) => each.id < record.id)) {
          const names = left.get(`${id} ${path}`);
          for (const name of given) if (names?.delete(name) === true) kept.add(name);
        }
      }
      if (kept.size === 0) continue;
      const [stays, it] = kept.size === 1 ? ["stays", "it"] : ["stay", "them"];
      lines.push(`${[...kept].join(", ")} ${stays} as patch ${record.id} has ${it}`);
    }
    return lines;
  }

  /** Says which names of patches come to what the file says, although others had given them. */
  async listLost(
    meant: readonly PatchRecord[],
    replaced: readonly PatchRecord[],
  ): Promise<string[]> {
    const back = new Map<string, Set<string>>();
    for (const record of meant) {
      for (const [path, { given }] of await this.of(record)) {
        back.set(path, new Set([...(back.get(path) ?? []), ...given]));
      }
    }
    const lines: string[] = [];
    for (const record of replaced) {
      const lost: string[] = [];
      for (const [path, { given }] of await this.of(record)) {
        for (const name of given) if (back.get(path)?.delete(name) === true) lost.push(name);
      }
      if (lost.length === 0) continue;
      const why = `no service has patch ${record.id} any more, which gave it`;
      lines.push(`${lost.join(", ")}: as in the file, for ${why}; apply that once more`);
    }
    return lines;
  }

  /** Names the patches that need one of these names: `patch 2 uses vat`. */
  async listNeeding(names: readonly string[], later: readonly PatchRecord[]): Promise<string[]> {
    const lines: string[] = [];
    for (const record of later.toReversed()) {
      const uses = [...(await this.of(record)).values()];
      const needed = names.filter((name) => uses.some(({ needs }) => needs.has(name)));
      if (needed.length > 0) lines.push(`patch ${record.id} uses ${needed.join(", ")}`);
    }
    return lines;
  }
}
