/**
 * Scripts and patches that are on the console's machine.
 */

import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { SnaxError } from "../../base/error.ts";
import { PATCH_LENGTH_MAX } from "../../base/limits.ts";
import type { Operator } from "./operator.ts";

/** A file and what is in it. */
export interface ScriptFile {
  /** Absolute path. */
  readonly file: string;
  /** As the operator typed it. */
  readonly shown: string;
  readonly text: string;
}

/** Says whether a word names a file, counted from the configuration's folder. */
export function isFile({ runtime }: Operator, word: string): boolean {
  const stat = statSync(resolve(runtime.paths.root, word), { throwIfNoEntry: false });
  return stat?.isFile() === true;
}

/** Says whether a word looks like the name of a file with code. */
export function looksLikeScript(word: string): boolean {
  return /\.[cm]?[jt]s$/.test(word);
}

/**
 * Reads a script or patch.
 *
 * @param name - relative to the configuration's folder.
 * @throws {ERR_ARGUMENT} if there is no such file, or it is longer than a patch may be.
 */
export function readScript({ runtime }: Operator, name: string | undefined): ScriptFile {
  if (name === undefined) throw new SnaxError("ERR_ARGUMENT", "need a file");
  const path = resolve(runtime.paths.root, name);
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat?.isFile() !== true) throw new SnaxError("ERR_ARGUMENT", `Can't open ${name}`);
  if (stat.size > PATCH_LENGTH_MAX) {
    const why = `${name} has ${stat.size} bytes; at most ${PATCH_LENGTH_MAX} are read`;
    throw new SnaxError("ERR_ARGUMENT", why);
  }
  return { file: path, shown: name, text: readFileSync(path, "utf8") };
}
