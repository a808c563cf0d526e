/**
 * The files of folders, as they are when a load begins to ask for them.
 *
 * A program of many modules asks for file after file of few folders. To ask the system for each of them, and for the links on
 * the way to each, takes longer than all else that a load does whose texts are known. So a folder that is asked for often is
 * listed once. What the list can't tell goes to the system: links, and names that a system may take for others.
 */

import { readdirSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { isFile } from "./config-file.ts";

/** Questions about a folder that are cheaper than its list. */
const QUESTIONS = 4;

/** A folder that has a list. */
interface Listed {
  /** Its real path. */
  readonly path: string;
  /** Names of what is a file and no link. */
  readonly files: ReadonlySet<string>;
  /** All names, as a system reads them that does not tell case. */
  readonly folded: ReadonlySet<string>;
}

/** Names whose letters have one form only. */
const PLAIN = /^[\x20-\x7e]+$/;

/** Finds files; made for one load. */
export class Folders {
  readonly #questions = new Map<string, number>();
  /** Undefined for what can't be listed. */
  readonly #lists = new Map<string, Listed | undefined>();

  /** Returns the real path of the file that a path leads to, if there is one. */
  fileAt(path: string): string | undefined {
    const listed = this.#listOf(dirname(path));
    if (listed !== undefined) {
      const name = basename(path);
      if (listed.files.has(name)) return join(listed.path, name);
      if (PLAIN.test(name) && !listed.folded.has(name.toLowerCase())) return undefined;
    }
    return isFile(path) ? realpathSync(path) : undefined;
  }

  #listOf(folder: string): Listed | undefined {
    if (this.#lists.has(folder)) return this.#lists.get(folder);
    const questions = (this.#questions.get(folder) ?? 0) + 1;
    this.#questions.set(folder, questions);
    if (questions <= QUESTIONS) return undefined;
    const listed = list(folder);
    this.#lists.set(folder, listed);
    return listed;
  }
}

function list(folder: string): Listed | undefined {
  try {
    const path = realpathSync(folder);
    const entries = readdirSync(path, { withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
    const folded = new Set(entries.map(({ name }) => name.toLowerCase()));
    return { path, files: new Set(files), folded };
  } catch {
    // It is not a folder, or may not be read; a file in it may all the same.
    return undefined;
  }
}
