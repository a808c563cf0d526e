/**
 * Tells which files of some folders have been written, came or went.
 *
 *     event of a folder -> 20 ms of quiet -> what is in the folder now, against what was -> files
 *                          100 ms, where many files are touched or one is empty: somebody is at it
 *     every 2 s a look at everything: what no event has told shows that this file system tells none,
 *     and from then on the looks are all there is
 *
 * An event only says where to look, so it does not matter whether an editor writes a file or renames another one over it,
 * or how many events a system makes of that. Each folder has a watcher of its own: Node's recursive ones miss files of
 * new folders, and would look into node_modules.
 */

import { readdirSync, realpathSync, statSync, watch } from "node:fs";
import type { Dirent, FSWatcher } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { clearTimeout, setTimeout } from "node:timers";

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

/** What a watcher tells. */
export interface WatchEvents {
  /** Files were written, came or went; absolute paths. */
  readonly saved: (files: ReadonlySet<string>) => void;
  /** Nobody is told by events from now on, and why. */
  readonly polls: (why: string) => void;
}

interface Folder {
  readonly watcher: FSWatcher | undefined;
  /** A folder that was taken away and made anew has another one, and its watcher hears nothing. */
  readonly ino: number;
  /** What tells a change, by name. */
  files: ReadonlyMap<string, string>;
  folders: ReadonlySet<string>;
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
  #isPolling: boolean;
  #quiet: NodeJS.Timeout | undefined;
  #look: NodeJS.Timeout | undefined;
  #isClosed = false;

  /** @param isPolling - whether events are not even asked for. */
  constructor(events: WatchEvents, isPolling = false) {
    this.#events = events;
    this.#isPolling = isPolling;
    this.#lookLater(0);
  }

  /** Watches a folder with all that is in it, unless it is watched already. */
  add(folder: string): void {
    if (this.#folders.has(folder)) return;
    this.#roots.add(folder);
    this.#open(folder, false);
  }

  /** Ends all of it. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#quiet);
    clearTimeout(this.#look);
    for (const { watcher } of this.#folders.values()) watcher?.close();
    this.#folders.clear();
  }

  #open(folder: string, isNew: boolean): void {
    // Order: what is written while the folder is read makes an event.
    const watcher = this.#watch(folder);
    const { ino, files, folders } = readFolder(folder);
    this.#folders.set(folder, { watcher, ino, files, folders });
    if (isNew) for (const name of files.keys()) this.#found.add(join(folder, name));
    for (const name of folders) this.#open(join(folder, name), isNew);
  }

  #watch(folder: string): FSWatcher | undefined {
    if (this.#isPolling) return undefined;
    try {
      const watcher = watch(folder, { persistent: false }, (_, name) => this.#touch(folder, name));
      watcher.on("error", (error) => this.#fail(folder, error));
      return watcher;
    } catch (error) {
      this.#fail(folder, error as NodeJS.ErrnoException);
      return undefined;
    }
  }

  #fail(folder: string, error: NodeJS.ErrnoException): void {
    // A folder that has gone is found to be gone.
    if (error.code === "ENOENT" || error.code === "EPERM") this.#touch(folder, null);
    else this.#poll(whyNot(error));
  }

  #poll(why: string): void {
    if (this.#isPolling) return;
    this.#isPolling = true;
    for (const [path, folder] of this.#folders) {
      folder.watcher?.close();
      this.#folders.set(path, { ...folder, watcher: undefined });
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
    const now = readFolder(path);
    const size = this.#found.size;
    for (const [name, stamp] of now.files) {
      if (before.files.get(name) !== stamp) this.#found.add(join(path, name));
    }
    for (const name of before.files.keys()) {
      if (!now.files.has(name)) this.#found.add(join(path, name));
    }
    const { folders } = before;
    before.files = now.files;
    before.folders = now.folders;
    if (before.ino !== now.ino && now.ino !== 0) {
      before.watcher?.close();
      this.#folders.set(path, { ...before, ino: now.ino, watcher: this.#watch(path) });
    }
    for (const name of folders) if (!now.folders.has(name)) this.#forget(join(path, name));
    for (const name of now.folders) if (!folders.has(name)) this.#open(join(path, name), true);
    return this.#found.size > size;
  }

  #forget(path: string): void {
    const folder = this.#folders.get(path);
    if (folder === undefined) return;
    folder.watcher?.close();
    this.#folders.delete(path);
    for (const name of folder.files.keys()) this.#found.add(join(path, name));
    for (const name of folder.folders) this.#forget(join(path, name));
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

/** Reads what a folder holds; nothing if it is gone. */
function readFolder(path: string): Found {
  const files = new Map<string, string>();
  const folders = new Set<string>();
  let entries: Dirent[] = [];
  const ino = statSync(path, { throwIfNoEntry: false })?.ino ?? 0;
  try {
    entries = readdirSync(path, { withFileTypes: true });
  } catch {
    // It is gone, or may not be read.
  }
  for (const entry of entries) {
    const { name } = entry;
    if (entry.isDirectory()) {
      if (!IGNORED.test(name)) folders.add(name);
    } else if (WATCHED.test(name)) {
      const stamp = stampOf(join(path, name));
      if (stamp !== undefined) files.set(name, stamp);
    }
  }
  return { ino, files, folders };
}

/** What tells that a file was written; undefined if there is none. */
function stampOf(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false, bigint: true });
  if (found?.isFile() !== true) return undefined;
  return `${found.mtimeNs} ${found.ctimeNs} ${found.size} ${found.ino}`;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

function isEmpty(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.size === 0;
}

/** Services know their files by these; a file that is gone keeps the path that it had. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function whyNot({ code, message }: NodeJS.ErrnoException): string {
  if (code === "ENOSPC") return "the system watches no more folders (fs.inotify.max_user_watches)";
  if (code === "EMFILE") return "the system has no more watchers (fs.inotify.max_user_instances)";
  return message;
}
