/**
 * Files that describe a project (`tsconfig.json`, `package.json`), as far as their reading is the
 * same.
 */

import { readFileSync, statSync } from "node:fs";
import type { Stats } from "node:fs";
import { SnaxError } from "../../base/error.ts";

/**
 * Tells whether a path leads to a file; one that the system does not take, or not let in, leads
 * nowhere.
 */
export function isFile(path: string): boolean {
  return statsOf(path)?.isFile() === true;
}

/** Tells whether a path leads to a folder. */
export function isFolder(path: string): boolean {
  return statsOf(path)?.isDirectory() === true;
}

function statsOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/**
 * Reads the text of a file.
 *
 * @throws {ERR_MODULE} if it can't be read or is larger than the limit.
 */
export function readConfigFile(file: string, limitBytes: number): string {
  try {
    const { size } = statSync(file);
    if (size > limitBytes) throw new Error(`it has ${size} bytes, and ${limitBytes} is the limit`);
    return readFileSync(file, "utf8");
  } catch (error) {
    const why = `can't read ${file}: ${(error as Error).message}`;
    throw new SnaxError("ERR_MODULE", why, { cause: error });
  }
}

/** Says whether a value of a file is an object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Returns a value that must be an object.
 *
 * @throws {ERR_MODULE} if it is another kind of value.
 */
export function recordOf(value: unknown, file: string, name: string): Record<string, unknown> {
  if (isRecord(value)) return value;
  throw refuseValue(file, name, "an object");
}

/**
 * Returns a value that must be a list of texts.
 *
 * @throws {ERR_MODULE} if it is another kind of value.
 */
export function listOf(value: unknown, file: string, name: string): string[] {
  if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value;
  throw refuseValue(file, name, "a list of texts");
}

/** The error of a value of another kind than it must be. */
export function refuseValue(file: string, name: string, kind: string): SnaxError {
  return new SnaxError("ERR_MODULE", `${file}: ${name} must be ${kind}`);
}
