/**
 * The source files of a project on disk: which have changed since the last look, and which of
 * them a change of a module may break.
 *
 * Whether a file imports a module is told by the last part of the path: a file with such a name
 * may be meant. It costs a look at a file too many, and needs no rules of resolution. Who
 * imports one of these may break as well.
 */

import type { Dirent } from "node:fs";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { CHECK_FILES_MAX, PATCH_LENGTH_MAX } from "../base/limits.ts";

/** A file as it was at the last look. */
interface Known {
  readonly stamp: string;
  text: string | undefined;
  /** What it imports, by the last parts of the paths. */
  stems: ReadonlySet<string> | undefined;
}

const SOURCE = /\.[cm]?[jt]sx?$/;
/** Files that say what types mean. */
const SETTINGS = /^(?:tsconfig.*|jsconfig|package)\.json$/;
const SPECIFIER = /(?:\bfrom|\bimport|\brequire)\s*\(?\s*(["'])([^"'\n]+)\1/g;
const AMBIENT = /\bdeclare\s+(?:module|global)\b/;

/** The files of one folder, and of those in it. */
export class ProjectFiles {
  readonly #folder: string;
  #known = new Map<string, Known>();
  /** Files elsewhere that were asked for. */
  readonly #outside = new Map<string, Known>();
  /** Whether there are more files than are looked at. */
  isCut = false;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Looks again; returns the files that came, went or changed. */
  look(): string[] {
    const found = new Map<string, Known>();
    const changed: string[] = [];
    const folders = [this.#folder];
    this.isCut = false;
    for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
      for (const entry of readFolder(folder)) {
        const path = join(folder, entry.name);
        if (entry.isDirectory()) {
          if (entry.name !== "node_modules" && !entry.name.startsWith(".")) folders.push(path);
        } else if (entry.isFile() && (SOURCE.test(entry.name) || SETTINGS.test(entry.name))) {
          if (found.size >= CHECK_FILES_MAX) this.isCut = true;
          else this.#note(path, found, changed);
        }
      }
      if (this.isCut) break;
    }
    for (const path of this.#known.keys()) if (!found.has(path)) changed.push(path);
    this.#known = found;
    return changed;
  }

  #note(path: string, found: Map<string, Known>, changed: string[]): void {
    const known = this.#known.get(path);
    const now = lookAt(path, known);
    if (now === undefined) return;
    found.set(path, now);
    if (now !== known) changed.push(path);
  }

  /** Whether it is a file of the project. */
  has(path: string): boolean {
    return this.#known.has(path);
  }

  /** The text of a file that is not too long; of one of the project as it was at the last look. */
  textOf(path: string): string | undefined {
    return readKnown(this.#find(path), path);
  }

  #find(path: string): Known | undefined {
    const known = this.#known.get(path);
    if (known !== undefined) return known;
    const now = lookAt(path, this.#outside.get(path));
    if (now !== undefined) this.#outside.set(path, now);
    return now;
  }

  /**
   * Lists the files that modules may break, the nearest first.
   *
   * @param running - texts that count in place of files.
   */
  importersOf(modules: readonly string[], running: ReadonlyMap<string, string>): string[] {
    const stems = new Map<string, ReadonlySet<string>>();
    for (const path of new Set([...this.#known.keys(), ...running.keys()])) {
      if (SOURCE.test(path)) stems.set(path, this.#stemsOf(path, running.get(path)));
    }
    const seen = new Set(modules);
    const found: string[] = [];
    let wanted = new Set(modules.map(stemOf));
    while (wanted.size > 0) {
      const next = new Set<string>();
      for (const [path, imports] of stems) {
        if (seen.has(path) || ![...wanted].some((stem) => imports.has(stem))) continue;
        seen.add(path);
        found.push(path);
        const text = running.get(path) ?? this.textOf(path) ?? "";
        if (AMBIENT.test(text)) this.#addByName(modules, { stems, seen, found, running });
        next.add(stemOf(path));
      }
      wanted = next;
    }
    return found;
  }

  /** A type that is declared for all files is used by the name of the service alone. */
  #addByName(
    modules: readonly string[],
    search: {
      readonly stems: ReadonlyMap<string, unknown>;
      readonly seen: Set<string>;
      readonly found: string[];
      readonly running: ReadonlyMap<string, string>;
    },
  ): void {
    const { stems, seen, found, running } = search;
    const names = modules.map(stemOf).flatMap((stem) => [`"${stem}"`, `'${stem}'`]);
    for (const path of stems.keys()) {
      const text = running.get(path) ?? this.textOf(path) ?? "";
      if (seen.has(path) || !names.some((name) => text.includes(name))) continue;
      seen.add(path);
      found.push(path);
    }
  }

  #stemsOf(path: string, text: string | undefined): ReadonlySet<string> {
    const known = this.#find(path);
    const own = readKnown(known, path);
    if (known === undefined || (text !== undefined && text !== own)) return readStems(text ?? "");
    known.stems ??= readStems(own ?? "");
    return known.stems;
  }
}

/** Returns what is known of a file, or, if that is another one by now, that nothing is. */
function lookAt(path: string, known: Known | undefined): Known | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  const stamp = `${stat.mtimeMs} ${stat.size}`;
  if (known?.stamp === stamp) return known;
  const isLong = stat.size > PATCH_LENGTH_MAX;
  return { stamp, text: isLong ? "" : undefined, stems: undefined };
}

function readKnown(known: Known | undefined, path: string): string | undefined {
  if (known !== undefined) known.text ??= readText(path) ?? "";
  return known?.text;
}

function readFolder(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    // It is gone, or closed to us: nothing in it can be looked at.
    return [];
  }
}

function readText(path: string): string | undefined {
  try {
    const stat = statSync(path);
    return stat.isFile() && stat.size <= PATCH_LENGTH_MAX ? readFileSync(path, "utf8") : undefined;
  } catch {
    return undefined;
  }
}

function readStems(text: string): Set<string> {
  return new Set([...text.matchAll(SPECIFIER)].map(([, , specifier = ""]) => stemOf(specifier)));
}

/** `../shop.ts`, `#services/shop` and `shop/index.js` are all called `shop`. */
function stemOf(path: string): string {
  const name = basename(path).replace(/(?:\.d)?\.[cm]?[jt]sx?$/, "");
  return name === "index" ? basename(dirname(path)) : name;
}
