/**
 * Patches that outlive the process: new services get what hotfixall and hotfixshared have put in,
 * until the file on disk gives the same by itself.
 *
 *     hotfixall     PREPARED on disk -> the rollout -> KEPT on disk, every thread remembers it
 *     start         the ledger is read, each patch is compared with the files as they are now:
 *                   contained, it is retired; in conflict, it is not applied and the log says why
 *     clearcache    the same comparison, for the texts that are read anew
 *     program made  its patches go in on the thread that makes it, in the order of their numbers;
 *                   those of a shared module when the thread loads it (late-patches.ts)
 *
 * The main thread has the ledger, and tells the others of the patches. `hotfix()` of a patch is for
 * services that ran before: a new service does not run it.
 */

import { hashText, LedgerFile } from "../../ledger/ledger-file.ts";
import type { LedgerEntry, OutcomeLine, PatchedModule, PreparedLine } from "../../ledger/entry.ts";
import type { Standing } from "../../ledger/standing.ts";
import { judge } from "../../ledger/standing.ts";
import { findModuleFile } from "../../loader/resolve/module-file.ts";
import { readModule } from "../../loader/text/module-text.ts";
import { messageOf } from "../../service/error-text.ts";
import type { PatchTexts } from "../text/compile.ts";
import { findNode } from "../text/module-search.ts";
import type { BirthOrder, StickyOrder } from "../births/births.ts";
import type { CampaignOrder } from "./campaign.ts";
import { CONTAINED, hashTexts } from "./ledger.ts";
import type { LiveThread } from "./live-thread.ts";
import type { SharedOrder } from "./shared-module.ts";
import type { PartOrder } from "./together.ts";

/** The words of the main thread about a patch that every thread is to remember, or to forget. */
const STICK_WORD = "sticky";
const UNSTICK_WORD = "unsticky";

/** Has a thread hear what the main thread says of sticky patches. */
export function hearSticky({ runtime, births }: LiveThread): void {
  runtime.words.set(STICK_WORD, (order) => births.stick(order as StickyOrder));
  runtime.words.set(UNSTICK_WORD, (ids) => births.unstick(ids as readonly number[]));
}

/** Has every thread remember a patch for programs that are made from now on; on the main thread. */
export function spreadSticky({ births, runtime }: LiveThread, order: StickyOrder): void {
  births.stick(order);
  runtime.threads?.tellAll(STICK_WORD, order);
}

/** What is written of a patch before it goes in. */
interface Prepared extends Omit<PreparedLine, "state" | "time" | "takesBack" | "together"> {
  readonly takesBack: TakenBack;
  readonly together: number | undefined;
}

/** The patches that a patch takes back, by number. */
type TakenBack = readonly number[] | undefined;

/** A patch of a type that is about to go in. */
interface TypePrepared extends CampaignOrder {
  /** The number of the first of several that go in together. @defaultValue it goes in alone */
  readonly together?: number | undefined;
}

/** A patch of a shared module that is about to go in. */
interface SharedPrepared extends SharedOrder {
  readonly takesBack: TakenBack;
  /** See {@link TypePrepared.together}. */
  readonly together?: number | undefined;
}

/** The ledger on disk, and what follows from it; for the main thread. */
export class StickyPatches {
  readonly #live: LiveThread;
  readonly #file: LedgerFile;
  /** What is in, by number. */
  readonly #kept = new Map<number, LedgerEntry>();
  /** What was prepared and has not come to its end. */
  readonly #prepared = new Map<number, PreparedLine>();

  /** @throws {ERR_LEDGER} if there is a ledger that can't be read. */
  constructor(live: LiveThread, path: string) {
    this.#live = live;
    this.#file = new LedgerFile(path);
  }

