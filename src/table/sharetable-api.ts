/**
 * The static types of shared tables: the `sharetable` object, `tables`, and what a program declares
 * of its tables.
 *
 * Everything that comes out of a table is readonly all the way down.
 */

/**
 * The tables of a program by name. Empty; a program adds to it.
 *
 * As long as it is empty, every name is accepted and its data is `any`.
 *
 * @example
 * ```ts
 * declare module "snax" {
 *   interface Tables { items: Record<number, { price: number }> }
 * }
 * ```
 */
export interface Tables {}

/** The names that {@link Tables} lists; any text while it is empty. */
export type TableName = NamesOf<Tables>;

type NamesOf<T> = [keyof T] extends [never] ? string : keyof T & string;

/** A value as a table gives it. */
export type Shared<T> = T extends Date | Primitive
  ? T
  : T extends readonly unknown[]
    ? { readonly [K in keyof T]: Shared<T[K]> }
    : T extends object
      ? { readonly [K in keyof T]: Shared<T[K]> }
      : T;

type Primitive = string | number | bigint | boolean | null | undefined;

/** What a table of that name holds. */
export type TableData<N> = N extends keyof Tables ? Shared<Tables[N]> : AnyTable;

// oxlint-disable-next-line typescript/no-explicit-any -- what a table without a description looks like
type AnyTable = any;

/** All tables that the thread shows; the fast way to their rows, and always current. */
export type TablesObject = keyof Tables extends never
  ? { readonly [name: string]: AnyTable }
  : { readonly [N in keyof Tables]: Shared<Tables[N]> };

/** Which keys of a table's root an update touched. */
export interface Changes {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

/** What is known of a version of a table. */
export interface VersionInfo {
  readonly name: string;
  readonly version: number;
  readonly sizeBytes: number;
  /** How many pins hold it. */
  readonly pins: number;
  /** It is the newest one. */
  readonly isCurrent: boolean;
}

/** Something wrong with the data, and where. */
export interface CheckIssue {
  readonly message: string;
  /** Keys from the root of the table. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/**
 * Looks at data before it is published: throws, or returns what is wrong. Nothing, `true` and an
 * empty list mean that all is well; the data itself is never changed.
 */
export type CheckFunction = (
  data: AnyTable,
) =>
  | void
  | boolean
  | string
  | readonly CheckIssue[]
  | Promise<void | boolean | string | readonly CheckIssue[]>;

/** A schema of any library that follows Standard Schema (zod, valibot, arktype, ...). */
export interface StandardSchema {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult | Promise<SchemaResult>;
  };
}

interface SchemaResult {
  readonly issues?: readonly CheckIssue[] | undefined;
}

/** What {@link SharetableApi.check} takes. */
export type Check = CheckFunction | StandardSchema;

/** A file of its own for a table; see {@link SharetableApi.loadfile}. */
export interface TableFile {
  readonly name: string;
  /** Relative to the configuration's folder. */
  readonly file: string;
}

/** What a load may be told. */
export interface LoadOptions {
  /**
   * Looks at what is loaded, before the checks of its tables do; for `publish` at all tables by
   * name.
   */
  readonly check?: Check | undefined;
}

/**
 * Everything under `import { sharetable } from "snax"`. Data is published when the promise
 * resolves.
 */
export interface SharetableApi {
  /**
   * Loads a table from a module, whose default export is the data or a function that gets the
   * arguments and returns it, or from a `.json` file. The file is read anew each time. A module may
   * export its own `check`.
   *
   * @param name - the path of the file, which is the table's name too (it is also found by the
   * file's name alone, without its ending); or a name, whose file the configuration's `tables`
   * finds; or both, `{ name, file }`.
   * @throws {ERR_MODULE} if there is no such file, or it can't be loaded.
   * @throws {ERR_TABLE} if the data can't be in a table, or a check refuses it; the version
   * before stays.
   */
  loadfile(name: string | TableFile, ...args: unknown[]): Promise<void>;
  /** The same with the text of a module, or JSON. @throws {ERR_SYNTAX} if it is neither. */
  loadstring(name: string, source: string, ...args: unknown[]): Promise<void>;
  /** The same with a value of this service. */
  loadtable(name: string, data: unknown, options?: LoadOptions): Promise<void>;
  /** Loads several tables in one step: no service ever sees one of them new and another old. */
  publish(tables: Readonly<Record<string, unknown>>, options?: LoadOptions): Promise<void>;
  /**
   * Gives the root of a table, which may be kept and always shows what the thread shows; undefined
   * if there is none.
   */
  query<N extends TableName>(name: N): Promise<TableData<N> | undefined>;
  /** The same for several tables, by name; without names for all. */
  queryall(names?: readonly string[]): Promise<TablesObject>;
  /**
   * Resolves when this thread shows the newest versions; every load resolves so by itself.
   *
   * @throws {ERR_NO_TABLE} if there is no table of one of the names.
   */
  update(...names: string[]): Promise<void>;
  /**
   * Gives the root of the version that the thread shows, which never changes.
   *
   * The pin ends with `unpin`, with the service, or when no code holds a part of it any more.
   *
   * @throws {ERR_NO_TABLE} if there is no such table.
   */
  pin<N extends TableName>(name: N): TableData<N>;
  /**
   * Ends a pin; reading it throws ERR_NO_TABLE from then on. False if it is not this service's.
   */
  unpin(pinned: unknown): boolean;
  /** Lists the versions in use of one table, or of all: sizes and pins. */
  info(name?: string): VersionInfo[];
  /**
   * Calls back after each update of a table, with the keys of its root that differ; returns the end
   * of it.
   */
  onupdate(name: string, listener: (changes: Changes, version: number) => void): () => void;
  /**
   * Has every load of a table on this thread checked, until the service ends or another check takes
   * its place; undefined ends it.
   */
  check(name: string, check: Check | undefined): void;
}
