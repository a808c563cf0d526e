/**
 * Finds the file of a service by name: the configuration's `services` patterns, then the system's own services.
 *
 * As in skynet a `?` in a pattern stands for the name; patterns are relative to the configuration file, tried in order.
 */

import { existsSync } from "node:fs";
import { isAbsolute, resolve } from "node:path";
import { SnaxError } from "../base/error.ts";

/** A service's name: path segments of letters, digits and the like, without leading dots, so that it can't leave the patterns' folders. */
const NAME = /^[\w-][\w.-]*(\/[\w-][\w.-]*)*$/;

/** Splits the configuration's `services` into patterns. */
export function splitPatterns(services: string | readonly string[]): string[] {
  const list = typeof services === "string" ? services.split(";") : services;
  return list.map((pattern) => pattern.trim()).filter((pattern) => pattern !== "");
}

/** Where service files are looked for. */
export class SearchPath {
  /** Absolute patterns, in the order in which they are tried. */
  readonly patterns: readonly string[];
  /** The folder to which the configuration's paths are relative. */
  readonly root: string;
  readonly #system: readonly string[];
  readonly #found = new Map<string, string>();

  /**
   * @param services - the configuration's patterns.
   * @param root - the folder to which they are relative.
   * @param system - absolute patterns of the system's services, tried last.
   */
  constructor(services: string | readonly string[], root: string, system: readonly string[]) {
    this.root = root;
    this.#system = system;
    const user = splitPatterns(services).map((pattern) =>
      isAbsolute(pattern) ? pattern : resolve(root, pattern),
    );
    this.patterns = [...user, ...system];
  }

  /**
   * Returns the absolute path of a service's file.
   *
   * @throws {ERR_NO_SERVICE} if there is none, with the places that were looked at.
   */
  find(name: string): string {
    const known = this.#found.get(name);
    if (known !== undefined) return known;
    if (!NAME.test(name)) {
      throw new SnaxError("ERR_NO_SERVICE", `${JSON.stringify(name)} is no name of a service`);
    }
    const places = this.patterns.map((pattern) => pattern.replaceAll("?", name));
    const path = places.find((place) => existsSync(place));
    if (path === undefined) {
      throw new SnaxError(
        "ERR_NO_SERVICE",
        `no service ${name} on the search path; looked for ${places.join(", ")}`,
        { data: { name, places } },
      );
    }
    this.#found.set(name, path);
    return path;
  }

  /** Says whether there is a file of a service of that name. */
  has(name: string): boolean {
    if (this.#found.has(name)) return true;
    if (!NAME.test(name)) return false;
    return this.patterns.some((pattern) => existsSync(pattern.replaceAll("?", name)));
  }

  /** Says whether the name stands for one of the system's own services. */
  isSystem(name: string): boolean {
    const path = this.find(name);
    return this.#system.some((pattern) => path === pattern.replaceAll("?", name));
  }

  /** Forgets what was found, so that a file that came or went is noticed. */
  clear(): void {
    this.#found.clear();
  }
}