  /** Takes up what an earlier process has left: before the first service is born. */
  begin(): void {
    const { entries, foreign, writer, path } = this.#file;
    const { ledger } = this.#live;
    for (const entry of entries) {
      if (entry.state === "KEPT") this.#kept.set(entry.id, entry);
      if (entry.state === "KEPT" || entry.state === "RETIRED") this.#takeUp(entry, entries);
    }
    ledger.goOn(entries.at(-1)?.id ?? 0);
    if (foreign > 0) this.#log(`${foreign} lines of the ledger ${path} can't be read: left out`);
    if (writer !== undefined) {
      this.#log(`process ${writer} writes the ledger ${path}: this one reads it only`);
    }
    this.#stand(() => true);
  }

  /** Enters a patch of an earlier start; those that went in together are one entry. */
  #takeUp(entry: LedgerEntry, all: readonly LedgerEntry[]): void {
    const { id, hash, time, applied, failed, fleet, takesBack, why, state, together } = entry;
    const { ledger } = this.#live;
    if (fleet !== undefined) this.#live.fleet.add(fleet, id);
    if (fleet !== undefined && state === "RETIRED") this.#live.fleet.retire(id);
    if (together !== undefined && together !== id) return;
    const group = together === undefined ? [entry] : all.filter((each) => each.together === id);
    const texts = together === undefined ? textsOf(entry) : textsOfAll(group);
    const targets = group.map(({ target }) => target);
    const counts = { applied, failed, results: [] };
    const marks = {
      ...(fleet !== undefined && { fleet: fleet.id }),
      ...(takesBack !== undefined && { takesBack }),
      ...(targets.length > 1 && { targets }),
    };
    const target = targets.join(", ");
    ledger.add({ id, hash, target, time, by: 0, texts: hashTexts(texts), ...counts, ...marks });
    ledger.note({ ids: takesBack ?? [], rolledBackBy: id });
    const isRetired = group.every((each) => each.state === "RETIRED");
    if (isRetired && why !== undefined) ledger.note({ ids: [id], retired: why });
    ledger.keepTexts(id, texts);
  }

  /**
   * Writes that a patch of a type is about to go in. Where another process writes the ledger, the
   * patch is in until this one ends, and the log says so.
   *
   * @throws {ERR_LEDGER} if the disk does not take it: nothing has changed then.
   * @throws what loading the type throws.
   */
  async prepareType(order: TypePrepared, hash: string): Promise<void> {
    const { id, type, texts, takesBack, fleet, together } = order;
    if (this.#isReader(id, type)) return;
    const modules = await this.#modulesOf(type, texts);
    const target = `all ${type}`;
    const marks = { takesBack, fleet, together };
    this.#prepare({ id, hash, target, kind: "type", name: type, modules, ...marks });
  }

  /**
   * The same of a shared module. One that can't be read is not in use.
   *
   * @throws {ERR_LEDGER} if the disk does not take it: nothing has changed then.
   */
  prepareShared(order: SharedPrepared, hash: string): void {
    const { id, file: path, text, takesBack, together } = order;
    const file = findModuleFile(path) ?? path;
    const given = this.#live.runtime.cache.images.get(file)?.text ?? readNow(file);
    if (given === undefined || this.#isReader(id, path)) return;
    const base = this.#file.keepText(given);
    const modules = [{ path: file, file, patch: text, isService: false, base }];
    const marks = { takesBack, together };
    this.#prepare({ id, hash, target: path, kind: "shared", name: file, modules, ...marks });
  }

  /** Whether another process writes the ledger, which the log says then. */
  #isReader(id: number, name: string): boolean {
    const { writer } = this.#file;
    if (writer === undefined) return false;
    this.#log(`patch ${id} of ${name} ends with this process: process ${writer} writes the ledger`);
    return true;
  }

  /**
   * The same of several patches that go in together, under the number of the first.
   *
   * @throws {ERR_LEDGER} if the disk does not take it: nothing has changed then.
   * @throws what loading a type throws.
   */
  async prepareAll(
    orders: readonly PartOrder[],
    { hash, takesBack }: { readonly hash: string; readonly takesBack: TakenBack },
  ): Promise<void> {
    const together = orders.length > 1 ? orders[0]?.order.id : undefined;
    for (const { kind, order } of orders) {
      const marked = { ...order, together, takesBack };
      if (kind === "shared") this.prepareShared(marked as SharedPrepared, hash);
      else await this.prepareType(marked as TypePrepared, hash);
    }
  }

  #prepare({ takesBack, fleet, together, ...given }: Prepared): void {
    const time = this.#live.runtime.clock.wall();
    const marks = {
      ...(together !== undefined && { together }),
      ...(fleet !== undefined && { fleet }),
      ...(takesBack !== undefined && { takesBack }),
    };
    const line: PreparedLine = { state: "PREPARED", time, ...given, ...marks };
    this.#file.write(line);
    this.#prepared.set(line.id, line);
  }

  /**
   * Writes that a patch stays, with those that were prepared together with it, and has every thread
   * remember it.
   *
   * @returns false if it is not on disk
   */
  keep(id: number, counts: Pick<LedgerEntry, "applied" | "failed">): boolean {
    const prepared = this.#takePrepared(id);
    if (prepared.length === 0) return false;
    for (const line of prepared) this.#kept.set(line.id, { ...line, state: "KEPT", ...counts });
    this.#tell({ state: "KEPT", id, time: this.#live.runtime.clock.wall(), ...counts });
    for (const line of prepared) this.#stick(line.id);
    return true;
  }

  #takePrepared(id: number): PreparedLine[] {
    const lines = [...this.#prepared.values()];
    const mine = lines.filter((line) => line.id === id || line.together === id);
    for (const line of mine) this.#prepared.delete(line.id);
    return mine;
  }

  /**
   * Has every thread remember a patch that is not to be on disk. It has its place among the others:
   * what came later stands over it.
   */
  keepOnce({ id, type, texts }: BirthOrder): void {
    const file = this.#fileOf(type);
    if (file === undefined) return;
    spreadSticky(this.#live, { id, type, texts, file, isOnce: true });
    this.logOnce({ id, type });
  }

  /** Says that a patch is not on disk. */
  logOnce({ id, type }: Pick<BirthOrder, "id" | "type">): void {
    this.#log(`patch ${id} of ${type} is in until the node stops or the code cache is cleared`);
  }

  /**
   * Ends patches that are not on disk, with the text that they are for.
   *
   * @param isLeft - says whether the text is still there
   */
  forgetOnce(isLeft: (order: BirthOrder) => boolean): void {
    const gone = this.#live.births.sticky.filter((order) => order.isOnce && !isLeft(order));
    for (const { id, type } of gone) {
      this.#log(`patch ${id} of ${type} was for once: new services are born without it`);
    }
    this.#unstick(gone.map(({ id }) => id));
  }

  /** Writes that a patch does not stay. */
  refuse(id: number, why: string): void {
    const time = this.#live.runtime.clock.wall();
    const isPrepared = this.#takePrepared(id).length > 0;
    if (isPrepared) this.#tell({ state: "REFUSED", id, time, why });
  }

  /** Writes that later patches, or the files, give all of these. */
  retire(ids: Iterable<number>, why: string): void {
    const gone = [...ids].filter((id) => this.#kept.delete(id));
    if (gone.length === 0) return;
    const time = this.#live.runtime.clock.wall();
    for (const id of gone) {
      this.#tell({ state: "RETIRED", id, time, why });
      this.#live.fleet.retire(id);
    }
    this.#unstick(gone);
  }

  /** Compares with the files as they are now what is for texts that are about to be read anew. */
  reread(file: string | undefined): void {
    const real = file === undefined ? undefined : (findModuleFile(file) ?? file);
    const isMeant = ({ modules }: LedgerEntry): boolean =>
      real === undefined || modules.some((module) => module.file === real);
    this.#stand(isMeant);
  }

  /** Lets go of the ledger. */
  close(): void {
    this.#file.close();
  }

  #stand(isMeant: (entry: LedgerEntry) => boolean): void {
    const groups = new Map<string, LedgerEntry[]>();
    for (const entry of this.#kept.values()) {
      const key = `${entry.kind} ${entry.name}`;
      groups.set(key, [...(groups.get(key) ?? []), entry]);
    }
    const now = new Map<string, string | undefined>();
    const texts = {
      now: (file: string) => {
        if (!now.has(file)) now.set(file, readNow(file));
        return now.get(file);
      },
      base: (hash: string) => this.#file.findText(hash),
      hash: hashText,
    };
    for (const entries of [...groups.values()].filter((all) => all.some(isMeant))) {
      const standings = judge(entries, texts);
      for (const entry of entries) {
        const standing = standings.get(entry.id);
        if (standing !== undefined) this.#settle(entry, standing);
      }
    }
  }

  #settle({ id, kind, name }: LedgerEntry, standing: Standing): void {
    const what = `sticky patch ${id} of ${name}`;
    const who =
      kind === "type" ? "new services are born" : "services that load the module are born";
    switch (standing.state) {
      case "apply":
        this.#log(`${what} stays: ${who} with it`);
        this.#stick(id);
        break;
      case "contained":
        this.#log(`${what} is contained in its files now: retired`);
        this.#live.ledger.mark({ ids: [id], retired: CONTAINED });
        this.retire([id], CONTAINED);
        break;
      case "conflict":
        this.#log(`${what} is not applied: ${standing.why}`);
        this.#unstick([id]);
    }
  }

  #stick(id: number): void {
    const entry = this.#kept.get(id);
    if (entry?.kind === "shared") {
      const [{ file, patch: text } = { file: "", patch: "" }] = entry.modules;
      this.#live.latePatches.spread({ id, file, text, isSticky: true });
      return;
    }
    const file = entry?.modules[0] && this.#fileOf(entry.name);
    if (entry === undefined || file === undefined) return;
    const order = { id, type: entry.name, texts: textsOf(entry), file, isOnce: false };
    spreadSticky(this.#live, order);
  }

  #unstick(ids: readonly number[]): void {
    if (ids.length === 0) return;
    this.#live.births.unstick(ids);
    this.#live.latePatches.drop(ids);
    this.#live.runtime.threads?.tellAll(UNSTICK_WORD, ids);
  }

  #fileOf(type: string): string | undefined {
    try {
      return findModuleFile(this.#live.runtime.paths.find(type));
    } catch (error) {
      this.#log(`sticky patches of ${type} are not applied: ${messageOf(error)}`);
      return undefined;
    }
  }

  async #modulesOf(type: string, texts: PatchTexts): Promise<PatchedModule[]> {
    const { cache, paths } = this.#live.runtime;
    const program = await cache.load(paths.find(type));
    return [...texts].map(([path, patch]) => {
      const node = findNode(program, path);
      const { file, text } = node.image;
      const isService = node === program.entry;
      return { path, file, patch, isService, base: this.#file.keepText(text) };
    });
  }

  /** What the disk does not take any more is said, and the patch stays as it is in this process. */
  #tell(line: OutcomeLine): void {
    try {
      this.#file.write(line);
    } catch (error) {
      this.#log(
        `patch ${line.id} is ${line.state}, and the next start won't know: ${messageOf(error)}`,
      );
    }
  }

  #log(text: string): void {
    this.#live.runtime.log(0, text);
  }
}

function textsOf({ modules }: LedgerEntry): PatchTexts {
  return new Map(modules.map(({ path, patch }) => [path, patch]));
}

/** The texts of several, each with what it was for. */
function textsOfAll(entries: readonly LedgerEntry[]): PatchTexts {
  return new Map(
    entries.flatMap((entry) =>
      [...textsOf(entry)].map(([path, text]): [string, string] => [
        nameText(entry.target, entry.kind === "shared" ? "" : path),
        text,
      ]),
    ),
  );
}

/** How the ledger calls a text of several patches. */
export function nameText(target: string, path: string): string {
  return path === "" ? target : `${target}: ${path}`;
}

function readNow(file: string): string | undefined {
  try {
    return readModule(file, undefined);
  } catch {
    return undefined;
  }
}
