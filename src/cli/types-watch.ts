/**
 * `snax types --watch`: writes snax.d.ts anew whenever services come, go, or change what they are.
 *
 * It looks at names, sizes and times of the files on the search path twice a second, and reads them
 * only if one of these has changed: that works on every system, in containers and on shared
 * folders, where events of the file system do not. A service that is being written, so that
 * it can't be read, stays in the file.
 */

import { statSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../service/error-text.ts";
import { listServiceFiles, outputOf, writeTypes } from "./types.ts";
import type { TypesOptions, UnreadableFile, WrittenTypes } from "./types.ts";

/** Milliseconds between two looks. */
const LOOK_MS = 500;

/** What a watcher tells. */
export interface WatchEvents {
  /** The file was looked at for the first time, or was written. */
  readonly written: (types: WrittenTypes) => void;
  /** A service file can't be read, and could before, or for another reason. */
  readonly unreadable: (file: UnreadableFile, isKept: boolean) => void;
  /** The configuration has changed; the search path is the old one. */
  readonly reconfigured: () => void;
}

/**
 * Writes the file, and again until the signal fires.
 *
 * @param config - the file of the configuration
 */
export async function watchTypes(
  options: TypesOptions & { readonly config: string },
  events: WatchEvents,
  signal: AbortSignal,
): Promise<void> {
  let config = describe(options.config);
  let known: ReadonlyMap<string, string> | undefined;
  let told = new Map<string, string>();
  let state = "";
  const look = (): void => {
    // Race: what changes from here on differs from this, and is read at the next look;
    // test/integration/node/init.test.ts.
    const files = describeFiles(options);
    if (files + describe(outputOf(options)) === state) return;
    const types = writeTypes({ ...options, ...(known === undefined ? {} : { known }) });
    state = files + describe(types.path);
    if (types.changed || known === undefined) events.written(types);
    known = types.services;
    const failed = new Map<string, string>();
    for (const file of types.unreadable) {
      const why = messageOf(file.error);
      failed.set(file.path, why);
      if (told.get(file.path) === why) continue;
      events.unreadable(file, [...types.services.values()].includes(file.path));
    }
    told = failed;
  };
  do {
    const now = describe(options.config);
    if (now !== config) events.reconfigured();
    config = now;
    try {
      look();
    } catch (error) {
      // A folder has gone while its files were listed: the next look finds what there is.
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  } while (await nextLook(signal));
}

/** Resolves with true when it is time to look, with false when the signal has fired. */
function nextLook(signal: AbortSignal): Promise<boolean> {
  return sleep(LOOK_MS, true, { signal }).catch(() => false);
}

/** What is on the search path, with what tells a change. */
function describeFiles(options: TypesOptions): string {
  return [...listServiceFiles(options)]
    .map(([name, path]) => `${name} ${describe(path)}\n`)
    .join("");
}

function describe(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? `${path} -` : `${path} ${found.mtimeMs} ${found.size} ${found.ino}`;
}
