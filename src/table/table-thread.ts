/**
 * The tables of one thread.
 *
 *     a turn begins -> one atomic load -> something was published -> all its tables are exchanged in one step
 *
 * A thread whose code never asks for `sharetable` or `tables` does not look.
 *
 * Between two such moments nothing changes, so code sees one version of everything from one `await`
 * to the next. Code that waits for a publication, or wants to hear what changed, is told after the
 * exchange.
 */

import { SnaxError } from "../base/error.ts";
import { suggest } from "../base/suggestion.ts";
import { listVersions } from "./board.ts";
import { compareRoots } from "./changes.ts";
import type { RowAddress } from "./row-address.ts";
import type { Changes, VersionInfo } from "./sharetable-api.ts";
import type { NewVersion, PublishedVersion, TableLink, TableSource } from "./table-link.ts";
import { TableView } from "./table-view.ts";

/** Hears what an update changed. */
export type ChangeListener = (changes: Changes, version: number) => void;

/** What the thread knows of a table beside its view. */
interface Table {
  readonly view: TableView;
  current: PublishedVersion | undefined;
  readonly listeners: Set<ChangeListener>;
}

/** A view of a fixed version, and the end of it. */
export interface Pinned {
  readonly view: TableView;
  readonly release: () => void;
}

/** The tables of one thread. */
export class TableThread {
  readonly #link: TableLink;
  readonly #tables = new Map<string, Table>();
  /** Tables that were loaded under a path, by the name of their file alone. */
  readonly #shortNames = new Map<string, string>();
  readonly #waiting: { readonly sequence: number; readonly run: () => void }[] = [];
  /** Told of each table that is shown for the first time. */
  readonly #onName: ((name: string) => void)[] = [];
  /** The last publication that the thread shows. */
  #sequence = 0;
  readonly #pins = new FinalizationRegistry((end: () => void) => end());
  #onFollow: (() => void) | undefined;

  /**
   * @param onFollow - has {@link beginTurn} called at every turn from now on.
   * @defaultValue it is called anyway
   */
  constructor(link: TableLink, onFollow?: () => void) {
    this.#link = link;
    this.#onFollow = onFollow;
  }

  /**
   * Looks for publications from now on: code of the thread may see tables, or the first one comes.
   * What was published before the first call is there at once: as no code has seen anything of it
   * yet, none sees two versions between two turns.
   */
  follow(): void {
    const begin = this.#onFollow;
    if (begin === undefined) return;
    this.#onFollow = undefined;
    begin();
    this.beginTurn();
  }

  /** To be called when a turn begins: the thread goes over to what was published last. */
  beginTurn(): void {
    if (this.#link.board.sequence !== this.#sequence) this.#move();
  }

  /**
   * To be called outside turns, when the link says that something has come: a thread that is idle
   * moves too.
   *
   * Race: it may have come before the number of the last publication is set, so that number is not
   * asked; test/unit/table/table-threads.test.ts.
   */
  catchUp(): void {
    this.#move();
  }

  #move(): void {
    const publications = this.#link.take();
    const last = publications.at(-1);
    if (last === undefined) return;
    // Of several versions of a table only the last is ever shown.
    const versions = new Map<string, PublishedVersion>();
    for (const each of publications.flatMap((publication) => publication.versions)) {
      versions.set(each.name, each);
    }
    const calls: (() => void)[] = [];
    for (const version of versions.values()) this.#show(version, calls);
    this.#sequence = last.sequence;
    this.#link.board.acknowledge(this.#link.member, last.sequence);
    for (const call of calls) call();
    this.#tellWaiting();
  }

  #show(next: PublishedVersion, calls: (() => void)[]): void {
    const table = this.#table(next.name);
    const { current, listeners, view } = table;
    if (listeners.size > 0) {
      const changes =
        next.changes !== undefined && next.base === (current?.version ?? 0)
          ? next.changes
          : compareRoots(current?.memory, next.memory);
      for (const listener of listeners) calls.push(() => listener(changes, next.version));
    }
    if (current === undefined) {
      const short = shortNameOf(next.name);
      if (short !== undefined && !this.#shortNames.has(short)) {
        this.#shortNames.set(short, next.name);
        for (const tell of this.#onName) calls.push(() => tell(short));
      }
      for (const tell of this.#onName) calls.push(() => tell(next.name));
    }
    table.current = next;
    view.show(next.version, next.memory);
  }

  #tellWaiting(): void {
    const due = this.#waiting.filter(({ sequence }) => sequence <= this.#sequence);
    for (const each of due) {
      this.#waiting.splice(this.#waiting.indexOf(each), 1);
      each.run();
    }
  }

