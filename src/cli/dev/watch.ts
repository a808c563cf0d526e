/**
 * Tells which files of some folders have been written, came or went.
 *
 *     event of a folder -> 20 ms of quiet -> what is in the folder now, against what was -> files
 *                          100 ms, where many files are touched or one is empty: a program is at it
 *     every 2 s a look at everything: what no event has told shows that this file system tells none,
 *     and from then on the looks are all there is
 *
 * An event only says where to look, so it does not matter whether an editor writes a file or renames another one over it,
 * or how many events a system makes of that. Each folder has a watcher of its own: Node's recursive ones miss files of
 * new folders, and would look into node_modules. Folders go by their real paths, so links may lead anywhere, also round
 * and round. A file behind a link has a watcher besides, for its folder hears nothing of it.
 */

import { readdirSync, realpathSync, statSync, watch } from "node:fs";
import type { Dirent, FSWatcher, Stats } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { clearTimeout, setTimeout } from "node:timers";
import { DEV_FOLDERS_MAX } from "../../base/limits.ts";

/** Milliseconds of quiet before files are told. */
export const QUIET_MS = 20;

/** The same where many files are touched, as in a checkout. */
const LONG_QUIET_MS = 100;

/** Files from which on they are many. */
const MANY = 8;

/** Milliseconds between two looks at everything. */
const LOOK_MS = 2000;

/** The same where no events come. */
const POLL_MS = 300;

/** A look at everything may take this part of the time. */
const LOOK_SHARE = 1 / 20;

/** Files that services, tables and configurations are made of. */
const WATCHED = /(?<!\.d)\.(?:[cm]?[jt]s|json)$/;

/** Folders that hold nothing of the project's own. */
const IGNORED = /^(?:node_modules|\..*)$/;

/** A link that leads there leads to nothing of the project's own either. */
const PACKAGES = /[/\\]node_modules(?:[/\\]|$)/;

/** What a watcher tells. */
export interface WatchEvents {
  /** Files were written, came or went; absolute paths. */
  readonly saved: (files: ReadonlySet<string>) => void;
  /** Events tell nothing from now on, and why. */
  readonly polls: (why: string) => void;
  /** There are more folders than are watched: not this one, nor any after it. */
  readonly overflows: (folder: string) => void;
}

/** How to watch. */
export interface WatchWishes {
  /** Events are not even asked for. @defaultValue false */
  readonly isPolling?: boolean;
  /** Folders that are watched. @defaultValue DEV_FOLDERS_MAX */
  readonly foldersMax?: number;
}

interface Folder {
  readonly watcher: FSWatcher | undefined;
  /** A folder that was taken away and made anew has another one, and its watcher hears nothing. */
  readonly ino: number;
  /** What tells a change, by name. */
  files: ReadonlyMap<string, string>;
  /** The folders in it and behind its links, by their real paths. */
  folders: ReadonlySet<string>;
  /** Those of files that are links. */
  linked: readonly FSWatcher[];
}

