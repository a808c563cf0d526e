/**
 * A module's file -> its text.
 */

import { readFileSync } from "node:fs";
import { SnaxError } from "../../base/error.ts";
import { parseJson } from "./json.ts";
import { createPlacedError } from "./position.ts";
import type { Place } from "./position.ts";

/**
 * Reads a module's text; JSON becomes a module whose default export is the parsed text.
 *
 * @param place - where it is imported.
 * @throws {ERR_MODULE} if it can't be read.
 * @throws {ERR_SYNTAX} if it ought to be JSON and is not.
 */
export function readModule(file: string, place: Place | undefined): string {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const why = `can't read ${file}: ${(error as Error).message}`;
    if (place === undefined) throw new SnaxError("ERR_MODULE", why, { cause: error });
    throw createPlacedError("ERR_MODULE", place, why, error);
  }
  if (file.endsWith(".json")) {
    const plain = text.startsWith("\uFEFF") ? text.slice(1) : text;
    parseJson(plain, file);
    return `export default JSON.parse(${JSON.stringify(plain)});`;
  }
  return text.startsWith("\uFEFF") ? text.slice(1) : text;
}