  #table(name: string): Table {
    let table = this.#tables.get(name);
    if (table === undefined) {
      table = { view: new TableView(name), current: undefined, listeners: new Set() };
      this.#tables.set(name, table);
    }
    return table;
  }

  /** The tables that the thread shows. */
  get names(): string[] {
    return [...this.#tables]
      .filter(([, { current }]) => current !== undefined)
      .map(([name]) => name);
  }

  /** Calls back when a table is shown for the first time. */
  onName(tell: (name: string) => void): void {
    this.#onName.push(tell);
  }

  /** The view of a table; undefined if the thread shows none of that name. */
  find(name: string): TableView | undefined {
    const table = this.#tables.get(name);
    if (table?.current !== undefined) return table.view;
    const full = this.#shortNames.get(name);
    return full === undefined ? undefined : this.#tables.get(full)?.view;
  }

  /** The name under which a table was loaded, if this is a short one. */
  fullName(name: string): string {
    if (this.#tables.get(name)?.current !== undefined) return name;
    return this.#shortNames.get(name) ?? name;
  }

  /**
   * The view of a table.
   *
   * @throws {ERR_NO_TABLE} if the thread shows none of that name.
   */
  get(name: string): TableView {
    const view = this.find(name);
    if (view !== undefined) return view;
    throw new SnaxError(
      "ERR_NO_TABLE",
      `there is no table ${JSON.stringify(name)}${suggest(name, this.names)}`,
    );
  }

  /**
   * The view at an address that came in a message.
   *
   * The thread catches up first: the sender may have seen a newer version. Messages are read
   * between two turns of services, so no code notices.
   */
  resolve({ table, path }: RowAddress): object {
    this.follow();
    this.beginTurn();
    return this.#table(table).view.rows.find(path);
  }

  /** The version that the thread shows; 0 = none. */
  versionOf(name: string): number {
    return this.#tables.get(name)?.current?.version ?? 0;
  }

  /** The memory of that version. */
  memoryOf(name: string): SharedArrayBuffer | undefined {
    return this.#tables.get(name)?.current?.memory;
  }

  /** Where a table came from; undefined if from no file. */
  sourceOf(name: string): TableSource | undefined {
    return this.#tables.get(this.fullName(name))?.current?.source;
  }

  /** What the last update changed, if the thread that loaded it compared the two. */
  lastChanges(name: string): Changes | undefined {
    return this.#tables.get(this.fullName(name))?.current?.changes;
  }

  /** Publishes versions in one step; `done` is called when this thread shows them. */
  publish(versions: readonly NewVersion[], done: (error?: Error) => void): void {
    this.#link.publish(versions, (error, sequence) => {
      if (error === undefined) this.whenShown(sequence, () => done());
      else done(error);
    });
  }

  /** Runs something when the thread shows a publication; at once if it does. */
  whenShown(sequence: number, run: () => void): void {
    if (sequence <= this.#sequence) run();
    else this.#waiting.push({ sequence, run });
  }

  /** The last publication of the process. */
  latest(): number {
    return this.#link.board.sequence;
  }

  /**
   * Makes a view of the version that the thread shows, which never moves.
   *
   * @param onEnd - called when the pin has ended: by `release`, or because no part of the
   * view is held any more.
   * @throws {ERR_NO_TABLE} if the thread shows no such table.
   */
  pin(name: string, onEnd: () => void): Pinned {
    this.get(name);
    const { version, memory, entry } = this.#table(this.fullName(name)).current as PublishedVersion;
    const view = new TableView(name, true);
    view.show(version, memory);
    const { board, member } = this.#link;
    board.addPin(entry, member, 1);
    const token = {};
    const end = (): void => {
      board.addPin(entry, member, -1);
      onEnd();
    };
    this.#pins.register(view, end, token);
    const weak = new WeakRef(view);
    const release = (): void => {
      if (!this.#pins.unregister(token)) return;
      weak.deref()?.release();
      end();
    };
    return { view, release };
  }

  /** Calls back when an update changed a table; returns the end of it. */
  onUpdate(name: string, listener: ChangeListener): () => void {
    const { listeners } = this.#table(this.fullName(name));
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /** Every version that some thread of the process holds. */
  versions(): VersionInfo[] {
    return listVersions(this.#link.board, (table) => this.#link.nameOf(table));
  }
}

/** `./tables/items.ts` is also found as `items`, as long as nothing else is called so. */
function shortNameOf(name: string): string | undefined {
  const [, short] = /^(?:.*[/\\])?([^/\\]+)\.(?:json|[mc]?[jt]s)$/.exec(name) ?? [];
  return short;
}
