/**
 * Finds the file of a service by name: the configuration's `services` patterns, then the system's own services.
 *
 * As in skynet a `?` in a pattern stands for the name; patterns are relative to the configuration file, tried in order. In the
 * path of the configuration's own folder it is a character like any other.
 */

import { existsSync, readdirSync } from "node:fs";
import { dirname, isAbsolute, resolve, sep } from "node:path";
import { SnaxError } from "../base/error.ts";
import { describeCharacter, faultOfCharacters, quoteName } from "../base/name-characters.ts";
import { suggest } from "../base/suggestion.ts";

/**
 * A service's name: path segments of letters and digits of any script and the like, without leading dots, so that it can't
 * leave the patterns' folders. A mark belongs to the letter before it.
 */
const NAME = /^[\p{L}\p{N}_-][\p{L}\p{M}\p{N}_.-]*(?:\/[\p{L}\p{N}_-][\p{L}\p{M}\p{N}_.-]*)*$/u;

const OTHER_CHARACTER = /[^\p{L}\p{M}\p{N}_./-]/u;

const NAME_RULE =
  'a name is made of letters and digits of any script, "_", "-" and ".", with "/" between folders; no part of it begins with "."';

/** Splits the configuration's `services` into patterns. */
export function splitPatterns(services: string | readonly string[]): string[] {
  const list = typeof services === "string" ? services.split(";") : services;
  return list.map((pattern) => pattern.trim()).filter((pattern) => pattern !== "");
}

/** An absolute pattern: what is before the first mark, and from there on. */
interface Pattern {
  readonly start: string;
  readonly rest: string;
}

/** Makes a pattern absolute; the marks are those behind the folder to which it is relative, or in which it is. */
function readPattern(pattern: string, root: string): Pattern {
  const path = isAbsolute(pattern) ? pattern : resolve(root, pattern);
  const from = path.startsWith(root + sep) ? root.length : 0;
  const mark = path.indexOf("?", from);
  const at = mark < 0 ? path.length : mark;
  return { start: path.slice(0, at), rest: path.slice(at) };
}

function fill({ start, rest }: Pattern, name: string): string {
  return start + rest.replaceAll("?", name);
}

/** The absolute paths that patterns give for a name, in their order. */
export function placesOf(
  patterns: string | readonly string[],
  root: string,
  name: string,
): string[] {
  return splitPatterns(patterns).map((pattern) => fill(readPattern(pattern, root), name));
}

/** Where service files are looked for. */
export class SearchPath {
  /** In the order in which they are tried. */
  readonly #patterns: readonly Pattern[];
  /** The folder to which the configuration's paths are relative. */
  readonly root: string;
  readonly #system: readonly Pattern[];
  readonly #found = new Map<string, string>();

  /**
   * @param services - the configuration's patterns.
   * @param root - the folder to which they are relative.
   * @param system - absolute patterns of the system's services, with the mark in their last part; tried last.
   */
  constructor(services: string | readonly string[], root: string, system: readonly string[]) {
    this.root = root;
    this.#system = system.map((pattern) => readPattern(pattern, dirname(pattern)));
    const user = splitPatterns(services).map((pattern) => readPattern(pattern, root));
    this.#patterns = [...user, ...this.#system];
  }

  /** Whether a file is one of the system's services. */
  isSystemFile(file: string): boolean {
    return this.#system.some(({ start }) => file.startsWith(start));
  }

  /**
   * Returns the absolute path of a service's file.
   *
   * @throws {ERR_NO_SERVICE} if there is none, with the places that were looked at.
   */
  find(name: string): string {
    const known = this.#found.get(name);
    if (known !== undefined) return known;
    const fault = faultOf(name);
    if (fault !== undefined) {
      const why = `${quoteName(String(name))} is no name of a service: ${fault}`;
      throw new SnaxError("ERR_NO_SERVICE", why);
    }
    const places = this.#patterns.map((pattern) => fill(pattern, name));
    const path = firstFile(places);
    if (path === undefined) {
      throw new SnaxError(
        "ERR_NO_SERVICE",
        `no service ${name} on the search path${this.#suggest(name)}; looked for ${places.join(", ")}`,
        { data: { name, places } },
      );
    }
    this.#found.set(name, path);
    return path;
  }

  /** Guesses which service was meant. */
  #suggest(name: string): string {
    return suggest(
      name,
      this.#patterns.flatMap((pattern) => listNames(pattern, name)),
    );
  }

  /** Says whether there is a file of a service of that name. */
  has(name: string): boolean {
    if (this.#found.has(name)) return true;
    if (faultOf(name) !== undefined) return false;
    return firstFile(this.#patterns.map((pattern) => fill(pattern, name))) !== undefined;
  }

  /** Says whether the name stands for one of the system's own services. */
  isSystem(name: string): boolean {
    const path = this.find(name);
    return this.#system.some((pattern) => path === fill(pattern, name));
  }

  /** Forgets what was found, so that a file that came or went is noticed. */
  clear(): void {
    this.#found.clear();
  }
}

/** Says why a text is no name of a service, or returns undefined if it is one. */
export function faultOf(name: unknown): string | undefined {
  if (typeof name !== "string") return `a name is a text, not ${typeof name}`;
  const fault = faultOfCharacters(name);
  if (fault !== undefined) return fault;
  if (NAME.test(name)) return undefined;
  const other = OTHER_CHARACTER.exec(name)?.[0];
  return other === undefined ? NAME_RULE : `it holds ${describeCharacter(other)}; ${NAME_RULE}`;
}

/** Returns the first path at which there is a file; a file system may keep names in their decomposed form. */
function firstFile(places: readonly string[]): string | undefined {
  for (const place of places) {
    if (existsSync(place)) return place;
    const decomposed = place.normalize("NFD");
    if (decomposed !== place && existsSync(decomposed)) return decomposed;
  }
  return undefined;
}

/** Lists the services of a pattern that are in the folder where one of that name would be. */
function listNames(pattern: Pattern, name: string): string[] {
  const { start } = pattern;
  const end = pattern.rest.slice(1);
  const inner = name.slice(0, name.lastIndexOf("/") + 1);
  const folder = (start + inner).replace(/[^/\\]*$/, "");
  const names: string[] = [];
  for (const entry of readFolder(folder).slice(0, FOLDER_LENGTH_MAX)) {
    const path = folder + entry;
    const isFile = end !== "" && path.endsWith(end);
    const candidate = path.slice(start.length, isFile ? -end.length : undefined);
    if (path.startsWith(start) && existsSync(fill(pattern, candidate))) {
      names.push(candidate.normalize("NFC"));
    }
  }
  return names;
}

/** Files of a folder among which a name is looked for that was meant. */
const FOLDER_LENGTH_MAX = 1000;

function readFolder(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // Nothing to suggest: the folder is missing, or can't be read.
    return [];
  }
}
