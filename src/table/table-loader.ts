/**
 * From data to a published version: checked, encoded, compared with the version before, published.
 *
 *     file, text or value -> the module's check, the registered check -> shared memory -> one step for all tables of a load
 *
 * A load that fails, fails before anything is published: the versions before stay.
 */

import { SnaxError } from "../base/error.ts";
import type { Runtime } from "../service/runtime.ts";
import { compareRoots } from "./changes.ts";
import { requireCheck, runCheck } from "./check.ts";
import {
  DEFAULT_TABLE_PATTERNS,
  findTableFile,
  loadDataFile,
  loadDataText,
} from "./data-source.ts";
import type { DataPlaces, Loaded } from "./data-source.ts";
import { encodeTable } from "./encoder.ts";
import type { Changes, Check, LoadOptions, TableFile } from "./sharetable-api.ts";
import type { NewVersion } from "./table-link.ts";
import type { TableThread } from "./table-thread.ts";

/** Loads tables on one thread. */
export class TableLoader {
  readonly #thread: TableThread;
  readonly #checks = new Map<string, Check>();

  constructor(thread: TableThread) {
    this.#thread = thread;
  }

  /** Loads a file; see SharetableApi.loadfile. */
  async loadFile(
    runtime: Runtime,
    name: string | TableFile,
    args: readonly unknown[],
  ): Promise<void> {
    const found = findTableFile(requireTableFile(name), placesOf(runtime));
    const loaded = await loadDataFile(found.file, args);
    await this.#publish(new Map([[found.name, loaded]]));
  }

  /** Loads a text; see SharetableApi.loadstring. */
  async loadText(
    runtime: Runtime,
    { name, text }: { readonly name: string; readonly text: string },
    args: readonly unknown[],
  ): Promise<void> {
    requireName(name);
    if (typeof text !== "string") {
      throw new SnaxError("ERR_ARGUMENT", `the source of table ${name} is no text`);
    }
    const loaded = await loadDataText(name, text, runtime.paths.root, args);
    await this.#publish(new Map([[name, loaded]]));
  }

  /** Loads a value. */
  async loadOne(name: string, data: unknown, check: LoadOptions["check"]): Promise<void> {
    requireName(name);
    const own = check === undefined ? undefined : requireCheck(name, check);
    await this.#publish(new Map([[name, { data, isTree: false, check: own }]]));
  }

  /** Loads values, all in one step. */
  async loadValues(
    tables: Readonly<Record<string, unknown>>,
    check: LoadOptions["check"],
  ): Promise<void> {
    if (typeof tables !== "object" || tables === null) {
      throw new SnaxError("ERR_ARGUMENT", "publish takes an object of tables by name");
    }
    if (check !== undefined) await runCheck("", tables, check);
    const loaded = Object.entries(tables).map(([name, data]): [string, Loaded] => {
      requireName(name);
      return [name, { data, isTree: false, check: undefined }];
    });
    await this.#publish(new Map(loaded));
  }

  /** What loading a file would change, without loading it; and what is in the file. */
  async compare(
    runtime: Runtime,
    name: string | TableFile,
    args: readonly unknown[],
  ): Promise<{ readonly changes: Changes; readonly data: unknown }> {
    const found = findTableFile(name, placesOf(runtime));
    const { data, isTree } = await loadDataFile(found.file, args);
    const memory = encodeTable(found.name, data, isTree);
    return { changes: compareRoots(this.#thread.memoryOf(found.name), memory), data };
  }

  /** Has a table checked at every load; returns the end of it. */
  setCheck(name: string, check: Check | undefined): () => void {
    if (check === undefined) this.#checks.delete(name);
    else this.#checks.set(name, check);
    return () => {
      if (check !== undefined && this.#checks.get(name) === check) this.#checks.delete(name);
    };
  }

  async #publish(tables: ReadonlyMap<string, Loaded>): Promise<void> {
    for (const [name, { data, check }] of tables) {
      for (const each of [check, this.#checks.get(name)]) {
        if (each !== undefined) await runCheck(name, data, each);
      }
    }
    const versions = [...tables].map(([name, loaded]) => this.#prepare(name, loaded));
    await new Promise<void>((resolve, reject) => {
      this.#thread.publish(versions, (error) => (error === undefined ? resolve() : reject(error)));
    });
  }

  #prepare(name: string, { data, isTree, source }: Loaded): NewVersion {
    const memory = encodeTable(name, data, isTree);
    const base = this.#thread.versionOf(name);
    const before = this.#thread.memoryOf(name);
    // Of a first version everything is new, and a list of it is not needed.
    const changes = before === undefined ? undefined : compareRoots(before, memory);
    return { name, memory, base, changes, source };
  }
}

function placesOf({ environment, paths }: Runtime): DataPlaces {
  const patterns = environment.get("tables") as DataPlaces["patterns"] | undefined;
  return { root: paths.root, patterns: patterns ?? DEFAULT_TABLE_PATTERNS };
}

function requireTableFile(name: unknown): string | TableFile {
  if (typeof name === "string") return requireName(name);
  const { name: table, file } = (name ?? {}) as Partial<TableFile>;
  if (typeof file === "string" && file !== "") return { name: requireName(table), file };
  throw new SnaxError("ERR_ARGUMENT", "loadfile takes a name, or { name, file }");
}

/**
 * Refuses what is no name of a table.
 *
 * @throws {ERR_ARGUMENT}
 */
export function requireName(name: unknown): string {
  if (typeof name === "string" && name !== "" && name !== "__proto__") return name;
  throw new SnaxError("ERR_ARGUMENT", `${JSON.stringify(name)} is no name of a table`);
}