/** Watches the files of folders, and of the folders in them. */
export class FileWatch {
  readonly #events: WatchEvents;
  readonly #roots = new Set<string>();
  readonly #folders = new Map<string, Folder>();
  /** Folders in which something has happened. */
  readonly #touched = new Set<string>();
  /** Files that an event has named: one may be written twice within the clock of the file system. */
  readonly #named = new Set<string>();
  /** Files that have changed and were not told yet. */
  readonly #found = new Set<string>();
  /** Folders of which an event has come. */
  readonly #heard = new Set<string>();
  readonly #foldersMax: number;
  #isPolling: boolean;
  #isFull = false;
  #quiet: NodeJS.Timeout | undefined;
  #look: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(
    events: WatchEvents,
    { isPolling = false, foldersMax = DEV_FOLDERS_MAX }: WatchWishes = {},
  ) {
    this.#events = events;
    this.#isPolling = isPolling;
    this.#foldersMax = foldersMax;
    this.#lookLater(0);
  }

  /** Watches a folder with all that is in it. */
  add(path: string): void {
    const folder = realpathSync(path);
    this.#roots.add(folder);
    this.#open(folder, false);
  }

  /** Ends all of it. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#quiet);
    clearTimeout(this.#look);
    for (const folder of this.#folders.values()) closeWatchers(folder);
    this.#folders.clear();
  }

  #open(folder: string, isNew: boolean): void {
    // A link leads to it, too; or it was taken away and is there again.
    if (this.#folders.has(folder)) return void this.#compare(folder);
    if (this.#folders.size >= this.#foldersMax) {
      if (!this.#isFull) this.#events.overflows(folder);
      this.#isFull = true;
      return;
    }
    // Order: what is written while the folder is read makes an event.
    const watcher = this.#watch(folder);
    const { ino, files, folders, linked } = this.#read(folder);
    this.#folders.set(folder, { watcher, ino, files, folders, linked });
    if (isNew) for (const name of files.keys()) this.#found.add(join(folder, name));
    for (const each of folders) this.#open(each, isNew);
  }

  /** Reads a folder, and watches the files behind its links. */
  #read(folder: string): Found & { readonly linked: readonly FSWatcher[] } {
    const linked: FSWatcher[] = [];
    const found = readFolder(folder, (name) => {
      const watcher = this.#watch(folder, name);
      if (watcher !== undefined) linked.push(watcher);
    });
    return { ...found, linked };
  }

  /** @param link - the file of the folder that is to be watched, if not the folder itself. */
  #watch(folder: string, link?: string): FSWatcher | undefined {
    if (this.#isPolling) return undefined;
    const path = link === undefined ? folder : join(folder, link);
    try {
      // Of a file the name is that of what the link leads to.
      const watcher = watch(path, { persistent: false }, (_, name) =>
        this.#touch(folder, link ?? name),
      );
      watcher.on("error", (error) => this.#fail(folder, link, error));
      return watcher;
    } catch (error) {
      this.#fail(folder, link, error as NodeJS.ErrnoException);
      return undefined;
    }
  }

  #fail(folder: string, link: string | undefined, error: NodeJS.ErrnoException): void {
    if (NONE_LEFT.has(error.code ?? "")) return this.#poll(whyNot(error));
    // A link may lead nowhere: editors mark a file in that way while they have it open.
    if (link !== undefined) return;
    // A folder that has gone is found to be gone.
    if (error.code === "ENOENT" || error.code === "EPERM") this.#touch(folder, null);
    else this.#poll(whyNot(error));
  }

  #poll(why: string): void {
    if (this.#isPolling) return;
    this.#isPolling = true;
    for (const [path, folder] of this.#folders) {
      closeWatchers(folder);
      this.#folders.set(path, { ...folder, watcher: undefined, linked: [] });
    }
    this.#events.polls(why);
    clearTimeout(this.#look);
    this.#lookLater(0);
  }

  #touch(folder: string, name: string | null): void {
    this.#heard.add(folder);
    if (this.#isClosed) return;
    this.#touched.add(folder);
    if (name !== null && WATCHED.test(name)) this.#named.add(join(folder, name));
    this.#wait(this.#named.size > MANY ? LONG_QUIET_MS : QUIET_MS);
  }

  #wait(ms: number): void {
    clearTimeout(this.#quiet);
    this.#quiet = setTimeout(() => this.#settle(ms), ms);
  }

  /** It has been quiet for a while. */
  #settle(waitedMs: number): void {
    for (const folder of this.#touched) this.#compare(folder);
    this.#touched.clear();
    for (const file of this.#named) if (isFile(file)) this.#found.add(file);
    this.#named.clear();
    const isBusy = this.#found.size > MANY || [...this.#found].some(isEmpty);
    if (isBusy && waitedMs < LONG_QUIET_MS) this.#wait(LONG_QUIET_MS);
    else this.#tell();
  }

  #tell(): void {
    if (this.#found.size === 0) return;
    const files = new Set([...this.#found].map(realPath));
    this.#found.clear();
    this.#events.saved(files);
  }

  /** Finds what is otherwise in a folder now. */
  #compare(path: string): boolean {
    const before = this.#folders.get(path);
    if (before === undefined) return false;
    for (const watcher of before.linked) watcher.close();
    const now = this.#read(path);
    const size = this.#found.size;
    for (const [name, stamp] of now.files) {
      if (before.files.get(name) !== stamp) this.#found.add(join(path, name));
    }
    for (const name of before.files.keys()) {
      if (!now.files.has(name)) this.#found.add(join(path, name));
    }
    const { folders } = before;
    const { files, linked } = now;
    Object.assign(before, { files, linked, folders: now.folders });
    if (before.ino !== now.ino && now.ino !== 0) {
      before.watcher?.close();
      this.#folders.set(path, { ...before, ino: now.ino, watcher: this.#watch(path) });
    }
    for (const each of folders) if (!now.folders.has(each)) this.#forget(each);
    for (const each of now.folders) if (!folders.has(each)) this.#open(each, true);
    return this.#found.size > size;
  }

  #forget(path: string): void {
    const folder = this.#folders.get(path);
    if (folder === undefined || this.#roots.has(path)) return;
    // Another way leads to it.
    for (const { folders } of this.#folders.values()) if (folders.has(path)) return;
    closeWatchers(folder);
    this.#folders.delete(path);
    this.#isFull = false;
    for (const name of folder.files.keys()) this.#found.add(join(path, name));
    for (const each of folder.folders) this.#forget(each);
  }

  #lookLater(tookMs: number): void {
    if (this.#isClosed) return;
    const ms = Math.max(this.#isPolling ? POLL_MS : LOOK_MS, tookMs / LOOK_SHARE);
    this.#look = setTimeout(() => this.#lookAtAll(), ms).unref();
  }

  #lookAtAll(): void {
    const began = performance.now();
    // What an event has told of is looked at when it is quiet.
    const folders = [...this.#folders.keys()].filter((path) => !this.#touched.has(path));
    const found = folders.filter((path) => this.#compare(path));
    if (found.length > 0) {
      this.#wait(this.#found.size > MANY ? LONG_QUIET_MS : QUIET_MS);
      if (!this.#isPolling) this.#expectEvents(found);
    }
    this.#lookLater(performance.now() - began);
  }

  /** An event may be on its way; if it does not come, none will. */
  #expectEvents(folders: readonly string[]): void {
    setTimeout(() => {
      const [silent] = folders.filter((path) => !this.#heard.has(path));
      if (silent !== undefined && !this.#isClosed)
        this.#poll(`${silent} has changed without an event`);
    }, LONG_QUIET_MS).unref();
  }
}

interface Found {
  readonly ino: number;
  readonly files: Map<string, string>;
  readonly folders: Set<string>;
}

/**
 * Reads what a folder holds; nothing if it is gone.
 *
 * @param onLink - hears of a file that is a link, before it is looked at.
 */
function readFolder(path: string, onLink: (name: string) => void): Found {
  const files = new Map<string, string>();
  const folders = new Set<string>();
  let entries: Dirent[] = [];
  const ino = statOf(path)?.ino ?? 0;
  try {
    entries = readdirSync(path, { withFileTypes: true });
  } catch {
    // It is gone, or may not be read.
  }
  for (const entry of entries) {
    const { name } = entry;
    const whole = join(path, name);
    const isLink = entry.isSymbolicLink();
    if (isLink ? statOf(whole)?.isDirectory() === true : entry.isDirectory()) {
      if (IGNORED.test(name)) continue;
      const folder = isLink ? realPath(whole) : whole;
      if (!isLink || !PACKAGES.test(folder)) folders.add(folder);
    } else if (WATCHED.test(name)) {
      if (isLink) onLink(name);
      const stamp = stampOf(whole);
      if (stamp !== undefined) files.set(name, stamp);
    }
  }
  return { ino, files, folders };
}

/** What tells that a file was written; undefined if there is none. */
function stampOf(path: string): string | undefined {
  try {
    const found = statSync(path, { throwIfNoEntry: false, bigint: true });
    if (found?.isFile() !== true) return undefined;
    return `${found.mtimeNs} ${found.ctimeNs} ${found.size} ${found.ino}`;
  } catch {
    // A link that leads to itself, or into what may not be read.
    return undefined;
  }
}

function closeWatchers({ watcher, linked }: Folder): void {
  watcher?.close();
  for (const each of linked) each.close();
}

/** What is there; undefined if nothing is, or a link leads to itself. */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function isFile(path: string): boolean {
  return statOf(path)?.isFile() === true;
}

function isEmpty(path: string): boolean {
  return statOf(path)?.size === 0;
}

/** Services know their files by these; a file that is gone keeps the path that it had. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** What a system says that gives out no more watchers. */
const NONE_LEFT: ReadonlySet<string> = new Set(["ENOSPC", "EMFILE"]);

function whyNot({ code, message }: NodeJS.ErrnoException): string {
  if (code === "ENOSPC") return "the system watches no more folders (fs.inotify.max_user_watches)";
  if (code === "EMFILE") return "the system has no more watchers (fs.inotify.max_user_instances)";
  return message;
}
